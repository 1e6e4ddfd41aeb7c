"""Copies and pickles of a house, of its funds and of order books are right, or refused."""

import copy
import pickle
import sys
import threading

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, ClearingHouse, DepthLadder, Uncovered
from adlcore.lab.moving_depth import MovingDepth, Shape
from support import ten_wallets
from support.house_books import build_house, linear, snapshot
from support.house_calls import STATE
from support.refusals import refused_for


def pickled(value):
    """Through a pickle and back."""
    return pickle.loads(pickle.dumps(value))


HOWS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickled}
every_way = pytest.mark.parametrize("how", HOWS.values(), ids=HOWS)


@pytest.fixture
def house():
    """The ten wallets, with an order book that is eaten."""
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder(), audit="off", max_move="0.9")


@every_way
def test_a_copy_is_a_house_of_its_own(house, how):
    """Either moves by itself, its order book too, and comes to what it would have come to alone."""
    house.deposit(1, "3")
    copied = how(house)
    assert (copied.hash, copied.last_events, repr(copied)) == (house.hash, house.last_events, repr(house))
    before = house.hash
    events = copied.mark(**ten_wallets.DOWN)
    assert (house.hash, house.audit()) == (before, [])
    assert house.mark(**ten_wallets.DOWN) == events
    assert (copied.hash, copied.audit(), house.audit()) == (house.hash, [], [])


@every_way
def test_nobody_hears_of_a_copy(house, how):
    """Subscribers stay with the house that they subscribed to."""
    told = []
    house.on("deposit", told.append)
    how(house).deposit(1, "1")
    assert told == []
    house.deposit(1, "1")
    assert len(told) == 1


@every_way
def test_a_house_with_an_open_plan_is_not_copied(house, how):
    plan = house.plan(**ten_wallets.DOWN)
    refused_for(lambda: how(house), "plan", f"plan {plan.number} is open: settle it, or drop_plan")
    house.drop_plan()
    assert how(house).hash == house.hash


def test_a_pickle_of_another_version_is_refused_by_name(house):
    kept = house.__getstate__() | {"version": 99}
    with pytest.raises(adl.AdlError, match="ClearingHouse was pickled as version 99: this adlcore reads version 2"):
        ClearingHouse.__new__(ClearingHouse).__setstate__(kept)
    state = STATE.__getstate__() | {"version": 1}
    with pytest.raises(adl.AdlError, match="HouseState was pickled as version 1: this adlcore reads version 2"):
        adl.clearing.HouseState.__new__(adl.clearing.HouseState).__setstate__(state)


@every_way
def test_a_copy_is_of_one_moment(how):
    """Another thread marks meanwhile: as much is closed in the state as is gone from the book."""
    positions = [("X", wallet, 1, 100) for wallet in range(60)] + [("X", 60, -60, -6000)]
    books = snapshot([linear()], [*range(1, 61), 10**6], positions, {"X": "100"})
    ladder = DepthLadder({"X": {"bids": ([99 - level for level in range(60)], [1] * 60)}})
    house = build_house(books, [BookIOC()], 0, ladder)
    done = threading.Event()

    def mark():
        for price in range(99, 45, -1):
            house.mark({"X": str(price)})
        done.set()

    thread = threading.Thread(target=mark)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        thread.start()
        while not done.is_set():
            copied = how(house)
            closed = int((copied.snapshot().positions.quantity[:60] == 0).sum())
            assert 60 - int(copied._committed.terms.liquidity.depth("X")["bids"][1].sum()) == closed
    finally:
        thread.join()
        sys.setswitchinterval(before)


@every_way
def test_a_copy_runs_no_deferred_calls(house, how):
    """They wait for the house whose call was interrupted, and are not run by looking at it."""

    def interrupt(event):
        house.defer(lambda: house.mark(**ten_wallets.DOWN))
        raise KeyboardInterrupt

    house.on("deposit", interrupt)
    with pytest.raises(KeyboardInterrupt):
        house.deposit(1, "1")
    moved = house.hash
    assert how(house).hash == house.hash == moved
    house.fund_deposit("USDT", "1")
    assert house.last_events.counts()["liquidation-started"] > 1  # deferred


class Capped(DepthLadder):
    """A ladder that counts what was sold to it."""

    sold = 0

    def ioc(self, contract, quantity, limit, time):
        """Fill, and count."""
        fills = super().ioc(contract, quantity, limit, time)
        self.sold += sum(lots for lots, _ in fills)
        return fills


class OwnQueue(adl.Queue):
    """A queue with a note."""


class OwnState(adl.clearing.MarginState):
    """A margin state with a note."""


@every_way
def test_copies_of_what_others_made_of_a_class_hold_what_they_hold(how):
    """Of a subclass they are of the subclass, with its attributes."""
    btc = adl.Contract("BTCUSDT", tick="0.1")
    ladder = Capped({"BTCUSDT": {"bids": ([100, 99], [5, 10])}})
    ladder.ioc(btc, -7, 1, time=0)
    queue, state = OwnQueue([1.0], [5]), OwnState(STATE.snapshot)
    queue.note = state.note = "mine"
    assert how(ladder).sold == 7
    for made in (queue, state):
        assert (type(how(made)), how(made).note) == (type(made), "mine")


def test_a_deep_copy_keeps_what_belongs_together():
    """A book beside its house, and a book that refers to its house."""
    book = ten_wallets.ladder()
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    one, other = copy.deepcopy((book, house))
    assert other._committed.terms.liquidity is one is not book
    book.house = house
    for how in HOWS.values():
        copied = how(house)
        assert copied._committed.terms.liquidity.house is copied is not house


@every_way
def test_copies_of_funds_are_equal_values(how):
    """After 2,000 calls, too: what is kept of them is no chain of calls."""
    house = build_house(snapshot([linear()], [1], [], {}), [Uncovered()], 10)
    for _ in range(2000):
        house.fund_deposit("USDT", 1)
    funds = how(house.funds)
    assert repr(funds) == repr(house.funds) == "{'USDT': <Fund USDT: 2010 USDT>}"
    one, other = funds["USDT"], how(house.funds["USDT"])
    assert (one.ledger["amount"] == other.ledger["amount"]).all()
    assert one.brought_forward + one.ledger["amount"].sum() == one.cash == 2010


@every_way
def test_a_copy_of_an_order_book_is_eaten_by_itself(how):
    """What is taken from one rests in the other still."""
    btc = adl.Contract("BTCUSDT", tick="0.1")
    for book in (
        DepthLadder({"BTCUSDT": {"bids": ([100, 99], [5, 10])}}),
        MovingDepth([Shape(btc, 1000, 2, 0.001, 1.0, 0.0)], {"BTCUSDT": "60000"}),
    ):
        best = book.best("BTCUSDT", "sell")
        other = how(book)
        assert other.ioc(btc, -700, 1, time=0) == how(book).ioc(btc, -700, 1, time=0)
        assert book.best("BTCUSDT", "sell") == best != other.best("BTCUSDT", "sell")


@every_way
def test_a_copy_of_a_queue_goes_on_by_itself(how):
    """Where it stood, whatever the other one has taken."""
    queue = adl.Queue([float(row % 701) for row in range(5000)], [10] * 5000)
    queue.take(5)
    copied = how(queue)
    one, other = copied.take(20_000), queue.take(20_000)
    assert one.index.tolist() == other.index.tolist()
    assert one.quantity.tolist() == other.quantity.tolist()
    assert copied.remaining == queue.remaining
