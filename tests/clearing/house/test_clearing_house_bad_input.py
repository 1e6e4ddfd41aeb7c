"""What a clearing house refuses: the error names argument and value, and the house is as it was."""

from __future__ import annotations

import math
import warnings

import pytest

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
from support import ten_wallets
from support.house_books import fund, linear, opened, snapshot
from support.house_calls import CALLS, STATE
from support.refusals import ABOVE_0, FINITE, NOT_BELOW_0, NUMBER, cases, refused, refuses, said, table
from support.ten_wallets import ANN, BOB, BOB_ALONE, CAT, DAN, DOWN, EVE, MIA, PIA, TOM, VIC

pytestmark = pytest.mark.plain

NAN, INF = math.nan, math.inf


# Marks and time -------------------------------------------------------------------------------------------------------

SYMBOLS, MAPPING = "must be one of X, Y, I", "must be a mapping of names to prices"

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


@pytest.mark.parametrize("call", ["mark", "plan"])
@cases("given message", PRICES)
def test_prices_that_are_none(house, call, given, message):
    refuses(house, lambda: getattr(house, call)(**{"prices": {"X": "80"}, **given}), message)


@pytest.mark.parametrize("price", ["80.7", "121.3", "1E+9", "0.000001"])
def test_a_mark_further_than_max_move(price):
    """A fifth of 101 is 20.2."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="0.2")
    message = said("prices['X']", price, "must be within 0.2 of the last mark, 101")
    refuses(house, lambda: house.mark({"X": price}), message)
    refuses(house, lambda: house.plan({"X": price}), message)


@pytest.mark.parametrize("price", ["80.8", "121.2"])
def test_a_mark_as_far_as_max_move(price):
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), max_move="1/5")
    house.mark({"X": price})
    assert str(house.marks["X"]) == price


BEFORE, MILLIS = "must not be before the last one, 500", "must be a whole number, 0 or above, such as milliseconds"
TIMES = [(499, BEFORE), (0, BEFORE), *((time, MILLIS) for time in (-1, 2**63, 1000.0, NAN, "1000", True))]


@pytest.mark.parametrize("call", CALLS)
@cases("time must", TIMES)
def test_time_goes_forward_in_whole_numbers(house, call, time, must):
    refuses(house, lambda: CALLS[call](house, time=time), said("time", time, must))


def test_a_contract_that_was_never_marked():
    """Nobody holds any of it: the house opens, and cannot trade it or charge funding."""
    house = opened(snapshot([linear("X")], [100], [], {}), [Uncovered()])
    traded = said("contract", "X", "has no mark price: must be marked before it is traded")
    refuses(house, lambda: house.trade("X", 1, 100, buyer=0), traded)
    refuses(house, lambda: house.funding({"X": "0.01"}), said("rates", "X", "has no mark price: must be marked before"))
    assert len(house.mark()) == 0


# Money, orders, trades ------------------------------------------------------------------------------------------------

WALLET = "must be a row of the wallets, 0 to 9"
AMOUNTS = [
    *((amount, ABOVE_0) for amount in ("0", -1)),
    ("0.001", "is between quanta of 0.01: 0.00 or 0.01 would do"),
    (NAN, FINITE),
    ("much", NUMBER),
]


@pytest.mark.parametrize("wallet", [-1, 10, "ann", None, 1.0, True])
def test_wallets_that_there_are_not(house, wallet):
    found = f"; Snapshot.wallet({wallet!r}) finds the row of an account's wallet" if wallet == "ann" else ""
    must = f"{WALLET}{found}"
    refuses(house, lambda: house.deposit(wallet, 1), said("wallet", wallet, must))
    refuses(house, lambda: house.withdraw(wallet, 1), said("wallet", wallet, must))
    refuses(house, lambda: house.place_order(wallet, "X", 1, 100, locked=1), said("wallet", wallet, must))
    if wallet is not None:
        refuses(house, lambda: house.trade("X", 1, 100, buyer=wallet), said("buyer", wallet, must))
        refuses(house, lambda: house.trade("X", 1, 100, buyer=ANN, seller=wallet), said("seller", wallet, must))


@pytest.mark.parametrize("call", ["deposit", "withdraw"])
@cases("amount must", AMOUNTS)
def test_amounts_that_are_none(house, call, amount, must):
    refuses(house, lambda: getattr(house, call)(BOB, amount), said("amount", amount, must))


SEVERAL = "must be one of USDT, BTC: this wallet holds several assets"
FUNDS = "must be one of the funds X, USDT, BTC"
CASH = "must not be 0, and take out at most cash and equity: 60.00 USDT"
VALUE = "its value in X must be below 2^62 quanta and, less its cost, an int64; use fewer decimals"
BETWEEN_QUANTA = "is between quanta of 0.01: 0.00 or 0.01 would do"

#: The name of a call, what it is given, and what is said.
MONEY = [
    (("deposit", ANN, 1, "BTC"), said("asset", "BTC", "must be USDT, which this wallet holds")),
    (("withdraw", DAN, 1, "USDT"), said("asset", "USDT", "must be BTC, which this wallet holds")),
    *((("deposit", MIA, 1, asset), said("asset", asset, SEVERAL)) for asset in (None, "KRW")),
    *((("withdraw", PIA, 1, asset), said("asset", asset, SEVERAL)) for asset in (None, "KRW")),
    (("withdraw", MIA, "100.01", "USDT"), said("amount", "100.01", "must be at most what is there, 100.00 USDT")),
    (("withdraw", PIA, "1", "USDT"), said("amount", "1", "must be at most what is there, 0.00 USDT")),
    (("withdraw", MIA, "2", "BTC"), "amount is '2': must be at most the free margin of this wallet, 158.40 USDT"),
    (("deposit", ANN, 2**62 // 50), f"amount is {2**63 - 8}: and the balance, 36000 quanta, must sum to an int64"),
    (("mark", {"X": "1e18"}), said("positions.quantity", 30, VALUE, 0)),
    *((("fund_deposit", name, 1), said("fund", name, FUNDS)) for name in ("KRW", "street", "vault", 0)),
    (("fund_deposit", "USDT", 0), said("amount", 0, CASH)),
    (("fund_deposit", "USDT", "-60.01"), said("amount", "-60.01", CASH)),
    (("fund_deposit", "USDT", NAN), said("amount", NAN, FINITE)),
    (("fund_deposit", "USDT", "0.001"), said("amount", "0.001", BETWEEN_QUANTA)),
    (("funding", {"Z": "0.01"}), said("contract", "Z", SYMBOLS)),
    (("funding", {"X": NAN}), said("rates['X']", NAN, FINITE)),
    (("funding", {"X": "high"}), said("rates['X']", "high", NUMBER)),
    (("funding", ["0.01"]), said("rates", ["0.01"], "must be a mapping of symbols to rates")),
    (("funding", {"X": "1e15"}), said("rates['X']", "1E+15", "must give payments that fit int64 quanta")),
    (("on", "fill", print), said("kind", "fill", f"must be one of {', '.join(adl.clearing.KINDS)}")),
    (("on", "adl-notice", None), said("call", None, "must be callable")),
    (("on", None, "print"), said("call", "print", "must be callable")),
]


@cases("given message", MONEY)
def test_money_that_cannot_move(house, given, message):
    refuses(house, lambda: getattr(house, given[0])(*given[1:]), message)


def test_an_unknown_fund_in_the_view(house):
    refuses(house, lambda: house.funds["KRW"], said("name", "KRW", FUNDS))
    assert "KRW" not in house.funds


def test_withdrawals_beyond_free_margin(house):
    """What is free may go, and not a quantum more; of Bob, who is liquidatable, nothing is."""
    free = house.margin_state().free_margin.tolist()
    assert [free[wallet] > 0 for wallet in (ANN, BOB, CAT, EVE, VIC)] == [True, False, True, True, True]
    for wallet in (ANN, BOB, CAT, BOB_ALONE, EVE, VIC, TOM):
        asset = house.snapshot().assets[int(house.snapshot().wallets.asset[wallet])]
        more, held = asset.decimal(free[wallet] + 1), asset.decimal(free[wallet])
        message = said("amount", more, f"must be at most the free margin of this wallet, {held} {asset.name}")
        refuses(house, lambda wallet=wallet, more=more: house.withdraw(wallet, more), message)
        if free[wallet]:
            house.withdraw(wallet, held)
            assert house.margin_state().free_margin[wallet] == 0
            assert house.audit() == []


def test_a_fund_may_be_emptied(house):
    house.fund_deposit("USDT", "-60")
    assert house.funds["USDT"].cash == 0


def order(house, wallet=BOB, contract="X", quantity=1, price=100, **margin):
    """Place an order."""
    return house.place_order(wallet, contract, quantity, price, **margin or {"locked": 1})


ORDER = "must be a row of the orders, 0 to 1"
BETWEEN_LOTS, BETWEEN_TICKS = "is between lots of 1: 0 or 1 would do", "is between ticks of 1: 100 or 101 would do"
ONE_OF_BOTH = "locked, leverage: must have exactly one"
SETTLES = "must be a wallet in USDT, in which X settles"
ORDERS = [
    ({"contract": "Z"}, said("contract", "Z", SYMBOLS)),
    ({"quantity": 0}, said("quantity", 0, "must not be 0")),
    ({"quantity": "0.5"}, said("quantity", "0.5", BETWEEN_LOTS)),
    ({"quantity": NAN}, said("quantity", NAN, FINITE)),
    ({"price": 0}, said("price", 0, ABOVE_0)),
    ({"price": "100.5"}, said("price", "100.5", BETWEEN_TICKS)),
    ({"price": -100}, said("price", -100, ABOVE_0)),
    ({"locked": -1}, said("locked", -1, NOT_BELOW_0)),
    ({"locked": "0.001"}, "amount is '0.001': is between quanta of 0.01: 0.00 or 0.01 would do"),
    ({"leverage": 0}, said("leverage", 0, ABOVE_0)),
    ({"leverage": -5}, said("leverage", -5, ABOVE_0)),
    ({"leverage": 10, "locked": 1}, ONE_OF_BOTH),
    ({"leverage": None, "locked": None}, ONE_OF_BOTH),
    ({"wallet": DAN}, said("wallet", DAN, SETTLES)),
]


@cases("given message", ORDERS)
def test_orders_that_cannot_be(house, given, message):
    refuses(house, lambda: order(house, **given), message)


def test_orders_beyond_free_margin(house):
    """Locked as given, or as notional over leverage rounded up: at most what initial margin and locks leave.

    Bob's 260.00 of equity less 161.60. That he is liquidatable does not matter: to lock takes nothing out.
    """
    assert house.margin_state().free_margin[BOB] == 0
    more, held = "98.41", "98.40"
    must = f"must be at most what this wallet may lock of its margin, {held} USDT"
    refuses(house, lambda: order(house, locked=more), said("locked", more, must))
    # 100 lots at 100 over 3 are 333,333.33 1/3 quanta.
    refuses(house, lambda: order(house, quantity=-100, leverage=3), said("locked", "3333.34", must))
    order(house, locked=held)
    refuses(house, lambda: order(house, locked="0.01"), said("locked", "0.01", must.replace(held, "0.00")))
    order(house, locked=0)


@pytest.mark.parametrize("number", [-1, 2, "0", None, 0.0, True])
def test_orders_that_are_not_open(house, number):
    refuses(house, lambda: house.cancel_order(number), said("order", number, ORDER))


def test_cancelling_where_nothing_is_open():
    house = opened(snapshot([linear()], [100], [], {"X": "100"}), [Uncovered()])
    refuses(house, lambda: house.cancel_order(0), said("order", 0, "must be absent: there are none"))


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


def test_a_debtor_pays_first():
    """Dan owes 0.2173 BTC after the mark: he neither trades nor places orders, but deposits."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    house.mark(**DOWN)
    assert dict(house.state().uncovered) == {(DAN, 1): 2173}
    message = said("wallet", DAN, "must pay its open entry of 0.2173 BTC first")
    refuses(house, lambda: house.trade("I", 1, 80, buyer=DAN, seller=EVE), message)
    refuses(house, lambda: house.trade("I", 1, 80, buyer=EVE, seller=DAN), message)
    refuses(house, lambda: order(house, wallet=DAN, contract="I", price=80, locked=0), message)
    free = "must be at most the free margin of this wallet, 0.0000 BTC"
    refuses(house, lambda: house.withdraw(DAN, "0.1"), said("amount", "0.1", free))
    house.deposit(DAN, "0.2173")
    house.trade("I", 1, 80, buyer=DAN, seller=EVE)


# Contracts, funds, venues ---------------------------------------------------------------------------------------------

BOOKS = snapshot([linear("X")], [100], [], {"X": "100"})
TIERLESS = snapshot([linear("X"), linear("Y", tiers=None)], [100], [], {"X": "100"})
TICKLESS = snapshot([linear("X", tick=None)], [100], [], {"X": "100"})
STATES = [
    *((given, said("snapshot", type(given).__name__, "must be a Snapshot")) for given in (None, "books", {}, STATE)),
    (TIERLESS, "contracts[1] is 'Y': must have margin tiers: Contract(..., tiers=MarginTiers(...))"),
    (TICKLESS, "contracts[0] is 'X': must have a tick: Contract(..., tick=...)"),
]
FUND_LISTS = [
    ([fund(5, "KRW")], said("funds.asset", "KRW", "must be one of the assets USDT", 0)),
    ([fund(5), fund(6)], "funds.scope[1] is None: must name a scope: 'USDT' is the fund of USDT without one"),
    ([fund(5, scope="Z")], said("funds.scope", "Z", "must name contracts of the house", 0)),
    ([fund(5, scope="X", parent="BTC")], said("funds.parent", "BTC", "must be one of the funds X, USDT", 0)),
    ([fund(5, name="vault")], said("funds", "vault", "must have another name than a vault of the venue")),
    ([5], said("funds", 5, "must be an InsuranceFund", 0)),
    (fund(5), said("funds", fund(5), "must be a list of InsuranceFund")),
    (5, said("funds", 5, "must be a list of InsuranceFund")),
]


@cases("given message", STATES)
def test_what_no_house_begins_with(given, message):
    refused(lambda: ClearingHouse(given, venue=[Uncovered()]), message)


@pytest.mark.parametrize("given", [None, "state", {}, STATE.snapshot], ids=["None", "text", "dict", "snapshot"])
def test_what_is_no_state(given):
    refused(lambda: ClearingHouse.from_state(given, []), said("state", type(given).__name__, "must be a HouseState"))
    assert isinstance(STATE, HouseState)


@cases("funds message", FUND_LISTS)
def test_funds_that_do_not_fit(funds, message):
    refused(lambda: ClearingHouse(BOOKS, funds, [Backstop()]), message)


def test_venues_that_do_not_fit():
    """A name is not enough: it is a Venue, or its stages, and a state goes on with its vaults."""
    wanted = said("venue", "binance", "must be a list of stages, such as [TakeOver()]")
    refused(lambda: ClearingHouse(BOOKS, venue="binance"), wanted)
    state, wanted = opened(BOOKS, [Uncovered()]).state(), said("venue", "pool", "must name vaults that the state has")
    refused(lambda: ClearingHouse.from_state(state, [Backstop(vault="pool")]), wanted)


def test_unbalanced_open_interest_where_that_is_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        books = snapshot([linear("X")], [100, 100], [("X", 0, 3, 300), ("X", 1, -1, -100)], {"X": "100"})
    message = said("positions.quantity", 2, "the longs and shorts of X must be equal; 2 lots more are longs")
    refused(lambda: ClearingHouse(books, venue=[Uncovered()], strict=True), message)


STAGE, LAST = "must be a stage, such as TakeOver()", "must be the last: it names what nobody took"
FROM_1, FROM_0 = "must be a whole number, 1 or above, or None", "must be a whole number, 0 or above"
AT_ONCE = "must be 0 where orders go down the tiers: they follow each other at once"
SHARE, PORTION = "must be a share, from 0 to below 1", "must be above 0 and at most 1, or 'tiers'"
OWN_NAME = "must be a name of its own, such as 'vault'"
test_stages_and_venues_that_cannot_be = table(
    (lambda: Venue("v", [CancelOrders]), said("stages", CancelOrders, STAGE, 0)),
    (lambda: Venue("v", [CancelOrders(), "TakeOver"]), said("stages", "TakeOver", STAGE, 1)),
    (lambda: Venue("v", [Uncovered(), TakeOver()]), said("stages", Uncovered(), LAST, 0)),
    (lambda: Venue("v", [Uncovered()], max_rounds=0), said("max_rounds", 0, FROM_1)),
    (lambda: Venue("v", [Uncovered()], max_rounds=1.5), said("max_rounds", 1.5, FROM_1)),
    (
        lambda: Venue("v", [Uncovered()], trigger="full"),
        said("trigger", "full", "must be a trigger, such as Depleted()"),
    ),
    (lambda: BookIOC(limit="mark"), said("limit", "mark", "must be one of bankruptcy, fund")),
    (lambda: BookIOC(surplus="street"), said("surplus", "street", "must be one of wallet, fund")),
    (lambda: BookIOC(fee=1), said("fee", 1, SHARE)),
    (lambda: BookIOC(fee="-0.1"), said("fee", "-0.1", SHARE)),
    (lambda: BookIOC(portion=0), said("portion", 0, PORTION)),
    (lambda: BookIOC(portion="1.1"), said("portion", "1.1", PORTION)),
    (lambda: BookIOC(above=-1), said("above", -1, NOT_BELOW_0)),
    (lambda: BookIOC(cool_down=-1), said("cool_down", -1, FROM_0)),
    (lambda: BookIOC(cool_down=0.5), said("cool_down", 0.5, FROM_0)),
    (lambda: BookIOC(portion="tiers", cool_down=5), said("cool_down", 5, AT_ONCE)),
    (lambda: Backstop(below=-1), said("below", -1, NOT_BELOW_0)),
    (lambda: Backstop(vault="street"), said("vault", "street", OWN_NAME)),
    (lambda: Backstop(vault=""), said("vault", "", OWN_NAME)),
    (lambda: Deleverage("best"), said("rule", "best", "must be a known rule; nearest: bitmex")),
    (
        lambda: Deleverage(price="last"),
        said("price", "last", "must be one of bankruptcy, mark, previous-mark, oracle"),
    ),
    (lambda: Deleverage(eligible="some"), said("eligible", "some", "must be one of all, winners")),
    (lambda: Deleverage(same_account="ask"), said("same_account", "ask", "must be one of allow, exclude")),
    (lambda: Deleverage(below=-1), said("below", -1, "must be 0 or above, or None")),
)


TERMS = [
    ({"audit": True}, "must be 'on' or 'off'"),
    ({"audit": "maybe"}, "must be 'on' or 'off'"),
    ({"max_move": 0}, "must be above 0, or None"),
    ({"max_move": "-0.1"}, "must be above 0, or None"),
    ({"max_move": NAN}, FINITE),
    ({"threads": 0}, "must be a whole number, 1 or above"),
    ({"threads": "two"}, "must be a whole number, 1 or above"),
]


@cases("terms must", TERMS)
def test_terms_of_a_house(terms, must):
    ((argument, value),) = terms.items()
    refused(lambda: ClearingHouse(BOOKS, venue=[Uncovered()], **terms), said(argument, value, must))
    refused(lambda: ClearingHouse.from_state(STATE, ten_wallets.venue(), **terms), said(argument, value, must))
