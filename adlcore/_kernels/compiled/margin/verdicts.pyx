"""Who is liquidatable, from the sums of the margin pass: one comparison a wallet, all of them or some."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.money cimport same_length
from ..numbers.types cimport prefetch

cdef enum:
    AHEAD = 24  # rows from one whose wallet is asked for to the one whose wallet is read
    WINNING = 1
    LOSING = 2

WINNERS, LOSERS = WINNING, LOSING


cdef struct WalletColumns:
    uint64_t count
    const int64_t* sums  # NULL where there are no wallets
    bint inclusive


cdef struct QueueRowColumns:
    Py_ssize_t count
    const int64_t* quantity  # NULL, as all, where there are no rows
    const int64_t* entry_value
    const int64_t* pnl
    const int64_t* wallet
    const uint8_t* barred


cdef class Wallets:
    """Equity and margin of each wallet: see ``verdicts.pyi``."""

    cdef WalletColumns columns
    # The views keep what `columns` points to.
    cdef const int64_t[:, ::1] sums

    def __cinit__(self, const int64_t[:, ::1] sums not None, bint inclusive):
        if sums.shape[1] != 2:
            raise ValueError("sums", None, sums.shape[1], "must have two columns")
        self.sums = sums
        self.columns.count, self.columns.inclusive = sums.shape[0], inclusive
        if sums.shape[0]:
            self.columns.sums = &sums[0, 0]


cdef class QueueRows:
    """Position rows of which counterparties are drawn: see ``verdicts.pyi``."""

    cdef QueueRowColumns columns
    cdef const int64_t[::1] quantity, entry_value, pnl, wallet
    cdef const uint8_t[::1] barred

    def __cinit__(
        self, const int64_t[::1] quantity not None, const int64_t[::1] entry_value not None,
        const int64_t[::1] pnl not None, const int64_t[::1] wallet not None, const uint8_t[::1] barred not None
    ):
        cdef QueueRowColumns* c = &self.columns
        c.count = quantity.shape[0]
        same_length("entry_value", entry_value.shape[0], c.count)
        same_length("pnl", pnl.shape[0], c.count)
        same_length("wallet", wallet.shape[0], c.count)
        same_length("barred", barred.shape[0], c.count)
        self.quantity, self.entry_value, self.pnl, self.wallet = quantity, entry_value, pnl, wallet
        self.barred = barred
        if c.count:
            c.quantity, c.entry_value, c.pnl, c.wallet = &quantity[0], &entry_value[0], &pnl[0], &wallet[0]
            c.barred = &barred[0]


cdef inline uint8_t verdict(int64_t equity, int64_t margin, bint inclusive) noexcept nogil:
    """1 where the wallet is liquidatable, 2 where it is if it holds a position, else 0."""
    cdef bint short = (equity < margin) | (inclusive & (equity == margin))
    return ((margin > 0) & short) | ((equity < 0) & (margin <= 0)) << 1


def find_liquidatable(Wallets wallets not None, uint8_t[::1] verdicts not None):
    """Write the verdict on every wallet; whether any hangs on its holding a position."""
    cdef WalletColumns w = wallets.columns
    cdef Py_ssize_t k
    cdef uint8_t either = 0
    same_length("verdicts", verdicts.shape[0], w.count)
    with nogil:
        for k in range(verdicts.shape[0]):
            verdicts[k] = verdict(w.sums[2 * k], w.sums[2 * k + 1], w.inclusive)
            either |= verdicts[k]
    return bool(either & 2)


def find_liquidatable_among(
    Wallets wallets not None, const int64_t[::1] wallet not None, uint8_t[::1] verdicts not None
):
    """Write the verdicts on these wallets only; whether any hangs on its holding a position."""
    cdef WalletColumns w = wallets.columns
    cdef Py_ssize_t i
    cdef uint64_t k
    cdef uint8_t one, either = 0
    same_length("verdicts", verdicts.shape[0], w.count)
    with nogil:
        for i in range(wallet.shape[0]):
            k = <uint64_t> wallet[i]
            if k < w.count:
                one = verdict(w.sums[2 * k], w.sums[2 * k + 1], w.inclusive)
                verdicts[k] = one
                either |= one
    return bool(either & 2)


cdef Py_ssize_t rows_of_side(
    const QueueRowColumns* c, Py_ssize_t first, Py_ssize_t last, bint long_side, int which, uint64_t wallets,
    int64_t* row
) noexcept nogil:
    """Write the rows of first .. last that are asked for; how many.

    Half of the rows are of the other side, and half of those are losers: passed over without a branch, and before
    any line of a wallet is asked for.
    """
    cdef Py_ssize_t count = 0, i
    cdef bint winners = (which & WINNING) != 0, losers = (which & LOSING) != 0
    cdef const int64_t* quantity = c.quantity
    cdef const int64_t* pnl = c.pnl
    cdef const int64_t* wallet = c.wallet
    for i in range(first, last):
        row[count] = i
        count += (
            (((quantity[i] > 0) & long_side) | ((quantity[i] < 0) & (not long_side)))
            & (((pnl[i] > 0) & winners) | ((pnl[i] <= 0) & losers))
            & (<uint64_t> wallet[i] < wallets)
        )
    return count


def list_counterparties(
    QueueRows rows not None, Wallets wallets not None, Py_ssize_t first, Py_ssize_t last, int side, int which,
    int64_t[:, ::1] columns not None, uint8_t[::1] barred not None
):
    """Write rows of one side as they are now, and who of them is nobody's counterparty; how many there are."""
    cdef QueueRowColumns c = rows.columns
    cdef WalletColumns w = wallets.columns
    cdef Py_ssize_t stride = last - first, count, ahead, i
    cdef uint64_t row, owner
    cdef int64_t equity, margin
    cdef int64_t* out
    cdef uint8_t* no
    if not 0 <= first <= last <= c.count:
        raise ValueError("last", None, last, f"must be from first, {first}, to {c.count}")
    if columns.shape[0] != 5:
        raise ValueError("columns", None, columns.shape[0], "must have five lines")
    same_length("columns", columns.shape[1], stride)
    same_length("barred", barred.shape[0], stride)
    if stride == 0:
        return 0
    out, no = &columns[0, 0], &barred[0]
    with nogil:
        count = rows_of_side(&c, first, last, side > 0, which, w.count, out)
        # Every wallet is a line of memory of its own, and is asked for before it is read.
        for i in range(count):
            ahead = i + AHEAD if i + AHEAD < count else count - 1
            row = <uint64_t> out[ahead]
            owner = <uint64_t> c.wallet[row] if row < <uint64_t> c.count else w.count
            if owner < w.count:
                prefetch(w.sums + 2 * owner)
            # Both are checked where they are read, for others may have written to them since.
            row = <uint64_t> out[i]
            owner = <uint64_t> c.wallet[row] if row < <uint64_t> c.count else w.count
            if owner >= w.count:
                no[i] = 1
                continue
            equity = w.sums[2 * owner]
            margin = w.sums[2 * owner + 1]
            out[stride + i] = c.quantity[row]
            out[2 * stride + i] = c.entry_value[row]
            out[3 * stride + i] = equity
            out[4 * stride + i] = margin
            # It holds a position: this one.
            no[i] = (c.barred[row] != 0) | (equity <= 0) | (verdict(equity, margin, w.inclusive) != 0)
    return count


def list_rows(
    const int64_t[::1] wallet not None, const uint8_t[::1] wanted not None, int64_t[::1] rows not None,
    uint8_t[::1] marked not None
):
    """Write the rows of the wallets that are wanted, ascending, and mark them; how many there are."""
    cdef Py_ssize_t n = wallet.shape[0], count = 0, i
    cdef uint64_t wallets = wanted.shape[0], owner
    cdef uint8_t one
    same_length("rows", rows.shape[0], n)
    same_length("marked", marked.shape[0], n)
    with nogil:
        for i in range(n):
            owner = <uint64_t> wallet[i]
            one = owner < wallets and wanted[owner] != 0
            rows[count] = i
            marked[i] |= one
            count += one
    return count
