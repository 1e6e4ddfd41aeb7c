from typing import Any

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

from .candidates import Candidates

_Float64Array1D = npt.NDArray[np.float64]
_Int64Array1D = npt.NDArray[np.int64]
_NumberArray1D = npt.NDArray[np.float64 | np.int64]

@disjoint_base
class Prefix:
    """The front of a queue that covers a target: k rows.

    Attributes
    ----------
    index : int64[k]
        The rows.
    closed : int64[k] or float64[k]
        What is closed of each, above 0: lots or a size.
    score : float64[k]
        Their scores; 0.0 for -0.0.
    filled : int or float
        The sum of `closed`; of floats ``min(S_k, target)``, S_k the sum of the k sizes, exact and rounded once.
    partial : int
        Position of the row that is closed in part, or -1.
    kept : int or float
        What that row keeps, or 0.
    """

    def __init__(
        self,
        index: _Int64Array1D,
        closed: _NumberArray1D,
        score: _Float64Array1D,
        filled: Any,
        partial: int,
        kept: Any,
    ) -> None: ...
    @property
    def index(self) -> _Int64Array1D: ...
    @property
    def closed(self) -> _NumberArray1D: ...
    @property
    def score(self) -> _Float64Array1D: ...
    @property
    def filled(self) -> Any: ...
    @property
    def partial(self) -> int: ...
    @property
    def kept(self) -> Any: ...

def select(candidates: Candidates, target: float, limit: int = -1, ordered: bool = True, threads: int = 1) -> Prefix:
    """The shortest prefix of the queue whose size reaches a target.

    Parameters
    ----------
    candidates : Candidates
        Who stands in the queue, of them those that score above -inf. Lots of a side sum to what int64 holds.
    target : int or float
        What is to be closed: whole lots of int64 quantities (above int64: as much as there is), otherwise a size.
    limit : int, default -1
        Rows at most; -1 for any number.
    ordered : bool, default True
        Whether the rows are in queue order, otherwise in row order.
    threads : int, default 1
        At least 1. Row ranges are read side by side; the result is the same.

    Returns
    -------
    Prefix
        Arrays of its own. Without a target above 0, and without candidates, no row.

    Raises
    ------
    ValueError
        (argument, row, value, must) for the first row that may be selected and whose score is NaN, for a target that
        is NaN or lies between lots, and for less than one thread.

    Notes
    -----
    O(n) reads and O(k log k) for k selected rows, memory O(k), without the GIL. Columns that are written to meanwhile
    may give a wrong prefix, and nothing worse: scores, rows and sizes are copied, and only the copies are compared.
    """
