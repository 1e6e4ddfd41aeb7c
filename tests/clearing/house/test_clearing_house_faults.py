"""A pass that fails anywhere leaves the house, its hash and its order book as they were.

Every line of the clearing house that a pass executes is made to fail, the first and the last time that it runs.
"""

from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse
from support import ten_wallets
from support.house_calls import STATE
from support.tracing import depths, traced

pytestmark = pytest.mark.plain

FOLDER = Path(adl.clearing.__file__).parent

HASH = STATE.hash


class Fault(Exception):
    """What no code expects."""


def fresh() -> tuple[ClearingHouse, adl.clearing.DepthLadder]:
    """A house at the state before the mark, and the book that it sends orders to."""
    book = ten_wallets.ladder()
    return ClearingHouse.from_state(STATE, ten_wallets.venue(), book), book


def executed(house) -> tuple[Counter[tuple[str, int]], Counter[tuple[str, int]]]:
    """How often each line of the clearing house runs in the mark, until the house moves, and from then on."""
    lines: tuple[Counter[tuple[str, int]], ...] = (Counter(), Counter())

    def local(frame, what, _):
        if what == "line":
            name = str(Path(frame.f_code.co_filename).relative_to(FOLDER))
            lines[house.state() is not STATE][name, frame.f_lineno] += 1
        return local

    def trace(frame, what, _):
        return local if FOLDER in Path(frame.f_code.co_filename).parents else None

    house.on("adl-notice", bool)
    with traced(trace):
        house.mark(**ten_wallets.DOWN)
    return lines


@cache
def lines_of(code) -> frozenset[int | None]:
    """The lines of a function."""
    return frozenset(number for *_, number in code.co_lines())


@contextmanager
def failing_at(name: str, line: int, time: int):
    """Raise where a line runs for this many times."""
    path, seen = str(FOLDER / name), 0

    def local(frame, what, _):
        nonlocal seen
        if what == "line" and frame.f_lineno == line:
            seen += 1
            if seen == time:
                raise Fault(f"{name}:{line}")
        return local

    def trace(frame, what, _):
        code = frame.f_code
        return local if code.co_filename == path and line in lines_of(code) else None

    with traced(trace):
        yield


def fault_of(house, name: str, line: int, time: int) -> str | None:
    """What comes out of a mark that is made to fail."""
    try:
        with failing_at(name, line, time):
            house.mark(**ten_wallets.DOWN)
    except Fault as fault:
        return str(fault)
    return None


def recorded():
    """The undisturbed pass: its lines, its events, and what it leaves."""
    for _ in range(2):  # the first fills caches
        lines, later = executed(fresh()[0])
    house, book = fresh()
    events = house.mark(**ten_wallets.DOWN)
    return lines, later, events, house.hash, depths(book)


LINES, LATER, EVENTS, AFTER, EATEN = recorded()
WHOLE = depths(ten_wallets.ladder())


def test_the_pass_does_nearly_everything():
    """What no event of it tells is tested elsewhere."""
    rare = {"balanced", "surplus", "loan-repaid", "uncovered-paid", "trigger-off", "max-rounds"}
    rare |= {"trade", "funding", "deposit", "withdrawal", "fund-deposit", "order-placed", "healthy"}
    rare |= {"leverage-set", "uncovered-reduced"}
    assert set(EVENTS.counts()) >= set(adl.clearing.KINDS) - rare
    assert len(LINES) > 900
    assert EATEN != WHOLE


def undone(name: str, line: int, times: set[int]) -> tuple[ClearingHouse, adl.clearing.DepthLadder]:
    """A house, and its book, whose mark failed in a line, once for each of these executions, and changed nothing."""
    house, book = fresh()
    for time in sorted(times):
        place = f"{name}:{line}, execution {time}"
        assert fault_of(house, name, line, time) == f"{name}:{line}", place
        assert house.state() is STATE, place
        assert depths(book) == WHOLE, place
        assert house.audit() == [], place
    return house, book


def goes_on(house, book, place: str) -> None:
    """The mark that failed gives what it gives where nothing failed."""
    assert house.mark(**ten_wallets.DOWN) == EVENTS, place
    assert (house.hash, depths(book)) == (AFTER, EATEN), place
    assert STATE.hash == HASH


FILES = sorted({file for file, _ in LINES})


@pytest.mark.parametrize("name", FILES)
def test_a_fault_at_any_line_undoes_the_pass(name):
    """The first time that it runs or the last; every fifth house then goes on. The search sees to all of it."""
    for number, (file, line) in enumerate(sorted(LINES)):
        if file == name:
            house, book = undone(file, line, {1 if number % 2 else LINES[file, line]})
            if number % 5 == 0:
                goes_on(house, book, f"{file}:{line}")


@pytest.mark.search
@pytest.mark.parametrize("name", FILES)
def test_a_house_goes_on_after_a_fault_at_any_line(name):
    """The first, the last and one time between that it runs."""
    for file, line in sorted(LINES):
        if file == name:
            count = LINES[file, line]
            goes_on(*undone(file, line, {1, (count + 1) // 2, count}), f"{file}:{line}")


def test_a_fault_after_the_house_has_moved_undoes_nothing(caplog):
    """While subscribers are told: state, order book and ledger have moved, all of them. What one raises is logged."""
    assert 0 < len(LATER) < 100
    right = fresh()[0]
    right.mark(**ten_wallets.DOWN)
    for (file, line), count in sorted(LATER.items()):
        house, book = fresh()
        house.on("adl-notice", bool)
        fault = fault_of(house, file, line, LINES[file, line] + count)
        place = f"{file}:{line}"
        assert fault == place or (fault is None and place in caplog.text), place
        assert (house.hash, depths(book)) == (AFTER, EATEN), place
        assert ledgers(house) == ledgers(right), place
        assert house.audit() == [], place
    assert len(caplog.records) == 1


def test_an_interrupt_in_a_subscriber_undoes_nothing():
    """It comes out of the mark; the fills of the book are in the books, and the book knows."""
    house, book = fresh()

    def interrupt(event):
        raise KeyboardInterrupt

    house.on("book-fill", interrupt)
    with pytest.raises(KeyboardInterrupt):
        house.mark(**ten_wallets.DOWN)
    assert (house.hash, depths(book), house.audit()) == (AFTER, EATEN, [])


def ledgers(house) -> list[list[int]]:
    """The sequence numbers in the ledger of every fund."""
    return [fund.ledger["sequence"].tolist() for fund in house.funds.values()]
