"""Insurance funds that rows are offered to: what they hold, on which terms they accept, what they took and refused."""

from libc.stdint cimport int64_t, uint8_t


cdef struct FundColumns:
    Py_ssize_t count
    Py_ssize_t contracts
    int64_t* lots
    int64_t* cost
    int64_t* lots0
    int64_t* cost0
    int64_t* cash
    int64_t* equity
    int64_t* notional


cdef struct FundTermColumns:
    Py_ssize_t count
    Py_ssize_t contracts
    const int64_t* least_equity
    const int64_t* cap_numerator
    const int64_t* cap_denominator
    const uint8_t* refuses
    const int64_t* parent


cdef struct ValueColumns:
    Py_ssize_t contracts
    const double* at_mark
    const int64_t* numerator
    const int64_t* denominator
    const uint8_t* inverse


cdef struct OfferColumns:
    Py_ssize_t count
    const int64_t* fund
    const int64_t* contract
    const int64_t* quantity
    const int64_t* price
    const int64_t* value


cdef struct TakingColumns:
    Py_ssize_t count
    int64_t* fund
    int64_t* realized
    int64_t* closing_lots
    int64_t* closing_value


cdef struct RefusalColumns:
    Py_ssize_t count
    Py_ssize_t contracts
    uint8_t* has_refused
    int64_t* lines


# The views keep what `columns` points to.
cdef class FundBooks:
    cdef FundColumns columns
    cdef int64_t[:, ::1] lots, cost, lots0, cost0
    cdef int64_t[::1] cash, equity, notional


cdef class FundTerms:
    cdef FundTermColumns columns
    cdef const int64_t[::1] least_equity, cap_numerator, cap_denominator, parent
    cdef const uint8_t[:, ::1] refuses


cdef class LotValues:
    cdef ValueColumns columns
    cdef const double[::1] value_per_lot
    cdef const int64_t[::1] numerator, denominator
    cdef const uint8_t[::1] inverse


cdef class Offers:
    cdef OfferColumns columns
    cdef const int64_t[::1] fund, contract, quantity, price, value


cdef class Takings:
    cdef TakingColumns columns
    cdef int64_t[::1] fund, realized, closing_lots, closing_value


cdef class Refusals:
    cdef RefusalColumns columns
    cdef uint8_t[:, ::1] has_refused
    cdef int64_t[:, ::1] lines
