"""Drawn numbers: exponentials, logarithms and sums that are the same bits everywhere."""

import hashlib
from decimal import Decimal

import numpy as np
import pytest

from adlcore.lab.portable import balance_sides, exponential, logarithm, total

pytestmark = pytest.mark.plain

GRID = np.arange(-4000, 4000) / 8


def test_an_exponential_is_within_two_units_of_the_last_place():
    found = exponential(GRID)
    right = np.array([float(Decimal(x).exp()) for x in GRID.tolist()])
    assert np.all(np.abs(found - right) <= 2 * np.spacing(right))


def test_an_exponential_has_the_same_bits_everywhere():
    """NumPy's own has others from version to version."""
    digest = hashlib.sha256(exponential(GRID).astype("<f8").tobytes()).hexdigest()
    assert digest == "b8a90e36d1a5c20efc72917309e5e05bb916518567ddae7598fa50af16449835"


@pytest.mark.parametrize(
    ("power", "right"),
    [(0.0, 1.0), (-0.0, 1.0), (710.0, np.inf), (np.inf, np.inf), (-746.0, 0.0), (-np.inf, 0.0), (-745.0, 5e-324)],
)
def test_ends_of_the_exponential(power, right):
    assert exponential(power) == right


def test_what_is_no_number_stays_none():
    assert np.isnan(exponential([np.nan, 1.0])).tolist() == [True, False]


def test_a_logarithm_and_a_sum_are_rounded_once():
    share = 0.7
    assert logarithm(share) == float(Decimal(share).ln())
    assert total([0.1] * 10) == 1.0
    assert total(np.array([1e16, 1.0, -1e16])) == 1.0


@pytest.mark.parametrize("to_whole", [np.floor, np.rint, np.ceil])
@pytest.mark.parametrize("long", [[True, False, False, True], [False, False, False, True]])
def test_longs_and_shorts_hold_equally_many_however_a_side_is_made_whole(to_whole, long):
    lots = np.array([3, 10, 1, 2])
    signed = balance_sides(lots.copy(), np.array(long), to_whole)
    assert signed.sum() == 0
    assert np.array_equal(signed > 0, long)
    assert (np.abs(signed) >= lots).all()
