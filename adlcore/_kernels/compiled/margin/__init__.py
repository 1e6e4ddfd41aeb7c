"""The margin pass, who is liquidatable, and liquidation prices."""

from . import contracts, passes, positions, prices, verdicts

__all__ = ["contracts", "passes", "positions", "prices", "verdicts"]
