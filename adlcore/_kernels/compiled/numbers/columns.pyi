import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_NumberArray1D = npt.NDArray[np.float64 | np.int64]

def first_nan(column: _Float64Array1D) -> int:
    """Row of the first NaN, or -1.

    Parameters
    ----------
    column : float64[n]
        Read up to that row: O(n).
    """

def first_not_finite(column: _Float64Array1D) -> int:
    """Row of the first NaN or infinity, or -1.

    Parameters
    ----------
    column : float64[n]
        Read up to that row: O(n).
    """

def first_not_size(column: _Float64Array1D) -> int:
    """Row of the first value that is negative, NaN or infinite, or -1; -0.0 is a size.

    Parameters
    ----------
    column : float64[n]
        Read up to that row: O(n).
    """

def lots_extent(column: _Int64Array1D) -> tuple[int, int, int]:
    """Sum of the positive rows, sum of the magnitudes of the negative rows, largest magnitude.

    Parameters
    ----------
    column : int64[n]
        Signed lots, fewer than 2^31 rows; read once: O(n).

    Returns
    -------
    longs_lots, shorts_lots, largest_lots : int
        Exact; they may leave int64.
    """

def magnitude(column: _Int64Array1D) -> int:
    """Largest magnitude of a column, exact: 2^63 for -2^63; 0 of no rows.

    Parameters
    ----------
    column : int64[n]
        Read once: O(n).
    """

def entry_values(
    quantity: _NumberArray1D, price: _Float64Array1D, value_at_one: float, inverse: bool, out: _Float64Array1D
) -> int:
    """Write what positions cost: ``quantity·v(price)``, 0 where nothing is held.

    Parameters
    ----------
    quantity : int64[n] or float64[n]
        Signed lots or sizes.
    price : float64[n]
        The average entry price.
    value_at_one : float
        Value of one lot at a price of 1, in units of the settle asset; negative of an inverse contract.
    inverse : bool
        Whether v(P) is ``value_at_one/P``, otherwise ``value_at_one·P``.
    out : float64[n]
        Units of the settle asset. Shares no memory with the columns.

    Returns
    -------
    int
        The first row with a price that cannot be used: NaN, or of a held position not above 0 or infinite. -1 where
        there is none; otherwise what stands in `out` means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length.

    Notes
    -----
    O(n).
    """

def entry_quanta(
    quantity: _NumberArray1D, price: _Float64Array1D, value_at_one: float, inverse: bool, out: _Int64Array1D
) -> int:
    """Write what positions cost in quanta: ``rint(quantity·v(price))``, half-even, 0 where nothing is held.

    Parameters
    ----------
    quantity : int64[n] or float64[n]
        Signed lots or sizes.
    price : float64[n]
        The average entry price.
    value_at_one : float
        Value of one lot at a price of 1, in quanta of the settle asset; negative of an inverse contract.
    inverse : bool
        Whether v(P) is ``value_at_one/P``, otherwise ``value_at_one·P``.
    out : int64[n]
        Quanta of the settle asset. Shares no memory with the columns.

    Returns
    -------
    int
        The first row with a price that cannot be used (as `entry_values` has it), or with a value beyond int64. -1
        where there is none; otherwise what stands in `out` means nothing.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length.

    Notes
    -----
    O(n).
    """
