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


cdef struct PurseColumns:
    Py_ssize_t count
    int64_t* equity
    int64_t* cash
    const int64_t* parent
    int64_t* parent_remaining


cdef struct PaymentColumns:
    Py_ssize_t room
    int64_t* row
    int64_t* fund
    int64_t* amount


cdef struct Till:
    PurseColumns purses
    PaymentColumns payments
    Py_ssize_t made


# The views keep what `columns` points to.
cdef class Purses:
    """Money of the funds, and who stands behind whom: see ``payments.pyi``."""

    cdef PurseColumns columns
    cdef int64_t[::1] equity, cash, parent_remaining
    cdef const int64_t[::1] parent

    def __cinit__(
        self, int64_t[::1] equity not None, int64_t[::1] cash not None, const int64_t[::1] parent not None,
        int64_t[::1] parent_remaining not None
    ):
        cdef PurseColumns* c = &self.columns
        cdef Py_ssize_t n = equity.shape[0]
        same_length("cash", cash.shape[0], n)
        same_length("parent", parent.shape[0], n)
        same_length("parent_remaining", parent_remaining.shape[0], n)
        within("parent", parent, -1, n - 1)
        within("parent_remaining", parent_remaining, -1, TOP)
        self.equity, self.cash, self.parent, self.parent_remaining = equity, cash, parent, parent_remaining
        c.count = n
        if n:
            c.equity, c.cash, c.parent, c.parent_remaining = &equity[0], &cash[0], &parent[0], &parent_remaining[0]


cdef class Payments:
    """Who received what: see ``payments.pyi``."""

    cdef PaymentColumns columns
    cdef int64_t[::1] row, fund, amount

    def __cinit__(self, int64_t[::1] row not None, int64_t[::1] fund not None, int64_t[::1] amount not None):
        cdef PaymentColumns* c = &self.columns
        cdef Py_ssize_t n = row.shape[0]
        same_length("fund", fund.shape[0], n)
        same_length("amount", amount.shape[0], n)
        self.row, self.fund, self.amount = row, fund, amount
        c.room = n
        if n:
            c.row, c.fund, c.amount = &row[0], &fund[0], &amount[0]


cdef int pay(Till* till, Py_ssize_t row, Py_ssize_t f, int64_t x) noexcept nogil:
    """Let a fund receive x, and write the line."""
    cdef const PurseColumns* p = &till.purses
    cdef const PaymentColumns* lines = &till.payments
    cdef int64_t cash = 0, equity = 0
    cdef Py_ssize_t at = till.made
    if at >= lines.room:
        return FULL
    if add_wraps(p.cash[f], x, &cash) or add_wraps(p.equity[f], x, &equity):
        return BEYOND
    p.cash[f], p.equity[f] = cash, equity
    lines.row[at], lines.fund[at], lines.amount[at] = row, f, x
    till.made += 1
    return PAID


cdef int draw(Till* till, Py_ssize_t row, Py_ssize_t f, uint64_t need) noexcept nogil:
    """Let a fund and its parents pay what is needed, as far as they can."""
    cdef const PurseColumns* p = &till.purses
    cdef Py_ssize_t child = -1, step = 0
    cdef int64_t most
    cdef int status
    while 0 <= f < p.count and need and step < p.count:
        most = max(<int64_t> 0, p.equity[f])
        if <uint64_t> most > need:
            most = <int64_t> need
        if child >= 0 and p.parent_remaining[child] >= 0:
            most = min(most, p.parent_remaining[child])
        if most:
            status = pay(till, row, f, -most)
            if status != PAID:
                return status
            if child >= 0 and p.parent_remaining[child] >= 0:
                p.parent_remaining[child] -= most
            need -= <uint64_t> most
        child = f
        f = p.parent[f]
        step += 1
    return PAID


def settle(
    Purses purses not None, const int64_t[::1] amount not None, const int64_t[::1] fund not None,
    Payments payments not None
):
    """Pay amounts into funds and out of them, in order; how many payments, and the first row beyond int64 or -1."""
    cdef Till till
    cdef Py_ssize_t rows = amount.shape[0], i = 0
    cdef int status = PAID
    till.purses, till.payments, till.made = purses.columns, payments.columns, 0
    same_length("fund", fund.shape[0], rows)
    within("fund", fund, 0, till.purses.count - 1)
    with nogil:
        for i in range(rows):
            if amount[i] < 0:
                status = draw(&till, i, fund[i], size_of(amount[i]))
            elif amount[i] > 0 and 0 <= fund[i] < till.purses.count:
                status = pay(&till, i, fund[i], amount[i])
            if status != PAID:
                break
    if status == FULL:
        raise ValueError("payments", i, till.payments.room, "must have a row for each payment")
    return till.made, i if status == BEYOND else -1
