"""One side of a contract that is deleveraged: what is wanted, who may give, and what they gave.

Columns are checked where their holder is made. Numbers that others could write to later, and that would
lead out of an array, are checked again where `deleverage.serve` reads them.
"""

from libc.stdint cimport int64_t, uint8_t

from ..numbers.money cimport positive, same_length
from .rows cimport within

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


cdef class Side:
    """A contract, the side of the remainders, and what a lot loses: see ``sides.pyi``."""

    def __cinit__(self, int64_t contract, int side, numerator, denominator, bint inverse, tuple loss not None):
        cdef SideTerms* terms = &self.terms
        if side != 1 and side != -1:
            raise ValueError("side", None, side, "must be 1 or -1")
        terms.sign, terms.contract, terms.inverse = side, contract, inverse
        terms.numerator = positive("numerator", numerator)
        terms.denominator = positive("denominator", denominator)
        if len(loss) != 3 or not all(isinstance(number, int) for number in loss):
            raise ValueError("loss", None, loss, "must be three whole numbers")
        if loss[2] < 1:
            raise ValueError("loss", None, loss, "must have a denominator above 0")
        self.loss = loss


cdef class RemainderLots:
    """Lots that are wanted: see ``sides.pyi``."""

    def __cinit__(
        self, int64_t[::1] open_lots not None, const int64_t[::1] price not None, int64_t[::1] filled_lots not None,
        const int64_t[::1] account not None
    ):
        cdef RemainderColumns* c = &self.columns
        cdef Py_ssize_t n = open_lots.shape[0], r
        same_length("price", price.shape[0], n)
        same_length("filled_lots", filled_lots.shape[0], n)
        same_length("account", account.shape[0], n)
        within("open_lots", open_lots, 0, TOP)
        within("price", price, 1, TOP)
        within("filled_lots", filled_lots, 0, TOP)
        c.count, c.highest_price = n, 1
        for r in range(n):
            c.highest_price = max(c.highest_price, price[r])
            if open_lots[r] > TOP - filled_lots[r]:
                raise ValueError("filled_lots", r, filled_lots[r], f"must stay in int64 with {open_lots[r]} more")
        self.open_lots, self.price, self.filled_lots, self.account = open_lots, price, filled_lots, account
        if n:
            c.open_lots, c.price, c.filled_lots, c.account = &open_lots[0], &price[0], &filled_lots[0], &account[0]


cdef class Collateral:
    """What the equity of wallets of several assets is made of: see ``sides.pyi``."""

    def __cinit__(
        self, const uint8_t[::1] kind not None, const int64_t[::1] rest not None, const int64_t[::1] loan not None,
        const int64_t[::1] rates not None
    ):
        cdef CollateralColumns* c = &self.columns
        cdef Py_ssize_t n = kind.shape[0], i
        same_length("rest", rest.shape[0], n)
        same_length("loan", loan.shape[0], n)
        same_length("rates", rates.shape[0], 6)
        for i in range(n):
            if kind[i] > 2:
                raise ValueError("kind", i, kind[i], "must be from 0 to 2")
        for i in range(6):
            c.rates[i] = rates[i]  # copied, for two of them are divided by
            if c.rates[i] < i % 2:
                raise ValueError("rates", i, c.rates[i], f"must be at least {i % 2}")
        self.kind, self.rest, self.loan = kind, rest, loan
        c.count = n
        if n:
            c.kind, c.rest, c.loan = &kind[0], &rest[0], &loan[0]


cdef class Counterparties:
    """Position rows in the order of a ranking: see ``sides.pyi``."""

    def __cinit__(
        self, const int64_t[::1] row not None, const int64_t[::1] account not None, uint8_t[::1] used not None,
        Collateral collateral=None
    ):
        cdef CounterpartyColumns* c = &self.columns
        cdef Py_ssize_t n = row.shape[0]
        same_length("account", account.shape[0], n)
        same_length("used", used.shape[0], n)
        if collateral is not None:
            same_length("kind", collateral.columns.count, n)
            c.collateral = collateral.columns
        self.row, self.account, self.used, self.collateral = row, account, used, collateral
        c.count = n
        if n:
            c.row, c.account, c.used = &row[0], &account[0], &used[0]


cdef class Fills:
    """What counterparties gave, fill by fill: see ``sides.pyi``."""

    def __cinit__(
        self, int64_t[::1] remainder not None, int64_t[::1] row not None, int64_t[::1] lots not None,
        int64_t[::1] value not None, int64_t[::1] realized not None
    ):
        cdef FillColumns* c = &self.columns
        cdef Py_ssize_t n = remainder.shape[0]
        same_length("row", row.shape[0], n)
        same_length("lots", lots.shape[0], n)
        same_length("value", value.shape[0], n)
        same_length("realized", realized.shape[0], n)
        self.remainder, self.row, self.lots, self.value, self.realized = remainder, row, lots, value, realized
        c.room = n
        if n:
            c.remainder, c.row, c.lots = &remainder[0], &row[0], &lots[0]
            c.value, c.realized = &value[0], &realized[0]


cdef class Cursor:
    """Where serving stands: see ``sides.pyi``."""

    def __cinit__(self, Py_ssize_t remainder=0, Py_ssize_t place=0, Py_ssize_t first_unused=0):
        self.remainder, self.place, self.first_unused = remainder, place, first_unused

    def skip_remainder(self):
        """Go on with the next remainder, from the head of the ranking."""
        self.remainder += 1
        self.place = 0
