"""The margin of every wallet in plain NumPy and Python integers: the twin of ``passes.pyx``."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np
import numpy.typing as npt

from .contracts import Contracts
from .positions import Positions, Slots

Array = npt.NDArray[Any]

__all__ = [
    "ROW_OVERFLOW",
    "STRAY_ROW",
    "SUM_OVERFLOW",
    "move_mark",
    "run_full_pass",
]

ROW_OVERFLOW, SUM_OVERFLOW, STRAY_ROW = 1, 2, 4

#: Rows that are valued at a time; a value that does not fit ends a pass at the start of its block.
BLOCK = 512


def run_full_pass(
    contracts: Contracts, value_per_lot: Array, rows: Positions, slots: Slots, first: int, last: int
) -> int:
    """Write unrealized PnL and maintenance margin of the rows of slots first .. last, and their sums; flags."""
    if len(value_per_lot) != len(contracts):
        raise ValueError("value_per_lot", None, len(value_per_lot), f"must have {len(contracts)} rows")
    if not 0 <= first <= last <= len(slots.balance):
        raise ValueError("last", None, last, f"must be from first, {first}, to {len(slots.balance)}")
    slots.sums[first:last, 0] = slots.balance[first:last]
    slots.sums[first:last, 1] = 0
    flags = 0
    for k in range(len(contracts)):
        start, end = _borders(contracts, k, len(rows.quantity))
        begin = bisect_left(rows.slot, first, start, end)
        part = slice(begin, bisect_left(rows.slot, last, begin, end))
        _, met = _values(contracts, k, value_per_lot[k], rows, part, rows.pnl[part], rows.margin[part])
        if met:
            return flags | met
        flags |= _scatter(rows.slot[part], rows.pnl[part], rows.margin[part], first, last, slots.sums)
    return flags


def move_mark(
    contracts: Contracts, contract: int, value_per_lot: float, rows: Positions, slots: Slots
) -> tuple[int, int]:
    """Value the rows of one contract anew and move their slots' sums by the differences; rows done, and flags."""
    if not 0 <= contract < len(contracts):
        raise ValueError("contract", None, contract, f"must be from 0 to {len(contracts) - 1}")
    start, end = _borders(contracts, contract, len(rows.quantity))
    if start < end and not len(slots.sums):
        raise ValueError("sums", None, 0, "must have rows of two")
    fresh = np.empty(end - start, np.int64), np.empty(end - start, np.int64)
    done, flags = _values(contracts, contract, value_per_lot, rows, slice(start, end), *fresh)
    part = slice(start, start + done)
    change = [
        _wrapped(new[:done].astype(object) - old[part]) for new, old in zip(fresh, (rows.pnl, rows.margin), strict=True)
    ]
    rows.pnl[part], rows.margin[part] = fresh[0][:done], fresh[1][:done]
    flags |= SUM_OVERFLOW if any(wrapped for _, wrapped in change) else 0
    flags |= _scatter(rows.slot[part], change[0][0], change[1][0], 0, len(slots.sums), slots.sums)
    return done, flags


def _borders(contracts: Contracts, k: int, rows: int) -> tuple[int, int]:
    """First row of contract k and the row behind its last."""
    start, end = contracts.start[k : k + 2].tolist()
    for place, border in ((k, start), (k + 1, end)):
        if border > rows:
            raise ValueError("start", place, border, f"must rise within 0 to {rows}")
    return start, end


def _values(
    contracts: Contracts, k: int, value_per_lot: float, rows: Positions, part: slice, pnl: Array, margin: Array
) -> tuple[int, int]:
    """Write what rows gained and must keep, as far as the first block in which a value does not fit."""
    quantity, entry_value, tiers = rows.quantity[part], rows.entry_value[part], contracts.tiers(k)
    with np.errstate(over="ignore"):
        mark = np.rint(quantity.astype(np.float64) * value_per_lot)
    size = np.abs(mark)
    count = len(quantity)
    if (bad := np.flatnonzero(~(size < 2.0**62))).size:
        count = int(bad[0]) // BLOCK * BLOCK
    exact = mark[:count].astype(np.int64).astype(object) - entry_value[:count]
    if (beyond := np.flatnonzero(_outside(exact))).size:
        count = int(beyond[0]) // BLOCK * BLOCK
    pnl[:count] = exact[:count].astype(np.int64)
    line = np.zeros(count)
    for r, a in zip(contracts.rate[tiers].tolist(), contracts.amount[tiers].tolist(), strict=True):
        line = np.maximum(line, size[:count] * r - a)
    margin[:count] = np.rint(line).astype(np.int64)
    return count, 0 if count == len(quantity) else ROW_OVERFLOW


def _scatter(slot: Array, pnl: Array, margin: Array, first: int, last: int, sums: Array) -> int:
    """Add rows to the sums of their slots, one after the other; flags."""
    flags = 0
    inside = (slot >= first) & (slot < last)
    if not inside.all():
        flags = STRAY_ROW
    for column, values in enumerate((pnl, margin)):
        total = dict(zip(slot[inside].tolist(), sums[slot[inside], column].tolist(), strict=True))
        for place, value in zip(slot[inside].tolist(), values[inside].tolist(), strict=True):
            exact = total[place] + value
            total[place] = (exact + 2**63) % 2**64 - 2**63
            flags |= SUM_OVERFLOW if total[place] != exact else 0
        sums[list(total), column] = list(total.values())
    return flags


def _outside(exact: Array) -> Array:
    """Where Python integers leave int64."""
    return np.array((exact < -(2**63)) | (exact >= 2**63), bool)


def _wrapped(exact: Array) -> tuple[Array, bool]:
    """Python integers as int64, wrapping, and whether any did."""
    return ((exact + 2**63) % 2**64 - 2**63).astype(np.int64), bool(_outside(exact).any())
