"""Writing a selection out."""

from libc.stdint cimport int64_t

from .cut cimport Survivors


cdef Py_ssize_t copy_rows(
    const Survivors* part, int64_t row, int64_t* rows, int64_t* sizes, double* scores
) noexcept nogil
cdef int64_t count_range(const Survivors* part, double lowest, double below) noexcept nogil
cdef int write_sorted(
    const Survivors* parts, int n_parts, double lowest, double below, Py_ssize_t count,
    int64_t* rows, int64_t* sizes, double* scores
) noexcept nogil
