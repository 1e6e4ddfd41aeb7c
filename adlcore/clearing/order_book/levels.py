"""The levels of one contract's book: what rests at each, and what was taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..._support.arrays import INT64, INT64_MAX, Int64Array1D, frozen, is_int64, number_column
from ..._support.options import require_option
from ...contracts.decimals import whole_number
from ...errors import AdlError

__all__ = [
    "ASKS",
    "BIDS",
    "SIDES",
    "OrderBook",
    "BookSide",
    "consumed_lots",
    "level_range",
    "read_book",
    "resting_levels",
    "taken_at",
    "restored_side",
    "level_ticks",
]

#: Sides of a book.
BIDS, ASKS = 0, 1
SIDES = ("bids", "asks")


class BookSide(NamedTuple):
    """One side of a contract's book. Never changed, only replaced: a checkpoint refers to it.

    `keys` are ascending from the best level: ticks of asks, negative ticks of bids, both before any
    move. `taken` counts in the refill's denominators of a lot, as of `time`.
    """

    keys: Int64Array1D
    lots: Int64Array1D
    taken: Int64Array1D
    time: int | None


class OrderBook(NamedTuple):
    """The book of a contract; `shift` is how far it has moved, `refill` lots per level and millisecond."""

    sides: tuple[BookSide, BookSide]
    shift: int
    refill: Fraction


def taken_at(side: BookSide, refill: Fraction, time: int | None) -> Int64Array1D:
    """A fresh column: what is consumed at a time, in parts of a lot."""
    if side.time is None or time is None:
        return side.taken.copy()
    if time < side.time:
        raise AdlError.at("time", None, time, f"must not be before that of the last fill, {side.time}")
    return np.maximum(side.taken - min(refill.numerator * (time - side.time), INT64_MAX), 0)


def consumed_lots(taken: Int64Array1D, parts: int) -> Int64Array1D:
    """Lots that are not whole again."""
    return -(-taken // parts)


def level_range(side: BookSide, shift: int, which: int, worst: int) -> tuple[int, int]:
    """The levels from one tick on up to a limit, as a slice."""
    low, high = (1 - shift, worst - shift) if which == ASKS else (-INT64_MAX, shift - worst)
    first = int(np.searchsorted(side.keys, _held(low)))
    return first, max(first, int(np.searchsorted(side.keys, _held(high), "right")))


def _held(key: int) -> int:
    """The same comparison with keys of int64."""
    return min(max(key, -INT64_MAX - 1), INT64_MAX)


def level_ticks(keys: Int64Array1D, shift: int, which: int) -> Int64Array1D:
    """Prices of levels, in ticks."""
    return keys + shift if which == ASKS else shift - keys


def resting_levels(book: OrderBook, which: int, time: int | None) -> tuple[Int64Array1D, Int64Array1D]:
    """Ticks and lots of the levels that are not empty."""
    side = book.sides[which]
    taken = taken_at(side, book.refill, None if time is None else whole_number(time, "time"))
    free = side.lots - consumed_lots(taken, book.refill.denominator)
    prices = level_ticks(side.keys, book.shift, which)
    rows = np.flatnonzero((free > 0) & (prices >= 1))
    return prices[rows], free[rows]


def read_book(symbol: Any, sides: Any, refill: Fraction) -> OrderBook:
    """The book that somebody gave, checked."""
    if not isinstance(symbol, str) or not symbol:
        raise AdlError.at("levels", None, symbol, "must have symbols such as 'BTCUSDT' as keys")
    if not isinstance(sides, Mapping):
        raise AdlError.at(symbol, None, sides, "must be a dict with bids, asks")
    for name in sides:
        require_option(symbol, name, SIDES, "must have the keys bids, asks only")
    bids, asks = (_side(f"{symbol}.{name}", sides.get(name, ((), ())), name, refill) for name in SIDES)
    if len(bids.keys) and len(asks.keys) and -bids.keys[0] >= asks.keys[0]:
        must = f"must be above the best bid, {-bids.keys[0]}"
        raise AdlError.at(f"{symbol}.asks.ticks", 0, int(asks.keys[0]), must)
    return OrderBook((bids, asks), 0, refill)


def _side(argument: str, given: Any, name: str, refill: Fraction) -> BookSide:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise AdlError.at(argument, None, given, "must be (ticks, lots)")
    ticks, lots = _positive(f"{argument}.ticks", given[0]), _positive(f"{argument}.lots", given[1])
    if len(ticks) != len(lots):
        must = f"must have {len(ticks)}, as many as ticks"
        raise AdlError(f"{argument}.lots has {len(lots)} rows: {must}", argument=f"{argument}.lots", value=len(lots))
    keys = ticks if name == "asks" else -ticks
    unordered = np.flatnonzero(np.diff(keys) <= 0)
    if len(unordered):
        row = int(unordered[0]) + 1
        order = "above" if name == "asks" else "below"
        raise AdlError.at(f"{argument}.ticks", row, ticks[row], f"must be {order} the level before, {ticks[row - 1]}")
    total = 0
    for row, size in enumerate(lots.tolist()):
        total += size
        if total * refill.denominator > INT64_MAX:
            must = "makes the lots of its side leave int64"
            if refill.denominator != 1:
                must += f" in parts of 1/{refill.denominator}, those of refill"
            raise AdlError.at(f"{argument}.lots", row, size, must)
    return BookSide(frozen(keys), frozen(lots), frozen(np.zeros(len(keys), INT64)), None)


def restored_side(keys: Int64Array1D, lots: Int64Array1D, taken: Int64Array1D, time: int | None) -> BookSide:
    return BookSide(frozen(keys), frozen(lots), frozen(taken), time)


def _positive(argument: str, values: Any) -> Int64Array1D:
    """An own column of whole numbers above 0."""
    column = number_column(argument, values)
    if not is_int64(column):
        if len(column):
            raise AdlError(
                f"{argument} has dtype {column.dtype}: must be integers", argument=argument, value=column.dtype
            )
        return np.zeros(0, INT64)
    bad = np.flatnonzero(column < 1)
    if len(bad):
        raise AdlError.at(argument, int(bad[0]), column[bad[0]], "must be 1 or above")
    return column.copy()
