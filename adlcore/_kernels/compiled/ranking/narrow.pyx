"""The place of a cut among few rows: the shortest prefix of a queue that covers a target.

A weighted quickselect narrows the place by float64 sums, which are near enough almost always. Where a
sum is too close to the target to tell, the exact sum of that prefix decides; and the last few rows
are walked with exact sums. Lots are summed in int64, float64 sizes as wide fixed-point numbers, so
the cut does not depend on the order of the rows.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from ..numbers.sums cimport add, as_double, clear, merge, rounded
from .queue_order cimport precedes

cdef enum:
    SMALL = 24  # items that are sorted and walked


# Exact sums ---------------------------------------------------------------------------------------

cdef inline void total_add(const Goal* goal, Total* total, int64_t size) noexcept nogil:
    if goal.in_lots:
        total.lots += <uint64_t> size
    else:
        add(&total.floats, as_double(size))


cdef int64_t total_read(const Goal* goal, const Total* total) noexcept nogil:
    """The sum: lots, or the bits of the float64 it is rounded to."""
    cdef double value
    cdef int64_t bits
    if goal.in_lots:
        return <int64_t> total.lots
    value = rounded(&total.floats)
    memcpy(&bits, &value, sizeof(bits))
    return bits


cdef void total_of(const Goal* goal, const Ahead* ahead, const Item* items, Py_ssize_t n, Total* total) noexcept nogil:
    """The exact size of all that is surely ahead and of the first n items."""
    cdef Py_ssize_t i
    if goal.in_lots:
        total.lots = ahead.total.lots
    else:
        total[0] = ahead.total
    for i in range(n):
        total_add(goal, total, items[i].size)


cdef bint reaches(const Goal* goal, int64_t total) noexcept nogil:
    return total >= goal.target_lots if goal.in_lots else as_double(total) >= goal.target


cdef void clear_ahead(const Goal* goal, Ahead* ahead) noexcept nogil:
    ahead.count = 0
    ahead.size = 0.0
    ahead.total.lots = 0
    if not goal.in_lots:
        clear(&ahead.total.floats)


cdef void add_ahead(const Goal* goal, Ahead* ahead, int64_t size) noexcept nogil:
    ahead.count += 1
    ahead.size += approximate(goal.in_lots, size)
    total_add(goal, &ahead.total, size)


cdef void merge_ahead(const Goal* goal, Ahead* ahead, const Ahead* other) noexcept nogil:
    ahead.count += other.count
    ahead.size += other.size
    ahead.total.lots += other.total.lots
    if not goal.in_lots:
        merge(&ahead.total.floats, &other.total.floats)


# Narrowing ---------------------------------------------------------------------------------------

cdef inline Py_ssize_t spread(Py_ssize_t span, int turn) noexcept nogil:
    """A place in 0 .. span that follows no period of the data."""
    return <Py_ssize_t> ((<uint64_t> (span + turn) * <uint64_t> 0x9E3779B97F4A7C15 >> 32) % <uint64_t> span)


cdef Py_ssize_t partition(bint in_lots, Item* items, Py_ssize_t low, Py_ssize_t high, double* size) noexcept nogil:
    """Split items[low:high] at a median of three; its place, and the size of what precedes it."""
    cdef Py_ssize_t i, place = low
    cdef Py_ssize_t a = low + spread(high - low, 1), b = low + (high - low) // 2, c = low + spread(high - low, 2)
    cdef Item pivot, item
    cdef double total = 0.0
    cdef bint before
    if precedes(&items[b], &items[a]):
        a, b = b, a
    if precedes(&items[c], &items[b]):
        b = a if precedes(&items[c], &items[a]) else c
    pivot = items[b]
    items[b] = items[high - 1]
    items[high - 1] = pivot
    for i in range(low, high - 1):  # without branches: which side a row falls on cannot be predicted
        item = items[i]
        before = precedes(&item, &pivot)
        total += approximate(in_lots, item.size) if before else 0.0
        items[i] = items[place]
        items[place] = item
        place += before
    items[high - 1] = items[place]
    items[place] = pivot
    size[0] = total
    return place


cdef bint prefix_reaches(
    const Goal* goal, const Ahead* ahead, const Item* items, Py_ssize_t n, double size, double band, bint exact
) noexcept nogil:
    """Whether what is ahead and the first n items, of about `size` in all, reach the target or the limit."""
    cdef Total total
    if (goal.limit >= 0 and ahead.count + n >= goal.limit) or size > goal.target + band:
        return True
    if size < goal.target - band:
        return False
    if not exact:
        return True
    total_of(goal, ahead, items, n, &total)
    return reaches(goal, total_read(goal, &total))


cdef void narrow(
    const Goal* goal, const Ahead* ahead, Item* items, Py_ssize_t* low, Py_ssize_t* high, double band, bint exact
) noexcept nogil:
    """Narrow items[low:high], which hold the cut, until few are left; all that precedes them stands in items[:low].

    `band` is how far a float64 sum may be off. Without `exact` a sum within it counts as enough.
    """
    cdef Py_ssize_t place
    cdef double before = ahead.size, size, upto
    while high[0] - low[0] > SMALL:
        place = partition(goal.in_lots, items, low[0], high[0], &size)
        size += before
        upto = size + approximate(goal.in_lots, items[place].size)
        if prefix_reaches(goal, ahead, items, place, size, band, exact):
            high[0] = place
        elif place + 1 == high[0] or prefix_reaches(goal, ahead, items, place + 1, upto, band, exact):
            low[0], high[0] = place, place + 1  # the cut; or the last of all, and there is none
        else:
            low[0] = place + 1
            before = upto


# The cut ------------------------------------------------------------------------------------------

cdef void sort_items(Item* items, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef Item moved
    for i in range(1, n):
        moved = items[i]
        j = i
        while j > 0 and precedes(&moved, &items[j - 1]):
            items[j] = items[j - 1]
            j -= 1
        items[j] = moved


cdef void walk(
    const Goal* goal, const Item* items, Py_ssize_t n, Py_ssize_t behind, Total* total, Cut* cut
) noexcept nogil:
    """Go through the last items with exact sums; `behind` rows of size `total` stand before them."""
    cdef Py_ssize_t i
    cdef int64_t upto, before = total_read(goal, total)
    cdef double closed, kept
    for i in range(n):
        total_add(goal, total, items[i].size)
        upto = total_read(goal, total)
        cut.last = items[i]
        cut.count = behind + i + 1
        cut.last_closed = items[i].size
        cut.kept = 0
        cut.filled = upto
        if reaches(goal, upto):
            cut.covered = True
            if goal.in_lots:
                cut.filled = goal.target_lots
                cut.last_closed = goal.target_lots - before
                cut.kept = items[i].size - cut.last_closed
            else:
                closed = min(as_double(items[i].size), goal.target - as_double(before))
                kept = as_double(items[i].size) - closed
                memcpy(&cut.filled, &goal.target, sizeof(double))
                memcpy(&cut.last_closed, &closed, sizeof(double))
                memcpy(&cut.kept, &kept, sizeof(double))
            return
        if goal.limit >= 0 and cut.count >= goal.limit:
            cut.covered = True
            return
        before = upto


cdef void cut_items(
    const Goal* goal, const Ahead* ahead, Item* items, Py_ssize_t n, double band, Cut* cut
) noexcept nogil:
    """Cut a queue of which these items, in any order, are the part behind `ahead`."""
    cdef Py_ssize_t low = 0, high = n
    cdef Total total
    cut.covered = False
    cut.count = 0
    cut.filled = cut.kept = cut.last_closed = 0
    narrow(goal, ahead, items, &low, &high, band, True)
    sort_items(items + low, high - low)
    total_of(goal, ahead, items, low, &total)
    walk(goal, items + low, high - low, ahead.count + low, &total, cut)
