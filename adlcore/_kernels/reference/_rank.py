"""Order, ranks, quantiles and indicator levels by full sorts: the twin of ``_rank.pyx``.

A row whose score is NaN is not counted.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ._sum import exact_sum, prefix_sums

__all__ = ["levels_by_count", "levels_by_weight", "order", "quantile", "rank"]


def order(score, tie=None):
    """Rows in queue order: score descending, `tie` ascending, row ascending."""
    score = np.asarray(score)
    rows = np.flatnonzero(~np.isnan(score))
    keys = (rows, -score[rows]) if tie is None else (rows, np.asarray(tie)[rows], -score[rows])
    return rows[np.lexsort(keys)]


def rank(score, out, tie=None):
    """Write each row's place in the queue from 1; 0 where it is not counted."""
    rows = order(score, tie)
    out[:] = 0
    out[rows] = np.arange(1, len(rows) + 1)


def quantile(score, out):
    """Write the share of counted rows at or below each score; NaN for -inf and where not counted."""
    score = np.asarray(score)
    counted = np.sort(score[~np.isnan(score)])
    shown = ~np.isnan(score) & (score > -np.inf)
    out[:] = np.nan
    out[shown] = np.searchsorted(counted, score[shown], side="right") / len(counted) if len(counted) else np.nan


def levels_by_count(score, levels, out):
    """Write ``ceil(levels·quantile)``, exact; 0 for -inf and where not counted."""
    score = np.asarray(score)
    counted = np.sort(score[~np.isnan(score)])
    shown = ~np.isnan(score) & (score > -np.inf)
    below = np.searchsorted(counted, score[shown], side="right")
    out[:] = 0
    out[shown] = -(-levels * below // len(counted)) if len(counted) else 0


def levels_by_weight(score, weights, levels, out):
    """Write ``levels + 1 - ceil(levels·W_front/W)``; W_front counts the rows at or before one's own place.

    Exact for int64 weights; for float64 the exact sums are rounded once and the expression is ``(levels·W_front)/W``.
    A row before which all weight is 0 is at the front.
    """
    rows = order(score)
    weights = np.asarray(weights)[rows]
    if weights.dtype == np.int64:
        front = np.cumsum(weights).tolist()
        whole = front[-1] if front else 0
        share = [Fraction(levels * w, whole) if whole else Fraction(0) for w in front]
        parts = np.array([-(-s.numerator // s.denominator) for s in share], np.int64)
    else:
        sums = np.empty(len(rows))
        prefix_sums(weights, sums)
        whole = exact_sum(weights)
        parts = np.ceil((levels * sums) / whole).astype(np.int64) if whole else np.zeros(len(rows), np.int64)
    out[:] = 0
    out[rows] = levels + 1 - np.maximum(parts, 1)
    out[np.asarray(score) == -np.inf] = 0
