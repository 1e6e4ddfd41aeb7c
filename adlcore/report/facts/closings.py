"""What the closings of a run were worth, by stage, pass and side, and what nobody took.

What a closing is, and which stage made it, says :mod:`adlcore.clearing.closings`, to the terminal and to the report.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..._support.arrays import FLOAT64, Float64Array1D, Int64Array1D
from ...clearing.closings import STAGES
from .prices import PriceHistory, View, absolute_value_per_lot
from .record import Record, RunLike, exact_sums_by_code, sum_by_code

__all__ = ["Closings", "UncoveredLots", "uncovered_lots"]


@dataclass(frozen=True, eq=False)
class Closings:
    """Sums over the fills that closed a position in liquidation, k of them, as :func:`closing_fills` finds them.

    Attributes
    ----------
    event : int64[k]
        Its place in the record: the leg of the side that was closed.
    stage : int64[k]
        Which of `STAGES`.
    side : int64[k]
        1 where a long was closed, -1 where a short was.
    """

    event: Int64Array1D
    stage: Int64Array1D
    side: Int64Array1D

    def quanta(self, record: Record, assets: int) -> list[list[int]]:
        """The notional of each stage and asset, exact, in quanta: what fills were worth at their prices."""
        codes = self.stage * assets + record.asset[self.event]
        sums = exact_sums_by_code(np.abs(record.amount[self.event]), codes, len(STAGES) * assets)
        return [sums[stage * assets : (stage + 1) * assets] for stage in range(len(STAGES))]

    def worth(self, record: Record, view: View) -> Float64Array1D:
        """float64[stages]: the notional of each stage in the view's unit."""
        return sum_by_code(self.stage, view.worth(record, self.event), len(STAGES))

    def by_pass(self, record: Record, view: View) -> npt.NDArray[np.float64]:
        """float64[p, stages]: the same for each pass."""
        passes = len(record.number)
        codes = record.place[self.event] * len(STAGES) + self.stage
        found = sum_by_code(codes, view.worth(record, self.event), passes * len(STAGES))
        return found.reshape(passes, len(STAGES))

    def by_side(self, record: Record, view: View, contracts: int) -> npt.NDArray[np.float64]:
        """float64[contracts, 2, stages]: the same for each contract, longs then shorts; a fund's inventory too."""
        codes = (record.contract[self.event] * 2 + (self.side < 0)) * len(STAGES) + self.stage
        found = sum_by_code(codes, view.worth(record, self.event), contracts * 2 * len(STAGES))
        return found.reshape(contracts, 2, len(STAGES))


@dataclass(frozen=True, eq=False)
class UncoveredLots:
    """Rows that nobody took, each time that a pass named them, k of them.

    Attributes
    ----------
    event : int64[k]
        Place in the record.
    quanta : float64[k]
        What they were worth at the mark of the pass, in quanta of the settle asset.
    """

    event: Int64Array1D
    quanta: Float64Array1D

    def worth(self, record: Record, view: View, settle: Int64Array1D) -> Float64Array1D:
        """float64[k]: the same in the view's unit."""
        where = record.place[self.event] + 1, settle[record.contract[self.event]]
        found: Float64Array1D = self.quanta * view.factor[where]
        return found

    def last(self, record: Record) -> UncoveredLots:
        """Those that the last pass named: what stands open at the end."""
        kept = record.place[self.event] == len(record.number) - 1
        return UncoveredLots(self.event[kept], self.quanta[kept])


def uncovered_lots(record: Record, run: RunLike, prices: PriceHistory) -> UncoveredLots:
    """Find what nobody took; rows that only wait out a cool-down are none of them."""
    event = np.flatnonzero(record.of("uncovered-lots") & ~record.because("cool-down"))
    worth = np.zeros(len(event), FLOAT64)
    for code, contract in enumerate(run.contracts):
        rows = np.flatnonzero(record.contract[event] == code)
        mark = prices.mark[record.place[event[rows]] + 1, code]
        value = np.abs(record.lots[event[rows]]) * absolute_value_per_lot(contract, mark)
        worth[rows] = np.rint(value * contract.settle.quanta_per_unit)
    return UncoveredLots(event, worth)
