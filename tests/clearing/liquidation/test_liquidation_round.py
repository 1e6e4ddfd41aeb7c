"""Who is liquidated, the numbers that decide it, and bankruptcy prices. Every number by hand."""

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, TakeOver, Uncovered, Venue
from support.house_books import (
    AT_100,
    BTC,
    NO_MARGIN,
    TEN_PERCENT,
    RestingOrders,
    X,
    Y,
    Z,
    inverse,
    linear,
    mark_once,
)

WATCH = [Uncovered()]


def watched(contract, wallets, positions, price, **more):
    """Which wallets a round takes; a position is the lots and the entry value of the wallet of its number."""
    held = [(contract.symbol, row, *given) for row, given in enumerate(positions)]
    return mark_once([contract], wallets, held, {contract.symbol: price}, WATCH, **more).wallets("liquidation-started")


def test_a_position_is_worth_its_lots_times_the_mark_rounded_half_even():
    """MV = rint(q·v): 1 lot at 2.5 is worth 2 and 3 lots 8."""
    # U = 2 - 3 and 8 - 8 without a balance; half up or half down would take the other, or both.
    assert watched(X, [0, 0], [(1, 3), (3, 8)], "2.5") == [0]


def test_values_above_2_to_the_53_are_float64_products():
    """float64(q)·v is a quantum off there, on every machine the same."""
    lots = 2**53 + 1
    tiny = linear(tiers=adl.MarginTiers([0], ["0.00000000000000000001"]))
    assert watched(tiny, [0], [(lots, lots)], "1") == [0]
    assert watched(tiny, [1], [(lots, lots)], "1") == []


def test_maintenance_margin_is_the_largest_of_the_tiers_lines():
    """Tiers 10 %, and 30 % from 100 on: 200 needs max(20, 60 - 20)."""
    assert watched(linear(tiers=adl.MarginTiers([0, 100], ["0.1", "0.3"])), [40, 41], [(200, 200)] * 2, "1") == [0]


def test_maintenance_margin_is_rounded_half_even():
    """25 % of 10 is 2, of 14 it is 4."""
    quarter = linear(tiers=adl.MarginTiers([0], ["0.25"]))
    assert watched(quarter, [2, 3, 4, 5], [(10, 10), (10, 10), (14, 14), (14, 14)], "1") == [0, 2]


def test_maintenance_margin_is_not_below_zero():
    """10 % of 10 less 5 is 0 and not -4: with nothing a wallet is not liquidated, below nothing it is."""
    tiers = adl.MarginTiers([0], ["0.1"], ["5"], check=False)
    assert watched(linear(tiers=tiers), [0, -1], [(10, 10)] * 2, "1") == [1]


@pytest.mark.parametrize(("equity", "taken"), [(51, []), (50, [0]), (1, [0]), (0, [0]), (-1, [0])])
def test_a_wallet_is_liquidatable_where_its_equity_is_not_above_its_margin(equity, taken):
    """10 lots at 100: MM 50."""
    assert watched(X, [equity], [(10, 1000)], "100") == taken


@pytest.mark.parametrize(("equity", "taken"), [(0, []), (-1, [0])])
def test_without_margin_only_a_negative_equity_is_liquidated(equity, taken):
    """MM of a lot at 100 is 0.01, rounded 0."""
    assert watched(linear(tiers=NO_MARGIN), [equity], [(1, 100)], "100") == taken


@pytest.mark.parametrize(("equity", "taken"), [(50, []), (49, [0])])
def test_a_venue_may_liquidate_below_the_margin_only(equity, taken):
    """`inclusive=False`: E = MM is healthy."""
    done = mark_once([X], [equity], [("X", 0, 10, 1000)], {"X": "100"}, Venue("below", WATCH, inclusive=False))
    assert done.wallets("liquidation-started") == taken


def test_a_negative_equity_is_never_healthy():
    """Neither without margin nor where only what is below it is liquidated."""
    venue = Venue("below", WATCH, inclusive=False)
    done = mark_once([linear(tiers=NO_MARGIN)], [-1], [("X", 0, 1, 100)], {"X": "100"}, venue)
    assert done.wallets("liquidation-started") == [0]


def test_a_wallet_without_a_position_is_not_liquidatable():
    """A debt is a matter of settlement."""
    assert mark_once([X], [-5, 100], [("X", 1, 1, 100)], {"X": "100"}, WATCH).of("liquidation-started") == []


def test_the_street_and_funds_are_never_liquidatable():
    """The street is short 10 at 100 and loses 1000 at 200; the fund took 10 at 102 and has F = -20 at 100."""
    # Wallet 0: MV 1020 at 102, MM 51, E = 0; the fund takes it over at 102. Balanced by the street at -1020.
    done = mark_once([X], [0], [("X", 0, 10, 1020)], {"X": "102"}, [TakeOver()])
    assert done.inventory() == {"X": (10, 1020)}
    down = done.mark({"X": "100"})
    assert down.equity() == -20
    up = down.mark({"X": "200"})
    assert [row for row in (*down.events.rows(), *up.events.rows()) if row["kind"] == "liquidation-started"] == []


def test_a_vault_is_never_liquidatable():
    """It has no cash and loses, and nothing happens to it."""
    done = mark_once([X], [0], [("X", 0, 10, 1000)], {"X": "100"}, [Backstop()])
    assert done.fills("backstop") == [(0, -10, 100, 1000)]
    assert done.mark({"X": "50"}).of("liquidation-started", "uncovered-lots", party="vault") == []


def test_who_is_broken_as_a_counterparty_is_liquidated_in_a_later_round():
    """And a counterparty pays in that round too, with what it has then."""
    # Wallet 0: P 200. Wallet 1: short 3, U 45, E 110: a lot costs it 100, E 10 = MM of the 2 others: round 2 takes it.
    # BV -210, 105 a lot: wallet 2, long 2, sells at 105, 5 better than the mark.
    positions = [("X", 0, 1, 200), ("X", 1, -3, -345), ("X", 2, 2, 180)]
    done = mark_once([X], [0, 65, 100], positions, {"X": "100"}, [Deleverage()])
    assert done.wallets("liquidation-started") == [0, 1]
    assert [fill[:3] for fill in done.fills("adl-fill")] == [(0, -1, 200), (1, 1, 200), (1, 2, 105), (2, -2, 105)]
    # -200 + 115 = -85 of 65; then -210 + 230 = 20: nothing. Wallet 2: 210 - 180.
    assert done.balance == [0, 0, 130]


def test_wallets_are_ordered_by_ratio_then_equity_then_row():
    """E <= 0 is an infinite ratio; of equal ratios less equity comes first."""
    # MM 50 a wallet, 100 of the last: ratios 1, 2, inf, inf, 2, 2.
    lots = [10, 10, 10, 10, 10, 20]
    positions = [("X", row, held, 100 * held) for row, held in enumerate(lots)]
    done = mark_once([X], [50, 25, 0, -5, 25, 50], positions, {"X": "100"}, [Uncovered()])
    assert done.wallets("liquidation-started") == [3, 2, 1, 4, 5, 0]


def test_rows_of_a_wallet_are_ordered_by_margin_then_row():
    """MM 5, 10, 5."""
    book = RestingOrders()
    positions = [("X", 0, 1, 100), ("Y", 0, 2, 200), ("Z", 0, 1, 100)]
    mark_once([X, Y, Z], [0], positions, {**AT_100, "Z": "100"}, [BookIOC()], 0, book)
    assert [symbol for symbol, *_ in book.sent] == ["Y", "X", "Z"]


def test_the_order_of_rows_is_fixed_for_the_round():
    """The book leaves 1 of 4 lots of X, less than of Y: it stays first."""
    book = RestingOrders(bids=[(3, 100)])
    done = mark_once([X, Y], [0], [("X", 0, 4, 400), ("Y", 0, 3, 300)], AT_100, [BookIOC(), TakeOver()], 0, book)
    assert [(row["row"], row["lots"]) for row in done.of("take-over")] == [(0, -1), (1, -3)]


def test_the_order_of_wallets_is_fixed_for_the_round():
    """Ratios 50/10 and 50/20; after the book 10/10 and 50/20."""
    # Wallet 0 sells 8 of 10 at 100: E 10, MM 10. Then it is worth 190: 95; wallet 1: 980.
    book = RestingOrders(bids=[(8, 100)])
    positions = [("X", 0, 10, 1000), ("X", 1, 10, 1000)]
    done = mark_once([X], [10, 20], positions, {"X": "100"}, [BookIOC(), TakeOver()], 0, book)
    assert done.fills("take-over") == [(0, -2, 95, 190), (1, -10, 98, 980)]


def handed_over(contracts, balance, positions, marks, fund=10_000, **more):
    """A wallet whose rows a large fund takes: row, price and value of each in the order of the round."""
    held = [(symbol, 0, *given) for symbol, *given in positions]
    done = mark_once(contracts, [balance], held, marks, [TakeOver()], fund, **more)
    return done, [(row["row"], row["price"], row["amount"]) for row in done.of("take-over")]


def test_equity_is_shared_by_maintenance_margin():
    """E = -7 over MM 5 and 15: floor(-1.75) = -2, and the last row the rest; closing both leaves nothing."""
    done, taken = handed_over([X, Y], -7, [("X", 1, 100), ("Y", 1, 300)], {"X": "100", "Y": "300"})
    assert taken == [(1, 305, 305), (0, 102, 102)]
    assert done.balance == [0]


def test_the_highest_row_takes_the_rest_wherever_it_stands_in_the_round():
    """MM 15 and 5: floor(-5.25) = -6 for the first, -1 for the last."""
    _, taken = handed_over([X, Y], -7, [("X", 1, 300), ("Y", 1, 100)], {"X": "300", "Y": "100"})
    assert taken == [(0, 306, 306), (1, 101, 101)]


def test_without_maintenance_margin_equity_is_shared_by_notional():
    """MM 0 and 0: by 100 and 300."""
    contracts = [linear("X", NO_MARGIN), linear("Y", NO_MARGIN)]
    _, taken = handed_over(contracts, -7, [("X", 1, 100), ("Y", 1, 300)], {"X": "100", "Y": "300"})
    assert sorted(taken) == [(0, 102, 102), (1, 305, 305)]


def test_a_short_in_a_deep_deficit_is_held_at_one_tick_and_the_rest_is_split_anew():
    """E = -400 over 10 and 30: the short would be worth 0 and is held at 1; the long bears -310."""
    # Its BV 610/30 = 20.3 up: 21. Balance: -400 + (630 - 300) + (100 - 10) = 20, to the fund.
    contracts = [linear("X", TEN_PERCENT), linear("Y", TEN_PERCENT)]
    done, taken = handed_over(contracts, -400, [("X", -10, -100), ("Y", 30, 300)], {"X": "10", "Y": "10"})
    assert taken == [(1, 21, 630), (0, 1, -10)]
    assert done.amounts("rest") == [(0, -20)]
    assert (done.balance, done.cash()) == ([0], 10_020)


def test_rows_outside_the_bounds_are_held_in_turn():
    """E = -220, MM 10, 20, 40: Y (floor(-62.9)) is held first, then X, and Z bears 150."""
    # Y worth -50 at most -10: bears 40. Of -180 X bears -36: worth -4, a price of 0.4: held, -10, bears 30. Z: 250.
    contracts = [
        linear(name, adl.MarginTiers([0], [rate])) for name, rate in (("X", "0.25"), ("Y", "0.4"), ("Z", "0.4"))
    ]
    rows = [("X", -10, -40), ("Y", -10, -50), ("Z", 10, 100)]
    done, taken = handed_over(contracts, -220, rows, {"X": "4", "Y": "5", "Z": "10"})
    assert taken == [(2, 25, 250), (1, 1, -10), (0, 1, -10)]
    assert done.balance == [0]


def test_rows_outside_are_held_together():
    """Two shorts of -100 with E = -250 beside a long that is shared by 10 each: both shorts in one round."""
    # Floors of -250/3 = -84, -84, -82: none of 90 is passed, all at 16 or less: prices 1.6 down, 1.6 down, 18.2 up.
    # E = -300: -100 each: both shorts would be worth 0: held at 1, bearing 90 each; the long -120: 220/10 = 22.
    contracts = [linear(name, TEN_PERCENT) for name in "XYZ"]
    rows = [("X", -10, -100), ("Y", -10, -100), ("Z", 10, 100)]
    marks = dict.fromkeys("XYZ", "10")
    assert handed_over(contracts, -250, rows, marks)[1] == [(0, 1, -10), (1, 1, -10), (2, 19, 190)]
    assert handed_over(contracts, -300, rows, marks)[1] == [(0, 1, -10), (1, 1, -10), (2, 22, 220)]


def test_where_all_rows_are_held_what_is_left_below_zero_is_a_deficit():
    """Shorts of 10 at 10 bear 90 each of 300: the fund pays 120."""
    contracts = [linear("X", TEN_PERCENT), linear("Y", TEN_PERCENT)]
    done, taken = handed_over(contracts, -300, [("X", -10, -100), ("Y", -10, -100)], {"X": "10", "Y": "10"})
    assert taken == [(0, 1, -10), (1, 1, -10)]
    assert done.amounts("cover") == [(0, 120)]
    assert (done.balance, done.cash()) == ([0], 10_000 - 120)


def test_where_all_rows_are_held_what_is_left_above_zero_is_a_surplus():
    """10 at 10 with E 95 of MM 95: worth 10 at one tick, bearing 90; 5 go to the fund."""
    done, taken = handed_over([linear(tiers=adl.MarginTiers([0], ["0.95"]))], 95, [("X", 10, 100)], {"X": "10"})
    assert taken == [(0, 1, 10)]
    assert done.amounts("rest") == [(0, -5)]


def test_a_given_highest_price_is_rounded_down_to_ticks():
    """93 on a grid of 10 is 90: a long that would need 120 bears 800 at 90."""
    done, taken = handed_over([linear(tick="10", max_price="93")], -1000, [("X", 20, 1400)], {"X": "50"})
    # MV 1000, U -400, E -1400: BV 2400. Held: 1800, bearing 800; 600 are a deficit.
    assert taken == [(0, 9, 1800)]
    assert done.amounts("cover") == [(0, 600)]


def test_the_default_highest_price_is_a_thousand_marks_or_the_entry_price():
    """A long at 0.001 that cost 5: 5; one that cost 0.5: 1, a thousand marks."""
    # MV 0.01 rounded 0. E -100 each; held at 5: 50 for 10 lots; held at 1: 10.
    contract = linear(tick="0.001", tiers=NO_MARGIN)
    done, taken = handed_over([contract], -50, [("X", 10, 50)], {"X": "0.001"})
    assert taken == [(0, 5000, 50)]
    assert done.amounts("cover") == [(0, 50)]
    _, taken = handed_over([contract], -95, [("X", 10, 5)], {"X": "0.001"})
    assert taken == [(0, 1000, 10)]


def test_an_inverse_long_in_a_deep_deficit_would_need_a_price_without_bound():
    """10,000 USD at 100 is -100 coins; with E -150 it is held at 1,000 marks, worth -0.1: 50 are a deficit."""
    done = mark_once(
        [inverse()], [-150], [("I", 0, 1, -100)], {"I": "100"}, [TakeOver()], [adl.InsuranceFund(BTC.name, "900")]
    )
    assert done.fills("take-over") == [(0, -1, 100_000, 0)]
    assert done.amounts("cover") == [(0, 50)]


def test_a_price_is_rounded_to_a_tick_in_the_wallets_favour():
    """30 at 10 with E 1: a long's BV 299, 9.97, up to 10; a short's -301, 10.03, down to 10. The fund has 1 less."""
    _, taken = handed_over([X], 1, [("X", 30, 300)], {"X": "10"})
    assert taken == [(0, 10, 300)]
    _, taken = handed_over([X], 1, [("X", -30, -300)], {"X": "10"})
    assert taken == [(0, 10, -300)]


def test_from_there_the_value_at_the_price_decides():
    """BV 305 of 30 lots is a price of 11 and 330: a fund of 29 refuses what costs it 30, one of 30 accepts."""
    for fund, taken in ((29, []), (30, [(0, 11, 330)])):
        assert handed_over([X], -5, [("X", 30, 300)], {"X": "10"}, fund)[1] == taken


#: E 10 over MM 15 and 5: X bears 7, 293/3 up 98; Y bears 3, 97. With X gone at 98, Y would bear 4: 96.
TWO_ROWS = [("X", 0, 3, 300), ("Y", 0, 1, 100)]


def test_the_rounding_surplus_of_a_row_closed_earlier_is_shared_by_the_others():
    """It stays in the wallet and enters the next stage's shares; only an emptied wallet's rest goes to the fund."""
    # MM 15 and 5, E 10: X bears 7, 293/3 up to 98; Y bears 3: 97. The book buys X at 98, 294: E = 4. Y, MM 5: 96.
    book = RestingOrders(bids=[(3, 98)])
    done = mark_once([X, Y], [10], TWO_ROWS, AT_100, [BookIOC(), TakeOver()], 0, book)
    assert book.sent == [("X", -3, 98), ("Y", -1, 97)]
    assert done.fills("take-over") == [(0, -1, 96, 96)]
    assert (done.balance, done.amounts("rest")) == ([0], [])


def test_the_rest_of_an_emptied_wallet_goes_to_the_fund():
    """30 lots, BV 299 at 300: the 1 that rounding left."""
    done, _ = handed_over([X], 1, [("X", 30, 300)], {"X": "10"}, 0)
    assert done.amounts("rest") == [(0, -1)]
    assert (done.balance, done.cash()) == ([0], 1)


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        (TakeOver(), "take-over"),
        (Backstop(), "backstop"),
        # 10 < 2/3·20, but of what X leaves only 4 < 1·5.
        (Backstop(below="1", by="row"), "backstop"),
        (Deleverage(), "adl-fill"),
    ],
)
def test_prices_are_computed_once_at_the_start_of_a_stage(stage, kind):
    """What X leaves does not enter the price of Y in the same stage."""
    done = mark_once([X, Y], [10, 1000], [*TWO_ROWS, ("X", 1, -3, -300), ("Y", 1, -1, -100)], AT_100, [stage])
    assert [fill for fill in done.fills(kind) if fill[0] == 0] == [(0, -3, 98, 294), (0, -1, 97, 97)]
