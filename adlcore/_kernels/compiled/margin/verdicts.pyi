from typing import Final, Self

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

_Int64Array1D = npt.NDArray[np.int64]
_Int64Array2D = npt.NDArray[np.int64]
_UInt8Array1D = npt.NDArray[np.uint8]

#: Rows with a PnL above 0, and all others: flags of what :func:`list_counterparties` writes.
WINNERS: Final[int]
LOSERS: Final[int]

@disjoint_base
class Wallets:
    """What each wallet has and must keep, and the rule by which it is liquidatable.

    The array is referred to, not copied; it may be written to while the holder lives. O(1).

    Parameters
    ----------
    sums : int64[w, 2]
        Equity E and maintenance margin MM of each wallet, in quanta of one asset.
    inclusive : bool
        Whether a wallet with E = MM > 0 is liquidatable.

    Raises
    ------
    ValueError
        (argument, row, value, must) where `sums` has not two columns.
    """

    def __new__(cls, sums: _Int64Array2D, inclusive: bool) -> Self: ...

@disjoint_base
class Candidates:
    """Position rows of which counterparties are drawn.

    The arrays are referred to, not copied; they may be written to while the holder lives. O(1).

    Parameters
    ----------
    quantity : int64[n]
        Signed lots.
    entry_value, pnl : int64[n]
        In quanta of the settle asset.
    wallet : int64[n]
        Whose each row is. Checked whenever it is read.
    barred : uint8[n]
        Not 0 for rows that are nobody's counterparty, such as those in liquidation.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """

    def __new__(
        cls,
        quantity: _Int64Array1D,
        entry_value: _Int64Array1D,
        pnl: _Int64Array1D,
        wallet: _Int64Array1D,
        barred: _UInt8Array1D,
    ) -> Self: ...

def find_liquidatable(wallets: Wallets, verdicts: _UInt8Array1D) -> bool:
    """Write the verdict on every wallet. O(wallets).

    Parameters
    ----------
    wallets : Wallets
    verdicts : uint8[w]
        Written. 1: liquidatable, E < 0 or E <= MM with MM > 0 (``inclusive=False``: E < MM). 2: E < 0 with MM = 0, so
        liquidatable if it holds a position. 0: neither.

    Returns
    -------
    bool
        Whether any verdict is 2.

    Raises
    ------
    ValueError
        (argument, row, value, must) for another number of wallets.
    """

def find_liquidatable_among(wallets: Wallets, wallet: _Int64Array1D, verdicts: _UInt8Array1D) -> bool:
    """As :func:`find_liquidatable`, on some wallets only. O(k).

    Parameters
    ----------
    wallets : Wallets
    wallet : int64[k]
        Which, in any order; one out of range is passed over.
    verdicts : uint8[w]
        Written for these wallets.

    Returns
    -------
    bool
        Whether any of these verdicts is 2.
    """

def list_counterparties(
    rows: Candidates,
    wallets: Wallets,
    first: int,
    last: int,
    side: int,
    which: int,
    columns: _Int64Array2D,
    barred: _UInt8Array1D,
) -> int:
    """Write rows of one side as they are now, ascending, and who of them is nobody's counterparty. O(last - first).

    Parameters
    ----------
    rows : Candidates
    wallets : Wallets
        Those that ``rows.wallet`` counts; a row whose wallet is out of range is passed over.
    first, last : int
        The range of rows: those of one contract.
    side : int
        Above 0 for longs, else shorts; a row of no lots is of neither side.
    which : int
        WINNERS, LOSERS, or both: ``WINNERS | LOSERS``.
    columns : int64[5, last - first]
        Written: row, quantity, entry value, and equity and maintenance margin of the row's wallet.
    barred : uint8[last - first]
        Written: 1 for rows that are barred already, and those of wallets that are liquidatable or have no equity.

    Returns
    -------
    int
        How many rows there are; what stands behind them in `columns` and `barred` means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for a range that is none and columns of another length.
    """

def list_rows(wallet: _Int64Array1D, wanted: _UInt8Array1D, rows: _Int64Array1D, marked: _UInt8Array1D) -> int:
    """Write the rows of the wallets that are wanted, ascending, and mark them. O(rows).

    Parameters
    ----------
    wallet : int64[n]
        Whose each row is; a row whose wallet is out of range is passed over.
    wanted : uint8[w]
        Not 0 for the wallets that are wanted.
    rows : int64[n]
        Written: what stands behind the rows found means nothing.
    marked : uint8[n]
        1 is written for the rows found; others are left alone.

    Returns
    -------
    int
        How many rows there are.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of unlike length.
    """
