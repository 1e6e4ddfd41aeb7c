"""Insurance funds that rows are offered to, their terms, and what they took: the twin of ``fund_books.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import check_range

Array = npt.NDArray[Any]

__all__ = ["FundBooks", "FundTerms", "LotValues", "Offers", "Refusals", "Takings"]


class FundBooks:
    """A netted row for each fund and contract, and money; `lots0` and `cost0` are of when a row was last enlarged."""

    def __init__(
        self, lots: Array, cost: Array, lots0: Array, cost0: Array, cash: Array, equity: Array, notional: Array
    ) -> None:
        for fund in range(len(lots)):
            for held, held0 in zip(lots[fund].tolist(), lots0[fund].tolist(), strict=True):
                if held and (abs(held0) < abs(held) or (held0 > 0) != (held > 0)):
                    raise ValueError("lots0", fund, held0, f"must have the side of {held}, and no fewer lots")
        self.lots, self.cost, self.lots0, self.cost0 = lots, cost, lots0, cost0
        self.cash, self.equity, self.notional = cash, equity, notional


class FundTerms:
    """What funds accept: equity afterwards; notional over it where a row grows (denominator 0: no cap); contracts."""

    def __init__(
        self, least_equity: Array, cap_numerator: Array, cap_denominator: Array, refuses: Array, parent: Array
    ) -> None:
        check_range("cap_numerator", cap_numerator, 2**63)
        check_range("cap_denominator", cap_denominator, 2**63)
        check_range("parent", parent, len(least_equity), -1)
        self.least_equity, self.cap_numerator, self.cap_denominator = least_equity, cap_numerator, cap_denominator
        self.refuses, self.parent = refuses, parent


class LotValues:
    """A lot is worth `value_per_lot` quanta at the mark, and P·n/d at P ticks, inverse -n/(d·P)."""

    def __init__(self, value_per_lot: Array, numerator: Array, denominator: Array, inverse: Array) -> None:
        check_range("numerator", numerator, 2**63, 1)
        check_range("denominator", denominator, 2**63, 1)
        self.value_per_lot, self.inverse = value_per_lot, inverse
        self.numerator, self.denominator = numerator, denominator


class Offers:
    """Rows in the order in which they are offered: `quantity` signed lots at `price` ticks, worth `value`."""

    def __init__(self, fund: Array, contract: Array, quantity: Array, price: Array, value: Array) -> None:
        for i in range(len(quantity)):
            if not quantity[i]:
                raise ValueError("quantity", i, 0, "must not be 0")
        check_range("price", price, 2**63, 1)
        self.fund, self.contract, self.quantity, self.price, self.value = fund, contract, quantity, price, value


class Takings:
    """Who took each offer (-1: nobody), what that realized, and the lots of the fund that it closed."""

    def __init__(self, fund: Array, realized: Array, closing_lots: Array, closing_value: Array) -> None:
        self.fund, self.realized, self.closing_lots, self.closing_value = fund, realized, closing_lots, closing_value


class Refusals:
    """Which funds have refused which contracts, and a line for the first time: row, fund, why, value, bound."""

    def __init__(self, has_refused: Array, lines: Array) -> None:
        self.has_refused, self.lines = has_refused, lines
