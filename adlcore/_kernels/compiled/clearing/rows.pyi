from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

from ..margin.contracts import Contracts

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

@disjoint_base
class Rows:
    """Position rows of a pass, and what they were when it began.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    quantity, entry_value : int64[n]
        Signed lots, and what they cost in quanta; written.
    quantity0, entry_value0 : int64[n]
        The same when the pass began; must not share memory with those two.
    slot : int64[n]
        Where the money of each row stands; checked where it is read, for others may write to it.
    pnl, margin : int64[n]
        Unrealized PnL and maintenance margin in quanta; written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        quantity: _Int64Array1D,
        entry_value: _Int64Array1D,
        quantity0: _Int64Array1D,
        entry_value0: _Int64Array1D,
        slot: _Int64Array1D,
        pnl: _Int64Array1D,
        margin: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class SlotSums:
    """What the rows of each slot come to, and its cash.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    sums : int64[s, 2]
        Equity and maintenance margin of each slot, in quanta; written.
    cash : int64[s]
        Quanta; written.
    realized_in_sum : uint8[s], optional
        0 where what a row realizes is no part of its slot's equity: there the cash is not, either. 1 in all without it.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls, sums: _Int64Array2D, cash: _Int64Array1D, realized_in_sum: _UInt8Array1D | None = None
    ) -> Self: ...

@disjoint_base
class PositionBooks:
    """All that closing a row reads and writes: rows, the slots of their money, contracts at their marks.

    Parameters
    ----------
    rows : Rows
    slots : SlotSums
    contracts : Contracts
        Of each the tiers; where its rows stand is not asked.
    value_per_lot : float64[k]
        Quanta that a lot of each contract is worth at the mark. Referred to, not copied.

    Raises
    ------
    ValueError
        (argument, row, value, must) where `value_per_lot` has another length than there are contracts.
    """

    def __new__(cls, rows: Rows, slots: SlotSums, contracts: Contracts, value_per_lot: _Float64Array1D) -> Self: ...
    def close(
        self,
        row: _Int64Array1D,
        lots: _Int64Array1D,
        value: _Int64Array1D,
        contract: _Int64Array1D,
        realized: _Int64Array1D,
    ) -> int:
        """Close lots of rows for what they are worth, in order; the rows and their slots move along.

        Parameters
        ----------
        row : int64[m]
            A row may come again.
        lots : int64[m]
            From 1 to what the row holds then.
        value : int64[m]
            Quanta that the lots are worth as a long's.
        contract : int64[m]
            Of each row.
        realized : int64[m]
            PnL that each fill realizes, in quanta; written.

        Returns
        -------
        int
            The first fill at which a number leaves int64, before which all are booked; -1 where none does.

        Raises
        ------
        ValueError
            (argument, row, value, must) for columns of unlike length, and before anything is written for rows,
            contracts and slots that are none. Where it is said of lots, or of a row that was of the other side or
            smaller when the pass began, the fills before it are booked.

        Notes
        -----
        O(m·tiers).
        """
