"""What closes rows in a pass: counterparties, insurance funds, payments."""

from . import deleverage, fund_books, funds, payments, rows, sides

__all__ = ["deleverage", "fund_books", "funds", "payments", "rows", "sides"]
