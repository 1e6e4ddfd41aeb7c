"""What insurance funds take over, and why they refuse, in Python integers: the twin of ``funds.pyx``."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from .rows import check_range, cost_left, fill_value, int64, rounded_value

Array = npt.NDArray[Any]

__all__ = ["take_over"]

#: Why a fund refuses a row.
CLOSED, EQUITY, NOTIONAL = range(3)


class _Booked(NamedTuple):
    """A party's row after a fill, and what the fill closed of it."""

    lots: int
    cost: int
    lots0: int
    cost0: int
    realized: int
    closing: int
    closed: int


def take_over(
    fund: Array,
    code: Array,
    quantity: Array,
    price: Array,
    value: Array,
    lots: Array,
    cost: Array,
    lots0: Array,
    cost0: Array,
    cash: Array,
    equity: Array,
    notional: Array,
    least: Array,
    cap_top: Array,
    cap_bottom: Array,
    refuses: Array,
    parent: Array,
    unit: Array,
    above: Array,
    below: Array,
    inverse: Array,
    taken: Array,
    realized: Array,
    closing: Array,
    closed: Array,
    noted: Array,
    refusals: Array,
) -> tuple[int, int]:
    """Offer rows to funds, in order: each to its head fund, then along the parents, until one accepts it.

    Row i is `quantity` signed lots of contract `code` at `price` ticks, worth `value`; a lot is worth
    ``P·above/below`` quanta at a price, inverse ``-above/(below·P)``, and `unit` at the mark. A fund
    that does not refuse the contract accepts where its equity afterwards is at least `least`, and its
    row shrinks or ``notional·cap_bottom <= cap_top·equity`` afterwards (cap_bottom 0: no cap).

    Written are the fund that took each row, or -1; what it realized; how many of its lots that closed,
    and what those were worth, with the sign of `quantity`. Rows, cash, equity and notional of the funds
    move along.

    The first time that a fund refuses a contract, where `noted` is 0, that becomes 1 and a line of
    `refusals` is written, in the order of the scan: row, fund, why, value, bound. Why is 0 where the fund
    refuses the contract (value and bound are 0); 1 where its equity afterwards, the value, would be below
    `least`, the bound; 2 where its notional afterwards would be above ``floor(cap_top·equity/cap_bottom)``,
    or -2^63 where that is less.

    Returns the first row at which a number leaves int64, before which all are booked, or -1; and how
    many lines of `refusals` were written.
    """
    parties, contracts = lots.shape
    check_range("fund", fund, parties)
    check_range("code", code, contracts)
    for i in range(len(quantity)):
        if not quantity[i]:
            raise ValueError("quantity", i, 0, "must not be 0")
    check_range("price", price, 2**63, 1)
    check_range("cap_top", cap_top, 2**63)
    check_range("cap_bottom", cap_bottom, 2**63)
    check_range("parent", parent, parties, -1)
    check_range("above", above, 2**63, 1)
    check_range("below", below, 2**63, 1)
    for party in range(parties):
        for held, held0 in zip(lots[party].tolist(), lots0[party].tolist(), strict=True):
            if held and (abs(held0) < abs(held) or (held0 > 0) != (held > 0)):
                raise ValueError("lots0", party, held0, f"must have the side of {held}, and no fewer lots")
    lines = 0
    for i, (head, k, q, v) in enumerate(
        zip(fund.tolist(), code.tolist(), quantity.tolist(), value.tolist(), strict=True)
    ):
        taken[i], realized[i], closing[i], closed[i] = -1, 0, 0, 0
        f = head
        try:
            for _ in range(parties):
                if f < 0:
                    break
                refusal = CLOSED, 0, 0
                if not refuses[f, k]:
                    held = int(lots[f, k])
                    before = rounded_value(held, float(unit[k]))
                    after = rounded_value(int64(held + q), float(unit[k]))
                    left = int64(int(equity[f]) + after - before - v)
                    exposed = int64(int(notional[f]) - abs(before) + abs(after))
                    top, bottom = int(cap_top[f]), int(cap_bottom[f])
                    if left < least[f]:
                        refusal = EQUITY, left, int(least[f])
                    elif bottom and abs(held + q) >= abs(held) and exposed * bottom > top * left:
                        refusal = NOTIONAL, exposed, max(-(2**63), top * left // bottom)
                    else:
                        row = held, int(cost[f, k]), int(lots0[f, k]), int(cost0[f, k])
                        booked = _book(row, q, v, int(price[i]), int(above[k]), int(below[k]), bool(inverse[k]))
                        cash[f] = int64(int(cash[f]) + booked.realized)
                        lots[f, k], cost[f, k], lots0[f, k], cost0[f, k] = booked[:4]
                        equity[f], notional[f] = left, exposed
                        taken[i], realized[i], closing[i], closed[i] = f, *booked[4:]
                        break
                if not noted[f, k]:
                    noted[f, k] = 1
                    refusals[lines] = i, f, *refusal
                    lines += 1
                f = int(parent[f])
        except OverflowError:
            return i, lines
    return -1, lines


def _book(
    row: tuple[int, int, int, int], q: int, value: int, price: int, above: int, below: int, inverse: bool
) -> _Booked:
    """Close what a fill closes of a row, and open the rest."""
    lots, cost, lots0, cost0 = row
    if lots == 0 or (lots > 0) == (q > 0):
        lots, cost = int64(lots + q), int64(cost + value)
        return _Booked(lots, cost, lots, cost, 0, 0, 0)
    sign = 1 if q > 0 else -1
    count = min(abs(q), abs(lots))
    worth = value if count == abs(q) else int64(fill_value(sign * count, price, above, below, inverse))
    left = int64(cost_left(cost0, abs(lots0) - abs(lots) + count, abs(lots0)))
    realized = int64(-worth - (cost - left))
    if count == abs(q):
        return _Booked(lots + q, left, lots0, cost0, realized, count, worth)
    rest, rest_cost = q - sign * count, int64(value - worth)
    return _Booked(rest, rest_cost, rest, rest_cost, realized, count, worth)
