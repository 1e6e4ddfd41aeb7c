"""Selection of counterparties by a full sort: the twin of ``selection.pyx``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.sums import prefix_sums
from .candidates import Candidates
from .queue_order import in_queue_order

Array = npt.NDArray[Any]

__all__ = ["Prefix", "select"]


@dataclass(frozen=True)
class Prefix:
    """The front of a queue that covers a target."""

    index: Array
    closed: Array
    score: Array
    filled: Any
    partial: int
    kept: Any


def select(candidates: Candidates, target: float, limit: int = -1, ordered: bool = True, threads: int = 1) -> Prefix:
    """The shortest prefix of the queue whose size reaches `target`, at most `limit` rows of it (-1: no limit)."""
    source, exclude = candidates.source, candidates.exclude
    in_lots = source.signed.dtype == np.int64
    if threads < 1:
        raise ValueError("threads", None, threads, "must be 1 or above")
    is_whole = abs(target) == np.inf or target % 1 == 0
    if not -np.inf <= target <= np.inf or (in_lots and not is_whole):
        raise ValueError("target", None, target, "must be whole lots" if in_lots else "must be a number")
    score = np.empty(len(source))
    source.scores(score, candidates.side, candidates.winners_only, -np.inf)
    counted = np.ones(len(score), bool) if exclude is None else ~exclude.astype(bool)
    bad = np.flatnonzero(np.isnan(score) & counted)
    if bad.size:
        raise ValueError("score", int(bad[0]), float("nan"), "must be a number")
    rows = in_queue_order(score, candidates.tie)
    rows = rows[(score[rows] > -np.inf) & counted[rows]]
    size = np.abs(source.signed[rows])
    sums = _prefix(size)
    count = min(int(np.searchsorted(sums, target)) + 1, len(rows)) if target > 0 else 0
    if limit >= 0:
        count = min(count, limit)
    rows, size = rows[:count], size[:count].copy()
    zero = size.dtype.type(0)
    filled = size.dtype.type(min(sums[count - 1], target)) if count else zero
    partial, kept = -1, zero
    if count and sums[count - 1] >= target:
        before = sums[count - 2] if count > 1 else zero
        last = min(size[-1], size.dtype.type(target) - before)
        if last < size[-1]:
            partial, kept = count - 1, size[-1] - last
            size[-1] = last
    if not ordered:
        by_row = np.argsort(rows)
        if partial >= 0:
            partial = int(np.flatnonzero(by_row == partial)[0])
        rows, size = rows[by_row], size[by_row]
    return Prefix(rows, size, score[rows] + 0.0, _plain(filled), partial, _plain(kept))


def _plain(number: Any) -> Any:
    return number.item() if isinstance(number, np.generic) else number


def _prefix(size: Array) -> Array:
    if size.dtype == np.int64:
        return np.cumsum(size)
    out = np.empty(len(size))
    prefix_sums(size, out)
    return out
