"""Paths of marks: a fall that ends where it should, and files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.lab.shocks import PricePath, fall_marks

pytestmark = pytest.mark.files

BTC = adl.Contract("BTCUSDT", tick="0.1")
ETH = adl.Contract("ETHUSDT", tick="0.01")


@given(
    st.integers(0, 10**6),
    st.integers(1, 40),
    st.floats(0.01, 0.9),
    st.integers(0, 50),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_fall_ends_where_it_should(seed, passes, depth, jumps, jump_share, rebound):
    """The low is the depth, to a tick; contracts of a path with the same beta fall by the same share."""
    moved = [PricePath(BTC, "60000", "BTCUSDT", 1.0, 0.0), PricePath(ETH, "2500", "BTCUSDT", 1.0, 0.0)]
    rng = np.random.default_rng(seed)
    path = fall_marks(
        moved, rng, passes=passes, step=7, fall=depth, jumps=jumps, jump_share=jump_share, rebound=rebound
    )
    assert [time for time, _ in path] == [7 * number for number in range(1, passes + 1)]
    prices = np.array([float(marks["BTCUSDT"]) for _, marks in path])
    assert abs(prices.min() - 60000 * (1 - depth)) <= 0.1
    others = np.array([float(marks["ETHUSDT"]) for _, marks in path])
    assert np.abs(prices / 24 - others).max() <= 0.02
    if not rebound or passes < 4:
        assert (np.diff(prices) <= 0).all()
