"""What is computed of the books: equity, margin and prices of every wallet, and the money that may move."""

from __future__ import annotations

from .margin_state import market
from .transfers import transfer_margin, withdraw
from .what_if import WhatIf, what_if

__all__ = ["WhatIf", "market", "transfer_margin", "what_if", "withdraw"]
