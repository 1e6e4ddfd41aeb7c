"""The columns of a pass, one row that is closed in them, and what lots are worth at a price or at the mark."""

from libc.math cimport fabs, rint
from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.money cimport (
    HALF_EVEN,
    TOWARD_ZERO,
    divide,
    grows,
    int128,
    quotient,
    size_of,
    subtract_wraps,
    uint128,
    with_sign,
)

cdef enum:
    CLOSED = 0
    BEYOND = 1  # a number leaves int64
    ABSENT = 2  # no such row, slot, contract or tier
    TOO_MANY = 3  # more lots than the row holds, or none
    UNLIKE = 4  # the row at the start of the pass has the other side or fewer lots


cdef struct Columns:
    Py_ssize_t rows
    Py_ssize_t slots
    Py_ssize_t contracts
    Py_ssize_t tiers
    int64_t* quantity
    int64_t* entry_value
    const int64_t* quantity0
    const int64_t* entry_value0
    const int64_t* slot
    int64_t* pnl
    int64_t* margin
    int64_t* sums  # equity and maintenance margin of a slot, side by side
    int64_t* cash
    const uint8_t* plain  # NULL where all are
    const double* unit
    const int64_t* tier_start
    const double* rate
    const double* amount


cdef class Rows:
    # The views keep what `columns` points to.
    cdef Columns columns
    cdef int64_t[::1] quantity, entry_value, pnl, margin, cash
    cdef const int64_t[::1] quantity0, entry_value0, slot, tier_start
    cdef int64_t[:, ::1] sums
    cdef const uint8_t[::1] plain
    cdef const double[::1] unit, rate, amount

    cdef int check_slot(self, int64_t row) except -1
    cdef int refuse(self, int status, Py_ssize_t i, int64_t row, int64_t lots) except -1


cdef inline bint narrow(int128 number, int64_t* out) noexcept nogil:
    """Write a number as int64; whether that holds it."""
    out[0] = <int64_t> number
    return number == out[0]


cdef inline bint rounded_value(int64_t lots, double unit, int64_t* out) noexcept nogil:
    """Write ``rint(lots·unit)``; whether its magnitude is below 2^62."""
    cdef double mark = rint(<double> lots * unit)
    if not fabs(mark) < 4611686018427387904.0:
        return False
    out[0] = <int64_t> mark
    return True


cdef inline bint margin_of(
    double size, const double* rate, const double* amount, Py_ssize_t tiers, int64_t* out
) noexcept nogil:
    """Write ``max(0, rint(max_t(size·rate_t - amount_t)))``, as the margin pass does; whether int64 holds it."""
    cdef Py_ssize_t t
    cdef double line = 0.0, value
    for t in range(tiers):
        value = size * rate[t] - amount[t]
        line = value if value > line else line
    if not line < 9223372036854775808.0:
        return False
    out[0] = <int64_t> rint(line)
    return True


cdef inline bint cost_left(int64_t cost0, uint64_t closed, uint64_t lots0, int64_t* out) noexcept nogil:
    """Write what is left of a cost when `closed` <= lots0 are closed, the released part rounded toward zero."""
    cdef int64_t released = 0
    if not quotient(<uint128> size_of(cost0) * closed, lots0, cost0 < 0, TOWARD_ZERO, &released):
        return False
    return not subtract_wraps(cost0, released, out)


cdef inline bint fill_value(
    uint64_t lots, bint negative, uint64_t ticks, uint64_t above, uint64_t below, bint inverse, int64_t* out
) noexcept nogil:
    """Write what lots are worth at a price: P·n/d a lot, inverse -n/(d·P); half-even. Whether int64 holds it.

    Linear is ticks·lots = k·d + r, and then k·n + r·n/d. All arguments are below 2^63, lots may be 2^63.
    """
    cdef uint64_t whole, rest = 0, part = 0
    cdef uint128 product, divisor = below, left
    if not inverse:
        product = <uint128> lots * ticks
        if <uint64_t> (product >> 64) >= below:
            return False
        whole = divide(<uint64_t> (product >> 64), <uint64_t> product, below, &rest)
        if rest:
            product = <uint128> rest * above
            part = divide(<uint64_t> (product >> 64), <uint64_t> product, below, &rest)
        product = <uint128> whole * above + part
        left = rest
    else:
        negative = not negative
        product = <uint128> lots * above
        divisor = <uint128> below * ticks
        if divisor >> 64:
            left = product % divisor
            product = product // divisor
        elif <uint64_t> (product >> 64) >= <uint64_t> divisor:
            return False
        else:
            product = divide(<uint64_t> (product >> 64), <uint64_t> product, <uint64_t> divisor, &rest)
            left = rest
    if product > <uint64_t> 0x8000000000000000:
        return False
    whole = <uint64_t> product
    return with_sign(whole + <uint64_t> grows(whole, left, divisor, negative, HALF_EVEN), negative, out)


cdef inline int close_row(
    const Columns* c, int64_t row, int64_t lots, int64_t value, int64_t code, int64_t* realized
) noexcept nogil:
    """Close lots of a row for what they are worth, re-margin it, and move its slot along; all of it or nothing."""
    cdef int64_t q, q0, s, tier, last, cost = 0, mark = 0, gain = 0, pnl = 0, margin = 0, equity = 0, required = 0
    cdef int64_t cash = 0
    cdef uint64_t held
    cdef int128 sum
    if not (0 <= row < c.rows and 0 <= code < c.contracts):
        return ABSENT
    s = c.slot[row]
    tier = c.tier_start[code]
    last = c.tier_start[code + 1]
    if not (0 <= s < c.slots and 0 <= tier <= last <= c.tiers):
        return ABSENT
    q = c.quantity[row]
    q0 = c.quantity0[row]
    held = size_of(q)
    if lots < 1 or <uint64_t> lots > held:
        return TOO_MANY
    if size_of(q0) < held or (q0 ^ q) < 0:
        return UNLIKE
    if not cost_left(c.entry_value0[row], size_of(q0) - held + <uint64_t> lots, size_of(q0), &cost):
        return BEYOND
    sum = value
    if q < 0:
        sum = -sum
    sum -= c.entry_value[row]
    sum += cost
    if not narrow(sum, &gain):
        return BEYOND
    q += lots if q < 0 else -lots
    if not rounded_value(q, c.unit[code], &mark) or subtract_wraps(mark, cost, &pnl):
        return BEYOND
    if not margin_of(fabs(<double> mark), c.rate + tier, c.amount + tier, last - tier, &margin):
        return BEYOND
    sum = c.sums[2 * s]
    sum += pnl
    sum -= c.pnl[row]
    if c.plain == NULL or c.plain[s]:
        sum += gain
    if not narrow(sum, &equity):
        return BEYOND
    sum = c.sums[2 * s + 1]
    sum += margin
    sum -= c.margin[row]
    if not narrow(sum, &required):
        return BEYOND
    sum = c.cash[s]
    sum += gain
    if not narrow(sum, &cash):
        return BEYOND
    c.sums[2 * s], c.sums[2 * s + 1], c.cash[s] = equity, required, cash
    c.quantity[row], c.entry_value[row], c.pnl[row], c.margin[row] = q, cost, pnl, margin
    realized[0] = gain
    return CLOSED


cdef inline int within(str name, const int64_t[::1] column, int64_t first, int64_t last) except -1:
    """Refuse what is not from `first` to `last`."""
    cdef Py_ssize_t i, bad = -1
    with nogil:
        for i in range(column.shape[0]):
            if not first <= column[i] <= last:
                bad = i
                break
    if bad >= 0:
        raise ValueError(name, bad, column[bad], f"must be from {first} to {last}")
    return 0
