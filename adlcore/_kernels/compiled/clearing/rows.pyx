"""Position rows that are closed in a pass: each is re-margined at once, and its slot's sums and cash move along.

A row releases of the cost that it had at the start of the pass as much as has been closed since, less
what it has released already: so the parts do not depend on how a quantity was cut.
"""

from libc.stdint cimport int64_t, uint8_t

from ..margin.contracts cimport Contracts
from ..numbers.money cimport same_length


cdef class Rows:
    """Position rows, now and as they were when the pass began: see ``rows.pyi``."""

    def __cinit__(
        self, int64_t[::1] quantity not None, int64_t[::1] entry_value not None,
        const int64_t[::1] quantity0 not None, const int64_t[::1] entry_value0 not None,
        const int64_t[::1] slot not None, int64_t[::1] pnl not None, int64_t[::1] margin not None
    ):
        cdef RowColumns* c = &self.columns
        cdef Py_ssize_t n = quantity.shape[0]
        same_length("entry_value", entry_value.shape[0], n)
        same_length("quantity0", quantity0.shape[0], n)
        same_length("entry_value0", entry_value0.shape[0], n)
        same_length("slot", slot.shape[0], n)
        same_length("pnl", pnl.shape[0], n)
        same_length("margin", margin.shape[0], n)
        self.quantity, self.entry_value, self.pnl, self.margin = quantity, entry_value, pnl, margin
        self.quantity0, self.entry_value0, self.slot = quantity0, entry_value0, slot
        c.count = n
        if n:
            c.quantity, c.entry_value = &quantity[0], &entry_value[0]
            c.quantity0, c.entry_value0, c.slot = &quantity0[0], &entry_value0[0], &slot[0]
            c.pnl, c.margin = &pnl[0], &margin[0]


cdef class SlotSums:
    """Sums and cash of the slots: see ``rows.pyi``."""

    def __cinit__(
        self, int64_t[:, ::1] sums not None, int64_t[::1] cash not None, const uint8_t[::1] realized_in_sum=None
    ):
        cdef SlotSumColumns* c = &self.columns
        cdef Py_ssize_t n = cash.shape[0]
        same_length("sums", sums.shape[0], n)
        if sums.shape[1] != 2:
            raise ValueError("sums", None, sums.shape[1], "must have two columns")
        if realized_in_sum is not None:
            same_length("realized_in_sum", realized_in_sum.shape[0], n)
        self.sums, self.cash, self.realized_in_sum = sums, cash, realized_in_sum
        c.count = n
        if n:
            c.sums, c.cash = &sums[0, 0], &cash[0]
            if realized_in_sum is not None:
                c.realized_in_sum = &realized_in_sum[0]


cdef class PositionBooks:
    """All that closing a row reads and writes: see ``rows.pyi``."""

    def __cinit__(
        self, Rows rows not None, SlotSums slots not None, Contracts contracts not None,
        const double[::1] value_per_lot not None
    ):
        cdef BookColumns* c = &self.columns
        same_length("value_per_lot", value_per_lot.shape[0], contracts.columns.count)
        self.rows, self.slots, self.contracts, self.value_per_lot = rows, slots, contracts, value_per_lot
        c.rows, c.slots, c.contracts = rows.columns, slots.columns, contracts.columns
        if c.contracts.count:
            c.value_per_lot = &value_per_lot[0]

    def close(
        self, const int64_t[::1] row not None, const int64_t[::1] lots not None, const int64_t[::1] value not None,
        const int64_t[::1] contract not None, int64_t[::1] realized not None
    ):
        """Close lots of rows for what they are worth, in order; the first fill beyond int64, or -1."""
        cdef Py_ssize_t n = row.shape[0], i = 0
        cdef int status = CLOSED
        same_length("lots", lots.shape[0], n)
        same_length("value", value.shape[0], n)
        same_length("contract", contract.shape[0], n)
        same_length("realized", realized.shape[0], n)
        within("row", row, 0, self.columns.rows.count - 1)
        within("contract", contract, 0, self.columns.contracts.count - 1)
        for i in range(n):
            self.check_slot(row[i])
        with nogil:
            for i in range(n):
                status = close_row(&self.columns, row[i], lots[i], value[i], contract[i], &realized[i])
                if status != CLOSED:
                    break
        if status > BEYOND:
            self.refuse(status, i, row[i], lots[i])
        return i if status == BEYOND else -1

    cdef int check_slot(self, int64_t row) except -1:
        """Refuse a row whose slot is none."""
        cdef const BookColumns* c = &self.columns
        if not 0 <= c.rows.slot[row] < c.slots.count:
            raise ValueError("slot", row, c.rows.slot[row], f"must be from 0 to {c.slots.count - 1}")
        return 0

    cdef int refuse(self, int status, Py_ssize_t i, int64_t row, int64_t lots) except -1:
        """Say why fill i, which closes lots of a row, cannot be."""
        cdef const RowColumns* rows = &self.columns.rows
        if status == TOO_MANY:
            raise ValueError("lots", i, lots, f"must be from 1 to {abs(int(rows.quantity[row]))}")
        if status == UNLIKE:
            raise ValueError(
                "quantity0", row, rows.quantity0[row], f"must have the side of {rows.quantity[row]}, and no fewer lots"
            )
        raise ValueError("row", i, row, "must not change while it is closed")
