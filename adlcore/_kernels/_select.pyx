"""Selection of counterparties: the highest scores until their sizes cover a target.

Scan (in row ranges, by as many threads as are asked for), cut, and write out: in row order, or sorted. Scores, rows and sizes are copied on the
way, and only the copies are compared.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport calloc, free, malloc

from ._cut cimport DONE, NO_MEMORY, Cut, Goal, Item, Survivors, find_cut
from ._scan cimport Sieve, estimate, release, scan
from ._score cimport Source
from ._sort cimport Record, score_key, sort_records, tie_key
from ._sum cimport as_double

cdef double EVERYTHING = -1.7976931348623157e308

cdef enum:
    MOST_THREADS = 256


cdef class Pass:
    """One selection under way: what is asked for, and what each range of rows has found."""

    cdef Goal goal
    cdef Sieve sieve
    cdef Cut cut
    cdef Survivors* parts
    cdef int n_parts
    cdef Source source  # keeps the columns alive
    cdef object held

    def __cinit__(self, int n_parts):
        self.parts = <Survivors*> calloc(n_parts, sizeof(Survivors))
        if self.parts == NULL:
            raise MemoryError
        self.n_parts = n_parts

    def __dealloc__(self):
        cdef int p
        if self.parts != NULL:
            for p in range(self.n_parts):
                release(&self.parts[p])
            free(self.parts)

    cdef int estimate(self) except -1:
        cdef int status
        with nogil:
            status = estimate(&self.goal, &self.sieve)
        self.check(status, 0)
        return 0

    def scan(self, int part):
        """Scan one range of rows."""
        cdef Py_ssize_t rows = self.goal.columns.rows, bad = 0
        cdef Py_ssize_t start = rows * part // self.n_parts, stop = rows * (part + 1) // self.n_parts
        cdef int status
        with nogil:
            status = scan(&self.goal, &self.sieve, start, stop, &self.parts[part], &bad)
        self.check(status, bad)

    cdef int find_cut(self) except -1:
        cdef int status
        with nogil:
            status = find_cut(&self.goal, self.parts, self.n_parts, &self.cut)
        self.check(status, 0)
        return 0

    cdef int check(self, int status, Py_ssize_t bad) except -1:
        if status == NO_MEMORY:
            raise MemoryError
        if status != DONE:
            raise ValueError("score", bad, float("nan"), "must be a number")
        return 0


# Writing out --------------------------------------------------------------------------------------------------------------------

cdef inline bint selected(const Survivors* part, Py_ssize_t i, const Item* last) noexcept nogil:
    """Whether a survivor stands at or before the last row of the prefix."""
    if part.score[i] != last.score:
        return part.score[i] > last.score
    if part.tie != NULL and part.tie[i] != last.tie:
        return part.tie[i] < last.tie
    return part.row[i] <= last.row


cdef Py_ssize_t write_rows(
    const Survivors* parts, int n_parts, const Cut* cut, int64_t* row, int64_t* size, double* score
) noexcept nogil:
    """Write the prefix in row order; the position of its last row."""
    cdef Py_ssize_t i, k = 0, last = 0
    cdef int p
    for p in range(n_parts):
        for i in range(parts[p].count):
            if selected(&parts[p], i, &cut.last) and k < cut.count:
                row[k] = parts[p].row[i]
                size[k] = parts[p].size[i]
                score[k] = parts[p].score[i]
                if row[k] == cut.last.row:
                    last = k
                k += 1
    return last


cdef Py_ssize_t count_range(const Survivors* parts, int n_parts, const Cut* cut, double lowest, double below) noexcept nogil:
    """How many selected rows score lowest <= score < below; a border `below` of NaN is none."""
    cdef Py_ssize_t i, count = 0
    cdef int p
    for p in range(n_parts):
        for i in range(parts[p].count):
            if parts[p].score[i] >= lowest and not (parts[p].score[i] >= below) and selected(&parts[p], i, &cut.last):
                count += 1
    return count


cdef int write_sorted(
    const Survivors* parts, int n_parts, const Cut* cut, double lowest, double below, Py_ssize_t count,
    int64_t* row, int64_t* size, double* score
) noexcept nogil:
    """Write the selected rows of one range of scores in queue order; there are `count` of them."""
    cdef Py_ssize_t i, k = 0
    cdef int p
    cdef Survivors found
    cdef Record* records
    if count == 0:
        return DONE
    records = <Record*> malloc(2 * count * sizeof(Record))
    found.score = <double*> malloc(count * sizeof(double))
    found.row = <int64_t*> malloc(count * sizeof(int64_t))
    found.size = <int64_t*> malloc(count * sizeof(int64_t))
    found.tie = <int64_t*> malloc(count * sizeof(int64_t)) if parts[0].tie != NULL else NULL
    if records == NULL or found.score == NULL or found.row == NULL or found.size == NULL or (parts[0].tie != NULL and found.tie == NULL):
        free(records)
        release(&found)
        return NO_MEMORY
    for p in range(n_parts):
        for i in range(parts[p].count):
            if parts[p].score[i] >= lowest and not (parts[p].score[i] >= below) and selected(&parts[p], i, &cut.last) and k < count:
                found.score[k] = parts[p].score[i]
                found.row[k] = parts[p].row[i]
                found.size[k] = parts[p].size[i]
                if found.tie != NULL:
                    found.tie[k] = parts[p].tie[i]
                records[k].key = score_key(found.score[k]) if found.tie == NULL else tie_key(found.tie[k])
                records[k].place = k
                k += 1
    # The sort is stable and the rows ascend: equal keys stay in row order.
    sort_records(records, records + count, k)
    if found.tie != NULL:
        for i in range(k):
            records[i].key = score_key(found.score[records[i].place])
        sort_records(records, records + count, k)
    for i in range(k):
        row[i] = found.row[records[i].place]
        size[i] = found.size[records[i].place]
        score[i] = found.score[records[i].place]
    free(records)
    release(&found)
    return DONE


cdef class Output:
    """The arrays of a result, and the ranges of scores that threads sort by themselves."""

    cdef Pass work
    cdef readonly object index, closed, score
    cdef int64_t[::1] rows
    cdef int64_t[::1] sizes
    cdef double[::1] scores
    cdef double[MOST_THREADS + 1] border
    cdef Py_ssize_t[MOST_THREADS + 1] offset

    def __init__(self, Pass work):
        cdef Py_ssize_t count = work.cut.count
        self.work = work
        self.index = np.empty(count, np.int64)
        self.closed = np.empty(count, np.int64 if work.goal.lots else np.float64)
        self.score = np.empty(count, np.float64)
        self.rows = self.index
        self.sizes = self.closed if work.goal.lots else self.closed.view(np.int64)
        self.scores = self.score

    cdef Py_ssize_t in_row_order(self) noexcept:
        cdef Py_ssize_t last
        cdef Pass w = self.work
        with nogil:
            last = write_rows(w.parts, w.n_parts, &w.cut, &self.rows[0], &self.sizes[0], &self.scores[0])
        return last

    cdef int split(self, int ranges) except -1:
        """Cut the selected scores into ranges of about equally many rows."""
        cdef Pass w = self.work
        cdef int p, r
        cdef Py_ssize_t i, step
        cdef double upper, lower
        self.border[0] = float("inf")
        self.border[ranges] = -float("inf")
        if ranges > 1:
            sample = []
            for p in range(w.n_parts):
                step = max(<Py_ssize_t> 1, w.parts[p].count // 1024)
                for i in range(0, w.parts[p].count, step):
                    if selected(&w.parts[p], i, &w.cut.last):
                        sample.append(w.parts[p].score[i])
            sample.sort(reverse=True)
            for r in range(1, ranges):
                self.border[r] = sample[len(sample) * r // ranges] if sample else 0.0
        self.offset[0] = 0
        for r in range(ranges):
            upper, lower = self.below(r), self.border[r + 1]
            if ranges == 1:
                i = w.cut.count
            else:
                with nogil:
                    i = count_range(w.parts, w.n_parts, &w.cut, lower, upper)
            self.offset[r + 1] = self.offset[r] + i
        return 0

    cdef double below(self, int r) noexcept:
        # The first range has no upper border: +inf is a score.
        return self.border[r] if r else float("nan")

    def sort(self, int r):
        """Write one range of scores in queue order."""
        cdef Pass w = self.work
        cdef Py_ssize_t at = self.offset[r], count = self.offset[r + 1] - at
        cdef double lower = self.border[r + 1], upper = self.below(r)
        cdef int status
        if count == 0:
            return
        with nogil:
            status = write_sorted(
                w.parts, w.n_parts, &w.cut, lower, upper, count, &self.rows[at], &self.sizes[at], &self.scores[at]
            )
        w.check(status, 0)


def select(
    Source source not None, int side, bint winners, exclude, target, Py_ssize_t limit, const int64_t[::1] tie, bint ordered, int threads=1
):
    """The shortest prefix of the queue whose size reaches `target`, at most `limit` rows of it (-1: no limit).

    Returns
    -------
    index, closed, score : ndarray
        Rows of the prefix, what is closed of each, their scores.
    filled
        The sum of `closed`; in floats ``min(S_k, target)``.
    partial : int
        Position of the row that is closed in part, or -1.
    left
        What that row keeps, or 0.
    """
    cdef Py_ssize_t rows = source.columns.rows, last
    cdef const uint8_t[::1] mask
    cdef Pass work
    cdef Output out
    cdef int r
    threads = min(threads, <int> MOST_THREADS)
    if rows < 65536:
        threads = 1  # starting a thread would take longer
    work = Pass(threads)
    work.source = source
    work.goal.columns = &source.columns
    work.goal.side = side
    work.goal.winners = winners
    work.goal.lots = source.columns.lots
    work.goal.limit = limit
    if source.columns.lots:
        work.goal.target_lots = min(target, 9223372036854775807)
        work.goal.target = <double> work.goal.target_lots
    else:
        work.goal.target = target
    if exclude is not None:
        mask = exclude
        if mask.shape[0] != rows:
            raise ValueError("exclude", None, mask.shape[0], f"must have {rows} rows")
        work.goal.exclude = &mask[0] if rows else NULL
    if tie is not None:
        if tie.shape[0] != rows:
            raise ValueError("tie", None, tie.shape[0], f"must have {rows} rows")
        work.goal.tie = &tie[0] if rows else NULL
    if rows and limit != 0 and target > 0:
        run(work, threads)
    out = Output(work)
    if work.cut.count == 0:
        return out.index, out.closed, out.score, (0 if work.goal.lots else 0.0), -1, (0 if work.goal.lots else 0.0)
    if not ordered:
        last = out.in_row_order()
    else:
        last = work.cut.count - 1
        out.split(threads)
        each(out.sort, threads)
    out.sizes[last] = work.cut.last_closed
    if work.goal.lots:
        return out.index, out.closed, out.score, work.cut.filled, (last if work.cut.left > 0 else -1), work.cut.left
    filled, left = as_double(work.cut.filled), as_double(work.cut.left)
    return out.index, out.closed, out.score, filled, (last if left > 0 else -1), left


cdef int run(Pass work, int threads) except -1:
    """Scan and cut; once more without a threshold where the sample had set it too high."""
    work.estimate()
    each(work.scan, threads)
    work.find_cut()
    if not work.cut.covered and work.sieve.threshold > EVERYTHING:
        work.sieve.threshold = EVERYTHING
        each(work.scan, threads)
        work.find_cut()
    return 0


cdef int each(function, int threads) except -1:
    """Call a function with 0 .. threads - 1, side by side."""
    if threads == 1:
        function(0)
        return 0
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(function, range(threads)):
            pass
    return 0
