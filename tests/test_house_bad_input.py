"""What a clearing house refuses: the error names argument and value, and the house is as it was."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager

import pytest
import ten_wallets
from books import refused
from house_books import Book, fund, linear, opened, snapshot
from ten_wallets import ANN, BOB, BOB_ALONE, CAT, DAN, DOWN, EVE, MIA, PIA, TOM, VIC

import adlcore as adl
from adlcore.clearing import (
    Backstop,
    BookIOC,
    CancelOrders,
    ClearingHouse,
    Deleverage,
    HouseState,
    TakeOver,
    Uncovered,
    Venue,
)

STATE = ten_wallets.house().state()


@pytest.fixture
def house():
    """The ten wallets before the mark, and nothing rests in the book."""
    return ClearingHouse.from_state(STATE, ten_wallets.venue())


@contextmanager
def unchanged(house):
    """State, hash and books are as before, and the house goes on as if it had not been asked."""
    state, before, shown = house.state(), house.hash, repr(house)
    yield
    assert house.state() is state
    assert (house.hash, repr(house)) == (before, shown)
    assert house.audit() == []


def refuses(house, call, argument, words=(), row=None):
    """The error, from a house that stays as it was."""
    with unchanged(house):
        return refused(call, argument, row, words)


# Marks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["mark", "plan"])
@pytest.mark.parametrize(
    ("prices", "argument", "words"),
    [
        ({"Z": "80"}, "prices", ("'Z'", "must be one of X, Y, I")),
        ({"X": "80", "": "1"}, "prices", ("''", "must be one of")),
        ({3: "80"}, "prices", ("3", "must be one of")),
        ({"X": "0"}, "prices['X']", ("'0'", "must be above 0")),
        ({"X": 0}, "prices['X']", ("0", "must be above 0")),
        ({"X": "-80"}, "prices['X']", ("'-80'", "must be above 0")),
        ({"X": "80", "Y": -1.5}, "prices['Y']", ("-1.5", "must be above 0")),
        ({"X": math.nan}, "prices['X']", ("nan", "must be")),
        ({"X": "NaN"}, "prices['X']", ("'NaN'", "must be")),
        ({"X": True}, "prices['X']", ("True", "must be a number")),
        ({"X": math.inf}, "prices['X']", ("inf", "must be")),
        ({"X": "many"}, "prices['X']", ("'many'", "must be")),
        ({"X": [80]}, "prices['X']", ("[80]", "must be")),
        (["80", "50", "80"], "prices", ("['80', '50', '80']", "must be a mapping")),
        ("X", "prices", ("'X'", "must be a mapping")),
    ],
)
def test_marks_that_are_no_prices(house, call, prices, argument, words):
    refuses(house, lambda: getattr(house, call)(prices), argument, words)


@pytest.mark.parametrize("call", ["mark", "plan"])
@pytest.mark.parametrize(
    ("more", "argument", "words"),
    [
        ({"index_prices": {"ETH": "80"}}, "index_prices", ("'ETH'", "must be one of USDT, BTC")),
        ({"index_prices": {"BTC": "0"}}, "index_prices['BTC']", ("'0'", "must be above 0")),
        ({"index_prices": "80"}, "index_prices", ("'80'", "must be a mapping")),
        ({"oracle": {"Z": "80"}}, "oracle", ("'Z'", "must be one of X, Y, I")),
        ({"oracle": {"X": "-1"}}, "oracle['X']", ("'-1'", "must be above 0")),
        ({"oracle": ["80"]}, "oracle", ("['80']", "must be a mapping")),
    ],
)
def test_index_and_oracle_prices_that_are_none(house, call, more, argument, words):
    refuses(house, lambda: getattr(house, call)({"X": "80"}, **more), argument, words)


@pytest.mark.parametrize("price", ["79.9", "120.1", "1e9", "0.000001"])
def test_a_mark_further_than_max_move(price):
    """A fifth of 101 is 20.2."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="0.2")
    price = {"79.9": "80.7", "120.1": "121.3"}.get(price, price)
    words = (repr(price if "e" not in price else "1E+9"), "must be within 0.2 of the last mark, 101")
    refuses(house, lambda: house.mark({"X": price}), "prices['X']", words)
    refuses(house, lambda: house.plan({"X": price}), "prices['X']", words)


@pytest.mark.parametrize("price", ["80.8", "121.2"])
def test_a_mark_as_far_as_max_move(price):
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="1/5")
    house.mark({"X": price})
    assert str(house.marks["X"]) == price


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (499, ("499", "must not be before the last one, 500")),
        (0, ("0", "must not be before the last one, 500")),
        (-1, ("-1", "must be a whole number, 0 or above")),
        (2**63, (str(2**63), "must be a whole number")),
        (1000.0, ("1000.0", "must be a whole number")),
        (math.nan, ("nan", "must be a whole number")),
        ("1000", ("'1000'", "must be a whole number")),
        (True, ("True", "must be a whole number")),
    ],
)
def test_time_goes_forward_in_whole_numbers(house, time, words):
    calls = [
        lambda: house.mark({"X": "80"}, time),
        lambda: house.plan({"X": "80"}, time=time),
        lambda: house.deposit(ANN, "1", time=time),
        lambda: house.withdraw(BOB, "1", time=time),
        lambda: house.trade("X", 1, 100, buyer=ANN, seller=BOB, time=time),
        lambda: house.place_order(ANN, "X", 1, 100, locked=1, time=time),
        lambda: house.cancel_order(0, time=time),
        lambda: house.fund_deposit("USDT", 1, time=time),
        lambda: house.funding({"X": "0.01"}, time=time),
    ]
    for call in calls:
        refuses(house, call, "time", words)


def test_a_contract_that_was_never_marked():
    """Nobody holds any of it: the house opens, and cannot trade it or charge funding."""
    house = opened(snapshot([linear("X")], [100], [], {}), [Uncovered()])
    refuses(house, lambda: house.trade("X", 1, 100, buyer=0), "contract", ("'X'", "must be marked before"))
    refuses(house, lambda: house.funding({"X": "0.01"}), "rates", ("'X'", "must be marked before"))
    assert len(house.mark()) == 0


def test_money_that_leaves_int64(house):
    error = refuses(house, lambda: house.mark({"X": "1e18"}), None, "quanta")
    assert error.argument is not None


def test_a_deposit_that_leaves_int64(house):
    refuses(house, lambda: house.deposit(ANN, 2**62 // 50), "amount", "int64")


# Plans ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(house):
    """A house with an open plan whose orders are ann's X and Y, mia's X, dan's I and so on, one a wallet."""
    return house, house.plan(**DOWN)


def test_nothing_changes_while_a_plan_is_open(planned):
    house, plan = planned
    calls = [
        lambda: house.mark({"X": "80"}),
        lambda: house.plan({"X": "80"}),
        lambda: house.deposit(ANN, "1"),
        lambda: house.withdraw(BOB, "1"),
        lambda: house.trade("X", 1, 100, buyer=ANN, seller=BOB),
        lambda: house.place_order(ANN, "X", 1, 100, locked=1),
        lambda: house.cancel_order(0),
        lambda: house.fund_deposit("USDT", 1),
        lambda: house.funding({"X": "0.01"}),
    ]
    for call in calls:
        error = refuses(house, call, "plan", f"plan {plan.number} is open: settle it, or drop_plan()")
        assert error.value == plan.number
    assert house.state() is STATE
    house.drop_plan()
    house.deposit(ANN, "1")


def test_a_plan_that_is_not_open(house):
    refuses(house, lambda: house.settle(None), "plan", ("None", "must be open: there is none"))
    first = house.plan(**DOWN)
    house.drop_plan()
    refuses(house, lambda: house.settle(first, []), "plan", (str(first.number), "must be open: there is none"))
    second = house.plan(**DOWN)
    refuses(house, lambda: house.settle(first, []), "plan", (f"must be the open plan, {second!r}",))
    refuses(house, lambda: house.settle("second", []), "plan", ("'second'", "must be the open plan"))
    third = house.settle(second, [[] for _ in second.orders])
    refuses(house, lambda: house.settle(second, []), "plan", ("must be",))
    while not third.done:
        third = house.settle(third, [[] for _ in third.orders])
    refuses(house, lambda: house.settle(third, []), "plan", ("must be open: there is none",))
    assert house.audit() == []


def test_fills_that_are_not_what_was_ordered(planned):
    """Each leaves the plan open, and what is right is settled after."""
    house, plan = planned
    orders = plan.orders
    empty = [[] for _ in orders]
    sell = next(place for place, order in enumerate(orders) if order.lots < 0)
    most, limit = -orders[sell].lots, orders[sell].limit

    def of(place, *fills):
        return [list(fills) if place == row else [] for row in range(len(orders))]

    wrong = [
        (of(sell, (most + 1, limit)), sell, (f"must sum to at most the {most} lots ordered",)),
        (of(sell, (1, limit), (most, limit)), sell, (f"({most}, {limit})", "must sum to at most")),
        (of(sell, (1, limit - 1)), sell, (f"must be at least at the limit of its order, {limit} ticks",)),
        (of(sell, (1, 0)), sell, ("(1, 0)", "must be at least")),
        (of(sell, (0, limit)), sell, ("must be of lots above 0",)),
        (of(sell, (-1, limit)), sell, ("must be of lots above 0",)),
        (of(sell, 5), sell, ("5", "must be (lots, ticks)")),
        (of(sell, (1,)), sell, ("(1,)", "must be (lots, ticks), two whole numbers")),
        (of(sell, (1, limit, 0)), sell, ("must be (lots, ticks)",)),
        (of(sell, (0.5, limit)), sell, ("0.5", "must be (lots, ticks), two whole numbers")),
        (of(sell, (1, limit + 0.5)), sell, ("must be (lots, ticks)",)),
        (of(sell, (math.inf, limit)), sell, ("inf", "must be (lots, ticks)")),
        (of(sell, (1, math.inf)), sell, ("inf", "must be (lots, ticks)")),
        (of(sell, (math.nan, limit)), sell, ("nan", "must be (lots, ticks)")),
        (of(sell, (None, limit)), sell, ("None", "must be (lots, ticks)")),
        (of(sell, ("one", limit)), sell, ("'one'", "must be (lots, ticks)")),
        ({99: [(1, limit)]}, None, ("99", "must be the number of an order of this plan: 0, 1")),
        ({"X": []}, None, ("'X'", "must be the number of an order")),
        ("fills", None, ("'fills'", "must be a list of fills for each order")),
        (7, None, ("7", "must be a list of fills")),
        (None, None, ("None", "must be a list of fills")),
        ([], None, ()),
        ([*empty, []], None, ()),
    ]
    for fills, row, words in wrong:
        error = refuses(house, lambda fills=fills: house.settle(plan, fills), "fills" if words else None, words, row)
        assert words or f"must be of {len(orders)}" in str(error)
        refuses(house, lambda: house.deposit(ANN, 1), "plan")
    plan = house.settle(plan, of(sell, (1, limit)))
    while not plan.done:
        plan = house.settle(plan, {})
    assert plan.events.counts()["book-fill"] == 2
    assert house.audit() == []


def test_fills_that_cross_the_limit_of_an_order_that_buys():
    """Short 5 sold at 100, E -50 at 120: it may buy at 110 and below."""
    positions = [("X", 0, -5, -500), ("X", 1, 5, 500)]
    house = opened(snapshot([linear("X")], [50, 500], positions, {"X": "100"}), [BookIOC()])
    plan = house.plan({"X": "120"})
    assert [(order.lots, order.limit) for order in plan.orders] == [(5, 110)]
    refuses(house, lambda: house.settle(plan, [[(1, 111)]]), "fills", "must be at most at the limit of its order", 0)
    assert house.settle(plan, [[(5, 110)]]).done


@pytest.mark.parametrize(
    "entry", [[(0.5, 90)], [None], ["ab"], [("a", "b")], [(1, 90, 3)], [[], []], [7], "ab", 7, None]
)
def test_malformed_fills_of_one_order(planned, entry):
    """An entry that is no list of fills is an AdlError like any other."""
    house, plan = planned
    refuses(house, lambda: house.settle(plan, [entry, *([] for _ in plan.orders[1:])]), "fills", "must be", 0)


# Order books that return nonsense -------------------------------------------------------------------------------------


class Nonsense:
    """A book that answers every order with the same."""

    def __init__(self, answer) -> None:
        self.answer = answer

    def ioc(self, contract, quantity, limit, time):
        """The answer, or what it makes of the order."""
        return self.answer(quantity, limit) if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda quantity, limit: [(abs(quantity) + 1, limit)], "must sum to at most"),
        (lambda quantity, limit: [(quantity, limit)] if quantity < 0 else [(-quantity, limit)], "lots above 0"),
        (lambda quantity, limit: [(1, limit - 1 if quantity < 0 else limit + 1)], "at the limit of its order"),
        ([(1, 0)], "at the limit of its order"),
        ([(1, -5)], "at the limit of its order"),
        (lambda quantity, limit: [(1.5, limit)], "must be (lots, ticks), two whole numbers"),
        (lambda quantity, limit: [(math.nan, limit)], "must be (lots, ticks)"),
        ([1, 2], "must be (lots, ticks)"),
        ([(1, 2, 3)], "must be (lots, ticks)"),
        ([None], "must be (lots, ticks)"),
        ("fill", "must be a list of (lots, ticks)"),
    ],
)
def test_an_order_book_that_returns_nonsense(answer, words):
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), Nonsense(answer))
    refuses(house, lambda: house.mark(**DOWN), "fills", words, 0)


def test_an_order_book_that_fails_is_put_back():
    """It fills an order, then its line is cut: what it had filled rests again."""

    class Cut(adl.clearing.DepthLadder):
        left = 2

        def ioc(self, contract, quantity, limit, time):
            if self.left == 0:
                raise ConnectionError("cut")
            self.left -= 1
            return super().ioc(contract, quantity, limit, time)

    book = Cut({"X": {"bids": ([86, 81, 79, 40], [2, 3, 4, 2])}})
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), book)
    with unchanged(house), pytest.raises(ConnectionError, match="cut"):
        house.mark(**DOWN)
    assert book.depth("X")["bids"][1].tolist() == [2, 3, 4, 2]
    book.left = 100
    assert house.mark(**DOWN).counts()["book-fill"] > 2


@pytest.mark.parametrize("given", [object(), 7, "book", [(1, 100)]])
def test_what_is_no_order_book(given):
    refused(
        lambda: ClearingHouse.from_state(STATE, ten_wallets.venue(), given), "liquidity", None, "must have a method ioc"
    )


# Money ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wallet", [-1, 10, "ann", None, 1.0, True])
def test_wallets_that_there_are_not(house, wallet):
    words = (repr(wallet), "must be a row of the wallets, 0 to 9")
    refuses(house, lambda: house.deposit(wallet, 1), "wallet", words)
    refuses(house, lambda: house.withdraw(wallet, 1), "wallet", words)
    refuses(house, lambda: house.place_order(wallet, "X", 1, 100, locked=1), "wallet", words)
    if wallet is not None:
        refuses(house, lambda: house.trade("X", 1, 100, buyer=wallet), "buyer", words)
        refuses(house, lambda: house.trade("X", 1, 100, buyer=ANN, seller=wallet), "seller", words)


@pytest.mark.parametrize("call", ["deposit", "withdraw"])
@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", ("'0'", "must be above 0")),
        (-1, ("-1", "must be above 0")),
        ("0.001", ("'0.001'", "is between quanta of 0.01")),
        (math.nan, ("nan", "must be")),
        ("much", ("'much'", "must be")),
    ],
)
def test_amounts_that_are_none(house, call, amount, words):
    refuses(house, lambda: getattr(house, call)(BOB, amount), "amount", words)


def test_assets_that_a_wallet_does_not_hold(house):
    refuses(house, lambda: house.deposit(ANN, 1, "BTC"), "asset", ("'BTC'", "must be USDT, which this wallet holds"))
    refuses(house, lambda: house.withdraw(DAN, 1, "USDT"), "asset", ("'USDT'", "must be BTC"))
    for asset in (None, "KRW"):
        refuses(house, lambda asset=asset: house.deposit(MIA, 1, asset), "asset", (repr(asset), "must be one of"))
        refuses(house, lambda asset=asset: house.withdraw(PIA, 1, asset), "asset", (repr(asset), "must be one of"))


def test_withdrawals_beyond_free_margin(house):
    """What is free may go, and not a quantum more; of Bob, who is liquidatable, nothing is."""
    free = house.margin_state().free_margin.tolist()
    assert [free[wallet] > 0 for wallet in (ANN, BOB, CAT, EVE, VIC)] == [True, False, True, True, True]
    for wallet in (ANN, BOB, CAT, BOB_ALONE, EVE, VIC, TOM):
        asset = house.snapshot().assets[int(house.snapshot().wallets.asset[wallet])]
        more, held = asset.decimal(free[wallet] + 1), asset.decimal(free[wallet])
        words = (repr(more), f"must be at most the free margin of this wallet, {held} {asset.name}")
        refuses(house, lambda wallet=wallet, more=more: house.withdraw(wallet, more), "amount", words)
        if free[wallet]:
            house.withdraw(wallet, held)
            assert house.margin_state().free_margin[wallet] == 0
            assert house.audit() == []


def test_withdrawals_of_what_a_wallet_with_several_assets_has_not(house):
    refuses(house, lambda: house.withdraw(MIA, "100.01", "USDT"), "amount", ("must be at most what is there, 100.00"))
    refuses(house, lambda: house.withdraw(PIA, "1", "USDT"), "amount", "must be at most what is there, 0.00 USDT")
    refuses(house, lambda: house.withdraw(MIA, "2", "BTC"), "amount", "must be at most the free margin")


@pytest.mark.parametrize(
    ("fund_name", "amount", "argument", "words"),
    [
        ("KRW", 1, "name", ("'KRW'", "must be one of the funds X, USDT, BTC")),
        ("street", 1, "name", ("'street'", "must be one of the funds")),
        ("vault", 1, "name", ("'vault'", "must be one of the funds")),
        (0, 1, "name", ("0", "must be one of the funds")),
        ("USDT", 0, "amount", ("0", "must not be 0")),
        ("USDT", "-60.01", "amount", ("'-60.01'", "at most cash and equity: 60.00 USDT")),
        ("USDT", math.nan, "amount", ("nan", "must be")),
        ("USDT", "0.001", "amount", ("'0.001'", "is between quanta of 0.01")),
    ],
)
def test_money_into_funds(house, fund_name, amount, argument, words):
    refuses(house, lambda: house.fund_deposit(fund_name, amount), argument, words)


def test_a_fund_may_be_emptied(house):
    house.fund_deposit("USDT", "-60")
    assert house.funds["USDT"].cash == 0


def test_an_unknown_fund_in_the_view(house):
    refuses(house, lambda: house.funds["KRW"], "name", ("'KRW'", "must be one of the funds X, USDT, BTC"))
    assert "KRW" not in house.funds


@pytest.mark.parametrize(
    ("rates", "argument", "words"),
    [
        ({"Z": "0.01"}, None, ("'Z'", "must be one of")),
        ({"X": math.nan}, "rates['X']", ("nan", "must be")),
        ({"X": "high"}, "rates['X']", ("'high'", "must be")),
        (["0.01"], "rates", ("['0.01']", "must be a mapping")),
        ({"X": "1e15"}, "rates['X']", ("must give payments that fit int64",)),
    ],
)
def test_funding_rates_that_are_none(house, rates, argument, words):
    refuses(house, lambda: house.funding(rates), argument, words)


# Orders ---------------------------------------------------------------------------------------------------------------


def order(house, wallet=BOB, contract="X", quantity=1, price=100, **margin):
    """Place an order."""
    return house.place_order(wallet, contract, quantity, price, **margin or {"locked": 1})


@pytest.mark.parametrize(
    ("given", "argument", "words"),
    [
        ({"contract": "Z"}, None, ("'Z'", "must be one of X, Y, I")),
        ({"quantity": 0}, "quantity", ("0", "must not be 0")),
        ({"quantity": "0.5"}, "quantity", ("'0.5'", "is between lots of 1")),
        ({"quantity": math.nan}, "quantity", ("nan", "must be")),
        ({"price": 0}, "price", ("0", "must be")),
        ({"price": "100.5"}, "price", ("'100.5'", "is between ticks of 1")),
        ({"price": -100}, "price", ("-100", "must be")),
        ({"locked": -1}, "locked", ("-1", "must be 0 or above")),
        ({"locked": "0.001"}, None, ("0.001", "is between quanta of 0.01")),
        ({"leverage": 0}, "leverage", ("0", "must be above 0")),
        ({"leverage": -5}, "leverage", ("-5", "must be above 0")),
        ({"leverage": 10, "locked": 1}, "locked", ("must have exactly one",)),
        ({"leverage": None, "locked": None}, "locked", ("must have exactly one",)),
        ({"wallet": DAN}, "wallet", ("6", "must be a wallet in USDT, in which X settles")),
    ],
)
def test_orders_that_cannot_be(house, given, argument, words):
    refuses(house, lambda: order(house, **given), argument, words)


def test_orders_beyond_free_margin(house):
    """Locked as given, or as notional over leverage rounded up: at most what initial margin and locks leave.

    Bob's 260.00 of equity less 161.60. That he is liquidatable does not matter: to lock takes nothing out.
    """
    assert house.margin_state().free_margin[BOB] == 0
    more, held = "98.41", "98.40"
    words = (repr(more), f"must be at most what this wallet may lock of its margin, {held} USDT")
    refuses(house, lambda: order(house, locked=more), "locked", words)
    # 100 lots at 100 over 3 are 333,333.33 1/3 quanta.
    refuses(house, lambda: order(house, quantity=-100, leverage=3), "locked", ("'3333.34'", "may lock"))
    order(house, locked=held)
    refuses(house, lambda: order(house, locked="0.01"), "locked", "may lock of its margin, 0.00 USDT")
    order(house, locked=0)


@pytest.mark.parametrize("number", [-1, 2, "0", None, 0.0, True])
def test_orders_that_are_not_open(house, number):
    refuses(house, lambda: house.cancel_order(number), "order", (repr(number), "must be a row of the orders, 0 to 1"))


def test_cancelling_where_nothing_is_open():
    house = opened(snapshot([linear()], [100], [], {"X": "100"}), [Uncovered()])
    refuses(house, lambda: house.cancel_order(0), "order", ("0", "must be absent: there are none"))


# Trades ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "argument", "words"),
    [
        (("Z", 1, 100, ANN, BOB), None, ("'Z'", "must be one of X, Y, I")),
        (("X", 0, 100, ANN, BOB), "quantity", ("0", "must be above 0")),
        (("X", -1, 100, ANN, BOB), "quantity", ("-1", "must be above 0")),
        (("X", "0.5", 100, ANN, BOB), "quantity", ("'0.5'", "is between lots of 1")),
        (("X", 1, 0, ANN, BOB), "price", ("0", "must be")),
        (("X", 1, "100.5", ANN, BOB), "price", ("'100.5'", "is between ticks of 1")),
        (("X", 1, math.nan, ANN, BOB), "price", ("nan", "must be")),
        (("X", 1, 100, None, None), "buyer", ("None", "must be a wallet where the seller is the street")),
        (("X", 1, 100, BOB, BOB), "seller", ("1", "must be another wallet, or another leg")),
        (("X", 1, 100, ANN, DAN), "seller", ("6", "must be a wallet in USDT, in which X settles")),
        (("I", 1, 100, ANN, DAN), "buyer", ("0", "must be a wallet in BTC, in which I settles")),
        (("Y", 1, 50, BOB_ALONE, BOB), "buyer", ("3", "isolated wallet with a position in X: must trade that")),
        (("Y", 1, 50, BOB, BOB_ALONE), "seller", ("3", "isolated wallet with a position in X: must trade that")),
        (("X", 1, 100, CAT, BOB), "buyer_leg", ("None", "must be 'long' or 'short'", "both legs")),
        (("X", 1, 100, BOB, CAT), "seller_leg", ("None", "must be 'long' or 'short'", "both legs")),
    ],
)
def test_trades_that_cannot_be(house, given, argument, words):
    refuses(house, lambda: house.trade(*given), argument, words)


@pytest.mark.parametrize(
    ("legs", "argument", "words"),
    [
        ({"buyer": CAT, "buyer_leg": "both"}, "buyer_leg", ("'both'", "must be 'long' or 'short'")),
        ({"buyer": CAT, "buyer_leg": 1}, "buyer_leg", ("1", "must be 'long' or 'short'")),
        ({"buyer": BOB, "seller_leg": "long"}, "seller_leg", ("'long'", "must be absent: the street")),
        ({"seller": BOB, "buyer_leg": "short"}, "buyer_leg", ("'short'", "must be absent: the street")),
        ({"buyer": CAT, "buyer_leg": "short"}, "buyer_leg", ("'short'", "must be at most the 4 lots")),
        ({"seller": CAT, "seller_leg": "long", "lots": 11}, "seller_leg", ("'long'", "must be at most the 10 lots")),
        ({"seller": BOB, "seller_leg": "long"}, "seller_leg", ("'long'", "must be at most the 0 lots")),
        ({"buyer": ANN, "buyer_leg": "short"}, "buyer_leg", ("'short'", "must be at most the 0 lots")),
        (
            {"buyer": CAT, "buyer_leg": "long", "seller": CAT, "seller_leg": "long"},
            "seller",
            ("2", "must be another wallet, or another leg"),
        ),
    ],
)
def test_legs_that_cannot_be(house, legs, argument, words):
    lots = legs.pop("lots", 5) if "lots" in legs else 5
    refuses(house, lambda: house.trade("X", lots, 100, **legs), argument, words)


def test_a_wallet_may_trade_between_its_legs(house):
    """What its long leg sells its short leg buys: both are smaller by it."""
    events = house.trade("X", 4, 100, buyer=CAT, seller=CAT, buyer_leg="short", seller_leg="long")
    assert [row["lots"] for row in events.rows("trade")] == [4, -4]
    assert house.audit() == []


def test_a_debtor_pays_first():
    """Dan owes 0.2173 BTC after the mark: he neither trades nor places orders, but deposits."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    house.mark(**DOWN)
    assert dict(house.state().uncovered) == {(DAN, 1): 2173}
    words = ("6", "must pay its open entry of 0.2173 BTC first")
    refuses(house, lambda: house.trade("I", 1, 80, buyer=DAN, seller=EVE), "wallet", words)
    refuses(house, lambda: house.trade("I", 1, 80, buyer=EVE, seller=DAN), "wallet", words)
    refuses(house, lambda: order(house, wallet=DAN, contract="I", price=80, locked=0), "wallet", words)
    refuses(house, lambda: house.withdraw(DAN, "0.1"), "amount", "free margin")
    house.deposit(DAN, "0.2173")
    house.trade("I", 1, 80, buyer=DAN, seller=EVE)


# Contracts, funds, venues ---------------------------------------------------------------------------------------------


def test_contracts_without_tiers_or_tick():
    books = snapshot([linear("X"), linear("Y", tiers=None)], [100], [], {"X": "100"})
    refused(lambda: ClearingHouse(books, venue=[Uncovered()]), "contracts", 1, ("'Y'", "must have margin tiers"))
    books = snapshot([linear("X", tick=None)], [100], [], {"X": "100"})
    refused(lambda: ClearingHouse(books, venue=[Uncovered()]), "contracts", 0, ("'X'", "must have a tick"))


@pytest.mark.parametrize("given", [None, "books", {}, STATE])
def test_what_is_no_snapshot(given):
    refused(
        lambda: ClearingHouse(given, venue=[Uncovered()]),
        "snapshot",
        None,
        (type(given).__name__, "must be a Snapshot"),
    )


@pytest.mark.parametrize("given", [None, "state", {}, STATE.snapshot])
def test_what_is_no_state(given):
    words = (type(given).__name__, "must be a HouseState")
    refused(lambda: ClearingHouse.from_state(given, [Uncovered()]), "state", None, words)
    assert isinstance(STATE, HouseState)


@pytest.mark.parametrize(
    ("funds", "argument", "row", "words"),
    [
        ([fund(5, "KRW")], "funds.asset", 0, ("'KRW'", "must be one of the assets USDT")),
        ([fund(5), fund(6)], "funds.scope", 1, ("must name a scope",)),
        ([fund(5, scope="Z")], "funds.scope", 0, ("'Z'", "must name contracts of the house")),
        ([fund(5, scope="X", parent="BTC")], "funds.parent", 0, ("'BTC'", "must be one of the funds")),
        ([fund(5, name="vault")], "funds", None, ("'vault'", "must have another name than a vault")),
        ([5], "funds", 0, ("5", "must be an InsuranceFund")),
        (fund(5), "funds", None, ("must be a list",)),
        (5, "funds", None, ("5", "must be a list")),
    ],
)
def test_funds_that_do_not_fit(funds, argument, row, words):
    books = snapshot([linear("X")], [100], [], {"X": "100"})
    refused(lambda: ClearingHouse(books, funds, [Backstop()]), argument, row, words)


@pytest.mark.parametrize(
    ("call", "argument", "row", "words"),
    [
        (lambda: Venue("v", [CancelOrders]), "stages", 0, ("must be a stage",)),
        (lambda: Venue("v", [CancelOrders(), "TakeOver"]), "stages", 1, ("'TakeOver'", "must be a stage")),
        (lambda: Venue("v", ()), "stages", None, ("[]", "at least one", "[adlcore.clearing.Uncovered()] says")),
        (lambda: ClearingHouse(ten_wallets.books()), "stages", None, "at least one"),
        (lambda: ClearingHouse.from_state(STATE, []), "stages", None, "at least one"),
        (lambda: Venue("v", [Uncovered(), TakeOver()]), "stages", 0, ("Uncovered()", "must be the last")),
        (
            lambda: Venue("v", [Uncovered()], max_rounds=0),
            "max_rounds",
            None,
            ("0", "must be a whole number, 1 or above"),
        ),
        (lambda: Venue("v", [Uncovered()], max_rounds=1.5), "max_rounds", None, ("1.5", "must be a whole number")),
        (lambda: Venue("v", [Uncovered()], trigger="full"), "trigger", None, ("'full'", "must be a trigger")),
        (lambda: BookIOC(limit="mark"), "limit", None, ("'mark'", "must be one of bankruptcy, fund")),
        (lambda: BookIOC(surplus="street"), "surplus", None, ("'street'", "must be one of wallet, fund")),
        (lambda: BookIOC(fee=1), "fee", None, ("1", "must be a share")),
        (lambda: BookIOC(fee="-0.1"), "fee", None, ("'-0.1'", "must be a share")),
        (lambda: BookIOC(portion=0), "portion", None, ("0", "must be above 0 and at most 1")),
        (lambda: BookIOC(portion="1.1"), "portion", None, ("'1.1'", "must be above 0 and at most 1")),
        (lambda: BookIOC(above=-1), "above", None, ("-1", "must be 0 or above")),
        (lambda: BookIOC(cool_down=-1), "cool_down", None, ("-1", "must be a whole number")),
        (lambda: BookIOC(cool_down=0.5), "cool_down", None, ("0.5", "must be a whole number")),
        (
            lambda: BookIOC(portion="tiers", cool_down=5),
            "cool_down",
            None,
            ("5", "must be 0 where orders go down the tiers"),
        ),
        (lambda: Backstop(below=-1), "below", None, ("-1", "must be 0 or above")),
        (lambda: Backstop(vault="street"), "vault", None, ("'street'", "must be a name of its own")),
        (lambda: Backstop(vault=""), "vault", None, ("''", "must be a name of its own")),
        (lambda: Backstop(by="account"), "by", None, ("'account'", "must be one of wallet, row")),
        (lambda: Backstop(by=None), "by", None, ("None", "must be one of wallet, row")),
        (lambda: Deleverage("best"), None, None, ("'best'",)),
        (lambda: Deleverage(price="last"), "price", None, ("'last'", "must be one of bankruptcy, mark")),
        (lambda: Deleverage(eligible="some"), "eligible", None, ("'some'", "must be one of all, winners")),
        (lambda: Deleverage(same_account="ask"), "same_account", None, ("'ask'", "must be one of allow, exclude")),
        (lambda: Deleverage(below=-1), "below", None, ("-1", "must be 0 or above, or None")),
    ],
)
def test_stages_and_venues_that_cannot_be(call, argument, row, words):
    refused(call, argument, row, words)


@pytest.mark.parametrize(
    ("terms", "argument", "words"),
    [
        ({"audit": True}, "audit", ("True", "must be 'on' or 'off'")),
        ({"audit": "maybe"}, "audit", ("'maybe'", "must be 'on' or 'off'")),
        ({"max_move": 0}, "max_move", ("0", "must be above 0, or None")),
        ({"max_move": "-0.1"}, "max_move", ("'-0.1'", "must be above 0, or None")),
        ({"max_move": math.nan}, "max_move", ("nan", "must be")),
        ({"threads": 0}, "threads", ("0", "must be")),
        ({"threads": "two"}, "threads", ("'two'", "must be")),
    ],
)
def test_terms_of_a_house(terms, argument, words):
    books = snapshot([linear("X")], [100], [], {"X": "100"})
    refused(lambda: ClearingHouse(books, venue=[Uncovered()], **terms), argument, None, words)
    refused(lambda: ClearingHouse.from_state(STATE, ten_wallets.venue(), **terms), argument, None, words)


def test_what_is_no_venue():
    """A name is not enough: it is a Venue, or its stages."""
    books = snapshot([linear("X")], [100], [], {"X": "100"})
    refused(lambda: ClearingHouse(books, venue="binance"), "stages", None, "must be a list of stages")


def test_a_state_goes_on_with_its_vaults():
    house = opened(snapshot([linear("X")], [100], [], {"X": "100"}), [Uncovered()])
    words = ("'pool'", "must name vaults that the state has")
    refused(lambda: ClearingHouse.from_state(house.state(), [Backstop(vault="pool")]), "venue", None, words)


def test_unbalanced_open_interest_where_that_is_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        books = snapshot([linear("X")], [100, 100], [("X", 0, 3, 300), ("X", 1, -1, -100)], {"X": "100"})
    words = ("2", "the longs and shorts of X must be equal; 2 lots more are longs")
    refused(lambda: ClearingHouse(books, venue=[Uncovered()], strict=True), "positions.quantity", None, words)


@pytest.mark.parametrize(
    ("kind", "call", "argument", "words"),
    [
        ("fill", print, "kind", ("'fill'", "must be one of")),
        ("adl-notice", None, "call", ("None", "must be callable")),
        (None, "print", "call", ("'print'", "must be callable")),
    ],
)
def test_subscribers_that_cannot_be(house, kind, call, argument, words):
    refuses(house, lambda: house.on(kind, call), argument, words)


def test_a_book_without_checkpoints_is_left_as_it_is():
    """A plain book cannot be put back: the house is as it was all the same."""
    positions = [("X", 0, 10, 1000), ("Y", 0, 1, 100)]
    book = Book(bids=[(4, 100)])
    house = opened(snapshot([linear("X"), linear("Y")], [0], positions, {"X": "100", "Y": "100"}), [BookIOC()], 0, book)
    right, answers = book.ioc, iter([None, [(99, 100)]])

    def ioc(*order):
        return right(*order) if (answer := next(answers)) is None else answer

    book.ioc = ioc
    refuses(house, house.mark, "fills", "must sum to at most", 0)
    assert book.bids == [[0, 100]]
