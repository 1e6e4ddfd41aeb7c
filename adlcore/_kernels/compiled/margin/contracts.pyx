"""Where the rows and the margin tiers of each contract stand: checked once, held while a pass lasts."""

from libc.stdint cimport int64_t

from ..numbers.money cimport same_length


cdef class Contracts:
    """The contracts of the books: see ``contracts.pyi``."""

    def __cinit__(
        self, const int64_t[::1] start not None, const int64_t[::1] tier_start not None,
        const double[::1] rate not None, const double[::1] amount not None
    ):
        cdef ContractColumns* c = &self.columns
        if start.shape[0] == 0:
            raise ValueError("start", None, 0, "must have a row more than there are contracts")
        same_length("tier_start", tier_start.shape[0], start.shape[0])
        same_length("amount", amount.shape[0], rate.shape[0])
        rising("start", start, 0x7FFFFFFFFFFFFFFF)
        rising("tier_start", tier_start, rate.shape[0])
        self.start, self.tier_start, self.rate, self.amount = start, tier_start, rate, amount
        c.count, c.rows, c.tiers = start.shape[0] - 1, start[start.shape[0] - 1], rate.shape[0]
        c.start, c.tier_start = &start[0], &tier_start[0]
        if c.tiers:
            c.rate, c.amount = &rate[0], &amount[0]


cdef int rising(str name, const int64_t[::1] column, int64_t last) except -1:
    """Refuse borders that do not rise from 0 at least to `last` at most."""
    cdef Py_ssize_t k
    cdef int64_t before = 0
    for k in range(column.shape[0]):
        if not before <= column[k] <= last:
            raise ValueError(name, k, column[k], f"must rise within 0 to {last}")
        before = column[k]
    return 0
