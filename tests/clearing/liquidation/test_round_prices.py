"""The bankruptcy prices of a wallet's rows, as a round shares them out. Every number by hand."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.clearing import Backstop, BookIOC, Deleverage, TakeOver
from support.house_books import AT_100, BTC, FIVE_PERCENT, NO_MARGIN, TEN_PERCENT, Book, X, Y, inverse, linear, marked


def handed_over(contracts, balance, positions, marks, fund=10_000, **more):
    """A wallet whose rows a large fund takes: row, price and value of each in the order of the round."""
    held = [(symbol, 0, *given) for symbol, *given in positions]
    wallet = [balance]
    done = marked(contracts, wallet, held, marks, [TakeOver()], fund, **more)
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


#: Too little of small values to be a quantum.


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
    contract = linear(tiers=adl.MarginTiers([0], ["0.95"]))
    done, taken = handed_over([contract], 95, [("X", 10, 100)], {"X": "10"})
    assert taken == [(0, 1, 10)]
    assert done.amounts("rest") == [(0, -5)]


def test_a_given_highest_price_is_rounded_down_to_ticks():
    """93 on a grid of 10 is 90: a long that would need 120 bears 800 at 90."""
    contract = linear(tick="10", max_price="93")
    done, taken = handed_over([contract], -1000, [("X", 20, 1400)], {"X": "50"})
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
    done = marked(
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


def test_the_rounding_surplus_of_a_row_closed_earlier_is_shared_by_the_others():
    """It stays in the wallet and enters the next stage's shares; only an emptied wallet's rest goes to the fund."""
    # MM 15 and 5, E 10: X bears 7, 293/3 up to 98; Y bears 3: 97. The book buys X at 98, 294: E = 4. Y, MM 5: 96.
    book = Book(bids=[(3, 98)])
    positions = [("X", 0, 3, 300), ("Y", 0, 1, 100)]
    done = marked([X, Y], [10], positions, {"X": "100", "Y": "100"}, [BookIOC(), TakeOver()], 0, book)
    assert book.sent == [("X", -3, 98), ("Y", -1, 97)]
    assert done.fills("take-over") == [(0, -1, 96, 96)]
    assert (done.balance, done.amounts("rest")) == ([0], [])


def test_the_rest_of_an_emptied_wallet_goes_to_the_fund():
    """30 lots, BV 299 at 300: the 1 that rounding left."""
    done, _ = handed_over([X], 1, [("X", 30, 300)], {"X": "10"}, 0)
    assert done.amounts("rest") == [(0, -1)]
    assert (done.balance, done.cash()) == ([0], 1)


#: E 10 over MM 15 and 5: X bears 7, 293/3 up 98; Y bears 3, 97. With X gone at 98, Y would bear 4: 96.
TWO_ROWS = [("X", 0, 3, 300), ("Y", 0, 1, 100)]


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
    positions = [*TWO_ROWS, ("X", 1, -3, -300), ("Y", 1, -1, -100)]
    done = marked([X, Y], [10, 1000], positions, AT_100, [stage])
    assert [fill for fill in done.fills(kind) if fill[0] == 0] == [(0, -3, 98, 294), (0, -1, 97, 97)]


def test_prices_are_computed_anew_by_the_next_stage():
    """X sold at 98, Y is refused by the book at 97 and taken over at 96."""
    book = Book(bids=[(3, 98)])
    positions = [("X", 0, 3, 300), ("Y", 0, 1, 100)]
    done = marked([X, Y], [10], positions, AT_100, [BookIOC(), TakeOver()], 0, book)
    assert book.sent == [("X", -3, 98), ("Y", -1, 97)]
    assert done.fills("take-over") == [(0, -1, 96, 96)]


def test_tiers_are_those_of_the_examples():
    """5 % and 10 %."""
    assert (FIVE_PERCENT.maintenance_margin(100), TEN_PERCENT.maintenance_margin(100)) == (5.0, 10.0)
