"""Scores, ranks, indicator levels and the selection of counterparties, in plain NumPy and Python integers."""

from . import candidates, levels, ranks, score, selection

__all__ = ["candidates", "levels", "ranks", "score", "selection"]
