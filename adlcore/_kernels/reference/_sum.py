"""Exact sums of float64: the twin of ``_sum.pyx``."""

from __future__ import annotations

import math
from fractions import Fraction

__all__ = ["exact_sum", "prefix_sums"]


def exact_sum(values):
    """The exact sum, rounded once (half-even)."""
    return math.fsum(values)


def prefix_sums(values, out):
    """Write the exact sum of the first 1, 2, ... values, each rounded once."""
    total = Fraction(0)
    for place, value in enumerate(values):
        total += Fraction(float(value))
        out[place] = float(total)
