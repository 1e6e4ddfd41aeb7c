"""What a selection reads: blocks of scores, and the sizes beside them."""

from libc.stdint cimport int64_t

cdef enum:
    BLOCK = 512  # rows scored at a time: all of a block's columns stay in the first cache


cdef struct Columns:
    Py_ssize_t rows
    int rule
    bint lots  # quantity is int64
    bint quanta  # money is int64
    bint inverse
    double unit_value  # value of one lot at the mark
    double one  # one unit of the settle asset in the money columns
    const void* quantity
    const double* score
    const void* entry_value
    const void* equity
    const void* account_equity
    const void* balance
    const void* maintenance_margin
    const void* bankruptcy_value


cdef class Source:
    cdef Columns columns
    cdef readonly object held  # the arrays behind the pointers
    cdef const void* pointer(self, array, bint integral) except? NULL


cdef const double* block_scores(
    const Columns* c, Py_ssize_t start, Py_ssize_t n, int side, bint winners, double absent, double* buffer
) noexcept nogil
