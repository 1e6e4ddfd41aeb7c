"""Crowds: balanced books of the modes that are asked for, the same for the same seed."""

import pytest

import adlcore as adl
from adlcore.clearing.snapshot.tables import MODES as WALLET_MODES
from adlcore.lab import crowd
from adlcore.lab.habits import SNAPSHOT_HABITS
from support.refusals import table


@pytest.mark.parametrize("mode", crowd.MODES)
def test_a_crowd_of_one_mode_is_whole_and_few_of_it_fail(mode):
    snapshot = crowd.snapshot(2_000, 7, modes=mode)
    snapshot.validate(strict=True)
    assert set(snapshot.wallets.mode.tolist()) == {WALLET_MODES.index("cross" if mode == "hedge" else mode)}
    assert 0 < adl.margin_state(snapshot).liquidatable.mean() < SNAPSHOT_HABITS.near_share
    assert snapshot == crowd.snapshot(2_000, 7, modes=[mode])
    assert snapshot != crowd.snapshot(2_000, 7, modes=mode, seed=8)


def test_a_third_of_the_contracts_is_inverse_for_as_long_as_there_are_coins():
    inverse = [contract.symbol for contract in crowd.snapshot(2, 40).contracts if contract.inverse]
    assert inverse == ["BTCUSD", "ETHUSD", "SOLUSD", "BNBUSD"]


test_what_no_crowd_can_be = table(
    (lambda: crowd.snapshot(1), "wallets is 1: must be a whole number, 2 or above"),
    (lambda: crowd.snapshot(True), "wallets is True: must be a whole number, 2 or above"),
    (lambda: crowd.snapshot(contracts=0), "contracts is 0: must be a whole number, 1 or above"),
    (lambda: crowd.snapshot(positions=-1), "positions is -1: must be a whole number, 0 or above"),
    (lambda: crowd.snapshot(seed=0.5), "seed is 0.5: must be a whole number, 0 or above"),
    (lambda: crowd.snapshot(modes="x"), "modes is 'x': must be of cross, isolated, hedge, multi-asset, portfolio"),
)
