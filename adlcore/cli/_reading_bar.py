"""A bar over the bytes of a file that is read."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from .._support.text import visible
from ._screen import Screen

__all__ = ["ReadingBar"]

#: A read that takes longer shows a bar.
PATIENCE_SECONDS = 1.0


class ReadingBar:
    """A progress bar on stderr that appears only when a read takes its time."""

    def __init__(self, name: str, console: Screen | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._console = console or Screen(stderr=True)
        self._clock = clock
        self._bar: Progress | None = None

    def __enter__(self) -> ReadingBar:
        self._start = self._clock()
        return self

    def __call__(self, done: int, total: int) -> None:
        if self._bar is None:
            if self._clock() - self._start < PATIENCE_SECONDS or not self._console.is_terminal:
                return
            columns = BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
            name = TextColumn("{task.description}", markup=False)
            self._bar = Progress(name, *columns, console=self._console, transient=True)
            self._task = self._bar.add_task(visible(f"reading {self._name}"), total=total)
            self._bar.start()
        self._bar.update(self._task, completed=done)

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
