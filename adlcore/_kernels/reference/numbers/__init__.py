"""Columns, money and sums, in plain NumPy and Python integers."""

from . import columns, money, sums

__all__ = ["columns", "money", "sums"]
