"""What insurance funds take over, and why they refuse: one scan in the documented order, first fit.

A fund has one netted row for each contract, and cash. Acceptance of a row depends on all that was
accepted before, so nothing here can be summed first.
"""

from libc.stdint cimport int64_t, uint64_t

from ..numbers.money cimport DOWN, add_wraps, int128, nearest, size_of, subtract_wraps, uint128
from .fund_books cimport (
    FundBooks,
    FundColumns,
    FundTerms,
    LotValues,
    OfferColumns,
    Offers,
    RefusalColumns,
    Refusals,
    TakingColumns,
    Takings,
    FundTermColumns,
    ValueColumns,
)
from .rows cimport cost_left, fill_value, rounded_value, to_int64, within

cdef enum:
    REFUSED = 0
    ACCEPTED = 1
    BEYOND = 2  # a number leaves int64

cdef enum:  # why a fund refuses a row
    CLOSED = 0  # it accepts nothing of the contract
    EQUITY = 1  # its equity afterwards would be below the least
    NOTIONAL = 2  # its net notional afterwards would be above the cap


cdef struct Offering:
    FundColumns funds
    FundTermColumns terms
    ValueColumns values
    RefusalColumns refusals
    Py_ssize_t lines


cdef struct Fill:
    Py_ssize_t row
    int64_t quantity
    int64_t price
    int64_t value
    int64_t realized
    int64_t closing_lots
    int64_t closing_value


cdef int book(Offering* o, Py_ssize_t f, Py_ssize_t k, Fill* fill) noexcept nogil:
    """Close what a fill closes of a fund's row and open the rest: all of it, or nothing where a number is BEYOND."""
    cdef const FundColumns* funds = &o.funds
    cdef const ValueColumns* values = &o.values
    cdef Py_ssize_t at = f * funds.contracts + k
    cdef int64_t lots = funds.lots[at], cost = funds.cost[at], q = fill.quantity, cash = 0, left = 0, realized = 0
    cdef int64_t closing_value = fill.value
    cdef uint64_t held = size_of(lots), count = min(held, size_of(q))
    cdef int128 sum
    if lots == 0 or (lots ^ q) >= 0:
        if add_wraps(lots, q, &lots) or add_wraps(cost, fill.value, &cost):
            return BEYOND
        funds.lots[at] = funds.lots0[at] = lots
        funds.cost[at] = funds.cost0[at] = cost
        fill.realized = fill.closing_lots = fill.closing_value = 0
        return ACCEPTED
    if count < size_of(q) and not fill_value(
        count, q < 0, <uint64_t> fill.price, <uint64_t> values.numerator[k], <uint64_t> values.denominator[k],
        values.inverse[k] != 0, &closing_value
    ):
        return BEYOND
    if not cost_left(funds.cost0[at], size_of(funds.lots0[at]) - held + count, size_of(funds.lots0[at]), &left):
        return BEYOND
    sum = left
    sum -= cost
    sum -= closing_value
    if not to_int64(sum, &realized) or add_wraps(funds.cash[f], realized, &cash):
        return BEYOND
    if count < size_of(q):
        if subtract_wraps(fill.value, closing_value, &cost):
            return BEYOND
        funds.lots[at] = funds.lots0[at] = lots + q
        funds.cost[at] = funds.cost0[at] = cost
    else:
        funds.lots[at] = lots + q
        funds.cost[at] = left
    funds.cash[f] = cash
    fill.realized, fill.closing_lots, fill.closing_value = realized, <int64_t> count, closing_value
    return ACCEPTED


cdef int refuse(
    Offering* o, Py_ssize_t f, Py_ssize_t k, Fill* fill, int64_t why, int64_t value, int64_t bound
) noexcept nogil:
    """Write the line of a fund's first refusal of a contract."""
    cdef const RefusalColumns* refusals = &o.refusals
    cdef Py_ssize_t at = f * o.funds.contracts + k
    cdef int64_t* line
    # Others may write to the mask meanwhile: there is a line for each fund and contract, and no further one.
    if refusals.has_refused[at] or o.lines >= refusals.count * refusals.contracts:
        return REFUSED
    refusals.has_refused[at] = 1
    line = refusals.lines + 5 * o.lines
    line[0], line[1], line[2], line[3], line[4] = fill.row, f, why, value, bound
    o.lines += 1
    return REFUSED


cdef int offer(Offering* o, Py_ssize_t f, Py_ssize_t k, Fill* fill) noexcept nogil:
    """Let a fund accept a row and book it, or not."""
    cdef const FundColumns* funds = &o.funds
    cdef const FundTermColumns* terms = &o.terms
    cdef double value_per_lot = o.values.at_mark[k]
    cdef Py_ssize_t at = f * funds.contracts + k
    cdef int64_t lots = funds.lots[at], rest = 0, before = 0, after = 0, equity = 0, notional = 0
    cdef int64_t numerator, denominator = terms.cap_denominator[f], cap
    cdef int128 sum
    cdef int status
    if terms.refuses[at]:
        return refuse(o, f, k, fill, CLOSED, 0, 0)
    if add_wraps(lots, fill.quantity, &rest):
        return BEYOND
    if not rounded_value(lots, value_per_lot, &before) or not rounded_value(rest, value_per_lot, &after):
        return BEYOND
    sum = funds.equity[f]
    sum += after - before
    sum -= fill.value
    if not to_int64(sum, &equity):
        return BEYOND
    sum = funds.notional[f]
    sum += <int64_t> size_of(after) - <int64_t> size_of(before)
    if not to_int64(sum, &notional):
        return BEYOND
    if equity < terms.least_equity[f]:
        return refuse(o, f, k, fill, EQUITY, equity, terms.least_equity[f])
    if denominator and size_of(rest) >= size_of(lots):
        numerator = terms.cap_numerator[f]
        if <int128> notional * denominator > <int128> numerator * equity:
            cap = nearest(<uint128> numerator * size_of(equity), <uint128> denominator, equity < 0, DOWN)
            return refuse(o, f, k, fill, NOTIONAL, notional, cap)
    status = book(o, f, k, fill)
    if status == ACCEPTED:
        funds.equity[f], funds.notional[f] = equity, notional
    return status


def take_over(
    FundBooks funds not None, FundTerms terms not None, LotValues values not None, Offers offers not None,
    Takings takings not None, Refusals refusals not None
):
    """Offer rows to funds along their chains, in order; the first row beyond int64 or -1, and how many refusals."""
    cdef OfferColumns rows = offers.columns
    cdef TakingColumns out = takings.columns
    cdef Py_ssize_t count = funds.columns.count, contracts = funds.columns.contracts, i, f, k, step
    cdef Offering o
    cdef Fill fill
    cdef int status = REFUSED
    for name, one, other in (
        ("terms", terms.columns.count, terms.columns.contracts),
        ("refusals", refusals.columns.count, refusals.columns.contracts), ("values", count, values.columns.contracts)
    ):
        if one != count:
            raise ValueError(name, None, one, f"must have {count} rows")
        if other != contracts:
            raise ValueError(name, None, other, f"must have {contracts} contracts")
    if out.count != rows.count:
        raise ValueError("takings", None, out.count, f"must have {rows.count} rows")
    within("fund", offers.fund, 0, count - 1)
    within("contract", offers.contract, 0, contracts - 1)
    o.funds, o.terms, o.values, o.refusals, o.lines = (
        funds.columns, terms.columns, values.columns, refusals.columns, 0
    )
    i = 0
    with nogil:
        for i in range(rows.count):
            out.fund[i] = -1
            out.realized[i] = out.closing_lots[i] = out.closing_value[i] = 0
            fill.row, fill.quantity, fill.price, fill.value = i, rows.quantity[i], rows.price[i], rows.value[i]
            f, k = rows.fund[i], rows.contract[i]
            step = 0
            # What is read a second time is checked a second time: others may write to it meanwhile.
            while 0 <= f < count and 0 <= k < contracts and step < count:
                status = offer(&o, f, k, &fill)
                if status != REFUSED:
                    break
                f = o.terms.parent[f]
                step += 1
            if status == BEYOND:
                break
            if status == ACCEPTED:
                out.fund[i], out.realized[i] = f, fill.realized
                out.closing_lots[i], out.closing_value[i] = fill.closing_lots, fill.closing_value
            status = REFUSED
    return i if status == BEYOND else -1, o.lines
