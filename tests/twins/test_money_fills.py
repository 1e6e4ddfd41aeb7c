"""The values of fills equal those of fractions, and do not depend on how a quantity is cut."""

import math
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.money_twins import BOTH, BOTTOM, TOP, column, columns, fast, ints, positives, same_answer
from support.twins import refusal

small = st.integers(-12, 12)
fill = st.one_of(
    st.tuples(small, st.integers(1, 12), st.integers(0, 1)),
    st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**5), st.integers(0, 2)),
    st.tuples(ints, positives, st.integers(0, 1)),
)
units = st.one_of(st.integers(1, 12), st.sampled_from([10**8, 10**10, 2**31, 2**40, 2**62, TOP]), positives)


@pytest.mark.parametrize("inverse", [False, True])
@given(st.lists(fill, max_size=25), units, units)
def test_fill_values(inverse, rows, numerator, denominator):
    lots, ticks, group = columns(rows, 3)
    same_answer("fill_values", lots, ticks, group, numerator, denominator, inverse, length=len(rows))


@pytest.mark.parametrize("inverse", [False, True])
@given(
    st.lists(st.tuples(small, st.integers(1, 12), st.integers(0, 1)), max_size=40), st.integers(1, 9), st.integers(1, 9)
)
def test_fill_values_of_small_numbers_where_ties_abound(inverse, rows, numerator, denominator):
    lots, ticks, group = columns(rows, 3)
    answer, out = same_answer("fill_values", lots, ticks, group, numerator, denominator, inverse, length=len(rows))
    assert answer == -1
    worth, booked, last = Fraction(0), 0, None
    for (q, tick, k), value in zip(rows, out, strict=True):
        if k != last:
            worth, booked, last = Fraction(0), 0, k
        worth += (
            Fraction(-numerator * q, denominator * tick) if inverse else Fraction(numerator * tick * q, denominator)
        )
        booked += value
        assert booked == round(worth)


@given(st.lists(st.tuples(ints, positives), max_size=12), units, units, st.booleans())
def test_fill_values_row_by_row_at_the_ends_of_int64(rows, numerator, denominator, inverse):
    """Each row once as a group of its own, so that no fault hides another."""
    for q, tick in rows:
        same_answer("fill_values", column([q]), column([tick]), column([0]), numerator, denominator, inverse, length=1)


@pytest.mark.parametrize("numerator", [1, 2, 5])
@pytest.mark.parametrize(
    "rows",
    [
        [(1, 3), (1, 6)],  # 1/2, made of parts that end nowhere
        [(-1, 3), (-1, 6)],
        [(1, 3), (1, 6), (1, 1)],  # 3/2
        [(1, 6), (1, 6), (1, 6)],
        [(-1, 6), (-1, 6), (-1, 6), (-6, 6)],
        [(1, 7), (-1, 7), (1, 3), (1, 6)],
        [(1, 3), (2, 3), (1, 6), (1, 3), (1, 2)],
    ],
)
def test_halves_made_of_thirds_are_rounded_exactly(rows, numerator):
    lots, ticks = columns(rows, 2)
    for times in (1, 3):  # between other groups, too
        group = np.repeat(np.arange(times), len(rows))
        arguments = np.tile(lots, times), np.tile(ticks, times), group, numerator, 1, True
        answer, out = same_answer("fill_values", *arguments, length=len(group))
        worth = sum(Fraction(-numerator * q, tick) for q, tick in rows)
        assert answer == -1
        assert sum(out) == times * round(worth)


def test_only_what_64_bits_do_not_tell_is_redone(monkeypatch):
    redone = []
    monkeypatch.setattr(fast, "lcm", lambda *ticks: redone.append(ticks) or math.lcm(*ticks))
    lots, group = column([1, 1, -7, 1, 1]), column([0, 0, 1, 2, 2])
    for ticks, denominator, rows in (
        ([3, 7, 3, 5, 6], 1, 0),
        ([4, 4, 2, 8, 8], 1, 0),  # halves, but none in doubt
        ([3, 6, 3, 4, 4], 1, 2),
        ([3, 6, 3, 6, 3], 1, 4),
        ([3, 7, 3, 5, 6], TOP, 5),  # ticks times the denominator leave 64 bits
    ):
        redone.clear()
        assert same_answer("fill_values", lots, column(ticks), group, 1, denominator, True, length=5)[0] == -1
        assert len(redone) == rows


def test_what_was_cut_off_is_seen_beside_a_half():
    # 1/2 + 1/(2^63 - 2) - 1/2^63: more than 1/2 by less than 2^-64.
    lots, ticks = column([-1, -1, 1]), column([1, 2**62 - 1, 2**62])
    assert same_answer("fill_values", lots, ticks, lots * 0, 1, 2, True, length=3) == (-1, [0, 1, 0])
    assert same_answer("fill_values", -lots, ticks, lots * 0, 1, 2, True, length=3) == (-1, [0, -1, 0])


def test_a_hair_beside_a_half():
    # Down to 2^-63: what 64 bits tell of it is in doubt by as much.
    for tick in (2**31 - 1, 2**62 - 57, TOP, TOP - 1):
        for hair in (1, -1):
            rows = [(1, 3), (1, 6), (hair, tick)]
            lots, ticks = columns(rows, 2)
            answer, out = same_answer("fill_values", lots, ticks, column([4, 4, 4]), 1, 1, True, length=3)
            assert (answer, sum(out)) == (-1, -1 if hair > 0 else 0)


@pytest.mark.parametrize("inverse", [False, True])
@given(
    st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**6)), max_size=8),
    st.lists(st.integers(1, 7), min_size=8, max_size=8),
    st.integers(1, 10**2),
    st.integers(1, 10**4),
)
def test_values_do_not_depend_on_how_a_quantity_is_cut(inverse, rows, cuts, numerator, denominator):
    pieces = []
    for (q, tick), parts in zip(rows, cuts, strict=False):
        shares = [q // parts] * (parts - 1)
        pieces += [(share, tick) for share in [*shares, q - sum(shares)]]
    totals = []
    for cut in (rows, pieces):
        lots, ticks = columns(cut, 2)
        answer, out = same_answer(
            "fill_values", lots, ticks, lots * 0, numerator, denominator, inverse, length=len(cut)
        )
        assert answer == -1
        totals.append(sum(out))
    assert totals[0] == totals[1]


def test_four_lots_of_a_quarter_quantum_are_worth_one_together():
    # docs/waterfall.md: sold at 0.25 to 0.28 they would be worth nothing one by one.
    ticks, lots = column([25, 26, 27, 28]), column([1, 1, 1, 1])
    assert same_answer("fill_values", lots, ticks, column([0, 1, 2, 3]), 1, 100, False, length=4) == (-1, [0, 0, 0, 0])
    assert same_answer("fill_values", lots, ticks, column([9, 9, 9, 9]), 1, 100, False, length=4) == (-1, [0, 1, 0, 0])
    assert same_answer("fill_values", -lots, ticks, column([9, 9, 9, 9]), 1, 100, False, length=4) == (
        -1,
        [0, -1, 0, 0],
    )


def test_a_group_that_returns_begins_anew():
    ticks, lots = column([1, 1, 1, 1]), column([1, 1, 1, 1])
    assert same_answer("fill_values", lots, ticks, column([5, 6, 5, 5]), 1, 2, False, length=4) == (-1, [0, 0, 0, 1])


def test_where_values_of_fills_leave_int64():
    def valued(inverse, lots, ticks, numerator=1, denominator=1):
        arguments = column(lots), column(ticks), column([0] * len(lots)), numerator, denominator
        return same_answer("fill_values", *arguments, inverse, length=len(lots))

    linear, inverse = partial(valued, False), partial(valued, True)
    assert linear([TOP, 1, -1], [1, 1, 1]) == (1, None)
    assert linear([BOTTOM], [1]) == (-1, [BOTTOM])
    assert linear([BOTTOM, TOP, 1], [1, 1, 1]) == (-1, [BOTTOM, TOP, 1])
    assert linear([-1, -TOP], [1, 1]) == (-1, [-1, -TOP])
    assert linear([BOTTOM, TOP], [1, 2]) == (1, None)  # the difference
    assert linear([BOTTOM, BOTTOM], [TOP, TOP], 1, TOP) == (1, None)
    assert linear([BOTTOM, TOP, -TOP], [TOP, TOP, TOP], 1, TOP) == (-1, [BOTTOM, TOP, -TOP])
    assert linear([BOTTOM, -1], [2, 1], 1, 2) == (-1, [BOTTOM, 0])  # -2^63 - 1/2 is rounded to -2^63
    assert linear([TOP, 1, 1], [2, 1, 1], 1, 2) == (1, None)  # 2^63 - 1/2 to 2^63
    assert inverse([TOP], [1]) == (-1, [-TOP])
    assert inverse([BOTTOM], [1]) == (0, None)
    assert inverse([BOTTOM, 2], [2, 4]) == (-1, [2**62, 0])
    assert inverse([TOP, 1, 1], [1, 1, 1]) == (2, None)
    assert inverse([TOP, BOTTOM], [1, 1]) == (1, None)
    assert inverse([TOP, -1], [1, 1], TOP, TOP) == (-1, [-TOP, 1])


def test_groups_behind_one_that_is_redone():
    lots = column([1, 1, 5, 7, 1, 1, TOP, TOP, 1])
    ticks = column([3, 6, 2, 3, 6, 3, 1, 1, 1])
    group = column([0, 0, 1, 1, 2, 2, 3, 3, 4])
    for n in range(len(lots) + 1):
        answer = same_answer("fill_values", lots[:n], ticks[:n], group[:n], 1, 1, True, length=n)
        assert answer[0] == (-1 if n < 8 else 7)


@pytest.mark.parametrize("n", [1000, 4097])
@pytest.mark.parametrize("inverse", [False, True])
def test_long_columns_of_fills(n, inverse):
    rng = np.random.default_rng(n)
    for spread, lots in ((3, 10), (1000, 10**6)):
        group = np.sort(rng.integers(0, n // 8, n))
        arguments = rng.integers(-lots, lots, n), rng.integers(1, spread, n), group
        assert same_answer("fill_values", *arguments, 10**7, 3, inverse, length=n)[0] == -1
        assert same_answer("fill_values", *arguments, 1, 4, inverse, length=n)[0] == -1


@pytest.mark.parametrize("bad", [0, -1, BOTTOM])
@pytest.mark.parametrize("inverse", [False, True])
def test_ticks_below_one_are_refused(bad, inverse):
    refusal = ("ticks", 2, bad, "must be at least 1 tick")
    for group in ([0, 0, 0, 0], [0, 0, 1, 1]):
        arguments = column([1, 1, 1, 1]), column([3, 6, bad, 1]), column(group)
        assert same_answer("fill_values", *arguments, 1, 1, inverse, length=4) == refusal
    # The first row at fault decides.
    arguments = column([BOTTOM, 1, 1, 1]), column([1, 6, bad, 1]), column([0, 0, 0, 0])
    assert same_answer("fill_values", *arguments, 4, 1, inverse, length=4) == (0, None)


@BOTH
@pytest.mark.parametrize("bad", [0, -1, 2**63, 2**200, -(2**64)])
def test_numerators_and_denominators_that_are_no_positive_int64(kernels, bad):
    must = "must be from 1 to 9223372036854775807"
    one = column([1])
    for place, name in enumerate(("numerator", "denominator")):
        unit = [1, 1]
        unit[place] = bad
        for function, width, terms in ((kernels.fill_values, 3, ()), (kernels.value_ticks, 2, (0,))):
            arguments = *[one] * width, *unit, False, *terms, one.copy()
            assert refusal(partial(function, *arguments)) == (name, None, bad, must)
