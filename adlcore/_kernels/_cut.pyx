"""Where a queue is cut: the shortest prefix of the survivors that covers a target.

A histogram of the sizes over the range of the scores, then a weighted quickselect within the bins
that may hold the cut, narrow its place by float64 sums, which are near enough almost always. Where
a sum is too close to the target to tell, the exact sum of that prefix decides; and the last few
rows are walked with exact sums. Lots are summed in int64, float64 sizes as wide fixed-point
numbers, so the cut does not depend on the order of the survivors.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ._sort cimport score_key
from ._sum cimport add, as_double, clear, rounded
from ._types cimport grow

cdef enum:
    SMALL = 24  # items that are sorted and walked
    BINS = 2048
    FEW = 512  # survivors for which bins do not pay

cdef double HALF_ULP = 1.1102230246251565e-16


# Exact sums ---------------------------------------------------------------------------------------

cdef void total_clear(const Goal* goal, Total* total) noexcept nogil:
    total.lots = 0
    if not goal.lots:
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


cdef void total_of(const Goal* goal, const Ahead* ahead, const Item* items, Py_ssize_t n, Total* total) noexcept nogil:
    """The exact size of all that is surely ahead and of the first n items."""
    cdef Py_ssize_t i
    if goal.lots:
        total.lots = ahead.total.lots
    else:
        total[0] = ahead.total
    for i in range(n):
        total_add(goal, total, items[i].size)


cdef bint reaches(const Goal* goal, int64_t total) noexcept nogil:
    return total >= goal.target_lots if goal.lots else as_double(total) >= goal.target


# Narrowing by splits ------------------------------------------------------------------------------

cdef inline Py_ssize_t spread(Py_ssize_t span, int turn) noexcept nogil:
    """A place in 0 .. span that follows no period of the data."""
    return <Py_ssize_t> ((<uint64_t> (span + turn) * <uint64_t> 0x9E3779B97F4A7C15 >> 32) % <uint64_t> span)


cdef Py_ssize_t partition(bint lots, Item* items, Py_ssize_t low, Py_ssize_t high, double* size) noexcept nogil:
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
        total += approximate(lots, held.size) if before else 0.0
        items[i] = items[place]
        items[place] = held
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
        place = partition(goal.lots, items, low[0], high[0], &size)
        size += before
        upto = size + approximate(goal.lots, items[place].size)
        if prefix_reaches(goal, ahead, items, place, size, band, exact):
            high[0] = place
        elif place + 1 == high[0] or prefix_reaches(goal, ahead, items, place + 1, upto, band, exact):
            low[0], high[0] = place, place + 1  # the cut; or the last of all, and there is none
        else:
            low[0] = place + 1
            before = upto


# Narrowing by bins --------------------------------------------------------------------------------

cdef struct Bins:
    uint64_t lowest  # key of the highest score
    int shift
    int first  # bins that may hold the cut
    int last


cdef inline int bin_of(const Bins* bins, double score) noexcept nogil:
    return <int> ((score_key(score) - bins.lowest) >> bins.shift)


cdef void fill_bins(
    const Goal* goal, const Survivors* parts, Py_ssize_t n_parts, double band, Bins* bins
) noexcept nogil:
    """Find the bins of the scores' range between which the sizes, added from the front, reach the target."""
    cdef double[BINS] sizes
    cdef Py_ssize_t[BINS] counts
    cdef Py_ssize_t p, i, count = 0
    cdef uint64_t key, lowest = ~(<uint64_t> 0), highest = 0
    cdef double size = 0.0
    cdef int b
    for p in range(n_parts):
        for i in range(parts[p].count):
            key = score_key(parts[p].score[i])
            lowest = key if key < lowest else lowest
            highest = key if key > highest else highest
    bins.lowest = lowest
    bins.shift = 0
    while (highest - lowest) >> bins.shift >= BINS:
        bins.shift += 1
    memset(sizes, 0, sizeof(sizes))
    memset(counts, 0, sizeof(counts))
    for p in range(n_parts):
        for i in range(parts[p].count):
            b = bin_of(bins, parts[p].score[i])
            sizes[b] += approximate(goal.lots, parts[p].size[i])
            counts[b] += 1
    bins.first = -1
    bins.last = BINS - 1
    for b in range(BINS):
        size += sizes[b]
        count += counts[b]
        if bins.first < 0 and ((goal.limit >= 0 and count >= goal.limit) or size >= goal.target - band):
            bins.first = b
        if (goal.limit >= 0 and count >= goal.limit) or size > goal.target + band:
            bins.last = b
            break
    if bins.first < 0:  # not even all of them: the last ones end the walk
        bins.first = <int> ((highest - lowest) >> bins.shift)


cdef Py_ssize_t gather(
    const Goal* goal, const Survivors* parts, Py_ssize_t n_parts, const Bins* bins, Ahead* ahead, Item* items
) noexcept nogil:
    """Sum up who stands before the bins, and copy who stands in them; how many."""
    cdef Py_ssize_t p, i, n = 0
    cdef int b
    for p in range(n_parts):
        for i in range(parts[p].count):
            b = bin_of(bins, parts[p].score[i]) if bins != NULL else 0
            if bins != NULL and b < bins.first:
                ahead.count += 1
                ahead.size += approximate(goal.lots, parts[p].size[i])
                total_add(goal, &ahead.total, parts[p].size[i])
            elif bins == NULL or b <= bins.last:
                items[n].score = parts[p].score[i]
                items[n].row = parts[p].row[i]
                items[n].size = parts[p].size[i]
                items[n].tie = parts[p].tie[i] if parts[p].tie != NULL else 0
                n += 1
    return n


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
    cdef double closed, left
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
    cdef Py_ssize_t p, n = 0, low = 0, high
    cdef double size = 0.0, band
    cdef Bins bins
    cdef Ahead ahead
    cdef Total total
    cut.covered = False
    cut.count = 0
    cut.filled = cut.left = cut.last_closed = 0
    for p in range(n_parts):
        n += parts[p].count
        size += parts[p].gathered
    if n == 0:
        return DONE
    cdef Item* items = <Item*> grow(NULL, n * sizeof(Item))
    if items == NULL:
        return NO_MEMORY
    # Float64 sums of n terms >= 0 are off by less than n half-ulps of the largest sum.
    band = (n + 8) * HALF_ULP * size
    ahead.count = 0
    ahead.size = 0.0
    total_clear(goal, &ahead.total)
    if n > FEW:
        fill_bins(goal, parts, n_parts, band, &bins)
    high = gather(goal, parts, n_parts, &bins if n > FEW else NULL, &ahead, items)
    narrow(goal, &ahead, items, &low, &high, band, True)
    sort_items(items + low, high - low)
    total_of(goal, &ahead, items, low, &total)
    walk(goal, items + low, high - low, ahead.count + low, &total, cut)
    free(items)
    return DONE
