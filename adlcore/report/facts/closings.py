"""What the closings of a run were worth, by stage, pass and side, and what nobody took.

What a closing is, and which stage made it, says :mod:`adlcore.clearing.closings`, to the terminal and to the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..._support.arrays import FLOAT64, Float64Array1D, Int64Array1D
from ...clearing.closings import STAGES, closing_fills
from .prices import PriceHistory, View, absolute_value_per_lot
from .record import Record, RunLike, exact_sums_by_code, sum_by_code

__all__ = ["STAGE_WORDS", "Closings", "StageWords", "UncoveredLots", "closings", "uncovered_lots"]


class StageWords(NamedTuple):
    """How a stage is called: several of its kind, who took, the head of a number, and that of a line."""

    plural: str
    taker: str
    card: str
    line: str


#: Of each of `STAGES`.
STAGE_WORDS = (
    StageWords("order book", "the order book", "Filled by the order book", "order book"),
    StageWords("own opposite legs", "own opposite legs", "Netted with own legs", "own legs"),
    StageWords("backstop vaults", "backstop vaults", "Taken by vaults", "vaults"),
    StageWords("insurance funds", "insurance funds", "Taken over by funds", "funds"),
    StageWords("inventory of funds", "the inventory of funds", "Netted with funds", "from funds"),
    StageWords("other users", "other users", "Deleveraged", "deleveraged"),
)


@dataclass(frozen=True, eq=False)
class Closings:
    """Sums over the fills that closed a position in liquidation, k of them, as :func:`closing_fills` finds them.

    Attributes
    ----------
    record : Record
    event : int64[k]
        Its place in the record: the leg of the side that was closed.
    stage : int64[k]
        Which of `STAGES`.
    side : int64[k]
        1 where a long was closed, -1 where a short was.
    """

    record: Record
    event: Int64Array1D
    stage: Int64Array1D
    side: Int64Array1D

    def quanta(self, assets: int) -> list[list[int]]:
        """The notional of each stage and asset, exact, in quanta: what fills were worth at their prices."""
        codes = self.stage * assets + self.record.asset[self.event]
        sums = exact_sums_by_code(np.abs(self.record.amount[self.event]), codes, len(STAGES) * assets)
        return [sums[stage * assets : (stage + 1) * assets] for stage in range(len(STAGES))]

    def by_stage(self, view: View) -> Float64Array1D:
        """float64[stages]: the notional that each stage took, in the view's unit."""
        return sum_by_code(self.stage, self.record.notional(view, self.event), len(STAGES))

    def by_pass(self, view: View) -> npt.NDArray[np.float64]:
        """float64[p, stages]: the notional that each stage took in each pass, in the view's unit."""
        passes = len(self.record.pass_number)
        codes = self.record.pass_index[self.event] * len(STAGES) + self.stage
        notional = sum_by_code(codes, self.record.notional(view, self.event), passes * len(STAGES))
        return notional.reshape(passes, len(STAGES))

    def by_side(self, view: View, contracts: int) -> npt.NDArray[np.float64]:
        """float64[contracts, 2, stages]: what each stage took of longs and of shorts, those of funds among them."""
        codes = (self.record.contract[self.event] * 2 + (self.side < 0)) * len(STAGES) + self.stage
        notional = sum_by_code(codes, self.record.notional(view, self.event), contracts * 2 * len(STAGES))
        return notional.reshape(contracts, 2, len(STAGES))


def share_of_stage(notional: Float64Array1D, stage: int) -> float:
    """The share of a stage in what all of them took, as :meth:`Closings.by_stage` has it; 0 where nothing was."""
    total = float(notional.sum())
    return float(notional[stage]) / total if total else 0.0


def closings(record: Record) -> Closings:
    """Find the fills that closed a position in liquidation. O(events)."""
    return Closings(record, *closing_fills(record.kind, record.cause, record.wallet, record.lots, record.link))


@dataclass(frozen=True, eq=False)
class UncoveredLots:
    """Rows that nobody took, each time that a pass named them, k of them.

    Attributes
    ----------
    record : Record
    event : int64[k]
        Place in the record.
    asset : int64[k]
        The settle asset.
    quanta : float64[k]
        What they were worth at the mark of the pass, in quanta of the settle asset.
    """

    record: Record
    event: Int64Array1D
    asset: Int64Array1D
    quanta: Float64Array1D

    def notional(self, view: View) -> Float64Array1D:
        """float64[k]: what each was worth at the mark and the index prices of its pass, in the view's unit."""
        return np.asarray(self.quanta * view.factor[self.record.pass_index[self.event] + 1, self.asset])

    def total(self, view: View) -> float:
        """What all of them were worth, in the view's unit."""
        return float(self.notional(view).sum())

    def by_pass(self, view: View) -> Float64Array1D:
        """float64[p]: what nobody took in each pass, in the view's unit."""
        return sum_by_code(self.record.pass_index[self.event], self.notional(view), len(self.record.pass_number))

    def by_side(self, view: View, contracts: int) -> npt.NDArray[np.float64]:
        """float64[contracts, 2]: what nobody took of longs and of shorts, in the view's unit."""
        codes = self.record.contract[self.event] * 2 + (self.record.lots[self.event] < 0)
        return sum_by_code(codes, self.notional(view), 2 * contracts).reshape(contracts, 2)

    def at_end(self) -> UncoveredLots:
        """Those that the last pass named: what stands open at the end."""
        kept = self.record.pass_index[self.event] == len(self.record.pass_number) - 1
        return UncoveredLots(self.record, self.event[kept], self.asset[kept], self.quanta[kept])


def uncovered_lots(record: Record, run: RunLike, prices: PriceHistory) -> UncoveredLots:
    """Find what nobody took.

    Rows that only wait out a cool-down are none of them: no stage that could take them was tried
    (``docs/waterfall.md``, "Cool-downs").
    """
    event = np.flatnonzero(record.of("uncovered-lots") & ~record.because("cool-down"))
    quanta = np.zeros(len(event), FLOAT64)
    for code, contract in enumerate(run.contracts):
        rows = np.flatnonzero(record.contract[event] == code)
        mark = prices.mark[record.pass_index[event[rows]] + 1, code]
        value = np.abs(record.lots[event[rows]]) * absolute_value_per_lot(contract, mark)
        quanta[rows] = np.rint(value * contract.settle.quanta_per_unit)
    return UncoveredLots(record, event, run.before.settle[record.contract[event]], quanta)
