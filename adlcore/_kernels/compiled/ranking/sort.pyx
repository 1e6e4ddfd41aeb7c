"""A stable sort of records by a 64-bit key: radix passes over the highest bits that differ.

Three passes of 11 bits separate almost all keys of a range. Runs that agree in those bits are short
and are finished by insertion; a long run (an outlier stretched the range) is sorted by its own
range in turn, twice at most.
"""

from libc.stdint cimport uint64_t
from libc.string cimport memcpy, memset

from ..numbers.types cimport cloned_int

cdef enum:
    DIGIT_BITS = 11
    BINS = 2048
    PASSES = 3
    SHORT = 128  # rows for which insertion is the quickest


cdef void insertion(Record* records, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef Record moved
    for i in range(1, n):
        moved = records[i]
        j = i
        while j > 0 and records[j - 1].key > moved.key:
            records[j] = records[j - 1]
            j -= 1
        records[j] = moved


cdef cloned_int key_range(const Record* records, Py_ssize_t n, uint64_t* lowest, uint64_t* highest) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint64_t low = records[0].key, high = records[0].key
    for i in range(n):
        low = records[i].key if records[i].key < low else low
        high = records[i].key if records[i].key > high else high
    lowest[0] = low
    highest[0] = high
    return 0


cdef int sort_records(Record* records, Record* scratch, Py_ssize_t n) noexcept nogil:
    """Sort by key, stable; `scratch` is as long as `records`."""
    cdef Py_ssize_t counts[PASSES][BINS]
    cdef Py_ssize_t i, start, total, in_digit
    cdef uint64_t low, high, code
    cdef int shift = 0, step, digit
    cdef Record* here = records
    cdef Record* there = scratch
    cdef Record* swapped
    if n <= SHORT:
        insertion(records, n)
        return 0
    key_range(records, n, &low, &high)
    high -= low
    if high == 0:
        return 0
    while high >> shift >> (DIGIT_BITS * PASSES):
        shift += 1

    memset(counts, 0, sizeof(counts))
    for i in range(n):
        code = (records[i].key - low) >> shift
        counts[0][code & (BINS - 1)] += 1
        counts[1][(code >> DIGIT_BITS) & (BINS - 1)] += 1
        counts[2][code >> (2 * DIGIT_BITS)] += 1
    for step in range(PASSES):
        if counts[step][(((here[0].key - low) >> shift) >> (DIGIT_BITS * step)) & (BINS - 1)] == n:
            continue
        total = 0
        for digit in range(BINS):
            in_digit = counts[step][digit]
            counts[step][digit] = total
            total += in_digit
        for i in range(n):
            digit = <int> ((((here[i].key - low) >> shift) >> (DIGIT_BITS * step)) & (BINS - 1))
            there[counts[step][digit]] = here[i]
            counts[step][digit] += 1
        swapped = here
        here = there
        there = swapped
    if here != records:
        memcpy(records, here, n * sizeof(Record))
    if shift == 0:
        return 0

    start = 0
    while start < n:
        i = start + 1
        code = (records[start].key - low) >> shift
        while i < n and (records[i].key - low) >> shift == code:
            i += 1
        if i - start > 1:
            sort_records(records + start, scratch + start, i - start)
        start = i
    return 0
