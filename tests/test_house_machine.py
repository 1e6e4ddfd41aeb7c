"""The clearing house under random marks and books: it never loses a quantum, and agrees with a slow one."""

from __future__ import annotations

import copy
from decimal import Decimal

import margin_oracle
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_house import SlowHouse, numbers_of

import adlcore as adl
from adlcore.clearing.replay import replayed

pick = st.sampled_from
FACTORS = ("0.3", "0.8", "0.9", "0.97", "0.999", "1.01", "1.1", "1.25", "2")


@st.composite
def venues(draw) -> adl.clearing.Venue:
    """Stages in their usual order, some of them."""
    c = adl.clearing
    stages: list[adl.clearing.Stage] = []
    if draw(st.booleans()):
        stages.append(c.CancelOrders())
    if draw(st.booleans()):
        stages.append(c.NetLegs())
    if draw(st.booleans()):
        limit, surplus = draw(pick(["bankruptcy", "fund"])), draw(pick(["wallet", "fund"]))
        portion, fee = draw(pick(["1", "0.3"])), draw(pick(["0", "0.01"]))
        stages.append(c.BookIOC(limit=limit, fee=fee, surplus=surplus, portion=portion))
    if draw(st.booleans()):
        stages.append(c.Backstop(below=draw(pick(["2/3", "1", 2 / 3]))) if draw(st.booleans()) else c.Backstop())
    if draw(st.booleans()):
        stages.append(c.TakeOver())
    if draw(st.integers(0, 5)):
        stages.append(
            c.Deleverage(
                draw(pick(["binance", "roi"])),
                price=draw(pick(["bankruptcy", "bankruptcy", "mark", "previous-mark"])),
                eligible=draw(pick(["all", "all", "winners"])),
                same_account=draw(pick(["allow", "exclude"])),
                net_fund_first=draw(st.booleans()),
                below=draw(pick([None, None, "0"])),
            )
        )
    return c.Venue("drawn", stages, trigger=draw(pick([None, c.NetNotionalCap("1")])), inclusive=draw(st.booleans()))


@st.composite
def funds(draw, snapshot: adl.Snapshot) -> list[adl.InsuranceFund]:
    """A fund for each asset, and chains of funds for some contracts."""
    found = [adl.InsuranceFund(a.name, str(draw(pick([0, 5, 100, 10**6])))) for a in snapshot.assets]
    for contract in snapshot.contracts:
        if draw(st.booleans()):
            parent = contract.settle.name if draw(st.booleans()) else None
            cap = draw(pick([None, "3"])) if parent else None
            amount = str(draw(pick([0, 3, 50])))
            own = adl.InsuranceFund(contract.settle.name, amount, scope=contract.symbol, parent=parent, parent_cap=cap)
            found.append(own)
    return found


@st.composite
def books(draw, snapshot: adl.Snapshot) -> adl.clearing.DepthLadder:
    """A few thin levels about each mark."""
    levels = {}
    for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True):
        if mark is not None:
            middle = max(3, round(mark / contract.tick))
            sizes = draw(st.lists(st.integers(1, 30), min_size=2, max_size=2))
            levels[contract.symbol] = {
                "bids": ([middle - 1, max(1, middle // 2)], sizes),
                "asks": ([middle + 1, 2 * middle], sizes),
            }
    return adl.clearing.DepthLadder(levels)


def moved(draw, marks) -> dict[str, str]:
    """New marks of some contracts."""
    return {s: str(m * Decimal(draw(pick(FACTORS)))) for s, m in marks.items() if m is not None and draw(st.booleans())}


@given(margin_oracle.venues(), venues(), st.data())
@settings(max_examples=settings().max_examples * 4)
def test_it_agrees_with_a_slow_clearing_house_of_the_same_rules(columns, venue, data):
    """Every lot, every quantum, every order, mark after mark."""
    snapshot = margin_oracle.snapshot(**columns)
    given_funds, book = data.draw(funds(snapshot)), data.draw(books(snapshot))
    slow = SlowHouse(snapshot, given_funds, venue, copy.deepcopy(book))
    house = adl.ClearingHouse(snapshot, given_funds, venue, book)
    assert numbers_of(house) == slow.numbers()
    for time in range(3):
        marks = moved(data.draw, house.marks)
        before = house.state()
        events = house.mark(marks, time)
        slow.mark(marks, time)
        assert numbers_of(house) == slow.numbers()
        assert house.audit() == []
        users, parties = replayed(before, events)
        now = house.snapshot()
        assert (users.positions, users.wallets, users.balances, users.orders) == (
            *(now.positions, now.wallets),
            *(now.balances, now.orders),
        )
        for name in ("lots", "cost", "cash", "realized"):
            assert (getattr(parties, name) == getattr(house.state().parties, name)).all()
