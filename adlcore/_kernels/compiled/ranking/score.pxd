"""The columns of a market at one mark price, and the rule that scores them."""

from libc.stdint cimport int64_t

from .expressions cimport Columns


cdef class Source:
    cdef Columns columns
    # What `columns` points to.
    cdef const int64_t[::1] lots
    cdef const double[::1] sizes, score
    cdef list money  # views of the columns of money
    cdef const void* pointer(self, str name, array) except NULL
    cdef int check_winners(self, bint winners_only) except -1
