"""Binance's auto-deleveraging, sentence by sentence: coinengineer.net, "What Is Auto-Deleveraging (ADL) and How Does It
Work?", 29 August 2025, as docs/rules.md §1 gives it. Every number by hand."""

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, CancelOrders, Deleverage, NetNotionalCap, TakeOver, Uncovered, Venue, margin
from adlcore.venues import BINANCE_COINM, BINANCE_USDM
from support.house_books import (
    BTC,
    PassResult,
    RestingOrders,
    build_house,
    fund,
    inverse,
    linear,
    mark_once,
    orders,
    snapshot,
)

X, Y = linear("X"), linear("Y")
AT_100 = {"X": "100", "Y": "100"}


def queue(wallets, positions):
    """In which order wallets 1 and on are deleveraged of all their shorts; wallet 0 is long as many, at 200 a lot."""
    lots = -sum(held for _, _, held, _ in positions)
    given = [("X", 0, lots, 200 * lots), *positions]
    return mark_once([X], [0, *wallets], given, {"X": "100"}, BINANCE_USDM).wallets("adl-notice")


# What the venues are --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("venue", [BINANCE_USDM, BINANCE_COINM])
def test_the_venues_are_the_published_protocol(venue):
    """Cancel, one order at the bankruptcy price with a fee of 1.25 %, the fund, deleveraging."""
    assert isinstance(venue, Venue)
    assert [type(stage) for stage in venue.stages] == [CancelOrders, BookIOC, TakeOver, Deleverage, Uncovered]
    assert venue.stages[1] == BookIOC(limit="bankruptcy", fee="0.0125", surplus="wallet")
    assert venue.stages[3] == Deleverage("binance")
    assert venue.trigger == NetNotionalCap("1")


# Ranking --------------------------------------------------------------------------------------------------------------


def test_winners_are_ranked_by_pnl_percentage_times_effective_leverage():
    """U/N·N/E: 50/500 before 200/4000, though 200 of 100 are more than 50 of 100."""
    assert queue([300, 3800], [("X", 1, -1, -300), ("X", 2, -1, -300)]) == [1, 2]
    # Leverage 100/450 and 100/4050: 0.5·0.22 and 2·0.025.
    assert queue([400, 3850], [("X", 1, -1, -150), ("X", 2, -1, -300)]) == [1, 2]


def test_a_winner_scores_its_return_on_equity_whatever_its_size():
    """1 lot of U 50 and E 250 (0.2) before 3 lots of U 120 and E 800 (0.15)."""
    assert queue([200, 680], [("X", 1, -1, -150), ("X", 2, -3, -420)]) == [1, 2]


def test_losers_are_ranked_by_pnl_percentage_divided_by_leverage():
    """-0.1/(100/250) = -0.25 before -0.1/(100/500) = -0.5: of equal losses the more levered first."""
    assert queue([510, 260], [("X", 1, -1, -90), ("X", 2, -1, -90)]) == [2, 1]


def test_winners_go_before_losers():
    """Whatever their leverage; nothing gained counts as U >= 0, with a score of 0."""
    assert queue([160, 1000, 999], [("X", 1, -1, -90), ("X", 2, -1, -100), ("X", 3, -1, -101)]) == [3, 2, 1]


def test_effective_leverage_is_of_the_mark_value_and_the_wallet_with_its_pnl():
    """E is that of the whole wallet: 80 of U in Y make it stand behind."""
    # Wallet 1: U 50, E 200 + 50 + 80; wallet 2: U 50, E 250 + 50: 0.15 and 0.17.
    positions = [("X", 0, 2, 400), ("X", 1, -1, -150), ("X", 2, -1, -150), ("Y", 1, 1, 20), ("Y", 3, -1, -100)]
    done = mark_once([X, Y], [0, 200, 250, 900], positions, AT_100, BINANCE_USDM)
    assert done.wallets("adl-notice") == [2, 1]


def test_with_portfolio_margin_the_leverage_is_of_the_accounts_equity():
    """All its assets: 200 USDT and 20 coins at 50 stand behind 250 USDT."""
    # U 50 of E 1250 and of 300; by USDT alone it would be 50 of 250.
    terms = {
        "assets": [BTC],
        "balances": {"wallet": [1, 1, 2], "asset": ["USDT", "BTC", "USDT"], "amount": [200, 20, 250]},
        "index_prices": {"BTC": "50"},
    }
    wallets = [0, ("ann", "portfolio", 0), ("bob", "portfolio", 0)]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -150), ("X", 2, -1, -150)]
    done = mark_once([X], wallets, positions, {"X": "100"}, [Deleverage("binance-portfolio")], **terms)
    assert done.wallets("adl-notice") == [2, 1]


def test_the_quantile_is_the_rank_over_the_number_of_users_of_ones_side():
    """Of four shorts the front is 1, then 0.75, 0.5, 0.25; longs have a population of their own."""
    books = snapshot(
        [X],
        [450, 350, 250, 960, 1000],
        [*(("X", row, -1, cost) for row, cost in enumerate((-150, -150, -150, -90))), ("X", 4, 4, 400)],
        {"X": "100"},
    )
    # U/E: 50/500, 50/400, 50/300, and a loser.
    np.testing.assert_array_equal(margin.market(books, "X").quantile("binance"), [0.5, 0.75, 1.0, 0.25, 1.0])


def test_a_profitable_50x_position_goes_before_a_10x_one_with_less_profit():
    """p 20 % at 50x scores 10, 10 % at 10x scores 1."""
    # N 100: E 2 and U 20; E 10 and U 10. A margin of 1 % leaves both healthy, and both bear a loss of nothing.
    contract = linear(tiers=adl.MarginTiers([0], ["0.01"]))
    positions = [("X", 0, 2, 400), ("X", 1, -1, -110), ("X", 2, -1, -120)]
    done = mark_once([contract], [0, 0, -18], positions, {"X": "100"}, [Deleverage("binance", price="mark")])
    assert done.wallets("adl-notice") == [2, 1]


# When and how ---------------------------------------------------------------------------------------------------------

#: Wallet 0: a lot that cost 150, P 150: a loss of 50. Wallet 1: short, U 10, E 500.
BANKRUPT = ([0, 490], [("X", 0, 1, 150), ("X", 1, -1, -110)], {"X": "100"})


@pytest.mark.parametrize(("cash", "taken"), [(150, True), (149, False), (50, False), (49, False)])
def test_adl_runs_only_when_the_fund_cannot_cover_a_bankrupt_position(cash, taken):
    """It bears a loss of 50 from 50 on, and a net notional of 100 with the 100 that are left from 150 on."""
    done = mark_once([X], *BANKRUPT, BINANCE_USDM, cash)
    assert (done.wallets("take-over") == [0]) is taken
    assert (done.wallets("adl-notice") == [1]) is not taken
    assert done.cash() == cash


def test_positions_of_the_opposite_side_are_closed_from_the_front():
    """Of two shorts the first; a long that would score higher is not asked."""
    positions = [("X", 0, 1, 150), ("X", 1, -1, -110), ("X", 2, -1, -150), ("X", 3, 1, 10)]
    done = mark_once([X], [0, 490, 450, 900], positions, {"X": "100"}, BINANCE_USDM)
    assert done.fills("adl-fill") == [(0, -1, 150, 150), (2, 1, 150, -150)]


def test_they_are_closed_at_the_bankruptcy_price_wherever_the_market_is():
    """The book trades from 99 to 101, the short is closed at 150."""
    done = mark_once([X], *BANKRUPT, BINANCE_USDM, 0, RestingOrders(bids=[(9, 99)], asks=[(9, 101)]))
    assert done.fills("adl-notice") == [(1, 1, 150, 110 - 150)]


def test_a_deleveraged_user_pays_no_fee():
    """490 + 110 - 150, to the unit."""
    done = mark_once([X], *BANKRUPT, BINANCE_USDM)
    assert done.balance == [0, 450]
    assert done.of("fee") == []


def test_a_deleveraged_user_is_told_quantity_and_price_at_once():
    """The notice follows the fill it is about, in the same pass."""
    done = mark_once([X], *BANKRUPT, BINANCE_USDM)
    notice = done.of("adl-notice")[0]
    fill = next(row for row in done.of("adl-fill") if row["wallet"] == 1)
    assert notice["sequence"] > fill["sequence"]
    assert {name: notice[name] for name in ("account", "contract", "lots", "price", "amount")} == {
        **{"account": "account-1", "contract": "X", "lots": 1},
        **{"price": 150, "amount": -40},
    }


def test_a_deleveraged_user_may_open_a_new_position_at_once():
    """An order, and a trade, before the next mark."""
    done = mark_once([X], *BANKRUPT, BINANCE_USDM)
    done.house.place_order(1, "X", "-1", "100", leverage="10")
    done.house.trade("X", "1", "100", buyer=None, seller=1)
    assert done.lots == [0, -1]


def test_all_orders_of_a_cross_wallet_are_cancelled():
    """Of the bankrupt, and of the counterparty: of every symbol."""
    placed = orders(("Y", 0, 1, 90, 0), ("X", 1, 1, 90, 0), ("Y", 1, 1, 90, 0))
    done = mark_once([X, Y], *BANKRUPT[:2], AT_100, BINANCE_USDM, orders=placed)
    assert done.wallets("order-cancelled") == [0, 1, 1]
    assert done.orders == []


def test_of_an_isolated_wallet_only_the_orders_of_its_symbol_are_cancelled():
    """The account's cross wallet keeps its own."""
    wallets = [0, ("bob", "isolated", 490), ("bob", "cross", 50)]
    placed = orders(("X", 1, 1, 90, 0), ("Y", 1, 1, 90, 0), ("X", 2, 1, 90, 0))
    done = mark_once([X, Y], wallets, BANKRUPT[1], AT_100, BINANCE_USDM, orders=placed)
    assert [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")] == [(1, "X")]


# Funds ----------------------------------------------------------------------------------------------------------------


def test_coin_margined_contracts_of_a_coin_share_one_fund():
    """A fund of 130 takes a lot of the one contract, and then none of the other; two funds of 130 take both."""
    # A lot at 100 is worth -100 coins. Longs that cost -80, without a balance: E -20, BV -80, F' = 130 - 20 = 110, net
    # notional 100. Shared, the second would leave 90 with a notional of 200.
    contracts = [inverse("I"), inverse("J")]
    positions = [("I", 0, 1, -80), ("J", 1, 1, -80), ("J", 2, -1, 100)]
    wallets = [("ann", "cross", 0), ("bob", "cross", 0), ("cat", "cross", 900)]
    shared = mark_once(contracts, wallets, positions, {"I": "100", "J": "100"}, BINANCE_COINM, [fund(130, BTC.name)])
    assert shared.wallets("take-over") == [0]
    assert shared.wallets("adl-notice") == [2]
    assert (shared.cash("BTC"), shared.equity("BTC")) == (130, 110)
    apart = [fund(130, BTC.name, scope="I"), fund(130, BTC.name, scope="J")]
    own = mark_once(contracts, wallets, positions, {"I": "100", "J": "100"}, BINANCE_COINM, apart)
    assert own.wallets("take-over") == [0, 1]


def test_an_inverse_bankruptcy_price_is_where_the_losses_equal_the_collateral():
    """A lot that cost -80 (bought at 125) with nothing: 125; with 4 coins -84, 119.05, up to 120."""
    for balance, price in ((0, 125), (4, 120)):
        wallets = [("ann", "cross", balance), ("cat", "cross", 900)]
        done = mark_once([inverse()], wallets, [("I", 0, 1, -80), ("I", 1, -1, 80)], {"I": "100"}, BINANCE_COINM)
        assert done.fills("adl-notice")[0][2] == price


# Before ADL -----------------------------------------------------------------------------------------------------------


def test_liquidation_orders_are_immediate_or_cancel_limit_orders_at_the_bankruptcy_price():
    """10 that cost 1000 with 40: 96 a lot. 4 are filled at 97, nothing rests: the others go on."""
    # Better by 4; 1.25 % of 388 is 4.85, rounded 5: the fee is 4. E of the others 40 - 12 - 4 = 24, MM 30: 576/6 = 96.
    book = RestingOrders(bids=[(4, 97), (9, 95)])
    positions = [("X", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = mark_once([X], [40, 2000], positions, {"X": "100"}, BINANCE_USDM, 0, book)
    assert book.sent == [("X", -10, 96)]
    assert done.fills("book-fill", "fee") == [(0, -4, 97, 388), (0, 0, 0, -4)]
    assert done.fills("adl-notice") == [(1, 6, 96, 24)]
    assert (done.balance, done.cash()) == ([0, 2024], 4)


def test_a_wallet_that_has_enough_margin_after_loss_and_fee_is_left_alone():
    """9 of 10 sold at 99: E 20, MM 5."""
    # P 96: better 27, fee 1.25 % of 891 = 11.1: 11. E = 40 - 9 - 11 = 20.
    book = RestingOrders(bids=[(9, 99)])
    done = mark_once([X], [40], [("X", 0, 10, 1000)], {"X": "100"}, BINANCE_USDM, 500, book)
    assert (done.balance, done.lots, done.cash()) == ([20], [1], 511)
    assert done.wallets("healthy") == [0]


# Prices ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lots", "price", "beyond"), [(10, 95, -1), (-10, 105, 1)])
def test_the_liquidation_price_is_where_equity_equals_maintenance_margin(lots, price, beyond):
    """10 at 100, 5 %: v* = (1000 - 97.5)/9.5 = 95 for a long, (1000 + 102.5)/10.5 = 105 for a short; a cent off not."""
    contract = linear(settle=adl.Asset("USDT", 2))
    balance = 97.5 if lots > 0 else 102.5
    assert adl.liquidation_price(contract, lots, 100, balance) == pytest.approx(price, rel=1e-15)
    house = build_house(
        snapshot([contract], [round(balance * 100)], [("X", 0, lots, 100_00 * lots)], {"X": "100"}), [Uncovered()]
    )
    before = PassResult(house, house.mark({"X": str(price - beyond * 0.01)}))
    assert before.of("liquidation-started") == []
    assert before.mark({"X": str(price)}).wallets("liquidation-started") == [0]


def test_the_bankruptcy_price_is_where_losses_equal_collateral():
    """10 at 100 with 100: at 90 nothing is left, and there the order is, whatever the mark."""
    assert adl.bankruptcy_price(X, 10, 100, 100) == pytest.approx(90, rel=1e-15)
    for mark in ("92", "90", "80"):
        book = RestingOrders()
        mark_once([X], [100], [("X", 0, 10, 1000)], {"X": mark}, BINANCE_USDM, 0, book)
        assert book.sent == [("X", -10, 90)]
