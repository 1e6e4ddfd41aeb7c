"""Lorenz curves, Gini coefficients and shares of the largest."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.report.facts import concentration


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=40).filter(any))
def test_gini_is_half_the_mean_difference_over_the_mean(amounts):
    n, total = len(amounts), sum(amounts)
    difference = sum(abs(a - b) for a in amounts for b in amounts) / (n * n)
    assert concentration.gini(amounts) == pytest.approx(difference / (2 * total / n), abs=1e-9)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any))
def test_a_lorenz_curve_rises_below_the_diagonal_and_its_area_is_the_gini_coefficient(amounts):
    x, y = concentration.lorenz(amounts)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    assert all(b >= a for a, b in pairwise(y.tolist()))
    assert (y <= x + 1e-12).all()
    area = sum((b + a) / 2 / len(amounts) for a, b in pairwise(y.tolist()))
    assert 1 - 2 * area == pytest.approx(concentration.gini(amounts), abs=1e-9)


def test_a_lorenz_curve_of_many_is_thinned_but_keeps_its_ends():
    amounts = np.arange(1000)
    x, y = concentration.lorenz(amounts, 50)
    assert len(x) == 50
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    full = dict(zip(*(column.tolist() for column in concentration.lorenz(amounts)), strict=True))
    assert all(full[a] == b for a, b in zip(x.tolist(), y.tolist(), strict=True))


@pytest.mark.parametrize("amounts", [[1.0, -2.0], [float("nan")]])
def test_amounts_below_zero_are_refused(amounts):
    with pytest.raises(adl.AdlError, match=r"amounts\[\d\] is .*: must be 0 or above"):
        concentration.gini(amounts)


def test_nobody_has_no_gini_coefficient():
    assert np.isnan(concentration.gini([]))
    assert np.isnan(concentration.top_share([0, 0], 1))
    assert [part.tolist() for part in concentration.lorenz([0, 0])] == [[0, 1], [0, 1]]
