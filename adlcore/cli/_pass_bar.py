"""A bar over the passes of a crash that says what is happening."""

from __future__ import annotations

import time

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .._support.text import visible
from ..clearing import ClearingHouse, Events
from ..lab.crash import TIME_UNIT, Crash
from ..report.facts.times import clock_of
from ._screen import Screen

__all__ = ["PassBar"]


class PassBar:
    """A bar on stderr over the passes of a run; it counts events and wallets, and the time that the house takes."""

    def __init__(self, crash: Crash, activity: str, console: Screen | None = None) -> None:
        self.events = 0
        self.description = activity
        self._liquidated: set[int] = set()
        self._clock = clock_of([time for time, _ in crash.marks], TIME_UNIT)
        self._symbol = crash.scenario.contracts[0].symbol
        out = console or Screen(stderr=True)
        name = TextColumn("{task.description}", markup=False)
        columns = BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bar = Progress(name, *columns, console=out, transient=True, disable=not out.is_terminal)
        self._task = self._bar.add_task(visible(activity), total=len(crash.marks))
        self._activity = activity

    def __enter__(self) -> PassBar:
        self._start = time.perf_counter()
        self._bar.start()
        return self

    def __call__(self, number: int, events: Events, house: ClearingHouse) -> None:
        self._liquidated.update(events.wallet[events.of("liquidation-started")].tolist())
        self.events += len(events)
        self.advance(house, f", {len(self._liquidated):,} liquidated")

    def advance(self, house: ClearingHouse, more: str = "") -> None:
        """A pass more; what happened in it, where that is known, is said by `more`."""
        where = f"{self._clock.when(house.time)}, {self._symbol} {house.marks[self._symbol]}"
        self.description = f"{self._activity}: {where}{more}"
        self._bar.update(self._task, advance=1, description=visible(self.description))

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self._bar.stop()
