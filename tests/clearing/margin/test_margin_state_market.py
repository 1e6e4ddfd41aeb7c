"""The positions of a contract as a market, with the money of their wallets."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import margin
from adlcore.clearing.margin.margin_state import kept_margin_state
from support import books, house_books, zoo
from support.books import UNIT, small_snapshot, valued_snapshot
from support.house_books import linear
from support.refusals import refused_at

#: Of the wallets of the rows in BTCUSDT, by hand. Equity: Ann −2,000 and +789 beside, Bob 0 and +211, Cat +900 and
#: +400; Ann's isolated short alone −100. Margin: Ann 58,000·0.5 % − 50 and 60,211·0.5 % − 50, and so on.
EQUITY = np.array([4_789, 9_211, 5_300, 5_300, 600]) * UNIT
BALANCE = np.array([6_000, 9_000, 4_000, 4_000, 700]) * UNIT
MARGIN = np.array([491_055, 607_055, 303_800, 303_800, 23_200]) * (UNIT // 1000)


def test_a_market_shares_the_memory_of_the_snapshot():
    snapshot = small_snapshot()
    for symbol, code in (("BTCUSDT", 0), ("ETHUSDT", 1), ("BTCUSD", 2)):
        market = margin.market(snapshot, symbol)
        assert market.contract == snapshot.contracts[code]
        assert market.mark_price == snapshot.marks[code]
        for name, table in (("quantity", "quantity"), ("entry_value", "entry_value"), ("tie", "wallet")):
            column = getattr(snapshot.positions, table)
            assert np.shares_memory(getattr(market, name), column), name
            np.testing.assert_array_equal(getattr(market, name), column[snapshot.rows(code)])


def test_money_of_a_market_is_that_of_each_rows_wallet():
    market = margin.market(small_snapshot(), "BTCUSDT")
    assert market.account.tolist() == ["ann", "bob", "cat", "cat", "ann"]
    assert market.equity.tolist() == EQUITY.tolist()
    assert market.account_equity.tolist() == market.equity.tolist()
    assert market.balance.tolist() == BALANCE.tolist()
    assert market.maintenance_margin.tolist() == MARGIN.tolist()
    assert market.unrealized_pnl.tolist() == [-2_000.0, 0.0, 900.0, 400.0, -100.0]


def test_a_market_has_leverage_only_where_somebody_chose_one():
    snapshot = small_snapshot(positions={"leverage": [20.0, 0, 0, 0, 20.0, 0, 0, 0, 3.0]})
    market = margin.market(snapshot, "BTCUSDT")
    assert market.leverage.tolist() == [20.0, 0.0, 0.0, 0.0, 20.0]
    assert np.shares_memory(market.leverage, snapshot.positions.leverage)
    assert margin.market(snapshot, "ETHUSDT").leverage is None


@pytest.mark.parametrize("rule", [rule for rule in adl.RankingRule.names() if rule not in ("gate", "bitget", "bybit")])
def test_ranks_are_those_of_a_market_made_by_hand(rule):
    by_hand = adl.Market(
        books.BTC,
        mark_price="58000",
        quantity=[1_000, -1_400, 900, -400, -100],
        entry_value=np.array([60_000, -81_200, 51_300, -23_600, -5_700]) * UNIT,
        equity=EQUITY,
        account_equity=EQUITY,
        balance=BALANCE,
        maintenance_margin=MARGIN,
        tie=[0, 1, 2, 2, 3],
        account=["ann", "bob", "cat", "cat", "ann"],
    )
    market = margin.market(small_snapshot(), books.BTC)
    np.testing.assert_array_equal(market.score(rule), by_hand.score(rule))
    np.testing.assert_array_equal(market.rank(rule), by_hand.rank(rule))
    zoo.same_selection(market.deleverage(1_000, rule), by_hand.deleverage(1_000, rule))


def test_a_valued_wallet_is_converted_to_the_settle_asset():
    snapshot = valued_snapshot()
    linear, inverse = margin.market(snapshot, "BTCUSDT"), margin.market(snapshot, "BTCUSD")
    # Mia: 5,000 + 0.1·58,000·0.95 = 10,510, and 1,000 unrealized.
    assert (linear.balance[0], linear.equity[0]) == (10_510 * UNIT, 11_510 * UNIT)
    assert inverse.equity[0] == round(int(linear.equity[1]) / 58_000)
    assert inverse.equity.tolist()[1] == 2 * UNIT + UNIT * 200 * 100 // 58_000 + 1 - UNIT // 3


def test_a_market_of_an_unknown_or_unmarked_contract_is_refused():
    refused_at(
        lambda: margin.market(small_snapshot(), "DOGE"), "contract", None, ("'DOGE'", "BTCUSDT, ETHUSDT, BTCUSD")
    )
    refused_at(lambda: margin.market(valued_snapshot(), "ETHUSDT"), "marks", None, "'ETHUSDT'")


def test_a_snapshots_market_needs_no_tiers():
    books = house_books.snapshot([linear(tiers=None)], [50, 9], [("X", 0, 10, 4), ("X", 1, -10, -10)], ["1"])
    market = margin.market(books, "X")
    assert (market.quantity.tolist(), market.equity.tolist()) == ([10, -10], [56, 9])
    assert market.maintenance_margin is None
    assert market.rank("binance").tolist() == [1, 1]


def test_a_market_of_a_contract_without_tiers_has_no_maintenance_margin():
    plain = [adl.Contract("BTCUSDT", lot="0.001"), *books.CONTRACTS[1:]]
    market = margin.market(small_snapshot(contracts=plain), "BTCUSDT")
    assert market.maintenance_margin is None
    assert market.deleverage(1, "binance").filled == 1


def test_a_market_has_no_maintenance_margin_where_that_of_another_contract_is_not_known():
    tiers = adl.MarginTiers([0], ["0.05"])
    rows = [("ann", "X", 1), ("ann", "Y", 1), ("bob", "X", -1), ("bob", "Y", -1)]
    snapshot = adl.Snapshot.build(
        [adl.Contract("X", tiers=tiers), adl.Contract("Y")],
        {"account": ["ann", "bob"], "balance": ["100", "100"]},
        [{"account": a, "contract": c, "quantity": q, "entry_price": 10} for a, c, q in rows],
        {"X": "10", "Y": "10"},
    )
    assert margin.market(snapshot, "X").maintenance_margin is None
    for call in (adl.margin_state, lambda snapshot: margin.withdraw(snapshot, 0, "1")):
        refused_at(lambda call=call: call(snapshot), "contracts", 1, "'Y': must have margin tiers")


def test_the_margin_of_a_snapshot_is_computed_once():
    snapshot = small_snapshot()
    assert kept_margin_state(snapshot) is kept_margin_state(snapshot)
    assert kept_margin_state(snapshot.deposit(0, 1)) is not kept_margin_state(snapshot)
    refused_at(lambda: margin.market({}, "BTCUSDT"), "snapshot", None, "'dict': must be a Snapshot")
