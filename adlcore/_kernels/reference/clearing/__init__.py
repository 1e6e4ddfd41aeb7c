"""What closes rows in a pass: counterparties, insurance funds, payments, in plain NumPy and Python integers."""

from . import deleverage, funds, payments, rows

__all__ = ["deleverage", "funds", "payments", "rows"]
