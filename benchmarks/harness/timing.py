"""Times as multiples of R, the time NumPy takes to read the columns once, measured side by side.

A trial calls R and the subject in turn and takes the ratio of their medians: what slows the machine for a while slows
both. The best of several trials is the figure.
"""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter_ns
from typing import NamedTuple

import numpy as np

Call = Callable[[], object]


class Goal(NamedTuple):
    """What was measured, its unit, and the goal: at most so much, at least so much, or neither, for information."""

    text: str
    measured: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        return self.measured <= self.at_most if self.at_most is not None else self.measured >= self.at_least

    @property
    def bound(self) -> str:
        return f">= {self.at_least:.3g} {self.unit}" if self.at_most is None else f"<= {self.at_most:.3g} {self.unit}"


@dataclass(frozen=True)
class Effort:
    """How long to measure: seeds, trials of each, and what a trial may take."""

    seeds: int = 5
    trials: int = 5
    trial_seconds: float = 0.3
    most_calls: int = 201


FULL = Effort()
QUICK = Effort(seeds=1, trials=2, trial_seconds=0.2, most_calls=51)


@contextmanager
def no_collection():
    """The garbage collector off, and back as it was."""
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def nanoseconds_of(call: Call) -> int:
    """Nanoseconds of one call; what it returns is freed after the clock has stopped."""
    start = perf_counter_ns()
    kept = call()
    taken = perf_counter_ns() - start
    del kept
    return taken


def trials(calls: Sequence[Callable], effort: Effort, *, anew: int = 0) -> list[list[float]]:
    """For each trial the median nanoseconds of every call, the calls made in turn.

    With `anew`, so many times a trial, a call uses up what it was prepared on: what is given makes it, outside the
    clock.
    """

    def turn() -> list[int]:
        return [nanoseconds_of(call() if anew else call) for call in calls]

    with no_collection():
        warm = sum(turn())
        warm = warm if anew else min(warm, sum(turn()))
        count = anew or max(3, min(effort.most_calls, int(effort.trial_seconds * 1e9 / max(warm, 1))))
        found = []
        for _ in range(effort.trials):
            taken = [turn() for _ in range(count)]
            found.append([float(statistics.median(column)) for column in zip(*taken, strict=True)])
        return found


def best(calls: Sequence[Callable], effort: Effort, *, anew: int = 0) -> list[float]:
    """The least nanoseconds of every call, each in its own trial."""
    return list(map(min, zip(*trials(calls, effort, anew=anew), strict=True)))


def ratio(call: Call, read: Call, effort: Effort) -> float:
    """The best trial's median of `call` over its median of `read`."""
    return min(mine / base for mine, base in trials([call, read], effort))


def over_seeds(effort: Effort, measure: Callable[[int], list[float]]) -> list[float]:
    """The median over the seeds, cell by cell."""
    return [statistics.median(cell) for cell in zip(*map(measure, range(effort.seeds)), strict=True)]


def read_by_two(arrays: Sequence[np.ndarray], pool: Executor) -> Call:
    """What two threads need to read columns once, half of the rows each."""
    middle = len(arrays[0]) // 2
    halves = [slice(0, middle), slice(middle, None)]
    return lambda: list(pool.map(lambda part: [array[part].sum() for array in arrays], halves))
