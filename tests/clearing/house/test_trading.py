"""Trades between wallets: what they move, whose leverage a position has, and what is refused."""

from decimal import Decimal

import pytest

from adlcore.clearing import Uncovered
from support import house_books
from support.house_books import FLAT, X, build_house, snapshot
from support.house_calls import BETWEEN_LOTS, BETWEEN_TICKS, SETTLES, SYMBOLS
from support.refusals import ABOVE_0, FINITE, NAN, cases, refused_at, refuses, said
from support.replays import assert_replay
from support.ten_wallets import ANN, BOB, BOB_ALONE, CAT, DAN
from support.trades import NOBODY, house_of, position_rows, traded


def test_a_trade_closes_before_it_opens():
    """Wallet 0 sells 15 at 110 of its 10: 10 close with 100 gained, 5 are short; wallet 2 buys them."""
    house = build_house(snapshot([X], *FLAT), [Uncovered()])
    before = house.state()
    events = house.trade("X", 15, 110, buyer=2, seller=0)
    assert [(row["wallet"], row["lots"], row["amount"]) for row in events.rows("trade")] == [
        (2, 10, -1100),
        (0, -10, 1100),
        (2, 5, -550),
        (0, -5, 550),
    ]
    now = house.snapshot()
    held = {
        (wallet, quantity > 0): (quantity, cost)
        for wallet, quantity, cost in zip(
            *(column.tolist() for column in (now.positions.wallet, now.positions.quantity, now.positions.entry_value)),
            strict=True,
        )
        if quantity
    }
    assert held == {(0, False): (-5, -550), (1, False): (-10, -1000), (2, True): (15, 1650)}
    assert now.wallets.balance.tolist() == [1100, 1000, 1000]
    assert_replay(before, events, house)
    assert house.audit() == []


def test_trades_of_a_wallet_in_hedge_mode():
    """Each leg by its name; a leg that is opened is a row of its own."""
    house = build_house(snapshot([X], *FLAT), [Uncovered()])
    for quantity, price, buyer, seller, legs in (
        (5, 100, 0, 1, {"buyer_leg": "long"}),
        (3, 101, 2, 0, {"seller_leg": "short"}),
        (15, 102, 1, 0, {"seller_leg": "long"}),
        (3, 103, 0, 2, {"buyer_leg": "short"}),
    ):
        before = house.state()
        assert_replay(before, house.trade("X", quantity, price, buyer, seller, **legs), house)
        assert house.audit() == []
    now = house.snapshot().positions
    assert now.quantity[now.wallet == 0].tolist() == [0, 0]


def test_a_trade_with_the_street():
    """It sells 4 that it has not, then buys 6: 4 close and 2 open."""
    house = build_house(snapshot([X], *FLAT), [Uncovered()])
    for quantity, buyer, seller in ((4, 2, None), (6, None, 2), (2, 2, None)):
        before = house.state()
        events = house.trade("X", quantity, 100 + quantity, buyer, seller)
        assert_replay(before, events, house)
        assert house.audit() == []
    parties = house.state().parties
    # Sold 4 at 104, bought 6 at 106, sold 2 at 102: 416 - 636 + 204 = -16.
    assert (parties.lots[0].tolist(), parties.cost[0].tolist(), parties.cash[0].tolist()) == ([0], [0], [-16])
    assert house.snapshot().wallets.balance.tolist() == [1000, 1000, 1016]


def test_a_position_does_not_inherit_the_leverage_of_the_row_that_it_reuses():
    snapshot = house_books.snapshot(
        [house_books.linear()], [1000, 1000], [("X", ANN, 10, 1000, 20.0), ("X", BOB, -10, -1000, 5.0)], {"X": 100}
    )
    house = house_books.build_house(snapshot, NOBODY)
    traded(house, "X", 10, 100, buyer=BOB, seller=ANN)
    assert position_rows(house) == [(ANN, 0, 0, 20.0), (BOB, 0, 0, 5.0)]
    traded(house, "X", 2, 100, buyer=ANN, seller=BOB)
    assert position_rows(house) == [(ANN, 2, 200, 0.0), (BOB, -2, -200, 0.0)]
    traded(house, "X", 5, 100, buyer=BOB, seller=ANN, leverage=4)  # through zero
    assert position_rows(house) == [(ANN, -3, -300, 4.0), (BOB, 3, 300, 4.0)]
    traded(house, "X", 3, 100, buyer=ANN, seller=BOB)
    assert house.margin_state().free_margin.tolist() == house.snapshot().wallets.balance.tolist()


@pytest.mark.parametrize(
    ("leverage", "found"),
    [
        (None, [0.0, 0.0]),
        (3, [3.0, 3.0]),
        ("0.00000001", [1e-8, 1e-8]),
        (("12.5", None), [12.5, 0.0]),
        ([None, 0.1], [0.0, 0.1]),
        ((Decimal("1.0"), "2_0"), [1.0, 20.0]),
    ],
)
def test_a_trade_sets_the_leverage_of_what_it_opens(leverage, found):
    house = house_of([])
    events = traded(house, "X", 1, 100, buyer=ANN, seller=BOB, leverage=leverage)
    assert house.snapshot().positions.leverage.tolist() == found
    told = [(row["wallet"], row["row"], row["contract"], row["amount"]) for row in events.rows("leverage-set")]
    assert told == [(who, who, "X", round(each * 10**8)) for who, each in enumerate(found) if each]


def test_initial_margin_follows_the_leverage_of_a_trade():
    house = house_of([])
    house.trade("X", 10, 100, buyer=ANN, seller=BOB, leverage=(8, "0.1"))
    assert house.margin_state().positions.initial_margin.tolist() == [125, 10_000]


def test_a_position_that_is_enlarged_keeps_its_leverage():
    house = house_of([])
    house.trade("X", 1, 100, buyer=ANN, seller=BOB, leverage=("2.5", None))
    assert len(traded(house, "X", 1, 100, buyer=ANN, seller=BOB, leverage=("2.5", None)).rows("leverage-set")) == 0
    traded(house, "X", 1, 100, buyer=ANN, seller=BOB)
    assert position_rows(house) == [(ANN, 3, 300, 2.5), (BOB, -3, -300, 0.0)]
    digest = house.hash
    for given_leverage, argument, words in (
        (("2.6", None), "leverage[0]", "'2.6': must be 2.5, or None: wallet 0 enlarges"),
        ((None, 7), "leverage[1]", "'7': must be None: wallet 1 enlarges"),
        (2.5, "leverage", "'2.5': must be None: wallet 1 enlarges"),
    ):
        refused_at(
            lambda terms=given_leverage: house.trade("X", 1, 100, buyer=ANN, seller=BOB, leverage=terms),
            argument,
            None,
            words,
        )
    assert house.hash == digest


def test_a_side_that_only_closes_is_not_concerned_unless_it_was_given_its_own():
    house = house_of([(ANN, 5, 500)])
    refused_at(
        lambda: house.trade("X", 2, 100, BOB, ANN, leverage=(3, 3)), "leverage[1]", None, "this side only closes"
    )
    refused_at(lambda: house.trade("X", 2, 100, BOB, None, leverage=(3, 3)), "leverage[1]", None, "the street has no")
    traded(house, "X", 2, 100, buyer=BOB, seller=ANN, leverage=3)
    traded(house, "X", 1, 100, buyer=None, seller=BOB, leverage=8)
    assert position_rows(house) == [(ANN, 3, 300, 0.0), (BOB, 1, 100, 3.0)]


@pytest.mark.parametrize(
    "leverage",
    [0, -1, "0.000000001", "nan", float("inf"), True, "x", "123456789012345678", "1.23456789012345678", 10**12],
)
@pytest.mark.parametrize("pair", [False, True])
def test_a_leverage_that_no_row_or_event_can_hold_is_refused(leverage, pair):
    house = house_of([])
    named = "leverage[0]" if pair else "leverage"
    terms = (leverage, None) if pair else leverage
    refused_at(lambda: house.trade("X", 1, 100, ANN, BOB, leverage=terms), named, None, "must")


@pytest.mark.parametrize("leverage", [(), (1,), [1, 2, 3]])
def test_a_leverage_is_one_number_or_two(leverage):
    refused_at(
        lambda: house_of([]).trade("X", 1, 100, ANN, BOB, leverage=leverage), "leverage", None, "one number, or two"
    )


LEG, BOTH_LEGS = "must be 'long' or 'short'", "must be 'long' or 'short': the wallet holds both legs of this contract"
STREET, ANOTHER = (
    "must be absent: the street has one netted row",
    "must be another wallet, or another leg, than the buyer's",
)
ISOLATED = "is an isolated wallet with a position in X: must trade that"


def at_most_held(lots: int, leg: str) -> str:
    return f"must be at most the {lots} lots that the {leg} leg holds: a leg never turns into the other"


TRADES = [
    (("Z", 1, 100, ANN, BOB), {}, said("contract", "Z", SYMBOLS)),
    (("X", 0, 100, ANN, BOB), {}, said("quantity", 0, ABOVE_0)),
    (("X", -1, 100, ANN, BOB), {}, said("quantity", -1, ABOVE_0)),
    (("X", "0.5", 100, ANN, BOB), {}, said("quantity", "0.5", BETWEEN_LOTS)),
    (("X", 1, 0, ANN, BOB), {}, said("price", 0, ABOVE_0)),
    (("X", 1, "100.5", ANN, BOB), {}, said("price", "100.5", BETWEEN_TICKS)),
    (("X", 1, NAN, ANN, BOB), {}, said("price", NAN, FINITE)),
    (("X", 1, 100, None, None), {}, said("buyer", None, "must be a wallet where the seller is the street")),
    (("X", 1, 100, BOB, BOB), {}, said("seller", BOB, ANOTHER)),
    (("X", 1, 100, ANN, DAN), {}, said("seller", DAN, SETTLES)),
    (("I", 1, 100, ANN, DAN), {}, said("buyer", ANN, "must be a wallet in BTC, in which I settles")),
    (("Y", 1, 50, BOB_ALONE, BOB), {}, said("buyer", BOB_ALONE, ISOLATED)),
    (("Y", 1, 50, BOB, BOB_ALONE), {}, said("seller", BOB_ALONE, ISOLATED)),
    (("X", 1, 100, CAT, BOB), {}, said("buyer_leg", None, BOTH_LEGS)),
    (("X", 1, 100, BOB, CAT), {}, said("seller_leg", None, BOTH_LEGS)),
    (("X", 5, 100, CAT), {"buyer_leg": "both"}, said("buyer_leg", "both", LEG)),
    (("X", 5, 100, CAT), {"buyer_leg": 1}, said("buyer_leg", 1, LEG)),
    (("X", 5, 100, BOB), {"seller_leg": "long"}, said("seller_leg", "long", STREET)),
    (("X", 5, 100, None, BOB), {"buyer_leg": "short"}, said("buyer_leg", "short", STREET)),
    (("X", 5, 100, CAT), {"buyer_leg": "short"}, said("buyer_leg", "short", at_most_held(4, "short"))),
    (("X", 11, 100, None, CAT), {"seller_leg": "long"}, said("seller_leg", "long", at_most_held(10, "long"))),
    (("X", 5, 100, None, BOB), {"seller_leg": "long"}, said("seller_leg", "long", at_most_held(0, "long"))),
    (("X", 5, 100, ANN), {"buyer_leg": "short"}, said("buyer_leg", "short", at_most_held(0, "short"))),
    (("X", 5, 100, CAT, CAT), {"buyer_leg": "long", "seller_leg": "long"}, said("seller", CAT, ANOTHER)),
]


@pytest.mark.plain
@cases("given legs message", TRADES)
def test_trades_that_cannot_be(house, given, legs, message):
    parties = dict(zip(("buyer", "seller"), given[3:]))
    refuses(house, lambda: house.trade(*given[:3], **parties, **legs), message)


@pytest.mark.plain
def test_a_wallet_may_trade_between_its_legs(house):
    """What its long leg sells its short leg buys: both are smaller by it."""
    events = house.trade("X", 4, 100, buyer=CAT, seller=CAT, buyer_leg="short", seller_leg="long")
    assert [row["lots"] for row in events.rows("trade")] == [4, -4]
    assert house.audit() == []
