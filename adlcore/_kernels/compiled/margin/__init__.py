"""The margin pass, who is liquidatable, and liquidation prices."""

from . import contracts, passes, prices, verdicts

__all__ = ["contracts", "passes", "prices", "verdicts"]
