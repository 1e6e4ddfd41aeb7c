"""The pass over the rows that finds everyone who may be selected.

A sample of the rows tells roughly where the cut will be. One pass then scores block after block,
looks into a group of 32 rows only where one of them reaches that threshold, and copies the rows
that do. When the copies outgrow twice what is needed, they are cut back to the covering prefix and
the threshold rises to its end: memory stays proportional to the selection, whatever the order of
the rows. The sample decides how fast this is, never what comes out.
"""

from libc.math cimport INFINITY, nextafter, sqrt
from libc.stdint cimport int64_t, uint8_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from ..numbers.sums cimport as_double
from ..numbers.types cimport cloned_int, grow
from .cut cimport DONE, NO_MEMORY, NOT_A_NUMBER, RowSize, Survivors, find_cut, trim
from .expressions cimport BLOCK, block_scores
from .narrow cimport Ahead, Cut, Goal, approximate, narrow, clear_ahead
from .queue_order cimport Item

cdef enum:
    GROUP = 32  # rows that are looked into together
    GROUPS = 16  # in a block
    SAMPLED = 64  # consecutive rows of a sample
    FEWEST_ROWS = 4096  # a market of fewer is not sampled
    FEWEST_SAMPLES = 8192  # rows of a sample at least,
    MOST_OF_FEW = 8  # or one row of so many, where there are few
    SAMPLE_SHARE = 128  # one row of so many is sampled
    SPARE = 8  # rows of a sample taken beyond what is needed
    SMALLEST = 1024  # survivors there is room for at first

cdef double EVERYTHING = -1.7976931348623157e308  # below every score but -inf


# Room ---------------------------------------------------------------------------------------------

cdef int reserve(const Goal* goal, Survivors* survivors, Py_ssize_t capacity) noexcept nogil:
    """Make room for so many rows."""
    cdef void* moved
    moved = grow(survivors.score, capacity * sizeof(double))
    if moved == NULL:
        return NO_MEMORY
    survivors.score = <double*> moved
    moved = grow(survivors.rows, capacity * sizeof(RowSize))
    if moved == NULL:
        return NO_MEMORY
    survivors.rows = <RowSize*> moved
    if goal.tie != NULL:
        moved = grow(survivors.tie, capacity * sizeof(int64_t))
        if moved == NULL:
            return NO_MEMORY
        survivors.tie = <int64_t*> moved
    survivors.capacity = capacity
    return DONE


cdef void release(Survivors* survivors) noexcept nogil:
    free(survivors.score)
    free(survivors.rows)
    free(survivors.tie)
    survivors.score = NULL
    survivors.rows = NULL
    survivors.tie = NULL
    survivors.count = survivors.capacity = 0


cdef inline int64_t size_at(const Goal* goal, Py_ssize_t row) noexcept nogil:
    """Magnitude of a row's quantity: lots, or the bits of a float64."""
    cdef int64_t bits = (<const int64_t*> goal.columns.quantity)[row]
    if goal.in_lots:
        return <int64_t> (0 - <uint64_t> bits) if bits < 0 else bits
    return bits & <int64_t> 0x7FFFFFFFFFFFFFFF


# The sample ---------------------------------------------------------------------------------------

cdef double lowest_of_best(Goal* sampled, Item* items, Py_ssize_t n, Py_ssize_t* reached) noexcept nogil:
    """Bring to the front the items that reach the goal; how many, and the lowest score among them."""
    cdef Py_ssize_t i, low = 0
    cdef double lowest = INFINITY
    cdef Ahead nobody
    clear_ahead(sampled, &nobody)
    reached[0] = n
    narrow(sampled, &nobody, items, &low, reached, 0.0, False)
    for i in range(reached[0]):
        lowest = min(lowest, items[i].score)
    return lowest


cdef int estimate(const Goal* goal, Sieve* sieve) noexcept nogil:
    """Guess from a sample a score that the last selected row will reach."""
    cdef Py_ssize_t rows = goal.columns.rows, blocks, stride, b, i, start, count = 0, reached
    cdef double[BLOCK] buffer
    cdef const double* score
    cdef double size, total = 0.0, squares = 0.0, scale
    cdef uint64_t mix
    cdef Goal sampled = goal[0]
    cdef Item* items
    sieve.everything = True
    sieve.expected = min(rows, <Py_ssize_t> SMALLEST)
    if rows < FEWEST_ROWS:
        return DONE
    blocks = max(rows // SAMPLE_SHARE, min(<Py_ssize_t> FEWEST_SAMPLES, rows // MOST_OF_FEW)) // SAMPLED
    stride = rows // blocks
    scale = <double> stride / SAMPLED
    items = <Item*> grow(NULL, blocks * SAMPLED * sizeof(Item))
    if items == NULL:
        return NO_MEMORY
    sampled.in_lots = False
    sampled.target = goal.target / scale
    sampled.limit = -1 if goal.limit < 0 else <Py_ssize_t> (goal.limit / scale) + 1
    for b in range(blocks):
        # A place within each stretch that follows no period of the data.
        mix = (<uint64_t> b + 1) * <uint64_t> 0x9E3779B97F4A7C15
        start = b * stride + <Py_ssize_t> ((mix >> 33) % <uint64_t> (stride - SAMPLED + 1))
        score = block_scores(goal.columns, start, SAMPLED, goal.side, goal.winners_only, -INFINITY, buffer)
        for i in range(SAMPLED):
            if score[i] > -INFINITY and (goal.exclude == NULL or goal.exclude[start + i] == 0):
                items[count].score = score[i]
                items[count].tie = 0
                items[count].row = start + i
                # A row so large that its stretch would seem to cover much of the target stands for
                # itself alone.
                size = approximate(goal.in_lots, size_at(goal, start + i))
                size = min(size, max(size / scale, sampled.target / 16))
                memcpy(&items[count].size, &size, sizeof(double))
                count += 1
    lowest_of_best(&sampled, items, count, &reached)
    for i in range(reached):
        size = as_double(items[i].size)
        total += size
        squares += size * size
    if total > 0:
        # Three standard deviations of the sampled size, and of the sampled number of rows; and a
        # few rows, for samples of hardly any.
        sampled.target *= 1 + 3 * sqrt(squares) / total
        if sampled.limit >= 0:
            sampled.limit += <Py_ssize_t> (3 * sqrt(<double> sampled.limit)) + 1
        lowest_of_best(&sampled, items, count, &reached)
        reached += SPARE
        if reached < count:
            sampled.target = INFINITY
            sampled.limit = reached
            sieve.everything = False
            sieve.threshold = lowest_of_best(&sampled, items, count, &reached)
        sieve.expected = <Py_ssize_t> (reached * scale * 1.05) + SMALLEST
    free(items)
    return DONE


# The pass -----------------------------------------------------------------------------------------

cdef cloned_int flag_groups(const double* score, Py_ssize_t n, double threshold, uint8_t* flags) noexcept nogil:
    """Mark the groups in which a score reaches the threshold or is NaN; whether there is one."""
    cdef Py_ssize_t g, i, groups = n // GROUP
    cdef int64_t hits, seen = 0
    for g in range(groups):
        hits = 0
        for i in range(GROUP):
            hits += not (score[g * GROUP + i] < threshold)
        flags[g] = hits != 0
        seen |= hits
    if groups * GROUP < n:  # the last rows of all are looked into one by one
        flags[groups] = 1
        seen = 1
    return seen != 0


cdef int prune(const Goal* goal, Survivors* survivors, Item* edge, double* threshold, bint* strict) noexcept nogil:
    """Keep the covering prefix only and raise the threshold to its end; else make room."""
    cdef Cut cut
    cdef int status
    if survivors.total_size >= goal.target * 1.000001 or (goal.limit >= 0 and survivors.count >= goal.limit):
        status = find_cut(goal, survivors, &cut)
        if status != DONE:
            return status
        if cut.covered:
            trim(goal, survivors, &cut.last)
            edge[0] = cut.last
            # Later rows lose a tie against the edge, unless their tie column is lower.
            strict[0] = goal.tie != NULL
            threshold[0] = cut.last.score if strict[0] else nextafter(cut.last.score, INFINITY)
    if 2 * survivors.count > survivors.capacity:
        return reserve(goal, survivors, 2 * survivors.capacity)
    return DONE


cdef int scan(
    const Goal* goal, const Sieve* sieve, Py_ssize_t start, Py_ssize_t stop, Survivors* survivors, Py_ssize_t* nan_row
) noexcept nogil:
    """Copy the rows of start .. stop that may be in the covering prefix, in row order.

    Where a score is NaN, `nan_row` becomes its row.
    """
    cdef double[BLOCK] buffer
    cdef uint8_t[GROUPS] flags
    cdef int[GROUP] hit
    cdef const double* score
    cdef double threshold = EVERYTHING if sieve.everything else sieve.threshold, value
    cdef bint strict = False
    cdef Item edge
    cdef Py_ssize_t n, g, i, hits, first, row, width
    cdef int64_t size
    cdef int status
    survivors.count = 0
    survivors.total_size = 0.0
    status = reserve(goal, survivors, max(<Py_ssize_t> 1, min(stop - start, sieve.expected)))
    if status != DONE:
        return status
    while start < stop:
        n = min(stop - start, <Py_ssize_t> BLOCK)
        score = block_scores(goal.columns, start, n, goal.side, goal.winners_only, -INFINITY, buffer)
        if flag_groups(score, n, threshold, flags):
            for g in range((n + GROUP - 1) // GROUP):
                if not flags[g]:
                    continue
                first = g * GROUP
                width = min(n - first, <Py_ssize_t> GROUP)
                hits = 0
                for i in range(width):
                    hit[hits] = <int> i
                    hits += not (score[first + i] < threshold)
                for i in range(hits):
                    value = score[first + hit[i]]
                    row = start + first + hit[i]
                    if value < threshold or (goal.exclude != NULL and goal.exclude[row]):
                        continue
                    if value != value:
                        nan_row[0] = row
                        return NOT_A_NUMBER
                    if strict and value == edge.score and goal.tie[row] >= edge.tie:
                        continue
                    if survivors.count == survivors.capacity:
                        status = prune(goal, survivors, &edge, &threshold, &strict)
                        if status != DONE:
                            return status
                        if value < threshold or (strict and value == edge.score and goal.tie[row] >= edge.tie):
                            continue
                    size = size_at(goal, row)
                    survivors.score[survivors.count] = value
                    survivors.rows[survivors.count].row = row
                    survivors.rows[survivors.count].size = size
                    if goal.tie != NULL:
                        survivors.tie[survivors.count] = goal.tie[row]
                    survivors.total_size += approximate(goal.in_lots, size)
                    survivors.count += 1
        start += n
    return DONE
