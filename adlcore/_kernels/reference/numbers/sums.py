"""Exact sums of float64: the twin of ``sums.pyx``."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from .money import same_length

Array = npt.NDArray[Any]

__all__ = ["exact_sum", "prefix_sums"]


def exact_sum(values: Array) -> float:
    """The exact sum of values >= 0, rounded once (half-even); infinity beyond float64."""
    return _rounded(sum(map(Fraction, np.asarray(values).tolist()), Fraction(0)))


def prefix_sums(values: Array, out: Array) -> None:
    """Write the exact sum of the first 1, 2, ... values >= 0, each rounded once."""
    same_length("out", len(out), len(values))
    total = Fraction(0)
    for place, value in enumerate(np.asarray(values).tolist()):
        total += Fraction(value)
        out[place] = _rounded(total)


def _rounded(total: Fraction) -> float:
    try:
        return float(total)
    except OverflowError:
        return math.inf
