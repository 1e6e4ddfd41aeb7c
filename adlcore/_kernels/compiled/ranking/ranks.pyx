"""Ranks and quantiles of a column of scores, by a radix sort of (score, row).

A row whose score is NaN is not counted.
"""

from libc.math cimport INFINITY, NAN
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free

from .sort cimport Record, score_key, sort_records, tie_key
from ..numbers.types cimport grow


cdef class Ordered:
    """The counted rows of a column in queue order."""

    def __cinit__(self, const double[::1] score not None, const int64_t[::1] tie):
        cdef Py_ssize_t i, n = score.shape[0]
        cdef Record* scratch
        if tie is not None and tie.shape[0] != n:
            raise ValueError("tie", None, tie.shape[0], f"must have {n} rows")
        self.records = <Record*> grow(NULL, max(n, <Py_ssize_t> 1) * sizeof(Record))
        scratch = <Record*> grow(NULL, max(n, <Py_ssize_t> 1) * sizeof(Record))
        if self.records == NULL or scratch == NULL:
            free(scratch)
            raise MemoryError
        with nogil:
            for i in range(n):
                if score[i] == score[i]:
                    self.records[self.count].key = score_key(score[i]) if tie is None else tie_key(tie[i])
                    self.records[self.count].place = <uint64_t> i
                    self.count += 1
            sort_records(self.records, scratch, self.count)
            if tie is not None:
                for i in range(self.count):
                    self.records[i].key = score_key(score[self.records[i].place])
                sort_records(self.records, scratch, self.count)
            free(scratch)

    def __dealloc__(self):
        free(self.records)


def rank(const double[::1] score not None, int64_t[::1] out not None, const int64_t[::1] tie=None):
    """Write each row's place in the queue from 1; 0 where it is not counted."""
    cdef Ordered queue = Ordered(score, tie)
    cdef Py_ssize_t i
    same_length(score.shape[0], out.shape[0])
    with nogil:
        if queue.count < score.shape[0]:
            out[:] = 0
        for i in range(queue.count):
            out[queue.records[i].place] = i + 1


def quantile(const double[::1] score not None, double[::1] out not None):
    """Write the share of counted rows at or below each score; NaN for -inf and where not counted."""
    cdef Ordered queue = Ordered(score, None)
    cdef Py_ssize_t i, n = queue.count, first = 0
    cdef uint64_t last = score_key(-INFINITY)
    cdef double share = 1.0
    same_length(score.shape[0], out.shape[0])
    with nogil:
        if n < score.shape[0]:
            out[:] = NAN
        for i in range(n):
            if i == 0 or queue.records[i].key != queue.records[first].key:
                first = i
                share = NAN if queue.records[i].key == last else <double> (n - i) / <double> n
            out[queue.records[i].place] = share


cdef int same_length(Py_ssize_t rows, Py_ssize_t out) except -1:
    if rows != out:
        raise ValueError("out", None, out, f"must have {rows} rows")
    return 0
