"""Prices that a mark is given: read, bounded, or refused."""

import pytest

from adlcore.clearing import ClearingHouse, Uncovered
from support import ten_wallets
from support.house_books import AT_100, PassResult, X, Y, build_house, linear, snapshot
from support.house_calls import STATE, SYMBOLS
from support.refusals import ABOVE_0, FINITE, INF, NAN, NUMBER, cases, refuses, said

MAPPING = "must be a mapping of names to prices"

#: What `mark` and `plan` are given.
PRICES = [
    ({"prices": {"Z": "80"}}, said("prices", "Z", SYMBOLS)),
    ({"prices": {"X": "80", "": "1"}}, said("prices", "", SYMBOLS)),
    ({"prices": {3: "80"}}, said("prices", 3, SYMBOLS)),
    ({"prices": {"X": "0"}}, said("prices['X']", "0", ABOVE_0)),
    ({"prices": {"X": 0}}, said("prices['X']", 0, ABOVE_0)),
    ({"prices": {"X": "-80"}}, said("prices['X']", "-80", ABOVE_0)),
    ({"prices": {"X": "80", "Y": -1.5}}, said("prices['Y']", -1.5, ABOVE_0)),
    ({"prices": {"X": NAN}}, said("prices['X']", NAN, FINITE)),
    ({"prices": {"X": "NaN"}}, said("prices['X']", "NaN", FINITE)),
    ({"prices": {"X": INF}}, said("prices['X']", INF, FINITE)),
    ({"prices": {"X": True}}, said("prices['X']", True, NUMBER)),
    ({"prices": {"X": "many"}}, said("prices['X']", "many", NUMBER)),
    ({"prices": {"X": [80]}}, said("prices['X']", [80], NUMBER)),
    ({"prices": ["80", "50", "80"]}, said("prices", ["80", "50", "80"], MAPPING)),
    ({"prices": "X"}, said("prices", "X", MAPPING)),
    ({"index_prices": {"ETH": "80"}}, said("index_prices", "ETH", "must be one of USDT, BTC")),
    ({"index_prices": {"BTC": "0"}}, said("index_prices['BTC']", "0", ABOVE_0)),
    ({"index_prices": "80"}, said("index_prices", "80", MAPPING)),
    ({"oracle": {"Z": "80"}}, said("oracle", "Z", SYMBOLS)),
    ({"oracle": {"X": "-1"}}, said("oracle['X']", "-1", ABOVE_0)),
    ({"oracle": ["80"]}, said("oracle", ["80"], MAPPING)),
]


@pytest.mark.plain
@pytest.mark.parametrize("call", ["mark", "plan"])
@cases("given message", PRICES)
def test_prices_that_are_none(house, call, given, message):
    refuses(house, lambda: getattr(house, call)(**{"prices": {"X": "80"}, **given}), message)


@pytest.mark.plain
@pytest.mark.parametrize("price", ["80.7", "121.3", "1E+9", "0.000001"])
def test_a_mark_further_than_max_move(price):
    """A fifth of 101 is 20.2."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="0.2")
    message = said("prices['X']", price, "must be within 0.2 of the last mark, 101")
    refuses(house, lambda: house.mark({"X": price}), message)
    refuses(house, lambda: house.plan({"X": price}), message)


@pytest.mark.plain
@pytest.mark.parametrize("price", ["80.8", "121.2"])
def test_a_mark_as_far_as_max_move(price):
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="1/5")
    house.mark({"X": price})
    assert str(house.marks["X"]) == price


@pytest.mark.plain
def test_a_contract_that_was_never_marked():
    """Nobody holds any of it: the house opens, and cannot trade it or charge funding."""
    house = build_house(snapshot([linear("X")], [100], [], {}), [Uncovered()])
    traded = said("contract", "X", "has no mark price: must be marked before it is traded")
    refuses(house, lambda: house.trade("X", 1, 100, buyer=0), traded)
    refuses(house, lambda: house.funding({"X": "0.01"}), said("rates", "X", "has no mark price: must be marked before"))
    assert len(house.mark()) == 0


def test_contracts_without_a_new_mark_keep_their_last():
    """Y falls, then X: the wallet has both losses at the second mark."""
    # After Y: E 20. After X: E = 30 - 10 - 12 = 8, MM 4.4 and 4.5, rounded 4 and 4.
    house = build_house(snapshot([X, Y], [30], [("X", 0, 1, 100), ("Y", 0, 1, 100)], AT_100), [Uncovered()])
    assert PassResult(house, house.mark({"Y": "90"})).of("liquidation-started") == []
    assert PassResult(house, house.mark({"X": "88"})).wallets("liquidation-started") == [0]


WATCH = [Uncovered()]
