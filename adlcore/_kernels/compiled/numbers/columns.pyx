"""Checks and derivations over whole columns, each in one pass at the speed of memory."""

from libc.math cimport INFINITY, rint
from libc.stdint cimport int64_t, uint64_t

from .money cimport same_length
from .types cimport cloned_int, quantity_t

cdef enum:
    STRIDE = 1024  # rows looked at before the verdict is read


cdef cloned_int sound_numbers(const double* x, Py_ssize_t n, double limit, double lowest) noexcept nogil:
    """Whether every value lies in lowest <= x <= limit; NaN does not."""
    cdef Py_ssize_t i
    cdef int64_t bad = 0
    for i in range(n):
        bad += not ((x[i] <= limit) & (x[i] >= lowest))
    return bad == 0


cdef Py_ssize_t first_outside(const double[::1] column, double limit, double lowest) noexcept nogil:
    """First row whose value is NaN or outside lowest .. limit, or -1."""
    cdef Py_ssize_t start = 0, n, i, rows = column.shape[0]
    while start < rows:
        n = min(rows - start, <Py_ssize_t> STRIDE)
        if not sound_numbers(&column[start], n, limit, lowest):
            for i in range(start, start + n):
                if not (lowest <= column[i] <= limit):
                    return i
        start += n
    return -1


cdef double LARGEST = 1.7976931348623157e308
cdef double TWO_63 = 9223372036854775808.0


def first_nan(const double[::1] column not None):
    """Row of the first NaN, or -1."""
    with nogil:
        row = first_outside(column, INFINITY, -INFINITY)
    return row


def first_not_finite(const double[::1] column not None):
    """Row of the first NaN or infinity, or -1."""
    with nogil:
        row = first_outside(column, LARGEST, -LARGEST)
    return row


def first_not_size(const double[::1] column not None):
    """Row of the first value that is negative, NaN or infinite, or -1."""
    with nogil:
        row = first_outside(column, LARGEST, 0.0)
    return row


# Sums of lots are gathered in halves of 32 bits, which cannot overflow within 2^31 rows.
cdef cloned_int sum_lots(
    const int64_t* x, Py_ssize_t n, uint64_t* long_sum, uint64_t* short_sum, uint64_t* largest
) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint64_t up, down, size
    cdef uint64_t up_low = 0, up_high = 0, down_low = 0, down_high = 0, most = largest[0]
    for i in range(n):
        up = <uint64_t> x[i] if x[i] > 0 else 0
        down = 0 - <uint64_t> x[i] if x[i] < 0 else 0
        size = up | down
        most = size if size > most else most
        up_low += up & <uint64_t> 0xFFFFFFFF
        up_high += up >> 32
        down_low += down & <uint64_t> 0xFFFFFFFF
        down_high += down >> 32
    long_sum[0] += up_low
    long_sum[1] += up_high
    short_sum[0] += down_low
    short_sum[1] += down_high
    largest[0] = most
    return 0


def lots_extent(const int64_t[::1] column not None):
    """Sum of the positive rows, sum of the magnitudes of the negative rows, largest magnitude; exact."""
    cdef uint64_t longs[2]
    cdef uint64_t shorts[2]
    cdef uint64_t largest = 0
    longs[0] = longs[1] = shorts[0] = shorts[1] = 0
    if column.shape[0]:
        with nogil:
            sum_lots(&column[0], column.shape[0], longs, shorts, &largest)
    return int(longs[0]) + (int(longs[1]) << 32), int(shorts[0]) + (int(shorts[1]) << 32), int(largest)


def magnitude(const int64_t[::1] column not None):
    """Largest magnitude of an int64 column, exact."""
    return lots_extent(column)[2]


cdef cloned_int entry_block(
    const quantity_t* quantity, const double* price, double value_at_one, bint inverse, Py_ssize_t n, double* out
) noexcept nogil:
    """``quantity·v(price)``, 0 where nothing is held; whether every price can be used."""
    cdef Py_ssize_t i
    cdef int64_t bad = 0
    cdef double value
    if inverse:
        for i in range(n):
            value = <double> quantity[i] * (value_at_one / price[i])
            out[i] = 0.0 if quantity[i] == 0 else value
            bad += not (((price[i] > 0) & (price[i] < INFINITY)) | ((quantity[i] == 0) & (price[i] == price[i])))
    else:
        for i in range(n):
            value = <double> quantity[i] * (value_at_one * price[i])
            out[i] = 0.0 if quantity[i] == 0 else value
            bad += not (((price[i] > 0) & (price[i] < INFINITY)) | ((quantity[i] == 0) & (price[i] == price[i])))
    return bad == 0


cdef bint usable(double quantity, double price) noexcept nogil:
    return 0 < price < INFINITY or (quantity == 0 and price == price)


def entry_values(
    const quantity_t[::1] quantity not None, const double[::1] price not None, double value_at_one, bint inverse,
    double[::1] out not None
):
    """Write ``quantity·v(price)`` as float64: see ``columns.pyi``."""
    cdef Py_ssize_t start = 0, n, i, rows = quantity.shape[0]
    same_length("price", price.shape[0], rows)
    same_length("out", out.shape[0], rows)
    with nogil:
        while start < rows:
            n = min(rows - start, <Py_ssize_t> STRIDE)
            if not entry_block(&quantity[start], &price[start], value_at_one, inverse, n, &out[start]):
                break
            start += n
    for i in range(start, rows):
        if not usable(<double> quantity[i], price[i]):
            return i
    return -1


def entry_quanta(
    const quantity_t[::1] quantity not None, const double[::1] price not None, double value_at_one, bint inverse,
    int64_t[::1] out not None
):
    """Write ``rint(quantity·v(price))`` as int64: see ``columns.pyi``."""
    cdef Py_ssize_t start = 0, n, i, rows = quantity.shape[0]
    cdef double[STRIDE] block
    cdef double value
    same_length("price", price.shape[0], rows)
    same_length("out", out.shape[0], rows)
    while start < rows:
        n = min(rows - start, <Py_ssize_t> STRIDE)
        with nogil:
            entry_block(&quantity[start], &price[start], value_at_one, inverse, n, block)
        for i in range(n):
            value = rint(block[i])
            if not usable(<double> quantity[start + i], price[start + i]) or not -TWO_63 < value < TWO_63:
                return start + i
            out[start + i] = <int64_t> value
        start += n
    return -1
