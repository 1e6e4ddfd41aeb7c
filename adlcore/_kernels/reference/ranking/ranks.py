"""Ranks and quantiles by full sorts: the twin of ``ranks.pyx``.

A row whose score is NaN is not counted.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.money import same_length
from .queue_order import in_queue_order

Array = npt.NDArray[Any]

__all__ = ["quantile", "rank"]


def rank(score: Array, out: Array, tie: Array | None = None) -> None:
    """Write each row's place in the queue from 1; 0 where it is not counted."""
    same_length("out", len(out), len(score))
    rows = in_queue_order(score, tie)
    out[:] = 0
    out[rows] = np.arange(1, len(rows) + 1)


def quantile(score: Array, out: Array) -> None:
    """Write the share of counted rows at or below each score; NaN for -inf and where not counted."""
    same_length("out", len(out), len(score))
    score = np.asarray(score)
    counted = np.sort(score[~np.isnan(score)])
    shown = ~np.isnan(score) & (score > -np.inf)
    out[:] = np.nan
    out[shown] = np.searchsorted(counted, score[shown], side="right") / len(counted) if len(counted) else np.nan
