"""What is computed of the books: equity, margin and prices of every wallet, and the money that may move."""

from __future__ import annotations

from .margin_state import market
from .transfers import transfer_margin, withdraw

__all__ = ["market", "transfer_margin", "withdraw"]
