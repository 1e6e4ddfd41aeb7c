"""Money in Python integers and fractions: the twin of ``money.pyx``."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["ROUNDINGS", "exact_sum", "fill_values", "group_sums", "multiply_divide", "value_ticks"]

ROUNDINGS = {"half-even": 0, "toward-zero": 1, "up": 2, "down": 3}
_ROUND: tuple[Callable[[Fraction], int], ...] = (round, math.trunc, math.ceil, math.floor)

LOWEST, LARGEST = -(2**63), 2**63 - 1


def same_length(name: str, rows: int, wanted: int) -> None:
    """Refuse a column of another length."""
    if rows != wanted:
        raise ValueError(name, None, rows, f"must have {wanted} rows")


def exact_sum(values: Array) -> int:
    """The sum, which may leave int64."""
    return sum(_ints(values))


def group_sums(values: Array, group: Array, out: Array) -> int:
    """Write the sum of each group's values; the lowest group whose total leaves int64, or -1."""
    same_length("group", len(group), len(values))
    totals = [0] * len(out)
    for row, (value, k) in enumerate(zip(_ints(values), _ints(group), strict=True)):
        if not 0 <= k < len(out):
            raise ValueError("group", row, k, f"must be from 0 to {len(out) - 1}")
        totals[k] += value
    for k, total in enumerate(totals):
        if not LOWEST <= total <= LARGEST:
            return k
        out[k] = total
    return -1


def multiply_divide(value: Array, numerator: Array, denominator: Array, rounding: int, out: Array) -> int:
    """Write ``value·numerator/denominator``, rounded; the first row whose quotient leaves int64 or has none, or -1.

    Each of the three has a row for every row of ``out``, or one for all.
    """
    rounded = _rounding(rounding)
    columns = []
    for name, column in (("value", value), ("numerator", numerator), ("denominator", denominator)):
        if len(column) != 1:
            same_length(name, len(column), len(out))
        columns.append(_ints(np.broadcast_to(column, np.shape(out))))
    for row, (x, y, z) in enumerate(zip(*columns, strict=True)):
        quotient = rounded(Fraction(x * y, z)) if z else LARGEST + 1
        if not LOWEST <= quotient <= LARGEST:
            return row
        out[row] = quotient
    return -1


def fill_values(
    lots: Array, ticks: Array, group: Array, numerator: int, denominator: int, inverse: bool, out: Array
) -> int:
    """Write what fills are worth, in quanta: ``round(W_j) - round(W_{j-1})``, half-even.

    W_j is the exact sum of ``v(P_i)·lots_i`` from the first row of a run of equal ``group``, with
    v(P) = P·n/d, inverse -n/(d·P). Returns the first row whose value or round(W) leaves int64, or -1.
    """
    value_at_one = _fraction(numerator, denominator)
    for name, column in (("ticks", ticks), ("group", group), ("out", out)):
        same_length(name, len(column), len(lots))
    total, before, last = Fraction(0), 0, None
    for row, (q, tick, k) in enumerate(zip(_ints(lots), _ints(ticks), _ints(group), strict=True)):
        if tick < 1:
            raise ValueError("ticks", row, tick, "must be at least 1 tick")
        if k != last:
            total, before, last = Fraction(0), 0, k
        total += q * (-value_at_one / tick if inverse else value_at_one * tick)
        now = round(total)
        if not (LOWEST <= now <= LARGEST and LOWEST <= now - before <= LARGEST):
            return row
        out[row] = now - before
        before = now
    return -1


def value_ticks(
    value: Array, lots: Array, numerator: int, denominator: int, inverse: bool, rounding: int, out: Array
) -> None:
    """Write the price in ticks at which lots are worth a value: ``value·d/(lots·n)``, inverse ``-lots·n/(d·value)``.

    It is rounded, and held within int64. 0 where there are no lots; the largest where an inverse
    value has the sign of its lots, or is 0: no price is high enough.
    """
    value_at_one = _fraction(numerator, denominator)
    rounded = _rounding(rounding)
    for name, column in (("lots", lots), ("out", out)):
        same_length(name, len(column), len(value))
    for row, (v, q) in enumerate(zip(_ints(value), _ints(lots), strict=True)):
        if q == 0:
            price = 0
        elif not inverse:
            price = rounded(v / (q * value_at_one))
        elif v * q >= 0:
            price = LARGEST
        else:
            price = rounded(-q * value_at_one / v)
        out[row] = min(max(price, LOWEST), LARGEST)


def _ints(column: Array) -> list[int]:
    values: list[int] = np.asarray(column).tolist()
    return values


def _fraction(numerator: int, denominator: int) -> Fraction:
    for name, number in (("numerator", numerator), ("denominator", denominator)):
        if not 0 < number <= LARGEST:
            raise ValueError(name, None, number, "must be from 1 to 9223372036854775807")
    return Fraction(numerator, denominator)


def _rounding(rounding: int) -> Callable[[Fraction], int]:
    if rounding not in ROUNDINGS.values():
        raise ValueError("rounding", None, rounding, "must be one of ROUNDINGS")
    return _ROUND[rounding]
