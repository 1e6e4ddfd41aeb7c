"""Calls of a clearing house by name, and the state of one to try them on."""

from support import ten_wallets
from support.house_books import linear, snapshot
from support.ten_wallets import ANN, BOB, CAT, DAN, DOWN, MIA, VIC

STATE = ten_wallets.house().state()

#: Of a house that nothing happens in.
BOOKS = snapshot([linear("X")], [100], [], {"X": "100"})

#: What errors of these calls say.
SYMBOLS = "must be one of X, Y, I"
BETWEEN_LOTS, BETWEEN_TICKS = "is between lots of 1: 0 or 1 would do", "is between ticks of 1: 100 or 101 would do"
SETTLES = "must be a wallet in USDT, in which X settles"

#: Everything that moves a house, and takes a time.
CALLS = {
    "mark": lambda house, **more: house.mark({"X": "80"}, **more),
    "plan": lambda house, **more: house.plan({"X": "80"}, **more),
    "deposit": lambda house, **more: house.deposit(ANN, "1", **more),
    "withdraw": lambda house, **more: house.withdraw(BOB, "1", **more),
    "trade": lambda house, **more: house.trade("X", 1, 100, buyer=ANN, seller=BOB, **more),
    "place_order": lambda house, **more: house.place_order(ANN, "X", 1, 100, locked=1, **more),
    "cancel_order": lambda house, **more: house.cancel_order(0, **more),
    "fund_deposit": lambda house, **more: house.fund_deposit("USDT", 1, **more),
    "funding": lambda house, **more: house.funding({"X": "0.01"}, **more),
}

#: Calls of every kind, one after the other, with the mark that does nearly everything.
IN_TURN = [
    lambda house: house.trade("X", 2, 101, buyer=CAT, seller=VIC, buyer_leg="short"),
    lambda house: house.mark(**DOWN),
    lambda house: house.deposit(DAN, "0.1"),
    lambda house: house.trade("X", 12, 81, buyer=VIC, seller=BOB, time=1001),
    lambda house: house.place_order(BOB, "X", -3, 90, leverage=5),
    lambda house: house.cancel_order(0),
    lambda house: house.fund_deposit("X", "12.5", time=1002),
    lambda house: house.funding({"X": "0.001", "I": "-0.0005"}),
    lambda house: house.withdraw(BOB, "1.23"),
    lambda house: house.deposit(MIA, "0.5", "BTC"),
    lambda house: house.trade("Y", 4, "50.5", buyer=ANN, seller=None),
    lambda house: house.mark({"X": "84", "Y": "51.5"}, 1003),
    lambda house: house.mark({"X": "70"}, 1400, index_prices={"BTC": "75"}),
]
