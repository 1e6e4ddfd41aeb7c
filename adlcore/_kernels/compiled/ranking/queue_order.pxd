"""The order of a queue: score descending; the tie-break, tie ascending, then row ascending."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

from .sort cimport Record


cdef struct Item:  # a row that stands in a queue
    double score
    int64_t tie
    int64_t row
    int64_t size  # lots, or the bits of a float64


cdef inline bint precedes(const Item* one, const Item* other) noexcept nogil:
    """The total order of a queue: score descending, tie ascending, row ascending."""
    return (one.score > other.score) | (
        (one.score == other.score) & ((one.tie < other.tie) | ((one.tie == other.tie) & (one.row < other.row)))
    )


# The same order by a stable sort of rows that ascend: by `tie_key` first, then by `score_key`.

cdef inline uint64_t score_key(double score) noexcept nogil:
    """A key that ascends as the score descends; -0.0 and 0.0 share one."""
    cdef uint64_t bits
    score += 0.0
    memcpy(&bits, &score, sizeof(bits))
    # A positive score must come first: flip all bits but the sign; a negative one already descends.
    return bits if bits >> 63 else bits ^ <uint64_t> 0x7FFFFFFFFFFFFFFF


cdef inline double key_score(uint64_t key) noexcept nogil:
    """The score of a key; 0.0 for -0.0."""
    cdef double score
    if key >> 63 == 0:
        key ^= <uint64_t> 0x7FFFFFFFFFFFFFFF
    memcpy(&score, &key, sizeof(score))
    return score


cdef inline uint64_t tie_key(int64_t tie) noexcept nogil:
    """A key that ascends with the tie."""
    return <uint64_t> tie ^ (<uint64_t> 1 << 63)


cdef class Ordered:  # the counted rows of a column of scores in queue order
    cdef Record* records
    cdef Py_ssize_t count
