"""Money in int64 quanta: sums, products over quotients, values of fills; exact, and nothing wraps.

Whatever leaves 64 bits on the way is held in 128. Quotients are taken of magnitudes, so that one
division instruction does, and -2^63 is a number like any other.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

from math import lcm

cdef enum:
    SOUND = -1
    UNDECIDED = -2
    FAILED = -3  # no memory, or a Python error

cdef uint64_t HALF = <uint64_t> 0x8000000000000000

ROUNDINGS = {"half-even": HALF_EVEN, "toward-zero": TOWARD_ZERO, "up": UP, "down": DOWN}


# Sums --------------------------------------------------------------------------------------------

def exact_sum(const int64_t[::1] values not None):
    """The sum, which may leave int64."""
    cdef Py_ssize_t i
    cdef int128 total = 0
    with nogil:
        for i in range(values.shape[0]):
            total += values[i]
    return (int(<int64_t> (total >> 64)) << 64) + int(<uint64_t> total)


cdef Py_ssize_t add_groups(
    const int64_t* values, const int64_t* group, Py_ssize_t n, int64_t* out, Py_ssize_t groups, int64_t** turns
) noexcept nogil:
    """Add every row to its group, modulo 2^64; ``turns`` counts how often a sum went round, if any did."""
    cdef Py_ssize_t i
    cdef int64_t k
    for i in range(n):
        k = group[i]
        if <uint64_t> k >= <uint64_t> groups:
            return i
        if add_wraps(out[k], values[i], &out[k]):
            if turns[0] == NULL:
                turns[0] = <int64_t*> calloc(groups, sizeof(int64_t))
                if turns[0] == NULL:
                    return FAILED
            turns[0][k] += -1 if values[i] < 0 else 1
    return SOUND


def group_sums(const int64_t[::1] values not None, const int64_t[::1] group not None, int64_t[::1] out not None):
    """Write the sum of each group's values: see ``money.pyi``.

    Only the total counts: it is in int64 iff its sum modulo 2^64 went round as often upwards as
    downwards.
    """
    cdef Py_ssize_t n = values.shape[0], groups = out.shape[0], row, k, overflown = -1
    cdef int64_t* turns = NULL
    same_length("group", group.shape[0], n)
    out[:] = 0
    if n == 0:
        return -1
    with nogil:
        row = add_groups(&values[0], &group[0], n, &out[0] if groups else NULL, groups, &turns)
        if row == SOUND and turns != NULL:
            for k in range(groups - 1, -1, -1):
                if turns[k] != 0:
                    overflown = k
        free(turns)
    if row == FAILED:
        raise MemoryError
    if row != SOUND:
        raise ValueError("group", row, group[row], f"must be from 0 to {groups - 1}")
    return overflown


# Products over quotients -------------------------------------------------------------------------

cdef Py_ssize_t divide_products(
    const int64_t* value, Py_ssize_t value_step, const int64_t* numerator, Py_ssize_t numerator_step,
    const int64_t* denominator, Py_ssize_t denominator_step, int rounding, Py_ssize_t n, int64_t* out
) noexcept nogil:
    """Write ``value·numerator/denominator``, a step of 0 for one number; the first row that has none in int64."""
    cdef Py_ssize_t i
    cdef int64_t x, y, z
    for i in range(n):
        x = value[i * value_step]
        y = numerator[i * numerator_step]
        z = denominator[i * denominator_step]
        if not quotient(<uint128> size_of(x) * size_of(y), size_of(z), (x ^ y ^ z) < 0, rounding, &out[i]):
            return i
    return SOUND


def multiply_divide(
    const int64_t[::1] value not None, const int64_t[::1] numerator not None,
    const int64_t[::1] denominator not None, int rounding, int64_t[::1] out not None
):
    """Write ``value·numerator/denominator``, rounded: see ``money.pyi``."""
    cdef Py_ssize_t n = out.shape[0], row
    cdef bint value_step = value.shape[0] != 1, numerator_step = numerator.shape[0] != 1
    cdef bint denominator_step = denominator.shape[0] != 1
    check_rounding(rounding)
    same_length("value", value.shape[0], n if value_step else 1)
    same_length("numerator", numerator.shape[0], n if numerator_step else 1)
    same_length("denominator", denominator.shape[0], n if denominator_step else 1)
    if n == 0:
        return -1
    with nogil:
        row = divide_products(
            &value[0], value_step, &numerator[0], numerator_step, &denominator[0], denominator_step, rounding, n,
            &out[0]
        )
    return row


# Values of fills ---------------------------------------------------------------------------------

cdef Py_ssize_t linear_fills(
    const int64_t* lots, const int64_t* ticks, const int64_t* group, Py_ssize_t n, uint64_t numerator,
    uint64_t denominator, int64_t* out
) noexcept nogil:
    """W = S·n/d with S, the sum of ticks·lots, as k·d + r: k·n + r·n/d. The first row at fault, or SOUND.

    As long as W stays in int64, S stays below 2^127.
    """
    cdef Py_ssize_t i
    cdef int64_t now = 0, before = 0
    cdef uint64_t k, rest, part
    cdef uint128 size
    cdef int128 total = 0
    cdef bint negative
    for i in range(n):
        if i > 0 and group[i] != group[i - 1]:
            total = before = 0
        if ticks[i] < 1 or wide_add_wraps(total, <int128> ticks[i] * lots[i], &total):
            return i
        negative = total < 0
        size = (<uint128> total ^ (0 - <uint128> negative)) + <uint128> negative
        if <uint64_t> (size >> 64) >= denominator:
            return i
        k = divide(<uint64_t> (size >> 64), <uint64_t> size, denominator, &rest)
        part = 0
        if rest:
            size = <uint128> rest * numerator
            part = divide(<uint64_t> (size >> 64), <uint64_t> size, denominator, &rest)
        size = <uint128> k * numerator + part
        if size > HALF:
            return i
        k = <uint64_t> size
        k += <uint64_t> grows(k, rest, denominator, negative, HALF_EVEN)
        if not with_sign(k, negative, &now) or subtract_wraps(now, before, &out[i]):
            return i
        before = now
    return SOUND


cdef Py_ssize_t inverse_fills(
    const int64_t* lots, const int64_t* ticks, const int64_t* group, Py_ssize_t start, Py_ssize_t n,
    uint64_t numerator, uint64_t denominator, int64_t* out, Py_ssize_t* first
) noexcept nogil:
    """W to 64 fractional bits, each term rounded down; the first row at fault, SOUND or UNDECIDED.

    W lies above the sum by less than one unit in the last place for every term that is not a
    multiple of it. Where that does not tell how W is rounded, or a number does not fit, the group
    that begins at ``first`` is UNDECIDED.
    """
    cdef Py_ssize_t i
    cdef int64_t now = 0, before = 0
    cdef uint64_t divisor, whole, part, rest, doubt = 0, half = HALF
    cdef int128 total = 0, term
    cdef uint128 product, flip
    first[0] = start
    for i in range(start, n):
        if i > start and group[i] != group[i - 1]:
            total = before = 0
            doubt = 0
            first[0] = i
        if ticks[i] < 1:
            return i
        product = <uint128> denominator * <uint64_t> ticks[i]
        divisor = <uint64_t> product
        if product >> 64:
            return UNDECIDED
        product = <uint128> numerator * size_of(lots[i])
        if <uint64_t> (product >> 64) >= divisor:
            return UNDECIDED
        whole = divide(<uint64_t> (product >> 64), <uint64_t> product, divisor, &rest)
        if whole >> 62:
            return UNDECIDED
        part = divide(rest, 0, divisor, &rest)
        # The value of a long is negative, and rounded away from 0.
        flip = 0 - <uint128> (lots[i] > 0)
        term = <int128> (((<uint128> whole << 64 | part) ^ flip) + (flip & <uint128> (rest == 0)))
        doubt += rest != 0
        if wide_add_wraps(total, term, &total):
            return UNDECIDED
        now = <int64_t> (total >> 64)
        part = <uint64_t> total
        if part < half and doubt > half - part:
            return UNDECIDED
        part = (part > half) | ((part == half) & ((doubt != 0) | ((now & 1) != 0)))
        if add_wraps(now, <int64_t> part, &now) or subtract_wraps(now, before, &out[i]):
            return i
        before = now
    return SOUND


cdef Py_ssize_t exact_fills(
    const int64_t[::1] lots, const int64_t[::1] ticks, const int64_t[::1] group, Py_ssize_t* row, numerator,
    denominator, int64_t[::1] out
) except FAILED:
    """As `inverse_fills`, in Python integers, for one group from ``row`` on; the next is UNDECIDED."""
    cdef Py_ssize_t i = row[0]
    total, scale, before = 0, 1, 0  # total / scale is the sum of lots / ticks
    while i < lots.shape[0] and group[i] == group[row[0]]:
        tick = int(ticks[i])
        if tick < 1:
            return i
        wider = lcm(scale, tick)
        total = total * (wider // scale) + int(lots[i]) * (wider // tick)
        scale = wider
        divisor = denominator * scale
        now, rest = divmod(-numerator * total, divisor)
        if 2 * rest > divisor or (2 * rest == divisor and now % 2):
            now += 1
        if not (-2**63 <= now < 2**63 and -2**63 <= now - before < 2**63):
            return i
        out[i] = now - before
        before = now
        i += 1
    row[0] = i
    return UNDECIDED if i < lots.shape[0] else SOUND


def fill_values(
    const int64_t[::1] lots not None, const int64_t[::1] ticks not None, const int64_t[::1] group not None,
    numerator, denominator, bint inverse, int64_t[::1] out not None
):
    """Write what fills are worth, in quanta: ``round(W_j) - round(W_{j-1})``, half-even: see ``money.pyi``."""
    cdef Py_ssize_t rows = lots.shape[0], row = 0, first = 0, bad = UNDECIDED
    cdef uint64_t numerator_word = positive("numerator", numerator)
    cdef uint64_t denominator_word = positive("denominator", denominator)
    same_length("ticks", ticks.shape[0], rows)
    same_length("group", group.shape[0], rows)
    same_length("out", out.shape[0], rows)
    if rows == 0:
        return -1
    if not inverse:
        with nogil:
            bad = linear_fills(
                &lots[0], &ticks[0], &group[0], rows, numerator_word, denominator_word, &out[0]
            )
    while bad == UNDECIDED:
        with nogil:
            bad = inverse_fills(
                &lots[0], &ticks[0], &group[0], row, rows, numerator_word, denominator_word, &out[0], &first
            )
        if bad == UNDECIDED:
            row = first
            bad = exact_fills(lots, ticks, group, &row, numerator, denominator, out)
    if bad >= 0 and ticks[bad] < 1:
        raise ValueError("ticks", bad, ticks[bad], "must be at least 1 tick")
    return bad


# Prices of values --------------------------------------------------------------------------------

def value_ticks(
    const int64_t[::1] value not None, const int64_t[::1] lots not None, numerator, denominator, bint inverse,
    int rounding, int64_t[::1] out not None
):
    """Write the price in ticks at which lots are worth a value: see ``money.pyi``."""
    cdef Py_ssize_t rows = value.shape[0], i
    cdef uint64_t numerator_word = positive("numerator", numerator)
    cdef uint64_t denominator_word = positive("denominator", denominator)
    cdef int64_t v, q
    check_rounding(rounding)
    same_length("lots", lots.shape[0], rows)
    same_length("out", out.shape[0], rows)
    with nogil:
        for i in range(rows):
            v = value[i]
            q = lots[i]
            if q == 0:
                out[i] = 0
            elif not inverse:
                out[i] = nearest(
                    <uint128> size_of(v) * denominator_word, <uint128> size_of(q) * numerator_word, (v ^ q) < 0,
                    rounding
                )
            elif v == 0 or (v ^ q) >= 0:
                out[i] = <int64_t> 0x7FFFFFFFFFFFFFFF
            else:
                out[i] = nearest(
                    <uint128> size_of(q) * numerator_word, <uint128> size_of(v) * denominator_word, False, rounding
                )
