"""Writing a selection out: the survivors before the cut, in row order or sorted."""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free

from ..numbers.types cimport cloned_int, grow
from .cut cimport DONE, NO_MEMORY, RowSize, Survivors
from .queue_order cimport key_score, score_key, tie_key
from .sort cimport Record, sort_records

cdef enum:
    PART_SHIFT = 48  # a survivor's part and its place there share a word

cdef uint64_t PLACE = (<uint64_t> 1 << 48) - 1


cdef Py_ssize_t copy_rows(
    const Survivors* part, int64_t row, int64_t* rows, int64_t* sizes, double* scores
) noexcept nogil:
    """Write a part in row order; where `row` stands in it, or -1."""
    cdef Py_ssize_t i, place = -1
    for i in range(part.count):
        rows[i] = part.rows[i].row
        sizes[i] = part.rows[i].size
        scores[i] = part.score[i] + 0.0  # -0.0 becomes 0.0, as in a sorted list
        place = i if rows[i] == row else place
    return place


cdef cloned_int count_scores(
    const double* score, Py_ssize_t n, double lowest, double below, int64_t* count
) noexcept nogil:
    """How many scores are lowest <= score < below; a border `below` of NaN is none."""
    cdef Py_ssize_t i
    cdef int64_t counted = 0
    for i in range(n):
        counted += (score[i] >= lowest) & (not (score[i] >= below))
    count[0] += counted
    return 0


cdef int64_t count_range(const Survivors* part, double lowest, double below) noexcept nogil:
    """How many rows of a part score lowest <= score < below."""
    cdef int64_t count = 0
    count_scores(part.score, part.count, lowest, below, &count)
    return count


cdef int write_sorted(
    const Survivors* parts, int n_parts, double lowest, double below, Py_ssize_t count,
    int64_t* rows, int64_t* sizes, double* scores
) noexcept nogil:
    """Write the rows of one range of scores in queue order; there are `count` of them."""
    cdef Py_ssize_t i, k = 0
    cdef int p
    cdef uint64_t place
    cdef RowSize row_size
    cdef bint tied = parts[0].tie != NULL
    cdef Record* records = <Record*> grow(NULL, 2 * count * sizeof(Record))
    if records == NULL:
        return NO_MEMORY
    for p in range(n_parts):
        for i in range(parts[p].count):  # without branches: each range is written over until its next row
            records[k].key = tie_key(parts[p].tie[i]) if tied else score_key(parts[p].score[i])
            records[k].place = <uint64_t> p << PART_SHIFT | <uint64_t> i
            k += (parts[p].score[i] >= lowest) & (not (parts[p].score[i] >= below))
    # The sort is stable and the rows ascend: equal keys stay in row order.
    sort_records(records, records + count, count)
    if tied:
        for i in range(count):
            place = records[i].place
            records[i].key = score_key(parts[place >> PART_SHIFT].score[place & PLACE])
        sort_records(records, records + count, count)
    for i in range(count):
        place = records[i].place
        row_size = parts[place >> PART_SHIFT].rows[place & PLACE]
        rows[i] = row_size.row
        sizes[i] = row_size.size
        scores[i] = key_score(records[i].key)
    free(records)
    return DONE
