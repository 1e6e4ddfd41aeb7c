"""What each stage does, and for whom. Every number by hand."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import (
    Backstop,
    BookIOC,
    CancelOrders,
    Deleverage,
    NetLegs,
    NetNotionalCap,
    TakeOver,
    Uncovered,
    Venue,
)
from support.house_books import (
    AT_100,
    BTC,
    USDT,
    Book,
    Pass,
    X,
    Y,
    fund,
    inverse,
    linear,
    marked,
    opened,
    orders,
    snapshot,
)

#: Too little of small values to be a quantum.
TINY = adl.MarginTiers([0], ["0.00000000000000000001"])


# CancelOrders ---------------------------------------------------------------------------------------------------------


def test_all_orders_of_a_cross_wallet_are_cancelled():
    """Of every symbol; others keep theirs."""
    placed = orders(("X", 0, -1, 120, 0), ("Y", 0, 1, 90, 0), ("Y", 1, 1, 90, 0))
    done = marked([X, Y], [0, 50], [("X", 0, 1, 100)], AT_100, [CancelOrders()], orders=placed)
    assert [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")] == [(0, "X"), (0, "Y")]
    assert done.orders == [1]


def test_of_an_isolated_wallet_only_those_of_its_symbol_are_cancelled():
    """Ann's cross wallet keeps its order in the same symbol, and the isolated one its order in another."""
    wallets = [("ann", "cross", 50), ("ann", "isolated", 0)]
    placed = orders(("X", 0, 1, 90, 0), ("X", 1, -1, 120, 0), ("Y", 1, 1, 90, 0))
    done = marked([X, Y], wallets, [("X", 1, 1, 100)], AT_100, [CancelOrders()], orders=placed)
    assert [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")] == [(1, "X")]
    assert sorted(done.orders) == [0, 1]


def test_cancelling_unlocks_margin_and_makes_nobody_healthy():
    """E 50 = MM 50; with leverage 100 IM is 10, and the order had locked the other 40. Nothing may leave the wallet."""
    terms = {"orders": orders(("X", 0, 1, 90, 40))}
    wallets, positions = [50], [("X", 0, 10, 1000, 100.0)]
    before = opened(snapshot([X], wallets, positions, {"X": "100"}, **terms), [CancelOrders()])
    with pytest.raises(adl.AdlError, match="may lock of its margin, 0 USDT"):
        before.place_order(0, "X", 1, "90", locked=1)
    done = marked([X], wallets, positions, {"X": "100"}, [CancelOrders()], **terms)
    after = done.house.margin_state()
    assert (after.equity.tolist(), after.maintenance_margin.tolist(), after.free_margin.tolist()) == ([50], [50], [0])
    assert done.of("healthy") == []
    assert done.left_open == [(0, 10)]
    with pytest.raises(adl.AdlError, match="may lock of its margin, 40 USDT"):
        done.house.place_order(0, "X", 1, "90", locked=41)
    done.house.place_order(0, "X", 1, "90", locked=40)


# NetLegs --------------------------------------------------------------------------------------------------------------


def test_long_and_short_of_a_wallet_are_closed_against_each_other_at_the_mark():
    """10 long and 4 short: 4 of each, the short's 80 realized; what is left is healthy."""
    # E = -10 + 80 = 70 = MM 50 + 20. Long: 400 - 400; short: 480 - 400.
    positions = [("X", 0, 10, 1000), ("X", 0, -4, -480)]
    done = marked([X], [-10], positions, {"X": "100"}, [NetLegs(), TakeOver()], 100)
    assert done.own(0, "net-legs") == [(-4, 100, 400), (4, 100, -400)]
    assert (done.balance, done.lots, done.cost) == ([70], [6, 0], [600, 0])
    assert done.wallets("healthy") == [0]
    assert done.party("street") == (0, 0)


def test_legs_are_netted_at_the_mark_in_whole_ticks():
    """100.5 is rounded half-even to 100."""
    positions = [("X", 0, 10, 1000), ("X", 0, -4, -400)]
    done = marked([X], [0], positions, {"X": "100.5"}, [NetLegs()])
    assert done.own(0, "net-legs") == [(-4, 100, 400), (4, 100, -400)]


def test_legs_of_a_wallet_below_zero_are_not_netted():
    """Long 10 at 100, short 10 at 80, WB 100: E = -100 at any mark, and netting would leave it to nobody."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -800)]
    for mark in ("50", "90", "200"):
        done = marked([X], [100], positions, {"X": mark}, [NetLegs()])
        assert done.of("net-legs") == []
        assert (done.balance, done.lots) == ([100], [10, -10])


def test_what_its_own_legs_leave_stays_in_the_wallet():
    """10 and 10: E 50 of MM 100."""
    positions = [("X", 0, 10, 1000), ("X", 0, -10, -1000)]
    done = marked([X], [50], positions, {"X": "100"}, [NetLegs(), TakeOver(), Deleverage()])
    assert (done.balance, done.lots, done.amounts("rest")) == ([50], [0, 0], [])


# BookIOC --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("portion", "lots", "sent"), [("0.3", 10, 3), ("0.3", 11, 4), ("0.07", 100, 7), (0.07, 100, 7)]
)
def test_an_order_is_of_the_portion_rounded_up_to_lots(portion, lots, sent):
    """Exactly: 7 % of 100 are 7, though float64 says 7.000000000000001."""
    book = Book()
    marked([X], [0], [("X", 0, lots, 100 * lots)], {"X": "100"}, [BookIOC(portion=portion)], 0, book)
    assert book.sent == [("X", -sent, 100)]


def test_there_is_one_order_a_row_in_the_rows_direction():
    """A long is sold, a short bought; each at its own price."""
    # E 30 over MM 10 and 20: 10 and 20: 190/2 = 95, 420/4 = 105.
    book = Book()
    positions = [("X", 0, 2, 200), ("Y", 0, -4, -400)]
    done = marked([X, Y], [30], positions, AT_100, [BookIOC()], 0, book)
    assert book.sent == [("Y", 4, 105), ("X", -2, 95)]
    assert done.wallets("zero-fill") == [0, 0]


def test_a_better_price_is_the_wallets_less_the_fee():
    """2 at 60 with E 0, sold at 75: 2 % of 150 are 3, and 27 stay."""
    book = Book(bids=[(2, 75)])
    done = marked([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.02", surplus="wallet")], 0, book)
    assert done.amounts("fee") == [(0, -3)]
    assert (done.balance, done.cash()) == ([27], 3)


def test_the_fee_is_at_most_what_was_better():
    """Half of 150 is more than the 30; at the bankruptcy price there is nothing to take it from."""
    for bid, better in ((75, 30), (60, 0)):
        book = Book(bids=[(2, bid)])
        done = marked([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.5")], 0, book)
        assert (done.balance, done.cash()) == ([0], better)


def test_a_better_price_may_be_the_funds_and_then_there_is_no_fee():
    """All of the 30."""
    book = Book(bids=[(2, 75)])
    done = marked([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.02", surplus="fund")], 0, book)
    assert done.amounts("surplus") == [(0, -30)]
    assert done.of("fee") == []
    assert (done.balance, done.cash()) == ([0], 30)


def test_better_is_against_the_bankruptcy_price_in_ticks():
    """30 at 10 with E 1: 299, 9.97, up to 10: sold at 10 nothing was better, and the 1 stays."""
    book = Book(bids=[(30, 10)])
    done = marked([X], [1], [("X", 0, 30, 300)], {"X": "10"}, [BookIOC(surplus="fund")], 0, book)
    assert done.of("surplus") == []
    assert done.balance == [1]


def test_a_short_buys_back_at_most_at_its_price():
    """2 at 60 with E 4: 62. Bought at 61 for 122: 2 better, a fee of 1 % of 122 rounded 1."""
    book = Book(asks=[(2, 61)])
    done = marked([X], [4], [("X", 0, -2, -120)], {"X": "60"}, [BookIOC(fee="0.01")], 0, book)
    assert book.sent == [("X", 2, 62)]
    assert done.own(0, "book-fill") == [(2, 61, -122)]
    assert (done.balance, done.cash()) == ([4 - 2 - 1], 1)


@pytest.mark.parametrize(("lots", "limit"), [(3, 97), (-3, 103)])
def test_a_limit_at_the_funds_expense_is_rounded_toward_the_bankruptcy_price(lots, limit):
    """A fund of 10 over 3 lots: 96.7 up for a long, 103.3 down for a short."""
    book = Book()
    venue = [BookIOC(limit="fund", surplus="fund")]
    marked([X], [0], [("X", 0, lots, 100 * lots)], {"X": "100"}, venue, 10, book)
    assert book.sent == [("X", -lots, limit)]


def test_a_limit_at_the_funds_expense_of_an_inverse_contract():
    """A lot of 10,000 USD is -100 coins at 100; with 20 of fund -120, at 83.3, up to 84."""
    book = Book()
    venue = [BookIOC(limit="fund", surplus="fund")]
    marked([inverse()], [0], [("I", 0, 1, -100)], {"I": "100"}, venue, [fund(20, "BTC")], book)
    assert book.sent == [("I", -1, 84)]


def test_an_empty_fund_leaves_the_limit_at_the_bankruptcy_price():
    """F = 0."""
    book = Book()
    marked([X], [0], [("X", 0, 3, 300)], {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 0, book)
    assert book.sent == [("X", -3, 100)]


def test_the_fund_pays_what_is_worse():
    """Sold at 90 and 95 instead of 100: 15 of a fund of 20."""
    # The limit: 100 - 20/2.
    book = Book(bids=[(1, 95), (1, 90)])
    done = marked([X], [0], [("X", 0, 2, 200)], {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 20, book)
    assert book.sent == [("X", -2, 90)]
    assert done.amounts("cover") == [(0, 15)]
    assert done.amounts("fund-paid", fund="USDT") == [(-1, -15)]
    assert (done.balance, done.cash()) == ([0], 5)


def test_v30_a_fund_gains_a_quarter_and_spends_it_and_nobody_is_deleveraged():
    """V30: EP 100, LP 99.5, BP 99; A is filled at 99.25, B's limit is 98.75, and the fund is 0 after B.

    Source: doc.sat.is/product-docs/trading/liquidation/system-gain-and-losses and
    testnet.bitmex.com/app/liquidationExamples.
    """
    # Cents, ticks of 0.25. E = 100 - 50 = 50 cents at 99.5; MM 0.5 % of 9950, 49.75 rounded 50.
    cents = adl.Asset("USDT", 2)
    contract = linear(settle=cents, tick="0.25", tiers=adl.MarginTiers([0], ["0.005"]))
    book = Book(bids=[(1, 397), (1, 395)])
    positions = [("X", 0, 1, 10_000), ("X", 1, 1, 10_000), ("X", 2, -2, -20_000)]
    venue = Venue("V30", [BookIOC(limit="fund", surplus="fund"), Deleverage()])
    done = marked([contract], [100, 100, 90_000], positions, {"X": "99.5"}, venue, [fund("0")], book)
    assert book.sent == [("X", -1, 396), ("X", -1, 395)]
    assert done.own(0, "book-fill", "surplus") == [(-1, 397, 9925), (0, 0, -25)]
    assert done.own(1, "book-fill", "cover") == [(-1, 395, 9875), (0, 0, 25)]
    assert (done.balance, done.cash()) == ([0, 0, 90_000], 0)
    assert done.of("adl-fill", "uncovered-lots") == []


def test_only_large_positions_are_ordered_in_portions():
    """2,000 is above 1,000: a fifth of it; 1,000 is not: whole."""
    book = Book()
    positions = [("X", 0, 20, 2000), ("X", 1, 10, 1000)]
    marked([X], [0, 0], positions, {"X": "100"}, [BookIOC(portion="0.2", above="1000")], 0, book)
    assert book.sent == [("X", -4, 100), ("X", -10, 100)]


def test_after_a_portion_the_rest_waits_and_is_then_ordered_whole():
    """4 of 20 at 0, nothing at 29, the other 16 at 30; meanwhile the fund leaves them alone."""
    book = Book(bids=[(100, 100)])
    stages = [BookIOC(portion="0.2", cool_down=30), TakeOver(), Deleverage()]
    positions = [("X", 0, 20, 2000), ("X", 1, -20, -2000)]
    done = marked([X], [0, 5000], positions, {"X": "100"}, stages, 500, book, pass_={"time": 0})
    assert done.lots == [16, -20]
    assert done.mark({"X": "100"}, time=29).lots == [16, -20]
    assert done.mark({"X": "100"}, time=30).lots == [0, -20]
    assert book.sent == [("X", -4, 100), ("X", -16, 100)]


def test_past_its_cool_down_a_row_is_ordered_whole_at_every_mark():
    """4 of 20 at 0, the other 16 at 30, of which the book takes 5; the 11 that are left at the next mark."""
    book = Book(bids=[(4, 100), (5, 99)])
    stages = [BookIOC(portion="0.2", cool_down=30)]
    # E = 0: P 100. 16 for 16 lots: P 99.
    done = marked([X], [0], [("X", 0, 20, 2000)], {"X": "100"}, stages, 500, book, pass_={"time": 0})
    done.house.deposit(0, 16)
    assert done.mark({"X": "100"}, time=30).lots == [11]
    assert done.mark({"X": "100"}, time=31).lots == [11]
    assert book.sent == [("X", -4, 100), ("X", -16, 99), ("X", -11, 99)]


def test_a_bankrupt_row_does_not_wait():
    """At 90 E is below zero: the fund takes the 16 before their time."""
    # E = -160: BV 1440 + 160, P 100: F' = 500 - 160.
    book = Book(bids=[(100, 100)])
    stages = [BookIOC(portion="0.2", cool_down=30), TakeOver()]
    done = marked([X], [0], [("X", 0, 20, 2000)], {"X": "100"}, stages, 500, book, pass_={"time": 0})
    assert done.mark({"X": "90"}, time=10).fills("take-over") == [(0, -16, 100, 1600)]


@pytest.mark.parametrize(("equity", "sent"), [(100, [-10]), (40, [-10, -10])])
def test_orders_by_tiers_step_down_a_tier_at_a_time(equity, sent):
    """5 % to 1,000 and 10 % above: 20 lots at 100 step down to 10, and to none if that did not heal."""
    # MM 200 - 50 = 150; at 1,000 it is 50. E 100: P 95; E 40: P 98. Sold at the mark.
    contract = linear(tiers=adl.MarginTiers([0, 1000], ["0.05", "0.1"]))
    book = Book(bids=[(100, 100)])
    marked([contract], [equity], [("X", 0, 20, 2000)], {"X": "100"}, [BookIOC(portion="tiers")], 0, book)
    assert [lots for _, lots, _ in book.sent] == sent


# Backstop -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("equity", "taken"), [(50, 0), (49, 1), (0, 1), (-1, 0)])
def test_a_vault_takes_rows_of_wallets_above_zero_and_below_two_thirds_of_their_margin(equity, taken):
    """15 lots at 100: MM 75, of which 50."""
    done = marked([X], [equity], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(below="2/3")])
    assert len(done.of("backstop")) == taken


def test_a_vault_takes_them_at_the_bankruptcy_price():
    """E 49: 1451/15 = 96.7, up to 97."""
    done = marked([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop()])
    assert done.own(0, "backstop") == [(-15, 97, 1455)]
    assert done.party("vault")[0] == 15
    # -1455 for the lots, and the rest of 4.
    assert done.party("vault")[1] == -1455 + 4


@pytest.mark.parametrize(
    ("by", "taken", "balance", "rest"),
    [("wallet", [(-1000, 98, 9800), (-1, 100, 10)], 0, [(0, -50)]), ("row", [(-1000, 98, 9800)], 50, [])],
)
def test_a_vault_takes_a_wallet_at_once_or_row_by_row(by, taken, balance, rest):
    """E 250 of MM 500: 1000 X at 9.75, up 9.8, leave 50 to one Y, whose MM is 0."""
    contracts = [linear("X", tick="0.1"), linear("Y", tick="0.1")]
    positions = [("X", 0, 1000, 10_000), ("Y", 0, 1, 10)]
    done = marked(contracts, [250], positions, {"X": "10", "Y": "10"}, [Backstop(by=by)])
    assert done.own(0, "backstop") == taken
    assert (done.balance, done.amounts("rest")) == ([balance], rest)


def test_what_a_vault_holds_is_told_by_the_state():
    """Inventory and cash of the row that bears its name."""
    parties = marked([X], [49], [("X", 0, 15, 1500)], {"X": "100"}, [Backstop(vault="hlp")]).house.state().parties
    row = parties.code("hlp")
    assert (parties.lots[row].tolist(), parties.cost[row].tolist(), parties.cash[row].tolist()) == ([15], [1455], [4])


def test_a_vault_takes_wallets_in_the_rounds_order_and_through_zero():
    """30 < 2/3·50 both: 10 long at 97, then 10 of 12 short close them and 2 open."""
    positions = [("X", 0, 10, 1000), ("X", 1, -12, -1200)]
    done = marked([X], [30, 36], positions, {"X": "100"}, [Backstop()])
    assert done.fills("backstop", fund="vault") == [(-1, 10, 97, -970), (-1, -10, 103, 1030), (-1, -2, 103, 206)]


# TakeOver -------------------------------------------------------------------------------------------------------------


def test_the_equity_of_a_fund_is_its_cash_and_what_its_inventory_gained():
    """7 of cash, 10 lots that cost 1000: at 103 F is 37, at 99 it is -3."""
    done = marked([X], [0], [("X", 0, 10, 1000)], {"X": "100"}, [TakeOver()], 7)
    assert (done.cash(), done.equity(), done.inventory()) == (7, 7, {"X": (10, 1000)})
    assert done.mark({"X": "103"}).equity() == 37
    down = done.mark({"X": "99"})
    assert (down.cash(), down.equity()) == (7, -3)


def test_a_fund_holds_one_row_a_contract_and_closes_the_other_side_first():
    """Long 10 at 100, then short 4 at 102: 8 of gain in cash, 6 lots left."""
    # Wallet 1: U 20, E 10, MM 20: BV -410, 102.5 down. Its rest: -10 + 420 - 408 = 2.
    positions = [("X", 0, 10, 1000), ("X", 1, -4, -420)]
    done = marked([X], [0, -10], positions, {"X": "100"}, [TakeOver()])
    assert done.fills("take-over") == [(0, -10, 100, 1000), (1, 4, 102, -408)]
    assert (done.cash(), done.inventory()) == (8 + 2, {"X": (6, 600)})


@pytest.mark.parametrize(("lots", "inventory"), [(12, (2, 196)), (10, None)])
def test_a_take_over_through_zero_opens_the_rest(lots, inventory):
    """Short 10 at 100, then long 12 at 98: 20 of gain, 2 lots at 98."""
    # Wallet 0: short 10, E 0: taken first. Wallet 1: E 2 a lot: P 98.
    positions = [("X", 0, -10, -1000), ("X", 1, lots, 100 * lots)]
    done = marked([X], [0, 2 * lots], positions, {"X": "100"}, [TakeOver()])
    assert (done.cash(), done.inventory()) == (20, {"X": inventory} if inventory else {})


@pytest.mark.parametrize(("cash", "taken"), [(100, 1), (99, 0)])
def test_a_fund_accepts_while_its_net_notional_is_within_its_size(cash, taken):
    """A lot of 100 at 100: F' = F."""
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    done = marked([X], [0], [("X", 0, 1, 100)], {"X": "100"}, venue, cash)
    assert len(done.of("take-over")) == taken


@pytest.mark.parametrize(("lots", "taken"), [(4, 1), (19, 1), (20, 0), (21, 0)])
def test_a_fund_accepts_what_makes_its_net_row_smaller(lots, taken):
    """Short 10 at 100; at 150 F is 500 and its notional 1,500, beyond all caps."""
    # Then a long of `lots` bought at 150 without a balance: E 0, P 150. 19 leave 9 of 10.
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    done = marked([X], [0, 0], [("X", 0, -10, -1000)], {"X": "100"}, venue, 1000)
    assert done.inventory() == {"X": (-10, -1000)}
    done.house.trade("X", str(lots), "150", buyer=1, seller=None)
    up = done.mark({"X": "150"})
    assert up.equity() == 500
    # Through zero it is two fills.
    assert sum(row["lots"] for row in up.of("take-over")) == -lots * taken


def test_net_notional_is_that_of_all_contracts_of_the_funds_scope():
    """100 in X and 100 in Y are too much for 199 together, and not for two funds of 100."""
    positions = [("X", 0, 1, 100), ("Y", 1, 1, 100)]
    venue = Venue("capped", [TakeOver()], trigger=NetNotionalCap("1"))
    one = marked([X, Y], [0, 0], positions, AT_100, venue, 199)
    assert one.wallets("take-over") == [0]
    two = marked([X, Y], [0, 0], positions, AT_100, venue, [fund(100), fund(100, scope="Y")])
    assert two.wallets("take-over") == [0, 1]
    assert (two.inventory("USDT"), two.inventory("Y")) == ({"X": (1, 100)}, {"Y": (1, 100)})


def test_a_fund_takes_whole_rows():
    """10 lots at a loss of 10 each: 35 would do for three, and takes none."""
    done = marked([X], [0], [("X", 0, 10, 1100)], {"X": "100"}, [TakeOver()], 35)
    assert done.of("take-over") == []


def test_rows_are_taken_over_one_by_one():
    """A wallet's X may be accepted and its Y refused."""
    # E -40 over MM 5 and 5: -20 each: 120 and 120. 20 do for one; of equal margin X is first.
    positions = [("X", 0, 1, 100), ("Y", 0, 1, 100)]
    done = marked([X, Y], [-40], positions, AT_100, [TakeOver()], 20)
    assert [(row["row"], row["price"]) for row in done.of("take-over")] == [(0, 120)]
    assert done.lots == [0, 1]


def test_of_a_chain_the_first_fund_that_accepts_holds_the_inventory():
    """A loss of 70: too much for the 5 of the first, within the 100 of its parent."""
    funds = [fund(100), fund(5, scope="X", parent="USDT")]
    done = marked([X], [0], [("X", 0, 1, 170)], {"X": "100"}, [TakeOver()], funds)
    assert (done.inventory("X"), done.inventory("USDT")) == ({}, {"X": (1, 170)})
    assert (done.equity("X"), done.equity("USDT")) == (5, 30)
    # A loss of 5 is within the first.
    small = marked([X], [0], [("X", 0, 1, 105)], {"X": "100"}, [TakeOver()], funds)
    assert (small.inventory("X"), small.inventory("USDT")) == ({"X": (1, 105)}, {})


def test_a_parent_lends_cash_up_to_its_cap():
    """A deficit of 400: 50 of the contract's fund, 200 of its parent, 150 of nobody."""
    # Long 10 at 150, mark 100, nothing above 110: 1100 - 1500.
    contract = linear(max_price="110")
    funds = [fund(1000), fund(50, scope="X", parent="USDT", parent_cap="200")]
    positions = [("X", 0, 10, 1500), ("X", 1, -10, -1000)]
    done = marked([contract], [0, 2000], positions, {"X": "100"}, [Deleverage()], funds)
    assert done.amounts("fund-paid", fund="X") == [(-1, -50)]
    assert done.amounts("fund-paid", fund="USDT") == [(-1, -200)]
    assert (done.balance[0], done.cash("X"), done.cash("USDT")) == (-150, 0, 800)


# Deleverage -----------------------------------------------------------------------------------------------------------


def test_remainders_are_consumed_by_ascending_loss():
    """200 a lot before it in the round's order, 100 a lot before it here."""
    positions = [("X", 0, 1, 300), ("X", 1, 1, 200), ("X", 2, -2, -200)]
    done = marked([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert [fill[:3] for fill in done.fills("adl-fill") if fill[0] < 2] == [(1, -1, 200), (0, -1, 300)]


def test_the_loss_of_a_short_is_the_mark_less_its_price():
    """E -20 and -10 of a lot: bought back at 80 and 90 from longs at 100."""
    positions = [("X", 0, -1, -80), ("X", 1, -1, -90), ("X", 2, 2, 200)]
    done = marked([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert done.fills("adl-fill") == [(1, 1, 90, -90), (2, -1, 90, 90), (0, 1, 80, -80), (2, -1, 80, 80)]


def test_equal_losses_are_consumed_in_liquidation_order():
    """100 a lot both; the larger deficit was liquidated first."""
    positions = [("X", 0, 1, 200), ("X", 1, 2, 400), ("X", 2, -3, -300)]
    done = marked([X], [0, 0, 1000], positions, {"X": "100"}, [Deleverage()])
    assert [fill[:2] for fill in done.fills("adl-fill") if fill[0] < 2] == [(1, -2), (0, -1)]


def test_of_equal_losses_a_funds_comes_last():
    """The fund's 10 at 102 and wallet 1's lot at 102, at 98."""
    done = marked(
        [X], [0, 0, 900], [("X", 0, 10, 1020), ("X", 2, -11, -1122)], {"X": "102"}, [TakeOver(), Deleverage()]
    )
    done.house.trade("X", "1", "102", buyer=1, seller=None)
    down = done.mark({"X": "98"})
    assert down.fills("adl-notice") == [(2, 1, 102, 0), (2, 10, 102, 0)]
    assert down.fills("adl-fill")[0] == (1, -1, 102, 102)
    assert (down.cash(), down.inventory()) == (0, {})


@pytest.mark.parametrize(("equity", "given"), [(102, 0), (103, 1), (202, 1), (203, 2)])
def test_a_row_gives_as_many_lots_as_its_equity_bears(equity, given):
    """floor((E - ε)/100), ε = 2 + ceil(300·2^-51) = 3."""
    positions = [("X", 0, 3, 600), ("X", 1, -3, -300)]
    done = marked([X], [0, equity], positions, {"X": "100"}, [Deleverage()])
    assert [fill[1] for fill in done.fills("adl-notice")][:1] == ([given] if given else [])


@pytest.mark.parametrize(("lots", "given"), [(2**51, 6), (2**51 + 1, 5), (2**52, 5), (2**52 + 1, 4)])
def test_the_reserve_for_roundings_grows_with_the_value(lots, given):
    """A loss of 1 a lot, E 9: ε is 2 + ceil(|MV|·2^-51)."""
    contract = linear(tiers=TINY)
    positions = [("X", 0, 10, 20), ("X", 1, -lots, -lots)]
    done = marked([contract], [0, 9], positions, {"X": "1"}, [Deleverage()])
    assert done.fills("adl-notice")[0][1] == given


def test_there_is_no_cap_where_a_counterparty_does_not_lose():
    """Ten lots at the mark, to a wallet whose equity is 1."""
    # X has no margin: its E of 1 is healthy. Wallet 0 is liquidated for its Y, E 20 of MM 50, which bears all of it.
    x, y = linear("X", TINY), linear("Y")
    positions = [("X", 0, 10, 1000), ("Y", 0, 10, 1000), ("X", 1, -10, -1000)]
    done = marked([x, y], [20, 1], positions, AT_100, [Deleverage()])
    assert done.fills("adl-fill") == [(0, -10, 100, 1000), (1, 10, 100, -1000)]


def test_a_remainder_at_a_thousand_marks_does_not_block_harmless_ones():
    """One lot clamped at 100,000 is first in the round; 100 lots at a loss of 1 are closed all the same, before it."""
    # Wallet 0: E -200,000: BV 200,100, held at 1,000 marks. Wallet 1: E -100, P 101. Wallet 2: E 700 over MM 505, 600
    # after, which does not bear 99,900.
    positions = [("X", 0, 1, 100), ("X", 1, 100, 10_100), ("X", 2, -101, -10_100)]
    done = marked([X], [-200_000, 0, 700], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert done.fills("adl-fill") == [(1, -100, 101, 10_100), (2, 100, 101, -10_100)]
    assert done.left_open == [(0, 1)]


def test_a_used_up_row_never_comes_again():
    """The first (score 1/2) gives what it bears and is passed; the next remainder starts behind it."""
    # A loss of 10 and of 20 a lot. Wallet 2: U 20, E 40 bears floor(37/10) = 3 of 4 lots; then E 10, MM 5. Wallet 3
    # scores 0, and gives all others.
    positions = [("X", 0, 5, 550), ("X", 1, 1, 120), ("X", 2, -4, -420), ("X", 3, -9, -900)]
    done = marked([X], [0, 0, 20, 900], positions, {"X": "100"}, [Deleverage()])
    assert [fill[:3] for fill in done.fills("adl-notice")] == [(2, 3, 110), (3, 2, 110), (3, 1, 120)]


def test_an_excluded_row_before_the_cursor_is_kept_for_the_next_remainder():
    """Ann's isolated short leads; her own remainder passes it, and two others' find it where it stood."""
    wallets = [
        ("ann", "cross", 0),
        ("bob", "cross", 0),
        ("cat", "cross", 0),
        ("ann", "isolated", 300),
        ("dan", "cross", 990),
    ]
    positions = [
        *(("X", 0, 1, 110), ("X", 1, 1, 120), ("X", 2, 1, 130)),
        *(("X", 3, -2, -250), ("X", 4, -5, -510)),
    ]
    done = marked([X], wallets, positions, {"X": "100"}, [Deleverage(same_account="exclude")])
    assert [fill[:3] for fill in done.fills("adl-notice")] == [(4, 1, 110), (3, 1, 120), (3, 1, 130)]


#: Wallet 0: short 10, E 0: the fund takes it over at 100. Wallet 1: long 10, E -200, P 120: refused. Wallet 2 is rich.
NETTING = ([0, 0, 900], [("X", 0, -10, -1000), ("X", 1, 10, 1200), ("X", 2, -10, -1000)], {"X": "100"})


def test_the_funds_own_inventory_is_closed_first():
    """103 of fund bear floor((103 - 3)/20) = 5 lots at 120, wallet 2 the others."""
    # Refused: F' = 103 + 1000 - 1200. The fund's 5: 500 - 600.
    done = marked([X], *NETTING, [TakeOver(), Deleverage()], 103)
    assert done.own(1, "adl-fill") == [(-5, 120, 600), (-5, 120, 600)]
    assert done.fills("adl-fill", fund="USDT") == [(-1, 5, 120, -600)]
    assert done.fills("adl-notice") == [(2, 5, 120, -100)]
    assert (done.cash(), done.equity(), done.inventory()) == (3, 3, {"X": (-5, -500)})


@pytest.mark.parametrize(("cash", "lots"), [(22, 0), (23, 1), (42, 1), (43, 2)])
def test_the_fund_closes_as_many_as_it_bears(cash, lots):
    """floor((F - 3)/20)."""
    done = marked([X], *NETTING, [TakeOver(), Deleverage()], cash)
    assert [fill[1] for fill in done.fills("adl-fill", fund="USDT")] == ([lots] if lots else [])
    assert done.fills("adl-notice")[0][1] == 10 - lots


def test_the_fund_closes_all_where_it_does_not_lose():
    """At the mark it bought back what it sold there."""
    done = marked([X], *NETTING, [TakeOver(), Deleverage(price="mark")], 103)
    assert done.fills("adl-fill", fund="USDT") == [(-1, 10, 100, -1000)]
    assert done.of("adl-notice") == []


def test_a_venue_may_leave_the_funds_inventory_out():
    """`net_fund_first=False`: all 10 of wallet 2's."""
    done = marked([X], *NETTING, [TakeOver(), Deleverage(net_fund_first=False)], 103)
    assert done.fills("adl-notice") == [(2, 10, 120, -200)]
    assert done.inventory() == {"X": (-10, -1000)}


@pytest.mark.parametrize(
    ("price", "paid"), [("bankruptcy", 120), ("mark", 100), ("previous-mark", 110), ("oracle", 105)]
)
def test_deleveraging_is_at_the_bankruptcy_price_unless_the_venue_says_otherwise(price, paid):
    """One lot that cost 120; the mark fell from 110 to 100, an oracle says 105. No fee, a notice."""
    positions = [("X", 0, 1, 120), ("X", 1, -1, -100)]
    done = marked(
        *([X], [0, 100], positions, {"X": "100"}, [Deleverage(price=price)], 50),
        old={"X": "110"},
        pass_={"oracle": {"X": "105"}},
    )
    assert done.fills("adl-fill") == [(0, -1, paid, paid), (1, 1, paid, -paid)]
    assert done.fills("adl-notice") == [(1, 1, paid, 100 - paid)]
    assert done.balance == [0, 200 - paid]
    # What the price leaves open the fund pays.
    assert done.cash() == 50 - (120 - paid)


def test_the_orders_of_a_counterparty_are_cancelled_by_its_own_margin_mode():
    """A cross wallet's all, an isolated one's of the symbol; who pays nothing keeps his."""
    wallets = [0, ("bob", "cross", 500), ("bob", "isolated", 500), ("dan", "cross", 500)]
    positions = [("X", 0, 2, 400), ("X", 1, -1, -130), ("X", 2, -1, -120), ("X", 3, -1, -110)]
    placed = orders(*(("XY"[code], wallet, 1, 90, 0) for wallet in (1, 2, 3) for code in (0, 1)))
    done = marked([X, Y], wallets, positions, AT_100, [Deleverage()], orders=placed)
    cancelled = [(row["wallet"], row["contract"]) for row in done.of("order-cancelled")]
    assert cancelled == [(1, "X"), (1, "Y"), (2, "X")]
    assert done.orders == [2, 3, 3]


def test_a_fund_below_zero_puts_its_inventory_there_at_shared_prices():
    """10 X that cost 1020 and 10 Y that cost 3020, at 100 and 300: F -40 over MM 50 and 150: 101 and 303."""
    wallets = [0, 0, 9000]
    positions = [("X", 0, 10, 1020), ("X", 2, -10, -1020), ("Y", 1, 10, 3020), ("Y", 2, -10, -3020)]
    done = marked([X, Y], wallets, positions, {"X": "102", "Y": "302"}, [TakeOver(), Deleverage()])
    down = done.mark({"X": "100", "Y": "300"})
    assert down.fills("adl-notice") == [(2, 10, 101, 10), (2, 10, 303, -10)]
    assert (down.cash(), down.equity(), down.inventory()) == (0, 0, {})


def test_a_venue_may_deleverage_only_what_is_bankrupt():
    """`below="0"`: E 0 and more stays uncovered."""
    positions = [("X", 0, 1, 100), ("X", 1, 1, 101), ("X", 2, -2, -200)]
    done = marked([X], [0, 0, 900], positions, {"X": "100"}, [Deleverage(below="0")])
    assert done.own(1, "adl-fill") == [(-1, 101, 101)]
    assert done.left_open == [(0, 1)]


# Uncovered ------------------------------------------------------------------------------------------------------------


def test_what_nobody_took_stays_and_is_tried_again_at_the_next_mark():
    """The event names row and lots; by then somebody is short."""
    done = marked([X], [0, 900], [("X", 0, 2, 400)], {"X": "100"}, [Deleverage()])
    assert done.left_open == [(0, 2)]
    assert (done.balance, done.lots) == ([0, 900], [2])
    done.house.trade("X", "2", "100", buyer=None, seller=1)
    again = done.mark({"X": "100"})
    assert again.wallets("liquidation-started") == [0]
    assert again.own(0, "adl-fill") == [(-2, 200, 400)]
    assert again.left_open == []


def test_a_wallet_that_became_healthy_is_not_named():
    """9 of 10 sold at the mark: E 10, MM 5."""
    done = marked([X], [10], [("X", 0, 10, 1000)], {"X": "100"}, [BookIOC()], 0, Book(bids=[(9, 100)]))
    assert done.left_open == []
    assert done.wallets("healthy") == [0]


def test_a_fund_below_zero_that_nobody_helped_is_named():
    """10 lots, nobody short; at each mark again."""
    done = marked([X], [0], [("X", 0, 10, 1020)], {"X": "102"}, [TakeOver(), Deleverage(), Uncovered()])
    for mark in ("100", "99"):
        down = done.mark({"X": mark})
        assert [row["lots"] for row in down.of("uncovered-lots", fund="USDT")] == [10]


def test_the_assets_of_these_books_have_no_decimals():
    """A quantum is a unit."""
    assert (USDT.decimals, BTC.decimals) == (0, 0)
    assert isinstance(marked([X], [9], [], {"X": "1"}, [Uncovered()]), Pass)
    assert opened(snapshot([X], [9], [], {"X": "1"}), [Uncovered()]).funds["USDT"].cash == 0
