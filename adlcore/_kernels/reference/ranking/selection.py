"""Selection of counterparties by a full sort: the twin of ``selection.pyx``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.sums import prefix_sums
from .score import Source

Array = npt.NDArray[Any]

__all__ = ["select"]


def select(
    source: Source,
    side: int,
    winners: bool,
    exclude: Array | None,
    target: float,
    limit: int,
    tie: Array | None,
    ordered: bool,
    threads: int = 1,
) -> tuple[Array, Array, Array, Any, int, Any]:
    """The shortest prefix of the queue whose size reaches `target`, at most `limit` rows of it (-1: no limit).

    Returns
    -------
    index, closed, score : ndarray
        Rows of the prefix, what is closed of each, their scores.
    filled
        The sum of `closed`; in floats ``min(S_k, target)``.
    partial : int
        Position of the row that is closed in part, or -1.
    left
        What that row keeps, or 0.
    """
    score = np.empty(len(source))
    source.scores(score, side, winners, -np.inf)
    counted = np.ones(len(score), bool) if exclude is None else ~np.asarray(exclude, bool)
    bad = np.flatnonzero(np.isnan(score) & counted)
    if bad.size:
        raise ValueError("score", int(bad[0]), float("nan"), "must be a number")
    rows = np.flatnonzero((score > -np.inf) & counted)
    keys = (rows, -score[rows]) if tie is None else (rows, np.asarray(tie)[rows], -score[rows])
    rows = rows[np.lexsort(keys)]
    size = np.abs(np.asarray(source.signed)[rows])
    sums = _prefix(size)
    count = min(int(np.searchsorted(sums, target)) + 1, len(rows)) if target > 0 else 0
    if limit >= 0:
        count = min(count, limit)
    rows, size = rows[:count], size[:count].copy()
    zero = size.dtype.type(0)
    filled = min(sums[count - 1], target) if count else zero
    partial, left = -1, zero
    if count and sums[count - 1] >= target:
        before = sums[count - 2] if count > 1 else zero
        last = min(size[-1], size.dtype.type(target) - before)
        if last < size[-1]:
            partial, left = count - 1, size[-1] - last
            size[-1] = last
    if not ordered:
        by_row = np.argsort(rows)
        if partial >= 0:
            partial = int(np.flatnonzero(by_row == partial)[0])
        rows, size = rows[by_row], size[by_row]
    return rows, size, score[rows] + 0.0, _plain(filled), partial, _plain(left)


def _plain(number: Any) -> Any:
    return number.item() if isinstance(number, np.generic) else number


def _prefix(size: Array) -> Array:
    if size.dtype == np.int64:
        return np.cumsum(size)
    out = np.empty(len(size))
    prefix_sums(size, out)
    return out
