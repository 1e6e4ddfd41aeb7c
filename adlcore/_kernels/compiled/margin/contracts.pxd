"""Where the rows and the margin tiers of each contract stand."""

from libc.stdint cimport int64_t


cdef struct ContractColumns:
    Py_ssize_t count
    Py_ssize_t rows  # where the rows of the last contract end
    Py_ssize_t tiers
    const int64_t* start
    const int64_t* tier_start
    const double* rate  # NULL where there are no tiers
    const double* amount


cdef class Contracts:
    # The views keep what `columns` points to.
    cdef ContractColumns columns
    cdef const int64_t[::1] start, tier_start
    cdef const double[::1] rate, amount
