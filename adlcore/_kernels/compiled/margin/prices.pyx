"""The prices at which equity falls to the maintenance margin, or to nothing.

Equity less maintenance margin is concave in the value v of a lot: it is the least of one line for
each tier (of each pair of tiers, where a long and a short leg share a wallet). It is zero or above
between the highest root of the rising lines and the lowest root of the falling ones. A bankruptcy
price is the case of one tier that asks for nothing.
"""

from libc.math cimport INFINITY, NAN
from libc.stdlib cimport free, malloc

from ..numbers.money cimport same_length
from ..numbers.types cimport cloned_int

cdef enum:
    BLOCK = 512


cdef class Exposures:
    """Positions whose price is asked for: see ``prices.pyi``."""

    def __cinit__(
        self, const double[::1] quantity not None, const double[::1] entry_value not None,
        const double[::1] budget not None, const double[::1] opposite=None
    ):
        cdef ExposureColumns* c = &self.columns
        c.count = quantity.shape[0]
        same_length("entry_value", entry_value.shape[0], c.count)
        same_length("budget", budget.shape[0], c.count)
        if opposite is not None:
            same_length("opposite", opposite.shape[0], c.count)
        self.quantity, self.entry_value, self.budget, self.opposite = quantity, entry_value, budget, opposite
        if c.count:
            c.quantity, c.entry_value, c.budget = &quantity[0], &entry_value[0], &budget[0]
            if opposite is not None:
                c.opposite = &opposite[0]


cdef class PriceTerms:
    """What a lot costs its wallet and is worth to it, tier by tier: see ``prices.pyi``."""

    def __cinit__(
        self, const double[::1] rate not None, const double[::1] amount not None, *, double kept_share, double fee,
        double value_at_one, bint inverse
    ):
        cdef TermColumns* c = &self.columns
        cdef double sign = -1.0 if inverse else 1.0
        cdef Py_ssize_t t
        c.tiers = rate.shape[0]
        same_length("amount", amount.shape[0], c.tiers)
        c.kept_share, c.value_at_one, c.inverse = kept_share, value_at_one, inverse
        c.amount = <double*> malloc(max(3 * c.tiers, <Py_ssize_t> 1) * sizeof(double))
        if c.amount == NULL:
            raise MemoryError
        c.long_slope, c.short_slope = c.amount + c.tiers, c.amount + 2 * c.tiers
        for t in range(c.tiers):
            c.amount[t] = amount[t]
            c.long_slope[t] = kept_share - sign * (rate[t] + fee)
            c.short_slope[t] = kept_share + sign * (rate[t] + fee)

    def __dealloc__(self):
        free(self.columns.amount)


cdef cloned_int highest_root(
    const double* quantity, const double* entry_value, const double* budget, double kept_share, const double* amount,
    const double* up, const double* down, Py_ssize_t tiers, Py_ssize_t n, double* highest, double* lowest,
    double* flat
) noexcept nogil:
    """Over the tiers, of c/d with c = share·EV - B - a and d the slope a lot: the highest where d > 0.

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
            need = kept_share * entry_value[i] - budget[i] - a
            slope = d_up if quantity[i] > 0 else d_down
            root = need / slope
            highest[i] = root if (slope > 0) & (root > highest[i]) else highest[i]
        if d_up > 0 and d_down > 0:
            continue
        for i in range(n):
            need = kept_share * entry_value[i] - budget[i] - a
            slope = d_up if quantity[i] > 0 else d_down
            root = need / slope
            lowest[i] = root if (slope < 0) & (root < lowest[i]) else lowest[i]
            flat[i] = need if (slope == 0) & (need > flat[i]) else flat[i]
    return 0


cdef cloned_int block_prices(
    const double* quantity, const double* highest, const double* lowest, const double* flat, double value_at_one,
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
            price = -value_at_one / value
            always = never if quantity[i] > 0 else NAN
            price = always if value >= 0 else price
        else:
            price = value / value_at_one
            always = NAN if quantity[i] > 0 else never
            price = always if value <= 0 else price
        price = never if hopeless else price
        out[i] = NAN if quantity[i] == 0 else price
    return 0


def root_prices(Exposures positions not None, PriceTerms terms not None, double[::1] out not None):
    """Write the price at which ``budget + kept_share·U = N·(rate + fee) - amount`` under the right tier."""
    cdef const ExposureColumns* p = &positions.columns
    cdef const TermColumns* c = &terms.columns
    cdef Py_ssize_t row = 0, count
    cdef double highest[BLOCK]
    cdef double lowest[BLOCK]
    cdef double flat[BLOCK]
    same_length("out", out.shape[0], p.count)
    if c.tiers == 0:
        raise ValueError("terms", None, 0, "must have a tier at least")
    with nogil:
        while row < p.count:
            count = min(p.count - row, <Py_ssize_t> BLOCK)
            highest_root(
                p.quantity + row, p.entry_value + row, p.budget + row, c.kept_share, c.amount, c.long_slope,
                c.short_slope, c.tiers, count, highest, lowest, flat
            )
            block_prices(p.quantity + row, highest, lowest, flat, c.value_at_one, c.inverse, count, &out[row])
            row += count


cdef inline double price_of(double value, const TermColumns* c) noexcept nogil:
    """The price at which a lot is worth that."""
    return -c.value_at_one / value if c.inverse else value / c.value_at_one


def root_price_pairs(
    Exposures positions not None, PriceTerms terms not None, double[::1] lower not None, double[::1] upper not None
):
    """Write the prices below and above which a long and a short leg of one contract in one wallet fail."""
    cdef const ExposureColumns* p = &positions.columns
    cdef const TermColumns* c = &terms.columns
    cdef Py_ssize_t i, t, s
    cdef double need, slope, low, high
    cdef const double* own
    cdef const double* other
    cdef bint hopeless
    same_length("lower", lower.shape[0], p.count)
    same_length("upper", upper.shape[0], p.count)
    if p.count and p.opposite == NULL:
        raise ValueError("positions", None, None, "must have an opposite quantity")
    with nogil:
        for i in range(p.count):
            low, high = -INFINITY, INFINITY
            hopeless = False
            own = c.long_slope if p.quantity[i] > 0 else c.short_slope
            other = c.long_slope if p.opposite[i] > 0 else c.short_slope
            for t in range(c.tiers):
                for s in range(c.tiers):
                    need = c.kept_share * p.entry_value[i] - p.budget[i] - c.amount[t] - c.amount[s]
                    slope = p.quantity[i] * own[t]
                    slope = slope + p.opposite[i] * other[s]
                    if slope > 0:
                        low = max(low, need / slope)
                    elif slope < 0:
                        high = min(high, need / slope)
                    elif need > 0:
                        hopeless = True
            # No price reaches a value on the other side of nothing.
            hopeless = hopeless or low > high or (low >= 0 if c.inverse else high <= 0)
            lower[i] = INFINITY if hopeless else NAN
            upper[i] = 0.0 if hopeless else NAN
            if p.quantity[i] == 0 and p.opposite[i] == 0:
                lower[i] = upper[i] = NAN
                continue
            if hopeless:
                continue
            if low > -INFINITY and (c.inverse or low > 0):
                lower[i] = price_of(low, c)
            if high < INFINITY and (not c.inverse or high < 0):
                upper[i] = price_of(high, c)
