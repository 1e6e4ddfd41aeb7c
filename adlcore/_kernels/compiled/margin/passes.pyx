"""The margin of every wallet in one pass: unrealized PnL and maintenance margin of each row, summed.

Rows are sorted by contract, then by slot. A *slot* is where a wallet's money in one settle asset is
summed: the wallet itself, or a (wallet, asset) pair where a wallet holds several assets. The pass
cuts the slots into chunks whose sums stay in the cache and takes from every contract the rows of one
chunk; threads take ranges of slots, so none writes where another does.

A block of rows is valued without branches: with rising rates the maintenance margin is the largest
of the tiers' lines. Sums wrap and note that they did: wrapped sums are right wherever the total
fits, and the caller looks closer only where the note is there.
"""

from libc.math cimport fabs, rint
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc

from ..numbers.types cimport cloned_int

cdef enum:
    BLOCK = 512
    CHUNK = 1 << 15  # slots whose sums are worked on at a time: 512 KiB

cdef double TWO_62 = 4611686018427387904.0

#: What a pass may have met: a row whose value or unrealized PnL leaves int64, a sum that left it
#: on the way, a row of another slot than the order of rows promises.
ROW_OVERFLOW, SUM_OVERFLOW, OUT_OF_ORDER = 1, 2, 4

cdef enum:
    ROW = 1
    SUM = 2
    ORDER = 4


cdef cloned_int mark_block(
    const int64_t* quantity, double unit, Py_ssize_t n, double* mark, double* size
) noexcept nogil:
    """``rint(quantity·unit)`` and its magnitude; whether all of them are below 2^62."""
    cdef Py_ssize_t i
    cdef int64_t beyond = 0
    for i in range(n):
        mark[i] = rint(<double> quantity[i] * unit)
        size[i] = fabs(mark[i])
        beyond |= not size[i] < TWO_62
    return beyond == 0


cdef cloned_int margin_block(
    const double* size, const double* rate, const double* amount, Py_ssize_t tiers, Py_ssize_t n, double* line,
    int64_t* margin
) noexcept nogil:
    """``max(0, rint(max_t(size·rate_t - amount_t)))``."""
    cdef Py_ssize_t i, t
    cdef double r, a, value
    for i in range(n):
        line[i] = 0.0
    for t in range(tiers):
        r, a = rate[t], amount[t]
        for i in range(n):
            value = size[i] * r - a
            line[i] = value if value > line[i] else line[i]
    for i in range(n):
        margin[i] = <int64_t> rint(line[i])
    return 0


cdef cloned_int pnl_block(
    const double* mark, const int64_t* entry_value, Py_ssize_t n, int64_t* pnl
) noexcept nogil:
    """``mark - entry_value``; whether none wrapped."""
    cdef Py_ssize_t i
    cdef uint64_t value, cost, gain, wrapped = 0
    for i in range(n):
        value = <uint64_t> (<int64_t> mark[i])
        cost = <uint64_t> entry_value[i]
        gain = value - cost
        wrapped |= (value ^ cost) & (value ^ gain)
        pnl[i] = <int64_t> gain
    return (wrapped >> 63) == 0


cdef bint value_block(
    const int64_t* quantity, const int64_t* entry_value, double unit, const double* rate, const double* amount,
    Py_ssize_t tiers, Py_ssize_t n, int64_t* pnl, int64_t* margin
) noexcept nogil:
    """Unrealized PnL and maintenance margin of at most BLOCK rows; whether all of them fit."""
    cdef double mark[BLOCK]
    cdef double size[BLOCK]
    cdef double line[BLOCK]
    if not mark_block(quantity, unit, n, mark, size):
        return False
    margin_block(size, rate, amount, tiers, n, line, margin)
    return pnl_block(mark, entry_value, n, pnl)


cdef cloned_int places_within(
    const int64_t* slot, Py_ssize_t n, uint64_t first, uint64_t span, uint64_t* place
) noexcept nogil:
    """Places of slots counted from `first`; whether all of them are below `span`.

    Slots are read here and nowhere else: who writes to them meanwhile can do no harm.
    """
    cdef Py_ssize_t i
    cdef uint64_t beyond = 0
    for i in range(n):
        place[i] = <uint64_t> slot[i] - first
        beyond |= place[i] >= span
    return beyond == 0


cdef inline uint64_t add(int64_t* total, int64_t value) noexcept nogil:
    """Add, wrapping; the sign bit of the result says whether it did."""
    cdef uint64_t old = <uint64_t> total[0]
    cdef uint64_t new = old + <uint64_t> value
    total[0] = <int64_t> new
    return (old ^ new) & (<uint64_t> value ^ new)


cdef int scatter(
    const int64_t* slot, const int64_t* pnl, const int64_t* margin, Py_ssize_t n, int64_t first, int64_t last,
    int64_t* sums
) noexcept nogil:
    """Add at most BLOCK rows to the sums of their slots, each within first .. last; what was met."""
    cdef Py_ssize_t i
    cdef uint64_t wrapped = 0, also = 0, span = <uint64_t> (last - first)
    cdef uint64_t place[BLOCK]
    cdef int64_t* base = sums + 2 * first
    cdef int found = 0
    if places_within(slot, n, <uint64_t> first, span, place):
        for i in range(n):
            wrapped |= add(base + 2 * place[i], pnl[i])
            also |= add(base + 2 * place[i] + 1, margin[i])
    else:
        found = ORDER
        for i in range(n):
            if place[i] < span:
                wrapped |= add(base + 2 * place[i], pnl[i])
                also |= add(base + 2 * place[i] + 1, margin[i])
    return found | (SUM if (wrapped | also) >> 63 else 0)


cdef Py_ssize_t first_row(const int64_t* slot, Py_ssize_t low, Py_ssize_t high, int64_t wanted) noexcept nogil:
    """First row of low .. high whose slot is `wanted` or above."""
    cdef Py_ssize_t middle
    while low < high:
        middle = low + (high - low) // 2
        if slot[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


cdef struct Contracts:
    Py_ssize_t count
    const int64_t* start
    const double* unit
    const int64_t* tier_start
    const double* rate
    const double* amount


cdef int run(
    const Contracts* c, const int64_t* quantity, const int64_t* entry_value, const int64_t* slot,
    const int64_t* balance, int64_t first, int64_t last, Py_ssize_t* cursor, int64_t* pnl, int64_t* margin,
    int64_t* sums
) noexcept nogil:
    cdef Py_ssize_t k, row, end, n, tier
    cdef int64_t low = first, high, i
    cdef int found = 0
    for k in range(c.count):
        cursor[k] = first_row(slot, c.start[k], c.start[k + 1], first)
    while low < last:
        high = min(low + CHUNK, last)
        for i in range(low, high):
            sums[2 * i] = balance[i]
            sums[2 * i + 1] = 0
        for k in range(c.count):
            row = cursor[k]
            end = first_row(slot, row, c.start[k + 1], high)
            tier = c.tier_start[k]
            while row < end:
                n = min(end - row, <Py_ssize_t> BLOCK)
                if not value_block(
                    quantity + row, entry_value + row, c.unit[k], c.rate + tier, c.amount + tier,
                    c.tier_start[k + 1] - tier, n, pnl + row, margin + row
                ):
                    return found | ROW
                found |= scatter(slot + row, pnl + row, margin + row, n, low, high, sums)
                row += n
            cursor[k] = end
        low = high
    return found


def full_pass(
    const int64_t[::1] start not None, const double[::1] unit not None, const int64_t[::1] tier_start not None,
    const double[::1] rate not None, const double[::1] amount not None, const int64_t[::1] quantity not None,
    const int64_t[::1] entry_value not None, const int64_t[::1] slot not None, const int64_t[::1] balance not None,
    int64_t first, int64_t last, int64_t[::1] pnl not None, int64_t[::1] margin not None,
    int64_t[:, ::1] sums not None
):
    """Write unrealized PnL and maintenance margin of the rows of slots first .. last, and their sums.

    Contract k holds the rows ``start[k] .. start[k + 1]``, a lot is worth ``unit[k]`` quanta, its tiers
    are ``tier_start[k] .. tier_start[k + 1]`` of `rate` and `amount`. `sums` becomes the balance plus
    unrealized PnL, and the maintenance margin, of each slot. Returns flags of what was met.
    """
    cdef Py_ssize_t n = quantity.shape[0], k
    cdef Contracts c
    cdef Py_ssize_t* cursor
    cdef int found
    c.count = unit.shape[0]
    if start.shape[0] != c.count + 1 or tier_start.shape[0] != c.count + 1 or rate.shape[0] != amount.shape[0]:
        raise ValueError("start", None, start.shape[0], f"must have {c.count + 1} rows")
    if not n == entry_value.shape[0] == slot.shape[0] == pnl.shape[0] == margin.shape[0]:
        raise ValueError("quantity", None, n, f"must have {slot.shape[0]} rows, as every column")
    if sums.shape[1] != 2 or sums.shape[0] != balance.shape[0] or not 0 <= first <= last <= balance.shape[0]:
        raise ValueError("sums", None, sums.shape[0], f"must have {balance.shape[0]} rows of two")
    bounded("start", start, n)
    bounded("tier_start", tier_start, rate.shape[0])
    if c.count == 0 or first == last:
        if first < last:
            for k in range(first, last):
                sums[k, 0], sums[k, 1] = balance[k], 0
        return 0
    c.start, c.unit, c.tier_start = &start[0], &unit[0], &tier_start[0]
    c.rate = &rate[0] if rate.shape[0] else NULL
    c.amount = &amount[0] if amount.shape[0] else NULL
    cursor = <Py_ssize_t*> malloc(c.count * sizeof(Py_ssize_t))
    if cursor == NULL:
        raise MemoryError
    with nogil:
        found = run(
            &c, &quantity[0] if n else NULL, &entry_value[0] if n else NULL, &slot[0] if n else NULL, &balance[0],
            first, last, cursor, &pnl[0] if n else NULL, &margin[0] if n else NULL, &sums[0, 0]
        )
    free(cursor)
    return found


cdef int bounded(str name, const int64_t[::1] start, Py_ssize_t n) except -1:
    """Refuse borders that do not rise within 0 .. n."""
    cdef Py_ssize_t k
    cdef int64_t before = 0
    for k in range(start.shape[0]):
        if not before <= start[k] <= n:
            raise ValueError(name, k, start[k], f"must rise within 0 to {n}")
        before = start[k]
    return 0


def new_mark(
    double unit, const double[::1] rate not None, const double[::1] amount not None,
    const int64_t[::1] quantity not None, const int64_t[::1] entry_value not None, const int64_t[::1] slot not None,
    int64_t[::1] pnl not None, int64_t[::1] margin not None, int64_t[:, ::1] sums not None
):
    """Value the rows of one contract anew and move their slots' sums by the differences.

    Returns how many rows were done and flags of what was met; the same call with the old unit undoes
    them, for wrapping sums lose nothing.
    """
    cdef Py_ssize_t n = quantity.shape[0], row = 0, count, i, tiers = rate.shape[0]
    cdef int64_t fresh_pnl[BLOCK]
    cdef int64_t fresh_margin[BLOCK]
    cdef int64_t change_pnl[BLOCK]
    cdef int64_t change_margin[BLOCK]
    cdef const double* rates = &rate[0] if tiers else NULL
    cdef const double* amounts = &amount[0] if tiers else NULL
    cdef uint64_t wrapped = 0
    cdef int found = 0
    if amount.shape[0] != tiers:
        raise ValueError("amount", None, amount.shape[0], f"must have {tiers} rows")
    if not n == entry_value.shape[0] == slot.shape[0] == pnl.shape[0] == margin.shape[0]:
        raise ValueError("quantity", None, n, f"must have {slot.shape[0]} rows, as every column")
    if sums.shape[1] != 2 or sums.shape[0] == 0:
        if n == 0:
            return 0, 0
        raise ValueError("sums", None, sums.shape[0], "must have rows of two")
    with nogil:
        while row < n:
            count = min(n - row, <Py_ssize_t> BLOCK)
            if not value_block(
                &quantity[row], &entry_value[row], unit, rates, amounts, tiers, count, fresh_pnl, fresh_margin
            ):
                found |= ROW
                break
            for i in range(count):
                change_pnl[i] = subtract(fresh_pnl[i], pnl[row + i], &wrapped)
                change_margin[i] = subtract(fresh_margin[i], margin[row + i], &wrapped)
                pnl[row + i] = fresh_pnl[i]
                margin[row + i] = fresh_margin[i]
            found |= scatter(&slot[row], change_pnl, change_margin, count, 0, sums.shape[0], &sums[0, 0])
            row += count
    return row, found | (SUM if wrapped >> 63 else 0)


cdef inline int64_t subtract(int64_t one, int64_t other, uint64_t* wrapped) noexcept nogil:
    """The difference, wrapping; the sign bit of `wrapped` notes it."""
    cdef uint64_t less = <uint64_t> one - <uint64_t> other
    wrapped[0] |= (<uint64_t> one ^ <uint64_t> other) & (<uint64_t> one ^ less)
    return <int64_t> less
