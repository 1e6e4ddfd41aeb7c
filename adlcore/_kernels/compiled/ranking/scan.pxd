"""The pass over the rows that finds everyone who may be selected."""

from .cut cimport Survivors
from .narrow cimport Goal


cdef struct Sieve:  # what is known of the cut before it is found
    bint everything  # nothing is known: every row but those of score -inf may be needed
    double threshold  # else no row below it is needed
    Py_ssize_t expected  # how many rows will pass it, about


cdef int estimate(const Goal* goal, Sieve* sieve) noexcept nogil
cdef int scan(
    const Goal* goal, const Sieve* sieve, Py_ssize_t start, Py_ssize_t stop, Survivors* survivors, Py_ssize_t* nan_row
) noexcept nogil
cdef int reserve(const Goal* goal, Survivors* survivors, Py_ssize_t capacity) noexcept nogil
cdef void release(Survivors* survivors) noexcept nogil
