"""The margin of every wallet in one pass: unrealized PnL and maintenance margin of each row, summed.

Rows are sorted by contract, then by slot. A *slot* is where a wallet's money in one settle asset is
summed: the wallet itself, or a (wallet, asset) pair where a wallet holds several assets. The pass
cuts the slots into chunks whose sums stay in the cache and takes from every contract the rows of one
chunk; threads take ranges of slots, so none writes where another does.

A block of rows is valued without branches: with rising rates the maintenance margin is the largest
of the tiers' lines. Sums wrap and flag that they did: wrapped sums are right wherever the total
fits, and the caller looks closer only where the flag is there.
"""

from libc.math cimport fabs, rint
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc

from ..numbers.money cimport same_length
from ..numbers.types cimport cloned_int
from .contracts cimport Contracts
from .positions cimport PositionColumns, Positions, SlotColumns, Slots

cdef enum:
    BLOCK = 512
    CHUNK = 1 << 15  # slots whose sums are worked on at a time: 512 KiB
    ROW = 1
    SUM = 2
    STRAY = 4

cdef double TWO_62 = 4611686018427387904.0

ROW_OVERFLOW, SUM_OVERFLOW, STRAY_ROW = ROW, SUM, STRAY


cdef struct Span:
    # Rows of a contract that are to be valued, and its tiers.
    Py_ssize_t row
    Py_ssize_t end
    Py_ssize_t tier
    Py_ssize_t end_tier


cdef int read_span(Contracts contracts, Py_ssize_t k, Py_ssize_t rows, Span* span) except -1:
    """Where the rows and tiers of contract k stand.

    Borders are read here and nowhere else: who writes to them after they were checked can do no harm.
    """
    read_borders("start", contracts.columns.start, k, rows, &span.row, &span.end)
    return read_borders(
        "tier_start", contracts.columns.tier_start, k, contracts.columns.tiers, &span.tier, &span.end_tier
    )


cdef int read_borders(
    str name, const int64_t* border, Py_ssize_t k, Py_ssize_t limit, Py_ssize_t* first, Py_ssize_t* last
) except -1:
    first[0], last[0] = border[k], border[k + 1]
    if not 0 <= first[0] <= limit:
        raise ValueError(name, k, first[0], f"must rise within 0 to {limit}")
    if not first[0] <= last[0] <= limit:
        raise ValueError(name, k + 1, last[0], f"must rise within 0 to {limit}")
    return 0


cdef cloned_int mark_block(
    const int64_t* quantity, double value_per_lot, Py_ssize_t n, double* mark, double* size
) noexcept nogil:
    """``rint(quantity·value_per_lot)`` and its magnitude; whether all of them are below 2^62."""
    cdef Py_ssize_t i
    cdef int64_t beyond = 0
    for i in range(n):
        mark[i] = rint(<double> quantity[i] * value_per_lot)
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
    const int64_t* quantity, const int64_t* entry_value, double value_per_lot, const double* rate, const double* amount,
    Py_ssize_t tiers, Py_ssize_t n, int64_t* pnl, int64_t* margin
) noexcept nogil:
    """Unrealized PnL and maintenance margin of at most BLOCK rows; whether all of them fit."""
    cdef double mark[BLOCK]
    cdef double size[BLOCK]
    cdef double line[BLOCK]
    if not mark_block(quantity, value_per_lot, n, mark, size):
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
    """Add at most BLOCK rows to the sums of their slots, each within first .. last; flags."""
    cdef Py_ssize_t i
    cdef uint64_t wrapped = 0, also = 0, span = <uint64_t> (last - first)
    cdef uint64_t place[BLOCK]
    cdef int64_t* base = sums + 2 * first
    cdef int flags = 0
    if places_within(slot, n, <uint64_t> first, span, place):
        for i in range(n):
            wrapped |= add(base + 2 * place[i], pnl[i])
            also |= add(base + 2 * place[i] + 1, margin[i])
    else:
        flags = STRAY
        for i in range(n):
            if place[i] < span:
                wrapped |= add(base + 2 * place[i], pnl[i])
                also |= add(base + 2 * place[i] + 1, margin[i])
    return flags | (SUM if (wrapped | also) >> 63 else 0)


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


cdef int run(
    Py_ssize_t contracts, Span* spans, const double* rate, const double* amount, const double* value_per_lot,
    const PositionColumns* rows, const SlotColumns* slots, int64_t first, int64_t last
) noexcept nogil:
    """Value the rows of slots first .. last, chunk by chunk; flags."""
    cdef Py_ssize_t k, row, end, n
    cdef int64_t low = first, high, i
    cdef int flags = 0
    cdef Span* span
    for k in range(contracts):
        spans[k].row = first_row(rows.slot, spans[k].row, spans[k].end, first)
    while low < last:
        high = min(low + CHUNK, last)
        for i in range(low, high):
            slots.sums[2 * i] = slots.balance[i]
            slots.sums[2 * i + 1] = 0
        for k in range(contracts):
            span = &spans[k]
            row = span.row
            end = first_row(rows.slot, row, span.end, high)
            while row < end:
                n = min(end - row, <Py_ssize_t> BLOCK)
                if not value_block(
                    rows.quantity + row, rows.entry_value + row, value_per_lot[k], rate + span.tier,
                    amount + span.tier, span.end_tier - span.tier, n, rows.pnl + row, rows.margin + row
                ):
                    return flags | ROW
                flags |= scatter(rows.slot + row, rows.pnl + row, rows.margin + row, n, low, high, slots.sums)
                row += n
            span.row = end
        low = high
    return flags


def run_full_pass(
    Contracts contracts not None, const double[::1] value_per_lot not None, Positions rows not None,
    Slots slots not None, int64_t first, int64_t last
):
    """Write unrealized PnL and maintenance margin of the rows of slots first .. last, and their sums; flags."""
    cdef Py_ssize_t count = contracts.columns.count, k
    cdef Span* spans
    cdef int flags = 0
    same_length("value_per_lot", value_per_lot.shape[0], count)
    if not 0 <= first <= last <= slots.columns.count:
        raise ValueError("last", None, last, f"must be from first, {first}, to {slots.columns.count}")
    spans = <Span*> malloc((count + 1) * sizeof(Span))
    if spans == NULL:
        raise MemoryError
    try:
        for k in range(count):
            read_span(contracts, k, rows.columns.count, &spans[k])
        with nogil:
            flags = run(
                count, spans, contracts.columns.rate, contracts.columns.amount,
                &value_per_lot[0] if count else NULL, &rows.columns, &slots.columns, first, last
            )
    finally:
        free(spans)
    return flags


def move_mark(
    Contracts contracts not None, Py_ssize_t contract, double value_per_lot, Positions rows not None,
    Slots slots not None
):
    """Value the rows of one contract anew and move their slots' sums by the differences; rows done, and flags."""
    cdef PositionColumns* c = &rows.columns
    cdef SlotColumns* s = &slots.columns
    cdef const double* rate = contracts.columns.rate
    cdef const double* amount = contracts.columns.amount
    cdef int64_t fresh_pnl[BLOCK]
    cdef int64_t fresh_margin[BLOCK]
    cdef int64_t change_pnl[BLOCK]
    cdef int64_t change_margin[BLOCK]
    cdef Py_ssize_t row, first, n, i
    cdef uint64_t wrapped = 0
    cdef int flags = 0
    cdef Span span
    if not 0 <= contract < contracts.columns.count:
        raise ValueError("contract", None, contract, f"must be from 0 to {contracts.columns.count - 1}")
    read_span(contracts, contract, c.count, &span)
    if s.count == 0 and span.row < span.end:
        raise ValueError("sums", None, 0, "must have rows of two")
    row = first = span.row
    with nogil:
        while row < span.end:
            n = min(span.end - row, <Py_ssize_t> BLOCK)
            if not value_block(
                c.quantity + row, c.entry_value + row, value_per_lot, rate + span.tier, amount + span.tier,
                span.end_tier - span.tier, n, fresh_pnl, fresh_margin
            ):
                flags |= ROW
                break
            for i in range(n):
                change_pnl[i] = subtract(fresh_pnl[i], c.pnl[row + i], &wrapped)
                change_margin[i] = subtract(fresh_margin[i], c.margin[row + i], &wrapped)
                c.pnl[row + i] = fresh_pnl[i]
                c.margin[row + i] = fresh_margin[i]
            flags |= scatter(c.slot + row, change_pnl, change_margin, n, 0, s.count, s.sums)
            row += n
    return row - first, flags | (SUM if wrapped >> 63 else 0)


cdef inline int64_t subtract(int64_t one, int64_t other, uint64_t* wrapped) noexcept nogil:
    """The difference, wrapping; the sign bit of `wrapped` says so."""
    cdef uint64_t less = <uint64_t> one - <uint64_t> other
    wrapped[0] |= (<uint64_t> one ^ <uint64_t> other) & (<uint64_t> one ^ less)
    return <int64_t> less
