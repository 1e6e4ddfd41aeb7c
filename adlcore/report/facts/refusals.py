"""Why insurance funds did not take positions over: what their triggers looked at, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._support.arrays import FLOAT64, INT64_MAX, Float64Array1D, Int64Array1D
from ...clearing.events import CAUSE_CODES, CAUSES
from .record import Record

__all__ = ["TRIGGER_QUANTITIES", "Refusals", "RefusalSeries", "refusals"]

#: What a trigger looked at and what it must not pass, by the cause of its refusals.
TRIGGER_QUANTITIES = {
    "depleted": ("equity", "least"),
    "net-notional": ("net notional", "cap"),
    "drawdown": ("equity", "border of the drawdown"),
    "drawdown-on": ("equity or profit, last seen", "least to turn off"),
}


class RefusalSeries(NamedTuple):
    """The refusals of a fund for one cause.

    Attributes
    ----------
    party : int
        The fund, as in the record.
    cause : str
    times : int
        How many there are.
    furthest : int64[k]
        Places in :class:`Refusals`: of each pass the one that was furthest beyond its bound, passes rising. One that
        no value would have changed stands for a pass only where there was no other.
    """

    party: int
    cause: str
    times: int
    furthest: Int64Array1D


@dataclass(frozen=True, eq=False)
class Refusals:
    """The first row of a contract that each fund refused in each round.

    Attributes
    ----------
    event : int64[r]
        Places of the ``take-over-refused`` events in the record.
    value, bound : int64[r]
        What the trigger looked at, and what it compared that with, in quanta of the fund's asset. A bound at an end
        of int64 is no amount: no value would have done.
    """

    event: Int64Array1D
    value: Int64Array1D
    bound: Int64Array1D

    def __len__(self) -> int:
        return len(self.event)

    @property
    def beyond(self) -> Float64Array1D:
        """float64[r]: how far each value is on the wrong side of its bound, in quanta; NaN where no value would do."""
        found: Float64Array1D = np.abs(self.value.astype(FLOAT64) - self.limit)
        return found

    @property
    def limit(self) -> Float64Array1D:
        """float64[r]: the bounds that are amounts; NaN where no value would have done."""
        ends = (self.bound == INT64_MAX) | (self.bound == -INT64_MAX - 1)
        return np.where(ends, np.nan, self.bound.astype(FLOAT64))

    def series(self, record: Record) -> list[RefusalSeries]:
        """The refusals of each fund for each cause, those that are most first."""
        party, cause, place = (column[self.event] for column in (record.party, record.cause, record.place))
        keys, of, count = np.unique(party * len(CAUSES) + cause, return_inverse=True, return_counts=True)
        far, found = np.nan_to_num(self.beyond, nan=-1.0), []
        for key in np.argsort(-count, kind="stable").tolist():
            mine = np.flatnonzero(of == key)
            ordered = mine[np.lexsort((-far[mine], place[mine]))]
            _, first = np.unique(place[ordered], return_index=True)
            fund, why = divmod(int(keys[key]), len(CAUSES))
            found.append(RefusalSeries(fund, CAUSES[why], int(count[key]), ordered[first]))
        return found


def refusals(record: Record) -> Refusals:
    """The refusals of a run. O(events).

    What a house would not write is passed over: one without its bound, of another cause, or of nobody.
    """
    event = np.flatnonzero(record.of("take-over-refused"))
    known = (record.link[event] >= 0) & record.of("take-over-bound")[record.link[event]]
    known &= np.isin(record.cause[event], [CAUSE_CODES[cause] for cause in TRIGGER_QUANTITIES])
    for column in (record.party, record.asset, record.contract, record.wallet):
        known &= column[event] >= 0
    event = event[known]
    return Refusals(event, record.amount[event], record.amount[record.link[event]])
