"""What wallets are like: each habit is seen in the books that are drawn by it."""

from dataclasses import asdict, replace

import numpy as np
import pytest

import adlcore as adl
from adlcore.lab.habits import SCENARIO_HABITS, SNAPSHOT_HABITS, CrowdContract, draw_crowd

LISTED = CrowdContract(adl.Contract("X", lot="0.01", tick="0.1", tiers=adl.MarginTiers([0], ["0.01"])), "100", 1.0, 1.0)


def drawn(**habits):
    habits = replace(SNAPSHOT_HABITS, **habits)
    return draw_crowd([LISTED], [], habits, wallets=500, positions=400, rng=np.random.default_rng(7))


def test_where_a_scenario_differs_from_a_snapshot():
    one, other = asdict(SNAPSHOT_HABITS), asdict(SCENARIO_HABITS)
    differ = {"coin_share", "worth_median", "worth_sigma", "largest", "near_share", "broke_share"}
    assert {name for name in one if one[name] != other[name]} == differ


def test_of_those_near_their_maintenance_margin_some_are_liquidatable():
    books = [drawn(modes={"cross": 1.0}, near_share=share, broke_share=0.0) for share in (0.0, 0.5, 1.0)]
    none, some, more = (adl.margin_state(snapshot).liquidatable.sum() for snapshot in books)
    assert 0 == none < some < more


def test_no_position_is_worth_more_than_the_largest_before_sides_are_balanced():
    snapshot = drawn(largest=1_000.0, worth_median=1e6)
    assert np.abs(snapshot.positions.quantity).max() <= 1_500
    assert int(snapshot.positions.quantity.sum()) == 0


def test_orders_close_positions_and_loans_are_in_usdt():
    snapshot = drawn(order_share=1.0, modes={"portfolio": 1.0}, loan_share=0.5)
    assert np.array_equal(snapshot.orders.quantity, -snapshot.positions.quantity)
    assert 0.3 < (snapshot.balances.loan > 0).mean() < 0.7
    assert drawn(order_share=0.0).orders.quantity.size == 0


def test_what_int64_cannot_hold_is_refused():
    with pytest.raises(adl.AdlError, match="smaller positions or larger lots would do"):
        drawn(worth_median=1e30, largest=1e30)
