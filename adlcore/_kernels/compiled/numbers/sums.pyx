"""Exact sums of float64 values >= 0: a wide fixed-point number, rounded half-even when it is read.

The number has digits of 32 bits from 2^-1074 up. Adding a value touches three digits and the
carries; reading looks at the three highest and asks whether anything stands below them. Sums so do
not depend on the order of their terms.
"""

from libc.math cimport ldexp
from libc.stdint cimport uint64_t
from libc.string cimport memset

from .money cimport same_length

cdef enum:
    DIGIT_BITS = 32
    MANTISSA_BITS = 53
    LOWEST = -1074  # exponent of the lowest bit


cdef void clear(Exact* total) noexcept nogil:
    memset(total.digit, 0, sizeof(total.digit))
    total.low = DIGITS
    total.high = 0


cdef void merge(Exact* total, const Exact* other) noexcept nogil:
    """Add another sum."""
    cdef uint64_t carry = 0
    cdef int place = other.low
    while place < DIGITS and (place <= other.high or carry):
        carry += total.digit[place] + other.digit[place]
        total.digit[place] = carry & <uint64_t> 0xFFFFFFFF
        carry >>= 32
        place += 1
    if other.low < total.low:
        total.low = other.low
    if place - 1 > total.high and other.low < DIGITS:
        total.high = place - 1


cdef double rounded(const Exact* total) noexcept nogil:
    """The nearest float64, ties to even; infinity beyond the largest."""
    cdef int top = total.high, width = 0, place
    cdef uint64_t window, rest
    cdef bint below = False
    while top > 0 and total.digit[top] == 0:
        top -= 1
    rest = total.digit[top]
    while rest:
        rest >>= 1
        width += 1
    if top < 2 and top * DIGIT_BITS + width <= MANTISSA_BITS:
        return ldexp(<double> (total.digit[0] | total.digit[1] << DIGIT_BITS), LOWEST)
    # The 64 highest bits: `width` of the top digit, 32 of the next, the rest of the third; and
    # whether a lower one is set.
    window = total.digit[top] << (64 - width) | total.digit[top - 1] << (DIGIT_BITS - width)
    if top >= 2:
        window |= total.digit[top - 2] >> width
        below = (total.digit[top - 2] & ((<uint64_t> 1 << width) - 1)) != 0
        place = total.low
        while not below and place < top - 2:
            below = total.digit[place] != 0
            place += 1
    rest = window & 0x7FF
    window >>= 11
    if rest > 0x400 or (rest == 0x400 and (below or (window & 1) != 0)):
        window += 1
    return ldexp(<double> window, top * DIGIT_BITS + width - MANTISSA_BITS + LOWEST)


def exact_sum(const double[::1] values not None):
    """The exact sum of values >= 0, rounded once (half-even); infinity beyond float64."""
    cdef Exact total
    cdef Py_ssize_t i
    clear(&total)
    with nogil:
        for i in range(values.shape[0]):
            add(&total, values[i])
    return rounded(&total)


def prefix_sums(const double[::1] values not None, double[::1] out not None):
    """Write the exact sum of the first 1, 2, ... values >= 0, each rounded once: see ``sums.pyi``."""
    cdef Exact total
    cdef Py_ssize_t i
    same_length("out", out.shape[0], values.shape[0])
    clear(&total)
    with nogil:
        for i in range(values.shape[0]):
            add(&total, values[i])
            out[i] = rounded(&total)
