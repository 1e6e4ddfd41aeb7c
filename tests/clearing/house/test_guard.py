"""One call of a house at a time: threads wait, calls from within are refused, deferred ones follow."""

import logging
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import ClearingHouse
from support import house_calls, ten_wallets
from support.house_calls import STATE

CALLS = house_calls.CALLS | {
    "drop_plan": lambda house: house.drop_plan(),
    "settle": lambda house: house.settle(None),
    "a copy or a pickle": lambda house: house.__reduce_ex__(2),
}


class Meddler:
    """An order book that calls the house that asks it."""

    def __init__(self, call):
        self.call, self.house, self.refused, self.book = call, None, [], ten_wallets.ladder()

    def ioc(self, contract, quantity, limit, time):
        try:
            self.call(self.house)
        except adl.AdlError as error:
            self.refused.append(str(error))
        return self.book.ioc(contract, quantity, limit, time)

    def __deepcopy__(self, memo):
        return self


@pytest.fixture
def undisturbed():
    """The house after the mark, and its events."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    return house, house.mark(**ten_wallets.DOWN)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_from_within_a_mark_is_refused_and_changes_nothing(name, undisturbed):
    """From the order book: the mark is that of a house that nobody called."""
    right, events = undisturbed
    book = Meddler(CALLS[name])
    house = book.house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    assert house.mark(**ten_wallets.DOWN).counts() == events.counts()
    assert len(book.refused) > 3
    assert set(book.refused) == {
        f"{name} was called from within mark: must come after it: house.defer(call) has a call run once mark is over"
    }
    assert (house.hash, house.audit()) == (right.hash, [])


@pytest.mark.parametrize("name", CALLS)
def test_a_call_of_a_subscriber_is_refused_and_logged(name, undisturbed, house, caplog):
    house.on("adl-notice", lambda event: CALLS[name](house))
    with caplog.at_level(logging.ERROR, "adlcore"):
        house.mark(**ten_wallets.DOWN)
    assert {str(record.exc_info[1]).split(":")[0] for record in caplog.records} == {
        f"{name} was called from within mark"
    }
    assert (house.hash, house.audit()) == (undisturbed[0].hash, [])


def test_an_order_book_and_a_subscriber_may_read_the_house():
    seen = []

    def look(house):
        seen.append((house.audit(), house.hash, repr(house.funds), house.marks, house.margin_state().equity.tolist()))

    book = Meddler(look)
    house = book.house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    before = house.hash
    house.on("adl-notice", lambda event: look(house))
    house.mark(**ten_wallets.DOWN)
    assert {audit for audit, *_ in [(tuple(line[0]),) for line in seen]} == {()}
    assert {line[1] for line in seen} == {before, house.hash}


def test_deferred_calls_follow_once_everybody_was_told(house):
    """In their order, each a call by itself; what they defer comes behind."""
    told = []

    def hear(event):
        told.append(event["kind"])
        if event["kind"] == "adl-notice" and told.count("adl-notice") <= 2:
            house.defer(lambda: house.deposit(7, "1", "BTC"))
            house.defer(lambda: house.fund_deposit("USDT", "1"))
        if event["kind"] == "deposit":
            house.defer(lambda: house.withdraw(event["wallet"], "1"))

    house.on(None, hear)
    events = house.mark(**ten_wallets.DOWN)
    assert told[: len(events)] == [row["kind"] for row in events.rows()]
    assert told[len(events) :] == ["deposit", "fund-deposit", "deposit", "fund-deposit", "withdrawal", "withdrawal"]
    assert house.state().sequence == STATE.sequence + len(told)
    assert house.audit() == []


def test_a_long_chain_of_deferred_calls():
    """each defers the next: 2,000 of them are no deeper than one."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), audit="off")
    count = [0]

    def hear(event):
        count[0] += 1
        if count[0] < 2000:
            house.defer(lambda: house.deposit(1, "0.01"))

    house.on("deposit", hear)
    house.deposit(1, "0.01")
    assert count == [2000]
    assert house.audit() == []


def test_a_call_that_is_deferred_while_none_is_at_work_runs_at_once(house):
    house.defer(lambda: house.deposit(1, "1"))
    assert house.last_events.counts() == {"deposit": 1}
    with pytest.raises(adl.AdlError, match="call is 5: must be callable"):
        house.defer(5)


def test_deferred_calls_wait_for_the_end_of_a_plan(planned):
    """Until it is done or dropped nothing may change: they run then, and none is lost."""
    house, plan = planned
    house.defer(lambda: house.deposit(7, "1", "BTC"))
    assert house.last_events == house.opening
    while not plan.done:
        plan = house.settle(plan, [None] * len(plan.orders))
    assert house.last_events.counts() == {"deposit": 1}
    assert house.last_events.first == plan.events.first + len(plan.events)
    house.plan({"X": "79"})
    house.defer(lambda: house.fund_deposit("USDT", "1"))
    house.drop_plan()
    assert house.last_events.counts() == {"fund-deposit": 1}


def test_what_a_deferred_call_raises_is_logged_and_the_next_one_runs(house, caplog):
    with caplog.at_level(logging.ERROR, "adlcore"):
        house.defer(lambda: house.deposit(1, "-1"))
    house.defer(lambda: house.deposit(1, "1"))
    assert [record.exc_info[0] for record in caplog.records] == [adl.AdlError]
    assert house.last_events.counts() == {"deposit": 1}


def test_calls_that_a_failing_call_deferred_are_forgotten_with_it():
    """The book defers a deposit, then breaks: neither the mark nor the deposit happens."""

    class Broken(Meddler):
        def ioc(self, contract, quantity, limit, time):
            super().ioc(contract, quantity, limit, time)
            raise KeyError("broken")

    book = Broken(lambda house: house.defer(lambda: house.deposit(1, "1")))
    house = book.house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    with pytest.raises(KeyError, match="broken"):
        house.mark(**ten_wallets.DOWN)
    assert house.hash == STATE.hash
    house.fund_deposit("USDT", "1")
    assert house.last_events.counts() == {"fund-deposit": 1}


# Threads --------------------------------------------------------------------------------------------------------------


def started(*works) -> None:
    """Run in threads at once; what one raises is raised."""
    raised = []

    def run(work, barrier):
        try:
            barrier.wait()
            work()
        except BaseException as error:
            raised.append(error)

    barrier = threading.Barrier(len(works))
    threads = [threading.Thread(target=run, args=(work, barrier)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in raised:
        raise error


def test_every_deposit_beside_a_loop_of_marks_is_booked(house):
    """Two threads pay in, one marks, one reads: all events are there once, in one order."""
    before = int(house.snapshot().wallets.balance[1])
    got, done = [], threading.Event()

    def pay():
        got.extend(house.deposit(1, "0.01") for _ in range(120))

    def mark():
        got.extend(house.mark({"X": ("99", "100")[turn % 2]}) for turn in range(80))

    def look():
        while not done.is_set():
            assert house.audit() == []
            assert house.funds["USDT"].brought_forward is not None

    def work():
        started(pay, pay, mark)
        done.set()

    started(work, look)
    assert house.audit() == []
    assert int(house.snapshot().wallets.balance[1]) == before + 240
    numbers = sorted(number for events in got for number in range(events.first, events.first + len(events)))
    assert numbers == list(range(STATE.sequence, house.state().sequence))


def test_a_thread_waits_while_another_one_is_in_a_call():
    """A deposit that comes while the book is being asked is booked after the mark, not lost with it."""
    asked, go = threading.Event(), threading.Event()

    def wait(house):
        asked.set()
        go.wait(10)

    book = Meddler(wait)
    house = book.house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    events = {}
    one = threading.Thread(target=lambda: events.update(mark=house.mark(**ten_wallets.DOWN)))
    one.start()
    asked.wait(10)
    other = threading.Thread(target=lambda: events.update(deposit=house.deposit(1, "1")))
    other.start()
    assert house.hash == STATE.hash  # to read takes no turn
    go.set()
    one.join()
    other.join()
    assert events["deposit"].first == events["mark"].first + len(events["mark"])
    assert house.last_events == events["deposit"]
    assert house.audit() == []


def test_a_subscriber_of_another_house_may_call_this_one():
    """The turn is the house's: houses that follow each other do not wait for themselves."""
    one, other = (ClearingHouse.from_state(STATE, ten_wallets.venue()) for _ in range(2))
    one.on("deposit", lambda event: other.deposit(event["wallet"], "1"))
    one.deposit(1, "1")
    assert one.hash == other.hash


@given(st.lists(st.sampled_from(["deposit", "fund_deposit", "trade", "mark"]), max_size=4))
def test_deferred_calls_are_the_same_calls_later(names):
    """The books are those of a house that was called so in turn."""
    one, other = (ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder()) for _ in range(2))
    one.on("withdrawal", lambda event: [one.defer(lambda name=name: CALLS[name](one)) for name in names])
    one.withdraw(8, "1")
    other.withdraw(8, "1")
    for name in names:
        CALLS[name](other)
    assert (one.hash, one.audit()) == (other.hash, [])
