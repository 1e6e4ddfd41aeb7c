"""Haircuts from 0 to 1: what is worth nothing as collateral weighs in full as a debt, and is not given away."""

from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin import withdraw
from support.margin_oracle import SlowMargin, several
from support.refusals import refused_at

USDT, DUST = adl.Asset("USDT", 8), adl.Asset("DUST", 8)
X = adl.Contract("X", settle=USDT, tick=1, tiers=adl.MarginTiers([0], ["0.05"]))


def equity(snapshot):
    return snapshot.assets[0].decimal(int(adl.margin_state(snapshot).equity[0]))


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_a_coin_that_is_not_counted_adds_nothing(mode):
    """14,000 FLOKI at 0.000032118265 with haircut 1; 3.136088934 BTC at 37496.76318, 2 %; 347974.9709 USDT at
    1.000296667, 0.1 %: 462,971.44577532."""
    snapshot = several(
        mode,
        {"FLOKI": "14000", "BTC": "3.136088934", "USDT": "347974.9709"},
        asset="USD",
        assets=[adl.Asset("USD"), adl.Asset("BTC", 9)],
        index_prices={"FLOKI": "0.000032118265", "BTC": "37496.76318", "USDT": "1.000296667"},
        haircuts={"FLOKI": 1, "BTC": "0.02", "USDT": "0.001"},
    )
    assert equity(snapshot) == "462971.44577532"


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_a_debt_in_a_coin_that_is_not_counted_weighs_in_full(mode):
    """-100 MEME at 2 beside 1,000 USDT: 800."""
    snapshot = several(mode, {"USDT": "1000", "MEME": "-100"}, index_prices={"MEME": "2"}, haircuts={"MEME": "1"})
    assert equity(snapshot) == "800.00000000"


@pytest.mark.parametrize("haircut", ["1.0", 1, 1.0, Decimal("1.000"), np.int64(1), np.float32(1)])
def test_one_is_a_haircut_however_it_is_written(haircut):
    snapshot = several(
        "multi-asset", {"USDT": "5", "DUST": "7"}, index_prices={"DUST": "3"}, haircuts={"DUST": haircut}
    )
    assert snapshot.haircuts[1] == 1
    assert equity(snapshot) == "5.00000000"


@pytest.mark.parametrize("name", ["haircuts", "loan_rates"])
@pytest.mark.parametrize("share", ["1.0000001", "-0.0000001", 2, -1])
def test_a_share_beyond_0_to_1_is_refused(name, share):
    terms = {"haircuts": None, "loan_rates": None, name: {"DUST": share}}
    with pytest.raises(adl.AdlError, match=rf"{name}\['DUST'\] is .*: must be a share, from 0 to 1"):
        several("portfolio", {"DUST": "1"}, index_prices={"DUST": "3"}, **terms)


def test_a_loan_at_a_rate_of_1_must_be_backed_whole():
    """300 borrowed of DUST at 2: a margin of 600 and a debt of 600 beside 1,000."""
    terms = {"loan_rates": {"DUST": 1}, "haircuts": {"DUST": 1}, "index_prices": {"DUST": "2"}}
    snapshot = several("portfolio", {"USDT": "1000", "DUST": {"amount": "0", "loan": "300"}}, **terms)
    state = adl.margin_state(snapshot)
    assert equity(snapshot) == "400.00000000"
    assert state.maintenance_margin[0] == 600 * 10**8


def test_it_is_kept_in_files_and_by_its_hash(tmp_path):
    snapshot = several("multi-asset", {"USDT": "5", "DUST": "7"}, index_prices={"DUST": "3"}, haircuts={"DUST": 1})
    snapshot.to_npz(tmp_path / "a.npz")
    assert adl.io.load(tmp_path / "a.npz") == snapshot


# Free margin ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_what_is_worth_nothing_leaves_freely_and_sets_nothing_free(mode):
    held = [{"contract": "X", "quantity": "10", "entry_price": "20", "leverage": 2}]
    terms = {"contracts": [X], "marks": {"X": "20"}, "index_prices": {"DUST": "3"}, "haircuts": {"DUST": 1}}
    snapshot = several(mode, {"USDT": "150", "DUST": "7"}, held, **terms)
    state = adl.margin_state(snapshot)
    # 10 at 20 with leverage 2: 100 of 150 are locked.
    assert state.free_margin[0] == 50 * 10**8
    assert state.free_margin[0] == SlowMargin(snapshot).free[0]
    assert adl.margin_state(withdraw(snapshot, 0, "7", "DUST")).free_margin[0] == 50 * 10**8
    refused_at(lambda: withdraw(snapshot, 0, "7.00000001", "DUST"), "amount", None, "at most what is there, 7.0")
    refused_at(lambda: withdraw(snapshot, 0, "50.00000001", "USDT"), "amount", None, "free margin of this wallet, 50.0")
    assert adl.margin_state(snapshot.deposit(0, "1000", "DUST")).free_margin[0] == 50 * 10**8


@pytest.mark.parametrize("short", [False, True])
def test_prices_of_positions_that_settle_in_what_is_not_counted(short):
    """Under portfolio margin profit in such a coin is worth nothing either: the margin alone moves.

    1,000 EUR at 1 beside 10 X at 20 (MM 10). Beyond 2,000 a lot the margin, 5 % of ten lots, is the 1,000.
    """
    dusty = adl.Contract("X", settle=DUST, tick=1, tiers=adl.MarginTiers([0], ["0.05"]))
    held = [{"contract": "X", "quantity": -10 if short else 10, "entry_price": "20"}]
    terms = {"contracts": [dusty], "marks": {"X": "20"}, "index_prices": {"DUST": "1"}, "haircuts": {"DUST": "1"}}
    snapshot = several("portfolio", {"USDT": "1000"}, held, **terms)
    price = float(adl.margin_state(snapshot).positions.liquidation_price([0])[0])
    if short:
        # A loss counts in full: 1000 - 10·(P - 20) = 0.5·P.
        assert price == pytest.approx(1200 / 10.5)
    else:
        # No fall costs 1,000: 10·20 = 200 at most. It is the margin that rises.
        assert price == pytest.approx(2000)
    for part, held in ((0.999, False), (1.001, True)):
        moved = adl.margin_state(snapshot)
        moved.mark({"X": f"{price * part:.6f}"})
        assert moved.liquidatable[0] == held
