"""Random venues: after each mark the books add up, the events lead to them, and a mark that fails changes nothing."""

import warnings
from collections import defaultdict
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import adlcore as adl
from adlcore import clearing
from adlcore.clearing.house.replay import replay_events
from support import margin_oracle as oracle
from support.busy_pass import INFORM, busy
from support.house_books import USDT, build_house, linear, snapshot
from support.house_calls import IN_TURN
from support.replays import assert_replay
from support.ten_wallets import DAN, DOWN


def test_the_events_of_every_call_lead_to_its_books(house):
    for place, call in enumerate(IN_TURN):
        before = house.state()
        events = call(house)
        assert events.first == before.sequence
        assert house.state().sequence == before.sequence + len(events)
        assert_replay(before, events, house)
        assert house.audit() == [], place


def test_events_lead_from_the_state_before_them_only(house):
    before = house.state()
    house.mark(**DOWN)
    events = house.deposit(DAN, "0.1")
    with pytest.raises(adl.AdlError, match=r"events is [0-9]+: must begin with sequence"):
        replay_events(before, events)


def test_the_events_alone_give_the_snapshot_after():
    """Lots of every row, and balance less entry values of every wallet."""
    books, done, _ = busy()
    lots, worth = books.positions.quantity.tolist(), defaultdict(int)
    for row in done.events.rows():
        if row["kind"] not in INFORM and row["wallet"] >= 0:
            worth[row["wallet"]] += row["amount"]
            if row["row"] >= 0:
                lots[row["row"]] += row["lots"]
    assert done.lots == lots
    for wallet in range(len(books.wallets)):
        before, after = (
            int(at.wallets.balance[wallet] - at.positions.entry_value[at.positions.wallet == wallet].sum())
            for at in (books, done.house.snapshot())
        )
        assert after == before + worth[wallet]


one_of = st.sampled_from
MOVES = ("0.5", "0.9", "0.999", "1.01", "1.5")
TRIGGERS = (clearing.Depleted(), clearing.NetNotionalCap("1"), clearing.Drawdown(10, "-0.3", "-0.25"))


@st.composite
def stages(draw) -> list[adl.clearing.Stage]:
    """Stages of a venue in their usual order, each mostly there."""
    portion = draw(one_of(["1", "0.3", "tiers"]))
    offered = [
        st.just(clearing.CancelOrders()),
        st.just(clearing.NetLegs()),
        st.builds(
            clearing.BookIOC,
            limit=one_of(["bankruptcy", "fund"]),
            fee=one_of(["0", "0.01"]),
            surplus=one_of(["wallet", "fund"]),
            portion=st.just(portion),
            cool_down=one_of([0, 0 if portion == "tiers" else 5]),
        ),
        st.just(clearing.Backstop()),
        st.just(clearing.TakeOver()),
        st.builds(
            clearing.Deleverage,
            one_of(["binance", "roi", "hyperliquid", "binance-2019", "bitmex"]),
            price=one_of(["bankruptcy", "mark", "previous-mark"]),
            eligible=one_of(["all", "winners"]),
            same_account=one_of(["allow", "exclude"]),
        ),
    ]
    return [draw(stage) for stage in offered if draw(one_of([False, True, True]))] or [clearing.Uncovered()]


@st.composite
def ladders(draw, books) -> clearing.DepthLadder:
    """One level a side, a tick beside each mark."""
    levels = {}
    for contract, mark in zip(books.contracts, books.marks, strict=True):
        ticks = max(2, round(mark / contract.tick))
        bids, asks = draw(st.integers(1, 50)), draw(st.integers(1, 50))
        levels[contract.symbol] = {"bids": ([ticks - 1], [bids]), "asks": ([ticks + 1], [asks])}
    return clearing.DepthLadder(levels, refill=draw(one_of(["0", "0.5"])))


def depths(book, books) -> list[list[list[int]]]:
    """All that rests in a book."""
    if book is None:
        return []
    symbols = [contract.symbol for contract in books.contracts]
    return [[part.tolist() for side in book.depth(symbol).values() for part in side] for symbol in symbols]


@st.composite
def houses(draw) -> tuple[clearing.ClearingHouse, clearing.DepthLadder | None]:
    """A house that opens."""
    books = oracle.snapshot(**draw(oracle.crowd_columns()))
    funds = [
        adl.InsuranceFund(asset.name, draw(one_of(["0", "5", "100", "1000000"])), trigger=draw(one_of(TRIGGERS)))
        for asset in books.assets
    ]
    book = draw(st.none() | ladders(books))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        try:
            return clearing.ClearingHouse(books, funds, draw(stages()), book), book
        except adl.AdlError as error:  # numbers that leave int64
            assume("int64" not in str(error))
            raise


def moved(data, house) -> dict[str, str]:
    """Every mark by one of the moves."""
    return {symbol: str(mark * Decimal(data.draw(one_of(MOVES)))) for symbol, mark in house.marks.items()}


def mark_or_nothing(house, book, prices, time) -> adl.clearing.Events | None:
    """The events of a mark, or None where numbers leave int64: then nothing has changed."""
    before, shown, rests = house.state(), house.hash, depths(book, house.snapshot())
    try:
        events = house.mark(prices, time)
    except adl.AdlError as error:
        if "int64" not in str(error) and "2^62" not in str(error):
            raise
        assert house.state() is before
        assert (house.hash, depths(book, house.snapshot())) == (shown, rests)
        events = None
    assert house.audit() == []
    return events


@given(houses(), st.data())
def test_the_events_of_each_mark_lead_to_its_books(given_house, data):
    house, book = given_house
    assert house.audit() == []
    for time in (4, 8, 12):
        before = house.state()
        events = mark_or_nothing(house, book, moved(data, house), time)
        if events is not None:
            assert_replay(before, events, house)


class Broken(Exception):
    """What an order book may raise."""


@given(houses(), st.data())
def test_a_mark_whose_order_book_breaks_changes_nothing(given_house, data):
    """At any order: state and book are as before, and the same mark then does what it does elsewhere."""
    house, _ = given_house
    state, venue = house.state(), house._committed.terms.venue
    book = data.draw(ladders(house.snapshot()))
    right = clearing.ClearingHouse.from_state(state, venue, clearing.DepthLadder({}) | book)
    prices = moved(data, house)
    events = mark_or_nothing(right, None, prices, 4)
    assume(events is not None)

    class Cut(clearing.DepthLadder):
        left = data.draw(st.integers(0, 3))

        def ioc(self, *order):
            self.left -= 1
            if self.left < 0:
                raise Broken
            return super().ioc(*order)

    cut = Cut({})
    cut._books = dict(book._books)
    other = clearing.ClearingHouse.from_state(state, venue, cut)
    rests = depths(cut, house.snapshot())
    try:
        assert other.mark(prices, 4) == events
    except Broken:
        assert other.state() is state
        assert (other.hash, depths(cut, house.snapshot()), other.audit()) == (state.hash, rests, [])
        cut.left = 10**9
        assert other.mark(prices, 4) == events
    assert other.hash == right.hash


@given(houses(), st.data())
def test_plans_that_nothing_fills_are_marks_without_a_book(given_house, data):
    """Where no order is filled it does not matter that a plan asks for all wallets at once."""
    house, _ = given_house
    one = clearing.ClearingHouse.from_state(house.state(), house._committed.terms.venue)
    other = clearing.ClearingHouse.from_state(house.state(), house._committed.terms.venue)
    prices = moved(data, house)
    events = mark_or_nothing(one, None, prices, 4)
    assume(events is not None)
    plan = other.plan(prices, 4)
    while not plan.done:
        plan = other.settle(plan, [None] * len(plan.orders))
    assert plan.events.counts() == events.counts()
    assert other.snapshot() == one.snapshot()
    assert other.audit() == []


@given(houses(), st.data())
def test_a_house_goes_on_from_its_state(given_house, data):
    """Mark after mark: the same events and hash as those of the house that gave it."""
    house, book = given_house
    mark_or_nothing(house, book, moved(data, house), 4)
    kept = None if book is None else clearing.DepthLadder({}) | book
    other = clearing.ClearingHouse.from_state(house.state(), house._committed.terms.venue, kept)
    prices = moved(data, house)
    assert mark_or_nothing(house, book, prices, 8) == mark_or_nothing(other, kept, prices, 8)
    assert other.hash == house.hash


def test_events_that_close_more_than_there_is_are_refused():
    """A damaged table is not applied."""
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    house = build_house(snapshot([linear("X")], [100, 1000], positions, {"X": "100"}), [clearing.Deleverage()])
    before = house.state()
    events = house.mark({"X": "90"})
    table = events.table.copy()
    fill = int(np.flatnonzero(events.of("adl-fill"))[0])
    table[fill, 4] *= 3  # lots
    damaged = adl.clearing.Events(table, events.first, events.time, events.names)
    with pytest.raises(adl.AdlError, match=r"must close at most the 10 lots of its row"):
        replay_events(before, damaged)


@pytest.mark.parametrize("buyer", [0, 1])
def test_balances_that_a_trade_adds_stand_in_the_order_of_wallets(buyer):
    """Whoever bought: the events lead to the very tables of the house."""
    wallets = [("ann", "multi-asset", 0), ("bob", "multi-asset", 0)]
    sign = -1 if buyer == 0 else 1
    positions = [("X", 0, sign, sign * 100), ("X", 1, -sign, -sign * 100)]
    house = build_house(
        snapshot([linear("X")], wallets, positions, {"X": "100"}, assets=[USDT]), [clearing.Deleverage()]
    )
    before = house.state()
    events = house.trade("X", 1, "97", buyer=buyer, seller=1 - buyer)
    held = house.snapshot().balances
    assert held.wallet.tolist() == [0, 1]
    assert held.amount.tolist() == [-3 * sign, 3 * sign]
    assert replay_events(before, events)[0].balances == held


def test_of_two_equal_orders_the_one_that_was_cancelled_is_gone():
    """An event names the row of its order, so that the orders that are left stand as they stood."""
    house = build_house(
        snapshot([linear("X"), linear("Y")], [1000], [], {"X": "100", "Y": "100"}), [clearing.Deleverage()]
    )
    for contract in ("X", "Y", "X"):
        house.place_order(0, contract, 2, 100, locked=10)
    before = house.state()
    events = house.cancel_order(2)
    assert house.snapshot().orders.contract.tolist() == [0, 1]
    assert replay_events(before, events)[0].orders == house.snapshot().orders
    table = events.table.copy()
    table[0, 2] = 1  # row
    with pytest.raises(adl.AdlError, match="must name the row of the order that it cancels"):
        replay_events(before, adl.clearing.Events(table, events.first, events.time, events.names))
