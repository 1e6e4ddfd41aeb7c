"""A side of a market ranked once and consumed by prefixes.

The queue sorts only as far as it is asked: it draws the next best rows in chunks that double, by
the same selection that serves ``select``, and remembers what it drew.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D, NumberArray1D, is_int64
from .._support.pickles import Versioned
from ..errors import AdlError
from .selection import Selection, run_selection

__all__ = ["Queue"]

#: Rows drawn first; every further chunk is twice as long.
FIRST_CHUNK = 1024

#: Sums from here on are no float64.
LARGEST = Fraction(2) ** 1024 - Fraction(2) ** 970


class SortedPrefix(NamedTuple):
    """What a queue has sorted so far: replaced as a whole, so that an interruption loses no row.

    Attributes
    ----------
    rows : int64[d]
        In queue order.
    sizes : int64[d] or float64[d]
    scores : float64[d]
    sums : int64[d] or float64[d]
        Of the first sizes.
    chunk : int
        Rows that are sorted next; 0 where none are left.
    """

    rows: Int64Array1D
    sizes: NumberArray1D
    scores: Float64Array1D
    sums: NumberArray1D
    chunk: int


class Queue(Versioned):
    """Counterparties in queue order, taken prefix by prefix.

    Parameters
    ----------
    score : array_like of float, shape (n,)
        Higher goes first; a row of score -inf is never taken.
    quantity : array_like of int or float, shape (n,)
        Size of each row, at least 0: int64 lots, or float64.
    tie : array_like of int, shape (n,), optional
        Among equal scores the lower tie goes first, then the lower row.
    exclude : array_like of bool, shape (n,), or of row numbers, optional
        Rows that are passed over.

    Raises
    ------
    AdlError
        As :func:`adlcore.select`.

    Notes
    -----
    In lots, ``take(a)`` then ``take(b)`` is ``take(a + b)`` cut in two. In float64 every take cuts
    at the exact sum of all targets so far, rounded once.

    Taking k rows of n costs O(n log(k)) reads at most and one sort of k rows. The queue owns a copy
    of the scores and refers to `quantity`. **Thread safety:** a queue belongs to one thread at a
    time. Copies and pickles are queues of their own. An exception from outside
    (``KeyboardInterrupt``) leaves a queue before a take or after it.

    Examples
    --------
    >>> queue = Queue([0.5, 2.0, 1.0], [10, 10, 10])
    >>> queue.take(15).index
    array([1, 2])
    >>> queue.take(10).quantity, queue.remaining
    (array([5, 5]), 5)
    """

    __slots__ = ("_account", "_drawn", "_score", "_side", "_signed", "_taken", "_tie", "_total")
    PICKLED = __slots__
    VERSION = 2

    def __init__(
        self,
        score: npt.ArrayLike,
        quantity: npt.ArrayLike,
        *,
        tie: npt.ArrayLike | None = None,
        exclude: npt.ArrayLike | None = None,
    ) -> None:
        sizes = arrays.number_column("quantity", quantity)
        scores = arrays.float_column("score", score, len(sizes))
        arrays.refuse_bad_sizes("quantity", sizes)
        mask = None if exclude is None else arrays.exclusion(exclude, len(sizes))
        score = np.where(sizes == 0 if mask is None else (sizes == 0) | (mask != 0), -np.inf, scores)
        arrays.refuse_nan("score", score)
        self._start(score, sizes, 1, arrays.ties(tie, len(sizes)), None)

    @classmethod
    def _from_columns(
        cls,
        score: Float64Array1D,
        signed: NumberArray1D,
        side: int,
        tie: Int64Array1D | None,
        account: npt.NDArray[np.generic] | None,
    ) -> Queue:
        """A queue over checked columns: an owned score column, -inf for rows that do not stand in it."""
        queue = cls.__new__(cls)
        queue._start(score, signed, side, tie, account)
        return queue

    def _start(
        self,
        score: Float64Array1D,
        signed: NumberArray1D,
        side: int,
        tie: Int64Array1D | None,
        account: npt.NDArray[np.generic] | None,
    ) -> None:
        """Take over checked columns, with nothing drawn and nothing taken."""
        waiting = np.abs(signed[(score > -np.inf) & (signed * side > 0)])
        self._score, self._signed, self._side, self._tie, self._account = score, signed, side, tie, account
        self._total: Any = int(waiting.sum()) if is_int64(signed) else _kernels.numbers.sums.exact_sum(waiting)
        if math.isinf(self._total):
            raise AdlError.at("quantity", None, self._total, "its sum must be a float64")
        self._taken: int | Fraction = 0 if is_int64(signed) else Fraction(0)
        nothing: NumberArray1D = np.empty(0, signed.dtype)
        self._drawn = SortedPrefix(np.empty(0, INT64), nothing, np.empty(0), nothing, FIRST_CHUNK)

    def __copy__(self) -> Queue:
        """A queue of its own, where this one stands."""
        fresh = type(self).__new__(type(self))
        fresh._restore({**self._pickled(), "_score": self._score.copy()})
        return fresh

    def _pickled(self) -> dict[str, Any]:
        return {**super()._pickled(), **getattr(self, "__dict__", {})}

    @property
    def remaining(self) -> Any:
        """What can still be taken: lots, or float64 (the exact total rounded once, less what was taken)."""
        return max(self._total - self._clipped_sum(self._taken), 0 * self._total)

    def take(self, target: float) -> Selection:
        """The next prefix of the queue that covers `target`.

        Parameters
        ----------
        target : int or float
            At least 0; whole where the quantities are lots.

        Returns
        -------
        Selection
            In queue order; places continue. A row that an earlier take closed in part comes first,
            with the rest of it.

        Raises
        ------
        AdlError
            For a negative, NaN or infinite target, or one between lots.
        """
        goal = arrays.read_target("target", target, is_int64(self._signed))
        start = self._taken
        end = start + (goal if isinstance(goal, int) else Fraction(goal))
        self._draw(self._clipped_sum(end))
        first, closed_before = self._cursor_at(start)
        last, closed_after = self._cursor_at(end)
        place = np.arange(max(first, 0), last + 1)
        closed: Any = self._closed(place, last, closed_after) - self._closed(place, first, closed_before)
        kept = np.flatnonzero(closed > 0)
        place, closed = place[kept], closed[kept]
        enough = end <= self._total if isinstance(end, int) else self._clipped_sum(end) <= self._total
        filled = goal if enough or not goal else max(self._total - self._clipped_sum(start), 0 * self._total)
        left: Any = self._drawn.sizes[last] - closed_after if len(place) else 0
        self._taken = end  # the one change; what was drawn before it is only sorted, and taken by nobody
        partial = len(place) - 1 if left > 0 else -1
        prefix = _kernels.ranking.selection.Prefix(
            self._drawn.rows[place], closed, self._drawn.scores[place], filled, partial, left
        )
        return Selection(
            prefix,
            goal,
            ordered=True,
            side=self._side,
            tie=self._tie,
            account=self._account,
            first_place=int(place[0]) + 1 if len(place) else first + 2,
        )

    def assign(self, targets: npt.ArrayLike) -> dict[str, npt.NDArray[Any]]:
        """Take for many targets at once: each bankrupt's slice of the queue.

        Parameters
        ----------
        targets : array_like of int or float, shape (m,)
            What each bankrupt position needs, in their order.

        Returns
        -------
        dict of ndarray
            ``target`` int64 (row of `targets`), ``row`` int64 (row of the market), ``quantity``
            (above 0): the same slices as m calls of :meth:`take`, in that order. What the queue
            could not give is missing from the sums.

        Raises
        ------
        AdlError
            As :meth:`take`, with the row in `targets`.

        Examples
        --------
        >>> Queue([3.0, 2.0, 1.0], [10, 10, 10]).assign([4, 10])
        {'target': array([0, 1, 1]), 'row': array([0, 0, 1]), 'quantity': array([4, 6, 4])}
        """
        goals = arrays.number_column("targets", targets)
        if is_int64(self._signed) and goals.dtype != INT64:
            bad = np.flatnonzero(~((goals == np.floor(goals)) & (np.abs(goals) < 2.0**63)))
            if bad.size:
                raise AdlError.at(
                    "targets", int(bad[0]), goals[bad[0]], "must be whole and finite: quantities are lots"
                )
            goals = goals.astype(INT64)
        elif goals.dtype != self._signed.dtype:
            goals = goals.astype(self._signed.dtype)
        arrays.refuse_bad_sizes("targets", goals)
        ends = self._ends(goals)
        if not len(goals):
            return {"target": np.empty(0, INT64), "row": np.empty(0, INT64), "quantity": np.empty(0, goals.dtype)}
        sums = np.concatenate((np.array([self._clipped_sum(self._taken)], ends.dtype), ends))
        self._draw(sums[-1])
        last, closed_of_last = self._cursor(sums)
        begin = np.maximum(last[:-1], 0)
        count = last[1:] - begin + 1
        target = np.repeat(np.arange(len(goals)), count)
        place = np.arange(len(target)) - np.repeat(np.cumsum(count) - count - begin, count)
        closed: Any = self._closed(place, last[target + 1], closed_of_last[target + 1])
        closed -= self._closed(place, last[target], closed_of_last[target])
        kept = np.flatnonzero(closed > 0)
        whole = goals.tolist()
        self._taken += sum(whole) if is_int64(goals) else sum(map(Fraction, whole), Fraction(0))
        return {"target": target[kept], "row": self._drawn.rows[place[kept]], "quantity": closed[kept]}

    def _clipped_sum(self, taken: int | Fraction) -> Any:
        """What was taken as a sum of the drawn rows is: int64, or float64; the largest where it is beyond."""
        if isinstance(taken, int):
            return min(taken, arrays.INT64_MAX)
        return float(taken) if taken < LARGEST else math.inf

    def _ends(self, goals: NumberArray1D) -> NumberArray1D:
        """The cursor after each target."""
        if is_int64(goals):
            start: int = self._clipped_sum(self._taken)
            return np.minimum(np.cumsum(goals), arrays.INT64_MAX - start) + start
        base = []
        rest = self._taken
        while rest > 0:  # floats, rounded down, whose exact sum is what was taken so far
            part = self._clipped_sum(rest)
            part = part if part <= rest else math.nextafter(part, 0.0)
            base.append(part)
            rest -= Fraction(part)
        terms = np.concatenate((np.array(base), goals))
        sums = np.empty(len(terms))
        _kernels.numbers.sums.prefix_sums(terms, sums)
        return sums[len(base) :]

    def _cursor(self, sums: NumberArray1D) -> tuple[npt.NDArray[np.intp], NumberArray1D]:
        """Where a queue taken up to these sums ends: the last place touched (-1: none), and what is closed of it."""
        last = np.minimum(np.searchsorted(self._drawn.sums, sums), len(self._drawn.sums) - 1)
        last[sums <= 0] = -1
        if not len(self._drawn.sums):
            return last, np.zeros_like(sums)
        before = np.where(last > 0, self._drawn.sums[np.maximum(last, 1) - 1], 0)
        closed_of_last = np.where(last < 0, 0, np.minimum(self._drawn.sizes[last], sums - before))
        return last, closed_of_last.astype(sums.dtype, copy=False)

    def _cursor_at(self, taken: int | Fraction) -> tuple[int, Any]:
        """Where a queue ends of which so much is taken: as one place, and what is closed of it."""
        last, closed_of_last = self._cursor(np.array([self._clipped_sum(taken)], self._drawn.sums.dtype))
        return int(last[0]), closed_of_last[0]

    def _closed(self, place: npt.NDArray[np.intp], last: Any, closed_of_last: Any) -> NumberArray1D:
        """What is closed of each place by a cursor that stands in place `last` with `closed_of_last` of it."""
        size = self._drawn.sizes[place]
        closed = np.where(place < last, size, np.where(place == last, closed_of_last, 0))
        return closed.astype(size.dtype, copy=False)

    def _draw(self, least_sum: Any) -> None:
        """Sort as many further rows as it takes to reach a sum."""
        everything = arrays.INT64_MAX if is_int64(self._signed) else math.inf
        while (not len(self._drawn.sums) or self._drawn.sums[-1] < least_sum) and self._drawn.chunk:
            drawn = self._drawn
            self._score[drawn.rows] = -np.inf  # here, not below: a draw that was interrupted has not happened
            limit = drawn.chunk if 4 * drawn.chunk < len(self._score) else -1
            source = _kernels.ranking.score.Source("column", self._signed, {"score": self._score})
            candidates = _kernels.ranking.candidates.Candidates(source, self._side, tie=self._tie)
            chunk = run_selection(candidates, everything, limit=limit)
            sizes = np.concatenate((drawn.sizes, chunk.quantity))
            self._drawn = SortedPrefix(
                rows=np.concatenate((drawn.rows, chunk.index)),
                sizes=sizes,
                scores=np.concatenate((drawn.scores, chunk.score)),
                sums=_running_sums(sizes),
                chunk=0 if limit < 0 or len(chunk) < limit else 2 * drawn.chunk,
            )

    def __repr__(self) -> str:
        return f"<Queue of {len(self._score):,} rows: {self.remaining:,} of {self._total:,} remaining>"


def _running_sums(sizes: NumberArray1D) -> NumberArray1D:
    """The sum of the first one, two, ... sizes, each exact and rounded once."""
    if is_int64(sizes):
        return np.cumsum(sizes)
    sums = np.empty(len(sizes))
    _kernels.numbers.sums.prefix_sums(sizes.astype(FLOAT64, copy=False), sums)
    return sums
