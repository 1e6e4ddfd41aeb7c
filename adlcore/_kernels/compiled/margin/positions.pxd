"""The position rows that a margin pass values, and the slots that it sums them in."""

from libc.stdint cimport int64_t


cdef struct PositionColumns:
    Py_ssize_t count
    const int64_t* quantity  # NULL, as all, where there are no rows
    const int64_t* entry_value
    const int64_t* slot
    int64_t* pnl
    int64_t* margin


cdef struct SlotColumns:
    Py_ssize_t count
    const int64_t* balance  # NULL, as `sums`, where there are none
    int64_t* sums


cdef class Positions:
    # The views keep what `columns` points to.
    cdef PositionColumns columns
    cdef const int64_t[::1] quantity, entry_value, slot
    cdef int64_t[::1] pnl, margin


cdef class Slots:
    cdef SlotColumns columns
    cdef const int64_t[::1] balance
    cdef int64_t[:, ::1] sums
