"""Why insurance funds did not take positions over: what their triggers looked at, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .._arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ..clearing.events import CAUSES
from .record import Record

__all__ = ["LOOKED_AT", "Refusals", "Series", "refusals"]

#: What a trigger looked at, by the cause of its refusal.
LOOKED_AT = {
    "depleted": "equity",
    "net-notional": "net notional",
    "drawdown": "equity",
    "drawdown-on": "last observation",
}


class Series(NamedTuple):
    """What one trigger looked at in time, and the bound: of each pass the refusal that was furthest beyond it.

    Attributes
    ----------
    party : int
        Of the fund, as in the record.
    cause : str
    event : int64[k]
        Places in :class:`Refusals`, passes rising.
    """

    party: int
    cause: str
    event: Int64Array1D


@dataclass(frozen=True, eq=False)
class Refusals:
    """The first row that each fund refused of each contract in each round.

    Attributes
    ----------
    event : int64[r]
        Places of the ``take-over-refused`` events in the record.
    value, bound : int64[r]
        What the trigger looked at and what it compared that with, in quanta of the fund's asset.
    """

    event: Int64Array1D
    value: Int64Array1D
    bound: Int64Array1D

    def __len__(self) -> int:
        return len(self.event)

    @property
    def beyond(self) -> Float64Array1D:
        """float64[r]: how far the value is on the wrong side of its bound, in quanta."""
        found: Float64Array1D = np.abs(self.value.astype(FLOAT64) - self.bound.astype(FLOAT64))
        return found

    def largest(self, record: Record, most: int) -> Int64Array1D:
        """int64[k]: places of the largest, by how much more than its bound the value is asked to be or was."""
        share = self.beyond / np.maximum(np.abs(self.bound.astype(FLOAT64)), 1.0)
        return np.argsort(-share, kind="stable")[:most]

    def series(self, record: Record) -> list[Series]:
        """One for each fund and cause, those with most refusals first."""
        party, cause, place = (column[self.event] for column in (record.party, record.cause, record.place))
        keys, of, count = np.unique(party * len(CAUSES) + cause, return_inverse=True, return_counts=True)
        found = []
        for key in np.argsort(-count, kind="stable").tolist():
            mine = np.flatnonzero(of == key)
            furthest = mine[np.lexsort((-self.beyond[mine], place[mine]))]
            _, first = np.unique(place[furthest], return_index=True)
            who, why = divmod(int(keys[key]), len(CAUSES))
            found.append(Series(who, CAUSES[why], furthest[first].astype(INT64)))
        return found


def refusals(record: Record) -> Refusals:
    """The refusals of a run; one whose bound is not among the events is none. O(events)."""
    event = np.flatnonzero(record.of("take-over-refused"))
    other = record.link[event]
    known = other >= 0
    known[known] = record.of("take-over-bound")[other[known]]
    event, other = event[known], other[known]
    return Refusals(event, record.amount[event], record.amount[other])
