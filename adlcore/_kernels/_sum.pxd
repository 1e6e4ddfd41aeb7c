"""Exact sums of float64 values >= 0."""

from libc.stdint cimport int64_t, uint64_t

cdef enum:
    DIGITS = 70  # base 2^32, from 2^-1074 up: every float64 and 2^96 times the largest


cdef struct Exact:
    uint64_t digit[DIGITS]  # each below 2^32
    int low  # no digit below is set
    int high  # no digit above is set


cdef void clear(Exact* total) noexcept nogil
cdef void add(Exact* total, double value) noexcept nogil
cdef double rounded(const Exact* total) noexcept nogil
cdef double as_double(int64_t bits) noexcept nogil
