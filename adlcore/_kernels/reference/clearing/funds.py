"""What insurance funds take over, and why they refuse, in Python integers: the twin of ``funds.pyx``."""

from __future__ import annotations

from typing import NamedTuple

from .fund_books import FundBooks, FundTerms, LotValues, Offers, Refusals, Takings
from .rows import check_range, cost_left, fill_value, int64, rounded_value

__all__ = ["take_over"]

#: Why a fund refuses a row.
CLOSED, EQUITY, NOTIONAL = range(3)


class _Booked(NamedTuple):
    """A fund's row after a fill, and what the fill closed of it."""

    lots: int
    cost: int
    lots0: int
    cost0: int
    realized: int
    closing_lots: int
    closing_value: int


def take_over(
    funds: FundBooks, terms: FundTerms, values: LotValues, offers: Offers, takings: Takings, refusals: Refusals
) -> tuple[int, int]:
    """Offer rows to funds, in order: each to its head fund, then along the parents, until one accepts it.

    A fund that does not refuse the contract accepts where its equity afterwards is at least the least of its terms,
    and its row shrinks or ``notional·cap_denominator <= cap_numerator·equity`` afterwards (denominator 0: no cap).

    The first time that a fund refuses a contract a line is written, in the order of the scan. Why is CLOSED, and value
    and bound are 0; or EQUITY, and they are its equity afterwards and the least; or NOTIONAL, and they are its
    notional afterwards and ``floor(cap·equity)``, or -2^63 where that is less.

    Returns the first row at which a number leaves int64, before which all are booked, or -1; and how many lines.
    """
    parties, contracts = funds.lots.shape
    check_range("fund", offers.fund, parties)
    check_range("contract", offers.contract, contracts)
    lines = 0
    for i in range(len(offers.fund)):
        takings.fund[i] = -1
        takings.realized[i] = takings.closing_lots[i] = takings.closing_value[i] = 0
        f, k = int(offers.fund[i]), int(offers.contract[i])
        try:
            for _ in range(parties):
                if f < 0:
                    break
                refusal = _offer(funds, terms, values, offers, takings, i, f, k)
                if refusal is None:
                    break
                if not refusals.has_refused[f, k]:
                    refusals.has_refused[f, k] = 1
                    refusals.lines[lines] = i, f, *refusal
                    lines += 1
                f = int(terms.parent[f])
        except OverflowError:
            return i, lines
    return -1, lines


def _offer(
    funds: FundBooks, terms: FundTerms, values: LotValues, offers: Offers, takings: Takings, i: int, f: int, k: int
) -> tuple[int, int, int] | None:
    """Let fund f accept row i, of contract k, and book it; else why not, the value and the bound."""
    if terms.refuses[f, k]:
        return CLOSED, 0, 0
    q, value, held = int(offers.quantity[i]), int(offers.value[i]), int(funds.lots[f, k])
    before = rounded_value(held, float(values.value_per_lot[k]))
    after = rounded_value(int64(held + q), float(values.value_per_lot[k]))
    equity = int64(int(funds.equity[f]) + after - before - value)
    notional = int64(int(funds.notional[f]) - abs(before) + abs(after))
    numerator, denominator = int(terms.cap_numerator[f]), int(terms.cap_denominator[f])
    if equity < terms.least_equity[f]:
        return EQUITY, equity, int(terms.least_equity[f])
    if denominator and abs(held + q) >= abs(held) and notional * denominator > numerator * equity:
        return NOTIONAL, notional, max(-(2**63), numerator * equity // denominator)
    row = held, int(funds.cost[f, k]), int(funds.lots0[f, k]), int(funds.cost0[f, k])
    fraction = int(values.numerator[k]), int(values.denominator[k])
    booked = _book(row, q, value, int(offers.price[i]), fraction, bool(values.inverse[k]))
    funds.cash[f] = int64(int(funds.cash[f]) + booked.realized)
    funds.lots[f, k], funds.cost[f, k], funds.lots0[f, k], funds.cost0[f, k] = booked[:4]
    funds.equity[f], funds.notional[f] = equity, notional
    takings.fund[i], takings.realized[i] = f, booked.realized
    takings.closing_lots[i], takings.closing_value[i] = booked.closing_lots, booked.closing_value
    return None


def _book(
    row: tuple[int, int, int, int], q: int, value: int, price: int, fraction: tuple[int, int], inverse: bool
) -> _Booked:
    """Close what a fill closes of a fund's row, and open the rest."""
    lots, cost, lots0, cost0 = row
    if lots == 0 or (lots > 0) == (q > 0):
        lots, cost = int64(lots + q), int64(cost + value)
        return _Booked(lots, cost, lots, cost, 0, 0, 0)
    sign = 1 if q > 0 else -1
    count = min(abs(q), abs(lots))
    worth = value if count == abs(q) else int64(fill_value(sign * count, price, *fraction, inverse))
    left = int64(cost_left(cost0, abs(lots0) - abs(lots) + count, abs(lots0)))
    realized = int64(-worth - (cost - left))
    if count == abs(q):
        return _Booked(lots + q, left, lots0, cost0, realized, count, worth)
    rest, rest_cost = q - sign * count, int64(value - worth)
    return _Booked(rest, rest_cost, rest, rest_cost, realized, count, worth)
