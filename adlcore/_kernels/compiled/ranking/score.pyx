"""Ranking scores of one market: which columns a rule reads, and where they are."""

from libc.stdint cimport int64_t

from ..numbers.money cimport same_length
from .expressions cimport (
    ACCOUNT_EQUITY, BALANCE, BANKRUPTCY_VALUE, BINANCE, BINANCE_2019, BINANCE_PORTFOLIO, BITMEX, BLOCK, COLUMN,
    ENTRY_VALUE, EQUITY, HYPERLIQUID, HYPERLIQUID_LITERAL, MAINTENANCE_MARGIN, ROI, block_scores, has_branch,
)

RULES = {  # their numbers in `expressions.pxd`
    "column": COLUMN,
    "binance": BINANCE,
    "binance-portfolio": BINANCE_PORTFOLIO,
    "binance-2019": BINANCE_2019,
    "bitmex": BITMEX,
    "hyperliquid": HYPERLIQUID,
    "hyperliquid-literal": HYPERLIQUID_LITERAL,
    "roi": ROI,
}

READ = {  # by each rule: what it must have, and what it may have
    "column": (("score",), ("entry_value",)),
    "binance": (("entry_value", "equity"), ()),
    "binance-portfolio": (("entry_value", "account_equity"), ()),
    "binance-2019": (("entry_value", "balance", "equity", "maintenance_margin"), ()),
    "bitmex": (("entry_value", "equity"), ("bankruptcy_value",)),
    "hyperliquid": (("entry_value", "equity"), ()),
    "hyperliquid-literal": (("entry_value", "equity"), ()),
    "roi": (("entry_value",), ()),
}

cdef dict MONEY = {
    "entry_value": ENTRY_VALUE,
    "equity": EQUITY,
    "account_equity": ACCOUNT_EQUITY,
    "balance": BALANCE,
    "maintenance_margin": MAINTENANCE_MARGIN,
    "bankruptcy_value": BANKRUPTCY_VALUE,
}

cdef int64_t NOTHING = 0  # what the pointer to a column without rows points to
cdef dict NUMBERS = RULES, COLUMNS_READ = READ  # the same, where C finds them


cdef int number_of(rule) except -1:
    """The number of a rule; one that is not computed is refused."""
    cdef int number = NUMBERS[rule] if rule in NUMBERS else -1
    if not has_branch(number):
        raise ValueError("rule", None, rule, "must be a rule that the kernel computes")
    return number


cdef int check_columns(rule, dict columns) except -1:
    """Refuse columns that are not those that the rule reads."""
    cdef tuple needed, optional
    needed, optional = COLUMNS_READ[rule]
    for name in needed:
        if name not in columns:
            raise ValueError(name, None, None, f"must be given: the rule {rule!r} reads it")
    for name in columns:
        if name not in needed and name not in optional:
            raise ValueError("columns", None, name, f"must be a column that the rule {rule!r} reads")
    return 0


cdef class Source:
    """The columns of a market at one mark price, and the rule that scores them: see ``score.pyi``."""

    def __cinit__(
        self, rule, quantity not None, dict columns not None, *, double value_per_lot=0.0, bint inverse=False,
        double quanta_per_unit=1.0
    ):
        cdef Columns* c = &self.columns
        c.rule = number_of(rule)
        columns = columns.copy()  # what is checked is what is read, whoever else holds the dict
        check_columns(rule, columns)
        c.value_per_lot, c.inverse, c.quanta_per_unit = value_per_lot, inverse, quanta_per_unit
        c.in_lots = quantity.dtype.kind == "i"
        c.in_quanta = "entry_value" in columns and columns["entry_value"].dtype.kind == "i"
        if c.in_lots:
            self.lots = quantity
            c.rows = self.lots.shape[0]
            c.quantity = &self.lots[0] if c.rows else &NOTHING
        else:
            self.sizes = quantity
            c.rows = self.sizes.shape[0]
            c.quantity = <const void*> &self.sizes[0] if c.rows else &NOTHING
        self.money = []
        for name, column in columns.items():
            if name == "score":
                self.score = column
                same_length(name, self.score.shape[0], c.rows)
                c.score = &self.score[0] if c.rows else <const double*> &NOTHING
            else:
                c.money[<int> MONEY[name]] = self.pointer(name, column)

    cdef const void* pointer(self, str name, array) except NULL:
        """Where a column of money is; it is held while the source lives."""
        cdef const double[::1] units
        cdef const int64_t[::1] quanta
        if self.columns.in_quanta:
            quanta = array
            same_length(name, quanta.shape[0], self.columns.rows)
            self.money.append(quanta)
            return &quanta[0] if self.columns.rows else &NOTHING
        units = array
        same_length(name, units.shape[0], self.columns.rows)
        self.money.append(units)
        return <const void*> &units[0] if self.columns.rows else &NOTHING

    def __len__(self):
        return self.columns.rows

    def scores(self, double[::1] out not None, int side, bint winners_only, double absent):
        """Write the scores of the rows of one side, `absent` for all others: see ``score.pyi``."""
        cdef Py_ssize_t start = 0, n, rows = self.columns.rows
        same_length("out", out.shape[0], rows)
        self.check_winners(winners_only)
        if rows == 0:
            return
        cdef double* to = &out[0]
        with nogil:
            while start < rows:
                n = min(rows - start, <Py_ssize_t> BLOCK)
                block_scores(&self.columns, start, n, side, winners_only, absent, to + start)
                start += n

    cdef int check_winners(self, bint winners_only) except -1:
        """Refuse to look for winners where nothing says who is one."""
        if winners_only and self.columns.money[<int> ENTRY_VALUE] == NULL:
            raise ValueError("entry_value", None, None, "must be given: without it nobody is known to win")
        return 0
