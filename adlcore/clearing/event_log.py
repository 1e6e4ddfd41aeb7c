"""Events as they come, before they are a table: single ones, movements of several legs, and columns of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .._support.arrays import INT64, Int64Array1D
from .events import CAUSE_CODES, CODES, EMPTY, FIELDS, PLACE, Events, Names

__all__ = ["Leg", "Log"]

#: A leg: its kind, its cause, and numbers by field, each one or a column.
Leg = tuple[str, str, Mapping[str, Any]]


class Log:
    """Events as they come: single ones, or many of a shape at once."""

    def __init__(self) -> None:
        self._blocks: list[npt.NDArray[np.int64]] = []
        self._few: list[tuple[int, ...]] = []
        self._count = 0

    def add(self, *legs: Leg) -> None:
        """One event, or the legs of one movement: the first two name each other, further ones the first."""
        for place, (kind, cause, values) in enumerate(legs):
            line = list(EMPTY)
            for name, value in values.items():
                line[PLACE[name]] = int(value)
            line[0], line[PLACE["cause"]] = CODES[kind], CAUSE_CODES[cause]
            if len(legs) > 1:
                line[PLACE["link"]] = self._count + (1 if place == 0 else 0)
            self._few.append(tuple(line))
        self._count += len(legs)

    def extend(self, *legs: Leg) -> None:
        """Many events, or many movements of the same legs, in the order of the columns."""
        count = max(len(value) for _, _, values in legs for value in values.values() if isinstance(value, np.ndarray))
        if not count:
            return
        # What is the same for all is laid down once for each leg; only columns are written event by event.
        pattern = np.array([EMPTY] * len(legs), INT64)
        columns: list[tuple[int, int, Int64Array1D]] = []
        for place, (kind, cause, values) in enumerate(legs):
            for name, value in values.items():
                if isinstance(value, np.ndarray):
                    columns.append((place, PLACE[name], value))
                else:
                    pattern[place, PLACE[name]] = value
            pattern[place, 0], pattern[place, PLACE["cause"]] = CODES[kind], CAUSE_CODES[cause]
        block = np.empty((count, *pattern.shape), INT64)
        block[:] = pattern
        for place, field, column in columns:
            block[:, place, field] = column
        if len(legs) > 1:
            first = np.arange(self._count, self._count + len(legs) * count, len(legs))
            for place in range(len(legs)):
                block[:, place, PLACE["link"]] = first if place else first + 1
        self._flush()
        self._blocks.append(block.reshape(-1, len(FIELDS)))
        self._count += count * len(legs)

    def _flush(self) -> None:
        if self._few:
            self._blocks.append(np.array(self._few, INT64))
            self._few = []

    def __len__(self) -> int:
        return self._count

    def wallets(self) -> Int64Array1D:
        """The wallets that it names, ascending."""
        self._flush()
        named = np.concatenate([np.zeros(0, INT64), *(block[:, PLACE["wallet"]] for block in self._blocks)])
        return np.unique(named[named >= 0])

    def events(self, first: int, time: int, names: Names) -> Events:
        """The table, and an end of the log."""
        self._flush()
        empty = np.zeros((0, len(FIELDS)), INT64)
        return Events(np.concatenate([empty, *self._blocks]), first, time, names)
