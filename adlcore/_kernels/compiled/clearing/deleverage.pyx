"""Remainders served from a ranking under caps: one scan, each counterparty re-margined after every fill.

Remainders come in ascending loss per lot to their counterparties (``docs/waterfall.md``, "Deleverage"): what a
lot costs only rises, and one that gave all it might has no row of its wallet moved again on this side. So it
stays used up, and one cursor over the ranking serves all remainders. Only counterparties that a remainder passed
over, for they are of its own account, are looked at again.
"""

from libc.stdint cimport int64_t, uint64_t

from ..numbers.money cimport HALF_EVEN, int128, quotient, size_of, uint128
from .rows cimport BEYOND, CLOSED, BookColumns, PositionBooks, close_row, fill_value, to_int64
from .sides cimport (
    CollateralColumns,
    Counterparties,
    CounterpartyColumns,
    Cursor,
    FillColumns,
    Fills,
    RemainderColumns,
    RemainderLots,
    Side,
    SideTerms,
)

cdef enum:
    FULL = 100  # no room for another fill, or a row that is none
    CHANGED = 101  # a remainder is not what it was when it was checked

cdef int64_t TOP = 0x7FFFFFFFFFFFFFFF


cdef struct Service:
    SideTerms side
    int128 loss_slope  # a lot at P loses (slope·P - offset)/scale, inverse that over P
    int128 loss_offset
    uint64_t loss_scale
    RemainderColumns remainders
    CounterpartyColumns counterparties
    FillColumns fills
    Py_ssize_t remainder
    Py_ssize_t place
    Py_ssize_t first_unused
    Py_ssize_t made


def fits(loss, highest_price, numerator, denominator, bint inverse):
    """Whether the compiled `serve` can hold the numbers of a side whose prices are at most so many ticks."""
    slope, offset, scale = loss
    return (
        0 < numerator < 2**63
        and 0 < denominator < 2**63
        and 0 < highest_price < 2**63
        and abs(slope) * highest_price < 2**126
        and abs(offset) < 2**126
        and 0 < scale * (highest_price if inverse else 1) < 2**62
    )


cdef int128 widened(number) except? -1:
    """A Python integer of less than 127 bits."""
    cdef uint64_t high = abs(number) >> 64, low = abs(number) & 0xFFFFFFFFFFFFFFFF
    cdef int128 size = <int128> (<uint128> high << 64 | low)
    return -size if number < 0 else size


# What a counterparty may give -----------------------------------------------------------------------

cdef bint scaled(int64_t x, const int64_t* rate, int64_t* out) noexcept nogil:
    """Write ``x·rate[0]/rate[1]``, half-even; whether int64 holds it."""
    return quotient(<uint128> size_of(x) * <uint64_t> rate[0], <uint64_t> rate[1], x < 0, HALF_EVEN, out)


cdef bint valued(
    const CollateralColumns* c, const BookColumns* books, Py_ssize_t place, int kind, int64_t slot, int64_t* equity
) noexcept nogil:
    """Write the equity, in the contract's asset, of a wallet of several; whether int64 holds all on the way."""
    cdef int64_t pnl = books.slots.sums[2 * slot], base = 0, term = 0, also = 0, total = 0
    cdef const int64_t* plain = &c.rates[0]
    cdef const int64_t* cut = &c.rates[2]
    cdef const int64_t* back = &c.rates[4]
    cdef int128 sum = books.slots.cash[slot]
    sum -= c.loan[place]
    if kind == 2:
        sum += pnl
    if not to_int64(sum, &base):
        return False
    if not scaled(base, plain if base < 0 else cut, &term):
        return False
    if kind == 1 and not scaled(pnl, plain, &also):
        return False
    sum = c.rest[place]
    sum += term
    sum += also
    return to_int64(sum, &total) and scaled(total, back, equity)


cdef int may_give(
    const Service* s, const BookColumns* books, Py_ssize_t place, int64_t row, int128 loss, uint128 scale,
    uint64_t* most
) noexcept nogil:
    """Write how many lots a row gives at most where a lot loses it ``loss/scale`` > 0."""
    cdef const CollateralColumns* collateral = &s.counterparties.collateral
    cdef int64_t slot = books.rows.slot[row], equity = 0
    cdef int kind = collateral.kind[place] if collateral.kind != NULL else 0
    cdef int128 mark, room
    cdef uint128 lots
    if not 0 <= slot < books.slots.count:
        return FULL
    if kind == 0:
        equity = books.slots.sums[2 * slot]
    elif not valued(collateral, books, place, kind, slot, &equity):
        return BEYOND
    # What may be lost is E less an allowance, so that no fill leaves E below 0: two quanta for what is rounded to whole
    # ones (the fill, and the value of the row before and after it), and 2^-51 of the row's value for the float64
    # products that these values are, each off by at most 2^-53 of it twice.
    mark = books.rows.pnl[row]
    mark += books.rows.entry_value[row]
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
    Service* s, const BookColumns* books, int64_t row, int64_t price, int64_t filled_lots, int64_t give
) noexcept nogil:
    """Close lots of a counterparty against the remainder in turn, and write the fill."""
    cdef const SideTerms* side = &s.side
    cdef const FillColumns* fills = &s.fills
    cdef Py_ssize_t at = s.made
    cdef int64_t before = 0, whole = 0
    cdef int status
    if not fill_value(
        <uint64_t> filled_lots + <uint64_t> give, False, <uint64_t> price, side.numerator, side.denominator,
        side.inverse, &whole
    ) or not fill_value(
        <uint64_t> filled_lots, False, <uint64_t> price, side.numerator, side.denominator, side.inverse, &before
    ):
        return BEYOND
    if at >= fills.room:
        return FULL
    status = close_row(books, row, give, whole - before, side.contract, &fills.realized[at])
    if status != CLOSED:
        return status
    fills.remainder[at], fills.row[at], fills.lots[at], fills.value[at] = s.remainder, row, give, whole - before
    s.made += 1
    return CLOSED


cdef void skip_used(Service* s) noexcept nogil:
    """Let `first_unused` stand at the first place that is not used up."""
    while s.first_unused < s.counterparties.count and s.counterparties.used[s.first_unused]:
        s.first_unused += 1


cdef int serve_all(Service* s, const BookColumns* books, int64_t* at) noexcept nogil:
    """Serve remainders until all are served or the ranking ends; `at` is the row in hand."""
    cdef const RemainderColumns* remainders = &s.remainders
    cdef const CounterpartyColumns* queue = &s.counterparties
    cdef Py_ssize_t r, place
    cdef int64_t row, price, give, open_lots, filled_lots, account
    cdef uint64_t most
    cdef int128 loss
    cdef uint128 scale
    cdef int status
    skip_used(s)
    while s.remainder < remainders.count:
        r = s.remainder
        # Read once: what was checked when the holder was made, others may have written to since.
        open_lots, filled_lots = remainders.open_lots[r], remainders.filled_lots[r]
        price, account = remainders.price[r], remainders.account[r]
        if not (1 <= price <= remainders.highest_price and open_lots >= 0 and 0 <= filled_lots <= TOP - open_lots):
            return CHANGED
        loss = s.side.sign * (s.loss_slope * price - s.loss_offset)
        scale = <uint128> s.loss_scale * <uint64_t> (price if s.side.inverse else 1)
        place = max(s.place, s.first_unused)
        while open_lots and place < queue.count:
            if not queue.used[place] and (account < 0 or queue.account[place] != account):
                row = at[0] = queue.row[place]
                if not 0 <= row < books.rows.count:
                    return FULL
                most = size_of(books.rows.quantity[row])
                if loss > 0:
                    status = may_give(s, books, place, row, loss, scale, &most)
                    if status != CLOSED:
                        return status
                give = open_lots if most > <uint64_t> open_lots else <int64_t> most
                if give:
                    status = close_lots(s, books, row, price, filled_lots, give)
                    if status != CLOSED:
                        return status
                    open_lots -= give
                    filled_lots += give
                    remainders.open_lots[r], remainders.filled_lots[r] = open_lots, filled_lots
                if <uint64_t> give == most:
                    queue.used[place] = 1
                    skip_used(s)
            place += 1
        s.place = place
        if open_lots:
            break
        s.remainder += 1
        s.place = 0
    return CLOSED


def serve(
    PositionBooks books not None, Side side not None, RemainderLots remainders not None,
    Counterparties counterparties not None, Cursor cursor not None, Fills fills not None
):
    """Serve remainders of a side, in order, from counterparties in the order of a ranking; how many fills."""
    cdef const BookColumns* c = &books.columns
    cdef Service s
    cdef int64_t at = -1
    cdef Py_ssize_t enough = counterparties.columns.count + remainders.columns.count
    cdef int status
    s.side, s.remainders, s.counterparties, s.fills = (
        side.terms, remainders.columns, counterparties.columns, fills.columns
    )
    s.remainder, s.place, s.first_unused, s.made = cursor.remainder, cursor.place, cursor.first_unused, 0
    if not 0 <= s.side.contract < c.contracts.count:
        raise ValueError("contract", None, s.side.contract, f"must be from 0 to {c.contracts.count - 1}")
    for name, place, last in (
        ("remainder", s.remainder, s.remainders.count), ("place", s.place, s.counterparties.count),
        ("first_unused", s.first_unused, s.counterparties.count)
    ):
        if not 0 <= place <= last:
            raise ValueError(name, None, place, f"must be from 0 to {last}")
    check_counterparties(books, side, counterparties)
    if s.fills.room < enough:
        raise ValueError("fills", None, s.fills.room, f"must have {enough} rows")
    if not fits(side.loss, s.remainders.highest_price, s.side.numerator, s.side.denominator, s.side.inverse):
        raise ValueError("loss", None, side.loss, "must be what `fits` accepts")
    s.loss_slope, s.loss_offset, s.loss_scale = widened(side.loss[0]), widened(side.loss[1]), side.loss[2]
    with nogil:
        status = serve_all(&s, c, &at)
    if status == BEYOND:
        raise OverflowError(f"a fill of position row {at} leaves int64")
    if status == CHANGED:
        raise ValueError("remainders", s.remainder, None, "must not change while they are served")
    if status != CLOSED:
        books.refuse(status, s.made, at, 0)
    cursor.remainder, cursor.place, cursor.first_unused = s.remainder, s.place, s.first_unused
    return s.made


cdef int check_counterparties(PositionBooks books, Side side, Counterparties counterparties) except -1:
    """Refuse rows that are none, are of the remainders' side, or whose slot is none."""
    cdef const BookColumns* c = &books.columns
    cdef Py_ssize_t i
    cdef int64_t row, quantity
    for i in range(counterparties.columns.count):
        row = counterparties.columns.row[i]
        if not 0 <= row < c.rows.count:
            raise ValueError("row", i, row, f"must be from 0 to {c.rows.count - 1}")
        quantity = c.rows.quantity[row]
        if quantity != 0 and (quantity > 0) == (side.terms.sign > 0):
            raise ValueError("row", i, row, "must be a row of the other side")
        books.check_slot(row)
    return 0
