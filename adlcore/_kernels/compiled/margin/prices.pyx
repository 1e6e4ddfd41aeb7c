"""The prices at which equity falls to the maintenance margin, or to nothing.

Equity less maintenance margin is concave in the value v of a lot: it is the least of one line for
each tier (of each pair of tiers, where a long and a short leg share a wallet). It is zero or above
between the highest root of the rising lines and the lowest root of the falling ones. A bankruptcy
price is the case of one tier that asks for nothing.
"""

from libc.math cimport INFINITY, NAN
from libc.stdlib cimport free, malloc

from ..numbers.types cimport cloned_int

cdef enum:
    BLOCK = 512


cdef cloned_int highest_root(
    const double* quantity, const double* entry_value, const double* budget, double keep, const double* amount,
    const double* up, const double* down, Py_ssize_t tiers, Py_ssize_t n, double* highest, double* lowest,
    double* flat
) noexcept nogil:
    """Over the tiers, of c/d with c = keep·EV - B - a and d the slope a lot: the highest where d > 0.

    Also the lowest where d < 0 and the highest c where d = 0, for there equity that no price mends
    shows. `up` and `down` are the slopes of longs and shorts.
    """
    cdef Py_ssize_t i, t
    cdef double need, slope, root, a, d_up, d_down
    for i in range(n):
        highest[i] = -INFINITY
        lowest[i] = INFINITY
        flat[i] = -INFINITY
    for t in range(tiers):
        a, d_up, d_down = amount[t], up[t], down[t]
        for i in range(n):
            need = keep * entry_value[i] - budget[i] - a
            slope = d_up if quantity[i] > 0 else d_down
            root = need / slope
            highest[i] = root if (slope > 0) & (root > highest[i]) else highest[i]
        if d_up > 0 and d_down > 0:
            continue
        for i in range(n):
            need = keep * entry_value[i] - budget[i] - a
            slope = d_up if quantity[i] > 0 else d_down
            root = need / slope
            lowest[i] = root if (slope < 0) & (root < lowest[i]) else lowest[i]
            flat[i] = need if (slope == 0) & (need > flat[i]) else flat[i]
    return 0


cdef cloned_int block_prices(
    const double* quantity, const double* highest, const double* lowest, const double* flat, double units,
    bint inverse, Py_ssize_t n, double* out
) noexcept nogil:
    """Roots to prices: NaN where none is needed, +inf of a long and 0 of a short where none helps."""
    cdef Py_ssize_t i
    cdef double value, other, price, never, always
    cdef bint hopeless, outside, inside
    for i in range(n):
        # Where no line rises to a price, equity may fail on the other side.
        value = highest[i] / quantity[i]
        other = lowest[i] / quantity[i]
        outside = (value >= 0) if inverse else (value <= 0)
        inside = (other < 0) if inverse else (other > 0)
        value = other if outside & inside & (lowest[i] < INFINITY) else value
        never = INFINITY if quantity[i] > 0 else 0.0
        always = NAN
        hopeless = (lowest[i] < highest[i]) | (lowest[i] <= 0) | (flat[i] > 0)
        if inverse:
            price = -units / value
            always = never if quantity[i] > 0 else NAN
            price = always if value >= 0 else price
        else:
            price = value / units
            always = NAN if quantity[i] > 0 else never
            price = always if value <= 0 else price
        price = never if hopeless else price
        out[i] = NAN if quantity[i] == 0 else price
    return 0


def root_prices(
    const double[::1] quantity not None, const double[::1] entry_value not None, const double[::1] budget not None,
    double keep, double fee, const double[::1] rate not None, const double[::1] amount not None, double units,
    bint inverse, double[::1] out not None
):
    """Write the price at which ``budget + keep·U = N·(rate + fee) - amount`` under the right tier.

    `budget` is what the wallet has beside the position, less what its other positions must keep;
    `keep` the share of the position's profit and loss that counts as equity (1, or a collateral
    rate). Money is in one unit throughout, `units` is the value of a lot at price 1 in it.
    """
    cdef Py_ssize_t n = quantity.shape[0], row = 0, count, t, tiers = rate.shape[0]
    cdef double highest[BLOCK]
    cdef double lowest[BLOCK]
    cdef double flat[BLOCK]
    cdef double sign = -1.0 if inverse else 1.0
    cdef double* slopes
    cdef double* up
    cdef double* down
    if not n == entry_value.shape[0] == budget.shape[0] == out.shape[0]:
        raise ValueError("out", None, out.shape[0], f"must have {n} rows")
    if amount.shape[0] != tiers or tiers == 0:
        raise ValueError("amount", None, amount.shape[0], f"must have {tiers} rows, at least one")
    slopes = <double*> malloc(2 * tiers * sizeof(double))
    if slopes == NULL:
        raise MemoryError
    up, down = slopes, slopes + tiers
    for t in range(tiers):
        up[t] = keep - sign * (rate[t] + fee)
        down[t] = keep + sign * (rate[t] + fee)
    with nogil:
        while row < n:
            count = min(n - row, <Py_ssize_t> BLOCK)
            highest_root(
                &quantity[row], &entry_value[row], &budget[row], keep, &amount[0], up, down, tiers, count, highest,
                lowest, flat
            )
            block_prices(&quantity[row], highest, lowest, flat, units, inverse, count, &out[row])
            row += count
    free(slopes)


cdef inline double price_of(double value, double units, bint inverse) noexcept nogil:
    return -units / value if inverse else value / units


def root_price_pairs(
    const double[::1] quantity not None, const double[::1] opposite not None, const double[::1] entry_value not None,
    const double[::1] budget not None, double keep, double fee, const double[::1] rate not None,
    const double[::1] amount not None, double units, bint inverse, double[::1] lower not None,
    double[::1] upper not None
):
    """The prices below and above which a long and a short leg of one contract in one wallet fail.

    `entry_value` is that of both legs together. NaN where there is no such price; +inf below and 0
    above where equity is short of the margin at every price.
    """
    cdef Py_ssize_t n = quantity.shape[0], i, t, s, tiers = rate.shape[0]
    cdef double sign = -1.0 if inverse else 1.0
    cdef double need, slope, low, high, first, second
    cdef bint hopeless
    if not n == opposite.shape[0] == entry_value.shape[0] == budget.shape[0] == lower.shape[0] == upper.shape[0]:
        raise ValueError("quantity", None, n, f"must have {lower.shape[0]} rows, as every column")
    if amount.shape[0] != tiers:
        raise ValueError("amount", None, amount.shape[0], f"must have {tiers} rows")
    with nogil:
        for i in range(n):
            low, high = -INFINITY, INFINITY
            hopeless = False
            first = sign if quantity[i] > 0 else -sign
            second = sign if opposite[i] > 0 else -sign
            for t in range(tiers):
                for s in range(tiers):
                    need = keep * entry_value[i] - budget[i] - amount[t] - amount[s]
                    slope = quantity[i] * (keep - first * (rate[t] + fee))
                    slope = slope + opposite[i] * (keep - second * (rate[s] + fee))
                    if slope > 0:
                        low = max(low, need / slope)
                    elif slope < 0:
                        high = min(high, need / slope)
                    elif need > 0:
                        hopeless = True
            # No price reaches a value on the other side of nothing.
            hopeless = hopeless or low > high or (low >= 0 if inverse else high <= 0)
            lower[i] = INFINITY if hopeless else NAN
            upper[i] = 0.0 if hopeless else NAN
            if quantity[i] == 0 and opposite[i] == 0:
                lower[i] = upper[i] = NAN
                continue
            if hopeless:
                continue
            if low > -INFINITY and (inverse or low > 0):
                lower[i] = price_of(low, units, inverse)
            if high < INFINITY and (not inverse or high < 0):
                upper[i] = price_of(high, units, inverse)
