"""Who may be selected, and in which order among equals: the twin of ``candidates.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..numbers.money import same_length
from .score import Source

Array = npt.NDArray[Any]

__all__ = ["Candidates"]


class Candidates:
    """The rows of a side (+1 long, -1 short) that may be selected; all, or those in profit."""

    def __init__(
        self,
        source: Source,
        side: int,
        winners_only: bool = False,
        exclude: Array | None = None,
        tie: Array | None = None,
    ) -> None:
        source.check_winners(winners_only)
        for name, column in (("exclude", exclude), ("tie", tie)):
            if column is not None:
                same_length(name, len(column), len(source))
        self.source, self.side, self.winners_only = source, side, winners_only
        self.exclude, self.tie = exclude, tie
