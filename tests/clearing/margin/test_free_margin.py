"""What a wallet may give away, by hand: balance or equity, less what positions and orders lock."""

import math
from fractions import Fraction

import pytest

import adlcore as adl
from support import books
from support.books import ANN_ALONE, BOB, CAT, UNIT, free, one_position, small_snapshot


@pytest.mark.parametrize(
    ("terms", "cents"),
    [
        ({}, 6_999),  # 120 - 5 % of 1,000, and a cent more, or it would be liquidated
        ({"leverage": 10}, 2_000),  # 120 - 1,000/10
        ({"leverage": 8}, 0),  # 1,000/8 is more than there is
        ({"leverage": 30}, 6_999),  # 1,000/30 = 33.333…, rounded up to 33.34, is less than the 50 that must stay
        ({"leverage": "19.5"}, 6_871),  # 1,000/19.5 = 51.282…, rounded up to 51.29
        ({"leverage": "0.5", "balance": "2000.01"}, 1),
        ({"mark": "110"}, 6_500),  # a profit of 100 is not there to be taken: min(120, 220) - 55
        ({"mark": "95"}, 2_249),  # a loss of 50 is gone: 70 - 47.50, and a cent
        ({"mark": "88"}, 0),  # nothing left: 0 - 44
        ({"mark": "80"}, 0),  # equity -80
        ({"mark": "110", "leverage": 10}, 1_000),  # of the value now, 1,100
        ({"quantity": -10, "mark": "95"}, 7_250),  # a short wins: 120 - 47.50
        ({"quantity": -10, "mark": "105"}, 1_749),
        ({"locked": "30"}, 4_000),
        ({"locked": "70"}, 0),
        ({"locked": "71"}, 0),
        ({"locked": "0.01", "leverage": 30}, 6_999),
        ({"mark": "88", "locked": "30"}, 0),
    ],
)
def test_free_margin_is_the_lesser_of_balance_and_equity_less_margin_and_locks(terms, cents):
    assert free(one_position(**terms), 0) == cents


def test_free_margin_is_in_coins_for_an_inverse_contract():
    rows = [
        {"account": account, "contract": "BTCUSD", "quantity": lots, "entry_price": 60_000, "leverage": leverage}
        for account, lots, leverage in (("dan", 300, 0), ("eve", -300, 7))
    ]
    wallets = {"account": ["dan", "eve"], "asset": ["BTC", "BTC"], "balance": ["0.5", "1"]}
    snapshot = adl.Snapshot.build([books.COIN], wallets, rows, {"BTCUSD": "50000"})
    # Value 0.6, cost 0.5: Dan loses 0.1 and keeps 0.4 %; Eve's profit is not there, 0.6/7 rounded up is.
    assert free(snapshot, 0) == 40_000_000 - 240_000 - 1
    assert free(snapshot, 1) == UNIT - 8_571_429


def test_every_position_and_order_of_a_wallet_counts():
    # Bob: balance 9,000, equity 9,211; 5 ‰ of 81,200 less 50; 60,211/25; 150 locked.
    assert free(small_snapshot(), BOB) == 9_000 * UNIT - 356 * UNIT - 2_408_44000000 - 150 * UNIT
    # Cat's legs: 52,200 and 23,200, each with its own margin; her profit of 1,300 stays.
    assert free(small_snapshot(), CAT) == 4_000 * UNIT - 211 * UNIT - 92_80000000
    # Ann's isolated short: 700 less a loss of 100 less 5,800/20. Her cross wallet does not matter.
    assert free(small_snapshot(), ANN_ALONE) == 600 * UNIT - 290 * UNIT


@pytest.mark.parametrize("leverage", [1 / 3, 0.1 + 0.2, 7.123456789, 125, 1e9])
def test_a_leverage_is_read_by_its_shortest_decimal(leverage):
    value = math.ceil(81_200 * UNIT / Fraction(repr(leverage)))
    rest = 9_000 * UNIT - 251_05500000 - 150 * UNIT
    assert free(small_snapshot(positions={"leverage": [0.0, leverage, *[0.0] * 7]}), BOB) == max(0, rest - value)


@pytest.mark.parametrize("leverage", [1e-300, 1e-30, 1.2345678901234567e-7, 1e30, 1e300])
def test_a_leverage_that_no_margin_can_be_computed_of_is_refused_by_its_row(leverage):
    where = None
    try:
        free(small_snapshot(positions={"leverage": [0.0, leverage, *[0.0] * 7]}), BOB)
    except adl.AdlError as error:
        where = error.argument, error.row
    assert where in (None, ("positions.leverage", 1))
