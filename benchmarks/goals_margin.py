"""The goals of the margin pass: a whole venue valued, one contract marked, liquidation prices solved."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from harness.books import LARGE, MIDDLE, SMALL, Venue, make
from harness.timing import Call, Effort, Lines, over_seeds, trials

import adlcore as adl
from adlcore import _kernels
from adlcore.clearing.margin.margin_pass import MarginPass

#: Nanoseconds a position, and a price; milliseconds a mark.
PASS, PRICE, MARK = 14, 60, 1.5


def margin(effort: Effort, kind: str, most: int) -> Lines:
    """Nanoseconds beside R: NumPy reading quantity, entry value and wallet of every position once."""
    size = next((s for s in (LARGE, MIDDLE) if s[1] <= most), SMALL)
    wallets, positions, contracts = size
    where = f"{positions:,} positions"
    found = iter(over_seeds(effort, lambda seed: _measured(make(size, "linear", seed), effort)))
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


def _measured(venue: Venue, effort: Effort) -> list[float]:
    """The measurements of one venue, in the order in which they are shown."""
    snapshot = venue.snapshot()
    return [*_passes(venue, snapshot, effort), *_marks(venue, snapshot, effort), *_prices(venue, snapshot, effort)]


def _passes(venue: Venue, snapshot: adl.Snapshot, effort: Effort) -> list[float]:
    n = len(venue.quantity)
    halves = [slice(0, n // 2), slice(n // 2, None)]
    arrays = [venue.quantity, venue.entry_value, venue.wallet]
    with ThreadPoolExecutor(2) as pool:

        def read_by_two():
            return list(pool.map(lambda part: [array[part].sum() for array in arrays], halves))

        calls = [
            lambda: adl.margin_state(snapshot),
            lambda: adl.margin_state(snapshot, threads=2),
            kernel(snapshot, 1),
            kernel(snapshot, 2, pool),
            venue.read,
            read_by_two,
        ]
        found = trials(calls, effort)
    one, two, alone, _, read, _ = map(min, zip(*found, strict=True))
    ratio = min(mine / base for mine, _, _, _, base, _ in found)
    speedup = max(single / both for single, both, *_ in found)
    bounded = min(both / max(single / 2, read) for single, both, _, _, _, read in found)
    kernels = max(single / both for _, _, single, both, *_ in found)
    same(adl.margin_state(snapshot), adl.margin_state(snapshot, threads=2))
    same(adl.margin_state(snapshot), adl.margin_state(snapshot, threads=5))
    return [read / 1e6, one / n, ratio, alone / n, two / n, speedup, bounded, kernels]


def kernel(snapshot: adl.Snapshot, threads: int, pool: ThreadPoolExecutor | None = None) -> Call:
    """``full_pass`` alone, again and again into the same arrays."""
    state = MarginPass(snapshot, True, 1)
    borders = np.linspace(0, len(snapshot.wallets), threads + 1).astype(np.int64).tolist()

    def part(first: int, last: int) -> int:
        return _kernels.margin.full_pass(
            *(snapshot.start, state.unit, state.tier_start, state.rate, state.amount),
            *(snapshot.positions.quantity, snapshot.positions.entry_value, snapshot.positions.wallet),
            *(snapshot.wallets.balance, first, last, state.pnl, state.margin, state.sums),
        )

    if pool is None:
        return lambda: part(0, len(snapshot.wallets))
    return lambda: list(pool.map(part, borders[:-1], borders[1:]))


def _marks(venue: Venue, snapshot: adl.Snapshot, effort: Effort) -> list[float]:
    state, count = adl.margin_state(snapshot), len(venue.contracts)
    one = itertools.cycle([venue.nudged(count // 2, factor) for factor in ("1.01", "0.99")])
    each = itertools.cycle([venue.nudged(k, factor) for factor in ("1.01", "0.99") for k in range(count)])
    found = trials([lambda: state.mark(next(one)), lambda: state.mark(next(each))], effort)
    again, turn = map(min, zip(*found, strict=True))
    # Moved many times, a state is what a full pass makes at the same marks.
    marks = {symbol: str(mark) for symbol, mark in state.marks.items()}
    same(state, adl.margin_state(venue.snapshot(marks=marks)))
    return [again / 1e6, turn / 1e6, turn / (len(venue.quantity) // count)]


def _prices(venue: Venue, snapshot: adl.Snapshot, effort: Effort) -> list[float]:
    positions = adl.margin_state(snapshot).positions
    contract, columns = venue.price_columns(min(len(venue.quantity), 10**6))
    calls = [lambda: adl.liquidation_price(contract, *columns), positions.liquidation_price, venue.read]
    found = trials(calls, effort)
    n, rows = len(venue.quantity), len(columns[0])
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
