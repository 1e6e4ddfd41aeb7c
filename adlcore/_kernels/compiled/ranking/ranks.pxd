"""The counted rows of a column of scores, sorted."""

from .sort cimport Record


cdef class Ordered:
    cdef Record* records
    cdef Py_ssize_t count
