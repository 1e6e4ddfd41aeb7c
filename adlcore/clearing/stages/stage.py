"""What a stage is, and what it asks of an order book."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Int64Array1D
from ...contracts.ratios import exact_ratio
from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks

__all__ = ["OrderFill", "Order", "OrderBatches", "Stage", "is_below_margin_share"]

#: Lots > 0 and the price in ticks.
OrderFill = tuple[int, int]


@dataclass(frozen=True)
class Order:
    """An immediate-or-cancel limit order that closes a row in liquidation. Immutable.

    Attributes
    ----------
    number : int
        No two liquidation orders of a house and of those that go on from its states have the same.
    wallet, row : int
        Rows of the wallet and of the position.
    account : label
    contract : str
        The symbol.
    lots : int
        Signed: below 0 it sells.
    limit : int
        Ticks: the lowest price at which it sells, the highest at which it buys.

    Examples
    --------
    >>> order = Order(number=0, wallet=3, row=5, account="ann", contract="X", lots=-10, limit=90)
    >>> order.account, "sells" if order.lots < 0 else "buys", order.limit
    ('ann', 'sells', 90)
    """

    number: int
    wallet: int
    row: int
    account: Any
    contract: str
    lots: int
    limit: int


#: A stage that needs an order book yields orders and is sent the fills of each.
OrderBatches = Generator[list[Order], list[list[OrderFill]], None]


class Stage(ABC):
    """A step of a venue's waterfall. Immutable.

    Notes
    -----
    A stage takes the wallets of a round in the round's order (:class:`Deleverage` in one of its own) and leaves alone
    those that are healthy again; what it leaves open the next one finds (``docs/waterfall.md``, "The order of a pass").
    Each has a file of its own beside this one, and :class:`~adlcore.clearing.Venue` puts them in order.

    Examples
    --------
    >>> from adlcore.clearing import TakeOver, Venue
    >>> class Count(Stage):
    ...     def run(self, pass_books, liquidation_round):
    ...         print(len(liquidation_round.wallets), "wallets in liquidation")
    >>> Venue("mine", [Count(), TakeOver()]).stages
    (Count(), TakeOver(), Uncovered())
    """

    @property
    def vaults(self) -> tuple[str, ...]:
        """The vaults that a house with this stage has."""
        return ()

    @abstractmethod
    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Take the wallets of a round; where it needs an order book, what it asks of it."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *sorted(vars(self).items())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def is_below_margin_share(pass_books: PassBooks, wallets: Int64Array1D, share: Any) -> npt.NDArray[np.bool_]:
    """Tell which wallets have E < share·MM now, exactly."""
    ratio = exact_ratio(share, "below")
    both = zip(pass_books.equity[wallets].tolist(), pass_books.margin[wallets].tolist(), strict=True)
    return np.array([e * ratio.denominator < ratio.numerator * m for e, m in both], bool)
