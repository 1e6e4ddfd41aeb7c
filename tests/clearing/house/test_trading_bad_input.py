"""Trades that cannot be: the house is as it was."""

from __future__ import annotations

import math

import pytest

from support.house_calls import BETWEEN_LOTS, BETWEEN_TICKS, SETTLES, SYMBOLS
from support.refusals import ABOVE_0, FINITE, cases, refuses, said
from support.ten_wallets import ANN, BOB, BOB_ALONE, CAT, DAN

pytestmark = pytest.mark.plain

NAN = math.nan
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


@cases("given legs message", TRADES)
def test_trades_that_cannot_be(house, given, legs, message):
    parties = dict(zip(("buyer", "seller"), given[3:]))
    refuses(house, lambda: house.trade(*given[:3], **parties, **legs), message)


def test_a_wallet_may_trade_between_its_legs(house):
    """What its long leg sells its short leg buys: both are smaller by it."""
    events = house.trade("X", 4, 100, buyer=CAT, seller=CAT, buyer_leg="short", seller_leg="long")
    assert [row["lots"] for row in events.rows("trade")] == [4, -4]
    assert house.audit() == []
