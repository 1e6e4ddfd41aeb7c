"""A stable sort of scores, highest first."""

from libc.stdint cimport int64_t, uint64_t


cdef struct Record:
    uint64_t key  # ascending
    uint64_t place  # what it stands for


cdef uint64_t score_key(double score) noexcept nogil
cdef uint64_t tie_key(int64_t tie) noexcept nogil
cdef int sort_records(Record* records, Record* scratch, Py_ssize_t n) noexcept nogil
