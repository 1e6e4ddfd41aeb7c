"""Selection of counterparties: the highest scores until their sizes cover a target.

Scan (in row ranges, by as many threads as are asked for), cut, and write out: in row order, or
sorted. Scores, rows and sizes are copied on the way, and only the copies are compared.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from libc.math cimport INFINITY, NAN
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from ..numbers.sums cimport as_double
from .candidates cimport Candidates
from .cut cimport (
    DONE, NO_MEMORY, Search, Survivors, find_cut, search_begin, search_choose_bins, search_end, search_fill_bins,
    search_free, search_gather, search_measure, search_set_bins, trim,
)
from .narrow cimport Cut, Goal
from .scan cimport Sieve, estimate, release, scan
from .write cimport copy_rows, count_range, write_sorted

cdef enum:
    MOST_THREADS = 64
    FEW = 65536  # rows that one thread sees to by itself
    SPLIT_SAMPLES = 1024  # survivors of a range that are looked at to divide the sort

cdef object empty = np.empty, INT64 = np.dtype(np.int64), FLOAT64 = np.dtype(np.float64)


# The result ---------------------------------------------------------------------------------------

cdef class Prefix:
    """The front of a queue that covers a target: see ``selection.pyi``."""

    cdef readonly object index, closed, score, filled, kept
    cdef readonly Py_ssize_t partial

    def __init__(self, index, closed, score, filled, Py_ssize_t partial, kept):
        self.index, self.closed, self.score = index, closed, score
        self.filled, self.partial, self.kept = filled, partial, kept


# A selection under way ----------------------------------------------------------------------------

cdef class Pass:
    """What is asked for, what each range of rows has found, and the arrays of the result."""

    cdef Goal goal
    cdef Sieve sieve
    cdef Cut cut
    cdef Search search  # of the cut, where there are several parts
    cdef Survivors* parts
    cdef int n_parts
    cdef Candidates candidates  # keep the columns alive
    cdef object pool  # of threads, one less than parts
    cdef bint few  # what is left to do takes less than waking a thread
    cdef object index, closed, score
    cdef int64_t[::1] lots_closed
    cdef double[::1] floats_closed
    cdef int64_t[::1] rows
    cdef double[::1] scores
    cdef int64_t* sizes
    cdef double[MOST_THREADS + 1] border  # of the ranges of scores that threads sort by themselves
    cdef Py_ssize_t[MOST_THREADS + 1] offset  # in the result, of what each thread writes
    cdef Py_ssize_t last  # in the result, of the last row of the queue

    def __cinit__(self, int n_parts, Candidates candidates not None):
        self.parts = <Survivors*> calloc(n_parts, sizeof(Survivors))
        if self.parts == NULL:
            raise MemoryError
        self.n_parts = n_parts
        self.candidates = candidates
        self.goal = candidates.goal

    def __dealloc__(self):
        cdef int p
        if self.parts != NULL:
            for p in range(self.n_parts):
                release(&self.parts[p])
            free(self.parts)
        search_free(&self.search)

    cdef int check(self, int status, Py_ssize_t row) except -1:
        if status == NO_MEMORY:
            raise MemoryError
        if status != DONE:
            raise ValueError("score", row, NAN, "must be a number")
        return 0

    cdef int find(self) except -1:
        """Scan and cut; once more without a threshold where the sample had set it too high."""
        cdef int status
        if self.goal.target <= 0 or self.goal.limit == 0:
            self.sieve.everything = False
            self.sieve.threshold = INFINITY  # nobody is wanted: the scan only looks for NaN
            self.sieve.expected = 1
            return self.each(self.scan_range)
        with nogil:
            status = estimate(&self.goal, &self.sieve)
        self.check(status, 0)
        self.scan_and_cut()
        if not self.cut.covered and not self.sieve.everything:
            self.sieve.everything = True
            self.scan_and_cut()
        return 0

    cdef int scan_and_cut(self) except -1:
        cdef int status, part
        cdef Py_ssize_t count = 0
        self.few = False
        self.each(self.scan_range)
        for part in range(self.n_parts):
            count += self.parts[part].count
        self.few = count < FEW
        if self.n_parts == 1:
            with nogil:
                status = find_cut(&self.goal, self.parts, &self.cut)
            return self.check(status, 0)
        search_free(&self.search)
        self.check(search_begin(&self.search, &self.goal, self.parts, self.n_parts), 0)
        self.each(self.measure)
        search_set_bins(&self.search)
        self.each(self.fill_bins)
        search_choose_bins(&self.search)
        self.each(self.gather)
        with nogil:
            status = search_end(&self.search, &self.cut)
        return self.check(status, 0)

    def measure(self, int part):
        """The range of one part's scores."""
        with nogil:
            search_measure(&self.search, part)

    def fill_bins(self, int part):
        """Size and number of one part's rows in each bin."""
        with nogil:
            search_fill_bins(&self.search, part)

    def gather(self, int part):
        """Who of one part stands before the bins of the cut, and who in them."""
        cdef int status
        with nogil:
            status = search_gather(&self.search, part)
        self.check(status, 0)

    cdef int each(self, work) except -1:
        """Call a method with 0 .. n_parts - 1, side by side."""
        cdef int part
        if self.n_parts == 1 or self.few:
            for part in range(self.n_parts):
                work(part)
            return 0
        others = [self.pool.submit(work, part) for part in range(1, self.n_parts)]
        work(0)
        for other in others:
            other.result()
        return 0

    def scan_range(self, int part):
        """Scan one range of rows."""
        cdef Py_ssize_t rows = self.goal.columns.rows, nan_row = 0
        cdef Py_ssize_t start = rows * part // self.n_parts, stop = rows * (part + 1) // self.n_parts
        cdef int status
        with nogil:
            status = scan(&self.goal, &self.sieve, start, stop, &self.parts[part], &nan_row)
        self.check(status, nan_row)

    cdef int allocate(self) except -1:
        cdef Py_ssize_t count = self.cut.count
        self.index = empty(count, INT64)
        self.score = empty(count, FLOAT64)
        self.closed = empty(count, INT64 if self.goal.in_lots else FLOAT64)
        if count == 0:
            return 0
        self.rows = self.index
        self.scores = self.score
        if self.goal.in_lots:
            self.lots_closed = self.closed
            self.sizes = &self.lots_closed[0]
        else:
            self.floats_closed = self.closed
            self.sizes = <int64_t*> &self.floats_closed[0]
        return 0

    def trim(self, int part):
        """Drop the survivors of one range of rows that stand behind the cut."""
        with nogil:
            trim(&self.goal, &self.parts[part], &self.cut.last)

    cdef int write(self, bint ordered) except -1:
        """Fill the arrays."""
        cdef int p
        self.each(self.trim)
        if ordered:
            self.last = self.cut.count - 1
            self.split()
            self.each(self.sort)
        else:
            for p in range(self.n_parts):
                self.offset[p + 1] = self.offset[p] + self.parts[p].count
            self.each(self.copy)
        return 0

    def copy(self, int part):
        """Write one range of rows as it is."""
        cdef Py_ssize_t at = self.offset[part], place
        if self.parts[part].count == 0:
            return
        with nogil:
            place = copy_rows(
                &self.parts[part], self.cut.last.row, &self.rows[at], self.sizes + at, &self.scores[at]
            )
        if place >= 0:
            self.last = at + place

    cdef int split(self) except -1:
        """Divide the selected scores into ranges of about equally many rows."""
        cdef int p, r, ranges = self.n_parts
        cdef Py_ssize_t i, step
        cdef int64_t count
        self.border[0] = NAN  # no upper border: +inf is a score
        self.border[ranges] = -INFINITY
        self.offset[0], self.offset[ranges] = 0, self.cut.count
        sample = []
        for p in range(self.n_parts if ranges > 1 else 0):
            step = self.parts[p].count // SPLIT_SAMPLES + 1
            sample += [self.parts[p].score[i] for i in range(0, self.parts[p].count, step)]
        sample.sort(reverse=True)
        for r in range(1, ranges):
            self.border[r] = sample[len(sample) * r // ranges]
        for r in range(ranges - 1):
            count = 0
            for p in range(self.n_parts):
                count += count_range(&self.parts[p], self.border[r + 1], self.border[r])
            self.offset[r + 1] = self.offset[r] + count
        return 0

    def sort(self, int part):
        """Write one range of scores in queue order."""
        cdef Py_ssize_t at = self.offset[part], count = self.offset[part + 1] - at
        cdef double lower = self.border[part + 1], upper = self.border[part]
        cdef int status
        if count == 0:
            return
        with nogil:
            status = write_sorted(
                self.parts, self.n_parts, lower, upper, count,
                &self.rows[at], self.sizes + at, &self.scores[at]
            )
        self.check(status, 0)

    cdef Prefix run(self, bint ordered):
        """The result that `select` returns."""
        cdef Prefix prefix = Prefix.__new__(Prefix)
        cdef bint in_part
        if self.goal.columns.rows:
            self.find()
        self.allocate()
        if self.cut.count:
            self.write(ordered)
            self.sizes[self.last] = self.cut.last_closed
        prefix.index, prefix.closed, prefix.score = self.index, self.closed, self.score
        # Where nothing is selected the cut is all zeros: 0 lots, and the bits of 0.0.
        if self.goal.in_lots:
            prefix.filled, prefix.kept = self.cut.filled, self.cut.kept
            in_part = self.cut.kept > 0
        else:
            prefix.filled, prefix.kept = as_double(self.cut.filled), as_double(self.cut.kept)
            in_part = as_double(self.cut.kept) > 0
        prefix.partial = self.last if in_part else -1
        return prefix


cdef bint is_target(target, bint in_lots) except -1:
    """Whether that much can be asked for: a number, and of lots a whole one or infinitely many."""
    return -INFINITY <= target <= INFINITY and (not in_lots or abs(target) == INFINITY or target % 1 == 0)


def select(Candidates candidates not None, target, Py_ssize_t limit=-1, bint ordered=True, int threads=1):
    """The shortest prefix of the queue whose size reaches `target`: see ``selection.pyi``."""
    cdef Py_ssize_t rows = candidates.goal.columns.rows
    if threads < 1:
        raise ValueError("threads", None, threads, "must be 1 or above")
    cdef bint in_lots = candidates.goal.in_lots
    if type(target) is not int and not is_target(target, in_lots):
        raise ValueError("target", None, target, "must be whole lots" if in_lots else "must be a number")
    # Starting a thread takes longer than reading a short column.
    cdef Pass work = Pass(1 if rows < FEW else min(threads, <int> MOST_THREADS), candidates)
    work.goal.limit = limit
    if work.goal.in_lots:
        work.goal.target_lots = max(0, min(target, 9223372036854775807))
        work.goal.target = <double> work.goal.target_lots
    else:
        work.goal.target = target
    if work.n_parts == 1:
        return work.run(ordered)
    with ThreadPoolExecutor(work.n_parts - 1) as work.pool:
        return work.run(ordered)
