from typing import Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Int64Array1D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

@disjoint_base
class Side:
    """One side of a contract whose remainders are served, and what a lot of it is worth and loses.

    Parameters
    ----------
    contract : int
        Its number in the books.
    side : {1, -1}
        Of the remainders: 1 where they are long. Counterparties are of the other.
    numerator, denominator : int
        A lot at P ticks is worth ``P·numerator/denominator`` quanta, inverse ``-numerator/(denominator·P)``.
        From 1 to 2^63 - 1.
    inverse : bool
    loss : tuple of int
        (A, B, C), C > 0: against the mark a lot at P ticks loses a counterparty ``side·(A·P - B)/C`` quanta, inverse
        ``side·(A·P - B)/(C·P)``. `deleverage.fits` says whether the compiled kernel can hold them.

    Raises
    ------
    ValueError
        (argument, None, value, must) for a side, a fraction or a loss that is none.
    """

    def __new__(
        cls, contract: int, side: int, numerator: int, denominator: int, inverse: bool, loss: tuple[int, int, int]
    ) -> Self: ...

@disjoint_base
class RemainderLots:
    """Lots of one side that are wanted, in the order of service.

    The arrays are referred to, not copied. O(r).

    Parameters
    ----------
    open_lots : int64[r]
        Lots that are still wanted; written: falls.
    price : int64[r]
        Ticks >= 1. They ascend in what a lot loses a counterparty.
    filled_lots : int64[r]
        Lots that are valued already: a fill is worth what it adds to the rounded value of all. Written: rises.
    account : int64[r]
        Whose rows are passed over; -1 where nobody's are.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, lots below 0, prices below 1, and where
        `filled_lots` and `open_lots` together leave int64.
    """

    def __new__(
        cls, open_lots: _Int64Array1D, price: _Int64Array1D, filled_lots: _Int64Array1D, account: _Int64Array1D
    ) -> Self: ...

@disjoint_base
class Collateral:
    """What the equity of counterparties' wallets is made of where some hold several assets.

    The arrays are referred to, not copied, but for the rates. O(k).

    Parameters
    ----------
    kind : uint8[k]
        0: the equity is that of the row's slot. Else it is ``(rest + term)·back`` in the contract's asset, and the
        term ``(cash - loan)·plain`` below 0 and ``(cash - loan)·cut`` above; for 1 and the slot's unrealized PnL
        at ``plain``, for 2 with that PnL beside the cash.
    rest : int64[k]
        What the wallet's other assets come to, in quanta of the numeraire.
    loan : int64[k]
        Quanta of the contract's asset.
    rates : int64[6]
        Numerator >= 0 and denominator >= 1 of the rate to the numeraire (plain), of that less the haircut (cut), and
        of the rate back.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length, and for kinds and rates that are none.
    """

    def __new__(cls, kind: _UInt8Array1D, rest: _Int64Array1D, loan: _Int64Array1D, rates: _Int64Array1D) -> Self: ...

@disjoint_base
class Counterparties:
    """Position rows in the order of a ranking, and which of them gave all they might.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    row : int64[k]
        Rows of the books; checked where they are read, for others may write to them.
    account : int64[k]
        Whose each is.
    used : uint8[k]
        1 where a row is used up; written.
    collateral : Collateral, optional
        Where wallets of several assets are among them; it has a row for each.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        row: _Int64Array1D,
        account: _Int64Array1D,
        used: _UInt8Array1D,
        collateral: Collateral | None = None,
    ) -> Self: ...

@disjoint_base
class Fills:
    """What counterparties gave: a row for each fill, in the order in which they were made.

    The arrays are referred to, not copied. O(1).

    Parameters
    ----------
    remainder, row : int64[m]
        Which remainder, and the position row of the counterparty; written.
    lots, value, realized : int64[m]
        Lots > 0, quanta that they are worth as a long's, PnL that the counterparty realizes; written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        remainder: _Int64Array1D,
        row: _Int64Array1D,
        lots: _Int64Array1D,
        value: _Int64Array1D,
        realized: _Int64Array1D,
    ) -> Self: ...

@disjoint_base
class Cursor:
    """Where serving stands: the remainder in turn, the place to look at next for it, the first place not used up.

    Parameters
    ----------
    remainder, place, first_unused : int, default 0
    """

    def __new__(cls, remainder: int = 0, place: int = 0, first_unused: int = 0) -> Self: ...
    @property
    def remainder(self) -> int:
        """The remainder in turn; how many there are where all are served."""

    @property
    def place(self) -> int:
        """The place of the ranking to look at next for it."""

    @property
    def first_unused(self) -> int:
        """The first place of the ranking that is not used up."""

    def skip_remainder(self) -> None:
        """Go on with the next remainder, from the head of the ranking."""
