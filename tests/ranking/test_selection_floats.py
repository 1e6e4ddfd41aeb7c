"""Float quantities: sums are exact and rounded once, and the list ends where they reach the target."""

import math
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from support import zoo

NASTY = {
    "1e16 + 1.0 many times": [1e16, *[1.0] * 50],
    "tenths": [0.1] * 100,
    "multiples of a tenth": [0.1 * k for k in range(1, 80)],
    "exponents from 1e-300 to 1e300": [10.0**k for k in range(300, -301, -12)],
    "exponents ascending": [10.0**k for k in range(-300, 301, 12)],
    "denormals": [zoo.TINY * k for k in (3, 1, 4, 1, 5, 9, 2, 6)] * 4,
    "ties of rounding": [2.0**53, 1.0, 1.0, 2.0**-60, 1.0, 2.0**54, 2.0],
    "half and half": [0.5, 2.0**-53, 2.0**-54, 2.0**-53, 1e-30] * 5,
}


@pytest.mark.parametrize("name", NASTY)
def test_float_sums_are_exact_and_rounded_once(name):
    size = NASTY[name]
    score = -np.arange(len(size), dtype=float)
    sums = [math.fsum(size[: k + 1]) for k in range(len(size))]
    wanted = {0.0, zoo.TINY, sums[-1] * 0.5, sums[-1] * 2}
    for value in sums:
        wanted |= {value, math.nextafter(value, 0.0), math.nextafter(value, math.inf), value * 0.999}
    for target in sorted(wanted):
        s = adl.select(score, size, target)
        k = next((i for i, value in enumerate(sums) if value >= target), len(size) - 1)
        if target <= 0:
            assert len(s) == 0
            continue
        assert s.index.tolist() == list(range(k + 1))
        before = sums[k - 1] if k else 0.0
        last = min(size[k], target - before) if sums[k] >= target else size[k]
        assert s.quantity.tolist() == [*size[:k], last]
        assert s.filled == min(sums[k], target)
        assert s.shortfall == target - s.filled


def test_float_sums_do_not_depend_on_the_order_of_the_rows_beyond_ties():
    rng = np.random.default_rng(0)
    size, score = zoo.sizes("wide exponents", 200), rng.permutation(200).astype(float)
    order = rng.permutation(200)
    for share in (0.1, 0.7, 1.0):
        target = zoo.total(size) * share
        one, other = adl.select(score, size, target), adl.select(score[order], size[order], target)
        assert order[other.index].tolist() == one.index.tolist()
        assert (one.filled, one.quantity.tolist()) == (other.filled, other.quantity.tolist())


def test_a_hundred_thousand_tenths_have_no_drift():
    n = 100_000
    s = adl.select(np.zeros(n), np.full(n, 0.1), 5_000.0)
    k = next(k for k in range(49_990, 50_010) if float(Fraction(0.1) * k) >= 5_000.0)
    assert len(s) == k
    assert s.index.tolist() == list(range(k))
    assert s.filled == 5_000.0


def test_sums_beyond_float64_are_infinite_and_cover_any_target():
    s = adl.select([3.0, 2.0, 1.0], [1e308, 1e308, 1e308], 1.5e308)
    assert zoo.pairs(s) == [(0, 1e308), (1, 1.5e308 - 1e308)]
    assert adl.select([3.0, 2.0, 1.0], [1e308] * 3, 1.7e308).index.tolist() == [0, 1]
