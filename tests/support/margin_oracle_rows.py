"""Rows of the slow oracles, in integers and fractions: positions at a mark, orders, bankruptcy prices.

Formulas: ``docs/waterfall.md``, "Numbers of a pass", "Values of fills" and "Bankruptcy prices".
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import adlcore as adl


def quanta_per_lot(contract: adl.Contract, price) -> Fraction:
    """v(price) in quanta, exact."""
    units = Fraction(contract.multiplier) * Fraction(contract.lot) * 10**contract.settle.decimals
    return -units / Fraction(price) if contract.kind == "inverse" else units * Fraction(price)


class OpenOrder(NamedTuple):
    """An order that rests in a book, and the quanta that it locks."""

    code: int
    wallet: int
    lots: int
    ticks: int
    locked: int


class BankruptcyLine(NamedTuple):
    """A row's part of the equity it shares, what it is worth at the mark less that, and its price."""

    row: int
    share: int
    value: int
    ticks: int
    value_at_price: int
    is_bounded: bool


@dataclass
class Row:
    """Lots of a wallet (`wallet`: its row) or of a party (None), what the mark makes of them, and released cost."""

    code: int
    contract: adl.Contract
    wallet: int | None
    quantity: int
    cost: int
    leverage: float = 0.0
    value: int = 0
    pnl: int = 0
    margin: int = 0
    cost_then: int = 0
    lots_then: int = 0
    closed_lots: int = 0
    released_cost: int = 0

    @property
    def initial(self) -> int:
        if not self.leverage:
            return self.margin
        return math.ceil(abs(self.value) / Fraction(Decimal(repr(self.leverage))))

    def price_at(self, mark: Fraction | None) -> None:
        """MV, U and MM at a mark."""
        self.value = self.margin = 0
        if mark is not None:
            self.value = round(float(self.quantity) * float(quanta_per_lot(self.contract, mark)))
            if self.contract.tiers is not None:
                scale = 10**self.contract.settle.decimals
                terms = zip(self.contract.tiers.rate, self.contract.tiers.amount, strict=True)
                lines = (float(abs(self.value)) * float(rate) - float(Fraction(a) * scale) for rate, a in terms)
                self.margin = max(0, round(max(lines)))
        self.pnl = self.value - self.cost

    def renew(self) -> None:
        """What is released from here on is in proportion to the cost and the lots of now."""
        self.cost_then, self.lots_then, self.closed_lots, self.released_cost = self.cost, abs(self.quantity), 0, 0

    def release(self, lots: int) -> int:
        """Close lots; the cost that goes with them is truncated in the sum, not one by one."""
        self.closed_lots += lots
        due = abs(self.cost_then) * self.closed_lots // self.lots_then * (1 if self.cost_then >= 0 else -1)
        part, self.released_cost = due - self.released_cost, due
        self.quantity -= lots if self.quantity > 0 else -lots
        self.cost -= part
        return part


def favour(row: Row):
    """A long's price is rounded up, a short's down."""
    return math.ceil if row.quantity > 0 else math.floor


def ticks_of(row: Row, value: int) -> Fraction | float:
    """The price, in ticks, at which a row has a value; infinite where no price is high enough."""
    one = quanta_per_lot(row.contract, row.contract.tick)
    if row.contract.kind != "inverse":
        return Fraction(value) / (row.quantity * one)
    return row.quantity * one / value if value * row.quantity < 0 else math.inf


def value_at(row: Row, ticks: int) -> int:
    """``round(q·v(P))``, half-even."""
    return round(row.quantity * quanta_per_lot(row.contract, ticks * Fraction(row.contract.tick)))
