"""One side of a contract that is deleveraged, what is wanted and who may give: the twin of ``sides.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import check_range

Array = npt.NDArray[Any]

__all__ = ["Collateral", "Counterparties", "Cursor", "Fills", "RemainderLots", "Side"]


class Side:
    """A contract, the side of the remainders, and what a lot loses against the mark, as `loss` = (A, B, C).

    A lot at P ticks is worth ``P·numerator/denominator`` quanta and loses ``side·(A·P - B)/C``; of an inverse
    contract ``-numerator/(denominator·P)`` and ``side·(A·P - B)/(C·P)``.
    """

    def __init__(
        self, contract: int, side: int, numerator: int, denominator: int, inverse: bool, loss: tuple[int, int, int]
    ) -> None:
        if side not in (1, -1):
            raise ValueError("side", None, side, "must be 1 or -1")
        for name, number in (("numerator", numerator), ("denominator", denominator)):
            if not 0 < number < 2**63:
                raise ValueError(name, None, number, "must be from 1 to 9223372036854775807")
        if len(loss) != 3 or not all(isinstance(number, int) for number in loss):
            raise ValueError("loss", None, loss, "must be three whole numbers")
        if loss[2] < 1:
            raise ValueError("loss", None, loss, "must have a denominator above 0")
        self.contract, self.side, self.inverse = contract, side, inverse
        self.numerator, self.denominator, self.loss = numerator, denominator, loss


class RemainderLots:
    """What each wants still, at `price` ticks, and what is filled; rows of its `account` are passed over (-1: none)."""

    def __init__(self, open_lots: Array, price: Array, filled_lots: Array, account: Array) -> None:
        self.open_lots, self.price, self.filled_lots, self.account = open_lots, price, filled_lots, account
        self.highest_price = max(price.tolist(), default=1)
        check_range("open_lots", open_lots, 2**63)
        check_range("price", price, 2**63, 1)
        check_range("filled_lots", filled_lots, 2**63)
        for r, (lots, before) in enumerate(zip(open_lots.tolist(), filled_lots.tolist(), strict=True)):
            if lots + before >= 2**63:
                raise ValueError("filled_lots", r, before, f"must stay in int64 with {lots} more")


class Collateral:
    """What the equity of wallets of several assets is made of, in the rows of the counterparties.

    It is the sum of the row's slot where `kind` is 0. Else it is ``(rest + term)·back``: the term is the slot's cash
    less `loan`, with its unrealized PnL where kind is 2, at the plain rate below 0 and at the cut rate above, plus for
    kind 1 that PnL at the plain rate. `rates` are numerator and denominator of plain, cut and back.
    """

    def __init__(self, kind: Array, rest: Array, loan: Array, rates: Array) -> None:
        check_range("kind", kind, 3)
        self.rates: list[int] = rates.tolist()
        for i, rate in enumerate(self.rates):
            if rate < i % 2:
                raise ValueError("rates", i, rate, f"must be at least {i % 2}")
        self.kind, self.rest, self.loan = kind, rest, loan


class Counterparties:
    """Position rows in the order of a ranking, whose they are, and which gave all they might."""

    def __init__(self, row: Array, account: Array, used: Array, collateral: Collateral | None = None) -> None:
        self.row, self.account, self.used, self.collateral = row, account, used, collateral


class Fills:
    """What counterparties gave: which remainder, whose row, lots, what they are worth as a long's, what is realized."""

    def __init__(self, remainder: Array, row: Array, lots: Array, value: Array, realized: Array) -> None:
        self.remainder, self.row, self.lots, self.value, self.realized = remainder, row, lots, value, realized


class Cursor:
    """The remainder in turn, the place to look at next for it, the first place that is not used up."""

    def __init__(self, remainder: int = 0, place: int = 0, first_unused: int = 0) -> None:
        self.remainder, self.place, self.first_unused = remainder, place, first_unused

    def skip_remainder(self) -> None:
        """Go on with the next remainder, from the head of the ranking."""
        self.remainder += 1
        self.place = 0
