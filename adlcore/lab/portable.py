"""Functions of drawn numbers that give the same bits with every NumPy, on every machine.

NumPy's own exponential and sum are as good as these, and differ in the last bit from one version or processor to
another. A drawn balance would then have a quantum more, here and there. Products, sums of two and powers of two are the
same bits everywhere, and so is what is made of them alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from .._support.arrays import FLOAT64, Float64Array1D, Int64Array1D

__all__ = ["balance_sides", "exponential", "logarithm", "total"]

#: The logarithm of 2, as the sum of a number with zeros at its end, whose multiples are exact, and what is left.
LOG2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
LOG2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
#: Of the Taylor series, the highest power first; what follows is less than half of the last bit for |x| <= log(2)/2.
SERIES = [1 / math.factorial(power) for power in range(13, -1, -1)]
#: Beyond it, and below minus it, a float64 is infinite, and 0.
MOST = 800.0


def exponential(powers: npt.ArrayLike) -> Float64Array1D:
    """e to the power of each number.

    Parameters
    ----------
    powers : float64[n]

    Returns
    -------
    float64[n]
        Within two units of the last place; infinite where it does not fit, 0 where it is too small.

    Notes
    -----
    ``e**x = 2**k · e**r`` with ``k = rint(x / log(2))`` and ``|r| <= log(2)/2``, and 14 terms of Taylor's series for
    ``e**r``. O(n).

    Examples
    --------
    >>> exponential([0.0, 1.0, -2.0, 710.0, -1e300]).tolist()
    [1.0, 2.7182818284590455, 0.1353352832366127, inf, 0.0]
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        clipped = np.clip(np.asarray(powers, FLOAT64), -MOST, MOST)
        twos = np.rint(clipped / math.log(2))
        rest = (clipped - twos * LOG2_HIGH) - twos * LOG2_LOW
        series = np.full_like(rest, SERIES[0])
        for factor in SERIES[1:]:
            series = series * rest + factor
        return np.asarray(np.ldexp(series, twos.astype(np.int32)), FLOAT64)


def logarithm(number: float) -> float:
    """The natural logarithm of one number, rounded once.

    Examples
    --------
    >>> logarithm(1.0), logarithm(0.7)
    (0.0, -0.35667494393873245)
    """
    return float(Decimal(number).ln())


def total(numbers: Iterable[float]) -> float:
    """The exact sum, rounded once.

    Examples
    --------
    >>> total([1e16, 1.0, -1e16])
    1.0
    """
    return math.fsum(numbers)


def balance_sides(
    lots: Int64Array1D, long: npt.NDArray[np.bool_], to_whole: Callable[[Float64Array1D], Float64Array1D]
) -> Int64Array1D:
    """Sizes with their signs, in place, of which longs and shorts hold equally many.

    The smaller side is scaled up, made whole by `to_whole`, and its largest row takes the remainder.

    Examples
    --------
    >>> balance_sides(np.array([1, 2, 7]), np.array([True, True, False]), np.floor).tolist()
    [2, 5, -7]
    """
    longs, shorts = int(lots[long].sum()), int(lots[~long].sum())
    if longs != shorts:
        rows = np.flatnonzero(long if longs < shorts else ~long)
        low, high = min(longs, shorts), max(longs, shorts)
        scaled = to_whole(np.asarray(lots[rows] * (high / low), FLOAT64)).astype(np.int64)
        scaled[scaled.argmax()] += high - int(scaled.sum())
        lots[rows] = scaled
    np.negative(lots, out=lots, where=~long)
    return lots
