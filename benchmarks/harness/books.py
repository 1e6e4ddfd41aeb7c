"""Books of any size as columns: wallets with positions in many contracts, the same for the same seed.

Every contract has as many positions, each in another wallet; sizes are heavy-tailed, each held long once and short
once, so open interest balances. Rows are in the order of a snapshot, which therefore refers to the columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import numpy as np

import adlcore as adl

from .columns import MOST


class Size(NamedTuple):
    """How large books are; asv keeps results under its text, which is that of a plain tuple."""

    wallets: int
    positions: int
    contracts: int

    def __repr__(self) -> str:
        return repr(tuple(self))


SMALL, MIDDLE, LARGE = Size(10**4, 5 * 10**4, 50), Size(10**5, 5 * 10**5, 200), Size(10**6, 5 * 10**6, 200)
SIZES = tuple(size for size in (SMALL, MIDDLE, LARGE) if size.positions <= MOST)

#: Linear contracts throughout; every second one inverse, all of them settled in the coin.
KINDS = ("linear", "inverse")

FLOORS = (0, 50_000, 250_000, 10**6, 5 * 10**6, 10**7, 25 * 10**6, 5 * 10**7, 10**8, 2 * 10**8)
RATES = ("0.004", "0.005", "0.01", "0.02", "0.025", "0.05", "0.1", "0.125", "0.15", "0.25")

#: What a coin is worth, about: tiers of contracts settled in coins are this much smaller.
COIN = 10**4

NAMES = ("contract", "wallet", "quantity", "entry_value")


@dataclass(frozen=True, eq=False)
class Books:
    """The columns of books; ``contract`` to ``entry_value`` a row each position, ``balance`` a row each wallet."""

    contracts: tuple[adl.Contract, ...]
    marks: dict[str, str]
    contract: np.ndarray
    wallet: np.ndarray
    quantity: np.ndarray
    entry_value: np.ndarray
    balance: np.ndarray

    def snapshot(self, *, check: bool = False, marks: dict[str, str] | None = None) -> adl.Snapshot:
        """Refers to the columns."""
        settle = self.contracts[0].settle.name
        return adl.Snapshot(
            self.contracts,
            {"account": np.arange(len(self.balance)), "asset": settle, "balance": self.balance},
            {name: getattr(self, name) for name in NAMES},
            self.marks if marks is None else marks,
            check=check,
        )

    def nudged(self, code: int, factor: str) -> dict[str, str]:
        """A mark of one contract, moved by a factor."""
        symbol = self.contracts[code].symbol
        return {symbol: str(Decimal(self.marks[symbol]) * Decimal(factor))}

    def moved(self, factor: str) -> dict[str, str]:
        """A mark of every contract, moved by a factor."""
        return {
            symbol: mark for code in range(len(self.contracts)) for symbol, mark in self.nudged(code, factor).items()
        }

    def shuffled(self) -> Books:
        """The same books, their positions in arbitrary order."""
        order = np.random.default_rng(0).permutation(len(self.wallet))
        return replace(self, **{name: getattr(self, name)[order] for name in NAMES})

    def price_columns(self, rows: int) -> tuple[adl.Contract, tuple[np.ndarray, ...]]:
        """What ``adl.liquidation_price`` takes: a contract, quantity, entry price, balance, what others keep and gain.

        The rows of the first contract, again and again; half of the balance is for the other positions.
        """
        contract, rows_there = self.contracts[0], np.flatnonzero(self.contract == 0)
        quantity = self.quantity[rows_there].astype(np.float64)
        quanta = float(contract.settle.quanta_per_unit)
        price = self.entry_value[rows_there] / (quantity * float(contract.units_per_lot) * quanta)
        balance = self.balance[self.wallet[rows_there]] / quanta
        columns = quantity, price, balance, 0.4 * balance, -0.1 * balance
        return contract, tuple(np.resize(column, rows) for column in columns)

    def read(self) -> tuple:
        """What R times: NumPy reads the columns of the positions once."""
        return self.quantity.sum(), self.entry_value.sum(), self.wallet.sum()


@cache
def listed(count: int, kind: str) -> tuple[tuple[adl.Contract, ...], dict[str, str]]:
    """The contracts and their marks."""
    inverse = kind == "inverse"
    floor = [f / COIN for f in FLOORS] if inverse else FLOORS
    tiers, settle = adl.MarginTiers(floor, RATES), "COIN" if inverse else "USDT"
    contracts, marks = [], {}
    for k in range(count):
        if inverse and k % 2:
            listing = adl.Contract(f"C{k:03}USD", kind="inverse", settle=settle, tick="0.0001", tiers=tiers)
            price = 10.0 ** (1 + 4 * k / count)
        else:
            tick = "0.00000001" if inverse else "0.0001"
            listing = adl.Contract(f"C{k:03}{settle}", settle=settle, lot="0.001", tick=tick, tiers=tiers)
            price = 10.0 ** (1 + 4 * k / count) / (COIN if inverse else 1)
        contracts.append(listing)
        marks[listing.symbol] = f"{price:.6g}"
    return tuple(contracts), marks


def make(size: Size, kind: str = "linear", seed: int = 0) -> Books:
    """New books, checked once."""
    wallets, positions, count = size
    rng = np.random.default_rng([seed, *size])
    contracts, marks = listed(count, kind)
    rows = positions // count // 2 * 2
    wallet = np.concatenate([np.sort(rng.choice(wallets, rows, replace=False, shuffle=False)) for _ in contracts])
    contract = np.repeat(np.arange(count), rows)
    quanta_per_lot = np.array([c.value_per_lot(marks[c.symbol]) * c.settle.quanta_per_unit for c in contracts])
    money = 4000.0 * contracts[0].settle.quanta_per_unit / (COIN if kind == "inverse" else 1)
    # Pareto's tail above 1.5 in a lognormal body: the largest of millions holds some hundred millions.
    notional = money * np.exp(1.5 * rng.standard_normal((count, rows // 2))) * (1 + rng.pareto(1.5, (count, rows // 2)))
    lots = np.maximum(np.rint(notional.clip(None, 1e5 * money) / np.abs(quanta_per_lot)[:, None]), 1.0)
    quantity = rng.permuted(np.concatenate([lots, -lots], axis=1), axis=1).ravel()
    mark_value = quantity * quanta_per_lot[contract]
    moved = np.clip(1 + 0.05 * rng.standard_normal(len(quantity)), 0.5, 1.5)
    entry_value = np.rint(mark_value * moved)
    notional_held = np.bincount(wallet, np.abs(mark_value), wallets)
    lost = np.bincount(wallet, entry_value - mark_value, wallets).clip(0)
    # What is left after losses: between nothing and a few times what is held; a percent or so is liquidatable.
    balance = np.rint(0.3 * lost + notional_held * np.exp(1.3 * rng.standard_normal(wallets) - 1.5) + money / 20)
    whole = {"quantity": quantity, "entry_value": entry_value, "balance": balance}
    whole = {name: column.astype(np.int64) for name, column in whole.items()}
    books = Books(contracts, marks, contract=contract, wallet=wallet, **whole)
    books.snapshot(check=True)
    return books
