"""Who is liquidatable, from the sums of the margin pass: one comparison a wallet, all of them or some."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.types cimport prefetch

cdef enum:
    AHEAD = 24  # rows from one whose wallet is asked for to the one whose wallet is read


cdef inline uint8_t verdict(int64_t equity, int64_t margin, bint inclusive) noexcept nogil:
    """1 where the wallet is liquidatable, 2 where it is if it holds a position, else 0."""
    cdef bint short = (equity < margin) | (inclusive & (equity == margin))
    return ((margin > 0) & short) | ((equity < 0) & (margin <= 0)) << 1


def of_all(const int64_t[:, ::1] sums not None, bint inclusive, uint8_t[::1] out not None):
    """Write the verdict on every wallet; whether any hangs on its holding a position.

    1: liquidatable, E < 0 or E <= MM with MM > 0 (`inclusive=False`: E < MM). 2: E < 0 with MM = 0, so
    liquidatable if it holds a position. 0: neither.
    """
    cdef Py_ssize_t k
    cdef uint8_t all_found = 0
    if sums.shape[0] != out.shape[0] or sums.shape[1] != 2:
        raise ValueError("out", None, out.shape[0], f"must have {sums.shape[0]} rows")
    with nogil:
        for k in range(out.shape[0]):
            out[k] = verdict(sums[k, 0], sums[k, 1], inclusive)
            all_found |= out[k]
    return bool(all_found & 2)


def of_some(
    const int64_t[:, ::1] sums not None, const int64_t[::1] wallet not None, bint inclusive,
    uint8_t[::1] out not None
):
    """The verdicts on these wallets only; a wallet out of range is passed over."""
    cdef Py_ssize_t i
    cdef int64_t k
    cdef uint8_t all_found = 0
    if sums.shape[0] != out.shape[0] or sums.shape[1] != 2:
        raise ValueError("out", None, out.shape[0], f"must have {sums.shape[0]} rows")
    with nogil:
        for i in range(wallet.shape[0]):
            k = wallet[i]
            if 0 <= k < out.shape[0]:
                out[k] = verdict(sums[k, 0], sums[k, 1], inclusive)
                all_found |= out[k]
    return bool(all_found & 2)


def of_side(
    const int64_t[::1] quantity not None, const int64_t[::1] entry_value not None,
    const int64_t[::1] pnl not None, int side, bint winners, bint losers, const int64_t[::1] wallet not None,
    const int64_t[:, ::1] sums not None, const uint8_t[::1] out_of_it not None, bint inclusive,
    int64_t[:, ::1] found not None, uint8_t[::1] barred not None
):
    """Write the rows of one side as they are now, and who of them is nobody's counterparty.

    `winners` are rows with a PnL above 0, `losers` all others: either or both. `found` gets five lines: place,
    quantity, entry value, equity and margin of the row's wallet. Barred are rows that are `out_of_it`, and
    those of wallets that are liquidatable or have no equity; a row whose wallet is out of range is passed
    over. Returns how many rows there are; what stands behind them means nothing.
    """
    cdef Py_ssize_t n = quantity.shape[0], count = 0, i, row, ahead
    cdef int64_t k, e, m, wallets = sums.shape[0]
    cdef bint long_side = side > 0
    if (
        not n == entry_value.shape[0] == pnl.shape[0] == wallet.shape[0]
        or not n == out_of_it.shape[0] == found.shape[1] == barred.shape[0]
    ):
        raise ValueError("wallet", None, wallet.shape[0], f"must have {n} rows, as all columns")
    if found.shape[0] != 5:
        raise ValueError("found", None, found.shape[0], "must have five lines")
    if sums.shape[1] != 2:
        raise ValueError("sums", None, sums.shape[1], "must have two columns")
    with nogil:
        # Half of the rows are of the other side, and half of those are losers: passed over without a
        # branch, and before any line of a wallet is asked for.
        for i in range(n):
            found[0, count] = i
            count += (
                (((quantity[i] > 0) & long_side) | ((quantity[i] < 0) & (not long_side)))
                & (((pnl[i] > 0) & winners) | ((pnl[i] <= 0) & losers))
                & (<uint64_t> wallet[i] < <uint64_t> wallets)
            )
        # Every wallet is a line of memory of its own.
        for i in range(count):
            ahead = i + AHEAD if i + AHEAD < count else count - 1
            prefetch(&sums[wallet[found[0, ahead]], 0])
            row = found[0, i]
            k = wallet[row]
            e = sums[k, 0]
            m = sums[k, 1]
            found[1, i] = quantity[row]
            found[2, i] = entry_value[row]
            found[3, i] = e
            found[4, i] = m
            # It holds a position: this one.
            barred[i] = (out_of_it[row] != 0) | (e <= 0) | (verdict(e, m, inclusive) != 0)
    return count


def rows_of(
    const int64_t[::1] wallet not None, const uint8_t[::1] wanted not None, int64_t[::1] rows not None,
    uint8_t[::1] marked not None
):
    """Write the rows of the wallets that are wanted, ascending, and mark them; how many there are.

    A row whose wallet is out of range is passed over; what stands behind the rows means nothing.
    """
    cdef Py_ssize_t n = wallet.shape[0], count = 0, i
    cdef uint64_t wallets = wanted.shape[0]
    cdef uint8_t one
    if not n == rows.shape[0] == marked.shape[0]:
        raise ValueError("wallet", None, n, f"must have {rows.shape[0]} rows, as all columns")
    with nogil:
        for i in range(n):
            one = <uint64_t> wallet[i] < wallets and wanted[wallet[i]] != 0
            rows[count] = i
            marked[i] |= one
            count += one
    return count
