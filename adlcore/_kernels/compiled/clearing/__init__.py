"""What closes rows in a pass: counterparties, insurance funds, payments."""

from . import deleverage, funds, payments, rows

__all__ = ["deleverage", "funds", "payments", "rows"]
