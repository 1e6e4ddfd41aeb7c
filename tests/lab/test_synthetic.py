"""The synthetic market keeps the promises of its docstring."""

from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.lab import synthetic
from adlcore.report.facts.concentration import gini
from support.refusals import refused_for

COLUMNS = ("quantity", "entry_value", "equity", "balance", "maintenance_margin", "leverage", "account")


@pytest.fixture(scope="module")
def market():
    return synthetic.market(50_000)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(market):
    again, other = synthetic.market(50_000, seed=7), synthetic.market(50_000, seed=8)
    for name in COLUMNS:
        assert getattr(market, name).tobytes() == getattr(again, name).tobytes()
    assert market.mark_price == again.mark_price
    assert market.quantity.tobytes() != other.quantity.tobytes()


@pytest.mark.parametrize("positions", [2, 3, 5, 17, 1_000, 50_000])
@pytest.mark.parametrize("integral", [True, False])
def test_longs_and_shorts_hold_the_same_open_interest(positions, integral):
    for seed in range(5):
        quantity = synthetic.market(positions, seed=seed, integral=integral).quantity
        assert quantity.dtype == (np.int64 if integral else np.float64)
        assert len(quantity) == positions
        assert (np.abs(quantity) >= 1).all()
        assert quantity[quantity > 0].sum() == -quantity[quantity < 0].sum()


# Hyperliquid, 10 October 2025, closed notional by user: Gini 0.98, top user 15.7 %, top ten 45.8 %, top 1 % of the
# users 84.2 %.
def test_most_notional_is_in_few_accounts_as_on_10_october_2025():
    shares = []
    for seed in range(9):
        notional = np.sort(synthetic.market(19_337, seed=seed).notional)[::-1]
        top = np.cumsum(notional) / notional.sum()
        shares.append((gini(notional), top[0], top[9], top[192]))
    found = np.median(shares, axis=0)
    assert found[0] == pytest.approx(0.98, abs=0.01)
    assert 0.05 < found[1] < 0.25
    assert 0.30 < found[2] < 0.55
    assert 0.75 < found[3] < 0.90


def test_leverages_are_heavy_tailed_and_bounded(market):
    low, middle, high = np.quantile(market.leverage, [0.01, 0.5, 0.99])
    assert market.leverage.min() == 1.0
    assert market.leverage.max() == 40.0
    assert middle == pytest.approx(6.0, rel=0.05)
    assert high / middle > 5
    assert low < 1.01


def test_equity_is_positive_but_for_a_few_losers(market):
    under = market.equity <= 0
    assert 0 < under.mean() < 0.01
    assert (market.equity == 0).any()
    assert (market.equity < 0).any()
    assert (market.unrealized_pnl[under] < 0).all()
    solvent = ~under
    assert (market.equity[solvent] >= market.maintenance_margin[solvent]).all()
    assert (market.balance > 0).all()
    np.testing.assert_allclose(market.balance + market.unrealized_pnl, market.equity, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_shorts_win_after_the_crash_and_both_sides_hold_winners_and_losers(seed):
    market = synthetic.market(20_000, seed=seed)
    shorts = market.quantity < 0
    gains = market.unrealized_pnl > 0
    assert 0.6 < gains[shorts].mean() < 1
    assert 0 < gains[~shorts].mean() < 0.4
    assert 0.45 < shorts.mean() < 0.55
    assert np.median(np.abs(np.log(market.entry_price / float(market.mark_price)))) < 0.25


@pytest.mark.parametrize(
    "contract",
    [
        adl.Contract("LINEAR", lot="0.01", tick="0.05"),
        adl.Contract("INVERSE", kind="inverse", settle="BTC", multiplier="100", tick="0.5"),
        adl.Contract("QUANTO", kind="quanto", settle="BTC", multiplier="0.000001", tick="7"),
        adl.Contract("COARSE", tick="100000"),
        adl.Contract("NO GRID"),
    ],
    ids=lambda contract: contract.symbol,
)
def test_every_kind_of_contract_gets_a_market_on_its_tick(contract):
    market = synthetic.market(2_000, contract=contract)
    assert market.contract is contract
    if contract.tick is not None:
        assert Decimal(market.mark_price) % contract.tick == 0
    shorts = market.quantity < 0
    assert (market.unrealized_pnl > 0)[shorts].mean() > 0.6
    selection = market.deleverage(synthetic.whale(market, 0.02), "binance")
    assert selection.shortfall == 0
    assert shorts[selection.index].all()


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_every_rule_finds_its_columns(market, rule):
    if rule == "binance-portfolio":
        refused_for(lambda: market.deleverage(1, rule), "account_equity", "account_equity")
    else:
        assert market.deleverage(synthetic.whale(market), rule).shortfall == 0


@pytest.mark.parametrize("integral", [True, False])
@pytest.mark.parametrize("share", [1e-12, 0.001, 0.3, 1.0, 1.5])
def test_a_whale_is_a_long_of_that_share_of_the_shorts(integral, share):
    market = synthetic.market(3_000, integral=integral)
    interest = -market.quantity[market.quantity < 0].sum()
    quantity = synthetic.whale(market, share)
    assert type(quantity) is (int if integral else float)
    assert quantity == (max(1, round(interest * share)) if integral else interest * share)
    assert quantity > 0


@pytest.mark.parametrize("positions", [1, 0, -5, 2.5, True, "many"])
def test_too_few_positions_are_refused(positions):
    refused_for(lambda: synthetic.market(positions), "positions", "positions is")


@pytest.mark.parametrize("seed", [-1, 0.5, None])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    refused_for(lambda: synthetic.market(10, seed=seed), "seed", "seed is")


@pytest.mark.parametrize("share", [0.0, -0.1, float("nan"), float("inf")])
def test_a_share_that_is_not_above_zero_is_refused(share):
    refused_for(lambda: synthetic.whale(synthetic.market(10), share), "share", "share is")
