"""An interruption at any moment leaves a house, its order book and a margin state before a call or after it."""

import copy
import os
import random
import signal
import sys
import threading
import time as clock
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.tracing import depths, traced

FOLDER = Path(adl.__file__).parent

#: Of the opcodes that a search interrupts, every so many.
STRIDE = int(os.environ.get("ADLCORE_STRIDE", "1"))

#: Interruptions at random times.
ALARMS = int(os.environ.get("ADLCORE_ALARMS", "400"))


@pytest.fixture(autouse=True)
def lost_interruptions(monkeypatch):
    """Let pass an interruption within what Python calls by itself, such as a callback of its garbage collection.

    Python loses every exception there, that of Ctrl-C as well: the call goes on, and is checked as one left alone.
    """
    hook = sys.unraisablehook

    def pass_over(unraisable):
        if not isinstance(unraisable.exc_value, Interrupted):
            hook(unraisable)

    monkeypatch.setattr(sys, "unraisablehook", pass_over)


class Case:
    """A house with its book, and one call of it."""

    def __init__(self, call) -> None:
        self.call = call
        self.book = ten_wallets.ladder()
        self.house = ClearingHouse.from_state(STATE, ten_wallets.venue(), self.book)
        self.house.on("adl-notice", lambda event: self.house.defer(lambda: None))

    def run(self) -> None:
        """Make the call."""
        self.call(self.house)

    def shown(self) -> tuple:
        """All that somebody could see of it; equal lists of it are equal houses."""
        house = self.house
        funds = [(fund.cash, fund.equity, fund.ledger["sequence"].tolist()) for fund in house.funds.values()]
        return house.hash, depths(self.book), house.last_events.counts(), funds, house.marks

    def check(self, before: tuple, after: tuple) -> bool:
        """That it is before or after the call, and that it goes on; whether it is after."""
        found = self.shown()
        assert found in (before, after)
        assert self.house.audit() == []
        if found == before:
            self.run()
            assert self.shown() == after
        self.house.deposit(1, "1")
        assert self.house.audit() == []
        return found == after


class MarginCase:
    """A margin state, and marks that move some contracts of it, wallets of several assets among them."""

    def __init__(self) -> None:
        self.state = adl.margin_state(STATE.snapshot)

    def run(self) -> None:
        """Move it."""
        self.state.mark({"X": "91", "I": "93"}, index_prices={"BTC": "95"})

    def shown(self) -> tuple:
        """All that somebody could see of it."""
        columns = self.state.equity, self.state.maintenance_margin, self.state.liquidatable, self.state.free_margin
        pnl = self.state.positions.unrealized_pnl
        return tuple(column.tolist() for column in (*columns, pnl)), self.state.marks

    def check(self, before: tuple, after: tuple) -> bool:
        """That it is before or after the move, and goes on."""
        found = self.shown()
        assert found in (before, after)
        self.run()
        assert self.shown() == after
        return found == after


CASES = {
    "mark": lambda: Case(lambda house: house.mark(**ten_wallets.DOWN)),
    "deposit": lambda: Case(lambda house: house.deposit(1, "7")),
    "trade": lambda: Case(lambda house: house.trade("X", 3, 101, buyer=1)),
    "funding": lambda: Case(lambda house: house.funding({"X": "0.01", "Y": "-0.02"})),
    "margin": MarginCase,
}


@pytest.fixture(scope="module")
def right() -> dict[str, tuple[tuple, tuple]]:
    """What each case shows before and after."""
    found = {}
    for name, case in CASES.items():
        done = case()
        before = done.shown()
        done.run()
        found[name] = before, done.shown()
    return found


class Interrupted(BaseException):
    """What comes from outside, as KeyboardInterrupt does."""


@cache
def is_ours(code) -> bool:
    """Whether a function is one of the package's."""
    return FOLDER in Path(code.co_filename).parents


def opcodes_of(run) -> list[tuple]:
    """Every opcode of the package that a call executes, by its function and place, in the order of the first time."""
    found = {}

    def local(frame, what, _):
        if what == "opcode":
            found[frame.f_code, frame.f_lasti] = None
        return local

    def trace(frame, what, _):
        if not is_ours(frame.f_code):
            return None
        frame.f_trace_opcodes = True
        return local

    with traced(trace):
        run()
    return list(found)


@contextmanager
def interrupted_at(code, place: int):
    """Raise before an opcode is executed for the first time."""
    raised = [False]

    def local(frame, what, _):
        if what == "opcode" and frame.f_lasti == place and not raised[0]:
            raised[0] = True
            raise Interrupted
        return local

    def trace(frame, what, _):
        if frame.f_code is not code or raised[0]:
            return None
        frame.f_trace_opcodes = True
        return local

    with traced(trace):
        yield


def interrupt(name: str, right, stride: int) -> set[bool]:
    """Interrupt a call at every `stride`-th opcode; whether it was over, of each time."""
    CASES[name]().run()  # the first run fills caches
    moved = set()
    for code, place in opcodes_of(CASES[name]().run)[::stride]:
        case = CASES[name]()
        with interrupted_at(code, place):
            try:
                case.run()
            except Interrupted:
                pass
            else:
                continue  # swallowed on the way, as by a generator that is thrown away
        moved.add(case.check(*right[name]))
    return moved


@pytest.mark.parametrize("name", CASES)
def test_an_interruption_at_opcodes_spread_over_a_call(name, right):
    """Wherever the interpreter could stop, and in places where it never does."""
    assert interrupt(name, right, 61) >= {False}


@pytest.mark.search
@pytest.mark.parametrize("name", CASES)
def test_an_interruption_at_every_opcode_of_a_call(name, right):
    """All of them, the first time that they are executed."""
    assert interrupt(name, right, STRIDE) >= {False}


def settle_all(house, plan) -> adl.clearing.Plan:
    """Settle a plan to its end, with a lot for each order, under a name."""
    while not plan.done:
        plan = house.settle(plan, {order.number: [(1, order.limit, str(order.number))] for order in plan.orders})
    return plan


def interrupt_settlement(stride: int) -> None:
    """Interrupt a plan or its settlement at every `stride`-th opcode, and go on with the plan that is open."""

    def fresh() -> ClearingHouse:
        return ClearingHouse.from_state(STATE, ten_wallets.venue())

    one = fresh()
    right = settle_all(one, one.plan(**ten_wallets.DOWN)).events.counts()
    for code, place in opcodes_of(lambda: settle_all(other := fresh(), other.plan(**ten_wallets.DOWN)))[::stride]:
        house = fresh()
        with interrupted_at(code, place), suppress(Interrupted):
            settle_all(house, house.plan(**ten_wallets.DOWN))
        waiting = house.open_plan
        assert house.hash == STATE.hash or (waiting is None and house.last_events.counts() == right)
        if waiting is not None:
            assert settle_all(house, waiting).events.counts() == right
        assert house.audit() == []


def test_a_plan_that_was_interrupted_is_open_still_and_loses_no_fill():
    """Settled once more with the same fills, it comes to the same."""
    interrupt_settlement(301)


@pytest.mark.search
def test_a_plan_that_was_interrupted_anywhere_is_open_still():
    interrupt_settlement(STRIDE)


@pytest.mark.search
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@pytest.mark.parametrize("name", CASES)
def test_an_alarm_at_a_random_time(name, right):
    """As Ctrl-C comes."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    start = clock.perf_counter()
    CASES[name]().run()
    longest = clock.perf_counter() - start
    armed, stopped = [False], 0

    def interrupt_if_armed(number, frame):
        if armed[0]:
            raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt_if_armed)
    try:
        for _ in range(ALARMS):
            case = CASES[name]()
            try:
                armed[0] = True
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-6, 1.2 * longest))
                case.run()
                armed[0] = False
            except Interrupted:
                armed[0] = False
                stopped += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            case.check(*right[name])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert stopped > ALARMS // 20


def test_a_turn_is_given_back_by_a_call_that_was_interrupted():
    """Another thread is let in afterwards."""
    case = CASES["mark"]()
    opcodes = opcodes_of(CASES["mark"]().run)
    with interrupted_at(*opcodes[len(opcodes) // 2]), pytest.raises(Interrupted):
        case.run()
    events = []
    thread = threading.Thread(target=lambda: events.append(case.house.deposit(1, "1")))
    thread.start()
    thread.join(10)
    assert [each.counts() for each in events] == [{"deposit": 1}]


def test_copies_of_a_margin_state_move_by_themselves():
    """What is handed out of one does not follow the other."""
    one = adl.margin_state(STATE.snapshot)
    other, deep = copy.copy(one), copy.deepcopy(one)
    before = one.equity.copy()
    other.mark({"X": "80"})
    assert np.array_equal(one.equity, before)
    assert np.array_equal(deep.equity, before)
    assert other.equity.tolist() != before.tolist()
    one.mark({"X": "80"})
    assert np.array_equal(one.equity, other.equity)
