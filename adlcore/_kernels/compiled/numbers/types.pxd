"""The few types that kernels share."""

from libc.stdint cimport int64_t

cdef extern from "adl_simd.h":
    # The result type of a loop that is compiled for several levels of the machine; see adl_simd.h.
    ctypedef int cloned_int "ADL_CLONES int"
    # The lowest byte that is not zero of a word that is not; bytes are counted as little-endian memory has them.
    int lowest_byte "adl_lowest_byte" (unsigned long long word) nogil

cdef extern from "adl_memory.h":
    # realloc for working memory; free() frees it.
    void* grow "adl_grow" (void* old, size_t size) nogil
    # Ask for a line of memory that will be read soon.
    void prefetch "adl_prefetch" (const void* address) nogil

# A column of quantities, and a column of money: lots or float64, quanta or units.
ctypedef fused quantity_t:
    double
    int64_t

ctypedef fused money_t:
    double
    int64_t
