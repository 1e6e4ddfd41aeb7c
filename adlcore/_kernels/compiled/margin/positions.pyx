"""The position rows that a margin pass values, and the slots that it sums them in: held while their arrays stand."""

from libc.stdint cimport int64_t

from ..numbers.money cimport same_length


cdef class Positions:
    """The position rows of the books: see ``positions.pyi``."""

    def __cinit__(
        self, const int64_t[::1] quantity not None, const int64_t[::1] entry_value not None,
        const int64_t[::1] slot not None, int64_t[::1] pnl not None, int64_t[::1] margin not None
    ):
        cdef PositionColumns* c = &self.columns
        c.count = quantity.shape[0]
        same_length("entry_value", entry_value.shape[0], c.count)
        same_length("slot", slot.shape[0], c.count)
        same_length("pnl", pnl.shape[0], c.count)
        same_length("margin", margin.shape[0], c.count)
        self.quantity, self.entry_value, self.slot, self.pnl, self.margin = quantity, entry_value, slot, pnl, margin
        if c.count:
            c.quantity, c.entry_value, c.slot = &quantity[0], &entry_value[0], &slot[0]
            c.pnl, c.margin = &pnl[0], &margin[0]


cdef class Slots:
    """Where money is summed: see ``positions.pyi``."""

    def __cinit__(self, const int64_t[::1] balance not None, int64_t[:, ::1] sums not None):
        cdef SlotColumns* c = &self.columns
        c.count = balance.shape[0]
        if sums.shape[0] != c.count or sums.shape[1] != 2:
            raise ValueError("sums", None, sums.shape[0], f"must have {c.count} rows of two")
        self.balance, self.sums = balance, sums
        if c.count:
            c.balance, c.sums = &balance[0], &sums[0, 0]
