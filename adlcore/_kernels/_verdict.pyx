"""Who is liquidatable, from the sums of the margin pass: one comparison a wallet, all of them or some."""

from libc.stdint cimport int64_t, uint8_t


cdef inline uint8_t verdict(int64_t equity, int64_t margin, bint inclusive) noexcept nogil:
    """1 where the wallet is liquidatable, 2 where it is if it holds a position, else 0."""
    cdef bint short = equity < margin or (inclusive and equity == margin)
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
