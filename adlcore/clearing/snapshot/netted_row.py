"""A netted row: what comes in closes what is held first, releases its cost in proportion, and opens with the rest."""

from __future__ import annotations

__all__ = ["NettedRow"]


class NettedRow:
    """Lots of one contract and their cost, while fills come in one after the other.

    A row that had Q0 lots at a cost of EV0 when it was last opened or enlarged has released ``trunc(EV0·D/Q0)`` once
    D of them are closed: so what is released does not depend on how D was cut (``docs/numbers.md``, "Every rounding").

    Parameters
    ----------
    lots, entry_value : int
        As they are now, signed; lots, and quanta.
    lots0, entry_value0 : int, optional
        When the row was last opened or enlarged; by default that is now. `lots0` has the side of `lots`, and no fewer.

    Attributes
    ----------
    lots, entry_value, lots0, entry_value0 : int

    Examples
    --------
    >>> row = NettedRow(lots=3, entry_value=100)
    >>> row.take(-5, -200, closing_value=-120), row.lots, row.entry_value
    (20, -2, -80)
    """

    __slots__ = ("entry_value", "entry_value0", "lots", "lots0")

    def __init__(
        self, lots: int = 0, entry_value: int = 0, lots0: int | None = None, entry_value0: int | None = None
    ) -> None:
        self.lots, self.entry_value = lots, entry_value
        self.lots0 = lots if lots0 is None else lots0
        self.entry_value0 = entry_value if entry_value0 is None else entry_value0

    def take(self, lots: int, value: int, closing_value: int) -> int:
        """Take signed lots worth `value`, of which those that close are worth `closing_value`; what that realizes.

        Both values have the sign of `lots`. `closing_value` is not looked at where the lots close nothing.
        """
        if self.lots * lots >= 0:
            self.enlarge(lots, value)
            return 0
        closing = min(abs(lots), abs(self.lots))
        realized = -closing_value - self.release(closing)
        if rest := abs(lots) - closing:
            self.enlarge(rest if lots > 0 else -rest, value - closing_value)
        return realized

    def enlarge(self, lots: int, value: int) -> None:
        """Add signed lots and their cost, on the side of those that are there."""
        self.lots = self.lots0 = self.lots + lots
        self.entry_value = self.entry_value0 = self.entry_value + value

    def release(self, lots: int) -> int:
        """Close so many of the lots, at least 1 and at most all; the part of the cost that goes with them."""
        left, whole = abs(self.lots) - lots, abs(self.lots0)
        closed_cost = abs(self.entry_value0) * (whole - left) // whole  # toward zero, of the magnitude
        kept = self.entry_value0 - (closed_cost if self.entry_value0 > 0 else -closed_cost)
        released = self.entry_value - kept
        self.lots, self.entry_value = (left if self.lots > 0 else -left), kept
        return released
