"""The slow clearing house by itself: whatever is asked of it, no lot and no quantum is lost."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import house_worlds
from support.clearing_oracle import SlowHouse
from support.clearing_oracle_books import RefusalError, exact
from support.margin_oracle_rows import Row

pytestmark = pytest.mark.plain


def house_of(world) -> SlowHouse:
    return SlowHouse(world.snapshot, world.funds, world.stages, world.book(), **world.terms())


@given(house_worlds.worlds())
def test_no_lot_and_no_quantum_is_lost(world):
    house = house_of(world)
    house.check()
    for name, terms in world.operations:
        before = house.state
        try:
            getattr(house, name)(**terms)
        except RefusalError:
            assert house.state == before
        house.check()


@given(house_worlds.worlds(modes=("cross", "isolated")))
def test_its_events_make_the_books(world):
    house = house_of(world)
    start = [row.quantity for row in house.rows]
    wealth = sum(house.stored_balance) - sum(row.cost for row in house.rows)
    for name, terms in world.operations:
        if name in ("mark", "funding", "deposit", "withdraw"):
            try:
                events = getattr(house, name)(**terms)
            except RefusalError:
                continue
            facts = ("order-cancelled", "zero-fill", "adl-notice", "uncovered-lots", "uncovered-money")
            facts += ("uncovered-reduced", "leverage-set")
            for event in events:
                if event.kind in facts or event.kind.startswith("take-over-") or isinstance(event.holder, str):
                    continue
                if event.row is not None:
                    start[event.row] += event.lots
                wealth += event.amount
            assert start == [row.quantity for row in house.rows]
            assert wealth == sum(house.stored_balance) - sum(row.cost for row in house.rows)


def test_cost_is_truncated_in_the_sum():
    row = Row(0, None, 0, 7, -100)
    row.renew()
    assert [row.release(2), row.release(3), row.release(2)] == [-28, -43, -29]
    assert (row.quantity, row.cost) == (0, 0)


@pytest.mark.parametrize(
    ("value", "found"),
    [("2/3", "2/3"), (2 / 3, "2/3"), (0.1, "1/10"), ("1_000.5", "2001/2"), (Decimal("0.25"), "1/4"), (3, "3")],
)
def test_numbers_are_read_as_they_are_meant(value, found):
    assert exact(value) == Fraction(found)


@given(st.fractions(), st.integers(1, 50))
def test_what_a_row_releases_does_not_depend_on_the_cuts(cost, lots):
    cuts, once = (Row(0, None, 0, lots, round(cost)) for _ in range(2))
    cuts.renew()
    once.renew()
    assert sum(cuts.release(1) for _ in range(lots)) == once.release(lots) == round(cost)
