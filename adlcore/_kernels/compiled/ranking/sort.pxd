"""A stable sort of scores, highest first."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy


cdef struct Record:
    uint64_t key  # ascending
    uint64_t place  # what it stands for


cdef inline uint64_t score_key(double score) noexcept nogil:
    """A key that ascends as the score descends; -0.0 and 0.0 share one."""
    cdef inline uint64_t bits
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


cdef int sort_records(Record* records, Record* scratch, Py_ssize_t n) noexcept nogil
