"""The levels of one contract's book: what rests at each, and what was taken from it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from ..._support.arrays import INT64, INT64_MAX, Int64Array1D, clip_int64, frozen, is_int64, number_column
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
    "consumed_at",
    "restored_side",
    "level_ticks",
]

#: Sides of a book.
BIDS, ASKS = 0, 1
SIDES = ("bids", "asks")


class BookSide(NamedTuple):
    """One side of a contract's book. Never changed, only replaced: a checkpoint refers to it.

    `keys` are ascending from the best level: ticks of asks, negative ticks of bids, both before any
    move. `consumed` counts in the refill's denominators of a lot, as of `time`.
    """

    keys: Int64Array1D
    lots: Int64Array1D
    consumed: Int64Array1D
    time: int | None


class OrderBook(NamedTuple):
    """The book of a contract; `shift` is how far it has moved, `refill` lots per level and millisecond."""

    sides: tuple[BookSide, BookSide]
    shift: int
    refill: Fraction


def consumed_at(side: BookSide, refill: Fraction, time: int | None) -> Int64Array1D:
    """A fresh column: what is consumed at a time, in parts of a lot."""
    if side.time is None or time is None:
        return side.consumed.copy()
    if time < side.time:
        raise AdlError.at("time", None, time, f"must not be before that of the last fill, {side.time}")
    return np.maximum(side.consumed - min(refill.numerator * (time - side.time), INT64_MAX), 0)


def consumed_lots(consumed: Int64Array1D, parts: int) -> Int64Array1D:
    """Lots that are not there: a lot that has not come back whole is none."""
    return -(-consumed // parts)


def level_range(side: BookSide, shift: int, side_index: int, worst: int) -> tuple[int, int]:
    """The levels from one tick on up to a limit, as a slice."""
    low, high = (1 - shift, worst - shift) if side_index == ASKS else (-INT64_MAX, shift - worst)
    first = int(np.searchsorted(side.keys, clip_int64(low)))
    return first, max(first, int(np.searchsorted(side.keys, clip_int64(high), "right")))


def level_ticks(keys: Int64Array1D, shift: int, side_index: int) -> Int64Array1D:
    """Prices of levels, in ticks."""
    return keys + shift if side_index == ASKS else shift - keys


def resting_levels(book: OrderBook, side_index: int, time: int | None) -> tuple[Int64Array1D, Int64Array1D]:
    """Ticks and lots of the levels that are not empty."""
    side = book.sides[side_index]
    consumed = consumed_at(side, book.refill, None if time is None else whole_number(time, "time"))
    free = side.lots - consumed_lots(consumed, book.refill.denominator)
    prices = level_ticks(side.keys, book.shift, side_index)
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
    bids, asks = (_read_side(f"{symbol}.{name}", sides.get(name, ((), ())), name, refill) for name in SIDES)
    if len(bids.keys) and len(asks.keys) and -bids.keys[0] >= asks.keys[0]:
        must = f"must be above the best bid, {-bids.keys[0]}"
        raise AdlError.at(f"{symbol}.asks.ticks", 0, int(asks.keys[0]), must)
    return OrderBook((bids, asks), 0, refill)


def _read_side(argument: str, levels: Any, name: str, refill: Fraction) -> BookSide:
    """One side that somebody gave: levels from the best one on, whose lots sum to an int64."""
    if not isinstance(levels, tuple | list) or len(levels) != 2:
        raise AdlError.at(argument, None, levels, "must be (ticks, lots)")
    ticks, lots = (
        _read_positive_column(f"{argument}.{column}", values)
        for column, values in zip(("ticks", "lots"), levels, strict=True)
    )
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
    for row, level_lots in enumerate(lots.tolist()):
        total += level_lots
        if total * refill.denominator > INT64_MAX:
            must = "makes the lots of its side leave int64"
            if refill.denominator != 1:
                must += f" in parts of 1/{refill.denominator}, those of refill"
            raise AdlError.at(f"{argument}.lots", row, level_lots, must)
    return BookSide(frozen(keys), frozen(lots), frozen(np.zeros(len(keys), INT64)), None)


def restored_side(keys: Int64Array1D, lots: Int64Array1D, consumed: Int64Array1D, time: int | None) -> BookSide:
    """A side of a pickle, whose columns are read-only again."""
    return BookSide(frozen(keys), frozen(lots), frozen(consumed), time)


def _read_positive_column(argument: str, values: Any) -> Int64Array1D:
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
