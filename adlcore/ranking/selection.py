"""Who is closed, and how much of each: ``select`` and its result.

``select`` takes a column of scores and a column of sizes and returns the shortest prefix of the
queue that covers a target. A ``Market`` does the same without ever writing the scores down; both
give a :class:`Selection`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import INT64, Float64Array1D, Int64Array1D, NumberArray1D
from .._support.pickles import Versioned
from ..errors import from_kernel

__all__ = ["Selection", "select"]


class Selection(Versioned):
    """The counterparties that cover a target, and what is closed of each. Immutable.

    Notes
    -----
    In float64 the first k rows hold ``S_k``, their exact sum rounded once. The list ends at the
    first k with ``S_k >= target``; its last row gives ``min(q_k, target - S_{k-1})``, and
    ``filled`` is ``min(S_k, target)``.

    Examples
    --------
    >>> import adlcore as adl
    >>> s = adl.select([0.5, 2.0, 1.0], [10, 10, 10], 15)
    >>> s.index, s.quantity, s.partial, s.shortfall
    (array([1, 2]), array([10,  5]), 1, 0)
    """

    __slots__ = (
        *("_account", "_filled", "_first_place", "_index", "_left", "_ordered", "_partial"),
        *("_quantity", "_rows", "_score", "_shortfall", "_side", "_tie"),
    )
    PICKLED = __slots__

    def __init__(
        self,
        prefix: _kernels.ranking.selection.Prefix,
        target: Any,
        *,
        ordered: bool,
        side: int,
        tie: Int64Array1D | None,
        account: npt.NDArray[np.generic] | None,
        first_place: int = 1,
    ) -> None:
        index, quantity, score = prefix.index, prefix.closed, prefix.score
        for column in (index, quantity, score):
            column.setflags(write=False)
        self._index, self._quantity, self._score = index, quantity, score
        self._filled, self._partial, self._left = prefix.filled, prefix.partial, prefix.kept
        self._shortfall = target - self._filled
        self._ordered, self._side, self._first_place = ordered, side, first_place
        self._tie, self._account = tie, account
        self._rows: Int64Array1D | slice = index

    @property
    def index(self) -> Int64Array1D:
        """int64[k]: rows, in queue order, or in row order where ``ordered=False`` was asked for."""
        return self._index

    @property
    def quantity(self) -> NumberArray1D:
        """int64[k] or float64[k]: what is closed of each row, above 0; lots."""
        return self._quantity

    @property
    def score(self) -> Float64Array1D:
        """float64[k]: the score that put the row there."""
        return self._score

    @property
    def partial(self) -> int:
        """Position in `index` of the one row that is closed in part, or -1."""
        return self._partial

    @property
    def filled(self) -> Any:
        """What is closed in all: int in lots; in float64 ``min(S_k, target)``.

        The float64 parts of a queue's take may miss it by a rounding.
        """
        return self._filled

    @property
    def shortfall(self) -> Any:
        """What of the target is not closed."""
        return self._shortfall

    @property
    def ordered(self) -> bool:
        """Whether the rows are in queue order."""
        return self._ordered

    @property
    def delta(self) -> NumberArray1D:
        """Signed change of the market's quantity: ``market.quantity[s.index] + s.delta`` is what is left.

        Sizes given to :func:`select` are positive, so their delta is negative.
        """
        return -self.quantity if self._side > 0 else +self.quantity

    @property
    def place(self) -> Int64Array1D:
        """int64[k]: place of each row in the queue, from 1; a sort of the k rows where ``ordered=False``."""
        if self.ordered:
            return np.arange(self._first_place, self._first_place + len(self._index), dtype=INT64)
        place = np.empty(len(self.index), INT64)
        tie = None if self._tie is None else self._tie[self._rows]
        _kernels.ranking.ranks.rank(self.score, place, tie)
        return place

    @property
    def left(self) -> NumberArray1D:
        """What each row keeps, as a size: 0 but for the partial row."""
        left = np.zeros_like(self.quantity)
        if self.partial >= 0:
            left[self.partial] = self._left
        return left

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The selection as a dict of columns: account, row, place, score, closed, left.

        ``account`` holds the labels of the market, or row numbers where it has none.
        """
        return {
            "account": self.index if self._account is None else self._account[self._rows],
            "row": self.index,
            "place": self.place,
            "score": self.score,
            "closed": self.quantity,
            "left": self.left,
        }

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        part = f", row {self.index[self.partial]} in part" if self.partial >= 0 else ""
        return f"<Selection of {len(self):,} rows: filled {self.filled:,}, shortfall {self.shortfall:,}{part}>"

    def _pickled(self) -> dict[str, Any]:
        # Of the market's columns only the rows of the selection travel.
        state = super()._pickled()
        state["_tie"] = None if self._tie is None else self._tie[self._rows]
        state["_account"] = None if self._account is None else self._account[self._rows]
        state["_rows"] = slice(None)
        return state

    def _restore(self, values: dict[str, Any]) -> None:
        super()._restore(values)
        for array in (self._index, self._quantity, self._score):
            array.setflags(write=False)


def select(
    score: npt.ArrayLike,
    quantity: npt.ArrayLike,
    target: float,
    *,
    tie: npt.ArrayLike | None = None,
    ordered: bool = True,
    max_counterparties: int | None = None,
    exclude: npt.ArrayLike | None = None,
    threads: int = 1,
) -> Selection:
    """Select the highest scores until their quantity covers a target.

    Parameters
    ----------
    score : array_like of float, shape (n,)
        Higher is closed first. A row of score -inf is never selected. -0.0 equals 0.0.
    quantity : array_like of int or float, shape (n,)
        Size of each row, at least 0; integers are lots and are summed exactly. A row of quantity 0
        is not counted, and its score may be NaN.
    target : int or float
        What is to be closed, at least 0; whole where `quantity` is integer.
    tie : array_like of int, shape (n,), optional
        Among equal scores the lower tie goes first, then the lower row.
    ordered : bool, default True
        False skips the final sort: the same rows, in row order.
    max_counterparties : int, optional
        Close at most so many rows, the front of the queue first.
    exclude : array_like of bool, shape (n,), or of row numbers, optional
        Rows that are passed over.
    threads : int, default 1
        Row ranges are read in parallel; the result is the same, byte for byte.

    Returns
    -------
    Selection

    Raises
    ------
    AdlError
        Names argument, row and value: NaN, infinite or negative quantity, arrays of different
        length, a sum beyond int64, a negative or NaN target, a target between lots.

    Notes
    -----
    O(n) reads and O(k log k) for k selected rows. Memory beyond the arguments is O(k).

    Examples
    --------
    >>> import adlcore as adl
    >>> adl.select([0.5, 2.0, 1.0, 2.0], [10, 10, 10, 10], 15, ordered=False)
    <Selection of 2 rows: filled 15, shortfall 0, row 3 in part>
    """
    sizes = arrays.number_column("quantity", quantity)
    scores = arrays.float_column("score", score, len(sizes))
    arrays.refuse_bad_sizes("quantity", sizes)
    source = _kernels.ranking.score.Source("column", sizes, {"score": scores})
    wanted = arrays.read_target("target", target, arrays.is_int64(sizes))
    excluded = None if exclude is None else arrays.exclusion(exclude, len(sizes))
    limit = -1 if max_counterparties is None else arrays.row_limit(max_counterparties)
    ties = None if tie is None else arrays.ties(tie, len(sizes))
    candidates = _kernels.ranking.candidates.Candidates(source, 1, False, excluded, ties)
    return run_selection(candidates, wanted, limit=limit, ordered=bool(ordered), threads=arrays.thread_count(threads))


def run_selection(
    candidates: _kernels.ranking.candidates.Candidates,
    target: Any,
    *,
    limit: int = -1,
    ordered: bool = True,
    threads: int = 1,
    account: npt.NDArray[np.generic] | None = None,
) -> Selection:
    """Run the kernel on checked arguments."""
    try:
        prefix = _kernels.ranking.selection.select(candidates, target, limit, ordered, threads)
    except ValueError as error:
        raise from_kernel(error) from None
    return Selection(prefix, target, ordered=ordered, side=candidates.side, tie=candidates.tie, account=account)
