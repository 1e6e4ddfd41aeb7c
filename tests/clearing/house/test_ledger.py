"""What a house keeps of its funds' movements: the newest lines, and a balance brought forward."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import ClearingHouse, Uncovered
from support import ten_wallets
from support.house_books import X, build_house, fund, linear, snapshot
from support.house_calls import IN_TURN, STATE


def held(one) -> int:
    """Cash less what the inventory cost."""
    return one.cash - sum(cost for _, cost in one.inventory.values())


def test_the_ledger_of_a_fund_is_every_movement_since_the_house_was_made(house):
    """By columns: amounts sum to what cash less cost changed by; those of the state count from the opening."""
    before = {name: held(one) for name, one in house.funds.items()}
    for call in IN_TURN:
        call(house)
    for place, (name, one) in enumerate(house.funds.items()):
        ledger = one.ledger
        assert set(ledger) >= {"sequence", "time", "kind", "contract", "lots", "price", "amount", "asset", "cause"}
        assert (np.diff(ledger["sequence"]) > 0).all()
        assert ledger["amount"].sum() == held(one) - before[name]
        state = house.state()
        assert held(one) == state.opening[place] + state.ledger[place]
    assert "fund-deposit" in house.funds["X"].ledger["kind"]
    assert set(house.funds["BTC"].ledger["asset"]) == {"BTC"}


def test_the_ledger_of_a_fund_that_nothing_moved():
    house = build_house(snapshot([X], [1], [], {}), [Uncovered()])
    ledger = house.funds["USDT"].ledger
    assert {len(column) for column in ledger.values()} == {0}
    house.fund_deposit("USDT", 5, 9)
    ledger = house.funds["USDT"].ledger
    assert (ledger["kind"].tolist(), ledger["amount"].tolist(), ledger["time"].tolist()) == (["fund-deposit"], [5], [9])


def balanced(house) -> None:
    """Of each fund, what was brought forward and the lines are what it has."""
    for one in house.funds.values():
        assert one.brought_forward + one.ledger["amount"].sum() == held(one)


@pytest.mark.parametrize("lines", [0, 1, 7, 1000])
def test_the_newest_lines_are_kept_and_the_rest_is_brought_forward(lines):
    house = build_house(snapshot([X], [1], [], {}), [Uncovered()], 10, ledger_lines=lines)
    for amount in range(1, 21):
        house.fund_deposit("USDT", amount)
        balanced(house)
    one = house.funds["USDT"]
    kept = list(range(1, 21))[20 - min(lines, 20) :]
    assert one.ledger["amount"].tolist() == kept
    assert one.ledger["sequence"].tolist() == [amount - 1 for amount in kept]
    assert one.brought_forward == 10 + sum(range(1, 21)) - sum(kept)


@pytest.mark.parametrize("lines", [-1, 1.5, True, None, "7"])
def test_lines_that_are_no_number_are_refused(lines):
    with pytest.raises(adl.AdlError, match=r"ledger_lines is .*: must be a whole number, 0 or above"):
        build_house(snapshot([X], [1], [], {}), [Uncovered()], 10, ledger_lines=lines)


def test_a_crash_fills_a_ledger_and_goes_beyond_it():
    """A pass of the ten wallets has more legs of funds than three lines; a house that goes on begins with none."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), ledger_lines=3)
    assert all(one.brought_forward == held(one) for one in house.funds.values())
    house.mark(**ten_wallets.DOWN)
    assert [len(one.ledger["amount"]) for one in house.funds.values()] == [3, 2, 2]
    balanced(house)


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 9)), max_size=30), st.integers(0, 12))
def test_ledgers_of_several_funds_add_up(calls, lines):
    """However few lines are kept, and whichever fund they are of."""
    funds = [adl.InsuranceFund("USDT", "1", scope=name) for name in "ABC"]
    house = build_house(
        snapshot([linear(name) for name in "ABC"], [1], [], {}), [Uncovered()], funds, ledger_lines=lines
    )
    for name, amount in calls:
        house.fund_deposit(name, amount)
    balanced(house)
    for name, one in house.funds.items():
        assert one.ledger["amount"].tolist() == [x for of, x in calls if of == name][::-1][:lines][::-1]


def test_funding_is_a_line_for_a_contract_and_call():
    """Two contracts of four and two rows, in one call; a second call has lines of its own."""
    positions = [("X", 0, 4, 400), ("X", 1, -3, -300), ("X", 2, -1, -100), ("Y", 0, 2, 200), ("Y", 1, -2, -200)]
    books = snapshot([X, linear("Y")], [1000, 1000, 1000], positions, {"X": "100", "Y": "100"})
    house = build_house(books, [Uncovered()], [fund(50)])
    events = house.funding({"X": "0.013", "Y": "0.02"})
    ledger = house.funds["USDT"].ledger
    assert ledger["kind"].tolist() == ["funding", "funding"]
    assert ledger["contract"].tolist() == ["X", "Y"]
    legs = [row for row in events.rows("funding") if row["fund"] == "USDT"]
    assert ledger["sequence"].tolist() == [legs[0]["sequence"], legs[3]["sequence"]]
    assert ledger["amount"].tolist() == [sum(row["amount"] for row in legs if row["contract"] == c) for c in "XY"]
    house.funding({"X": "-0.013"})
    assert len(house.funds["USDT"].ledger["kind"]) == 3
    balanced(house)


def test_a_house_grows_by_nothing_with_its_calls():
    """Memory after 25 more rounds of calls is what it was after 25: lines, not calls, are kept."""
    positions = [("X", 0, 5, 500), ("X", 1, -5, -500)]
    house = build_house(snapshot([X], [10**6, 10**6], positions, {"X": "100"}), [Uncovered()], 10, ledger_lines=100)

    def rounds():
        for turn in range(25):
            house.mark({"X": ("100", "101")[turn % 2]}, time=house.time + 1)
            house.funding({"X": "0.01"})
            house.fund_deposit("USDT", 1)
            house.deposit(0, 1)
            house.trade("X", 1, 100, buyer=turn % 2, seller=1 - turn % 2)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        rounds()
        before = rounds()
        assert rounds() - before < 20_000
    finally:
        tracemalloc.stop()
    assert sys.getsizeof(house.funds["USDT"].ledger["amount"]) < 2000
    balanced(house)
