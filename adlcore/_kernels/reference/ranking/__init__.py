"""Scores, ranks, indicator levels and the selection of counterparties, in plain NumPy and Python integers."""

from . import levels, ranks, score, selection

__all__ = ["levels", "ranks", "score", "selection"]
