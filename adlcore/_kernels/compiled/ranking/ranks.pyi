import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]

def rank(score: _Float64Array1D, out: _Int64Array1D, tie: _Int64Array1D | None = None) -> None:
    """Write each row's place in the queue from 1; 0 where the score is NaN.

    Parameters
    ----------
    score : float64[n]
        The highest stands first.
    out : int64[n]
        Every row is written. It may not share memory with `score` or `tie`.
    tie : int64[n], optional
        Among equal scores the lower tie goes first, then the lower row.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length.

    Notes
    -----
    A radix sort: O(n), with 32 bytes a row of working memory.
    """

def quantile(score: _Float64Array1D, out: _Float64Array1D) -> None:
    """Write the share of counted rows at or below each score; NaN for -inf, and where the score is NaN.

    Parameters
    ----------
    score : float64[n]
        A row is counted where it is a number.
    out : float64[n]
        Every row is written. It may not share memory with `score`.

    Raises
    ------
    ValueError
        (argument, row, value, must) for `out` of another length.

    Notes
    -----
    A radix sort: O(n), with 32 bytes a row of working memory.
    """
