"""The counted rows of a column of scores in the order of a queue, by a radix sort of (score, row).

A row whose score is NaN is not counted.
"""

from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free

from ..numbers.money cimport same_length
from ..numbers.types cimport grow
from .sort cimport Record, sort_records


cdef class Ordered:
    """The counted rows of a column in queue order."""

    def __cinit__(self, const double[::1] score not None, const int64_t[::1] tie):
        cdef Py_ssize_t i, n = score.shape[0]
        cdef Record* scratch
        if tie is not None:
            same_length("tie", tie.shape[0], n)
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
