"""Scores, ranks, indicator levels and the selection of counterparties."""

from . import levels, ranks, score, selection

__all__ = ["levels", "ranks", "score", "selection"]
