"""What one would write in numba: a fused score loop, and a heap that keeps the covering prefix."""

import numba
import numpy as np


@numba.njit(inline="always")
def _score(quantity, entry_value, equity, value_per_lot):
    mark = quantity * value_per_lot
    pnl, notional = mark - entry_value, abs(mark)
    if equity <= 0:
        return -np.inf
    return pnl / equity if pnl >= 0 else (pnl / notional) * (equity / notional)


@numba.njit(error_model="numpy")
def scores(quantity, entry_value, equity, value_per_lot):
    """Rows, scores and sizes of the shorts."""
    count = 0
    for row in range(len(quantity)):
        count += quantity[row] < 0
    rows, score, size = np.empty(count, np.int64), np.empty(count), np.empty(count, quantity.dtype)
    at = 0
    for row in range(len(quantity)):
        if quantity[row] < 0:
            rows[at] = row
            score[at] = _score(quantity[row], entry_value[row], equity[row], value_per_lot)
            size[at] = -quantity[row]
            at += 1
    return rows, score, size


@numba.njit(inline="always")
def _after(score, row, other_score, other_row):
    """Whether a row stands behind another in the queue."""
    return score < other_score or (score == other_score and row > other_row)


@numba.njit(error_model="numpy")
def heap(quantity, entry_value, equity, value_per_lot, target):
    """Rows that cover the target, the last in the queue at the root; in no order."""
    count = 0
    for row in range(len(quantity)):
        count += quantity[row] < 0
    rows, score, size = np.empty(count, np.int64), np.empty(count), np.empty(count, quantity.dtype)
    used, total = 0, quantity[:1].sum() * 0
    for row in range(len(quantity)):
        if quantity[row] >= 0:
            continue
        value = _score(quantity[row], entry_value[row], equity[row], value_per_lot)
        if value == -np.inf or (total >= target and used and value <= score[0]):
            continue
        at = used
        used += 1
        total -= quantity[row]
        while at > 0:
            up = (at - 1) // 2
            if not _after(value, row, score[up], rows[up]):
                break
            score[at], rows[at], size[at] = score[up], rows[up], size[up]
            at = up
        score[at], rows[at], size[at] = value, row, -quantity[row]
        while used > 1 and total - size[0] >= target:
            total -= size[0]
            used -= 1
            _sift(score, rows, size, used)
    return rows[:used], score[:used], size[:used]


@numba.njit
def _sift(score, rows, size, used):
    """Put the last element where the root was, and down to its place."""
    last_score, last_row, last_size = score[used], rows[used], size[used]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= used:
            break
        if down + 1 < used and _after(score[down + 1], rows[down + 1], score[down], rows[down]):
            down += 1
        if not _after(score[down], rows[down], last_score, last_row):
            break
        score[at], rows[at], size[at] = score[down], rows[down], size[down]
        at = down
    score[at], rows[at], size[at] = last_score, last_row, last_size


@numba.njit(error_model="numpy")
def margins(start, quanta_per_lot, first, floor, rate, amount, quantity, entry_value, wallet, balance):
    """Equity and maintenance margin of every wallet, side by side in one row each."""
    sums = np.empty((len(balance), 2), np.int64)
    for row in range(len(balance)):
        sums[row, 0] = balance[row]
        sums[row, 1] = 0
    for k in range(len(quanta_per_lot)):
        for row in range(start[k], start[k + 1]):
            mark = np.rint(quantity[row] * quanta_per_lot[k])
            size, tier = abs(mark), first[k]
            while tier + 1 < first[k + 1] and size >= floor[tier + 1]:
                tier += 1
            sums[wallet[row], 0] += np.int64(mark) - entry_value[row]
            sums[wallet[row], 1] += np.int64(np.rint(size * rate[tier] - amount[tier]))
    return sums[:, 0], sums[:, 1]
