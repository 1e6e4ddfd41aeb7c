"""Who may be selected, and in which order among equals."""

from libc.stdint cimport int64_t, uint8_t

from .narrow cimport Goal
from .score cimport Source


cdef class Candidates:
    cdef Goal goal  # but for how much is wanted of them
    cdef readonly int side
    cdef readonly object tie
    # What `goal` points to.
    cdef Source source
    cdef const uint8_t[::1] excluded
    cdef const int64_t[::1] ties
