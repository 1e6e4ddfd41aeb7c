"""The goals of the clearing house: quiet marks, one that liquidates, many bankrupts in one market; audits included."""

from __future__ import annotations

import itertools

import numpy as np
from harness.books import LARGE, MIDDLE, SMALL, Venue, make
from harness.columns import MARK
from harness.houses import CRASH, CROWDED, QUIET, crowd, lifted, opened, running
from harness.timing import Call, Effort, Lines, anew, over_seeds, trials

import adlcore as adl

#: Nanoseconds a position; multiples of a quiet mark; milliseconds.
ALL, TIMES, ONE, CROWD = 16, 5, 2, 60


def house(effort: Effort, kind: str, most: int) -> Lines:
    """Beside R: NumPy reading quantity, entry value and wallet of every position once."""
    size = next((s for s in (LARGE, MIDDLE) if s[1] <= most), SMALL)
    wallets, positions, contracts = size
    found = iter(over_seeds(effort, lambda seed: _venue(lifted(make(size, "linear", seed)), effort)))
    yield f"R, {positions:,} positions: {wallets:,} wallets, {contracts} contracts", None, next(found), "ms"
    yield "quiet mark of all contracts, a position", ALL, next(found), "ns"
    yield "the same", None, next(found), "R"
    yield f"quiet mark of one contract of {contracts}, each in turn", ONE, next(found), "ms"
    yield "the same, after a mark of all of them", None, next(found), "ms"
    yield "wallets that a mark liquidates, ADL in every market", None, next(found), "%"
    yield "that mark", None, next(found), "ms"
    yield "that mark, against a quiet one", TIMES, next(found), "x"
    shorts = min(10**5, most)
    found = iter(over_seeds(effort, lambda seed: _crowd(crowd(shorts // 10, shorts, seed), effort)))
    yield f"{shorts // 10:,} bankrupts against one market of {shorts:,}", CROWD, next(found), "ms"
    yield "the same, a bankrupt", None, next(found), "us"


def _venue(venue: Venue, effort: Effort) -> list[float]:
    """The measurements of one venue, in the order in which they are shown."""
    n, state = len(venue.quantity), opened(venue)
    kept = running(state)
    every = itertools.cycle([venue.moved(QUIET), venue.moved("1")])
    each = itertools.cycle([venue.nudged(k, factor) for factor in (QUIET, "1") for k in range(len(venue.contracts))])
    quiet, turn = nothing(kept, every), nothing(kept, each)
    found = trials([quiet, turn, venue.read], effort)
    whole, cold, read = map(min, zip(*found, strict=True))
    ratio = min(mine / base for mine, _, base in found)
    one = min(mine for (mine,) in trials([turn], effort))
    crash = venue.moved(CRASH)
    events = running(state).mark(crash)
    counts = events.counts()
    if len(np.unique(events.only("adl-notice").contract)) < len(venue.contracts):
        raise AssertionError("nobody was deleveraged in some market")
    found = anew([lambda: marking(running(state), crash), lambda: quiet], effort)
    crashed, times = min(mine for mine, _ in found), min(mine / base for mine, base in found)
    failed = counts["liquidation-started"] / len(venue.balance)
    return [read / 1e6, whole / n, ratio, one / 1e6, cold / 1e6, 100 * failed, crashed / 1e6, times]


def _crowd(venue: Venue, effort: Effort) -> list[float]:
    """The measurements of one crowded market."""
    state = opened(venue, CROWDED)
    counts = running(state, CROWDED).mark({"CROWD": MARK}).counts()
    bankrupts = counts["rest"]
    if bankrupts != counts["liquidation-started"] or bankrupts != len(venue.balance) // 20:
        raise AssertionError("others fail than the bankrupts")
    found = anew([lambda: marking(running(state, CROWDED), {"CROWD": MARK})], effort)
    best = min(mine for (mine,) in found)
    return [best / 1e6, best / 1e3 / bankrupts]


def marking(house: adl.ClearingHouse, marks: dict[str, str]) -> Call:
    return lambda: house.mark(marks)


def nothing(house: adl.ClearingHouse, marks: itertools.cycle) -> Call:
    """Marks that nothing happens at."""

    def call() -> None:
        if len(house.mark(next(marks))):
            raise AssertionError("a quiet mark has events")

    return call
