from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]
_UInt8Array2D = npt.NDArray[np.uint8]

@disjoint_base
class FundBooks:
    """What insurance funds hold: a netted row for each contract, and money.

    The arrays are referred to, not copied. O(f·k).

    Parameters
    ----------
    lots, cost : int64[f, k]
        Signed lots, and what they cost in quanta; written.
    lots0, cost0 : int64[f, k]
        Those of each row when it was last opened or enlarged; written.
    cash, equity : int64[f]
        Quanta; written.
    notional : int64[f]
        Quanta that a fund's rows are worth at the mark, each without its sign; written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, and for a row that was of the other side or smaller
        when it was last enlarged.
    """

    def __new__(
        cls,
        lots: _Int64Array2D,
        cost: _Int64Array2D,
        lots0: _Int64Array2D,
        cost0: _Int64Array2D,
        cash: _Int64Array1D,
        equity: _Int64Array1D,
        notional: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class FundTerms:
    """What funds accept, and who is asked next.

    The arrays are referred to, not copied. O(f).

    Parameters
    ----------
    least_equity : int64[f]
        Quanta that a fund's equity must be afterwards, at least.
    cap_numerator, cap_denominator : int64[f]
        Notional afterwards, over equity afterwards, is at most this where a row grows; >= 0. Denominator 0: no cap.
    refuses : uint8[f, k]
        1 where a fund accepts nothing of a contract.
    parent : int64[f]
        The fund that is asked next, or -1; checked where it is read, for others may write to it.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, caps below 0, parents that are none.
    """

    def __new__(
        cls,
        least_equity: _Int64Array1D,
        cap_numerator: _Int64Array1D,
        cap_denominator: _Int64Array1D,
        refuses: _UInt8Array2D,
        parent: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class LotValues:
    """What a lot of each contract is worth, at the mark and at a price.

    The arrays are referred to, not copied. O(k).

    Parameters
    ----------
    value_per_lot : float64[k]
        Quanta at the mark.
    numerator, denominator : int64[k]
        At P ticks it is ``P·numerator/denominator`` quanta, inverse ``-numerator/(denominator·P)``; both >= 1.
    inverse : uint8[k]

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length and fractions that are none.
    """

    def __new__(
        cls,
        value_per_lot: _Float64Array1D,
        numerator: _Int64Array1D,
        denominator: _Int64Array1D,
        inverse: _UInt8Array1D,
    ) -> Self: ...

@disjoint_base
class Offers:
    """Position rows that are offered to funds, in their order.

    The arrays are referred to, not copied. O(n).

    Parameters
    ----------
    fund, contract : int64[n]
        The fund that is asked first, and the contract; checked where they are read, for others may write to them.
    quantity : int64[n]
        Signed lots, not 0.
    price : int64[n]
        Ticks >= 1.
    value : int64[n]
        Quanta that the row is worth at its price, with the sign of `quantity`; inverse, with the other.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, rows without lots, prices below 1.
    """

    def __new__(
        cls,
        fund: _Int64Array1D,
        contract: _Int64Array1D,
        quantity: _Int64Array1D,
        price: _Int64Array1D,
        value: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class Takings:
    """Who took each offer, and what that closed of the fund's own row.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    fund : int64[n]
        The fund that took it, or -1; written.
    realized : int64[n]
        PnL that the fund realized, in quanta; written.
    closing_lots, closing_value : int64[n]
        How many of the lots closed lots of the fund, and quanta that those are worth, signed as the offer's value;
        written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        fund: _Int64Array1D,
        realized: _Int64Array1D,
        closing_lots: _Int64Array1D,
        closing_value: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class Refusals:
    """The first time that each fund refuses each contract.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    has_refused : uint8[f, k]
        1 where a fund has refused a contract before, which is not written again; written.
    lines : int64[f * k, 5]
        Offer, fund, why, value, bound; written from the first on. Why is 0 where the fund accepts nothing of the
        contract, and value and bound are 0; 1 where its equity afterwards, the value, would be below the least, the
        bound; 2 where its notional afterwards would be above ``floor(cap·equity)``, or -2^63 where that is less.

    Raises
    ------
    ValueError
        (argument, row, value, must) for tables of unlike shape.
    """

    def __new__(cls, has_refused: _UInt8Array2D, lines: _Int64Array2D) -> Self: ...
