"""Small books of whole numbers, for tests whose arithmetic is done by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import adlcore as adl
from support.books import as_columns, unbalanced

#: A quantum is a unit: every amount of these books is a small whole number.
USDT, BTC = adl.Asset("USDT", 0), adl.Asset("BTC", 0)
FIVE_PERCENT = adl.MarginTiers([0], ["0.05"])
TEN_PERCENT = adl.MarginTiers([0], ["0.1"])


def linear(symbol: str = "X", tiers: adl.MarginTiers | None = FIVE_PERCENT, **more: Any) -> adl.Contract:
    """A lot is worth its price."""
    return adl.Contract(symbol, **{"settle": USDT, "tick": "1", "tiers": tiers, **more})


def inverse(symbol: str = "I", tiers: adl.MarginTiers | None = FIVE_PERCENT, **more: Any) -> adl.Contract:
    """A lot is worth ``-10000/price`` coins."""
    return adl.Contract(
        symbol, kind="inverse", **{"settle": BTC, "multiplier": "10000", "tick": "1", "tiers": tiers, **more}
    )


X, Y, Z = linear("X"), linear("Y"), linear("Z")
AT_100 = {"X": "100", "Y": "100"}
NO_MARGIN = adl.MarginTiers([0], ["0.0001"])
CAPPED = linear("X", max_price="110")

#: Books for :func:`snapshot`: nobody is liquidated; each wallet has one row; wallet 0 lacks 400 once it is closed.
FLAT = ([1000, 1000, 1000], [("X", 0, 10, 1000), ("X", 1, -10, -1000)], {"X": "100"})
ONE_ROW_EACH = ([120, 100, 1000], [("X", 0, 10, 1000), ("X", 1, 10, 1000), ("X", 2, -20, -2000)], {"X": "100"})
LACKING = ([0, 9000], [("X", 0, 10, 1500), ("X", 1, -10, -1000)], {"X": "100"})


def snapshot(contracts, wallets, positions, marks, **more: Any) -> adl.Snapshot:
    """A snapshot whose longs and shorts need not be equal: the house puts the street against them.

    A wallet is the balance of a cross wallet of an account of its own, or ``(account, mode, balance)``, or
    ``(account, mode, balance, asset)``. A position is ``(symbol, wallet, lots, entry value)``, and may have a leverage.
    """
    asset = contracts[0].settle.name
    cells = [
        (f"account-{row}", "cross", given, asset) if isinstance(given, int) else (*given, asset)[:4]
        for row, given in enumerate(wallets)
    ]
    held = [(*given, 0.0)[:5] for given in positions]
    with unbalanced():
        return adl.Snapshot(
            contracts,
            as_columns("account mode balance asset", cells),
            as_columns("contract wallet quantity entry_value leverage", held),
            marks,
            **more,
        )


def orders(*rows) -> dict[str, list[Any]]:
    """Open orders of ``(symbol, wallet, lots, ticks, locked)``."""
    return as_columns("contract wallet quantity price locked", rows)


class RestingOrders:
    """Resting orders of ``(lots, ticks)``, eaten as they are hit; `sent` keeps every order that came."""

    def __init__(self, bids=(), asks=()) -> None:
        self.bids = sorted(([lots, ticks] for lots, ticks in bids), key=lambda level: -level[1])
        self.asks = sorted(([lots, ticks] for lots, ticks in asks), key=lambda level: level[1])
        self.sent: list[tuple[str, int, int]] = []

    def ioc(self, contract, quantity, limit, time):
        """Fill what crosses, best price first."""
        self.sent.append((contract.symbol, int(quantity), int(limit)))
        left, fills = abs(quantity), []
        for level in self.asks if quantity > 0 else self.bids:
            lots = min(left, level[0])
            if lots and (level[1] <= limit if quantity > 0 else level[1] >= limit):
                fills.append((lots, level[1]))
                level[0] -= lots
                left -= lots
        return fills


def fund(balance: int | str, asset: str = "USDT", **more: Any) -> adl.InsuranceFund:
    """An insurance fund of so many units."""
    return adl.InsuranceFund(asset, str(balance), **more)


@dataclass
class PassResult:
    """A house after its pass, and the events of it."""

    house: adl.ClearingHouse
    events: Any

    @property
    def balance(self) -> list[int]:
        """Of every wallet."""
        return self.house.snapshot().wallets.balance.tolist()

    @property
    def lots(self) -> list[int]:
        """Of every position row."""
        return self.house.snapshot().positions.quantity.tolist()

    @property
    def cost(self) -> list[int]:
        """Of every position row."""
        return self.house.snapshot().positions.entry_value.tolist()

    @property
    def orders(self) -> list[int]:
        """The wallets of the orders that are open."""
        return self.house.snapshot().orders.wallet.tolist()

    def cash(self, name: str = "USDT") -> int:
        """Of a fund."""
        return self.house.funds[name].cash

    def equity(self, name: str = "USDT") -> int:
        """Of a fund."""
        return self.house.funds[name].equity

    def inventory(self, name: str = "USDT") -> dict[str, tuple[int, int]]:
        """Of a fund: lots and entry value."""
        return {symbol: tuple(map(int, held)) for symbol, held in self.house.funds[name].inventory.items() if held[0]}

    def of(self, *kinds: str, party: str | None = None) -> list[dict[str, Any]]:
        """Events of some kinds in order: those of wallets, or of one party, as the column ``fund`` names it."""
        return [
            row
            for row in self.events.rows()
            if row["kind"] in kinds and (row["wallet"] >= 0 if party is None else row["fund"] == party)
        ]

    def fills(self, *kinds: str, party: str | None = None) -> list[tuple[int, int, int, int]]:
        """Wallet, lots, price and amount of them."""
        return [(row["wallet"], row["lots"], row["price"], row["amount"]) for row in self.of(*kinds, party=party)]

    def own(self, wallet: int, *kinds: str) -> list[tuple[int, int, int]]:
        """Lots, price and amount of a wallet's fills."""
        return [fill[1:] for fill in self.fills(*kinds) if fill[0] == wallet]

    @property
    def left_open(self) -> list[tuple[int, int]]:
        """Who is left with how many lots."""
        return [(row["wallet"], row["lots"]) for row in self.of("uncovered-lots")]

    def amounts(self, *kinds: str, party: str | None = None) -> list[tuple[int, int]]:
        """Wallet and amount of them."""
        return [(row["wallet"], row["amount"]) for row in self.of(*kinds, party=party)]

    def wallets(self, *kinds: str) -> list[int]:
        """The wallets of them."""
        return [row["wallet"] for row in self.of(*kinds)]

    def story(self, *kinds: str) -> list[tuple[str, int]]:
        """Kind and wallet of them."""
        return [(row["kind"], row["wallet"]) for row in self.of(*kinds)]

    def party(self, name: str) -> tuple[int, int]:
        """What a party has gained in this pass: lots of all contracts, and amount."""
        rows = [row for row in self.events.rows() if row["wallet"] < 0 and row["fund"] == name]
        rows = [row for row in rows if row["kind"] != "take-over-bound"]
        return sum(row["lots"] for row in rows), sum(row["amount"] for row in rows)

    def mark(self, prices, **more: Any) -> PassResult:
        """Another pass of the same house."""
        return PassResult(self.house, self.house.mark(prices, **more))


def build_house(snapshot, venue, funds=(), book=None, **more: Any) -> adl.ClearingHouse:
    """A house whose snapshot may be balanced by the street; `funds` may be the cash of one in USDT."""
    given = [fund(funds)] if isinstance(funds, int) else funds
    with unbalanced():
        return adl.ClearingHouse(snapshot, given, venue, book, **more)


def mark_once(
    contracts, wallets, positions, prices, venue, funds=(), book=None, *, old=None, pass_=None, **more
) -> PassResult:
    """Open a house at the marks `old` (default: `prices`) and run one pass at `prices`."""
    house_terms = {name: more.pop(name) for name in ("strict", "audit", "max_move") if name in more}
    books = snapshot(contracts, wallets, positions, prices if old is None else old, **more)
    house = build_house(books, venue, funds, book, **house_terms)
    return PassResult(house, house.mark(prices, **(pass_ or {})))
