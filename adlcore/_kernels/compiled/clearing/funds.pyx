"""What insurance funds take over, and why they refuse: one scan in the documented order, first fit.

Funds, vaults and the like are *parties*: one netted row for each contract, and cash. Acceptance of a
row depends on all that was accepted before, so nothing here can be summed first.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.money cimport DOWN, add_wraps, int128, nearest, same_length, size_of, subtract_wraps, uint128
from .rows cimport cost_left, fill_value, narrow, rounded_value, within

cdef enum:
    REFUSED = 0
    ACCEPTED = 1
    BEYOND = 2  # a number leaves int64

cdef enum:  # why a fund refuses a row
    CLOSED = 0  # it accepts nothing of the contract
    EQUITY = 1  # its equity afterwards would be below `least`
    NOTIONAL = 2  # its net notional afterwards would be above the cap

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


cdef struct Parties:
    Py_ssize_t count
    Py_ssize_t contracts
    int64_t* lots
    int64_t* cost
    int64_t* lots0
    int64_t* cost0
    int64_t* cash
    int64_t* equity
    int64_t* notional
    const int64_t* least
    const int64_t* cap_top
    const int64_t* cap_bottom
    const uint8_t* refuses
    const int64_t* parent
    const double* unit
    const int64_t* above
    const int64_t* below
    const uint8_t* inverse
    uint8_t* noted
    int64_t* refusals
    Py_ssize_t lines


cdef struct Fill:
    Py_ssize_t row
    int64_t quantity
    int64_t price
    int64_t value
    int64_t realized
    int64_t closing
    int64_t closed


cdef int book(Parties* p, Py_ssize_t f, Py_ssize_t k, Fill* fill) noexcept nogil:
    """Close what a fill closes of a party's row and open the rest: all of it, or nothing where a number is BEYOND."""
    cdef Py_ssize_t at = f * p.contracts + k
    cdef int64_t lots = p.lots[at], cost = p.cost[at], q = fill.quantity, cash = 0, left = 0, realized = 0
    cdef int64_t closed = fill.value
    cdef uint64_t held = size_of(lots), count = min(held, size_of(q))
    cdef int128 sum
    if lots == 0 or (lots ^ q) >= 0:
        if add_wraps(lots, q, &lots) or add_wraps(cost, fill.value, &cost):
            return BEYOND
        p.lots[at] = p.lots0[at] = lots
        p.cost[at] = p.cost0[at] = cost
        fill.realized = fill.closing = fill.closed = 0
        return ACCEPTED
    if count < size_of(q) and not fill_value(
        count, q < 0, <uint64_t> fill.price, <uint64_t> p.above[k], <uint64_t> p.below[k], p.inverse[k] != 0, &closed
    ):
        return BEYOND
    if not cost_left(p.cost0[at], size_of(p.lots0[at]) - held + count, size_of(p.lots0[at]), &left):
        return BEYOND
    sum = left
    sum -= cost
    sum -= closed
    if not narrow(sum, &realized) or add_wraps(p.cash[f], realized, &cash):
        return BEYOND
    if count < size_of(q):
        if subtract_wraps(fill.value, closed, &cost):
            return BEYOND
        p.lots[at] = p.lots0[at] = lots + q
        p.cost[at] = p.cost0[at] = cost
    else:
        p.lots[at] = lots + q
        p.cost[at] = left
    p.cash[f] = cash
    fill.realized, fill.closing, fill.closed = realized, <int64_t> count, closed
    return ACCEPTED


cdef int refuse(
    Parties* p, Py_ssize_t f, Py_ssize_t k, Fill* fill, int64_t why, int64_t value, int64_t bound
) noexcept nogil:
    """Write the line of a fund's first refusal of a contract."""
    cdef Py_ssize_t at = f * p.contracts + k
    cdef int64_t* line = p.refusals + 5 * p.lines
    # Others may write to `noted` meanwhile: there is a line for each fund and contract, and no further one.
    if p.noted[at] or p.lines >= p.count * p.contracts:
        return REFUSED
    p.noted[at] = 1
    line[0], line[1], line[2], line[3], line[4] = fill.row, f, why, value, bound
    p.lines += 1
    return REFUSED


cdef int offer(Parties* p, Py_ssize_t f, Py_ssize_t k, Fill* fill) noexcept nogil:
    """Let a fund accept a row and book it, or not."""
    cdef int64_t lots = p.lots[f * p.contracts + k], rest = 0, before = 0, after = 0, equity = 0, notional = 0, cap
    cdef int128 sum
    cdef int status
    if p.refuses[f * p.contracts + k]:
        return refuse(p, f, k, fill, CLOSED, 0, 0)
    if add_wraps(lots, fill.quantity, &rest):
        return BEYOND
    if not rounded_value(lots, p.unit[k], &before) or not rounded_value(rest, p.unit[k], &after):
        return BEYOND
    sum = p.equity[f]
    sum += after - before
    sum -= fill.value
    if not narrow(sum, &equity):
        return BEYOND
    sum = p.notional[f]
    sum += <int64_t> size_of(after) - <int64_t> size_of(before)
    if not narrow(sum, &notional):
        return BEYOND
    if equity < p.least[f]:
        return refuse(p, f, k, fill, EQUITY, equity, p.least[f])
    if p.cap_bottom[f] and size_of(rest) >= size_of(lots):
        if <int128> notional * p.cap_bottom[f] > <int128> p.cap_top[f] * equity:
            cap = nearest(<uint128> p.cap_top[f] * size_of(equity), <uint128> p.cap_bottom[f], equity < 0, DOWN)
            return refuse(p, f, k, fill, NOTIONAL, notional, cap)
    status = book(p, f, k, fill)
    if status == ACCEPTED:
        p.equity[f], p.notional[f] = equity, notional
    return status


def take_over(
    const int64_t[::1] fund not None, const int64_t[::1] code not None, const int64_t[::1] quantity not None,
    const int64_t[::1] price not None, const int64_t[::1] value not None, int64_t[:, ::1] lots not None,
    int64_t[:, ::1] cost not None, int64_t[:, ::1] lots0 not None, int64_t[:, ::1] cost0 not None,
    int64_t[::1] cash not None, int64_t[::1] equity not None, int64_t[::1] notional not None,
    const int64_t[::1] least not None, const int64_t[::1] cap_top not None, const int64_t[::1] cap_bottom not None,
    const uint8_t[:, ::1] refuses not None, const int64_t[::1] parent not None, const double[::1] unit not None,
    const int64_t[::1] above not None, const int64_t[::1] below not None, const uint8_t[::1] inverse not None,
    int64_t[::1] taken not None, int64_t[::1] realized not None, int64_t[::1] closing not None,
    int64_t[::1] closed not None, uint8_t[:, ::1] noted not None, int64_t[:, ::1] refusals not None
):
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
    cdef Py_ssize_t rows = fund.shape[0], count = cash.shape[0], contracts = unit.shape[0], i, f, k, step
    cdef Parties p
    cdef Fill fill
    cdef int status = REFUSED
    for name, column in (
        ("code", code), ("quantity", quantity), ("price", price), ("value", value), ("taken", taken),
        ("realized", realized), ("closing", closing), ("closed", closed)
    ):
        same_length(name, column.shape[0], rows)
    for name, column in (
        ("equity", equity), ("notional", notional), ("least", least), ("cap_top", cap_top),
        ("cap_bottom", cap_bottom), ("parent", parent)
    ):
        same_length(name, column.shape[0], count)
    for name, column in (
        ("lots", lots), ("cost", cost), ("lots0", lots0), ("cost0", cost0), ("refuses", refuses), ("noted", noted)
    ):
        same_length(name, column.shape[0], count)
        if column.shape[1] != contracts:
            raise ValueError(name, None, column.shape[1], f"must have {contracts} columns")
    for name, column in (("above", above), ("below", below), ("inverse", inverse)):
        same_length(name, column.shape[0], contracts)
    same_length("refusals", refusals.shape[0], count * contracts)
    if refusals.shape[1] != 5:
        raise ValueError("refusals", None, refusals.shape[1], "must have 5 columns")
    within("fund", fund, 0, count - 1)
    within("code", code, 0, contracts - 1)
    for i in range(rows):
        if quantity[i] == 0:
            raise ValueError("quantity", i, 0, "must not be 0")
    within("price", price, 1, TOP)
    within("cap_top", cap_top, 0, TOP)
    within("cap_bottom", cap_bottom, 0, TOP)
    within("parent", parent, -1, count - 1)
    within("above", above, 1, TOP)
    within("below", below, 1, TOP)
    for f in range(count):
        for k in range(contracts):
            if lots[f, k] and (size_of(lots0[f, k]) < size_of(lots[f, k]) or (lots0[f, k] ^ lots[f, k]) < 0):
                raise ValueError("lots0", f, lots0[f, k], f"must have the side of {lots[f, k]}, and no fewer lots")
    if rows == 0:
        return -1, 0
    p.count, p.contracts = count, contracts
    p.lots, p.cost, p.lots0, p.cost0 = &lots[0, 0], &cost[0, 0], &lots0[0, 0], &cost0[0, 0]
    p.cash, p.equity, p.notional = &cash[0], &equity[0], &notional[0]
    p.least, p.cap_top, p.cap_bottom, p.refuses = &least[0], &cap_top[0], &cap_bottom[0], &refuses[0, 0]
    p.parent, p.unit, p.above, p.below, p.inverse = &parent[0], &unit[0], &above[0], &below[0], &inverse[0]
    p.noted, p.refusals, p.lines = &noted[0, 0], &refusals[0, 0], 0
    with nogil:
        for i in range(rows):
            taken[i] = -1
            realized[i] = closing[i] = closed[i] = 0
            fill.row, fill.quantity, fill.price, fill.value = i, quantity[i], price[i], value[i]
            f, k = fund[i], code[i]
            step = 0
            # What is read a second time is checked a second time: others may write to it meanwhile.
            while 0 <= f < count and 0 <= k < contracts and step < count:
                status = offer(&p, f, k, &fill)
                if status != REFUSED:
                    break
                f = p.parent[f]
                step += 1
            if status == BEYOND:
                break
            if status == ACCEPTED:
                taken[i], realized[i], closing[i], closed[i] = f, fill.realized, fill.closing, fill.closed
            status = REFUSED
    return i if status == BEYOND else -1, p.lines
