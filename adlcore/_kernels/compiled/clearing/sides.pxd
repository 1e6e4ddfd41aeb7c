"""One side of a contract that is deleveraged: what is wanted, who may give, and what they gave."""

from libc.stdint cimport int64_t, uint8_t, uint64_t


cdef struct SideTerms:
    int sign
    int64_t contract
    uint64_t numerator
    uint64_t denominator
    bint inverse


cdef struct RemainderColumns:
    Py_ssize_t count
    int64_t highest_price
    int64_t* open_lots
    const int64_t* price
    int64_t* filled_lots
    const int64_t* account


cdef struct CollateralColumns:
    Py_ssize_t count
    const uint8_t* kind  # NULL where all are 0
    const int64_t* rest
    const int64_t* loan
    int64_t[6] rates


cdef struct CounterpartyColumns:
    Py_ssize_t count
    const int64_t* row
    const int64_t* account
    uint8_t* used
    CollateralColumns collateral


cdef struct FillColumns:
    Py_ssize_t room
    int64_t* remainder
    int64_t* row
    int64_t* lots
    int64_t* value
    int64_t* realized


cdef class Side:
    cdef SideTerms terms
    cdef tuple loss


# The views keep what `columns` points to.
cdef class RemainderLots:
    cdef RemainderColumns columns
    cdef int64_t[::1] open_lots, filled_lots
    cdef const int64_t[::1] price, account


cdef class Collateral:
    cdef CollateralColumns columns
    cdef const uint8_t[::1] kind
    cdef const int64_t[::1] rest, loan


cdef class Counterparties:
    cdef CounterpartyColumns columns
    cdef const int64_t[::1] row, account
    cdef uint8_t[::1] used
    cdef Collateral collateral


cdef class Fills:
    cdef FillColumns columns
    cdef int64_t[::1] remainder, row, lots, value, realized


cdef class Cursor:
    cdef readonly Py_ssize_t remainder
    cdef readonly Py_ssize_t place
    cdef readonly Py_ssize_t first_unused
