"""The wallets nearest to liquidation: in which order, of whom, and what they hold."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin.nearest_wallets import nearest_wallets
from adlcore.lab import crowd


@pytest.fixture(scope="module")
def snapshot():
    """A crowd of every mode."""
    return crowd.snapshot(600, 8)


@pytest.mark.parametrize("top", [None, 0, 7])
def test_ratios_descend_and_ties_go_by_equity_then_row(snapshot, top):
    state, found = adl.margin_state(snapshot), nearest_wallets(snapshot, top=top)
    held = np.unique(snapshot.positions.wallet)
    keys = sorted(held.tolist(), key=lambda row: (-state.margin_ratio[row], state.equity[row], row))
    assert found.wallets.tolist() == keys[: top or None]
    assert found.holders == len(held)
    rows = [row for wallet in found.wallets for row in np.flatnonzero(snapshot.positions.wallet == wallet).tolist()]
    assert found.rows.tolist() == rows
    assert found.wallets[found.of].tolist() == snapshot.positions.wallet[rows].tolist()
    assert found.code.tolist() == snapshot.position_contract[rows].tolist()
    np.testing.assert_array_equal(found.liquidation, state.positions.liquidation_price(rows))
    np.testing.assert_array_equal(found.bankruptcy, state.positions.bankruptcy_price(rows))


def test_of_one_account(snapshot):
    account = snapshot.wallets.account[snapshot.positions.wallet[0]]
    found = nearest_wallets(snapshot, account=account, taker_fee="0.001")
    assert set(snapshot.wallets.account[found.wallets].tolist()) == {account}
    prices = adl.margin_state(snapshot).positions.liquidation_price(found.rows, taker_fee="0.001")
    np.testing.assert_array_equal(found.liquidation, prices)
