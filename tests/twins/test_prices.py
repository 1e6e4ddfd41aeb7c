"""Liquidation and bankruptcy prices equal their twins in plain NumPy, bit for bit."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adlcore._kernels.reference.margin import prices as plain
from support import zoo
from support.twins import refusal

fast = pytest.importorskip("adlcore._kernels.compiled.margin.prices", reason="the compiled kernels are not built")

INVERSE = pytest.mark.parametrize("inverse", [False, True], ids=["linear", "inverse"])

#: Rates that keep something of every gain, and those with which a fee or a share leaves nothing or less.
TIERS = {
    "one": ([0.01], [0.0]),
    "nothing": ([0.0], [0.0]),
    "five": ([0.004, 0.005, 0.01, 0.025, 0.05], [0.0, 50.0, 1300.0, 16300.0, 141300.0]),
    "all of it": ([0.5, 0.75, 1.0], [0.0, 5.0, 30.0]),
    "equal": ([0.25, 0.25], [0.0, 0.0]),
}


def bits(prices: np.ndarray) -> list[int]:
    """The bits of prices; every NaN alike."""
    return np.where(np.isnan(prices), np.nan, prices).view(np.int64).tolist()


def terms_of(twin, keep, fee, rate, amount, unit, inverse):
    """What a lot is worth and costs, as a twin takes it."""
    return twin.PriceTerms(rate, amount, kept_share=keep, fee=fee, value_at_one=unit, inverse=inverse)


def single(quantity, entry, budget, *terms) -> np.ndarray:
    """Prices of positions, alike in both."""
    columns = [np.array(column, np.float64) for column in (quantity, entry, budget)]
    outs = [np.full(len(columns[0]), 7.0) for _ in range(2)]
    for twin, out in zip((fast, plain), outs, strict=True):
        twin.root_prices(twin.Exposures(*columns), terms_of(twin, *terms), out)
    assert bits(outs[0]) == bits(outs[1])
    return outs[0]


def pairs(quantity, opposite, entry, budget, *terms) -> list[np.ndarray]:
    """Both prices of positions with two legs, alike in both."""
    columns = [np.array(column, np.float64) for column in (quantity, entry, budget, opposite)]
    outs = [[np.full(len(columns[0]), 7.0) for _ in range(2)] for _ in range(2)]
    for twin, out in zip((fast, plain), outs, strict=True):
        with np.errstate(all="ignore"):
            twin.root_price_pairs(twin.Exposures(*columns), terms_of(twin, *terms), *out)
    assert [bits(out) for out in outs[0]] == [bits(out) for out in outs[1]]
    return outs[0]


def tiers_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    rate, amount = TIERS[name]
    return np.array(rate), np.array(amount)


WILD = [0.0, -0.0, zoo.TINY, -zoo.TINY, 1e-300, 1e300, -1e300, 1.7e308, -1.7e308, 1.0, -1.0, 2.0**53]
wild = st.one_of(st.sampled_from(WILD), st.floats(-1e9, 1e9), st.floats(allow_nan=False, allow_infinity=False))
eighths = st.integers(-80, 80).map(lambda n: n / 8)
numbers = st.one_of(eighths, wild)
keeps = st.sampled_from([1.0, 0.5, 0.95, 0.0])
fees = st.sampled_from([0.0, 0.25, 0.0006, 0.5, 0.75, 0.999])
units = st.sampled_from([1.0, 0.001, 100.0, 1e8, 1e-300, 1e300])


@INVERSE
@pytest.mark.parametrize("tiers", TIERS)
@given(rows=st.lists(st.tuples(numbers, numbers, numbers), max_size=40), keep=keeps, fee=fees, unit=units)
def test_prices_of_any_positions(inverse, tiers, rows, keep, fee, unit):
    columns = list(zip(*rows, strict=True)) or [[], [], []]
    single(*columns, keep, fee, *tiers_of(tiers), unit, inverse)


@INVERSE
@pytest.mark.parametrize("tiers", TIERS)
@given(
    rows=st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=20), keep=keeps, fee=fees, unit=units
)  # fmt: skip
@example(rows=[(1.0, -1.0, 0.0, 0.0), (1.0, -2.0, -1.0, 1.0), (0.0, 0.0, 1.0, 0.0)], keep=1.0, fee=0.0, unit=1.0)
def test_both_prices_of_any_two_legs(inverse, tiers, rows, keep, fee, unit):
    columns = list(zip(*rows, strict=True)) or [[], [], [], []]
    pairs(*columns, keep, fee, *tiers_of(tiers), unit, inverse)


@INVERSE
@pytest.mark.parametrize("tiers", TIERS)
@pytest.mark.parametrize("keep", [1.0, 0.5, 0.0])
def test_every_three_wild_numbers(inverse, tiers, keep):
    columns = [axis.ravel() for axis in np.meshgrid(WILD, WILD, WILD)]
    for fee, unit in ((0.0, 1.0), (0.5, 1e300), (0.25, 1e-300)):
        single(*columns, keep, fee, *tiers_of(tiers), unit, inverse)
        pairs(columns[0], -columns[0][::-1], *columns[1:], keep, fee, *tiers_of(tiers), unit, inverse)


@INVERSE
@pytest.mark.parametrize("n", [*zoo.BORDERS, 20_000])
def test_prices_around_block_borders(inverse, n):
    rng = np.random.default_rng(n)
    quantity = rng.integers(-9, 10, n) / 8
    price = rng.lognormal(3.0, 1.0, n)
    entry = quantity * (-1 / price if inverse else price)
    budget = np.abs(entry) * rng.uniform(-0.1, 1.2, n)
    for name in TIERS:
        for fee in (0.0, 0.0006, 0.5):
            found = single(quantity, entry, budget, 1.0, fee, *tiers_of(name), 1.0, inverse)
            assert n < 1000 or 0 < np.isnan(found).sum() < n
            few = slice(0, 600)
            pairs(quantity[few], -quantity[::-1][few], entry[few], budget[few], 1.0, fee, *tiers_of(name), 1.0, inverse)


def test_slopes_of_nothing_and_below():
    # A long whose gains go to rate and fee whole: what it lacks no price mends, what it has none takes.
    flat = np.array([0.75]), np.array([0.0])
    none, never = single([1.0, 1.0], [10.0, 10.0], [10.0, 9.0], 1.0, 0.25, *flat, 1.0, False)
    assert np.isnan(none)
    assert never == np.inf
    # The first tier rises to a root of 20, the second falls to one of 60, or of 12 before that.
    rate, amount = np.array([0.25, 1.0]), np.array([0.0, 20.0])
    assert single([1.0], [10.0], [-5.0], 1.0, 0.25, rate, amount, 1.0, False).tolist() == [np.inf]
    assert single([1.0], [10.0], [5.0], 1.0, 0.25, rate, amount, 1.0, False).tolist() == [10.0]
    # Shorts gain by losing value: theirs rises whatever the fee.
    assert single([-1.0], [-10.0], [5.0], 1.0, 0.25, *flat, 1.0, False).tolist() == [7.5]
    # Inverse contracts have it the other way round.
    none, never = single([-1.0, -1.0], [10.0, 10.0], [10.0, 9.0], 1.0, 0.25, *flat, 1.0, True)
    assert np.isnan(none)
    assert never == 0.0


def test_share_kept_of_the_profit_counts_for_all_of_it():
    # Half of it counts: a long of one at 10 with 4 beside has lost them at 2, and with 1 % to keep before that.
    nothing = np.zeros(1), np.zeros(1)
    assert single([1.0], [10.0], [4.0], 0.5, 0.0, *nothing, 1.0, False).tolist() == [2.0]
    found = single([1.0], [10.0], [4.0], 0.5, 0.0, np.array([0.01]), np.zeros(1), 1.0, False)
    assert found.tolist() == [1.0 / 0.49]
    low, high = pairs([2.0], [-1.0], [10.0], [4.0], 0.5, 0.0, *nothing, 1.0, False)
    assert (low.tolist(), np.isnan(high).tolist()) == ([2.0], [True])


def test_roots_that_leave_float64_are_alike():
    # The budget lacks more than float64 holds, and a lot is worth less than it tells from nothing.
    tier = np.array([0.01]), np.zeros(1)
    for quantity, entry, budget in ((1.0, 1.7e308, -1.7e308), (zoo.TINY, 0.0, -1.0)):
        for sign in (1.0, -1.0):
            for inverse in (False, True):
                single([sign * quantity], [entry], [budget], 1.0, 0.0, *tier, 1.0, inverse)
                pairs([sign * quantity], [0.0], [entry], [budget], 1.0, 0.0, *tier, 1.0, inverse)


def test_read_only_columns_are_read():
    columns = [np.ones(3), np.full(3, 5.0), np.zeros(3), np.full(1, 0.5), np.zeros(1)]
    for column in columns:
        column.flags.writeable = False
    quantity, entry, budget, rate, amount = columns
    for twin in (fast, plain):
        out, other = np.empty(3), np.empty(3)
        terms = terms_of(twin, 1.0, 0.0, rate, amount, 1.0, False)
        twin.root_prices(twin.Exposures(quantity, entry, budget), terms, out)
        assert out.tolist() == [10.0] * 3
        twin.root_price_pairs(twin.Exposures(quantity, entry, budget, -quantity), terms, out, other)
        assert out.tolist() == [np.inf] * 3


@pytest.mark.parametrize("twin", [fast, plain], ids=["compiled", "plain"])
def test_terms_are_copied_and_columns_are_kept(twin):
    rate, amount = np.array([0.5]), np.array([0.0])
    terms = terms_of(twin, 1.0, 0.0, rate, amount, 1.0, False)
    rate[:], amount[:] = np.nan, np.nan
    positions, out = twin.Exposures(np.ones(2), np.full(2, 5.0), np.zeros(2)), np.empty(2)
    twin.root_prices(positions, terms, out)
    assert out.tolist() == [10.0, 10.0]


@pytest.mark.parametrize("twin", [fast, plain], ids=["compiled", "plain"])
def test_wrong_lengths_are_refused(twin):
    one, two, none = np.ones(1), np.ones(2), np.ones(0)
    positions, legs = twin.Exposures(two, two, two), twin.Exposures(two, two, two, two)

    def terms(rate, amount):
        return terms_of(twin, 1.0, 0.0, rate, amount, 1.0, False)

    for name, call in (
        ("entry_value", lambda: twin.Exposures(two, one, two)),
        ("budget", lambda: twin.Exposures(two, two, one)),
        ("opposite", lambda: twin.Exposures(two, two, two, one)),
        ("amount", lambda: terms(one, two)),
        ("out", lambda: twin.root_prices(positions, terms(one, one), one)),
        ("terms", lambda: twin.root_prices(positions, terms(none, none), two)),
        ("lower", lambda: twin.root_price_pairs(legs, terms(one, one), one, two)),
        ("upper", lambda: twin.root_price_pairs(legs, terms(one, one), two, one)),
        ("positions", lambda: twin.root_price_pairs(positions, terms(one, one), two, two)),
    ):
        assert refusal(call)[0] == name
