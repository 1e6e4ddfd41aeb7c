"""Crowds as snapshots: sound, balanced, and with what they promise."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.lab import crowd

pytestmark = pytest.mark.files


@pytest.mark.parametrize("modes", [crowd.MODES, *([mode] for mode in crowd.MODES)], ids="+".join)
@pytest.mark.parametrize(("wallets", "contracts"), [(2, 1), (3, 2), (40, 7), (500, 13), (60, 40)])
def test_a_venue_is_sound_and_balanced(modes, wallets, contracts):
    for seed in range(3):
        snapshot = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
        snapshot.validate(strict=True)
        assert (len(snapshot.wallets), len(snapshot.contracts)) == (wallets, contracts)
        state = adl.margin_state(snapshot)
        assert np.isfinite(state.equity).all()
        again = crowd.snapshot(wallets, contracts, seed=seed, modes=modes)
        assert again == snapshot
        assert wallets < 40 or crowd.snapshot(wallets, contracts, seed=seed + 9, modes=modes) != snapshot


def test_a_venue_has_what_it_promises():
    snapshot = crowd.snapshot(20_000, 12)
    state = adl.margin_state(snapshot)
    wallets, positions = snapshot.wallets, snapshot.positions
    assert set(wallets.mode.tolist()) == {0, 1, 2, 3}
    assert {contract.kind for contract in snapshot.contracts} == {"linear", "inverse"}
    assert len(positions) == pytest.approx(40_000, rel=0.1)
    pairs = snapshot.position_contract * len(wallets) + positions.wallet
    assert (np.diff(np.sort(pairs)) == 0).sum() > 100  # hedged
    failed = np.flatnonzero(state.liquidatable)
    assert 0.003 < len(failed) / 20_000 < 0.03
    assert (state.equity[failed] < 0).any()
    assert (state.margin_ratio > 0.8).mean() > 0.01
    assert (wallets.balance >= 0).all()
    assert (snapshot.balances.loan > 0).any()
    assert len(snapshot.orders) > 500
    for contract in snapshot.contracts:
        notional = np.sort(state.market(contract).notional)[::-1]
        assert notional[: max(1, len(notional) // 100)].sum() > 0.2 * notional.sum()
    owners = wallets.account[wallets.mode == 1]
    assert np.isin(owners, wallets.account[wallets.mode != 1]).all()


def test_a_venue_of_cross_wallets_alone_takes_the_fast_path():
    snapshot = crowd.snapshot(2_000, 200, positions=10_000, modes=("cross",))
    assert not snapshot.has_valued
    assert (snapshot.wallets.mode == 0).all()
    assert len(snapshot.positions) == pytest.approx(10_000, rel=0.02)
    assert np.diff(snapshot.start).min() >= 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"wallets": 1}, "wallets is 1: must be a whole number, 2 or above"),
        ({"contracts": 0}, "contracts is 0"),
        ({"positions": -1}, "positions is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": True}, "seed is True"),
        ({"modes": ["spot"]}, "modes is 'spot': must be of cross, isolated"),
        ({"modes": []}, "modes is"),
    ],
)
def test_a_venue_that_cannot_be_is_refused(options, words):
    with pytest.raises(adl.AdlError, match=words):
        crowd.snapshot(**options)
