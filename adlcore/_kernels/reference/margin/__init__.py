"""The margin pass, who is liquidatable, and liquidation prices, in plain NumPy and Python integers."""

from . import contracts, passes, positions, prices, verdicts

__all__ = ["contracts", "passes", "positions", "prices", "verdicts"]
