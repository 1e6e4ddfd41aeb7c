"""A book that follows the mark price through a crash, thins out and fills up again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from operator import mul
from typing import Any

from ..clearing import DepthLadder
from ..clearing.snapshot.exact import read_entry
from ..contracts import Contract
from ..contracts.decimals import positive_decimal
from .portable import total

__all__ = ["MovingDepth", "Shape"]


@dataclass(frozen=True)
class Shape:
    """How a contract's book looks.

    Attributes
    ----------
    contract : Contract
    lots : int
        On each side in all, when the whole depth is there.
    levels : int
        On each side.
    step : float
        From one level to the next, as a share of the price; half of it from the mark to the best.
    growth : float
        Each level has so many times the lots of the one before.
    refill : float
        Share of a level's lots that comes back in a unit of the house's time.

    Examples
    --------
    >>> shape = Shape(Contract("BTCUSDT", tick="0.1"), 1000, 2, 0.001, 1.0, 0.0)
    >>> shape.around("60000", 0.5).best("BTCUSDT", "buy")
    600300
    """

    contract: Contract
    lots: int
    levels: int
    step: float
    growth: float
    refill: float

    def ticks(self, amount: float) -> int:
        """A price, or a part of one, in whole ticks: at least one, of 1 where the contract has none."""
        return max(1, round(amount / float(self.contract.tick or 1)))

    def around(self, price: str, share: float) -> DepthLadder:
        """The book about a price, when a share of its depth is there."""
        step_ticks = self.ticks(float(price) * self.step)
        sizes = accumulate([self.growth] * (self.levels - 1), mul, initial=1.0)
        lots_per_level = round(self.lots * share / total(sizes))
        if lots_per_level < 1:
            return DepthLadder({self.contract.symbol: {}})
        return DepthLadder.around(
            self.contract,
            price,
            spread_ticks=step_ticks,
            step_ticks=step_ticks,
            levels=self.levels,
            lots_per_level=lots_per_level,
            growth=Fraction(str(self.growth)),
            refill=Fraction(str(self.refill)) * lots_per_level,
        )


class MovingDepth:
    """The books of several contracts: a :class:`~adlcore.clearing.DepthLadder` each, moved with the marks.

    Parameters
    ----------
    shapes : iterable of Shape
    prices : mapping of symbol to decimal text
        Where the books stand first.

    Notes
    -----
    What was taken stays taken when a book moves, and comes back with time. When the share that is there
    changes, the book is made anew with that share.

    Examples
    --------
    >>> btc = Contract("BTCUSDT", tick="0.1")
    >>> book = MovingDepth([Shape(btc, 1000, 2, 0.001, 1.0, 0.0)], {"BTCUSDT": "60000"})
    >>> book.ioc(btc, -600, 1, time=0)
    [(500, 599700), (100, 599100)]
    >>> book.move({"BTCUSDT": "50000"}, share=1.0)
    >>> book.best("BTCUSDT", "sell")
    499100
    >>> book.move({"BTCUSDT": "50000"}, share=0.5)
    >>> book.ioc(btc, -600, 1, time=0)
    [(250, 499750), (250, 499250)]
    """

    def __init__(self, shapes: Iterable[Shape], prices: Mapping[str, str]) -> None:
        self._shapes = {shape.contract.symbol: shape for shape in shapes}
        self._share = 1.0
        self._books = {symbol: shape.around(prices[symbol], 1.0) for symbol, shape in self._shapes.items()}

    def __copy__(self) -> MovingDepth:
        """Books of their own, where these stand."""
        return deepcopy(self)

    def move(self, prices: Mapping[str, str], share: float) -> None:
        """Put the books about new prices; contracts without one stay where they are.

        Parameters
        ----------
        prices : mapping of symbol to decimal text
        share : float
            How much of the depth is there, from 0 to 1.
        """
        for symbol in prices:
            shape = self._shapes.get(symbol)
            if shape is None:
                continue
            price = str(read_entry("prices", symbol, prices[symbol], positive_decimal))
            # Beside the share of the move before, until every book has this one.
            if share != self._share:
                self._books[symbol] = shape.around(price, share)
            else:
                self._books[symbol].move(symbol, shape.ticks(float(price)))
        self._share = share

    def ioc(self, contract: Contract, quantity: int, limit: int, time: int) -> list[tuple[int, int]]:
        """As :meth:`~adlcore.clearing.Liquidity.ioc`."""
        book = self._books.get(contract.symbol)
        return [] if book is None else book.ioc(contract, quantity, limit, time)

    def best(self, symbol: str, side: str, time: int | None = None) -> int | None:
        """As :meth:`~adlcore.clearing.DepthLadder.best`."""
        book = self._books.get(symbol)
        return None if book is None else book.best(symbol, side, time)

    def checkpoint(self) -> Any:
        """The state now, for :meth:`restore`."""
        return self._share, {symbol: (book, book.checkpoint()) for symbol, book in self._books.items()}

    def restore(self, token: Any) -> None:
        """Put the books back to a :meth:`checkpoint`."""
        self._share, books = token
        for book, inner in books.values():
            book.restore(inner)
        self._books = {symbol: book for symbol, (book, _) in books.items()}
