"""Checks and derivations over whole columns: the twin of ``columns.pyx``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .money import same_length

Array = npt.NDArray[Any]

__all__ = [
    "entry_quanta",
    "entry_values",
    "first_nan",
    "first_not_finite",
    "first_not_size",
    "lots_extent",
    "magnitude",
]


def first_nan(column: Array) -> int:
    """Row of the first NaN, or -1."""
    bad = np.flatnonzero(np.isnan(column))
    return int(bad[0]) if bad.size else -1


def first_not_finite(column: Array) -> int:
    """Row of the first NaN or infinity, or -1."""
    bad = np.flatnonzero(~np.isfinite(column))
    return int(bad[0]) if bad.size else -1


def first_not_size(column: Array) -> int:
    """Row of the first value that is negative, NaN or infinite, or -1."""
    column = np.asarray(column)
    bad = np.flatnonzero(~((column >= 0) & (column < np.inf)))
    return int(bad[0]) if bad.size else -1


def lots_extent(column: Array) -> tuple[int, int, int]:
    """Sum of the positive rows, sum of the magnitudes of the negative rows, largest magnitude; exact."""
    values = np.asarray(column).tolist()
    longs = sum(v for v in values if v > 0)
    shorts = -sum(v for v in values if v < 0)
    return longs, shorts, max(map(abs, values), default=0)


def magnitude(column: Array) -> int:
    """Largest magnitude of an int64 column, exact."""
    return lots_extent(column)[2]


def entry_values(quantity: Array, price: Array, value_at_one: float, inverse: bool, out: Array) -> int:
    """Write ``quantity·v(price)`` as float64; row of the first unusable price of a held position, or -1."""
    _check_lengths(quantity, price, out)
    out[:] = _values(np.asarray(quantity, np.float64), price, value_at_one, inverse)
    return _first_unusable(quantity, price)


def entry_quanta(quantity: Array, price: Array, value_at_one: float, inverse: bool, out: Array) -> int:
    """Write ``rint(quantity·v(price))`` as int64; row of the first unusable price or of an overflow, or -1."""
    _check_lengths(quantity, price, out)
    exact = np.rint(_values(np.asarray(quantity, np.float64), price, value_at_one, inverse))
    bad = _first_unusable(quantity, price)
    over = np.flatnonzero(~(np.abs(exact) < 2.0**63))
    rows = [row for row in (bad, int(over[0]) if over.size else -1) if row >= 0]
    if not rows:
        out[:] = exact.astype(np.int64)
    return min(rows, default=-1)


def _check_lengths(quantity: Array, price: Array, out: Array) -> None:
    for name, column in (("price", price), ("out", out)):
        same_length(name, len(column), len(quantity))


def _values(quantity: Array, price: Array, value_at_one: float, inverse: bool) -> Array:
    with np.errstate(all="ignore"):
        value_per_lot = value_at_one / price if inverse else value_at_one * price
        return np.where(quantity == 0, 0.0, quantity * value_per_lot)


def _first_unusable(quantity: Array, price: Array) -> int:
    price = np.asarray(price)
    usable = (price > 0) & (price < np.inf) | ((np.asarray(quantity) == 0) & ~np.isnan(price))
    bad = np.flatnonzero(~usable)
    return int(bad[0]) if bad.size else -1
