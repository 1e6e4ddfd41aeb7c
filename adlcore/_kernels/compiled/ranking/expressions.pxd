"""A market's columns at one mark price, and its scores, a block of rows at a time."""

from libc.stdint cimport int64_t

cdef enum:
    BLOCK = 512  # rows scored at a time: all of a block's columns stay in the first cache

cdef enum:  # the rules; each has a branch in `write_rule_scores`
    COLUMN
    BINANCE
    BINANCE_PORTFOLIO
    BINANCE_2019
    BITMEX
    HYPERLIQUID
    HYPERLIQUID_LITERAL
    ROI

cdef enum:  # the columns of money that a rule may read
    ENTRY_VALUE
    EQUITY
    ACCOUNT_EQUITY
    BALANCE
    MAINTENANCE_MARGIN
    BANKRUPTCY_VALUE
    MONEY_COLUMNS  # how many there are


cdef struct Columns:
    Py_ssize_t rows
    int rule
    bint in_lots  # quantity is int64, otherwise float64
    bint in_quanta  # money is int64, otherwise float64
    bint inverse
    double value_per_lot  # at the mark price
    double quanta_per_unit  # one unit of the settle asset in the money columns
    const void* quantity
    const double* score
    const void* money[MONEY_COLUMNS]  # NULL where a column is not given


cdef const double* block_scores(
    const Columns* columns, Py_ssize_t start, Py_ssize_t n, int side, bint winners_only, double absent, double* buffer
) noexcept nogil
cdef bint has_branch(int rule) noexcept nogil
