"""The books of a pass, one row that is closed in them, and what lots are worth at a price or at the mark."""

from libc.math cimport fabs, rint
from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..margin.contracts cimport ContractColumns, Contracts
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


cdef struct RowColumns:
    Py_ssize_t count
    int64_t* quantity
    int64_t* entry_value
    const int64_t* quantity0
    const int64_t* entry_value0
    const int64_t* slot
    int64_t* pnl
    int64_t* margin


cdef struct SlotSumColumns:
    Py_ssize_t count
    int64_t* sums  # equity and maintenance margin of a slot, side by side
    int64_t* cash
    const uint8_t* realized_in_sum  # NULL where all are 1


cdef struct BookColumns:
    RowColumns rows
    SlotSumColumns slots
    ContractColumns contracts
    const double* value_per_lot


# The views keep what `columns` points to.
cdef class Rows:
    cdef RowColumns columns
    cdef int64_t[::1] quantity, entry_value, pnl, margin
    cdef const int64_t[::1] quantity0, entry_value0, slot


cdef class SlotSums:
    cdef SlotSumColumns columns
    cdef int64_t[:, ::1] sums
    cdef int64_t[::1] cash
    cdef const uint8_t[::1] realized_in_sum


cdef class PositionBooks:
    cdef BookColumns columns
    cdef Rows rows
    cdef SlotSums slots
    cdef Contracts contracts
    cdef const double[::1] value_per_lot

    cdef int check_slot(self, int64_t row) except -1
    cdef int refuse(self, int status, Py_ssize_t i, int64_t row, int64_t lots) except -1


cdef inline bint to_int64(int128 number, int64_t* out) noexcept nogil:
    """Write a number as int64; whether that holds it."""
    out[0] = <int64_t> number
    return number == out[0]


cdef inline bint rounded_value(int64_t lots, double value_per_lot, int64_t* out) noexcept nogil:
    """Write ``rint(lots·value_per_lot)``; whether its magnitude is below 2^62."""
    cdef double mark = rint(<double> lots * value_per_lot)
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
    uint64_t lots, bint negative, uint64_t price, uint64_t numerator, uint64_t denominator, bint inverse, int64_t* out
) noexcept nogil:
    """Write what lots are worth at P ticks: P·n/d a lot, inverse -n/(d·P); half-even. Whether int64 holds it.

    Linear is P·lots = k·d + r, and then k·n + r·n/d. All arguments are below 2^63, lots may be 2^63.
    """
    cdef uint64_t whole, rest = 0, part = 0
    cdef uint128 product, divisor = denominator, left
    if not inverse:
        product = <uint128> lots * price
        if <uint64_t> (product >> 64) >= denominator:
            return False
        whole = divide(<uint64_t> (product >> 64), <uint64_t> product, denominator, &rest)
        if rest:
            product = <uint128> rest * numerator
            part = divide(<uint64_t> (product >> 64), <uint64_t> product, denominator, &rest)
        product = <uint128> whole * numerator + part
        left = rest
    else:
        negative = not negative
        product = <uint128> lots * numerator
        divisor = <uint128> denominator * price
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
    const BookColumns* books, int64_t row, int64_t lots, int64_t value, int64_t contract, int64_t* realized
) noexcept nogil:
    """Close lots of a row for what they are worth, re-margin it, and move its slot along; all of it or nothing."""
    cdef int64_t q, q0, s, tier, last, cost = 0, mark = 0, gain = 0, pnl = 0, margin = 0, equity = 0, required = 0
    cdef int64_t cash = 0
    cdef const RowColumns* rows = &books.rows
    cdef const SlotSumColumns* slots = &books.slots
    cdef const ContractColumns* contracts = &books.contracts
    cdef uint64_t held
    cdef int128 sum
    if not (0 <= row < rows.count and 0 <= contract < contracts.count):
        return ABSENT
    s = rows.slot[row]
    tier = contracts.tier_start[contract]
    last = contracts.tier_start[contract + 1]
    if not (0 <= s < slots.count and 0 <= tier <= last <= contracts.tiers):
        return ABSENT
    q = rows.quantity[row]
    q0 = rows.quantity0[row]
    held = size_of(q)
    if lots < 1 or <uint64_t> lots > held:
        return TOO_MANY
    if size_of(q0) < held or (q0 ^ q) < 0:
        return UNLIKE
    if not cost_left(rows.entry_value0[row], size_of(q0) - held + <uint64_t> lots, size_of(q0), &cost):
        return BEYOND
    sum = value
    if q < 0:
        sum = -sum
    sum -= rows.entry_value[row]
    sum += cost
    if not to_int64(sum, &gain):
        return BEYOND
    q += lots if q < 0 else -lots
    if not rounded_value(q, books.value_per_lot[contract], &mark) or subtract_wraps(mark, cost, &pnl):
        return BEYOND
    if not margin_of(fabs(<double> mark), contracts.rate + tier, contracts.amount + tier, last - tier, &margin):
        return BEYOND
    sum = slots.sums[2 * s]
    sum += pnl
    sum -= rows.pnl[row]
    if slots.realized_in_sum == NULL or slots.realized_in_sum[s]:
        sum += gain
    if not to_int64(sum, &equity):
        return BEYOND
    sum = slots.sums[2 * s + 1]
    sum += margin
    sum -= rows.margin[row]
    if not to_int64(sum, &required):
        return BEYOND
    sum = slots.cash[s]
    sum += gain
    if not to_int64(sum, &cash):
        return BEYOND
    slots.sums[2 * s], slots.sums[2 * s + 1], slots.cash[s] = equity, required, cash
    rows.quantity[row], rows.entry_value[row], rows.pnl[row], rows.margin[row] = q, cost, pnl, margin
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
