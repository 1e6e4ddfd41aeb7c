"""Ranking scores of one market, block by block: the expressions of the rules.

A block of rows is carried through three short loops: mark value and unrealized PnL, the rule's
expression, the side's mask. Every loop is branch-free, so that the compiler turns it into vectors;
a block's intermediate columns never leave the first cache, and the score column is written only
where somebody asks for it.

The expressions are those of `reference/ranking/score.py`, operation by operation.
"""

from libc.math cimport INFINITY, NAN, fabs, rint
from libc.stdint cimport int64_t, uint64_t
from libc.string cimport memset

from ..numbers.types cimport cloned_int, money_t, quantity_t


# Mark value and unrealized PnL --------------------------------------------------------------------

cdef cloned_int derive(
    const quantity_t* quantity, const money_t* entry, double value_per_lot, Py_ssize_t n, double* mark, double* pnl
) noexcept nogil:
    """Mark value and its difference from `entry`; quanta are rounded half-even and subtracted as integers."""
    cdef Py_ssize_t i
    cdef double value
    cdef int64_t whole
    for i in range(n):
        value = <double> quantity[i] * value_per_lot
        if money_t is int64_t:
            whole = <int64_t> rint(value)
            mark[i] = <double> whole
            # The market has checked that this fits; unsigned, so that a column changed behind its
            # back cannot do harm.
            pnl[i] = <double> (<int64_t> (<uint64_t> whole - <uint64_t> entry[i]))
        else:
            mark[i] = value
            pnl[i] = value - entry[i]
    return 0


cdef cloned_int widen(const int64_t* column, Py_ssize_t n, double* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = <double> column[i]
    return 0


# The rules ----------------------------------------------------------------------------------------

cdef cloned_int binance(
    const double* pnl, const double* mark, const double* equity, Py_ssize_t n, double* out
) noexcept nogil:
    """U/E where U >= 0, else (U/N)·(E/N)."""
    cdef Py_ssize_t i
    cdef double notional, score
    for i in range(n):
        notional = fabs(mark[i])
        score = pnl[i] / equity[i] if pnl[i] >= 0 else (pnl[i] / notional) * (equity[i] / notional)
        out[i] = -INFINITY if equity[i] <= 0 else score
    return 0


cdef cloned_int binance_2019(
    const double* pnl, const double* balance, const double* equity, const double* margin, double unit, Py_ssize_t n,
    double* out
) noexcept nogil:
    """max(0, U)/max(1, WB)·R; R = 0 where E <= 0, else MM/E; 1 is one unit of the settle asset."""
    cdef Py_ssize_t i
    cdef double gain, base, ratio
    for i in range(n):
        gain = 0.0 if pnl[i] <= 0 else pnl[i]
        base = unit if balance[i] < unit else balance[i]
        ratio = 0.0 if equity[i] <= 0 else margin[i] / equity[i]
        out[i] = (gain / base) * ratio
    return 0


cdef cloned_int bitmex(
    const double* pnl, const double* mark, const double* entry, const double* distance, Py_ssize_t n, double* out
) noexcept nogil:
    """p·L where U >= 0, else p/L; p = U/abs(EV), L = N/D."""
    cdef Py_ssize_t i
    cdef double p, leverage, score
    for i in range(n):
        p = 0.0 if pnl[i] == 0 else pnl[i] / fabs(entry[i])
        leverage = fabs(mark[i]) / distance[i]
        score = p * leverage if pnl[i] >= 0 else p / leverage
        out[i] = -INFINITY if distance[i] <= 0 else score
    return 0


cdef cloned_int hyperliquid(
    const double* pnl, const double* mark, const double* entry, const double* equity, const quantity_t* quantity,
    bint literal, bint inverse, Py_ssize_t n, double* out
) noexcept nogil:
    """r·(N/E) where U > 0, 0 where N = 0. MV/EV is the price ratio mark/entry; entry/mark of an inverse contract."""
    cdef Py_ssize_t i
    cdef double numerator, denominator, score
    cdef int up, flipped = inverse, always = literal
    for i in range(n):
        up = (quantity[i] > 0) | always
        numerator = mark[i] if up != flipped else entry[i]
        denominator = entry[i] if up != flipped else mark[i]
        score = 0.0 if mark[i] == 0 else (numerator / denominator) * (fabs(mark[i]) / equity[i])
        score = -INFINITY if pnl[i] <= 0 else score
        out[i] = -INFINITY if equity[i] <= 0 else score
    return 0


cdef cloned_int roi(const double* pnl, const double* entry, Py_ssize_t n, double* out) noexcept nogil:
    """U/abs(EV), 0 where U = 0."""
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = 0.0 if pnl[i] == 0 else pnl[i] / fabs(entry[i])
    return 0


# Masks --------------------------------------------------------------------------------------------

cdef cloned_int keep_side(
    const quantity_t* quantity, const double* score, int side, double absent, Py_ssize_t n, double* out
) noexcept nogil:
    """Copy the scores of the rows of one side (0: of both); all other rows get `absent`."""
    cdef Py_ssize_t i
    if side > 0:
        for i in range(n):
            out[i] = score[i] if quantity[i] > 0 else absent
    elif side < 0:
        for i in range(n):
            out[i] = score[i] if quantity[i] < 0 else absent
    else:
        for i in range(n):
            out[i] = score[i] if quantity[i] != 0 else absent
    return 0


cdef cloned_int drop_losers(const double* pnl, Py_ssize_t n, double* out) noexcept nogil:
    """Rows with U <= 0 score -inf; NaN stays, be it a score or the mark of a row that is absent."""
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = -INFINITY if (pnl[i] <= 0) & (out[i] > -INFINITY) else out[i]
    return 0


# A block ------------------------------------------------------------------------------------------

cdef inline const double* money(
    const Columns* columns, int name, Py_ssize_t start, Py_ssize_t n, double* buffer
) noexcept nogil:
    """A column of money as float64: where it is, or converted into `buffer`."""
    cdef const void* column = columns.money[name]
    if not columns.in_quanta:
        return <const double*> column + start
    widen(<const int64_t*> column + start, n, buffer)
    return buffer


cdef void derive_block(
    const Columns* columns, int name, Py_ssize_t start, Py_ssize_t n, double* mark, double* difference
) noexcept nogil:
    """Mark value, and what it is above the column of that name."""
    cdef const void* base = columns.money[name]
    cdef const double* sizes = <const double*> columns.quantity + start
    cdef const int64_t* lots = <const int64_t*> columns.quantity + start
    if columns.in_lots:
        if columns.in_quanta:
            derive(lots, <const int64_t*> base + start, columns.value_per_lot, n, mark, difference)
        else:
            derive(lots, <const double*> base + start, columns.value_per_lot, n, mark, difference)
    elif columns.in_quanta:
        derive(sizes, <const int64_t*> base + start, columns.value_per_lot, n, mark, difference)
    else:
        derive(sizes, <const double*> base + start, columns.value_per_lot, n, mark, difference)


cdef void hyperliquid_block(
    const Columns* columns, Py_ssize_t start, Py_ssize_t n, bint literal, const double* pnl, const double* mark,
    const double* entry, const double* equity, double* out
) noexcept nogil:
    """The rule that looks at the side: `hyperliquid` of lots or of float64."""
    cdef const void* quantity = columns.quantity
    if columns.in_lots:
        hyperliquid(
            pnl, mark, entry, equity, <const int64_t*> quantity + start, literal, columns.inverse, n, out
        )
    else:
        hyperliquid(
            pnl, mark, entry, equity, <const double*> quantity + start, literal, columns.inverse, n, out
        )


cdef bint write_rule_scores(
    const Columns* c, Py_ssize_t start, Py_ssize_t n, double* mark, const double* pnl, double* out
) noexcept nogil:
    """Write what the rule gives every row of a block; False where no branch is the rule's.

    Each rule has a branch of its own, and there is none for the rest. A given column is not written: it is there.
    """
    cdef double[BLOCK] first
    cdef double[BLOCK] second
    cdef double[BLOCK] third
    cdef int rule = c.rule
    if rule == COLUMN:
        return True
    if rule == BINANCE:
        binance(pnl, mark, money(c, EQUITY, start, n, first), n, out)
        return True
    if rule == BINANCE_PORTFOLIO:
        binance(pnl, mark, money(c, ACCOUNT_EQUITY, start, n, first), n, out)
        return True
    if rule == BINANCE_2019:
        binance_2019(
            pnl, money(c, BALANCE, start, n, first), money(c, EQUITY, start, n, second),
            money(c, MAINTENANCE_MARGIN, start, n, third), c.quanta_per_unit, n, out
        )
        return True
    if rule == BITMEX:
        if c.money[BANKRUPTCY_VALUE] != NULL:
            derive_block(c, BANKRUPTCY_VALUE, start, n, mark, second)
            bitmex(pnl, mark, money(c, ENTRY_VALUE, start, n, first), second, n, out)
        else:
            bitmex(
                pnl, mark, money(c, ENTRY_VALUE, start, n, first), money(c, EQUITY, start, n, second), n, out
            )
        return True
    if rule == HYPERLIQUID or rule == HYPERLIQUID_LITERAL:
        hyperliquid_block(
            c, start, n, rule == HYPERLIQUID_LITERAL, pnl, mark, money(c, ENTRY_VALUE, start, n, first),
            money(c, EQUITY, start, n, second), out
        )
        return True
    if rule == ROI:
        roi(pnl, money(c, ENTRY_VALUE, start, n, first), n, out)
        return True
    return False


cdef bint has_branch(int rule) noexcept nogil:
    """Whether a rule is computed here: asked of the branches themselves, with a block of no rows."""
    cdef Columns nothing
    cdef double[1] out
    memset(&nothing, 0, sizeof(nothing))
    out[0] = 0.0
    nothing.rule = rule
    return write_rule_scores(&nothing, 0, 0, out, out, out)


cdef const double* block_scores(
    const Columns* columns, Py_ssize_t start, Py_ssize_t n, int side, bint winners_only, double absent, double* buffer
) noexcept nogil:
    """Scores of the rows start .. start + n of one side, at most BLOCK of them, in `buffer`.

    `winners_only` needs entry values. A rule that is not computed here gives NaN, which nothing accepts.
    """
    cdef double[BLOCK] mark
    cdef double[BLOCK] pnl
    cdef const double* score = buffer
    cdef Py_ssize_t i
    cdef bint given = columns.rule == COLUMN

    if columns.money[ENTRY_VALUE] != NULL and (winners_only or not given):
        derive_block(columns, ENTRY_VALUE, start, n, mark, pnl)
    if given:
        score = columns.score + start
    elif not write_rule_scores(columns, start, n, mark, pnl, buffer):
        for i in range(n):
            buffer[i] = NAN

    if columns.in_lots:
        keep_side(<const int64_t*> columns.quantity + start, score, side, absent, n, buffer)
    else:
        keep_side(<const double*> columns.quantity + start, score, side, absent, n, buffer)
    if winners_only:
        drop_losers(pnl, n, buffer)
    return buffer
