"""What nobody took is named, once a pass. Every number by hand."""

from adlcore.clearing import BookIOC, Deleverage, TakeOver, Uncovered
from support.house_books import (
    AT_100,
    TEN_PERCENT,
    PassResult,
    RestingOrders,
    X,
    build_house,
    linear,
    mark_once,
    snapshot,
)


def test_what_nobody_took_stays_and_is_tried_again_at_the_next_mark():
    """The event names row and lots; by then somebody is short."""
    done = mark_once([X], [0, 900], [("X", 0, 2, 400)], {"X": "100"}, [Deleverage()])
    assert done.left_open == [(0, 2)]
    assert (done.balance, done.lots) == ([0, 900], [2])
    done.house.trade("X", "2", "100", buyer=None, seller=1)
    again = done.mark({"X": "100"})
    assert again.wallets("liquidation-started") == [0]
    assert again.own(0, "adl-fill") == [(-2, 200, 400)]
    assert again.left_open == []


def test_a_wallet_that_became_healthy_is_not_named():
    """9 of 10 sold at the mark: E 10, MM 5."""
    done = mark_once([X], [10], [("X", 0, 10, 1000)], {"X": "100"}, [BookIOC()], 0, RestingOrders(bids=[(9, 100)]))
    assert done.left_open == []
    assert done.wallets("healthy") == [0]


def test_a_fund_below_zero_that_nobody_helped_is_named():
    """10 lots, nobody short; at each mark again."""
    done = mark_once([X], [0], [("X", 0, 10, 1020)], {"X": "102"}, [TakeOver(), Deleverage(), Uncovered()])
    for mark in ("100", "99"):
        down = done.mark({"X": mark})
        assert [row["lots"] for row in down.of("uncovered-lots", party="USDT")] == [10]


def test_what_a_fund_could_not_close_is_told_once_a_pass_and_may_be_less_by_its_end():
    """10 short are told in the first round; the second closes 4 of them against a wallet that the first broke."""
    contracts = [linear("Y", TEN_PERCENT), linear("X", TEN_PERCENT)]
    house = build_house(snapshot(contracts, [0, 0, 105], [("X", 0, -10, -1000)], AT_100), [TakeOver(), Deleverage()], 0)
    house.mark({})
    # Wallet 1: E -130 of 10 Y. Wallet 2: E 105 of MM 140, at 110 E 145 of MM 144.
    house.trade("Y", "10", "113", buyer=1)
    house.trade("Y", "10", "100", seller=2)
    house.trade("X", "4", "100", buyer=2)
    done = PassResult(house, house.mark({"X": "110"}))
    # Y first: 130 from wallet 2 leave 15 of MM 44, so that it is nobody's counterparty in X. Then its 4 X at 107.
    assert done.fills("adl-notice") == [(2, 10, 113, -130)]
    assert done.wallets("liquidation-started") == [1, 2]
    assert [row["lots"] for row in done.of("uncovered-lots", party="USDT")] == [-10]
    assert done.inventory()["X"][0] == -6
