"""Account models of docs/rules.md §5, each by numbers worked out on paper."""

import math
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing.margin import market as market_of
from adlcore.clearing.margin import transfer_margin
from support import margin_oracle as oracle

#: 1 % below a notional of 1,000, 5 % above: an amount of 40.
TWO = adl.MarginTiers([0, 1000], ["0.01", "0.05"])
TEN_PERCENT = adl.MarginTiers([0], ["0.1"])
USDT, BTC = adl.Asset("USDT", 6), adl.Asset("BTC", 8)
#: Linear in USDT, and coin-margined: 100 USD a contract.
ETHUSDT = adl.Contract("ETHUSDT", settle=USDT, lot="0.1", tick="0.01", tiers=TWO)
SOLUSDT = adl.Contract("SOLUSDT", settle=USDT, tick="0.01", tiers=TEN_PERCENT)
BTCUSD = adl.Contract("BTCUSD", kind="inverse", settle=BTC, multiplier="100", tick="0.1", tiers=TEN_PERCENT)
MARKS = {"ETHUSDT": "110", "SOLUSDT": "19", "BTCUSD": "50000"}


def held(account, contract, quantity, entry_price, **more):
    return {"account": account, "contract": contract, "quantity": quantity, "entry_price": entry_price, **more}


def margin(positions, **tables):
    """A margin state of accounts in all three contracts."""
    books = {"contracts": [ETHUSDT, SOLUSDT, BTCUSD], "marks": MARKS, "positions": positions}
    return adl.margin_state(oracle.build(**{"wallets": [], **books, **tables}))


def units(quanta, asset=USDT):
    return [Decimal(number).scaleb(-asset.decimals) for number in np.atleast_1d(quanta).tolist()]


def dec(*numbers):
    return [Decimal(number) for number in numbers]


# One asset ------------------------------------------------------------------------------------------------------------


def test_a_cross_wallet_backs_all_positions_of_its_account_in_its_asset():
    state = margin(
        [held("ann", "ETHUSDT", "2", "100"), held("ann", "SOLUSDT", "-10", "20"), held("ann", "BTCUSD", "-5", "40000")],
        wallets=[{"account": "ann", "balance": "5"}, {"account": "ann", "asset": "BTC", "balance": "0.001"}],
    )
    # ETH: 220 - 200 = 20, MM 2.2. SOL: -190 + 200 = 10, MM 19.
    assert units(state.positions.unrealized_pnl[:2]) == dec("20", "10")
    assert units(state.positions.maintenance_margin[:2]) == dec("2.2", "19")
    # BTC, five contracts short: 500/50,000 - 500/40,000 = 0.01 - 0.0125 = -0.0025, MM 0.001.
    assert units(state.positions.unrealized_pnl[2:], BTC) == dec("-0.0025")
    assert units(state.equity[:1]) == dec("35")
    assert units(state.maintenance_margin[:1]) == dec("21.2")
    assert units(state.equity[1:], BTC) == dec("-0.0015")
    assert units(state.maintenance_margin[1:], BTC) == dec("0.001")
    assert state.margin_ratio.tolist() == [21_200_000 / 35_000_000, math.inf]
    # What the account has in USDT does not help its coin-margined wallet.
    assert state.liquidatable.tolist() == [False, True]
    # min(5, 35) less 21.2; nothing.
    assert state.free_margin.tolist() == [0, 0]


def test_the_margin_of_a_large_position_is_that_of_its_tiers():
    # 20·110 = 2,200: 2,200·0.05 - 40 = 70 = 1,000·0.01 + 1,200·0.05.
    state = margin([held("ann", "ETHUSDT", "20", "110")], wallets=[{"account": "ann", "balance": "100"}])
    assert units(state.maintenance_margin) == dec("70")
    assert units(state.free_margin) == dec("29.999999")  # with 30 gone, E = MM


def test_free_margin_is_what_balance_or_equity_leave_over_initial_margins_and_orders():
    def free(balance, entry, **more):
        order = {"account": "ann", "contract": "SOLUSDT", "quantity": "4", "price": "15"}
        state = margin(
            [held("ann", "ETHUSDT", "10", entry, leverage=8)],
            wallets=[{"account": "ann", "balance": balance}],
            orders=[{**order, "leverage": 6}, {**order, "locked": "2.5"}],
            **more,
        )
        return units(state.free_margin)

    # IM = 1,100/8 = 137.5; orders lock 60/6 = 10 and 2.5: 150 together.
    assert free("200", "110") == dec("50")
    assert free("200", "100") == dec("50")  # profit is not given away
    assert free("200", "113") == dec("20")  # a loss is: E = 170
    assert free("149.999999", "110") == dec("0")
    assert free("150.000001", "110") == dec("0.000001")


def test_initial_margin_is_rounded_up_a_row_and_the_leverage_is_read_as_it_is_printed():
    # 110/0.3 = 366.6..; 0.1 is a tenth and not the double above it: 110/0.1 = 1,100 exactly.
    state = margin(
        [held("ann", "ETHUSDT", "1", "110", leverage=0.3), held("bob", "ETHUSDT", "-1", "110", leverage=0.1)],
        wallets=[{"account": "ann", "balance": "0"}, {"account": "bob", "balance": "0"}],
    )
    assert units(state.positions.initial_margin) == dec("366.666667", "1100")


def test_an_isolated_position_has_its_own_margin_and_neither_gives_nor_takes():
    positions = [
        held("ann", "ETHUSDT", "2", "120"),
        held("ann", "SOLUSDT", "-10", "18", margin="12"),
        held("ann", "ETHUSDT", "-1", "130", margin="4"),
    ]
    state = margin(positions, wallets=[{"account": "ann", "balance": "1000"}])
    # Cross: 1,000 - 20, MM 2.2. SOL: 12 - 10 = 2, MM 19. ETH: 4 + 20 = 24, MM 1.1.
    assert units(state.equity) == dec("980", "2", "24")
    assert units(state.maintenance_margin) == dec("2.2", "19", "1.1")
    assert state.liquidatable.tolist() == [False, True, False]
    # As cross positions they share one wallet: 1,000 - 20 - 10 + 20.
    for position in positions:
        position.pop("margin", None)
    shared = margin(positions, wallets=[{"account": "ann", "balance": "1000"}])
    assert units(shared.equity) == dec("990")
    assert not shared.liquidatable.any()


def test_margin_added_to_an_isolated_position_saves_it():
    books = oracle.build(
        contracts=[SOLUSDT],
        wallets=[{"account": "ann", "balance": "30"}],
        positions=[held("ann", "SOLUSDT", "-10", "18", margin="12")],
        marks={"SOLUSDT": "19"},
    )
    moved = transfer_margin(books, books.wallet("ann"), books.wallet("ann", contract="SOLUSDT"), "17.000001")
    state = adl.margin_state(moved)
    assert units(state.equity) == dec("12.999999", "19.000001")
    assert adl.margin_state(books).liquidatable.tolist() == [False, True]
    assert state.liquidatable.tolist() == [False, False]


def test_in_hedge_mode_each_leg_has_its_own_maintenance_margin():
    legs = [held("ann", "ETHUSDT", "20", "100"), held("ann", "ETHUSDT", "-15", "108")]
    state = margin(legs, wallets=[{"account": "ann", "balance": "10"}])
    # Long 2,200: U 200, MM 70. Short 1,650: U -30, MM 42.5. Netted it would be five at 550: 5.5.
    assert units(state.positions.unrealized_pnl) == dec("200", "-30")
    assert units(state.positions.maintenance_margin) == dec("70", "42.5")
    assert units(state.equity) == dec("180")
    assert units(state.maintenance_margin) == dec("112.5")
    assert state.margin_ratio.tolist() == [112.5 / 180]


# Several assets -------------------------------------------------------------------------------------------------------

INDEX = {"BTC": "50000", "EUR": "1.1"}
HAIRCUTS = {"BTC": "0.05", "EUR": "0.02"}


def several(mode, positions, amounts, **more):
    """One account that holds several assets."""
    tables = {"index_prices": INDEX, "haircuts": HAIRCUTS, "assets": [adl.Asset("EUR", 2)], **more}
    given = {"contracts": [ETHUSDT, SOLUSDT, BTCUSD], "marks": MARKS, **tables}
    return adl.margin_state(oracle.several(mode, amounts, positions, **given))


def test_in_multi_assets_mode_the_haircut_is_on_positive_amounts_only():
    state = several("multi-asset", [], {"USDT": "100", "BTC": "0.02", "EUR": "50"})
    # 100 + 0.02·50,000·0.95 + 50·1.1·0.98 = 100 + 950 + 53.9.
    assert units(state.equity) == units(state.balance) == dec("1103.9")
    state = several("multi-asset", [], {"USDT": "100", "BTC": "-0.001", "EUR": "50"})
    # A debt counts in full: 100 - 50 + 53.9.
    assert units(state.equity) == dec("103.9")


def test_in_multi_assets_mode_profit_and_loss_count_at_the_index_price_without_haircut():
    positions = [held("ann", "BTCUSD", "5", "40000"), held("ann", "ETHUSDT", "-2", "100")]
    state = several("multi-asset", positions, {"BTC": "0.01"})
    # BTC long: -500/50,000 + 500/40,000 = 0.0025 BTC = 125 USDT. ETH: -20. Collateral 0.01·50,000·0.95 = 475.
    assert units(state.equity) == dec("580")
    assert units(state.balance) == dec("475")
    # 0.001 BTC and 2.2 USDT.
    assert units(state.maintenance_margin) == dec("52.2")
    assert units(state.free_margin) == dec("422.8")
    # The loss of the short leg of it counts as much.
    state = several("multi-asset", [held("ann", "BTCUSD", "-5", "40000")], {"BTC": "0.01"})
    assert units(state.equity) == dec("350")


def test_each_conversion_is_rounded_once_half_even_for_a_wallet_and_asset():
    # 0.00000001 BTC at 50,000 is 0.0005 USDT. With an index of 150 it is 1.5 quanta of 6 decimals, rounded to 2.
    for amount, wanted in (("0.00000001", "0.000002"), ("0.00000003", "0.000004"), ("-0.00000001", "-0.000002")):
        state = several(
            "multi-asset", [], {"BTC": {"amount": amount}}, index_prices={**INDEX, "BTC": "150"}, haircuts={}
        )
        assert units(state.equity) == dec(wanted)


def test_portfolio_margin_counts_profit_as_collateral_and_loss_in_full():
    long, short = held("ann", "BTCUSD", "5", "40000"), held("ann", "BTCUSD", "-5", "40000")
    # x = 0.01 + 0.0025 BTC: 625·0.95. In multi-assets mode the profit would not be cut.
    assert units(several("portfolio", [long], {"BTC": "0.01"}).equity) == dec("593.75")
    # x = 0.01 - 0.0025.
    assert units(several("portfolio", [short], {"BTC": "0.01"}).equity) == dec("356.25")
    # x = 0.001 - 0.0025 = -0.0015: in full.
    assert units(several("portfolio", [short], {"BTC": "0.001"}).equity) == dec("-75")
    # x = -0.001 + 0.0025: what is above zero is cut, whatever it is made of.
    assert units(several("portfolio", [long], {"BTC": "-0.001"}).equity) == dec("71.25")


def test_portfolio_margin_with_loans_and_its_unimmr():
    state = several(
        "portfolio",
        [held("ann", "BTCUSD", "5", "40000"), held("ann", "ETHUSDT", "-20", "100")],
        {"USDT": {"amount": "900", "loan": "300"}, "BTC": "0.01", "EUR": {"amount": "40", "loan": "60"}},
        loan_rates={"USDT": "0.05", "EUR": "0.1", "BTC": "0.2"},
    )
    # USDT: x = 900 - 300 - 200 = 400. BTC: 0.0125·50,000·0.95 = 593.75. EUR: (40 - 60)·1.1 = -22.
    assert units(state.equity) == dec("971.75")
    # Positions: 0.001·50,000 + 70. Loans: 300·0.05 + 60·0.1·1.1 = 15 + 6.6.
    assert units(state.maintenance_margin) == dec("141.6")
    unimmr = 1 / state.margin_ratio[0]
    assert unimmr == pytest.approx(971.75 / 141.6, rel=1e-15)
    assert not state.liquidatable[0]


def test_the_same_collateral_is_valued_once_however_many_contracts_it_backs():
    listed = [adl.Contract(f"C{k}", settle=BTC if k % 2 else USDT, tiers=TEN_PERCENT) for k in range(9)]
    for mode in ("multi-asset", "portfolio"):
        for count in range(10):
            rows = [held("ann", f"C{k}", "1", "3") for k in range(count)]
            terms = {"index_prices": {"BTC": "50000"}, "haircuts": {"BTC": "0.05"}, "marks": ["3"] * 9}
            state = adl.margin_state(oracle.several(mode, {"BTC": "2"}, rows, contracts=listed, **terms))
            assert units(state.equity) == dec("95000")
            # 0.3 USDT, or 0.3 BTC.
            assert units(state.maintenance_margin) == [(count + 1) // 2 * Decimal("0.3") + count // 2 * 15_000]


# A market of them -----------------------------------------------------------------------------------------------------


def crowd(mode):
    """Three accounts long and one short of BTCUSD; ann and bob hold several assets, the others BTC."""
    rows = [("ann", "5", "40000"), ("bob", "3", "45000"), ("cat", "4", "42000"), ("dan", "-12", "60000")]
    coins = [{"account": name, "asset": "BTC", "balance": b} for name, b in (("cat", "0.002"), ("dan", "0.02"))]
    collateral = (("ann", "BTC", "0.01"), ("bob", "USDT", "80"))
    return oracle.build(
        contracts=[ETHUSDT, SOLUSDT, BTCUSD],
        wallets=[{"account": "ann", "mode": mode}, {"account": "bob", "mode": mode}, *coins],
        positions=[*(held(name, "BTCUSD", q, price) for name, q, price in rows), held("bob", "ETHUSDT", "-2", "100")],
        marks=MARKS,
        balances=[{"account": name, "asset": asset, "amount": amount} for name, asset, amount in collateral],
        index_prices={"BTC": "50000"},
        haircuts={"BTC": "0.05"},
    )


def test_a_market_has_a_multi_asset_wallets_numbers_in_the_settle_asset():
    market = market_of(crowd("multi-asset"), "BTCUSD")
    # ann: 475 + 125 = 600 USDT = 0.012 BTC, MM 0.001, collateral 475. bob: 80 - 20 + 33.333..: 93.333350 USDT (U is
    # 0.00066667 BTC), MM 0.0006 BTC + 2.2 USDT = 32.2; cat 0.002 + 0.00152381.
    assert units(market.equity, BTC)[:3] == dec("0.012", "0.00186667", "0.00352381")
    assert units(market.maintenance_margin, BTC)[:3] == dec("0.001", "0.000644", "0.0008")
    assert units(market.balance, BTC)[:3] == dec("0.0095", "0.0016", "0.002")
    assert market.tie.tolist() == [0, 1, 2, 3]
    assert market.account.tolist() == ["ann", "bob", "cat", "dan"]


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_a_market_in_the_numeraire_needs_no_conversion(mode):
    books = crowd(mode)
    market, state = market_of(books, "ETHUSDT"), adl.margin_state(books)
    assert market.equity.tolist() == state.equity[1:2].tolist()
    assert market.maintenance_margin.tolist() == state.maintenance_margin[1:2].tolist()


@pytest.mark.parametrize("mode", ["multi-asset", "portfolio"])
def test_the_rule_of_a_portfolio_wallet_takes_the_equity_of_the_account(mode):
    market = market_of(crowd(mode), "BTCUSD")
    assert market.account_equity.tolist() == market.equity.tolist()
    # The portfolio form takes account equity, whatever the equity of the rows is.
    columns = {"mark_price": MARKS["BTCUSD"], "quantity": market.quantity, "entry_value": market.entry_value}
    apart = adl.Market(BTCUSD, **columns, equity=market.equity + 12_345, account_equity=market.equity)
    assert market.score("binance").tolist() == apart.score("binance-portfolio").tolist()
    assert market.score("binance").tolist() != apart.score("binance").tolist()
    assert market.rank("binance").tolist() == apart.rank("binance-portfolio").tolist()


def test_a_portfolio_wallets_score_is_its_profit_over_the_equity_of_the_account():
    market = market_of(crowd("portfolio"), "BTCUSD")
    # ann: U = 0.0025 BTC; E = 593.75 USDT = 0.011875 BTC.
    assert units(market.equity, BTC)[0] == Decimal("0.011875")
    assert market.score("binance")[0] == 250_000 / 1_187_500
