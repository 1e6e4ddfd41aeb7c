"""Ranking scores of one market, block by block.

A block of rows is carried through three short loops: mark value and unrealized PnL, the rule's
expression, the side's mask. Every loop is branch-free, so that the compiler turns it into vectors;
a block's intermediate columns never leave the first cache, and the score column is written only
where somebody asks for it.

The expressions are those of `reference/ranking/score.py`, operation by operation.
"""

from libc.math cimport INFINITY, fabs, rint
from libc.stdint cimport int64_t, uint64_t

from ..numbers.types cimport cloned_int, money_t, quantity_t

cdef enum:
    COLUMN = 0
    BINANCE = 1
    BINANCE_PORTFOLIO = 2
    BINANCE_2019 = 3
    BITMEX = 4
    HYPERLIQUID = 5
    HYPERLIQUID_LITERAL = 6
    ROI = 7

RULES = {
    "column": COLUMN,
    "binance": BINANCE,
    "binance-portfolio": BINANCE_PORTFOLIO,
    "binance-2019": BINANCE_2019,
    "bitmex": BITMEX,
    "hyperliquid": HYPERLIQUID,
    "hyperliquid-literal": HYPERLIQUID_LITERAL,
    "roi": ROI,
}


# Mark value and unrealized PnL --------------------------------------------------------------------

cdef cloned_int derive(
    const quantity_t* quantity, const money_t* entry, double unit_value, Py_ssize_t n, double* mark, double* pnl
) noexcept nogil:
    """Mark value and its difference from `entry`; quanta are rounded half-even and subtracted as integers."""
    cdef Py_ssize_t i
    cdef double value
    cdef int64_t whole
    for i in range(n):
        value = <double> quantity[i] * unit_value
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

cdef cloned_int binance(const double* u, const double* mv, const double* e, Py_ssize_t n, double* out) noexcept nogil:
    """U/E where U >= 0, else (U/N)·(E/N)."""
    cdef Py_ssize_t i
    cdef double notional, score
    for i in range(n):
        notional = fabs(mv[i])
        score = u[i] / e[i] if u[i] >= 0 else (u[i] / notional) * (e[i] / notional)
        out[i] = -INFINITY if e[i] <= 0 else score
    return 0


cdef cloned_int binance_2019(
    const double* u, const double* balance, const double* e, const double* margin, double one, Py_ssize_t n, double* out
) noexcept nogil:
    """max(0, U)/max(1, WB)·R; R = 0 where E <= 0, else MM/E."""
    cdef Py_ssize_t i
    cdef double gain, base, ratio
    for i in range(n):
        gain = 0.0 if u[i] <= 0 else u[i]
        base = one if balance[i] < one else balance[i]
        ratio = 0.0 if e[i] <= 0 else margin[i] / e[i]
        out[i] = (gain / base) * ratio
    return 0


cdef cloned_int bitmex(
    const double* u, const double* mv, const double* entry, const double* d, Py_ssize_t n, double* out
) noexcept nogil:
    """p·L where U >= 0, else p/L; p = U/abs(EV), L = N/D."""
    cdef Py_ssize_t i
    cdef double p, leverage, score
    for i in range(n):
        p = 0.0 if u[i] == 0 else u[i] / fabs(entry[i])
        leverage = fabs(mv[i]) / d[i]
        score = p * leverage if u[i] >= 0 else p / leverage
        out[i] = -INFINITY if d[i] <= 0 else score
    return 0


cdef cloned_int hyperliquid(
    const double* u, const double* mv, const double* entry, const double* e, const quantity_t* quantity,
    bint literal, bint inverse, Py_ssize_t n, double* out
) noexcept nogil:
    """r·(N/E) where U > 0, 0 where N = 0. MV/EV is the price ratio mark/entry; entry/mark of an inverse contract."""
    cdef Py_ssize_t i
    cdef double top, bottom, score
    cdef int up, flipped = inverse, always = literal
    for i in range(n):
        up = (quantity[i] > 0) | always
        top = mv[i] if up != flipped else entry[i]
        bottom = entry[i] if up != flipped else mv[i]
        score = 0.0 if mv[i] == 0 else (top / bottom) * (fabs(mv[i]) / e[i])
        score = -INFINITY if u[i] <= 0 else score
        out[i] = -INFINITY if e[i] <= 0 else score
    return 0


cdef cloned_int roi(const double* u, const double* entry, Py_ssize_t n, double* out) noexcept nogil:
    """U/abs(EV), 0 where U = 0."""
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = 0.0 if u[i] == 0 else u[i] / fabs(entry[i])
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


cdef cloned_int drop_losers(const double* u, Py_ssize_t n, double* out) noexcept nogil:
    """Rows with U <= 0 score -inf; NaN stays, be it a score or the mark of a row that is absent."""
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = -INFINITY if (u[i] <= 0) & (out[i] > -INFINITY) else out[i]
    return 0


# A block ------------------------------------------------------------------------------------------

cdef inline const double* money(
    const Columns* c, const void* column, Py_ssize_t start, Py_ssize_t n, double* buffer
) noexcept nogil:
    """A money column as float64: where it is, or converted into `buffer`."""
    if not c.quanta:
        return <const double*> column + start
    widen(<const int64_t*> column + start, n, buffer)
    return buffer


cdef void derive_block(
    const Columns* c, const void* base, Py_ssize_t start, Py_ssize_t n, double* mark, double* pnl
) noexcept nogil:
    cdef const double* q = <const double*> c.quantity + start
    cdef const int64_t* lots = <const int64_t*> c.quantity + start
    if c.lots:
        if c.quanta:
            derive(lots, <const int64_t*> base + start, c.unit_value, n, mark, pnl)
        else:
            derive(lots, <const double*> base + start, c.unit_value, n, mark, pnl)
    elif c.quanta:
        derive(q, <const int64_t*> base + start, c.unit_value, n, mark, pnl)
    else:
        derive(q, <const double*> base + start, c.unit_value, n, mark, pnl)


cdef const double* block_scores(
    const Columns* c, Py_ssize_t start, Py_ssize_t n, int side, bint winners, double absent, double* buffer
) noexcept nogil:
    """Scores of the rows start .. start + n of one side, at most BLOCK of them, in `buffer`."""
    cdef double mark[BLOCK]
    cdef double pnl[BLOCK]
    cdef double first[BLOCK]
    cdef double second[BLOCK]
    cdef double third[BLOCK]
    cdef const double* score = buffer
    cdef const double* distance
    cdef bint literal = c.rule == HYPERLIQUID_LITERAL
    cdef int rule = c.rule

    if c.entry_value != NULL and (rule != COLUMN or winners):
        derive_block(c, c.entry_value, start, n, mark, pnl)
    if rule == COLUMN:
        score = c.score + start
    elif rule == BINANCE:
        binance(pnl, mark, money(c, c.equity, start, n, first), n, buffer)
    elif rule == BINANCE_PORTFOLIO:
        binance(pnl, mark, money(c, c.account_equity, start, n, first), n, buffer)
    elif rule == BINANCE_2019:
        binance_2019(
            pnl, money(c, c.balance, start, n, first), money(c, c.equity, start, n, second),
            money(c, c.maintenance_margin, start, n, third), c.one, n, buffer
        )
    elif rule == BITMEX:
        if c.bankruptcy_value != NULL:
            derive_block(c, c.bankruptcy_value, start, n, mark, second)
            distance = second
        else:
            distance = money(c, c.equity, start, n, second)
        bitmex(pnl, mark, money(c, c.entry_value, start, n, first), distance, n, buffer)
    elif rule == ROI:
        roi(pnl, money(c, c.entry_value, start, n, first), n, buffer)
    elif c.lots:
        hyperliquid(
            pnl, mark, money(c, c.entry_value, start, n, first), money(c, c.equity, start, n, second),
            <const int64_t*> c.quantity + start, literal, c.inverse, n, buffer
        )
    else:
        hyperliquid(
            pnl, mark, money(c, c.entry_value, start, n, first), money(c, c.equity, start, n, second),
            <const double*> c.quantity + start, literal, c.inverse, n, buffer
        )

    if c.lots:
        keep_side(<const int64_t*> c.quantity + start, score, side, absent, n, buffer)
    else:
        keep_side(<const double*> c.quantity + start, score, side, absent, n, buffer)
    if winners:
        drop_losers(pnl, n, buffer)
    return buffer


# The columns of a market --------------------------------------------------------------------------

cdef class Source:
    """Columns of one market at one mark price, and the rule that scores them.

    `rule` is a key of `RULES`; quantity is float64 or int64 lots, the money columns are all float64
    units or all int64 quanta. The arrays are referred to, not copied.
    """

    def __init__(
        self, rule, *, quantity, score=None, entry_value=None, double unit_value=0.0, bint inverse=False,
        double one=1.0, equity=None, account_equity=None, balance=None, maintenance_margin=None, bankruptcy_value=None
    ):
        cdef Columns* c = &self.columns
        self.held = []
        c.rows = len(quantity)
        c.rule = RULES[rule]
        c.unit_value, c.inverse, c.one = unit_value, inverse, one
        c.lots = quantity.dtype.kind == "i"
        c.quanta = entry_value is not None and entry_value.dtype.kind == "i"
        c.quantity = self.pointer(quantity, c.lots)
        c.score = <const double*> self.pointer(score, False)
        c.entry_value = self.pointer(entry_value, c.quanta)
        c.equity = self.pointer(equity, c.quanta)
        c.account_equity = self.pointer(account_equity, c.quanta)
        c.balance = self.pointer(balance, c.quanta)
        c.maintenance_margin = self.pointer(maintenance_margin, c.quanta)
        c.bankruptcy_value = self.pointer(bankruptcy_value, c.quanta)

    cdef const void* pointer(self, array, bint integral) except? NULL:
        """Where a column's numbers are; the column is held while the source lives."""
        cdef const double[::1] doubles
        cdef const int64_t[::1] integers
        if array is None:
            return NULL
        if len(array) != self.columns.rows:
            raise ValueError("column", None, len(array), f"must have {self.columns.rows} rows")
        if self.columns.rows == 0:
            return NULL
        if integral:
            integers = array
            self.held.append(integers)
            return &integers[0]
        doubles = array
        self.held.append(doubles)
        return &doubles[0]

    def __len__(self):
        return self.columns.rows

    def scores(self, double[::1] out not None, int side, bint winners, double absent):
        """Write the scores of the rows of `side` (+1 long, -1 short, 0 both), `absent` for all others.

        With `winners`, rows with U <= 0 score -inf.
        """
        cdef Py_ssize_t start = 0, n, rows = self.columns.rows
        if out.shape[0] != rows:
            raise ValueError("out", None, out.shape[0], f"must have {rows} rows")
        if rows == 0:
            return
        cdef double* to = &out[0]
        with nogil:
            while start < rows:
                n = min(rows - start, <Py_ssize_t> BLOCK)
                block_scores(&self.columns, start, n, side, winners, absent, to + start)
                start += n
