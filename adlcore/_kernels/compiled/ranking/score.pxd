"""The columns of a market at one mark price, and the rule that scores them."""

from .expressions cimport Columns


cdef class Source:
    cdef Columns columns
    cdef list views  # keep what `columns` points to
    cdef const void* pointer(self, str name, array, bint integral) except NULL
    cdef int check_winners(self, bint winners_only) except -1
