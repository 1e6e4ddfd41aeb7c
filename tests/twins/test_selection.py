"""The selection kernel equals its twin, a full sort in plain NumPy, bit for bit and for every option."""

import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adlcore._kernels.reference.ranking import candidates as plain_candidates
from adlcore._kernels.reference.ranking import score as plain_score
from adlcore._kernels.reference.ranking import selection as plain
from support import zoo
from support.twins import refusal

fast_candidates = pytest.importorskip(
    "adlcore._kernels.compiled.ranking.candidates", reason="the compiled kernels are not built"
)
fast_score = pytest.importorskip("adlcore._kernels.compiled.ranking.score", reason="the compiled kernels are not built")
fast = pytest.importorskip("adlcore._kernels.compiled.ranking.selection", reason="the compiled kernels are not built")

THREADS = (1, 2, 3)
FAST, PLAIN = (fast_score, fast_candidates), (plain_score, plain_candidates)
BOTH = pytest.mark.parametrize("kernels", [FAST, PLAIN], ids=["compiled", "plain"])


def candidates(kernels, columns, side=1, winners=False, exclude=None, tie=None):
    """The candidates of a market: its quantity, the rule and its term beside the columns that the rule reads."""
    score, twin = kernels
    beside = {"quantity", "rule", "value_per_lot"}
    rule, unit = columns.get("rule", "column"), columns.get("value_per_lot", 0.0)
    read = {name: column for name, column in columns.items() if name not in beside}
    return twin.Candidates(
        score.Source(rule, columns["quantity"], read, value_per_lot=unit), side, winners, exclude, tie
    )


def outcome(call):
    """What a call returns as plain values, or the facts it raises."""
    try:
        prefix = call()
    except ValueError as error:
        argument, row, value, must = error.args
        return argument, row, str(value), must
    assert prefix.index.dtype == np.int64
    assert prefix.score.dtype == np.float64
    columns = prefix.index.tolist(), prefix.closed.dtype.name, prefix.closed.tolist(), prefix.score.tolist()
    numbers = prefix.filled, prefix.partial, prefix.kept
    return *columns, *numbers, *map(type, numbers)


def compare(
    columns, target, side=1, winners=False, exclude=None, limit=-1, tie=None, ordered=(True, False), threads=THREADS
):
    """One selection in both implementations, in queue order and in row order, for every number of threads."""
    who = side, winners, exclude, tie
    expecting, finding = (candidates(kernels, columns, *who) for kernels in (PLAIN, FAST))
    for order in ordered:
        expected = outcome(partial(plain.select, expecting, target, limit, order))
        for n in threads:
            found = outcome(partial(fast.select, finding, target, limit, order, n))
            assert found == expected, f"target {target}, limit {limit}, ordered {order}, threads {n}"


@pytest.mark.parametrize("kind", zoo.SIZE_KINDS)
def test_the_zoo(scores, kind):
    size = zoo.sizes(kind, len(scores))
    for target in zoo.targets(size):
        compare({"quantity": size, "score": scores}, target, threads=(1, 2))


def test_the_zoo_with_every_option(scores, lots_or_floats):
    n = len(scores)
    rng = np.random.default_rng(n)
    size = zoo.sizes("zeros among" if lots_or_floats == "int64" else "float zeros among", n)
    exclude = rng.integers(0, 4, n).astype(np.uint8) // 3
    tie = rng.integers(-2, 2, n)
    for limit, mask, ranks in itertools.product((-1, 0, 1, 7, n), (None, exclude), (None, tie)):
        for target in zoo.targets(size)[1::3]:
            compare({"quantity": size, "score": scores}, target, limit=limit, exclude=mask, tie=ranks, threads=(1, 3))


@pytest.mark.parametrize("kind", ["small lots", "one whale", "near int64", "1e16 and ones", "wide exponents"])
@pytest.mark.parametrize("n", zoo.BORDERS)
def test_block_borders(n, kind):
    rng = np.random.default_rng(n)
    size = zoo.sizes(kind, n)
    for score in (rng.standard_normal(n), rng.integers(0, 8, n) / 4, np.full(n, 2.0), np.arange(n, dtype=float)):
        for target in zoo.targets(size)[1::2]:
            compare({"quantity": size, "score": score}, target, ordered=(True,), threads=(1, 2))


@pytest.mark.parametrize("n", [20_000, 100_000, 300_000])
@pytest.mark.parametrize(
    "shape", ["random", "eight values", "ascending", "descending", "all equal", "clusters in clusters"]
)
def test_long_columns_in_lots(n, shape):
    score = zoo.score_zoo(n)[shape]
    rng = np.random.default_rng(n)
    tie = rng.integers(0, 9, n)
    for kind in ("small lots", "one whale"):
        size = zoo.sizes(kind, n)
        whole = zoo.total(size)
        shares = ((0.001, None), (0.01, tie), (0.3, None), (0.97, tie))
        for share, ranks in shares if n < 300_000 else shares[1:3]:
            target = int(whole * share)
            compare({"quantity": size, "score": score}, target, tie=ranks, ordered=(True,), threads=(1, 2))
            compare({"quantity": size, "score": score}, target, tie=ranks, ordered=(False,), threads=(1, 3))


@pytest.mark.parametrize("shape", ["random", "eight values", "ascending", "all equal", "huge and tiny"])
@pytest.mark.parametrize("kind", ["lognormal", "wide exponents", "1e16 and ones", "tenths"])
def test_long_columns_in_floats(kind, shape):
    n = 20_000
    score, size = zoo.score_zoo(n)[shape], zoo.sizes(kind, n)
    whole = zoo.total(size)
    for share in (0.001, 0.05, 0.5, 0.999):
        compare({"quantity": size, "score": score}, whole * share, ordered=(True,))
    compare({"quantity": size, "score": score}, whole * 0.3, ordered=(False,))


@pytest.mark.parametrize("n", [16_383, 16_384, 16_385, 65_535, 65_536, 65_537])
def test_lengths_where_sampling_and_threads_begin(n):
    size = zoo.sizes("small lots", n)
    whole = zoo.total(size)
    for shape in ("random", "eight values", "descending"):
        for target in (1, whole // 1000, whole // 3, whole - 1, whole + 1):
            compare({"quantity": size, "score": zoo.score_zoo(n)[shape]}, target, ordered=(True,))
    compare({"quantity": size, "score": zoo.score_zoo(n)["saw"]}, whole // 10, ordered=(False,))


@pytest.mark.parametrize("shape", ["random", "eight values", "infinities"])
def test_threads_over_floats(shape):
    n = 70_000
    size = zoo.sizes("lognormal", n)
    tie = np.arange(n)[::-1] // 5
    compare({"quantity": size, "score": zoo.score_zoo(n)[shape]}, zoo.total(size) * 0.2, tie=tie, threads=(1, 2, 3, 7))


@pytest.mark.parametrize("limit", [1, 100, 5_000, 29_999])
def test_a_limit_of_rows_on_a_long_column(limit, lots_or_floats):
    n = 30_000 if lots_or_floats == "int64" else 17_000
    size = zoo.sizes("small lots" if lots_or_floats == "int64" else "lognormal", n)
    for shape in ("random", "eight values", "ascending") if lots_or_floats == "int64" else ("random",):
        for target in (zoo.total(size), zoo.total(size[:50])):
            compare({"quantity": size, "score": zoo.score_zoo(n)[shape]}, target, limit=limit, threads=(1, 2))


@given(zoo.queues(), st.data())
@settings(max_examples=4 * settings.default.max_examples)
def test_any_queue(queue, data):
    score, size, tie = queue
    target = data.draw(zoo.targets_of(size))
    limit = data.draw(st.integers(-1, 6))
    excluded = data.draw(st.lists(st.integers(0, 1), min_size=len(size), max_size=len(size)))
    exclude = data.draw(st.sampled_from([None, np.array(excluded, np.uint8)]))
    compare({"quantity": size, "score": score}, target, tie=tie, limit=limit, exclude=exclude)


@pytest.mark.parametrize("bad", [[3], [0, 299], [40, 41, 200], list(range(300))])
def test_a_nan_is_refused_with_the_first_row_that_stands_in_the_queue(bad, lots_or_floats):
    size = zoo.sizes("zeros among" if lots_or_floats == "int64" else "float zeros among", 300)
    score = np.random.default_rng(1).standard_normal(300)
    score[bad] = np.nan
    size[bad[-1]] = 2
    mask = np.zeros(300, np.uint8)
    mask[bad] = 1
    for target in (0, 1, 20):
        compare({"quantity": size, "score": score}, target)
        compare({"quantity": size, "score": score}, target, exclude=mask)
        compare({"quantity": size, "score": score}, target, limit=2)


@pytest.mark.parametrize("places", [[0], [5_000], [69_999], [60_000, 34_000, 36_000]])
def test_a_nan_far_down_a_long_column_is_refused(places):
    size = zoo.sizes("small lots", 70_000)
    score = zoo.score_zoo(70_000)["random"].copy()
    score[places] = np.nan
    compare({"quantity": size, "score": score}, 0, ordered=(True,), threads=(1, 3))
    compare({"quantity": size, "score": score}, 500, ordered=(True,))
    compare({"quantity": size, "score": score}, 300_000, ordered=(False,))


RULES = ("binance", "binance-portfolio", "binance-2019", "bitmex", "hyperliquid", "hyperliquid-literal", "roi")


def market(rule, n, quantity, money, seed):
    """Columns of a market that every rule can rank; a tenth of the rows repeats another."""
    rng = np.random.default_rng(seed)
    unit = 10.0 * (10**4 if money == "int64" else 1)
    lots = rng.integers(-60, 60, n)
    held = lots if quantity == "int64" else lots / 8
    columns = {"entry_value": held * unit * rng.choice([0.5, 0.9, 1.0, 1.1, 2.0], n)}
    for name in ("equity", "account_equity", "balance", "maintenance_margin"):
        columns[name] = rng.choice([-1.0, 0.0, 1.0, 5.0, 9.0, 20.0], n) * unit
    if money == "int64":
        columns = {name: np.rint(column).astype(np.int64) for name, column in columns.items()}
    needed, _ = plain_score.READ[rule]
    read = {name: column for name, column in columns.items() if name in needed}
    return {"rule": rule, "quantity": held, "value_per_lot": unit, **read}


@pytest.mark.parametrize("money", ["int64", "float64"])
@pytest.mark.parametrize("rule", RULES)
def test_fused_with_every_rule(rule, money, lots_or_floats):
    for n in (0, 1, 33, 513, 4_097, 20_000):
        columns = market(rule, n, lots_or_floats, money, seed=n)
        tie = np.random.default_rng(n).integers(0, 3, n)
        for side, winners in itertools.product((-1, 1), (False, True)):
            held = columns["quantity"]
            whole = zoo.total(np.abs(held[held * side > 0]))
            for target in (whole // 50, whole // 3, whole + 1):
                compare(columns, target, side=side, winners=winners, tie=tie, ordered=(True,), threads=(1, 3))
        compare(columns, 20, ordered=(False,), limit=4, threads=(2,))


@pytest.mark.parametrize("rule", ["binance", "bitmex"])
def test_fused_over_300_000_rows(rule):
    columns = market(rule, 300_000, "int64", "float64", seed=9)
    held = columns["quantity"]
    whole = int(held[held > 0].sum())
    for share in (0.001, 0.01, 0.3):
        compare(columns, int(whole * share), ordered=(True,))
        compare(columns, int(whole * share), ordered=(False,), winners=True, threads=(1, 2))


def test_fused_refuses_a_nan_in_the_columns():
    columns = market("binance", 5_000, "int64", "float64", seed=2)
    longs = np.flatnonzero(columns["quantity"] > 0)
    columns["equity"][longs[[70, 400]]] = np.nan
    for target in (5, 20_000):
        compare(columns, target)
        compare(columns, target, side=-1)


@BOTH
@pytest.mark.parametrize("rows", [0, 3])
def test_candidates_refuse_columns_of_another_length(kernels, rows):
    for name, dtype in (("exclude", np.uint8), ("tie", np.int64)):
        for length in {0, 2, 4} - {rows}:
            columns = {"quantity": np.ones(rows), "score": np.ones(rows)}
            call = partial(candidates, kernels, columns, **{name: np.zeros(length, dtype)})
            assert refusal(call) == (name, None, length, f"must have {rows} rows")


@BOTH
def test_candidates_refuse_to_look_for_winners_without_entry_values(kernels):
    columns = {"quantity": np.ones(3), "score": np.ones(3)}
    must = "must be given: without it nobody is known to win"
    assert refusal(partial(candidates, kernels, columns, winners=True)) == ("entry_value", None, None, must)


def test_candidates_keep_what_they_point_to_and_are_read_anew():
    columns = {"quantity": np.arange(1, 6), "score": np.arange(5.0)}
    mask, tie = np.zeros(5, np.uint8), np.arange(5)
    held = candidates(FAST, columns, exclude=mask, tie=tie)
    del columns
    assert fast.select(held, 6).index.tolist() == [4, 3]
    mask[4] = 1
    del mask, tie
    assert fast.select(held, 6).index.tolist() == [3, 2]
    assert (held.side, held.tie.tolist()) == (1, [0, 1, 2, 3, 4])


@BOTH
@pytest.mark.parametrize("quantity", [np.array([2, 3]), np.array([2.0, 3.0])], ids=["lots", "sizes"])
def test_a_target_and_threads_that_are_none(kernels, quantity):
    twin = fast if kernels is FAST else plain
    in_lots = quantity.dtype == np.int64
    these = candidates(kernels, {"quantity": quantity, "score": np.array([1.0, 2.0])})
    for threads in (0, -1):
        assert refusal(partial(twin.select, these, 1, threads=threads)) == (
            "threads",
            None,
            threads,
            "must be 1 or above",
        )
    must = "must be whole lots" if in_lots else "must be a number"
    assert refusal(partial(twin.select, these, np.nan))[::3] == ("target", must)
    if in_lots:
        assert refusal(partial(twin.select, these, 2.5)) == ("target", None, 2.5, must)
    for nothing in (0, -1, -(2**70), -np.inf):
        assert len(twin.select(these, nothing).index) == 0
    for everything in (2**70, np.inf):
        assert twin.select(these, everything).filled == 5
