"""Checks and derivations over whole columns equal their twins in plain NumPy, and exact sums theirs, bit for bit."""

import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore._kernels.reference.numbers import columns as plain
from adlcore._kernels.reference.numbers import sums as plain_sums
from support import zoo
from support.twins import alike, refusal

fast = pytest.importorskip("adlcore._kernels.compiled.numbers.columns", reason="the compiled kernels are not built")
fast_sums = pytest.importorskip("adlcore._kernels.compiled.numbers.sums", reason="the compiled kernels are not built")

BOTH = pytest.mark.parametrize("twin", [(fast, fast_sums), (plain, plain_sums)], ids=["compiled", "plain"])
LOOKERS = ("first_nan", "first_not_finite", "first_not_size")
BAD = (math.nan, -math.nan, math.inf, -math.inf, -1.0, -zoo.TINY, -0.0, 1.7976931348623157e308, -1.7976931348623157e308)


@pytest.mark.parametrize("name", LOOKERS)
def test_first_bad_row_of_the_zoo(name, scores):
    assert getattr(fast, name)(scores) == getattr(plain, name)(scores)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", LOOKERS)
def test_first_bad_row_at_every_place_around_a_block(name, bad):
    for n in zoo.BORDERS[1:]:
        for place in sorted({0, n // 2, n - 1}):
            column = np.full(n, 0.5)
            column[place:] = bad
            assert getattr(fast, name)(column) == getattr(plain, name)(column), (n, place)


@given(st.lists(st.floats(), max_size=70))
def test_first_bad_row_of_any_floats(values):
    column = np.array(values, np.float64)
    for name in LOOKERS:
        assert getattr(fast, name)(column) == getattr(plain, name)(column)


def test_lookers_read_read_only_columns():
    column = np.full(40, np.nan)
    column.flags.writeable = False
    assert fast.first_nan(column) == 0


EXTREMES = (0, 1, -1, 2**31, -(2**31), 2**53 + 1, zoo.INT64_MAX, -zoo.INT64_MAX, -(2**63))


@given(st.lists(st.one_of(st.sampled_from(EXTREMES), st.integers(-(2**63), zoo.INT64_MAX)), max_size=70))
def test_lots_extent_is_exact_beyond_int64(values):
    column = np.array(values, np.int64)
    assert fast.lots_extent(column) == plain.lots_extent(column)
    assert fast.magnitude(column) == plain.magnitude(column)


@pytest.mark.parametrize("n", [*zoo.BORDERS, 20_000, 100_000])
def test_lots_extent_of_long_columns(n):
    rng = np.random.default_rng(n)
    for column in (rng.integers(-100, 100, n), rng.integers(-(2**63), zoo.INT64_MAX, n), np.full(n, -(2**63))):
        assert fast.lots_extent(column) == plain.lots_extent(column)
        assert fast.magnitude(column) == plain.magnitude(column)


def entries(quantity, price, unit, inverse):
    """Both derivations of both implementations agree: the row, and what was written where no row is at fault."""
    for name, kind in (("entry_values", np.float64), ("entry_quanta", np.int64)):
        outs = [np.full(len(price), 7, kind) for _ in range(2)]
        one, other = (
            getattr(twin, name)(quantity, price, unit, inverse, out)
            for twin, out in zip((fast, plain), outs, strict=True)
        )
        assert one == other
        if one < 0:
            np.testing.assert_array_equal(*outs)


prices = st.one_of(st.floats(1e-6, 1e6), st.sampled_from([0.5, 1.0, 3.0, 0.0, -1.0, math.inf, math.nan, 1e-320, 1e300]))
units = st.sampled_from([1.0, 0.001, 1e5, 1e-12, 0.5, 3.0])


@pytest.mark.parametrize("inverse", [False, True])
@given(rows=st.lists(st.tuples(st.integers(-9, 9), prices), max_size=40), unit=units, whole=st.booleans())
def test_entry_values_and_quanta(inverse, rows, unit, whole):
    quantity = np.array([row[0] for row in rows], np.int64)
    price = np.array([row[1] for row in rows], np.float64)
    entries(quantity if whole else quantity / 8, price, -unit if inverse else unit, inverse)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("n", [*zoo.BORDERS, 20_000])
def test_entry_values_around_block_borders(inverse, n):
    rng = np.random.default_rng(n)
    price = rng.lognormal(3.0, 1.0, n)
    for quantity in (rng.integers(-99, 99, n), rng.standard_normal(n) * rng.integers(0, 2, n)):
        entries(quantity, price, -100.0 if inverse else 100.0, inverse)
    if n:
        price[n - 1] = np.nan
        entries(rng.integers(1, 9, n), price, 1.0, False)


def test_entry_quanta_round_half_to_even_and_name_the_row_that_overflows():
    quantity = np.array([1, 3, 5, -1, -3, 2**40])
    price = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 1.0])
    out = np.empty(6, np.int64)
    assert fast.entry_quanta(quantity[:5], price[:5], 1.0, False, out[:5]) == -1
    assert out[:5].tolist() == [0, 2, 2, 0, -2]
    assert fast.entry_quanta(quantity, price, 2.0**23, False, out) == 5
    assert plain.entry_quanta(quantity, price, 2.0**23, False, out) == 5


@BOTH
@pytest.mark.parametrize("rows", [0, 2, 4])
def test_lengths_are_checked(twin, rows):
    three, other = np.ones(3), np.ones(rows)
    columns, sums = twin
    for function, kind in ((columns.entry_values, np.float64), (columns.entry_quanta, np.int64)):
        price = partial(function, three, other, 1.0, False, three.astype(kind))
        out = partial(function, three, three, 1.0, False, other.astype(kind))
        assert refusal(price) == ("price", None, rows, "must have 3 rows")
        assert refusal(out) == ("out", None, rows, "must have 3 rows")
    assert refusal(partial(sums.prefix_sums, three, other)) == ("out", None, rows, "must have 3 rows")


def sums(values):
    column = np.asarray(values, np.float64)
    assert fast_sums.exact_sum(column) == plain_sums.exact_sum(column)
    alike((fast_sums, plain_sums), lambda twin, out: twin.prefix_sums(column, out), np.empty(len(column)))


FLOAT_KINDS = [kind for kind in zoo.SIZE_KINDS if zoo.sizes(kind, 1).dtype == np.float64]


@pytest.mark.parametrize("kind", FLOAT_KINDS)
@pytest.mark.parametrize("n", zoo.BORDERS)
def test_prefix_sums_around_block_borders(kind, n):
    sums(zoo.sizes(kind, n))


@pytest.mark.parametrize("kind", ["tenths", "wide exponents", "lognormal"])
def test_prefix_sums_of_long_columns(kind):
    sums(zoo.sizes(kind, 20_000))


@given(st.lists(zoo.nasty_sizes, max_size=60))
def test_prefix_sums_of_any_sizes(values):
    sums(values)


@given(st.lists(st.floats(0.0, allow_infinity=False), max_size=30))
def test_prefix_sums_that_leave_float64_are_infinite_in_both(values):
    sums(values)
    sums([1.7976931348623157e308, 1.7976931348623157e308, *values])


def test_ties_of_rounding_go_to_the_even_neighbour():
    for extra in ([1.0], [1.0, zoo.TINY], [3.0], [1.0, 2.0**-60], [0.5, 0.5]):
        sums([2.0**53, *extra])
    sums([2.0**-1074] * 7 + [2.0**-1022, 2.0**-1023])
