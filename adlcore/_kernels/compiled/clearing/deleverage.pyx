"""Remainders served from a ranking under caps: one scan, each counterparty re-margined after every fill.

Remainders come in ascending loss per lot to their counterparties. So a candidate that gave all it might
stays used up, and one cursor over the ranking serves all of them. Only candidates that a remainder
passed over, for they are of its own account, are looked at again.
"""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.money cimport HALF_EVEN, int128, positive, quotient, same_length, size_of, uint128
from .rows cimport BEYOND, CLOSED, Columns, Rows, close_row, fill_value, narrow, within

cdef enum:
    FULL = 100  # no room for another fill

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


cdef struct Side:
    int sign
    int64_t code
    Py_ssize_t wanted
    int64_t* need
    const int64_t* ticks
    int64_t* done
    const int64_t* account
    Py_ssize_t count
    const int64_t* candidate
    const int64_t* label
    const uint8_t* kind  # NULL where all are 0
    const int64_t* rest
    const int64_t* loan
    int64_t[6] rates
    uint64_t above
    uint64_t below
    bint inverse
    int128 a
    int128 b
    uint64_t c
    uint8_t* used
    Py_ssize_t remainder
    Py_ssize_t place
    Py_ssize_t first
    Py_ssize_t fills
    Py_ssize_t room
    int64_t* out_remainder
    int64_t* out_row
    int64_t* out_lots
    int64_t* out_value
    int64_t* out_realized


def fits(loss, ticks_max, above, below, bint inverse):
    """Whether the compiled `scan` can hold the numbers of a side whose prices are at most `ticks_max`."""
    a, b, c = loss
    return (
        0 < above < 2**63
        and 0 < below < 2**63
        and 0 < ticks_max < 2**63
        and abs(a) * ticks_max < 2**126
        and abs(b) < 2**126
        and 0 < c * (ticks_max if inverse else 1) < 2**62
    )


cdef int128 widened(number) except? -1:
    """A Python integer of less than 127 bits."""
    cdef uint64_t high = abs(number) >> 64, low = abs(number) & 0xFFFFFFFFFFFFFFFF
    cdef int128 size = <int128> (<uint128> high << 64 | low)
    return -size if number < 0 else size


# What a candidate may give -----------------------------------------------------------------------

cdef bint scaled(int64_t x, int64_t top, int64_t bottom, int64_t* out) noexcept nogil:
    """Write ``x·top/bottom``, half-even; whether int64 holds it."""
    return quotient(<uint128> size_of(x) * <uint64_t> top, <uint64_t> bottom, x < 0, HALF_EVEN, out)


cdef bint valued(
    const Side* p, const Columns* c, Py_ssize_t place, int kind, int64_t slot, int64_t* equity
) noexcept nogil:
    """Write the equity, in the contract's asset, of a wallet of several; whether int64 holds all on the way."""
    cdef int64_t pnl = c.sums[2 * slot], base = 0, term = 0, also = 0, total = 0
    cdef int128 sum = c.cash[slot]
    sum -= p.loan[place]
    if kind == 2:
        sum += pnl
    if not narrow(sum, &base):
        return False
    if not scaled(base, p.rates[0 if base < 0 else 2], p.rates[1 if base < 0 else 3], &term):
        return False
    if kind == 1 and not scaled(pnl, p.rates[0], p.rates[1], &also):
        return False
    sum = p.rest[place]
    sum += term
    sum += also
    return narrow(sum, &total) and scaled(total, p.rates[4], p.rates[5], equity)


cdef int may_give(
    const Side* p, const Columns* c, Py_ssize_t place, int64_t row, int128 loss, uint128 scale, uint64_t* most
) noexcept nogil:
    """Write how many lots a row gives at most where a lot loses it ``loss/scale`` > 0."""
    cdef int64_t slot = c.slot[row], equity = 0
    cdef int kind = p.kind[place] if p.kind != NULL else 0
    cdef int128 mark, room
    cdef uint128 lots
    if not 0 <= slot < c.slots:
        return FULL
    if kind == 0:
        equity = c.sums[2 * slot]
    elif not valued(p, c, place, kind, slot, &equity):
        return BEYOND
    mark = c.pnl[row]
    mark += c.entry_value[row]
    if mark < 0:
        mark = -mark
    room = equity
    room -= 2
    room -= (mark + <int64_t> 0x7FFFFFFFFFFFF) >> 51
    if room < 0:
        room = 0
    lots = <uint128> room * scale // <uint128> loss
    if lots < most[0]:
        most[0] = <uint64_t> lots
    return CLOSED


# The scan ----------------------------------------------------------------------------------------

cdef int close_lots(
    Side* p, const Columns* c, Py_ssize_t r, int64_t row, int64_t ticks, int64_t give
) noexcept nogil:
    """Close lots of a candidate against remainder r, and write the fill."""
    cdef int64_t done = p.done[r], before = 0, whole = 0
    cdef bint fit = fill_value(
        <uint64_t> done + <uint64_t> give, False, <uint64_t> ticks, p.above, p.below, p.inverse, &whole
    )
    cdef int status
    if not fit or not fill_value(<uint64_t> done, False, <uint64_t> ticks, p.above, p.below, p.inverse, &before):
        return BEYOND
    if p.fills >= p.room:
        return FULL
    status = close_row(c, row, give, whole - before, p.code, &p.out_realized[p.fills])
    if status != CLOSED:
        return status
    p.need[r] -= give
    p.done[r] = done + give
    p.out_remainder[p.fills], p.out_row[p.fills], p.out_lots[p.fills] = r, row, give
    p.out_value[p.fills] = whole - before
    p.fills += 1
    return CLOSED


cdef void pass_used(Side* p) noexcept nogil:
    """Let `first` stand at the first place that is not used up."""
    while p.first < p.count and p.used[p.first]:
        p.first += 1


cdef int serve(Side* p, const Columns* c, int64_t* at) noexcept nogil:
    """Serve remainders until all are served or the ranking ends; `at` is the row in hand."""
    cdef Py_ssize_t r, place
    cdef int64_t row, ticks, give
    cdef uint64_t most
    cdef int128 loss
    cdef uint128 scale
    cdef int status
    pass_used(p)
    while p.remainder < p.wanted:
        r = p.remainder
        ticks = p.ticks[r]
        loss = p.sign * (p.a * ticks - p.b)
        scale = <uint128> p.c * <uint64_t> (ticks if p.inverse else 1)
        place = max(p.place, p.first)
        while p.need[r] and place < p.count:
            if not p.used[place] and (p.account[r] < 0 or p.label[place] != p.account[r]):
                row = at[0] = p.candidate[place]
                if not 0 <= row < c.rows:
                    return FULL
                most = size_of(c.quantity[row])
                if loss > 0:
                    status = may_give(p, c, place, row, loss, scale, &most)
                    if status != CLOSED:
                        return status
                give = p.need[r] if most > <uint64_t> p.need[r] else <int64_t> most
                if give:
                    status = close_lots(p, c, r, row, ticks, give)
                    if status != CLOSED:
                        return status
                if <uint64_t> give == most:
                    p.used[place] = 1
                    pass_used(p)
            place += 1
        p.place = place
        if p.need[r]:
            break
        p.remainder += 1
        p.place = 0
    return CLOSED


def scan(
    Rows rows not None, int64_t code, int side, int64_t[::1] need not None, const int64_t[::1] ticks not None,
    int64_t[::1] done not None, const int64_t[::1] account not None, const int64_t[::1] candidate not None,
    const int64_t[::1] label not None, const uint8_t[::1] kind not None, const int64_t[::1] rest not None,
    const int64_t[::1] loan not None, const int64_t[::1] rates not None, above, below, bint inverse, loss,
    uint8_t[::1] used not None, int64_t[::1] progress not None, int64_t[::1] out_remainder not None,
    int64_t[::1] out_row not None, int64_t[::1] out_lots not None, int64_t[::1] out_value not None,
    int64_t[::1] out_realized not None
):
    """Serve remainders of one side of contract `code`, in order, from position rows in the order of a ranking.

    Remainder r wants `need` lots at `ticks`, `done` are valued already, and rows of its `account` are
    passed over (-1: none are). A candidate gives at most its lots, and where a lot at that price
    loses it something, ``floor(max(0, E - eps)/loss)``, with eps = 2 + ceil(|MV|·2^-51). The loss is
    ``side·(A·P - B)/C``, inverse ``side·(A·P - B)/(C·P)``, for `loss` = (A, B, C), which must pass
    `fits`. A candidate that gave all it might is `used` up.

    E is the sum of the row's slot where `kind` is 0 (or has no rows). Else it is
    ``(rest + term)·back_top/back_bottom``: the term is the slot's cash less `loan`, with its unrealized
    PnL where kind is 2, at the plain rate below 0 and at the cut rate above, plus for kind 1 that PnL
    at the plain rate. `rates` are the tops and bottoms of plain, cut and back.

    `progress` is the remainder in turn, the place to look at next for it, the first place not used up.
    Where the ranking ends it stands at the end of the ranking: go on with more candidates, or at
    the next remainder and place 0. Returns the number of fills, which are written with what they are
    worth as a long's and what the candidate realizes; ``len(candidate) + len(need)`` rows hold them.
    OverflowError where a number leaves int64.
    """
    cdef const Columns* c = &rows.columns
    cdef Side p
    cdef int64_t at = -1, highest = 1
    cdef Py_ssize_t i
    cdef int status
    p.sign, p.code, p.inverse = side, code, inverse
    p.wanted, p.count, p.room, p.fills = need.shape[0], candidate.shape[0], out_row.shape[0], 0
    same_length("ticks", ticks.shape[0], p.wanted)
    same_length("done", done.shape[0], p.wanted)
    same_length("account", account.shape[0], p.wanted)
    same_length("label", label.shape[0], p.count)
    same_length("used", used.shape[0], p.count)
    if kind.shape[0]:
        same_length("kind", kind.shape[0], p.count)
        same_length("rest", rest.shape[0], p.count)
        same_length("loan", loan.shape[0], p.count)
        same_length("rates", rates.shape[0], 6)
    same_length("progress", progress.shape[0], 3)
    same_length("out_remainder", out_remainder.shape[0], p.room)
    same_length("out_lots", out_lots.shape[0], p.room)
    same_length("out_value", out_value.shape[0], p.room)
    same_length("out_realized", out_realized.shape[0], p.room)
    if side != 1 and side != -1:
        raise ValueError("side", None, side, "must be 1 or -1")
    if not 0 <= code < c.contracts:
        raise ValueError("code", None, code, f"must be from 0 to {c.contracts - 1}")
    p.above, p.below = positive("above", above), positive("below", below)
    if loss[2] < 1:
        raise ValueError("loss", None, loss, "must have a denominator above 0")
    for i in range(3):
        if not 0 <= progress[i] <= (p.count if i else p.wanted):
            raise ValueError("progress", i, progress[i], f"must be from 0 to {p.count if i else p.wanted}")
    p.remainder, p.place, p.first = progress[0], progress[1], progress[2]
    within("need", need, 0, TOP)
    within("ticks", ticks, 1, TOP)
    within("done", done, 0, TOP)
    for i in range(p.wanted):
        highest = max(highest, ticks[i])
        if need[i] > TOP - done[i]:
            raise ValueError("done", i, done[i], f"must stay in int64 with {need[i]} more")
    within("candidate", candidate, 0, c.rows - 1)
    for i in range(p.count):
        if c.quantity[candidate[i]] != 0 and (c.quantity[candidate[i]] > 0) == (side > 0):
            raise ValueError("candidate", i, candidate[i], "must be a row of the other side")
        rows.check_slot(candidate[i])
    for i in range(kind.shape[0]):
        if kind[i] > 2:
            raise ValueError("kind", i, kind[i], "must be from 0 to 2")
    if kind.shape[0]:
        for i in range(6):
            p.rates[i] = rates[i]
            if rates[i] < i % 2:
                raise ValueError("rates", i, rates[i], f"must be at least {i % 2}")
    if p.room < p.count + p.wanted:
        raise ValueError("out_row", None, p.room, f"must have {p.count + p.wanted} rows")
    if not fits(loss, highest, above, below, inverse):
        raise ValueError("loss", None, loss, "must be what `fits` accepts")
    if p.wanted == 0:
        return 0
    p.a, p.b, p.c = widened(loss[0]), widened(loss[1]), loss[2]
    p.need, p.ticks, p.done, p.account = &need[0], &ticks[0], &done[0], &account[0]
    p.candidate, p.label, p.used, p.kind, p.rest, p.loan = NULL, NULL, NULL, NULL, NULL, NULL
    if p.count:
        p.candidate, p.label, p.used = &candidate[0], &label[0], &used[0]
    if kind.shape[0]:
        p.kind, p.rest, p.loan = &kind[0], &rest[0], &loan[0]
    p.out_remainder, p.out_row, p.out_lots = &out_remainder[0], &out_row[0], &out_lots[0]
    p.out_value, p.out_realized = &out_value[0], &out_realized[0]
    with nogil:
        status = serve(&p, c, &at)
    if status == BEYOND:
        raise OverflowError(f"a fill of position row {at} leaves int64")
    if status != CLOSED:
        rows.refuse(status, p.fills, at, 0)
    progress[0], progress[1], progress[2] = p.remainder, p.place, p.first
    return p.fills
