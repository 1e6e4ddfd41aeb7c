"""Rulebooks of venues as data: which stages a liquidation goes through, and what starts auto-deleveraging.

Each module says which facts a venue publishes, where, and what it does not publish.

>>> from adlcore.venues import BINANCE_USDM
>>> BINANCE_USDM.name, BINANCE_USDM.trigger
('binance-usdm', NetNotionalCap('1'))
"""

from __future__ import annotations

from .binance import BINANCE_COINM, BINANCE_USDM

__all__ = ["BINANCE_COINM", "BINANCE_USDM"]
