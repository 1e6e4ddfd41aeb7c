"""Position rows that are closed in a pass, in Python integers: the twin of ``rows.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["Rows"]


class Rows:
    """The working columns of a pass: position rows, the sums and the cash of their slots, contracts at their marks.

    `quantity0` and `entry_value0` are the rows as they were when the pass began. A lot of contract k
    is worth ``unit[k]`` quanta, its tiers are ``tier_start[k] .. tier_start[k + 1]`` of `rate` and
    `amount`. `sums` is equity and maintenance margin of each slot; where `plain` is 0, what a row
    realizes is no part of the sum.
    """

    def __init__(
        self,
        quantity: Array,
        entry_value: Array,
        quantity0: Array,
        entry_value0: Array,
        slot: Array,
        pnl: Array,
        margin: Array,
        sums: Array,
        cash: Array,
        plain: Array | None,
        unit: Array,
        tier_start: Array,
        rate: Array,
        amount: Array,
    ) -> None:
        before = 0
        for k, border in enumerate(tier_start.tolist()):
            if not before <= border <= len(rate):
                raise ValueError("tier_start", k, border, f"must rise within 0 to {len(rate)}")
            before = border
        self.quantity, self.entry_value = quantity, entry_value
        self.quantity0, self.entry_value0 = quantity0, entry_value0
        self.slot, self.pnl, self.margin = slot, pnl, margin
        self.sums, self.cash, self.plain = sums, cash, plain
        self.unit, self.tier_start, self.rate, self.amount = unit, tier_start, rate, amount

    def close(self, row: Array, lots: Array, value: Array, code: Array, realized: Array) -> int:
        """Close lots of rows of contract `code` for what they are worth, in order; write what each realizes.

        Returns the first fill at which a number leaves int64, before which all are booked, or -1.
        """
        check_range("row", row, len(self.quantity))
        check_range("code", code, len(self.unit))
        for r in row.tolist():
            self.check_slot(r)
        for i, (r, c, w, k) in enumerate(zip(row.tolist(), lots.tolist(), value.tolist(), code.tolist(), strict=True)):
            held = abs(int(self.quantity[r]))
            if not 1 <= c <= held:
                raise ValueError("lots", i, c, f"must be from 1 to {held}")
            try:
                realized[i] = self.close_row(r, c, w, k)
            except OverflowError:
                return i
        return -1

    def close_row(self, r: int, c: int, w: int, k: int) -> int:
        """Close c lots of one row for w quanta; what that realizes. OverflowError, and nothing done, beyond int64."""
        q, q0, ev0 = int(self.quantity[r]), int(self.quantity0[r]), int(self.entry_value0[r])
        sign = 1 if q > 0 else -1
        if not abs(q0) >= abs(q) or (q0 > 0) != (q > 0):
            raise ValueError("quantity0", r, q0, f"must have the side of {q}, and no fewer lots")
        cost = int64(cost_left(ev0, abs(q0) - abs(q) + c, abs(q0)))
        realized = int64(sign * w - (int(self.entry_value[r]) - cost))
        q -= sign * c
        mark = rounded_value(q, float(self.unit[k]))
        pnl = int64(mark - cost)
        margin = self.margin_of(abs(mark), k)
        s = int(self.slot[r])
        gain = realized if self.plain is None or self.plain[s] else 0
        equity = int64(int(self.sums[s, 0]) + pnl - int(self.pnl[r]) + gain)
        required = int64(int(self.sums[s, 1]) + margin - int(self.margin[r]))
        self.cash[s] = int64(int(self.cash[s]) + realized)
        self.sums[s] = equity, required
        self.quantity[r], self.entry_value[r], self.pnl[r], self.margin[r] = q, cost, pnl, margin
        return realized

    def margin_of(self, size: int, k: int) -> int:
        """Maintenance margin of a row of contract k that is worth `size`."""
        line = 0.0
        tiers = slice(self.tier_start[k], self.tier_start[k + 1])
        for r, a in zip(self.rate[tiers].tolist(), self.amount[tiers].tolist(), strict=True):
            value = float(size) * r - a
            line = max(line, value)
        if not line < 2.0**63:
            raise OverflowError
        return round(line)

    def check_slot(self, r: int) -> None:
        """Refuse a row whose slot is none."""
        if not 0 <= self.slot[r] < len(self.cash):
            raise ValueError("slot", r, int(self.slot[r]), f"must be from 0 to {len(self.cash) - 1}")


def cost_left(cost0: int, closed: int, lots0: int) -> int:
    """What is left of a cost when `closed` of its lots are closed, the released part rounded toward zero."""
    released = abs(cost0) * closed // lots0
    return cost0 - (released if cost0 > 0 else -released)


def rounded_value(lots: int, unit: float) -> int:
    """What lots are worth at the mark, half-even; OverflowError from 2^62 on."""
    mark = float(lots) * unit
    if not abs(mark) < 2.0**62:
        raise OverflowError
    return round(mark)


def fill_value(lots: int, ticks: int, above: int, below: int, inverse: bool) -> int:
    """What lots are worth at a price: P·n/d a lot, inverse -n/(d·P); half-even."""
    return -half_even(lots * above, below * ticks) if inverse else half_even(lots * ticks * above, below)


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
