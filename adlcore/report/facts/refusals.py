"""Why insurance funds did not take positions over: what their triggers looked at, and the bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..._support.arrays import FLOAT64, INT64_MAX, Float64Array1D, Int64Array1D
from ...clearing.events import CAUSE_CODES, CAUSES
from .record import Record

__all__ = ["TRIGGER_CAUSES", "RefusalSeries", "Refusals", "TriggerCause", "refusals"]


class TriggerCause(NamedTuple):
    """Why a trigger refuses, in words.

    Attributes
    ----------
    value, sign, bound : str
        What it looked at, on which side of its bound that must be, and what the bound is.
    subject : str
        Of what the fund refused; causes of one subject are told as one.
    reason : str
        In a few words.
    sentence, unbounded : str
        With a value and its bound; with a value for which no bound would have done.
    """

    value: str
    sign: str
    bound: str
    subject: str
    reason: str
    sentence: str
    unbounded: str


#: By the cause of the refusals.
TRIGGER_CAUSES = {
    "depleted": TriggerCause(
        value="equity",
        sign="≥",
        bound="least",
        subject="equity",
        reason="the fund's equity would have been below 0",
        sentence="it would have been left with {value}, which is below 0",
        unbounded="it would have been left with {value}, and nothing would have been enough",
    ),
    "net-notional": TriggerCause(
        value="net notional",
        sign="≤",
        bound="cap",
        subject="net notional",
        reason="the fund's net notional would have been above its cap",
        sentence="its net notional would have been {value}, above the {bound} that its equity would allow then",
        unbounded="its net notional would have been {value}, and its equity would allow none then",
    ),
    "drawdown": TriggerCause(
        value="equity",
        sign="≥",
        bound="border of the drawdown",
        subject="drawdown",
        reason="the fund's equity would have fallen beyond its drawdown",
        sentence="it would have been left with {value}, and less than {bound} turns its trigger on",
        unbounded="it would have been left with {value}, and whatever it is left with turns its trigger on",
    ),
    "drawdown-on": TriggerCause(
        value="equity or profit, last seen",
        sign="≥",
        bound="least to turn off",
        subject="drawdown",
        reason="the fund had fallen beyond its drawdown",
        sentence="its trigger was on: it had last seen {value}, and turns off from {bound} on",
        unbounded="its trigger was on: it had last seen {value}, and no value would have turned it off",
    ),
}


class RefusalSeries(NamedTuple):
    """The refusals of a fund for one cause.

    Attributes
    ----------
    party : int
        The fund, as in the record.
    cause : str
    refusal_count : int
        How many there are.
    furthest : int64[k]
        Places in :class:`Refusals`: of each pass the one that was furthest beyond its bound, passes rising. One that
        no value would have changed stands for a pass only where there was no other.
    """

    party: int
    cause: str
    refusal_count: int
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
    def excess(self) -> Float64Array1D:
        """float64[r]: how far each value is on the wrong side of its bound, in quanta; NaN where no value would do."""
        return np.asarray(np.abs(self.value.astype(FLOAT64) - self.finite_bound))

    @property
    def finite_bound(self) -> Float64Array1D:
        """float64[r]: the bounds that are amounts; NaN where no value would have done."""
        ends = (self.bound == INT64_MAX) | (self.bound == -INT64_MAX - 1)
        return np.where(ends, np.nan, self.bound.astype(FLOAT64))

    def series(self, record: Record) -> list[RefusalSeries]:
        """The refusals of each fund for each cause, those that are most first."""
        party, cause, pass_index = (column[self.event] for column in (record.party, record.cause, record.pass_index))
        keys, of, count = np.unique(party * len(CAUSES) + cause, return_inverse=True, return_counts=True)
        excess, series = np.nan_to_num(self.excess, nan=-1.0), []
        for key in np.argsort(-count, kind="stable").tolist():
            mine = np.flatnonzero(of == key)
            ordered = mine[np.lexsort((-excess[mine], pass_index[mine]))]
            _, first = np.unique(pass_index[ordered], return_index=True)
            fund, cause_code = divmod(int(keys[key]), len(CAUSES))
            series.append(RefusalSeries(fund, CAUSES[cause_code], int(count[key]), ordered[first]))
        return series


def refusals(record: Record) -> Refusals:
    """The refusals of a run. O(events).

    What a house would not write is passed over: one without its bound, of another cause, or of nobody. Of each round a
    house writes the first row of a contract that a fund refuses (``docs/waterfall.md``, "TakeOver").
    """
    event = np.flatnonzero(record.of("take-over-refused"))
    sound = (record.link[event] >= 0) & record.of("take-over-bound")[record.link[event]]
    sound &= np.isin(record.cause[event], [CAUSE_CODES[cause] for cause in TRIGGER_CAUSES])
    for column in (record.party, record.asset, record.contract, record.wallet):
        sound &= column[event] >= 0
    event = event[sound]
    return Refusals(event, record.amount[event], record.amount[record.link[event]])
