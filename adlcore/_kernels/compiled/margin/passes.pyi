from typing import Final

import numpy as np
import numpy.typing as npt

from .contracts import Contracts
from .positions import Positions, Slots

_Float64Array1D = npt.NDArray[np.float64]

#: A row whose value is not below 2^62 quanta, or whose unrealized PnL leaves int64: it ends the pass there.
ROW_OVERFLOW: Final[int]
#: A sum, or the difference by which it moves, that left int64 on the way; wrapped, it is right wherever the total fits.
SUM_OVERFLOW: Final[int]
#: A row of another slot than the order of rows promises: valued, and added to no sum.
STRAY_ROW: Final[int]

def run_full_pass(
    contracts: Contracts, value_per_lot: _Float64Array1D, rows: Positions, slots: Slots, first: int, last: int
) -> int:
    """Write unrealized PnL and maintenance margin of the rows of slots first .. last, and the sums of these slots.

    Threads may share the holders where their ranges of slots do not overlap. O(rows·tiers); 32 bytes a contract are
    allocated.

    Parameters
    ----------
    contracts : Contracts
        Where the rows of each contract stand in `rows`.
    value_per_lot : float64[contracts]
        Value of a lot at the mark, in quanta.
    rows : Positions
        ``pnl`` and ``margin`` of these rows are written.
    slots : Slots
        ``sums`` of these slots are written.
    first, last : int
        A range of slots; others, and their rows, are left alone.

    Returns
    -------
    int
        Any of ROW_OVERFLOW, SUM_OVERFLOW, STRAY_ROW; 0 where nothing was met. With ROW_OVERFLOW what is written means
        nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for another number of contracts, contracts whose rows end beyond `rows`, and a
        range that is none.
    MemoryError
    """

def move_mark(
    contracts: Contracts, contract: int, value_per_lot: float, rows: Positions, slots: Slots
) -> tuple[int, int]:
    """Value the rows of one contract anew and move their slots' sums by the differences.

    The same call with the old value undoes it, for wrapping sums lose nothing. O(rows·tiers) of the contract.

    Parameters
    ----------
    contracts : Contracts
    contract : int
        Which of them.
    value_per_lot : float
        Value of a lot at the new mark, in quanta.
    rows : Positions
        ``pnl`` and ``margin`` of the contract's rows are read and written.
    slots : Slots
        ``sums`` are read and written; ``balance`` is not read.

    Returns
    -------
    done : int
        How many of the contract's rows were valued: with ROW_OVERFLOW the blocks of 512 before the one that has it.
    flags : int
        As of :func:`run_full_pass`.

    Raises
    ------
    ValueError
        (argument, row, value, must) for a contract that is none, rows that end beyond `rows`, and rows without slots.
    """
