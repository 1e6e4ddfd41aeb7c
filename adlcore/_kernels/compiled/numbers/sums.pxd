"""Exact sums of float64 values >= 0."""

from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memcpy

cdef enum:
    DIGITS = 70  # base 2^32, from 2^-1074 up: every float64 and 2^96 times the largest


cdef struct Exact:
    uint64_t digit[DIGITS]  # each below 2^32
    int low  # no digit below is set
    int high  # no digit above is set


cdef void clear(Exact* total) noexcept nogil
cdef void merge(Exact* total, const Exact* other) noexcept nogil
cdef double rounded(const Exact* total) noexcept nogil


cdef inline double as_double(int64_t bits) noexcept nogil:
    """The float64 of these bits."""
    cdef inline double value
    memcpy(&value, &bits, sizeof(double))
    return value


cdef inline void add(Exact* total, double value) noexcept nogil:
    """Add a value; its sign is not looked at."""
    cdef uint64_t bits, mantissa, low, high, carry, mask = <uint64_t> 0xFFFFFFFF
    cdef int exponent, place, shift
    memcpy(&bits, &value, sizeof(bits))
    exponent = <int> ((bits >> 52) & 0x7FF)
    mantissa = bits & <uint64_t> 0xFFFFFFFFFFFFF
    if exponent:
        mantissa |= <uint64_t> 1 << 52
        exponent -= 1
    if mantissa == 0:
        return
    place = exponent >> 5
    shift = exponent & 31
    low = mantissa << shift
    high = (mantissa >> 1) >> (63 - shift)
    if place < total.low:
        total.low = place
    carry = total.digit[place] + (low & mask)
    total.digit[place] = carry & mask
    carry = total.digit[place + 1] + (low >> 32) + (carry >> 32)
    total.digit[place + 1] = carry & mask
    carry = total.digit[place + 2] + high + (carry >> 32)
    total.digit[place + 2] = carry & mask
    carry >>= 32
    place += 2
    while carry and place + 1 < DIGITS:
        place += 1
        carry += total.digit[place]
        total.digit[place] = carry & mask
        carry >>= 32
    if place > total.high:
        total.high = place
