"""Liquidation orders: limits, portions, fees, and who pays what is worse. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, Deleverage, TakeOver, Venue
from support.house_books import AT_100, RestingOrders, X, Y, fund, inverse, linear, mark_once


@pytest.mark.parametrize(
    ("portion", "lots", "sent"), [("0.3", 10, 3), ("0.3", 11, 4), ("0.07", 100, 7), (0.07, 100, 7)]
)
def test_an_order_is_of_the_portion_rounded_up_to_lots(portion, lots, sent):
    """Exactly: 7 % of 100 are 7, though float64 says 7.000000000000001."""
    book = RestingOrders()
    mark_once([X], [0], [("X", 0, lots, 100 * lots)], {"X": "100"}, [BookIOC(portion=portion)], 0, book)
    assert book.sent == [("X", -sent, 100)]


def test_there_is_one_order_a_row_in_the_rows_direction():
    """A long is sold, a short bought; each at its own price."""
    # E 30 over MM 10 and 20: 10 and 20: 190/2 = 95, 420/4 = 105.
    book = RestingOrders()
    done = mark_once([X, Y], [30], [("X", 0, 2, 200), ("Y", 0, -4, -400)], AT_100, [BookIOC()], 0, book)
    assert book.sent == [("Y", 4, 105), ("X", -2, 95)]
    assert done.wallets("zero-fill") == [0, 0]


def test_a_better_price_is_the_wallets_less_the_fee():
    """2 at 60 with E 0, sold at 75: 2 % of 150 are 3, and 27 stay."""
    book = RestingOrders(bids=[(2, 75)])
    done = mark_once([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.02", surplus="wallet")], 0, book)
    assert done.amounts("fee") == [(0, -3)]
    assert (done.balance, done.cash()) == ([27], 3)


def test_the_fee_is_at_most_what_was_better():
    """Half of 150 is more than the 30; at the bankruptcy price there is nothing to take it from."""
    for bid, better in ((75, 30), (60, 0)):
        book = RestingOrders(bids=[(2, bid)])
        done = mark_once([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.5")], 0, book)
        assert (done.balance, done.cash()) == ([0], better)


def test_a_better_price_may_be_the_funds_and_then_there_is_no_fee():
    """All of the 30."""
    book = RestingOrders(bids=[(2, 75)])
    done = mark_once([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee="0.02", surplus="fund")], 0, book)
    assert done.amounts("surplus") == [(0, -30)]
    assert done.of("fee") == []
    assert (done.balance, done.cash()) == ([0], 30)


def test_better_is_against_the_bankruptcy_price_in_ticks():
    """30 at 10 with E 1: 299, 9.97, up to 10: sold at 10 nothing was better, and the 1 stays."""
    book = RestingOrders(bids=[(30, 10)])
    done = mark_once([X], [1], [("X", 0, 30, 300)], {"X": "10"}, [BookIOC(surplus="fund")], 0, book)
    assert done.of("surplus") == []
    assert done.balance == [1]


def test_a_short_buys_back_at_most_at_its_price():
    """2 at 60 with E 4: 62. Bought at 61 for 122: 2 better, a fee of 1 % of 122 rounded 1."""
    book = RestingOrders(asks=[(2, 61)])
    done = mark_once([X], [4], [("X", 0, -2, -120)], {"X": "60"}, [BookIOC(fee="0.01")], 0, book)
    assert book.sent == [("X", 2, 62)]
    assert done.own(0, "book-fill") == [(2, 61, -122)]
    assert (done.balance, done.cash()) == ([4 - 2 - 1], 1)


@pytest.mark.parametrize(("lots", "limit"), [(3, 97), (-3, 103)])
def test_a_limit_at_the_funds_expense_is_rounded_toward_the_bankruptcy_price(lots, limit):
    """A fund of 10 over 3 lots: 96.7 up for a long, 103.3 down for a short."""
    book = RestingOrders()
    mark_once([X], [0], [("X", 0, lots, 100 * lots)], {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 10, book)
    assert book.sent == [("X", -lots, limit)]


def test_a_limit_at_the_funds_expense_of_an_inverse_contract():
    """A lot of 10,000 USD is -100 coins at 100; with 20 of fund -120, at 83.3, up to 84."""
    book = RestingOrders()
    venue = [BookIOC(limit="fund", surplus="fund")]
    mark_once([inverse()], [0], [("I", 0, 1, -100)], {"I": "100"}, venue, [fund(20, "BTC")], book)
    assert book.sent == [("I", -1, 84)]


def test_an_empty_fund_leaves_the_limit_at_the_bankruptcy_price():
    """F = 0."""
    book = RestingOrders()
    mark_once([X], [0], [("X", 0, 3, 300)], {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 0, book)
    assert book.sent == [("X", -3, 100)]


def test_the_fund_pays_what_is_worse():
    """Sold at 90 and 95 instead of 100: 15 of a fund of 20."""
    # The limit: 100 - 20/2.
    book = RestingOrders(bids=[(1, 95), (1, 90)])
    done = mark_once([X], [0], [("X", 0, 2, 200)], {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 20, book)
    assert book.sent == [("X", -2, 90)]
    assert done.amounts("cover") == [(0, 15)]
    assert done.amounts("fund-paid", party="USDT") == [(-1, -15)]
    assert (done.balance, done.cash()) == ([0], 5)


def test_v30_a_fund_gains_a_quarter_and_spends_it_and_nobody_is_deleveraged():
    """EP 100, LP 99.5, BP 99; A is filled at 99.25, B's limit is 98.75, and the fund is 0 after B.

    Source: doc.sat.is/product-docs/trading/liquidation/system-gain-and-losses and
    testnet.bitmex.com/app/liquidationExamples.
    """
    # Cents, ticks of 0.25. E = 100 - 50 = 50 cents at 99.5; MM 0.5 % of 9950, 49.75 rounded 50.
    contract = linear(settle=adl.Asset("USDT", 2), tick="0.25", tiers=adl.MarginTiers([0], ["0.005"]))
    book = RestingOrders(bids=[(1, 397), (1, 395)])
    positions = [("X", 0, 1, 10_000), ("X", 1, 1, 10_000), ("X", 2, -2, -20_000)]
    venue = Venue("V30", [BookIOC(limit="fund", surplus="fund"), Deleverage()])
    done = mark_once([contract], [100, 100, 90_000], positions, {"X": "99.5"}, venue, [fund("0")], book)
    assert book.sent == [("X", -1, 396), ("X", -1, 395)]
    assert done.own(0, "book-fill", "surplus") == [(-1, 397, 9925), (0, 0, -25)]
    assert done.own(1, "book-fill", "cover") == [(-1, 395, 9875), (0, 0, 25)]
    assert (done.balance, done.cash()) == ([0, 0, 90_000], 0)
    assert done.of("adl-fill", "uncovered-lots") == []


def test_only_large_positions_are_ordered_in_portions():
    """2,000 is above 1,000: a fifth of it; 1,000 is not: whole."""
    book = RestingOrders()
    positions = [("X", 0, 20, 2000), ("X", 1, 10, 1000)]
    mark_once([X], [0, 0], positions, {"X": "100"}, [BookIOC(portion="0.2", above="1000")], 0, book)
    assert book.sent == [("X", -4, 100), ("X", -10, 100)]


def test_after_a_portion_the_rest_waits_and_is_then_ordered_whole():
    """4 of 20 at 0, nothing at 29, the other 16 at 30; meanwhile the fund leaves them alone."""
    book = RestingOrders(bids=[(100, 100)])
    stages = [BookIOC(portion="0.2", cool_down=30), TakeOver(), Deleverage()]
    positions = [("X", 0, 20, 2000), ("X", 1, -20, -2000)]
    done = mark_once([X], [0, 5000], positions, {"X": "100"}, stages, 500, book, pass_={"time": 0})
    assert done.lots == [16, -20]
    assert done.mark({"X": "100"}, time=29).lots == [16, -20]
    assert done.mark({"X": "100"}, time=30).lots == [0, -20]
    assert book.sent == [("X", -4, 100), ("X", -16, 100)]


def test_past_its_cool_down_a_row_is_ordered_whole_at_every_mark():
    """4 of 20 at 0, the other 16 at 30, of which the book takes 5; the 11 that are left at the next mark."""
    book = RestingOrders(bids=[(4, 100), (5, 99)])
    stages = [BookIOC(portion="0.2", cool_down=30)]
    # E = 0: P 100. 16 for 16 lots: P 99.
    done = mark_once([X], [0], [("X", 0, 20, 2000)], {"X": "100"}, stages, 500, book, pass_={"time": 0})
    done.house.deposit(0, 16)
    assert done.mark({"X": "100"}, time=30).lots == [11]
    assert done.mark({"X": "100"}, time=31).lots == [11]
    assert book.sent == [("X", -4, 100), ("X", -16, 99), ("X", -11, 99)]


@pytest.mark.parametrize(("equity", "sent"), [(100, [-10]), (40, [-10, -10])])
def test_orders_by_tiers_step_down_a_tier_at_a_time(equity, sent):
    """5 % to 1,000 and 10 % above: 20 lots at 100 step down to 10, and to none if that did not heal."""
    # MM 200 - 50 = 150; at 1,000 it is 50. E 100: P 95; E 40: P 98. Sold at the mark.
    contract = linear(tiers=adl.MarginTiers([0, 1000], ["0.05", "0.1"]))
    book = RestingOrders(bids=[(100, 100)])
    mark_once([contract], [equity], [("X", 0, 20, 2000)], {"X": "100"}, [BookIOC(portion="tiers")], 0, book)
    assert [lots for _, lots, _ in book.sent] == sent


def test_the_book_stops_on_the_equity_of_the_moment():
    """X sold at the mark: E 50, MM 5: no order for Y."""
    book = RestingOrders(bids=[(10, 100)])
    done = mark_once([X, Y], [50], [("X", 0, 10, 1000), ("Y", 0, 1, 100)], AT_100, [BookIOC()], 0, book)
    assert book.sent == [("X", -10, 96)]
    assert done.lots == [0, 1]


def test_a_limit_at_the_funds_expense_uses_what_the_fund_has_at_that_moment():
    """10 of fund let the first sell its lot 10 below; the second has no fund left, and sells at its price or not."""
    # E 0: P 100; with F 10 a lot at 90. The book bids 90 for two.
    book = RestingOrders(bids=[(2, 90)])
    positions = [("X", 0, 1, 100), ("X", 1, 1, 100)]
    done = mark_once([X], [0, 0], positions, {"X": "100"}, [BookIOC(limit="fund", surplus="fund")], 10, book)
    assert book.sent == [("X", -1, 90), ("X", -1, 100)]
    assert done.amounts("cover") == [(0, 10)]
    assert (done.balance, done.cash(), done.lots) == ([0, 0], 0, [0, 1])


@pytest.mark.parametrize("rate", ["0.07", 0.07])
def test_fee_rates_are_exact_decimals_and_a_float_is_its_shortest(rate):
    """7 % of 150 is 10.5, half-even 10; float64 makes it 10.500000000000002."""
    # 2 lots at 60: MV 120, MM 6, E = 0: BV 120, 60 a lot. Both sold at 75: better by 30.
    book = RestingOrders(bids=[(2, 75)])
    done = mark_once([X], [0], [("X", 0, 2, 120)], {"X": "60"}, [BookIOC(fee=rate)], 0, book)
    assert done.amounts("fee") == [(0, -10)]
    assert (done.balance, done.cash()) == ([20], 10)
