"""Where a queue is cut: the shortest prefix of all survivors that covers a target."""

from libc.stdint cimport int64_t, uint64_t

from .narrow cimport Ahead, Cut, Goal
from .queue_order cimport Item

cdef enum:
    DONE = 0
    NO_MEMORY = 1
    NOT_A_NUMBER = 2
    BINS = 2048


cdef struct RowSize:  # read together, so they lie together
    int64_t row
    int64_t size  # lots, or the bits of a float64


cdef struct Survivors:  # rows that may be selected, copied, in row order
    Py_ssize_t count
    Py_ssize_t capacity
    double* score
    RowSize* rows
    int64_t* tie  # NULL where the goal has none
    double total_size  # near enough to know when to look


cdef struct Share:  # what one part of the survivors contributes to the search
    uint64_t lowest  # of its keys
    uint64_t highest
    double[BINS] sizes
    Py_ssize_t[BINS] counts
    Ahead ahead
    Item* items  # in the bins that may hold the cut
    Py_ssize_t n_items


cdef struct Search:
    const Goal* goal
    const Survivors* parts
    Share* shares
    int n_parts
    double band  # how far a float64 sum may be off
    uint64_t lowest  # key of the highest score of all
    int shift
    int first  # bins that may hold the cut
    int last


cdef int search_begin(Search* search, const Goal* goal, const Survivors* parts, int n_parts) noexcept nogil
cdef void search_measure(Search* search, int part) noexcept nogil
cdef void search_set_bins(Search* search) noexcept nogil
cdef void search_fill_bins(Search* search, int part) noexcept nogil
cdef void search_choose_bins(Search* search) noexcept nogil
cdef int search_gather(Search* search, int part) noexcept nogil
cdef int search_end(Search* search, Cut* cut) noexcept nogil
cdef void search_free(Search* search) noexcept nogil

cdef int find_cut(const Goal* goal, const Survivors* part, Cut* cut) noexcept nogil
cdef void trim(const Goal* goal, Survivors* survivors, const Item* last) noexcept nogil
