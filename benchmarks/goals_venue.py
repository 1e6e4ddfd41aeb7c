"""The goals of whole venues: the margin pass, marks and liquidation prices; the clearing house, audits included."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from harness import cases
from harness.books import LARGE, MIDDLE, SMALL, Books, Size, make
from harness.houses import crowded_market, with_margin
from harness.timing import Call, Effort, Lines, best, over_seeds, read_by_two, trials

import adlcore as adl
from adlcore import _kernels
from adlcore.clearing.margin.margin_pass import MarginPass

#: Of the margin: nanoseconds a position, and a price; milliseconds a mark.
PASS, PRICE, MARK = 14, 60, 1.5

#: Of the house: nanoseconds a position; multiples of a quiet mark; milliseconds.
ALL, TIMES, ONE, CROWD = 16, 5, 2, 60


def size_within(most: int) -> Size:
    return next((size for size in (LARGE, MIDDLE) if size[1] <= most), SMALL)


# Margin ---------------------------------------------------------------------------------------------------------------


def margin(effort: Effort, kind: str, most: int) -> Lines:
    """Nanoseconds beside R: NumPy reading quantity, entry value and wallet of every position once."""
    wallets, positions, contracts = size = size_within(most)
    where = f"{positions:,} positions"

    def measure(seed: int) -> list[float]:
        books = make(size, "linear", seed)
        return [*_passes(books, effort), *_marks(books, effort), *_prices(books, effort)]

    found = iter(over_seeds(effort, measure))
    yield f"R, {where}: {wallets:,} wallets, {contracts} contracts", None, next(found), "ms"
    yield f"margin_state, {where}", PASS, next(found), "ns"
    yield f"margin_state, {where}", None, next(found), "R"
    yield "the kernel's pass alone, into arrays that are there", None, next(found), "ns"
    yield f"margin_state, 2 threads, {where}", None, next(found), "ns"
    yield "margin_state, 2 threads against 1", None, next(found), "x"
    yield "margin_state, 2 threads / max(half, read)", None, next(found), "x"
    yield "the kernel's pass, 2 threads against 1", None, next(found), "x"
    rows = positions // contracts
    for which in ("over and over", "each contract in turn"):
        yield f"mark of {rows:,} rows, {which}", MARK, next(found), "ms"
    yield "the same, a row", None, next(found), "ns"
    count = min(positions, 10**6)
    yield f"adl.liquidation_price, {count:,}, 10 tiers", PRICE, next(found), "ns"
    yield "the same", None, next(found), "R"
    yield f"positions.liquidation_price(), {where}", PRICE, next(found), "ns"
    yield "the same", None, next(found), "R"


def _passes(books: Books, effort: Effort) -> list[float]:
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
        same(adl.margin_state(snapshot), adl.margin_state(snapshot, threads=threads))
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
    state = adl.margin_state(books.snapshot())
    calls = cases.marks(books, state)
    again, turn = best([calls["mark_one_contract"], calls["mark_in_turn"]], effort)
    # Moved many times, a state is what a full pass makes at the same marks.
    marks = {symbol: str(mark) for symbol, mark in state.marks.items()}
    same(state, adl.margin_state(books.snapshot(marks=marks)))
    return [again / 1e6, turn / 1e6, turn / (len(books.quantity) // len(books.contracts))]


def _prices(books: Books, effort: Effort) -> list[float]:
    calls = cases.liquidation_prices(books)
    found = trials([calls["liquidation_price"], calls["positions_liquidation_price"], books.read], effort)
    n = len(books.quantity)
    rows = min(n, 10**6)
    by_column, by_state, _ = map(min, zip(*found, strict=True))
    # R of as many rows as there are prices.
    ratios = [min(mine / (base * rows / n) for mine, _, base in found), min(mine / base for _, mine, base in found)]
    return [by_column / rows, ratios[0], by_state / n, ratios[1]]


def same(one: adl.MarginState, other: adl.MarginState) -> None:
    """Refuse states that differ in a bit."""
    for name in ("equity", "maintenance_margin", "liquidatable"):
        if not np.array_equal(getattr(one, name), getattr(other, name)):
            raise AssertionError(f"{name} differs")
    for name in ("unrealized_pnl", "maintenance_margin"):
        if not np.array_equal(getattr(one.positions, name), getattr(other.positions, name)):
            raise AssertionError(f"{name} of the positions differs")


# Clearing house -------------------------------------------------------------------------------------------------------


def house(effort: Effort, kind: str, most: int) -> Lines:
    """Beside R: NumPy reading quantity, entry value and wallet of every position once."""
    wallets, positions, contracts = size = size_within(most)
    found = iter(over_seeds(effort, lambda seed: _quiet_and_crash(with_margin(make(size, "linear", seed)), effort)))
    yield f"R, {positions:,} positions: {wallets:,} wallets, {contracts} contracts", None, next(found), "ms"
    yield "quiet mark of all contracts, a position", ALL, next(found), "ns"
    yield "the same", None, next(found), "R"
    yield f"quiet mark of one contract of {contracts}, each in turn", ONE, next(found), "ms"
    yield "the same, after a mark of all of them", None, next(found), "ms"
    yield "wallets that a mark liquidates, ADL in every market", None, next(found), "%"
    yield "that mark", None, next(found), "ms"
    yield "that mark, against a quiet one", TIMES, next(found), "x"
    shorts = min(10**5, most)
    found = iter(over_seeds(effort, lambda seed: _crowd(crowded_market(shorts // 10, shorts, seed), effort)))
    yield f"{shorts // 10:,} bankrupts against one market of {shorts:,}", CROWD, next(found), "ms"
    yield "the same, a bankrupt", None, next(found), "us"


def _quiet_and_crash(books: Books, effort: Effort) -> list[float]:
    """The measurements of one venue, in the order in which they are shown."""
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
    """The measurements of one crowded market."""
    mark = cases.crowded(books)["mark"]
    counts = mark()().counts()
    bankrupts = counts["rest"]
    if bankrupts != counts["liquidation-started"] or bankrupts != len(books.balance) // 20:
        raise AssertionError("others fail than the bankrupts")
    (taken,) = best([mark], effort, anew=3)
    return [taken / 1e6, taken / 1e3 / bankrupts]
