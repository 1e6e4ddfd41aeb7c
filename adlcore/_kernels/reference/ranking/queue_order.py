"""The order of a queue: score descending; the tie-break, tie ascending, then row ascending."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.money import same_length

Array = npt.NDArray[Any]

__all__ = ["in_queue_order"]


def in_queue_order(score: Array, tie: Array | None = None) -> Array:
    """Rows whose score is a number: score descending, `tie` ascending, row ascending."""
    if tie is not None:
        same_length("tie", len(tie), len(score))
    score = np.asarray(score)
    rows = np.flatnonzero(~np.isnan(score))
    keys = (rows, -score[rows]) if tie is None else (rows, np.asarray(tie)[rows], -score[rows])
    return rows[np.lexsort(keys)]
