"""Integers of 128 bits, the rounding of exact quotients, and checks of arguments."""

from libc.stdint cimport int64_t, uint64_t

cdef extern from "adl_wide.h" nogil:
    ctypedef long long int128 "adl_int128"
    ctypedef unsigned long long uint128 "adl_uint128"
    # The quotient of high·2^64 + low and a divisor > high.
    uint64_t divide "adl_divide" (uint64_t high, uint64_t low, uint64_t divisor, uint64_t* rest)
    # A sum or difference that wraps; whether it did.
    bint add_wraps "adl_add_wraps" (int64_t a, int64_t b, int64_t* out)
    bint subtract_wraps "adl_subtract_wraps" (int64_t a, int64_t b, int64_t* out)
    bint wide_add_wraps "adl_wide_add_wraps" (int128 a, int128 b, int128* out)

cdef enum:
    HALF_EVEN = 0
    TOWARD_ZERO = 1
    UP = 2
    DOWN = 3


cdef inline uint64_t size_of(int64_t x) noexcept nogil:
    """The magnitude; that of -2^63 too."""
    return 0 - <uint64_t> x if x < 0 else <uint64_t> x


cdef inline bint grows(uint64_t quotient, uint128 rest, uint128 divisor, bint negative, int rounding) noexcept nogil:
    """Whether rounding adds one to the magnitude of a quotient; 0 <= rest < divisor."""
    if rounding == HALF_EVEN:
        return (rest > divisor - rest) | ((rest == divisor - rest) & ((quotient & 1) != 0))
    if rounding == TOWARD_ZERO:
        return False
    return (rest != 0) & ((rounding == UP) != negative)


cdef inline bint with_sign(uint64_t size, bint negative, int64_t* out) noexcept nogil:
    """Write a magnitude and its sign as int64; whether that holds it."""
    out[0] = <int64_t> ((size ^ (0 - <uint64_t> negative)) + <uint64_t> negative)
    return size <= <uint64_t> 0x7FFFFFFFFFFFFFFF + <uint64_t> negative


cdef inline bint quotient(uint128 product, uint64_t divisor, bint negative, int rounding, int64_t* out) noexcept nogil:
    """Write a magnitude over another, rounded, with its sign; whether int64 holds it (the divisor is not 0)."""
    cdef uint64_t whole, rest
    if <uint64_t> (product >> 64) >= divisor:
        return False
    whole = divide(<uint64_t> (product >> 64), <uint64_t> product, divisor, &rest)
    if whole > <uint64_t> 0x8000000000000000:
        return False
    return with_sign(whole + <uint64_t> grows(whole, rest, divisor, negative, rounding), negative, out)


cdef inline int64_t nearest(uint128 product, uint128 divisor, bint negative, int rounding) noexcept nogil:
    """A rounded quotient, or the end of int64 that it is beyond; product <= 2^126, divisor > 0."""
    cdef uint64_t whole
    cdef int64_t out = 0
    if divisor >> 64:
        whole = <uint64_t> (product // divisor)
        product -= whole * divisor
        with_sign(whole + <uint64_t> grows(whole, product, divisor, negative, rounding), negative, &out)
    elif not quotient(product, <uint64_t> divisor, negative, rounding, &out):
        with_sign(<uint64_t> 0x7FFFFFFFFFFFFFFF + <uint64_t> negative, negative, &out)
    return out


cdef inline uint64_t positive(str name, number) except 0:
    """A numerator or denominator as a word."""
    if not 0 < number < 2**63:
        raise ValueError(name, None, number, "must be from 1 to 9223372036854775807")
    return number


cdef inline int check_rounding(int rounding) except -1:
    """Refuse what is none of ROUNDINGS."""
    if not HALF_EVEN <= rounding <= DOWN:
        raise ValueError("rounding", None, rounding, "must be one of ROUNDINGS")
    return 0


cdef inline int same_length(str name, Py_ssize_t rows, Py_ssize_t wanted) except -1:
    """Refuse a column of another length."""
    if rows != wanted:
        raise ValueError(name, None, rows, f"must have {wanted} rows")
    return 0
