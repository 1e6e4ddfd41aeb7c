"""Ranks and quantiles of a column of scores: its rows in the order of a queue, walked once.

A row whose score is NaN is not counted.
"""

from libc.math cimport INFINITY, NAN
from libc.stdint cimport int64_t, uint64_t

from ..numbers.money cimport same_length
from .queue_order cimport Ordered, score_key


def rank(const double[::1] score not None, int64_t[::1] out not None, const int64_t[::1] tie=None):
    """Write each row's place in the queue: see ``ranks.pyi``."""
    cdef Ordered queue = Ordered(score, tie)
    cdef Py_ssize_t i
    same_length("out", out.shape[0], score.shape[0])
    with nogil:
        if queue.count < score.shape[0]:
            out[:] = 0
        for i in range(queue.count):
            out[queue.records[i].place] = i + 1


def quantile(const double[::1] score not None, double[::1] out not None):
    """Write the share of counted rows at or below each score: see ``ranks.pyi``."""
    cdef Ordered queue = Ordered(score, None)
    cdef Py_ssize_t i, n = queue.count, first = 0
    cdef uint64_t last = score_key(-INFINITY)
    cdef double share = 1.0
    same_length("out", out.shape[0], score.shape[0])
    with nogil:
        if n < score.shape[0]:
            out[:] = NAN
        for i in range(n):
            if i == 0 or queue.records[i].key != queue.records[first].key:
                first = i
                share = NAN if queue.records[i].key == last else <double> (n - i) / <double> n
            out[queue.records[i].place] = share
