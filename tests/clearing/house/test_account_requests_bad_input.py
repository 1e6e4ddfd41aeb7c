"""Money that cannot move and orders that cannot be: the house is as it was."""

import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse, Uncovered
from support import ten_wallets
from support.house_books import build_house, linear, snapshot
from support.house_calls import BETWEEN_LOTS, BETWEEN_TICKS, SETTLES, STATE, SYMBOLS
from support.refusals import ABOVE_0, FINITE, NAN, NOT_BELOW_0, NUMBER, cases, refuses, said
from support.ten_wallets import ANN, BOB, BOB_ALONE, CAT, DAN, DOWN, EVE, MIA, PIA, TOM, VIC

pytestmark = pytest.mark.plain

WALLET = "must be a row of the wallets, 0 to 9"


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


AMOUNTS = [
    *((amount, ABOVE_0) for amount in ("0", -1)),
    ("0.001", "is between quanta of 0.01: 0.00 or 0.01 would do"),
    (NAN, FINITE),
    ("much", NUMBER),
]


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


ONE_OF_BOTH = "locked, leverage: must have exactly one"
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


ORDER = "must be a row of the orders, 0 to 1"


@pytest.mark.parametrize("number", [-1, 2, "0", None, 0.0, True])
def test_orders_that_are_not_open(house, number):
    refuses(house, lambda: house.cancel_order(number), said("order", number, ORDER))


def test_cancelling_where_nothing_is_open():
    house = build_house(snapshot([linear()], [100], [], {"X": "100"}), [Uncovered()])
    refuses(house, lambda: house.cancel_order(0), said("order", 0, "must be absent: there are none"))


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
