"""The margin of every wallet in plain NumPy and Python integers: the twin of ``passes.pyx``."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = [
    "OUT_OF_ORDER",
    "ROW_OVERFLOW",
    "SUM_OVERFLOW",
    "full_pass",
    "new_mark",
]

ROW_OVERFLOW, SUM_OVERFLOW, OUT_OF_ORDER = 1, 2, 4

#: Rows that are valued at a time; a value that does not fit ends a pass at the start of its block.
BLOCK = 512


def full_pass(
    start: Array,
    unit: Array,
    tier_start: Array,
    rate: Array,
    amount: Array,
    quantity: Array,
    entry_value: Array,
    slot: Array,
    balance: Array,
    first: int,
    last: int,
    pnl: Array,
    margin: Array,
    sums: Array,
) -> int:
    """Write unrealized PnL and maintenance margin of the rows of slots first .. last, and their sums.

    Contract k holds the rows ``start[k] .. start[k + 1]``, a lot is worth ``unit[k]`` quanta, its tiers
    are ``tier_start[k] .. tier_start[k + 1]`` of `rate` and `amount`. `sums` becomes the balance plus
    unrealized PnL, and the maintenance margin, of each slot. Returns flags of what was met.
    """
    _bounded("start", start, len(quantity))
    _bounded("tier_start", tier_start, len(rate))
    sums[first:last, 0] = balance[first:last]
    sums[first:last, 1] = 0
    found = 0
    for k in range(len(unit)):
        tiers = slice(tier_start[k], tier_start[k + 1])
        begin = bisect_left(slot, first, start[k], start[k + 1])
        rows = slice(begin, bisect_left(slot, last, begin, start[k + 1]))
        _, flags = _values(
            unit[k], rate[tiers], amount[tiers], quantity[rows], entry_value[rows], pnl[rows], margin[rows]
        )
        if flags:
            return found | flags
        found |= _scatter(slot[rows], pnl[rows], margin[rows], first, last, sums)
    return found


def new_mark(
    unit: float,
    rate: Array,
    amount: Array,
    quantity: Array,
    entry_value: Array,
    slot: Array,
    pnl: Array,
    margin: Array,
    sums: Array,
) -> tuple[int, int]:
    """Value the rows of one contract anew and move their slots' sums by the differences.

    Returns how many rows were done and flags of what was met; the same call with the old unit undoes
    them, for wrapping sums lose nothing.
    """
    fresh = np.empty_like(pnl), np.empty_like(margin)
    done, found = _values(unit, rate, amount, quantity, entry_value, *fresh)
    rows = slice(0, done)
    change = [_wrapped(new[rows].astype(object) - old[rows]) for new, old in zip(fresh, (pnl, margin), strict=True)]
    pnl[rows], margin[rows] = fresh[0][rows], fresh[1][rows]
    found |= SUM_OVERFLOW if any(wrapped for _, wrapped in change) else 0
    found |= _scatter(slot[rows], change[0][0], change[1][0], 0, len(sums), sums)
    return done, found


def _values(
    unit: float, rate: Array, amount: Array, quantity: Array, entry_value: Array, pnl: Array, margin: Array
) -> tuple[int, int]:
    """Write what rows gained and must keep, as far as the first block in which a value does not fit."""
    with np.errstate(over="ignore"):
        mark = np.rint(quantity.astype(np.float64) * unit)
    size = np.abs(mark)
    rows = len(quantity)
    if (bad := np.flatnonzero(~(size < 2.0**62))).size:
        rows = int(bad[0]) // BLOCK * BLOCK
    exact = mark[:rows].astype(np.int64).astype(object) - entry_value[:rows]
    if (beyond := np.flatnonzero(_outside(exact))).size:
        rows = int(beyond[0]) // BLOCK * BLOCK
    pnl[:rows] = exact[:rows].astype(np.int64)
    line = np.zeros(rows)
    for r, a in zip(rate.tolist(), amount.tolist(), strict=True):
        line = np.maximum(line, size[:rows] * r - a)
    margin[:rows] = np.rint(line).astype(np.int64)
    return rows, 0 if rows == len(quantity) else ROW_OVERFLOW


def _scatter(slot: Array, pnl: Array, margin: Array, first: int, last: int, sums: Array) -> int:
    """Add rows to the sums of their slots, one after the other; what was met."""
    found = 0
    inside = (slot >= first) & (slot < last)
    if not inside.all():
        found = OUT_OF_ORDER
    for column, values in enumerate((pnl, margin)):
        total = dict(zip(slot[inside].tolist(), sums[slot[inside], column].tolist(), strict=True))
        for place, value in zip(slot[inside].tolist(), values[inside].tolist(), strict=True):
            exact = total[place] + value
            total[place] = (exact + 2**63) % 2**64 - 2**63
            found |= SUM_OVERFLOW if total[place] != exact else 0
        sums[list(total), column] = list(total.values())
    return found


def _outside(exact: Array) -> Array:
    """Where Python integers leave int64."""
    return np.array((exact < -(2**63)) | (exact >= 2**63), bool)


def _wrapped(exact: Array) -> tuple[Array, bool]:
    """Python integers as int64, wrapping, and whether any did."""
    return ((exact + 2**63) % 2**64 - 2**63).astype(np.int64), bool(_outside(exact).any())


def _bounded(name: str, start: Array, rows: int) -> None:
    """Refuse borders that do not rise within 0 .. rows."""
    before = 0
    for k, border in enumerate(start.tolist()):
        if not before <= border <= rows:
            raise ValueError(name, k, border, f"must rise within 0 to {rows}")
        before = border
