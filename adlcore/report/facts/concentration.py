"""How evenly a loss is shared: Lorenz curve, Gini coefficient, shares of the largest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support import arrays
from ..._support.arrays import FLOAT64, Float64Array1D
from ...errors import AdlError

__all__ = ["gini", "lorenz", "top_share"]


def gini(amounts: npt.ArrayLike) -> float:
    """The Gini coefficient of amounts: 0 where all are equal, towards 1 where one has everything.

    Parameters
    ----------
    amounts : array_like, shape (n,)
        0 or above.

    Returns
    -------
    float
        ``2·Σ i·x_i / (n·Σ x) - (n + 1)/n`` over the amounts in ascending order, i from 1; NaN where there are
        none or all are 0.

    Raises
    ------
    AdlError
        For an amount below 0 or NaN.

    Notes
    -----
    O(n log n). Half the mean difference between two of them, over their mean.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 4])
    (0.0, 0.75)
    """
    held = np.sort(_amounts(amounts))
    n, total = len(held), float(held.sum())
    if not total:
        return float("nan")
    return float(2 * np.dot(np.arange(1, n + 1), held / total) / n - (n + 1) / n)


def lorenz(amounts: npt.ArrayLike, points: int | None = None) -> tuple[Float64Array1D, Float64Array1D]:
    """The share of the total that the smallest share of holders has.

    Parameters
    ----------
    amounts : array_like, shape (n,)
        0 or above.
    points : int, optional
        At most so many, evenly over the holders; by default all n + 1.

    Returns
    -------
    float64[k], float64[k]
        Shares of the holders and of the total, both from 0 to 1, ascending. A straight line where the total is 0.

    Notes
    -----
    O(n log n).

    Examples
    --------
    >>> lorenz([3, 1])
    (array([0. , 0.5, 1. ]), array([0.  , 0.25, 1.  ]))
    """
    held = np.sort(_amounts(amounts))
    summed = np.concatenate([[0.0], np.cumsum(held)])
    n = len(held)
    if not summed[-1]:
        return np.array([0.0, 1.0]), np.array([0.0, 1.0])
    chosen: Any = slice(None)
    if points is not None and points < n + 1:
        chosen = np.unique(np.rint(np.linspace(0, n, max(points, 2))).astype(np.int64))
    return np.arange(n + 1)[chosen] / n, summed[chosen] / summed[-1]


def top_share(amounts: npt.ArrayLike, count: int) -> float:
    """The share of the total that the `count` largest have; NaN where the total is 0.

    Examples
    --------
    >>> top_share([5, 1, 2], 1), top_share([5, 1, 2], 9)
    (0.625, 1.0)
    """
    held = np.sort(_amounts(amounts))
    total = float(held.sum())
    return float(held[max(len(held) - count, 0) :].sum()) / total if total else float("nan")


def _amounts(amounts: npt.ArrayLike) -> Float64Array1D:
    """Amounts as float64; one below 0 or NaN is refused."""
    held = arrays.number_column("amounts", amounts).astype(FLOAT64)
    wrong = np.flatnonzero(~(held >= 0))
    if len(wrong):
        raise AdlError.at("amounts", int(wrong[0]), float(held[wrong[0]]), "must be 0 or above")
    return held
