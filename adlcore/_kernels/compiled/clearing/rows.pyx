"""Position rows that are closed in a pass: each is re-margined at once, and its slot's sums and cash move along.

A row releases of the cost that it had at the start of the pass as much as has been closed since, less
what it has released already: so the parts do not depend on how a quantity was cut.
"""

from libc.stdint cimport int64_t, uint8_t

from ..numbers.money cimport same_length


cdef class Rows:
    """The working columns of a pass: position rows, the sums and the cash of their slots, contracts at their marks.

    `quantity0` and `entry_value0` are the rows as they were when the pass began. A lot of contract k
    is worth ``unit[k]`` quanta, its tiers are ``tier_start[k] .. tier_start[k + 1]`` of `rate` and
    `amount`. `sums` is equity and maintenance margin of each slot; where `plain` is 0, what a row
    realizes is no part of the sum.
    """

    def __cinit__(
        self, int64_t[::1] quantity not None, int64_t[::1] entry_value not None,
        const int64_t[::1] quantity0 not None, const int64_t[::1] entry_value0 not None,
        const int64_t[::1] slot not None, int64_t[::1] pnl not None, int64_t[::1] margin not None,
        int64_t[:, ::1] sums not None, int64_t[::1] cash not None, const uint8_t[::1] plain,
        const double[::1] unit not None, const int64_t[::1] tier_start not None, const double[::1] rate not None,
        const double[::1] amount not None
    ):
        cdef Columns* c = &self.columns
        cdef Py_ssize_t n = quantity.shape[0], slots = cash.shape[0], tiers = rate.shape[0], k
        cdef int64_t before = 0
        same_length("entry_value", entry_value.shape[0], n)
        same_length("quantity0", quantity0.shape[0], n)
        same_length("entry_value0", entry_value0.shape[0], n)
        same_length("slot", slot.shape[0], n)
        same_length("pnl", pnl.shape[0], n)
        same_length("margin", margin.shape[0], n)
        same_length("sums", sums.shape[0], slots)
        if sums.shape[1] != 2:
            raise ValueError("sums", None, sums.shape[1], "must have two columns")
        if plain is not None:
            same_length("plain", plain.shape[0], slots)
        same_length("tier_start", tier_start.shape[0], unit.shape[0] + 1)
        same_length("amount", amount.shape[0], tiers)
        for k in range(tier_start.shape[0]):
            if not before <= tier_start[k] <= tiers:
                raise ValueError("tier_start", k, tier_start[k], f"must rise within 0 to {tiers}")
            before = tier_start[k]
        self.quantity, self.entry_value, self.pnl, self.margin = quantity, entry_value, pnl, margin
        self.quantity0, self.entry_value0, self.slot = quantity0, entry_value0, slot
        self.sums, self.cash, self.plain = sums, cash, plain
        self.unit, self.tier_start, self.rate, self.amount = unit, tier_start, rate, amount
        c.rows, c.slots, c.contracts, c.tiers = n, slots, unit.shape[0], tiers
        c.plain = NULL
        if n:
            c.quantity, c.entry_value = &quantity[0], &entry_value[0]
            c.quantity0, c.entry_value0, c.slot = &quantity0[0], &entry_value0[0], &slot[0]
            c.pnl, c.margin = &pnl[0], &margin[0]
        if slots:
            c.sums, c.cash = &sums[0, 0], &cash[0]
            if plain is not None:
                c.plain = &plain[0]
        c.tier_start = &tier_start[0]
        if c.contracts:
            c.unit = &unit[0]
        if tiers:
            c.rate, c.amount = &rate[0], &amount[0]

    def close(
        self, const int64_t[::1] row not None, const int64_t[::1] lots not None, const int64_t[::1] value not None,
        const int64_t[::1] code not None, int64_t[::1] realized not None
    ):
        """Close lots of rows of contract `code` for what they are worth, in order; write what each realizes.

        Returns the first fill at which a number leaves int64, before which all are booked, or -1.
        """
        cdef Py_ssize_t n = row.shape[0], i = 0
        cdef int status = CLOSED
        same_length("lots", lots.shape[0], n)
        same_length("value", value.shape[0], n)
        same_length("code", code.shape[0], n)
        same_length("realized", realized.shape[0], n)
        within("row", row, 0, self.columns.rows - 1)
        within("code", code, 0, self.columns.contracts - 1)
        for i in range(n):
            self.check_slot(row[i])
        with nogil:
            for i in range(n):
                status = close_row(&self.columns, row[i], lots[i], value[i], code[i], &realized[i])
                if status != CLOSED:
                    break
        if status > BEYOND:
            self.refuse(status, i, row[i], lots[i])
        return i if status == BEYOND else -1

    cdef int check_slot(self, int64_t row) except -1:
        """Refuse a row whose slot is none."""
        if not 0 <= self.columns.slot[row] < self.columns.slots:
            raise ValueError("slot", row, self.columns.slot[row], f"must be from 0 to {self.columns.slots - 1}")
        return 0

    cdef int refuse(self, int status, Py_ssize_t i, int64_t row, int64_t lots) except -1:
        """Say why fill i, which closes lots of a row, cannot be."""
        if status == TOO_MANY:
            raise ValueError("lots", i, lots, f"must be from 1 to {abs(int(self.columns.quantity[row]))}")
        if status == UNLIKE:
            raise ValueError(
                "quantity0", row, self.columns.quantity0[row],
                f"must have the side of {self.columns.quantity[row]}, and no fewer lots"
            )
        raise ValueError("row", i, row, "must not change while it is closed")
