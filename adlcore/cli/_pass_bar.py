"""A bar over the passes of a crash that says what is happening."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..clearing import ClearingHouse, Events
from ..lab.crash import Crash
from ..lab.outcome import Outcome

__all__ = ["PassBar"]


class PassBar:
    """A bar on stderr over the passes of a run; it counts what happens, and the time that the house takes."""

    def __init__(self, crash: Crash, what: str, console: Console | None = None) -> None:
        self.outcome = Outcome.before(crash.house.snapshot())
        self.events = 0
        self._symbol = crash.scenario.contracts[0].symbol
        self._passes = len(crash.marks)
        out = console or Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=out,
            transient=True,
            disable=not out.is_terminal,
        )
        self._task = self._bar.add_task(what, total=self._passes)
        self._what = what

    def __enter__(self) -> PassBar:
        self._start = time.perf_counter()
        self._bar.start()
        return self

    def __call__(self, number: int, events: Events, house: ClearingHouse) -> None:
        self.outcome.add(events)
        self.events += len(events)
        self.advance(house)

    def advance(self, house: ClearingHouse) -> None:
        """A pass more, whose events are not counted."""
        told = f"{self._what}: {self._symbol} {house.marks[self._symbol]}, {len(self.outcome.liquidated):,} liquidated"
        self._bar.update(self._task, advance=1, description=told)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._start
        self._bar.stop()
