"""What is traded, exactly: assets, contracts, their grids and values, and margin tiers."""

from __future__ import annotations

from .asset import Asset
from .contract import Contract
from .margin_tiers import MarginTiers

__all__ = ["Asset", "Contract", "MarginTiers"]
