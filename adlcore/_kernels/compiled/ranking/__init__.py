"""Scores, ranks, indicator levels and the selection of counterparties."""

from . import candidates, levels, ranks, score, selection

__all__ = ["candidates", "levels", "ranks", "score", "selection"]
