"""Where a queue is cut: the shortest prefix of all survivors that covers a target.

The survivors of each range of rows are a part. A histogram of the sizes over the range of all scores tells which
bins may hold the cut; who stands before them is summed exactly, who stands in them is copied, and among
those few the cut is found. Each step works on one part by itself, so that threads can share it, and
joins the parts in a moment.
"""

from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from ..numbers.types cimport grow
from .narrow cimport add_ahead, approximate, clear_ahead, cut_items, merge_ahead
from .queue_order cimport precedes, score_key

cdef enum:
    FEW = 512  # survivors for which bins do not pay

cdef double HALF_ULP = 1.1102230246251565e-16


cdef void copy_item(const Survivors* part, Py_ssize_t i, Item* item) noexcept nogil:
    item.score = part.score[i]
    item.row = part.rows[i].row
    item.size = part.rows[i].size
    item.tie = part.tie[i] if part.tie != NULL else 0


# The search, step by step -------------------------------------------------------------------------

cdef int search_begin(Search* search, const Goal* goal, const Survivors* parts, int n_parts) noexcept nogil:
    cdef Py_ssize_t n = 0
    cdef double size = 0.0
    cdef int p
    for p in range(n_parts):
        n += parts[p].count
        size += parts[p].total_size
    search.goal = goal
    search.parts = parts
    search.n_parts = n_parts
    # Float64 sums of n terms >= 0 are off by less than n half-ulps of the largest sum.
    search.band = (n + 8) * HALF_ULP * size
    search.shares = <Share*> calloc(n_parts, sizeof(Share))
    return NO_MEMORY if search.shares == NULL else DONE


cdef void search_measure(Search* search, int part) noexcept nogil:
    """The range of a part's keys."""
    cdef const Survivors* own = &search.parts[part]
    cdef uint64_t key, lowest = ~(<uint64_t> 0), highest = 0
    cdef Py_ssize_t i
    for i in range(own.count):
        key = score_key(own.score[i])
        lowest = key if key < lowest else lowest
        highest = key if key > highest else highest
    search.shares[part].lowest = lowest
    search.shares[part].highest = highest


cdef void search_set_bins(Search* search) noexcept nogil:
    """Divide the range of all keys; some part is not empty."""
    cdef uint64_t lowest = search.shares[0].lowest, highest = search.shares[0].highest
    cdef int p
    for p in range(1, search.n_parts):
        lowest = min(lowest, search.shares[p].lowest)
        highest = max(highest, search.shares[p].highest)
    search.lowest = lowest
    search.shift = 0
    while (highest - lowest) >> search.shift >= BINS:
        search.shift += 1
    search.last = <int> ((highest - lowest) >> search.shift)


cdef inline int bin_of(const Search* search, double score) noexcept nogil:
    return <int> ((score_key(score) - search.lowest) >> search.shift)


cdef void search_fill_bins(Search* search, int part) noexcept nogil:
    """Size and number of a part's rows in each bin."""
    cdef const Survivors* own = &search.parts[part]
    cdef Share* share = &search.shares[part]
    cdef bint in_lots = search.goal.in_lots
    cdef Py_ssize_t i
    cdef int b
    for i in range(own.count):
        b = bin_of(search, own.score[i])
        share.sizes[b] += approximate(in_lots, own.rows[i].size)
        share.counts[b] += 1


cdef void search_choose_bins(Search* search) noexcept nogil:
    """The bins between which the sizes, added from the front, reach the target."""
    cdef const Goal* goal = search.goal
    cdef Py_ssize_t count = 0
    cdef double size = 0.0
    cdef int b, p, last = search.last
    search.first = -1
    for b in range(last + 1):
        for p in range(search.n_parts):
            size += search.shares[p].sizes[b]
            count += search.shares[p].counts[b]
        if search.first < 0 and ((goal.limit >= 0 and count >= goal.limit) or size >= goal.target - search.band):
            search.first = b
        if (goal.limit >= 0 and count >= goal.limit) or size > goal.target + search.band:
            search.last = b
            break
    if search.first < 0:  # not even all of them: the last ones end the walk
        search.first = last


cdef int search_gather(Search* search, int part) noexcept nogil:
    """Sum up who of a part stands before the bins, and copy who stands in them."""
    cdef const Survivors* own = &search.parts[part]
    cdef Share* share = &search.shares[part]
    cdef Py_ssize_t i, n = 0
    cdef int b
    for b in range(search.first, search.last + 1):
        n += share.counts[b]
    share.items = <Item*> grow(NULL, n * sizeof(Item))
    if share.items == NULL:
        return NO_MEMORY
    clear_ahead(search.goal, &share.ahead)
    for i in range(own.count):
        b = bin_of(search, own.score[i])
        if b < search.first:
            add_ahead(search.goal, &share.ahead, own.rows[i].size)
        elif b <= search.last and share.n_items < n:
            copy_item(own, i, &share.items[share.n_items])
            share.n_items += 1
    return DONE


cdef int search_end(Search* search, Cut* cut) noexcept nogil:
    """Join the parts and cut."""
    cdef Ahead ahead
    cdef Item* items
    cdef Py_ssize_t n = 0
    cdef int p
    clear_ahead(search.goal, &ahead)
    for p in range(search.n_parts):
        merge_ahead(search.goal, &ahead, &search.shares[p].ahead)
        n += search.shares[p].n_items
    items = <Item*> grow(NULL, n * sizeof(Item))
    if items == NULL:
        return NO_MEMORY
    n = 0
    for p in range(search.n_parts):
        memcpy(items + n, search.shares[p].items, search.shares[p].n_items * sizeof(Item))
        n += search.shares[p].n_items
    cut_items(search.goal, &ahead, items, n, search.band, cut)
    free(items)
    return DONE


cdef void search_free(Search* search) noexcept nogil:
    cdef int p
    if search.shares != NULL:
        for p in range(search.n_parts):
            free(search.shares[p].items)
        free(search.shares)
    search.shares = NULL


# One part -----------------------------------------------------------------------------------------

cdef int cut_few(const Goal* goal, const Survivors* part, Cut* cut) noexcept nogil:
    """Cut few survivors without bins."""
    cdef Item[FEW] items
    cdef Ahead nobody
    cdef Py_ssize_t i
    clear_ahead(goal, &nobody)
    for i in range(part.count):
        copy_item(part, i, &items[i])
    cut_items(goal, &nobody, items, part.count, (part.count + 8) * HALF_ULP * part.total_size, cut)
    return DONE


cdef int find_cut(const Goal* goal, const Survivors* part, Cut* cut) noexcept nogil:
    """Cut the queue that one part makes."""
    cdef Search search
    cdef int status
    if part.count <= FEW:
        return cut_few(goal, part, cut)
    status = search_begin(&search, goal, part, 1)
    if status == DONE:
        search_measure(&search, 0)
        search_set_bins(&search)
        search_fill_bins(&search, 0)
        search_choose_bins(&search)
        status = search_gather(&search, 0)
    if status == DONE:
        status = search_end(&search, cut)
    search_free(&search)
    return status


cdef void trim(const Goal* goal, Survivors* survivors, const Item* last) noexcept nogil:
    """Keep the survivors that stand at or before the last row of a prefix."""
    cdef Py_ssize_t i, kept = 0
    cdef Item item
    cdef double total_size = 0.0
    for i in range(survivors.count):
        item.score = survivors.score[i]
        item.row = survivors.rows[i].row
        item.tie = survivors.tie[i] if survivors.tie != NULL else 0
        if precedes(last, &item):
            continue
        survivors.score[kept] = item.score
        survivors.rows[kept] = survivors.rows[i]
        if survivors.tie != NULL:
            survivors.tie[kept] = item.tie
        total_size += approximate(goal.in_lots, survivors.rows[i].size)
        kept += 1
    survivors.count = kept
    survivors.total_size = total_size
