from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Int64Array1D = npt.NDArray[np.int64]

@disjoint_base
class Purses:
    """Money of the insurance funds, and who stands behind whom.

    The arrays are referred to, not copied. O(f).

    Parameters
    ----------
    equity, cash : int64[f]
        Quanta; written.
    parent : int64[f]
        The fund that pays where this one cannot, or -1; checked where it is read, for others may write to it.
    parent_remaining : int64[f]
        Quanta that the parent may still pay for this fund, -1 where there is no limit; written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, parents that are none, limits below -1.
    """

    def __new__(
        cls, equity: _Int64Array1D, cash: _Int64Array1D, parent: _Int64Array1D, parent_remaining: _Int64Array1D
    ) -> Self: ...

@disjoint_base
class Payments:
    """What funds received, payment by payment.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    row, fund : int64[m]
        Of which amount, and which fund; written.
    amount : int64[m]
        Quanta that the fund receives; below 0 it pays. Written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(cls, row: _Int64Array1D, fund: _Int64Array1D, amount: _Int64Array1D) -> Self: ...

def settle(purses: Purses, amount: _Int64Array1D, fund: _Int64Array1D, payments: Payments) -> tuple[int, int]:
    """Pay amounts above 0 into funds and amounts below 0 out of them, in order.

    A fund pays as far as its equity is above 0, then its parents do, each no more than it may still pay for the
    fund before it. What nobody has stays unpaid.

    Parameters
    ----------
    purses : Purses
        Written.
    amount : int64[n]
        Quanta that the fund of a row is to receive.
    fund : int64[n]
    payments : Payments
        Written, from its first row on. As many rows as there are payments: no more than n times the longest chain.

    Returns
    -------
    tuple of int
        How many payments; the first row at which a number leaves int64, or -1.

    Raises
    ------
    ValueError
        (argument, row, value, must) for funds that are none, before anything is written; and where `payments` is
        full: what was paid before is booked.

    Notes
    -----
    O(n·longest chain).
    """
