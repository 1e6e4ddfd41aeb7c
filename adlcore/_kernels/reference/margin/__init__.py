"""The margin pass, who is liquidatable, and liquidation prices, in plain NumPy and Python integers."""

from . import passes, prices, verdicts

__all__ = ["passes", "prices", "verdicts"]
