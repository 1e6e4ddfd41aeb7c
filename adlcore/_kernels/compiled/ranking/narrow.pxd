"""The place of a cut among few rows: what is asked for, weighted quickselect, exact sums."""

from libc.stdint cimport int64_t, uint8_t, uint64_t

from ..numbers.sums cimport Exact, as_double
from .expressions cimport Columns
from .queue_order cimport Item

cdef struct Goal:  # what a selection is asked for
    const Columns* columns
    int side
    bint winners_only
    bint in_lots  # sizes are int64; otherwise float64
    const uint8_t* exclude  # NULL: nobody
    const int64_t* tie  # NULL: none
    int64_t target_lots
    double target  # the same, nearest, where sizes are lots
    Py_ssize_t limit  # rows at most; -1: any number


cdef struct Cut:
    bint covered  # the target or the limit is reached
    Item last  # the last row of the prefix
    Py_ssize_t count
    int64_t last_closed  # what is closed of it: lots, or the bits of a float64
    int64_t kept  # what it keeps
    int64_t filled


cdef struct Total:  # the exact size of some rows
    uint64_t lots
    Exact floats


cdef struct Ahead:  # rows that surely stand before the cut
    Py_ssize_t count
    double size  # near enough
    Total total


cdef inline double approximate(bint in_lots, int64_t size) noexcept nogil:
    return <double> size if in_lots else as_double(size)


cdef void clear_ahead(const Goal* goal, Ahead* ahead) noexcept nogil
cdef void add_ahead(const Goal* goal, Ahead* ahead, int64_t size) noexcept nogil
cdef void merge_ahead(const Goal* goal, Ahead* ahead, const Ahead* other) noexcept nogil
cdef void narrow(
    const Goal* goal, const Ahead* ahead, Item* items, Py_ssize_t* low, Py_ssize_t* high, double band, bint exact
) noexcept nogil
cdef void cut_items(
    const Goal* goal, const Ahead* ahead, Item* items, Py_ssize_t n, double band, Cut* cut
) noexcept nogil
