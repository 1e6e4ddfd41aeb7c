"""Indicator levels: how far in front a row stands, in a few steps.

By count no sort is needed. A sample brackets each score at which a level begins; one pass counts
what lies below the brackets and collects what lies inside; among those the border is found exactly;
a second pass compares every score with the borders. By weight the queue is sorted and walked.
"""

from libc.math cimport INFINITY, ceil, sqrt
from libc.stdint cimport int8_t, int64_t, uint8_t, uint64_t
from libc.stdlib cimport free

from ..numbers.money cimport same_length
from ..numbers.sums cimport Exact, add, clear, rounded
from ..numbers.types cimport cloned_int, grow, lowest_byte
from .queue_order cimport Ordered, score_key
from .sort cimport Record, sort_records

cdef enum:
    BLOCK = 128  # rows that are counted together
    WORDS = 16  # of their flags
    FEWEST = 16384  # rows below which a sort is as quick
    MOST_BORDERS = 15  # borders above which a sort is as quick
    SAMPLE_SHARE = 64


cdef struct Bracket:
    double low
    double high
    int64_t below_low  # rows < low
    int64_t upto_low  # rows <= low
    int64_t below_high
    int64_t upto_high
    Py_ssize_t inside  # rows collected, low < score < high
    Record* collected


cdef cloned_int count_around(const double* score, Py_ssize_t n, Bracket* b) noexcept nogil:
    """Count a block against a bracket; whether a score lies inside."""
    cdef Py_ssize_t i
    cdef double low = b.low, high = b.high
    cdef int64_t below_low = 0, upto_low = 0, below_high = 0, upto_high = 0
    for i in range(n):
        below_low += score[i] < low
        upto_low += score[i] <= low
        below_high += score[i] < high
        upto_high += score[i] <= high
    b.below_low += below_low
    b.upto_low += upto_low
    b.below_high += below_high
    b.upto_high += upto_high
    return below_high > upto_low


cdef cloned_int flag_inside(const double* score, Py_ssize_t n, double low, double high, uint8_t* flags) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        flags[i] = (score[i] > low) & (score[i] < high)
    return 0


cdef void collect(const double* score, Py_ssize_t start, Py_ssize_t n, Bracket* b) noexcept nogil:
    """Copy the rows of a block that lie inside the bracket; they are few, so eight flags are looked at together."""
    cdef uint64_t[WORDS] flags
    cdef Py_ssize_t word, i
    cdef uint64_t rest
    flags[(n - 1) >> 3] = 0
    flag_inside(score + start, n, b.low, b.high, <uint8_t*> flags)
    for word in range((n + 7) >> 3):
        rest = flags[word]
        while rest:
            i = start + 8 * word + lowest_byte(rest)
            rest &= rest - 1
            b.collected[b.inside].key = score_key(score[i])
            b.collected[b.inside].place = <uint64_t> i
            b.inside += 1


cdef cloned_int count_numbers(const double* score, Py_ssize_t n, int64_t* count) noexcept nogil:
    cdef Py_ssize_t i
    cdef int64_t numbers = 0
    for i in range(n):
        numbers += score[i] == score[i]
    count[0] += numbers
    return 0


cdef cloned_int compare(
    const double* score, Py_ssize_t n, const double* border, int borders, int8_t* out
) noexcept nogil:
    """Level 1, and one more for each border that is reached; 0 for -inf and NaN."""
    cdef Py_ssize_t i
    cdef int b
    cdef double[BLOCK] level
    cdef double x
    for i in range(n):
        level[i] = 1.0
    for b in range(borders):
        x = border[b]
        for i in range(n):
            level[i] += 1.0 if score[i] >= x else 0.0
    for i in range(n):
        out[i] = <int8_t> (level[i] if score[i] > -INFINITY else 0.0)
    return 0


cdef bint set_brackets(const double* score, Py_ssize_t rows, int levels, Bracket* brackets) noexcept nogil:
    """Bracket each border by order statistics of a sample; whether that was possible."""
    cdef Py_ssize_t n = rows // SAMPLE_SHARE, i, row, count = 0, low, high
    cdef int b
    cdef double share, spread
    cdef uint64_t mix
    cdef Record* sample = <Record*> grow(NULL, 2 * n * sizeof(Record))
    if sample == NULL:
        return False
    for i in range(n):
        # A place within each stretch that follows no period of the data.
        mix = (<uint64_t> i + 1) * <uint64_t> 0x9E3779B97F4A7C15
        row = i * SAMPLE_SHARE + <Py_ssize_t> (mix >> 58)
        if score[row] == score[row]:
            sample[count].key = score_key(score[row])
            sample[count].place = <uint64_t> row
            count += 1
    sort_records(sample, sample + n, count)
    for b in range(levels - 1):
        share = 1.0 - (b + 1.0) / levels  # the sample descends
        spread = 4 * sqrt(count * share * (1 - share)) + 4
        low = <Py_ssize_t> (count * share + spread)
        high = <Py_ssize_t> (count * share - spread)
        if low >= count or high < 0:
            free(sample)
            return False
        brackets[b].low = score[sample[low].place]
        brackets[b].high = score[sample[high].place]
    free(sample)
    return True


cdef bint find_borders(
    const double* score, Py_ssize_t rows, int levels, Bracket* brackets, double* border
) noexcept nogil:
    """The lowest score of each level from the second on; False where the sample misled or memory is short."""
    cdef Py_ssize_t start = 0, n, room = rows // 16
    cdef int b
    cdef int64_t counted = 0, k
    cdef Bracket* at
    for b in range(levels - 1):
        brackets[b].collected = <Record*> grow(NULL, 2 * (room + BLOCK) * sizeof(Record))
        if brackets[b].collected == NULL:
            return False
    while start < rows:
        n = min(rows - start, <Py_ssize_t> BLOCK)
        count_numbers(score + start, n, &counted)
        for b in range(levels - 1):
            at = &brackets[b]
            if count_around(score + start, n, at):
                if at.inside > room:
                    return False
                collect(score, start, n, at)
        start += n
    for b in range(levels - 1):
        at = &brackets[b]
        # A row reaches level b + 2 iff more than counted·(b + 1)/levels rows stand at or below it.
        k = counted * (b + 1) // levels
        if k < at.below_low or k >= at.upto_high:
            return False
        if k < at.upto_low:
            border[b] = at.low
        elif k >= at.below_high:
            border[b] = at.high
        elif not 0 <= k - at.upto_low < at.inside:
            return False  # the column was written to meanwhile
        else:
            sort_records(at.collected, at.collected + at.inside, at.inside)
            border[b] = score[at.collected[at.inside - 1 - (k - at.upto_low)].place]
    return True


cdef int check_levels(int levels) except -1:
    """Refuse what int8 cannot hold."""
    if not 1 <= levels <= 127:
        raise ValueError("levels", None, levels, "must be a whole number from 1 to 127")
    return 0


def levels_by_count(const double[::1] score not None, int levels, int8_t[::1] out not None):
    """Write ``ceil(levels·quantile)``, exact: see ``levels.pyi``."""
    cdef Bracket[MOST_BORDERS] brackets
    cdef double[MOST_BORDERS] border
    cdef Py_ssize_t rows = score.shape[0], start = 0, n
    cdef bint bracketed = False
    cdef int b
    same_length("out", out.shape[0], rows)
    check_levels(levels)
    if rows >= FEWEST and levels - 1 <= MOST_BORDERS:
        for b in range(levels - 1):
            brackets[b] = Bracket(0, 0, 0, 0, 0, 0, 0, NULL)
        with nogil:
            bracketed = set_brackets(&score[0], rows, levels, brackets)
            bracketed = bracketed and find_borders(&score[0], rows, levels, brackets, border)
            for b in range(levels - 1):
                free(brackets[b].collected)
    if not bracketed:
        levels_by_sort(score, levels, out)
        return
    with nogil:
        while start < rows:
            n = min(rows - start, <Py_ssize_t> BLOCK)
            compare(&score[start], n, border, levels - 1, &out[start])
            start += n


cdef int levels_by_sort(const double[::1] score, int levels, int8_t[::1] out) except -1:
    cdef Ordered queue = Ordered(score, None)
    cdef Py_ssize_t i, n = queue.count, first = 0
    cdef int level
    cdef uint64_t last = score_key(-INFINITY)
    with nogil:
        if n < score.shape[0]:
            out[:] = 0
        for i in range(n):
            if i == 0 or queue.records[i].key != queue.records[first].key:
                first = i
                level = <int> ((levels * (n - i) + n - 1) // n)
                if queue.records[i].key == last:
                    level = 0
            out[queue.records[i].place] = <int8_t> level
    return 0


ctypedef fused weight_t:
    int64_t
    double


def levels_by_weight(
    const double[::1] score not None, const weight_t[::1] weights not None, int levels, int8_t[::1] out not None,
    const int64_t[::1] tie=None
):
    """Write ``levels + 1 - ceil(levels·W_front/W)``: see ``levels.pyi``."""
    cdef Ordered queue = Ordered(score, tie)
    cdef Py_ssize_t i, row, rows = score.shape[0]
    cdef int part = 1
    cdef int64_t[128] border
    cdef int64_t front = 0
    cdef uint64_t last = score_key(-INFINITY)
    cdef double whole, scale
    cdef Exact total
    same_length("weights", weights.shape[0], rows)
    same_length("out", out.shape[0], rows)
    check_levels(levels)
    out[:] = 0
    clear(&total)
    for i in range(queue.count):
        if weight_t is int64_t:
            front += weights[queue.records[i].place]
        else:
            add(&total, weights[queue.records[i].place])
    if weight_t is int64_t:
        # More than p parts of the whole stand in front once their lots exceed
        # floor(p·whole/levels).
        for i in range(1, levels + 1):
            border[i] = int(front) * int(i) // levels
        front = 0
    else:
        whole = rounded(&total)
        if whole == INFINITY:
            raise ValueError("weights", None, whole, "their sum must be a float64")
        # Exact: near the largest float64 a product with levels would overflow.
        scale = 0.0078125 if whole > 1e300 else 1.0
        whole *= scale
        clear(&total)
    with nogil:
        for i in range(queue.count):
            row = <Py_ssize_t> queue.records[i].place
            if weight_t is int64_t:
                front += weights[row]
                while part < levels and front > border[part]:
                    part += 1
            else:
                add(&total, weights[row])
                part = <int> ceil((levels * (rounded(&total) * scale)) / whole) if whole > 0 else 1
                part = max(part, 1)
            if queue.records[i].key != last:
                out[row] = <int8_t> (levels + 1 - part)
