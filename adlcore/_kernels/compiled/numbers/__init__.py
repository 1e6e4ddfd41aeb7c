"""Columns, money and sums."""

from . import columns, money, sums

__all__ = ["columns", "money", "sums"]
