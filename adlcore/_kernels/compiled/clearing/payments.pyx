"""What insurance funds receive and pay: one scan in the order of the payments.

What a fund may pay hangs on all that it received and paid before, so nothing here can be summed first.
"""

from libc.stdint cimport int64_t, uint64_t

from ..numbers.money cimport add_wraps, same_length, size_of
from .rows cimport within

cdef enum:
    PAID = 0
    BEYOND = 1  # a number leaves int64
    FULL = 2  # no room for another line

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


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
    return PAID


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
            if status != PAID:
                return status
            if child >= 0 and p.left[child] >= 0:
                p.left[child] -= most
            need -= <uint64_t> most
        child = f
        f = p.parent[f]
        step += 1
    return PAID


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
    cdef int status = PAID
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
            if status != PAID:
                break
    if status == FULL:
        raise ValueError("out_row", i, p.room, "must have a row for each payment")
    return p.lines, i if status == BEYOND else -1
