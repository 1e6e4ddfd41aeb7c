"""A cool-down belongs to an open row of a liquidatable wallet, and is forgotten with either. Every number by hand."""

import pickle

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, NetLegs, TakeOver
from support.house_books import TEN_PERCENT, PassResult, RestingOrders, build_house, linear, snapshot

X, Y = linear("X", TEN_PERCENT), linear("Y", TEN_PERCENT)
FIFTH = BookIOC(portion="0.2", cool_down=30)


def begun(balances=(130, 90_000), more=(), stages=(FIFTH,), contracts=(X,)):
    """At 95 bea has E 80 of MM 95: a fifth of her 10 lots is ordered at time 0, and the book has none."""
    book = RestingOrders()
    marks = {contract.symbol: "100" for contract in contracts}
    rows = [("X", 0, 10, 1000), *more]
    house = build_house(snapshot(list(contracts), list(balances), rows, marks), list(stages), 0, book)
    house.mark({"X": "95"}, time=0)
    assert book.sent.pop() == ("X", -2, 87)
    assert dict(house.state().cooling) == {(0, 0, 1): 30}
    return house, book


def ordered(house, book, mark, time):
    """Lots that are ordered of bea at a mark."""
    house.mark({"X": mark}, time=time)
    sent = [lots for _, lots, _ in book.sent]
    book.sent.clear()
    return sent


@pytest.mark.parametrize("again", [1, 29, 30, 100])
def test_a_wallet_that_was_healthy_begins_anew(again):
    """At 110 E is 230 of MM 110; at 95 again a fifth is right, not nothing and not all."""
    house, book = begun()
    assert ordered(house, book, "110", 1) == []
    assert dict(house.state().cooling) == {}
    assert ordered(house, book, "95", again) == [-2]
    assert dict(house.state().cooling) == {(0, 0, 1): again + 30}


def test_a_wallet_that_stays_liquidatable_keeps_its_time():
    """At 94 and at 96: E 70 of 94, and 90 of 96."""
    house, book = begun()
    assert [ordered(house, book, mark, time) for mark, time in (("94", 1), ("96", 29), ("95", 30))] == [[], [], [-10]]


#: Calls of a house that make bea healthy, and what brings her back.
HEALED = {
    "deposit": (lambda house: house.deposit(0, 20), "93"),
    "funding": (lambda house: house.funding({"X": "-0.02"}), "93"),
    "trade": (lambda house: house.trade("X", 2, 95, buyer=1, seller=0), "92"),
}


@pytest.mark.parametrize("name", list(HEALED))
def test_whatever_call_makes_it_healthy(name):
    """E 80 and 20, or 19 of funding, is above 95; 8 lots at 95 have MM 76. At the second mark she fails again."""
    house, book = begun()
    call, mark = HEALED[name]
    call(house)
    assert dict(house.state().cooling) == {}
    assert ordered(house, book, mark, 31) == [-2]


CLOSED = {
    "closed": [(10, 0, 1)],
    "turned and back": [(11, 0, 1), (1, 1, 0)],
    "closed in two trades": [(4, 0, 1), (6, 0, 1)],
}


@pytest.mark.parametrize("name", list(CLOSED))
@pytest.mark.parametrize("time", [1, 31])
def test_a_row_that_another_trade_opens_begins_anew(name, time):
    """Whatever closed the row took its time with it: of the next 10 lots a fifth is ordered."""
    house, book = begun()
    for lots, seller, buyer in CLOSED[name]:
        house.trade("X", lots, 95, buyer=buyer, seller=seller)
    assert dict(house.state().cooling) == {}
    house.trade("X", 10, 95, buyer=0, seller=1)
    assert ordered(house, book, "95", time) == [-2]


def test_a_row_that_is_only_smaller_or_larger_keeps_its_time():
    """At 80 of equity: 11 lots, then 10 again; MM 104 and 95."""
    house, book = begun()
    house.trade("X", 1, 95, buyer=0, seller=1)
    house.trade("X", 1, 95, buyer=1, seller=0)
    assert dict(house.state().cooling) == {(0, 0, 1): 30}
    assert ordered(house, book, "95", 30) == [-10]


def test_who_is_healthy_at_the_new_marks_and_broken_in_the_pass_begins_anew():
    """At 110 bea has E 230 of MM 210; then wallet 2's 10 Y at 115 take 150 of it, and 10 X have MM 110."""
    house, book = begun((130, 90_000, 0), stages=[FIFTH, Deleverage(below="0")], contracts=(X, Y))
    house.trade("Y", 10, 100, buyer=1, seller=0)
    house.trade("Y", 10, 115, buyer=2, seller=1)
    assert dict(house.state().cooling) == {(0, 0, 1): 30}
    assert PassResult(house, house.mark({"X": "110"}, time=40)).fills("adl-notice") == [(0, 10, 115, -150)]
    assert [order[:2] for order in book.sent] == [("Y", -2), ("X", -2)]


def test_what_is_closed_in_the_pass_is_forgotten():
    """The fund takes the rest at 86: E -10, and a row that waited does not."""
    house, _ = begun(stages=[FIFTH, TakeOver()])
    house.fund_deposit("USDT", 500)
    house.mark({"X": "86"}, time=1)
    assert house.snapshot().positions.quantity.tolist() == [0]
    assert dict(house.state().cooling) == {}


def test_a_state_keeps_it_and_a_house_goes_on_from_it():
    """Nothing is ordered at 29, all at 30."""
    house, _ = begun()
    state = pickle.loads(pickle.dumps(house.state()))
    book = RestingOrders()
    fresh = adl.ClearingHouse.from_state(state, [FIFTH], book)
    assert (fresh.hash, [ordered(fresh, book, "95", time) for time in (29, 30)]) == (house.hash, [[], [-10]])


def test_a_fund_and_the_winners_leave_a_row_alone_that_waits():
    """E 60 of MM 93."""
    house, _ = begun(more=[("X", 1, -10, -1000)], stages=[FIFTH, TakeOver(), Deleverage()])
    house.fund_deposit("USDT", 500)
    done = PassResult(house, house.mark({"X": "93"}, time=1))
    assert done.of("take-over", "adl-fill") == []
    assert [(row["lots"], row["cause"]) for row in done.of("uncovered-lots")] == [(10, "cool-down")]


@pytest.mark.parametrize("by", ["wallet", "row"])
def test_a_vault_takes_a_row_that_waits(by):
    """E 60 is below 2/3 of MM 93: the vault does not wait for the end of a cool-down."""
    house, _ = begun(stages=[FIFTH, Backstop(by=by)])
    done = PassResult(house, house.mark({"X": "93"}, time=1))
    assert [fill[:3] for fill in done.fills("backstop")] == [(0, -10, 87)]
    assert dict(house.state().cooling) == {}


def test_legs_are_netted_although_a_row_waits():
    """At 90, E 50: 4 short are closed against 4 of the 10 that wait; the 6 that are left have MM 54 and wait on."""
    house, book = begun(stages=[NetLegs(), FIFTH])
    house.trade("X", 4, 95, buyer=1, seller=0, seller_leg="short")
    assert ordered(house, book, "90", 1) == []
    assert house.snapshot().positions.quantity[:2].tolist() == [6, 0]
    assert ordered(house, book, "90", 30) == [-6]
