"""What insurance funds take over and what they pay: one scan in the documented order, first fit.

Funds, vaults and the like are *parties*: one netted row for each contract, and cash. Acceptance of a
row depends on all that was accepted before, so nothing here can be summed first.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ._money cimport add_wraps, int128, same_length, size_of, subtract_wraps
from ._rows cimport cost_left, fill_value, narrow, rounded_value, within

cdef enum:
    REFUSED = 0
    ACCEPTED = 1
    BEYOND = 2  # a number leaves int64
    FULL = 3  # no room for another line

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


cdef struct Fill:
    int64_t quantity
    int64_t price
    int64_t value
    int64_t realized
    int64_t closing
    int64_t closed


# Take-overs --------------------------------------------------------------------------------------

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


cdef int offer(Parties* p, Py_ssize_t f, Py_ssize_t k, Fill* fill) noexcept nogil:
    """Let a fund accept a row and book it, or not."""
    cdef int64_t lots = p.lots[f * p.contracts + k], rest = 0, before = 0, after = 0, equity = 0, notional = 0
    cdef int128 sum
    cdef int status
    if p.refuses[f * p.contracts + k]:
        return REFUSED
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
        return REFUSED
    if p.cap_bottom[f] and size_of(rest) >= size_of(lots):
        if <int128> notional * p.cap_bottom[f] > <int128> p.cap_top[f] * equity:
            return REFUSED
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
    int64_t[::1] closed not None
):
    """Offer rows to funds, in order: each to its head fund, then along the parents, until one accepts it.

    Row i is `quantity` signed lots of contract `code` at `price` ticks, worth `value`; a lot is worth
    ``P·above/below`` quanta at a price, inverse ``-above/(below·P)``, and `unit` at the mark. A fund
    that does not refuse the contract accepts where its equity afterwards is at least `least`, and its
    row shrinks or ``notional·cap_bottom <= cap_top·equity`` afterwards (cap_bottom 0: no cap).

    Written are the fund that took each row, or -1; what it realized; how many of its lots that closed,
    and what those were worth, with the sign of `quantity`. Rows, cash, equity and notional of the funds
    move along. Returns the first row at which a number leaves int64, before which all are booked, or -1.
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
    for name, column in (("lots", lots), ("cost", cost), ("lots0", lots0), ("cost0", cost0), ("refuses", refuses)):
        same_length(name, column.shape[0], count)
        if column.shape[1] != contracts:
            raise ValueError(name, None, column.shape[1], f"must have {contracts} columns")
    for name, column in (("above", above), ("below", below), ("inverse", inverse)):
        same_length(name, column.shape[0], contracts)
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
        return -1
    p.count, p.contracts = count, contracts
    p.lots, p.cost, p.lots0, p.cost0 = &lots[0, 0], &cost[0, 0], &lots0[0, 0], &cost0[0, 0]
    p.cash, p.equity, p.notional = &cash[0], &equity[0], &notional[0]
    p.least, p.cap_top, p.cap_bottom, p.refuses = &least[0], &cap_top[0], &cap_bottom[0], &refuses[0, 0]
    p.parent, p.unit, p.above, p.below, p.inverse = &parent[0], &unit[0], &above[0], &below[0], &inverse[0]
    with nogil:
        for i in range(rows):
            taken[i] = -1
            realized[i] = closing[i] = closed[i] = 0
            fill.quantity, fill.price, fill.value = quantity[i], price[i], value[i]
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
    return i if status == BEYOND else -1


# Payments ----------------------------------------------------------------------------------------

cdef struct Purses:
    Py_ssize_t count
    int64_t* equity
    int64_t* cash
    const int64_t* parent
    int64_t* left
    Py_ssize_t lines
    Py_ssize_t room
    int64_t* row
    int64_t* fund
    int64_t* amount


cdef int pay(Purses* p, Py_ssize_t row, Py_ssize_t f, int64_t x) noexcept nogil:
    """Let a fund receive x, and write the line."""
    cdef int64_t cash = 0, equity = 0
    if p.lines >= p.room:
        return FULL
    if add_wraps(p.cash[f], x, &cash) or add_wraps(p.equity[f], x, &equity):
        return BEYOND
    p.cash[f], p.equity[f] = cash, equity
    p.row[p.lines], p.fund[p.lines], p.amount[p.lines] = row, f, x
    p.lines += 1
    return ACCEPTED


cdef int draw(Purses* p, Py_ssize_t row, Py_ssize_t f, uint64_t need) noexcept nogil:
    """Let a fund and its parents pay what is needed, as far as they can."""
    cdef Py_ssize_t child = -1, step = 0
    cdef int64_t most
    cdef int status
    while 0 <= f < p.count and need and step < p.count:
        most = max(<int64_t> 0, p.equity[f])
        if <uint64_t> most > need:
            most = <int64_t> need
        if child >= 0 and p.left[child] >= 0:
            most = min(most, p.left[child])
        if most:
            status = pay(p, row, f, -most)
            if status != ACCEPTED:
                return status
            if child >= 0 and p.left[child] >= 0:
                p.left[child] -= most
            need -= <uint64_t> most
        child = f
        f = p.parent[f]
        step += 1
    return ACCEPTED


def settle(
    const int64_t[::1] amount not None, const int64_t[::1] fund not None, int64_t[::1] equity not None,
    int64_t[::1] cash not None, const int64_t[::1] parent not None, int64_t[::1] left not None,
    int64_t[::1] out_row not None, int64_t[::1] out_fund not None, int64_t[::1] out_amount not None
):
    """Pay amounts > 0 into funds and amounts < 0 out of them, in order.

    A fund pays as far as its equity is above 0, then its parents do, each no more than ``left`` of the
    fund before it (-1: without limit), which is used up by it. What nobody has stays unpaid. A line is
    written for each payment: row, fund, what the fund receives. Returns how many lines, and the first
    row at which a number leaves int64, or -1.
    """
    cdef Py_ssize_t rows = amount.shape[0], i = 0
    cdef Purses p
    cdef int status = ACCEPTED
    p.count, p.lines, p.room = equity.shape[0], 0, out_row.shape[0]
    same_length("fund", fund.shape[0], rows)
    same_length("cash", cash.shape[0], p.count)
    same_length("parent", parent.shape[0], p.count)
    same_length("left", left.shape[0], p.count)
    same_length("out_fund", out_fund.shape[0], p.room)
    same_length("out_amount", out_amount.shape[0], p.room)
    within("fund", fund, 0, p.count - 1)
    within("parent", parent, -1, p.count - 1)
    within("left", left, -1, TOP)
    if rows == 0:
        return 0, -1
    p.equity, p.cash, p.parent, p.left = &equity[0], &cash[0], &parent[0], &left[0]
    p.row = p.fund = p.amount = NULL
    if p.room:
        p.row, p.fund, p.amount = &out_row[0], &out_fund[0], &out_amount[0]
    with nogil:
        for i in range(rows):
            if amount[i] < 0:
                status = draw(&p, i, fund[i], size_of(amount[i]))
            elif amount[i] > 0 and 0 <= fund[i] < p.count:
                status = pay(&p, i, fund[i], amount[i])
            if status != ACCEPTED:
                break
    if status == FULL:
        raise ValueError("out_row", i, p.room, "must have a row for each payment")
    return p.lines, i if status == BEYOND else -1
