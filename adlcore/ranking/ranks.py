"""What a column of scores says: ranks, quantiles, indicator levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import INT64, Float64Array1D, Int64Array1D
from .._support.options import is_count
from ..errors import AdlError, from_kernel

__all__ = ["indicator", "quantile", "rank"]


def rank(score: npt.ArrayLike, *, tie: npt.ArrayLike | None = None) -> Int64Array1D:
    """Place in the queue by score: 1 is the first to be deleveraged.

    Parameters
    ----------
    score : array_like of float, shape (n,)
        Higher goes first. A row whose score is NaN is not counted; -inf is counted and stands last.
    tie : array_like of int, shape (n,), optional
        Among equal scores the lower tie goes first, then the lower row: ranks are distinct.

    Returns
    -------
    int64[n]
        1..m for the m counted rows, 0 for a row that is not counted.

    Notes
    -----
    O(n): a radix sort of the scores.

    Examples
    --------
    >>> rank([0.5, 2.0, float("nan"), 2.0])
    array([3, 1, 0, 2])
    """
    scores = arrays.float_column("score", score)
    out = np.empty(len(scores), INT64)
    _kernels.ranking.ranks.rank(scores, out, arrays.ties(tie, len(scores)))
    return out


def quantile(score: npt.ArrayLike) -> Float64Array1D:
    """Share of the counted rows at or below each score; the front of the queue is 1.0.

    Parameters
    ----------
    score : array_like of float, shape (n,)
        A row whose score is NaN is not counted. A row of score -inf is counted and has quantile
        NaN. Equal scores share a quantile.

    Returns
    -------
    float64[n]

    Notes
    -----
    ``rank(ranking) / number of users`` (coinengineer.net, 29 Aug 2025). O(n): a radix sort of the
    scores.

    Examples
    --------
    >>> quantile([0.5, 2.0, 1.0, 1.0])
    array([0.25, 1.  , 0.75, 0.75])
    """
    scores = arrays.float_column("score", score)
    out = np.empty(len(scores))
    _kernels.ranking.ranks.quantile(scores, out)
    return out


def indicator(
    score: npt.ArrayLike, levels: int = 5, weights: npt.ArrayLike | None = None, *, tie: npt.ArrayLike | None = None
) -> npt.NDArray[np.int8]:
    """The lights that venues show: `levels` at the front of the queue, 1 at its end.

    Parameters
    ----------
    score : array_like of float, shape (n,)
        A row whose score is NaN is not counted. A row of score -inf is counted and shows 0.
    levels : int, default 5
        1 to 127.
    weights : array_like of int or float, shape (n,), optional
        Quantity of each row, at least 0. Without it levels hold equally many rows,
        ``ceil(levels·quantile)``; with it equal quantity, ``levels + 1 - ceil(levels·W_front/W)``,
        where W_front is the weight of the rows at or before one's own place, own included (the two
        differ even for equal weights).
    tie : array_like of int, shape (n,), optional
        By weight, the lower tie stands before the higher among equal scores, then the lower row. By
        count equal scores share a level.

    Returns
    -------
    int8[n]
        1..levels; 0 for a row that is not counted or scores -inf.

    Raises
    ------
    AdlError
        For levels outside 1..127; weights that are negative, NaN or infinite, or whose sum leaves
        int64.

    Notes
    -----
    By count: O(n), no sort. By weight: a radix sort; int64 weights exact, float64 sums exact and
    rounded once. Levels by quantity: bitmex.com, five lights in 20 % steps.

    Examples
    --------
    >>> indicator([5.0, 4.0, 3.0, 2.0, 1.0])
    array([5, 4, 3, 2, 1], dtype=int8)
    >>> indicator([3.0, 2.0, 1.0], weights=[60, 20, 20])
    array([3, 2, 1], dtype=int8)
    """
    scores = arrays.float_column("score", score)
    if not is_count(levels, 1, 127):
        raise AdlError.at("levels", None, levels, "must be a whole number from 1 to 127")
    ranks = arrays.ties(tie, len(scores))
    out = np.empty(len(scores), np.int8)
    if weights is None:
        _kernels.ranking.levels.levels_by_count(scores, int(levels), out)
        return out
    column = arrays.number_column("weights", weights, len(scores), "score")
    arrays.refuse_bad_sizes("weights", column)
    try:
        _kernels.ranking.levels.levels_by_weight(scores, column, int(levels), out, ranks)
    except ValueError as error:
        raise from_kernel(error) from None
    return out
