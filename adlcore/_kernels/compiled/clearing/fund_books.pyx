"""Insurance funds that rows are offered to: what they hold, on which terms they accept, what they took and refused.

Columns are checked where their holder is made. Numbers that others could write to later, and that would
lead out of an array, are checked again where `funds.take_over` reads them.
"""

from libc.stdint cimport int64_t, uint8_t

from ..numbers.money cimport same_length, size_of
from .rows cimport within

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


cdef int same_shape(str name, const Py_ssize_t* shape, Py_ssize_t rows, Py_ssize_t columns) except -1:
    """Refuse a table of another shape."""
    same_length(name, shape[0], rows)
    if shape[1] != columns:
        raise ValueError(name, None, shape[1], f"must have {columns} columns")
    return 0


cdef class FundBooks:
    """Rows, cash and equity of the funds: see ``fund_books.pyi``."""

    def __cinit__(
        self, int64_t[:, ::1] lots not None, int64_t[:, ::1] cost not None, int64_t[:, ::1] lots0 not None,
        int64_t[:, ::1] cost0 not None, int64_t[::1] cash not None, int64_t[::1] equity not None,
        int64_t[::1] notional not None
    ):
        cdef FundColumns* c = &self.columns
        cdef Py_ssize_t n = lots.shape[0], contracts = lots.shape[1], f, k
        same_shape("cost", cost.shape, n, contracts)
        same_shape("lots0", lots0.shape, n, contracts)
        same_shape("cost0", cost0.shape, n, contracts)
        same_length("cash", cash.shape[0], n)
        same_length("equity", equity.shape[0], n)
        same_length("notional", notional.shape[0], n)
        for f in range(n):
            for k in range(contracts):
                if lots[f, k] and (size_of(lots0[f, k]) < size_of(lots[f, k]) or (lots0[f, k] ^ lots[f, k]) < 0):
                    raise ValueError("lots0", f, lots0[f, k], f"must have the side of {lots[f, k]}, and no fewer lots")
        self.lots, self.cost, self.lots0, self.cost0 = lots, cost, lots0, cost0
        self.cash, self.equity, self.notional = cash, equity, notional
        c.count, c.contracts = n, contracts
        if n:
            c.cash, c.equity, c.notional = &cash[0], &equity[0], &notional[0]
            if contracts:
                c.lots, c.cost, c.lots0, c.cost0 = &lots[0, 0], &cost[0, 0], &lots0[0, 0], &cost0[0, 0]


cdef class FundTerms:
    """What a fund accepts: see ``fund_books.pyi``."""

    def __cinit__(
        self, const int64_t[::1] least_equity not None, const int64_t[::1] cap_numerator not None,
        const int64_t[::1] cap_denominator not None, const uint8_t[:, ::1] refuses not None,
        const int64_t[::1] parent not None
    ):
        cdef FundTermColumns* c = &self.columns
        cdef Py_ssize_t n = least_equity.shape[0]
        same_length("cap_numerator", cap_numerator.shape[0], n)
        same_length("cap_denominator", cap_denominator.shape[0], n)
        same_length("refuses", refuses.shape[0], n)
        same_length("parent", parent.shape[0], n)
        within("cap_numerator", cap_numerator, 0, TOP)
        within("cap_denominator", cap_denominator, 0, TOP)
        within("parent", parent, -1, n - 1)
        self.least_equity, self.cap_numerator, self.cap_denominator = least_equity, cap_numerator, cap_denominator
        self.refuses, self.parent = refuses, parent
        c.count, c.contracts = n, refuses.shape[1]
        if n:
            c.least_equity, c.parent = &least_equity[0], &parent[0]
            c.cap_numerator, c.cap_denominator = &cap_numerator[0], &cap_denominator[0]
            if c.contracts:
                c.refuses = &refuses[0, 0]


cdef class LotValues:
    """What a lot of each contract is worth: see ``fund_books.pyi``."""

    def __cinit__(
        self, const double[::1] value_per_lot not None, const int64_t[::1] numerator not None,
        const int64_t[::1] denominator not None, const uint8_t[::1] inverse not None
    ):
        cdef ValueColumns* c = &self.columns
        cdef Py_ssize_t n = value_per_lot.shape[0]
        same_length("numerator", numerator.shape[0], n)
        same_length("denominator", denominator.shape[0], n)
        same_length("inverse", inverse.shape[0], n)
        within("numerator", numerator, 1, TOP)
        within("denominator", denominator, 1, TOP)
        self.value_per_lot, self.inverse = value_per_lot, inverse
        self.numerator, self.denominator = numerator, denominator
        c.contracts = n
        if n:
            c.at_mark, c.inverse = &value_per_lot[0], &inverse[0]
            c.numerator, c.denominator = &numerator[0], &denominator[0]


cdef class Offers:
    """Rows that are offered to funds, in their order: see ``fund_books.pyi``."""

    def __cinit__(
        self, const int64_t[::1] fund not None, const int64_t[::1] contract not None,
        const int64_t[::1] quantity not None, const int64_t[::1] price not None, const int64_t[::1] value not None
    ):
        cdef OfferColumns* c = &self.columns
        cdef Py_ssize_t n = fund.shape[0], i
        same_length("contract", contract.shape[0], n)
        same_length("quantity", quantity.shape[0], n)
        same_length("price", price.shape[0], n)
        same_length("value", value.shape[0], n)
        for i in range(n):
            if quantity[i] == 0:
                raise ValueError("quantity", i, 0, "must not be 0")
        within("price", price, 1, TOP)
        self.fund, self.contract, self.quantity, self.price, self.value = fund, contract, quantity, price, value
        c.count = n
        if n:
            c.fund, c.contract, c.quantity = &fund[0], &contract[0], &quantity[0]
            c.price, c.value = &price[0], &value[0]


cdef class Takings:
    """Who took each offer, and what that closed: see ``fund_books.pyi``."""

    def __cinit__(
        self, int64_t[::1] fund not None, int64_t[::1] realized not None, int64_t[::1] closing_lots not None,
        int64_t[::1] closing_value not None
    ):
        cdef TakingColumns* c = &self.columns
        cdef Py_ssize_t n = fund.shape[0]
        same_length("realized", realized.shape[0], n)
        same_length("closing_lots", closing_lots.shape[0], n)
        same_length("closing_value", closing_value.shape[0], n)
        self.fund, self.realized, self.closing_lots, self.closing_value = fund, realized, closing_lots, closing_value
        c.count = n
        if n:
            c.fund, c.realized = &fund[0], &realized[0]
            c.closing_lots, c.closing_value = &closing_lots[0], &closing_value[0]


cdef class Refusals:
    """The first refusals of a contract: see ``fund_books.pyi``."""

    def __cinit__(self, uint8_t[:, ::1] has_refused not None, int64_t[:, ::1] lines not None):
        cdef RefusalColumns* c = &self.columns
        cdef Py_ssize_t n = has_refused.shape[0], contracts = has_refused.shape[1]
        same_shape("lines", lines.shape, n * contracts, 5)
        self.has_refused, self.lines = has_refused, lines
        c.count, c.contracts = n, contracts
        if n and contracts:
            c.has_refused, c.lines = &has_refused[0, 0], &lines[0, 0]
