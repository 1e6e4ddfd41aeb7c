"""Indicator levels by full sorts: the twin of ``levels.pyx``.

A row whose score is NaN is not counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.money import same_length
from ..numbers.sums import exact_sum, prefix_sums
from .queue_order import in_queue_order

Array = npt.NDArray[Any]

__all__ = ["levels_by_count", "levels_by_weight"]


def levels_by_count(score: Array, levels: int, out: Array) -> None:
    """Write ``ceil(levels·quantile)``, exact; 0 for -inf and where not counted."""
    same_length("out", len(out), len(score))
    _check_levels(levels)
    score = np.asarray(score)
    counted = np.sort(score[~np.isnan(score)])
    shown = ~np.isnan(score) & (score > -np.inf)
    below = np.searchsorted(counted, score[shown], side="right")
    out[:] = 0
    out[shown] = -(-levels * below // len(counted)) if len(counted) else 0


def levels_by_weight(score: Array, weights: Array, levels: int, out: Array, tie: Array | None = None) -> None:
    """Write ``levels + 1 - ceil(levels·W_front/W)``; W_front counts the rows at or before one's own place.

    Exact for int64 weights; for float64 the exact sums are rounded once and the expression is
    ``(levels·W_front)/W``. A row before which all weight is 0 is at the front.
    """
    rows = in_queue_order(score, tie)
    same_length("weights", len(weights), len(score))
    same_length("out", len(out), len(score))
    _check_levels(levels)
    weights = np.asarray(weights)[rows]
    if weights.dtype == np.int64:
        front = np.cumsum(weights).tolist()
        whole = front[-1] if front else 0
        parts = np.array([-(-levels * w // whole) if whole else 0 for w in front], np.int64)
    else:
        sums = np.empty(len(rows))
        prefix_sums(weights, sums)
        whole = exact_sum(weights)
        if whole == np.inf:
            raise ValueError("weights", None, whole, "their sum must be a float64")
        scale = 0.0078125 if whole > 1e300 else 1.0
        with np.errstate(over="ignore"):  # no share is above `levels`: NumPy 1.26 fills a vector up and tells of that
            share = (levels * (sums * scale)) / (whole * scale) if whole else np.zeros(len(rows))
        parts = np.ceil(share).astype(np.int64)
    out[:] = 0
    out[rows] = levels + 1 - np.maximum(parts, 1)
    out[np.asarray(score) == -np.inf] = 0


def _check_levels(levels: int) -> None:
    """Refuse what int8 cannot hold."""
    if not 1 <= levels <= 127:
        raise ValueError("levels", None, levels, "must be a whole number from 1 to 127")
