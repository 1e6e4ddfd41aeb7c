"""Calls of a clearing house by name, and the state of one to try them on."""

from __future__ import annotations

from support import ten_wallets
from support.ten_wallets import ANN, BOB

STATE = ten_wallets.house().state()


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
