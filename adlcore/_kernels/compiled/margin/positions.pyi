from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]

@disjoint_base
class Positions:
    """The position rows of the books, sorted by contract and slot, with what a pass writes beside them.

    The arrays are referred to, not copied; they may be written to while the holder lives, though not while a pass
    runs. O(1).

    Parameters
    ----------
    quantity : int64[n]
        Signed lots.
    entry_value : int64[n]
        Signed, in quanta of the settle asset.
    slot : int64[n]
        Where the money of a row is summed; rises within a contract. Checked whenever it is read.
    pnl, margin : int64[n]
        Written: unrealized PnL and maintenance margin, in quanta. Neither may share memory with another column.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        quantity: _Int64Array1D,
        entry_value: _Int64Array1D,
        slot: _Int64Array1D,
        pnl: _Int64Array1D,
        margin: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class Slots:
    """What each slot starts from and what it comes to; referred to as in :class:`Positions`. O(1).

    Parameters
    ----------
    balance : int64[s]
        What a slot starts from, in quanta.
    sums : int64[s, 2]
        Written: the balance plus unrealized PnL, and the maintenance margin; shares memory with no other column.

    Raises
    ------
    ValueError
        (argument, row, value, must) where `sums` has not as many rows, of two.
    """

    def __new__(cls, balance: _Int64Array1D, sums: _Int64Array2D) -> Self: ...
