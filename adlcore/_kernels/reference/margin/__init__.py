"""The margin pass, who is liquidatable, and liquidation prices, in plain NumPy and Python integers."""

from . import contracts, passes, prices, verdicts

__all__ = ["contracts", "passes", "prices", "verdicts"]
