import numpy as np
import numpy.typing as npt

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_Int8Array1D = npt.NDArray[np.int8]

def levels_by_count(score: _Float64Array1D, levels: int, out: _Int8Array1D) -> None:
    """Write ``ceil(levels·quantile)``, exact; 0 for -inf, and where the score is NaN.

    Parameters
    ----------
    score : float64[n]
        A row is counted where it is a number.
    levels : int
        The level of the front, 1 to 127.
    out : int8[n]
        Every row is written.

    Raises
    ------
    ValueError
        (argument, row, value, must) for `out` of another length, and levels that int8 cannot hold.

    Notes
    -----
    O(n·levels) without a sort for up to 16 levels, otherwise a radix sort.
    """

def levels_by_weight(
    score: _Float64Array1D,
    weights: npt.NDArray[np.float64 | np.int64],
    levels: int,
    out: _Int8Array1D,
    tie: _Int64Array1D | None = None,
) -> None:
    """Write ``levels + 1 - ceil(levels·W_front/W)``; W_front is the weight at or before a row's place in the queue.

    Parameters
    ----------
    score : float64[n]
        A row is counted where it is a number; -inf gets level 0, and so does a row that is not counted.
    weights : int64[n] or float64[n]
        At least 0. Sums of int64 must fit int64 and are exact; those of float64 are exact, then rounded once, and the
        expression is ``(levels·W_front)/W``. A row up to which all weight is 0 is at the front.
    levels : int
        The level of the front, 1 to 127.
    out : int8[n]
        Every row is written.
    tie : int64[n], optional
        Among equal scores the lower tie goes first, then the lower row.

    Raises
    ------
    ValueError
        (argument, row, value, must) for columns of another length, levels that int8 cannot hold, and weights whose
        sum leaves float64.

    Notes
    -----
    A radix sort: O(n), with 32 bytes a row of working memory.
    """
