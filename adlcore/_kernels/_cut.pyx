"""Where a queue is cut: the shortest prefix of the survivors that covers a target.

A weighted quickselect narrows the place of the cut by float64 sums, which are near enough almost always. Where a sum is too close to the
target to tell, the exact sum of that prefix decides; and the last few rows are walked with exact sums. Lots are summed in int64, float64
sizes as wide fixed-point numbers, so the cut does not depend on the order of the survivors.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from ._sum cimport Exact, add, as_double, clear, rounded

cdef enum:
    SMALL = 24  # items that are sorted and walked

cdef double HALF_ULP = 1.1102230246251565e-16


cdef struct Total:  # the exact size of a prefix
    uint64_t lots
    Exact floats


cdef bint precedes(const Item* one, const Item* other) noexcept nogil:
    """The total order of a queue: score descending, tie ascending, row ascending."""
    return (one.score > other.score) | (
        (one.score == other.score) & ((one.tie < other.tie) | ((one.tie == other.tie) & (one.row < other.row)))
    )


cdef double approximate(const Goal* goal, int64_t size) noexcept nogil:
    return <double> size if goal.lots else as_double(size)


cdef void fill_item(const Survivors* survivors, Py_ssize_t i, Item* item) noexcept nogil:
    item.score = survivors.score[i]
    item.row = survivors.row[i]
    item.size = survivors.size[i]
    item.tie = survivors.tie[i] if survivors.tie != NULL else 0


# Exact sums ---------------------------------------------------------------------------------------------------------------------

cdef void total_clear(Total* total) noexcept nogil:
    total.lots = 0
    clear(&total.floats)


cdef inline void total_add(const Goal* goal, Total* total, int64_t size) noexcept nogil:
    if goal.lots:
        total.lots += <uint64_t> size
    else:
        add(&total.floats, as_double(size))


cdef int64_t total_read(const Goal* goal, const Total* total) noexcept nogil:
    """The sum: lots, or the bits of the float64 it is rounded to."""
    cdef double value
    cdef int64_t bits
    if goal.lots:
        return <int64_t> total.lots
    value = rounded(&total.floats)
    memcpy(&bits, &value, sizeof(bits))
    return bits


cdef bint reaches(const Goal* goal, int64_t total) noexcept nogil:
    return total >= goal.target_lots if goal.lots else as_double(total) >= goal.target


cdef void total_of(const Goal* goal, const Item* items, Py_ssize_t n, Total* total) noexcept nogil:
    cdef Py_ssize_t i
    total_clear(total)
    for i in range(n):
        total_add(goal, total, items[i].size)


# Narrowing ----------------------------------------------------------------------------------------------------------------------

cdef inline Py_ssize_t spread(Py_ssize_t span, int turn) noexcept nogil:
    """A place in 0 .. span that follows no period of the data."""
    return <Py_ssize_t> ((<uint64_t> (span + turn) * <uint64_t> 0x9E3779B97F4A7C15 >> 32) % <uint64_t> span)


cdef Py_ssize_t partition(const Goal* goal, Item* items, Py_ssize_t low, Py_ssize_t high, double* size) noexcept nogil:
    """Split items[low:high] at a median of three; its place, and the size of what precedes it."""
    cdef Py_ssize_t i, place = low
    cdef Py_ssize_t a = low + spread(high - low, 1), b = low + (high - low) // 2, c = low + spread(high - low, 2)
    cdef Item pivot, held
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
        held = items[i]
        before = precedes(&held, &pivot)
        total += approximate(goal, held.size) * before
        items[i] = items[place]
        items[place] = held
        place += before
    items[high - 1] = items[place]
    items[place] = pivot
    size[0] = total
    return place


cdef bint prefix_reaches(
    const Goal* goal, const Item* items, Py_ssize_t n, double size, double band, bint exact
) noexcept nogil:
    """Whether the first n items, of about `size`, reach the target or the limit."""
    cdef Total total
    if (goal.limit >= 0 and n >= goal.limit) or size > goal.target + band:
        return True
    if size < goal.target - band:
        return False
    if not exact:
        return True
    total_of(goal, items, n, &total)
    return reaches(goal, total_read(goal, &total))


cdef void narrow(
    const Goal* goal, Item* items, Py_ssize_t* low, Py_ssize_t* high, double* before, double band, bint exact
) noexcept nogil:
    """Narrow items[low:high], which hold the cut, until few are left; all that precedes them stands in items[:low].

    `before` is the approximate size of items[:low], `band` how far such a size may be off.
    """
    cdef Py_ssize_t place
    cdef double size, upto
    while high[0] - low[0] > SMALL:
        place = partition(goal, items, low[0], high[0], &size)
        size += before[0]
        upto = size + approximate(goal, items[place].size)
        if prefix_reaches(goal, items, place, size, band, exact):
            high[0] = place
        elif prefix_reaches(goal, items, place + 1, upto, band, exact):
            low[0], high[0] = place, place + 1
            before[0] = size
        else:
            low[0] = place + 1
            before[0] = upto


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


cdef void walk(const Goal* goal, const Item* items, Py_ssize_t n, Py_ssize_t behind, Total* total, Cut* cut) noexcept nogil:
    """Go through the last items with exact sums; `behind` rows of size `total` stand before them."""
    cdef Py_ssize_t i
    cdef int64_t upto = 0, before
    cdef double closed, left
    before = total_read(goal, total)
    for i in range(n):
        total_add(goal, total, items[i].size)
        upto = total_read(goal, total)
        cut.last = items[i]
        cut.count = behind + i + 1
        cut.last_closed = items[i].size
        cut.left = 0
        cut.filled = upto
        if reaches(goal, upto):
            cut.covered = True
            if goal.lots:
                cut.filled = goal.target_lots
                cut.last_closed = goal.target_lots - before
                cut.left = items[i].size - cut.last_closed
            else:
                closed = min(as_double(items[i].size), goal.target - as_double(before))
                left = as_double(items[i].size) - closed
                memcpy(&cut.filled, &goal.target, sizeof(double))
                memcpy(&cut.last_closed, &closed, sizeof(double))
                memcpy(&cut.left, &left, sizeof(double))
            return
        if goal.limit >= 0 and cut.count >= goal.limit:
            cut.covered = True
            return
        before = upto


cdef int find_cut(const Goal* goal, const Survivors* parts, Py_ssize_t n_parts, Cut* cut) noexcept nogil:
    """Cut the queue that all parts make together."""
    cdef Py_ssize_t p, i, n = 0, low = 0, high
    cdef double size = 0.0, band
    cdef Total total
    cut.covered = False
    cut.count = 0
    cut.filled = cut.left = cut.last_closed = 0
    for p in range(n_parts):
        n += parts[p].count
    if n == 0:
        return DONE
    cdef Item* items = <Item*> malloc(n * sizeof(Item))
    if items == NULL:
        return NO_MEMORY
    n = 0
    for p in range(n_parts):
        for i in range(parts[p].count):
            fill_item(&parts[p], i, &items[n])
            size += approximate(goal, items[n].size)
            n += 1
    # Float64 sums of n terms >= 0 are off by less than n half-ulps of the largest sum.
    band = (n + 8) * HALF_ULP * (goal.target + size)
    high = n
    size = 0.0
    narrow(goal, items, &low, &high, &size, band, True)
    sort_items(items + low, high - low)
    total_of(goal, items, low, &total)
    walk(goal, items + low, high - low, low, &total, cut)
    free(items)
    return DONE
