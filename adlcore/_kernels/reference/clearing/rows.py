"""Position rows that are closed in a pass, in Python integers: the twin of ``rows.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..margin.contracts import Contracts

Array = npt.NDArray[Any]

__all__ = ["PositionBooks", "Rows", "SlotSums"]


class Rows:
    """Position rows of a pass, and `quantity0` and `entry_value0`, what they were when it began."""

    def __init__(
        self,
        quantity: Array,
        entry_value: Array,
        quantity0: Array,
        entry_value0: Array,
        slot: Array,
        pnl: Array,
        margin: Array,
    ) -> None:
        self.quantity, self.entry_value = quantity, entry_value
        self.quantity0, self.entry_value0 = quantity0, entry_value0
        self.slot, self.pnl, self.margin = slot, pnl, margin


class SlotSums:
    """`sums` is equity and maintenance margin of each slot; where `realized_in_sum` is 0, its cash is no part of it."""

    def __init__(self, sums: Array, cash: Array, realized_in_sum: Array | None = None) -> None:
        self.sums, self.cash, self.realized_in_sum = sums, cash, realized_in_sum


class PositionBooks:
    """All that closing a row reads and writes; a lot of contract k is worth ``value_per_lot[k]`` quanta at the mark."""

    def __init__(self, rows: Rows, slots: SlotSums, contracts: Contracts, value_per_lot: Array) -> None:
        if len(value_per_lot) != len(contracts):
            raise ValueError("value_per_lot", None, len(value_per_lot), f"must have {len(contracts)} rows")
        self.rows, self.slots, self.contracts, self.value_per_lot = rows, slots, contracts, value_per_lot

    def close(self, row: Array, lots: Array, value: Array, contract: Array, realized: Array) -> int:
        """Close lots of rows for what they are worth, in order; write what each realizes.

        Returns the first fill at which a number leaves int64, before which all are booked, or -1.
        """
        check_range("row", row, len(self.rows.quantity))
        check_range("contract", contract, len(self.contracts))
        for r in row.tolist():
            self.check_slot(r)
        fills = zip(row.tolist(), lots.tolist(), value.tolist(), contract.tolist(), strict=True)
        for i, (r, count, worth, k) in enumerate(fills):
            held = abs(int(self.rows.quantity[r]))
            if not 1 <= count <= held:
                raise ValueError("lots", i, count, f"must be from 1 to {held}")
            try:
                realized[i] = self.close_row(r, count, worth, k)
            except OverflowError:
                return i
        return -1

    def close_row(self, r: int, count: int, worth: int, k: int) -> int:
        """Close lots of row r and return what that realizes; OverflowError, and nothing done, beyond int64."""
        rows, slots = self.rows, self.slots
        q, q0, cost0 = int(rows.quantity[r]), int(rows.quantity0[r]), int(rows.entry_value0[r])
        sign = 1 if q > 0 else -1
        if not abs(q0) >= abs(q) or (q0 > 0) != (q > 0):
            raise ValueError("quantity0", r, q0, f"must have the side of {q}, and no fewer lots")
        cost = int64(cost_left(cost0, abs(q0) - abs(q) + count, abs(q0)))
        realized = int64(sign * worth - (int(rows.entry_value[r]) - cost))
        q -= sign * count
        mark = rounded_value(q, float(self.value_per_lot[k]))
        pnl = int64(mark - cost)
        margin = self.margin_of(abs(mark), k)
        s = int(rows.slot[r])
        gain = realized if slots.realized_in_sum is None or slots.realized_in_sum[s] else 0
        equity = int64(int(slots.sums[s, 0]) + pnl - int(rows.pnl[r]) + gain)
        required = int64(int(slots.sums[s, 1]) + margin - int(rows.margin[r]))
        slots.cash[s] = int64(int(slots.cash[s]) + realized)
        slots.sums[s] = equity, required
        rows.quantity[r], rows.entry_value[r], rows.pnl[r], rows.margin[r] = q, cost, pnl, margin
        return realized

    def margin_of(self, size: int, k: int) -> int:
        """Maintenance margin of a row of contract k that is worth `size`."""
        line = 0.0
        tiers = self.contracts.tiers(k)
        for r, a in zip(self.contracts.rate[tiers].tolist(), self.contracts.amount[tiers].tolist(), strict=True):
            value = float(size) * r - a
            line = max(line, value)
        if not line < 2.0**63:
            raise OverflowError
        return round(line)

    def check_slot(self, r: int) -> None:
        """Refuse a row whose slot is none."""
        if not 0 <= self.rows.slot[r] < len(self.slots.cash):
            raise ValueError("slot", r, int(self.rows.slot[r]), f"must be from 0 to {len(self.slots.cash) - 1}")


def cost_left(cost0: int, closed: int, lots0: int) -> int:
    """What is left of a cost when `closed` of its lots are closed, the released part rounded toward zero."""
    released = abs(cost0) * closed // lots0
    return cost0 - (released if cost0 > 0 else -released)


def rounded_value(lots: int, value_per_lot: float) -> int:
    """What lots are worth at the mark, half-even; OverflowError from 2^62 on."""
    mark = float(lots) * value_per_lot
    if not abs(mark) < 2.0**62:
        raise OverflowError
    return round(mark)


def fill_value(lots: int, price: int, numerator: int, denominator: int, inverse: bool) -> int:
    """What lots are worth at P ticks: P·n/d a lot, inverse -n/(d·P); half-even."""
    if inverse:
        return -half_even(lots * numerator, denominator * price)
    return half_even(lots * price * numerator, denominator)


def half_even(numerator: int, denominator: int) -> int:
    """A quotient, rounded half to even."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def int64(number: int) -> int:
    """The number; OverflowError where int64 does not hold it."""
    if not -(2**63) <= number < 2**63:
        raise OverflowError
    return number


def check_range(name: str, column: Array, end: int, first: int = 0) -> None:
    """Refuse what is not from `first` to before `end`."""
    for row, value in enumerate(column.tolist()):
        if not first <= value < end:
            raise ValueError(name, row, value, f"must be from {first} to {end - 1}")
