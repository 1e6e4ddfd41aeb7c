"""A book of resting lots on price levels, which orders consume and time fills up again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ..._support.arrays import INT64_MAX, Int64Array1D, frozen
from ..._support.options import require_option
from ..._support.pickles import Versioned
from ...contracts import Contract
from ...contracts.decimals import Number, positive_decimal, whole_number
from ...contracts.ratios import Ratio, exact_ratio
from ...errors import AdlError
from .levels import (
    ASKS,
    BIDS,
    SIDES,
    BookSide,
    OrderBook,
    consumed_at,
    consumed_lots,
    level_range,
    level_ticks,
    read_book,
    resting_levels,
    restored_side,
)

__all__ = ["DepthLadder"]

#: Which side a taker meets.
SIDE_MET = {"sell": BIDS, "buy": ASKS}

#: What a ladder made around a price may have on a side.
MOST_LEVELS = 10_000


class DepthLadder(Versioned):
    """Levels of resting lots for each contract, which orders consume and time fills up again.

    Parameters
    ----------
    levels : mapping of symbol to mapping
        ``{"bids": (ticks, lots), "asks": (ticks, lots)}``, best level first: int64[n] ticks (bids
        strictly descending, asks strictly ascending, 1 or above, no bid at or above an ask) and int64[n]
        lots (1 or above). A side may be absent.
    refill : str, int, float, Decimal or Fraction, default 0
        Lots per level and millisecond (whatever unit `time` has) until a level has its size again.

    Raises
    ------
    AdlError
        Names the side, the level and the value at fault.

    Notes
    -----
    Exact and deterministic: what was consumed is kept in whole parts of a lot with the time, and a
    lot is there again when all of it is. So a level's state depends on fills and times alone, not on
    how often somebody looked. An order costs time linear in the levels of its side, in a few vectorised
    passes.

    A ladder belongs to one house: orders change it. Different ladders share nothing that changes.

    Examples
    --------
    >>> btc = Contract("BTCUSDT", tick="0.1")
    >>> ladder = DepthLadder({"BTCUSDT": {"bids": ([100, 99], [5, 10]), "asks": ([101], [5])}}, refill="0.5")
    >>> ladder
    <DepthLadder of 1 contract, 2 bids and 1 ask>
    >>> ladder.ioc(btc, -8, 98, time=0)
    [(5, 100), (3, 99)]
    >>> ladder.best("BTCUSDT", "sell", time=0), ladder.best("BTCUSDT", "sell", time=2)
    (99, 100)
    >>> ladder.ioc(btc, -8, 100, time=4)
    [(2, 100)]
    """

    PICKLED = ("_books",)

    _books: dict[str, OrderBook]

    def __init__(self, levels: Mapping[str, Mapping[str, Any]], *, refill: Ratio = 0) -> None:
        rate = exact_ratio(refill, "refill")
        if rate < 0:
            raise AdlError.at("refill", None, refill, "must be 0 or above")
        if max(rate.numerator, rate.denominator) > INT64_MAX:
            raise AdlError.at("refill", None, refill, "must be a ratio of two int64")
        if not isinstance(levels, Mapping):
            raise AdlError.at("levels", None, levels, "must be a dict of symbols")
        self._books = {symbol: read_book(symbol, sides, rate) for symbol, sides in levels.items()}

    @classmethod
    def around(
        cls,
        contract: Contract,
        price: Number,
        *,
        spread_ticks: int = 1,
        step_ticks: int = 1,
        levels: int = 10,
        lots_per_level: int = 1000,
        growth: Ratio = 1,
        refill: Ratio = 0,
    ) -> DepthLadder:
        """A ladder of even steps on both sides of a price.

        Parameters
        ----------
        contract : Contract
            With a tick.
        price : decimal string or number
            The middle; on no grid: rounded half-even to ticks.
        spread_ticks : int, default 1
            From the best bid to the best ask; with an odd spread the ask is farther from the middle.
        step_ticks : int, default 1
            From each level to the next.
        levels : int, default 10
            On each side; bids below one tick and levels of less than a lot are left out.
        lots_per_level : int, default 1000
            The size of the best level.
        growth : str, int, float, Decimal or Fraction, default 1
            Level k has ``lots_per_level·growth**k`` lots, rounded down.
        refill : str, int, float, Decimal or Fraction, default 0
            As in the constructor.

        Returns
        -------
        DepthLadder
            Of one contract; ``|`` joins ladders of different contracts.

        Examples
        --------
        >>> btc, eth = Contract("BTCUSDT", tick="0.1"), Contract("ETHUSDT", tick="0.01")
        >>> ladder = DepthLadder.around(btc, "58000.04", spread_ticks=2, levels=3, lots_per_level=100, growth="1.5")
        >>> ladder.depth("BTCUSDT")["asks"]
        (array([580001, 580002, 580003]), array([100, 150, 225]))
        >>> ladder | DepthLadder.around(eth, "3100", levels=3)
        <DepthLadder of 2 contracts, 6 bids and 6 asks>
        """
        if not isinstance(contract, Contract) or contract.tick is None:
            raise AdlError.at("contract", None, contract, "must be a Contract with a tick")
        middle = round(Fraction(positive_decimal(price, "price")) / Fraction(contract.tick))
        spread, step = _read_count(spread_ticks, "spread_ticks"), _read_count(step_ticks, "step_ticks")
        number, lots_per_level = _read_count(levels, "levels"), _read_count(lots_per_level, "lots_per_level")
        if number > MOST_LEVELS:
            raise AdlError.at("levels", None, levels, f"must be at most {MOST_LEVELS}")
        ratio = exact_ratio(growth, "growth")
        if ratio <= 0:
            raise AdlError.at("growth", None, growth, "must be above 0")
        sizes = list(_level_lots(lots_per_level, ratio, number))
        bid = middle - spread // 2
        ask = bid + spread
        if ask + step * number > INT64_MAX:
            raise AdlError.at("price", None, price, "must leave the highest ask within int64 ticks")
        asks = [ask + step * level for level in range(len(sizes))]
        bids = [bid - step * level for level in range(len(sizes)) if bid - step * level >= 1]
        sides = {"bids": (bids, sizes[: len(bids)]), "asks": (asks, sizes)}
        return cls({contract.symbol: sides}, refill=refill)

    def __or__(self, other: DepthLadder) -> DepthLadder:
        """A ladder of the contracts of both, as they are now."""
        if not isinstance(other, DepthLadder):
            return NotImplemented
        for symbol in other._books:
            if symbol in self._books:
                raise AdlError.at("symbol", None, symbol, "must be in one of the two ladders only")
        joined = DepthLadder({})
        joined._books = {**self._books, **other._books}
        return joined

    def ioc(self, contract: Contract, quantity: int, limit: int, time: int) -> list[tuple[int, int]]:
        """As :meth:`Liquidity.ioc`; a contract without levels fills nothing.

        Raises
        ------
        AdlError
            For what is no contract, a limit below one tick, or a time before that of the last fill of this side.

        Examples
        --------
        >>> btc = Contract("BTCUSDT", tick="0.1")
        >>> ladder = DepthLadder({"BTCUSDT": {"asks": ([101, 103], [5, 5])}})
        >>> ladder.ioc(btc, 7, 102, time=0)
        [(5, 101)]
        """
        if not isinstance(contract, Contract):
            raise AdlError.at("contract", None, contract, "must be a Contract")
        wanted, worst = whole_number(quantity, "quantity", wide=True), whole_number(limit, "limit")
        now = whole_number(time, "time")
        if worst < 1:
            raise AdlError.at("limit", None, limit, "must be at least one tick")
        book = self._books.get(contract.symbol)
        if book is None or not wanted:
            return []
        most = min(abs(wanted), INT64_MAX)
        side_index = ASKS if wanted > 0 else BIDS
        side = book.sides[side_index]
        consumed = consumed_at(side, book.refill, now)
        first, last = level_range(side, book.shift, side_index, worst)
        parts = book.refill.denominator
        free = side.lots[first:last] - consumed_lots(consumed[first:last], parts)
        total = np.cumsum(free)
        # The level at which the order is full, if there is one.
        stop = int(np.searchsorted(total, most))
        filled = free[: stop + 1]
        if stop < len(free):
            filled[stop] -= int(total[stop]) - most
        rows = np.flatnonzero(filled)
        if not len(rows):
            return []
        consumed[first : first + len(filled)] += filled * parts
        self._replace_side(contract.symbol, side_index, side._replace(consumed=frozen(consumed), time=now))
        prices = level_ticks(side.keys[first + rows], book.shift, side_index)
        return list(zip(filled[rows].tolist(), prices.tolist(), strict=True))

    def best(self, symbol: str, side: str, time: int | None = None) -> int | None:
        """The best price that a taker meets.

        Parameters
        ----------
        symbol : str
        side : {"buy", "sell"}
            What the taker does: one who sells meets bids.
        time : int, optional
            Not before that of the last fill of this side; then, without it.

        Returns
        -------
        int or None
            In ticks; None where nothing rests.
        """
        require_option("side", side, SIDE_MET)
        if not isinstance(symbol, str):
            raise AdlError.at("symbol", None, symbol, "must be a symbol such as 'BTCUSDT'")
        book = self._books.get(symbol)
        if book is None:
            return None
        prices = resting_levels(book, SIDE_MET[side], time)[0]
        return int(prices[0]) if len(prices) else None

    def depth(self, symbol: str, time: int | None = None) -> dict[str, tuple[Int64Array1D, Int64Array1D]]:
        """What rests in the book of a contract, as columns.

        Parameters
        ----------
        symbol : str
        time : int, optional
            Not before the last fill; then, without it.

        Returns
        -------
        dict
            ``{"bids": (ticks, lots), "asks": (ticks, lots)}``, int64, best level first, without empty
            levels: what the constructor takes.

        Examples
        --------
        >>> ladder = DepthLadder({"X": {"bids": ([8, 7], [5, 6])}})
        >>> ladder.move("X", 10)
        >>> ladder.depth("X")["bids"]
        (array([10,  9]), array([5, 6]))
        """
        book = self._order_book(symbol)
        return {name: resting_levels(book, side_index, time) for side_index, name in enumerate(SIDES)}

    def move(self, symbol: str, ticks: int) -> None:
        """Shift all levels of a contract so that the middle of its book lies at a price.

        Parameters
        ----------
        symbol : str
        ticks : int
            Where the middle of the best levels (whether they are consumed or not) comes to lie, rounded
            down; of a book with one side, where its best level does. What was consumed stays so. Levels
            below one tick are out of reach until they are moved back.

        Raises
        ------
        AdlError
            For an unknown symbol, a price below one tick, or levels beyond int64.
        """
        book = self._order_book(symbol)
        middle = _read_count(ticks, "ticks")
        bids, asks = (side.keys for side in book.sides)
        best = [*(-bids[:1]).tolist(), *asks[:1].tolist()]
        shift = middle - sum(best) // len(best) if best else 0
        ends = [*(-bids[-1:]).tolist(), *asks[-1:].tolist(), *best]
        if any(abs(end + shift) > INT64_MAX for end in ends):
            raise AdlError.at("ticks", None, ticks, "must leave all levels within int64 ticks")
        self._books[symbol] = book._replace(shift=shift)

    def checkpoint(self) -> dict[str, Any]:
        """The state now, for :meth:`restore`; it costs one reference a contract.

        Examples
        --------
        >>> btc = Contract("BTCUSDT", tick="0.1")
        >>> ladder = DepthLadder.around(btc, "100", levels=3)
        >>> token = ladder.checkpoint()
        >>> fills = ladder.ioc(btc, 2500, 2000, time=5)
        >>> ladder.restore(token)
        >>> ladder.ioc(btc, 2500, 2000, time=0) == fills
        True
        """
        return dict(self._books)

    def restore(self, token: dict[str, Any]) -> None:
        """Put the ladder back to a :meth:`checkpoint`, its times too; a token may be used again.

        Raises
        ------
        AdlError
            If `token` is no checkpoint of a ladder of these contracts.
        """
        sound = isinstance(token, dict) and all(isinstance(book, OrderBook) for book in token.values())
        if not sound or token.keys() != self._books.keys():
            kind = type(token).__name__
            raise AdlError(f"token is a {kind}: must be a checkpoint of this ladder", argument="token", value=token)
        self._books = dict(token)

    def _order_book(self, symbol: str) -> OrderBook:
        """The book of a contract, which must have one."""
        require_option(
            "symbol", symbol, self._books, None if self._books else "must be one of none: the ladder is empty"
        )
        return self._books[symbol]

    def _replace_side(self, symbol: str, side_index: int, side: BookSide) -> None:
        """Put a side in the place of the one that was; checkpoints keep that."""
        book = self._books[symbol]
        sides = (side, book.sides[ASKS]) if side_index == BIDS else (book.sides[BIDS], side)
        self._books[symbol] = book._replace(sides=sides)

    def _pickled(self) -> dict[str, Any]:
        """The attributes, with books as plain tuples and arrays: pickles name no class of levels."""
        books = {
            symbol: (tuple(tuple(side) for side in book.sides), book.shift, book.refill)
            for symbol, book in self._books.items()
        }
        return {**vars(self), "_books": books}

    def _restore(self, values: dict[str, Any]) -> None:
        super()._restore(values)
        self._books = {
            symbol: OrderBook((restored_side(*sides[BIDS]), restored_side(*sides[ASKS])), shift, refill)
            for symbol, (sides, shift, refill) in values["_books"].items()
        }

    def __repr__(self) -> str:
        counts = [sum(len(book.sides[side_index].keys) for book in self._books.values()) for side_index in (BIDS, ASKS)]
        names = ("contract", "bid", "ask")
        contracts, bids, asks = (
            f"{count:,} {name}{'s' * (count != 1)}"
            for count, name in zip((len(self._books), *counts), names, strict=True)
        )
        return f"<DepthLadder of {contracts}, {bids} and {asks}>"


def _level_lots(lots_per_level: int, growth: Fraction, levels: int) -> Iterator[int]:
    """``lots_per_level·growth**k``, rounded down, as long as it is a lot."""
    # Not reduced: the numbers grow long, and their common divisors cost more than they save.
    numerator, denominator = lots_per_level, 1
    for _ in range(levels):
        lots = numerator // denominator
        if not lots:
            return
        if lots > INT64_MAX:
            raise AdlError.at("growth", None, str(growth), "must leave every level within int64 lots")
        yield lots
        numerator, denominator = numerator * growth.numerator, denominator * growth.denominator


def _read_count(value: Any, argument: str) -> int:
    """A whole number of 1 or more."""
    number = whole_number(value, argument)
    if number < 1:
        raise AdlError.at(argument, None, value, "must be at least 1")
    return number
