"""One contract's positions at one mark price: scores, why one stands where it does, at which price each fails."""

from __future__ import annotations

from .explanation import Explanation
from .liquidation_prices import bankruptcy_price, liquidation_price
from .market import Market

__all__ = ["Explanation", "Market", "bankruptcy_price", "liquidation_price"]
