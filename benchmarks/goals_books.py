"""The goals of large books: the margin pass, marks and liquidation prices; the clearing house, audits included."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from harness import cases
from harness.books import LARGE, MIDDLE, SMALL, Books, Size, make
from harness.houses import crowded_market, with_margin
from harness.timing import Call, Effort, Goal, best, over_seeds, read_by_two, trials

import adlcore as adl
from adlcore import _kernels
from adlcore.clearing.margin.margin_pass import MarginPass

#: Of the margin: nanoseconds a position, and a price; milliseconds a mark.
PASS_NS, PRICE_NS, MARK_MS = 14, 60, 1.5

#: Of the house: nanoseconds a position; multiples of a quiet mark; milliseconds.
ALL_MARKS_NS, CRASH_TIMES, ONE_MARK_MS, CROWD_MS = 16, 5, 2, 60


def size_within(most: int) -> Size:
    return next((size for size in (LARGE, MIDDLE) if size.positions <= most), SMALL)


# Margin ---------------------------------------------------------------------------------------------------------------


def margin(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Nanoseconds beside R: NumPy reading quantity, entry value and wallet of every position once."""
    wallets, positions, contracts = size = size_within(most)
    where = f"{positions:,} positions"

    def measure(seed: int) -> list[float]:
        books = make(size, "linear", seed)
        return [*_passes(books, effort), *_marks(books, effort), *_prices(books, effort)]

    found = iter(over_seeds(effort, measure))
    yield Goal(f"R, {where}: {wallets:,} wallets, {contracts} contracts", next(found), "ms")
    yield Goal(f"margin_state, {where}", next(found), "ns", at_most=PASS_NS)
    yield Goal(f"margin_state, {where}", next(found), "R")
    yield Goal("the kernel's pass alone, into arrays that are there", next(found), "ns")
    yield Goal(f"margin_state, 2 threads, {where}", next(found), "ns")
    yield Goal("margin_state, 2 threads against 1", next(found), "x")
    yield Goal("margin_state, 2 threads / max(half, read)", next(found), "x")
    yield Goal("the kernel's pass, 2 threads against 1", next(found), "x")
    rows = positions // contracts
    for which in ("over and over", "each contract in turn"):
        yield Goal(f"mark of {rows:,} rows, {which}", next(found), "ms", at_most=MARK_MS)
    yield Goal("the same, a row", next(found), "ns")
    count = min(positions, 10**6)
    yield Goal(f"adl.liquidation_price, {count:,}, 10 tiers", next(found), "ns", at_most=PRICE_NS)
    yield Goal("the same", next(found), "R")
    yield Goal(f"positions.liquidation_price(), {where}", next(found), "ns", at_most=PRICE_NS)
    yield Goal("the same", next(found), "R")


def _passes(books: Books, effort: Effort) -> list[float]:
    """R and full passes, in the order of the first eight lines of `margin`."""
    n, snapshot = len(books.quantity), books.snapshot()
    with ThreadPoolExecutor(2) as pool:
        calls = [
            *(cases.margin(books, threads)["margin_state"] for threads in (1, 2)),
            *(kernel(snapshot, 1), kernel(snapshot, 2, pool)),
            *(books.read, read_by_two([books.quantity, books.entry_value, books.wallet], pool)),
        ]
        found = trials(calls, effort)
    one, two, alone, _, read, _ = map(min, zip(*found, strict=True))
    ratio = min(mine / base for mine, _, _, _, base, _ in found)
    speedup = max(single / both for single, both, *_ in found)
    bounded = min(both / max(single / 2, reading) for single, both, _, _, _, reading in found)
    kernels = max(single / both for _, _, single, both, *_ in found)
    for threads in (2, 5):
        refuse_other_state(adl.margin_state(snapshot), adl.margin_state(snapshot, threads=threads))
    return [read / 1e6, one / n, ratio, alone / n, two / n, speedup, bounded, kernels]


def kernel(snapshot: adl.Snapshot, threads: int, pool: ThreadPoolExecutor | None = None) -> Call:
    """``run_full_pass`` alone, again and again into the same arrays."""
    state = MarginPass(snapshot, True, 1)
    borders = np.linspace(0, len(snapshot.wallets), threads + 1).astype(np.int64).tolist()

    contracts, rows, slots = state.holders()

    def part(first: int, last: int) -> int:
        return _kernels.margin.passes.run_full_pass(contracts, state.unit, rows, slots, first, last)

    if pool is None:
        return lambda: part(0, len(snapshot.wallets))
    return lambda: list(pool.map(part, borders[:-1], borders[1:]))


def _marks(books: Books, effort: Effort) -> list[float]:
    """Marks of one contract, in the order of the next three lines of `margin`."""
    state = adl.margin_state(books.snapshot())
    calls = cases.marks(books, state)
    again, turn = best([calls["mark_one_contract"], calls["mark_in_turn"]], effort)
    # Moved many times, a state is what a full pass makes at the same marks.
    marks = {symbol: str(mark) for symbol, mark in state.marks.items()}
    refuse_other_state(state, adl.margin_state(books.snapshot(marks=marks)))
    return [again / 1e6, turn / 1e6, turn / (len(books.quantity) // len(books.contracts))]


def _prices(books: Books, effort: Effort) -> list[float]:
    """Liquidation prices, in the order of the last four lines of `margin`."""
    calls = cases.liquidation_prices(books)
    found = trials([calls["liquidation_price"], calls["positions_liquidation_price"], books.read], effort)
    n = len(books.quantity)
    rows = min(n, 10**6)
    by_column, by_state, _ = map(min, zip(*found, strict=True))
    # R of as many rows as there are prices.
    ratios = [min(mine / (base * rows / n) for mine, _, base in found), min(mine / base for _, mine, base in found)]
    return [by_column / rows, ratios[0], by_state / n, ratios[1]]


def refuse_other_state(one: adl.MarginState, other: adl.MarginState) -> None:
    """Refuse states that differ in a bit."""
    for name in ("equity", "maintenance_margin", "liquidatable"):
        if not np.array_equal(getattr(one, name), getattr(other, name)):
            raise AssertionError(f"{name} differs")
    for name in ("unrealized_pnl", "maintenance_margin"):
        if not np.array_equal(getattr(one.positions, name), getattr(other.positions, name)):
            raise AssertionError(f"{name} of the positions differs")


# Clearing house -------------------------------------------------------------------------------------------------------


def house(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Beside R: NumPy reading quantity, entry value and wallet of every position once."""
    wallets, positions, contracts = size = size_within(most)
    found = iter(over_seeds(effort, lambda seed: _quiet_and_crash(with_margin(make(size, "linear", seed)), effort)))
    yield Goal(f"R, {positions:,} positions: {wallets:,} wallets, {contracts} contracts", next(found), "ms")
    yield Goal("quiet mark of all contracts, a position", next(found), "ns", at_most=ALL_MARKS_NS)
    yield Goal("the same", next(found), "R")
    yield Goal(f"quiet mark of one contract of {contracts}, each in turn", next(found), "ms", at_most=ONE_MARK_MS)
    yield Goal("the same, after a mark of all of them", next(found), "ms")
    yield Goal("wallets that a mark liquidates, ADL in every market", next(found), "%")
    yield Goal("that mark", next(found), "ms")
    yield Goal("that mark, against a quiet one", next(found), "x", at_most=CRASH_TIMES)
    shorts = min(10**5, most)
    found = iter(over_seeds(effort, lambda seed: _crowd(crowded_market(shorts // 10, shorts, seed), effort)))
    yield Goal(f"{shorts // 10:,} bankrupts against one market of {shorts:,}", next(found), "ms", at_most=CROWD_MS)
    yield Goal("the same, a bankrupt", next(found), "us")


def _quiet_and_crash(books: Books, effort: Effort) -> list[float]:
    """R, quiet marks and the one that liquidates, in the order of the first eight lines of `house`."""
    n, calls = len(books.quantity), cases.quiet_marks(books)
    quiet, turn = calls["mark_all_contracts"], calls["mark_in_turn"]
    found = trials([quiet, turn, books.read], effort)
    whole, cold, read = map(min, zip(*found, strict=True))
    ratio = min(mine / base for mine, _, base in found)
    (one,) = best([turn], effort)
    crash = cases.crash(books)["mark"]
    events = crash()()
    if len(np.unique(events.only("adl-notice").contract)) < len(books.contracts):
        raise AssertionError("nobody was deleveraged in some market")
    found = trials([crash, lambda: quiet], effort, anew=3)
    crashed, times = min(mine for mine, _ in found), min(mine / base for mine, base in found)
    failed = events.counts()["liquidation-started"] / len(books.balance)
    return [read / 1e6, whole / n, ratio, one / 1e6, cold / 1e6, 100 * failed, crashed / 1e6, times]


def _crowd(books: Books, effort: Effort) -> list[float]:
    """A mark of one crowded market, in the order of the last two lines of `house`."""
    mark = cases.crowded(books)["mark"]
    counts = mark()().counts()
    bankrupts = counts["rest"]
    if bankrupts != counts["liquidation-started"] or bankrupts != len(books.balance) // 20:
        raise AssertionError("others fail than the bankrupts")
    (taken,) = best([mark], effort, anew=3)
    return [taken / 1e6, taken / 1e3 / bankrupts]
