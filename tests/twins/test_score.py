"""Every rule's scores equal their twins in plain NumPy, bit for bit, NaN included."""

import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore._kernels.reference.ranking import score as plain
from adlcore.ranking.rules import FORMULAS
from support import zoo
from support.twins import refusal

fast = pytest.importorskip("adlcore._kernels.compiled.ranking.score", reason="the compiled kernels are not built")

MONEY = ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")
NEEDS = {
    "binance": ("equity",),
    "binance-portfolio": ("account_equity",),
    "binance-2019": ("balance", "equity", "maintenance_margin"),
    "bitmex": ("equity",),
    "bitmex with bankruptcy values": ("equity", "bankruptcy_value"),
    "hyperliquid": ("equity",),
    "hyperliquid-literal": ("equity",),
    "roi": (),
}
BOTH = pytest.mark.parametrize("twin", [fast, plain], ids=["compiled", "plain"])
DTYPES = tuple(itertools.product(["int64", "float64"], repeat=2))
#: Values that meet every branch of every expression.
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, zoo.TINY, -zoo.TINY, 1e-310, 1e300, -1e300, np.inf, -np.inf, np.nan)


def test_every_rule_of_the_twin_is_here():
    assert {name.split(" ")[0] for name in NEEDS} | {"column"} == set(plain.RULES) == set(fast.RULES)


def test_both_read_what_a_ranking_rule_says():
    assert fast.READ == plain.READ
    for name, formula in FORMULAS.items():
        assert fast.READ[name] == (("entry_value", *formula.needs), formula.optional)
    assert fast.READ["hyperliquid-literal"] == fast.READ["hyperliquid"]


@BOTH
@pytest.mark.parametrize("rule", plain.READ)
@pytest.mark.parametrize("rows", [0, 3])
def test_a_column_that_is_missing_or_not_read_is_refused_by_name(twin, rule, rows):
    needed, optional = plain.READ[rule]
    quantity, columns = np.ones(rows), {name: np.ones(rows) for name in (*needed, *optional)}
    for name in needed:
        fewer = {other: column for other, column in columns.items() if other != name}
        must = f"must be given: the rule {rule!r} reads it"
        assert refusal(lambda fewer=fewer: twin.Source(rule, quantity, fewer)) == (name, None, None, must)
    must = f"must be a column that the rule {rule!r} reads"
    for name in {*MONEY, "score", "eqity"} - set(columns):
        more = {**columns, name: np.ones(rows)}
        assert refusal(lambda more=more: twin.Source(rule, quantity, more)) == ("columns", None, name, must)


@BOTH
@pytest.mark.parametrize("rows", [0, 2, 4])
def test_a_column_of_another_length_is_refused_by_name(twin, rows):
    columns = {name: np.ones(3) for name in ("entry_value", "equity", "bankruptcy_value")}
    for name in columns:
        call = partial(twin.Source, "bitmex", np.ones(3), {**columns, name: np.ones(rows)})
        assert refusal(call) == (name, None, rows, "must have 3 rows")
    source = twin.Source("bitmex", np.ones(3), columns)
    assert refusal(partial(source.scores, np.ones(rows), 0, False, 0.0)) == ("out", None, rows, "must have 3 rows")


@BOTH
def test_a_rule_that_is_not_computed_is_refused(twin):
    call = partial(twin.Source, "binanse", np.ones(3), {})
    assert refusal(call) == ("rule", None, "binanse", "must be a rule that the kernel computes")


def test_a_rule_without_a_branch_is_refused(monkeypatch):
    # A number and columns are not enough: no other rule may be computed in its place.
    monkeypatch.setitem(fast.READ, "new", fast.READ["hyperliquid"])
    columns = {"entry_value": np.ones(3), "equity": np.ones(3)}
    for number in (max(fast.RULES.values()) + 1, -1):
        monkeypatch.setitem(fast.RULES, "new", number)
        call = partial(fast.Source, "new", np.ones(3), columns)
        assert refusal(call) == ("rule", None, "new", "must be a rule that the kernel computes")


def test_every_rule_has_its_own_number():
    assert sorted(fast.RULES.values()) == list(range(len(fast.RULES)))


@BOTH
@pytest.mark.parametrize("rows", [0, 3])
def test_winners_are_not_looked_for_without_entry_values(twin, rows):
    source = twin.Source("column", np.ones(rows), {"score": np.ones(rows)})
    call = partial(source.scores, np.ones(rows), 0, True, 0.0)
    assert refusal(call) == ("entry_value", None, None, "must be given: without it nobody is known to win")


def compare(rule, quantity, columns, **terms):
    """Both sources write the same scores for every side, with and without losers, whatever stands for absent rows."""
    name = rule.split(" ")[0]
    sources = [twin.Source(name, quantity, columns, **terms) for twin in (fast, plain)]
    assert len(sources[0]) == len(sources[1]) == len(quantity)
    gains = (False, True) if "entry_value" in columns else (False,)
    for side, winners, absent in itertools.product((-1, 0, 1), gains, (np.nan, -np.inf)):
        outs = [np.full(len(quantity), 7.0) for _ in range(2)]
        for source, out in zip(sources, outs, strict=True):
            source.scores(out, side, winners, absent)
        np.testing.assert_array_equal(*outs, err_msg=f"{rule}, side {side}, winners {winners}, absent {absent}")


def columns_of(rng, n, quantity, money, inverse, rule):
    """Random columns of a market whose mark is near 100."""
    size = rng.integers(-50, 50, n)
    held = size if quantity == "int64" else size / 8
    unit = (-1 / 100 if inverse else 100.0) * (10**8 if money == "int64" else 1.0)
    entry = held * unit * rng.uniform(0.5, 1.5, n)
    same = rng.integers(0, 9, n) == 0
    entry = np.where(same, held * unit, entry)
    scale = abs(unit) * 10
    worth = {name: rng.normal(0.5, 1.0, n) * scale for name in NEEDS[rule]}
    made = {"entry_value": entry, **worth}
    if money == "int64":
        made = {name: np.rint(column).astype(np.int64) for name, column in made.items()}
    return held, made, unit


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize(("quantity", "money"), DTYPES)
@pytest.mark.parametrize("rule", NEEDS)
def test_lengths_around_block_borders(rule, quantity, money, inverse):
    for n in (*zoo.BORDERS, 20_000):
        held, columns, unit = columns_of(np.random.default_rng(n), n, quantity, money, inverse, rule)
        quanta_per_unit = 1e8 if money == "int64" else 1.0
        compare(rule, held, columns, value_per_lot=unit, inverse=inverse, quanta_per_unit=quanta_per_unit)


@pytest.mark.parametrize("rule", NEEDS)
def test_long_columns(rule):
    held, columns, unit = columns_of(np.random.default_rng(8), 300_000, "int64", "float64", False, rule)
    compare(rule, held, columns, value_per_lot=unit)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("rule", NEEDS)
@given(data=st.data())
def test_special_floats(rule, inverse, data):
    n = data.draw(st.integers(0, 20))
    values = st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats()), min_size=n, max_size=n)
    numbers = st.one_of(st.sampled_from(SPECIAL[:-3]), st.floats(allow_nan=False, allow_infinity=False))
    finite = st.lists(numbers, min_size=n, max_size=n)
    columns = {"entry_value": np.array(data.draw(finite), np.float64)}
    columns |= {name: np.array(data.draw(values), np.float64) for name in NEEDS[rule]}
    held = np.array(data.draw(finite), np.float64)
    unit = data.draw(st.sampled_from([1.0, -0.01, 1e-300, 1e300]))
    compare(
        rule, held, columns, value_per_lot=unit, inverse=inverse, quanta_per_unit=data.draw(st.sampled_from([1.0, 1e8]))
    )


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("rule", NEEDS)
@given(data=st.data())
def test_quanta_up_to_2_to_the_61(rule, inverse, data):
    n = data.draw(st.integers(0, 20))
    quanta = st.lists(st.one_of(st.integers(-5, 5), st.integers(-(2**61), 2**61)), min_size=n, max_size=n)
    columns = {name: np.array(data.draw(quanta), np.int64) for name in ("entry_value", *NEEDS[rule])}
    lots = np.array(data.draw(st.lists(st.integers(-(2**20), 2**20), min_size=n, max_size=n)), np.int64)
    held = lots if data.draw(st.booleans()) else lots / 4
    unit = data.draw(st.sampled_from([0.5, 1.0, 2.0**40, 12345.678]))
    compare(rule, held, columns, value_per_lot=-unit if inverse else unit, inverse=inverse, quanta_per_unit=1e4)


def test_differences_of_quanta_are_taken_before_they_are_rounded():
    # 2^60 + 1 and 2^60 are one float64: in floats the PnL would be 0.
    lots, cost = np.array([2**30]), np.array([2**60 - 1])
    source = fast.Source("roi", lots, {"entry_value": cost}, value_per_lot=2.0**30)
    out = np.empty(1)
    source.scores(out, 0, False, np.nan)
    assert out[0] == 1.0 / 2.0**60


def test_a_given_column_of_scores(scores):
    n = len(scores)
    for quantity in (np.random.default_rng(2).integers(-2, 3, n), zoo.sizes("lognormal", n)):
        compare("column", quantity, {"score": scores})


def test_a_given_column_with_nan():
    score = np.array([1.0, np.nan, -np.inf, np.inf, np.nan])
    compare("column", np.array([1, 0, 2, -1, -3]), {"score": score})


def test_a_custom_column_beside_entry_values_knows_its_winners():
    rng = np.random.default_rng(4)
    held, columns, unit = columns_of(rng, 1000, "int64", "float64", False, "roi")
    compare("column", held, {**columns, "score": rng.standard_normal(1000)}, value_per_lot=unit)


@pytest.mark.parametrize("rule", NEEDS)
def test_read_only_columns(rule):
    held, columns, unit = columns_of(np.random.default_rng(3), 700, "float64", "float64", False, rule)
    for column in (held, *columns.values()):
        column.flags.writeable = False
    compare(rule, held, columns, value_per_lot=unit)
