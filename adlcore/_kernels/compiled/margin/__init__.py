"""The margin pass, who is liquidatable, and liquidation prices."""

from . import passes, prices, verdicts

__all__ = ["passes", "prices", "verdicts"]
