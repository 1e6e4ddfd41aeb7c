"""A stable sort of records by a 64-bit key."""

from libc.stdint cimport uint64_t


cdef struct Record:
    uint64_t key  # ascending
    uint64_t place  # what it stands for


cdef int sort_records(Record* records, Record* scratch, Py_ssize_t n) noexcept nogil
