"""Laws of a netted row: cost is neither made nor lost, however its lots come and go."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore.clearing.snapshot.netted_row import NettedRow

lots = st.integers(1, 10**9)
money = st.integers(-(10**15), 10**15)
sides = st.sampled_from([1, -1])


@given(lots, money, sides, st.lists(st.integers(1, 50), max_size=8))
def test_what_is_released_does_not_depend_on_how_it_was_cut(held, cost, side, cuts):
    whole = held + sum(cuts)
    row, at_once = NettedRow(side * whole, cost), NettedRow(side * whole, cost)
    parts = [row.release(cut) for cut in cuts]
    assert sum(parts) == (at_once.release(sum(cuts)) if cuts else 0)
    assert sum(parts) == math.trunc(Fraction(cost * sum(cuts), whole))
    assert (row.lots, row.entry_value) == (side * held, cost - sum(parts))
    assert (row.lots0, row.entry_value0) == (side * whole, cost)


@given(lots, money)
def test_a_row_that_is_closed_whole_leaves_no_cost(held, cost):
    row = NettedRow(-held, cost)
    assert row.release(held) == cost
    assert (row.lots, row.entry_value) == (0, 0)


@given(
    st.lists(st.tuples(st.integers(-99, 99).filter(bool), st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)))
)
def test_value_in_is_cost_and_realized_out(fills):
    row, realized, paid = NettedRow(), 0, 0
    for count, value, closing_value in fills:
        crosses = row.lots * count < 0 and abs(count) > abs(row.lots)
        closing = closing_value if crosses else value
        realized += row.take(count, value, closing)
        paid += value
        assert realized + paid == row.entry_value
        assert row.lots or not row.entry_value
    assert row.lots == sum(count for count, _, _ in fills)


@pytest.mark.parametrize("side", [1, -1])
def test_through_zero_closes_first_and_opens_with_the_rest(side):
    row = NettedRow(side * 3, side * 100)
    assert row.take(-side * 5, -side * 200, -side * 120) == side * 20
    assert (row.lots, row.entry_value, row.lots0, row.entry_value0) == (-side * 2, -side * 80, -side * 2, -side * 80)


def test_a_row_goes_on_where_it_was():
    row = NettedRow(lots=2, entry_value=67, lots0=3, entry_value0=100)
    assert row.release(1) == 33  # of 100 for three, 33 and 33 are released, then the rest
    assert row.entry_value == 34
