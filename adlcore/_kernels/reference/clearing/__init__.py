"""What closes rows in a pass: counterparties, insurance funds, payments, in plain NumPy and Python integers."""

from . import deleverage, fund_books, funds, payments, rows, sides

__all__ = ["deleverage", "fund_books", "funds", "payments", "rows", "sides"]
