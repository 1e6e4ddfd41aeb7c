"""Small snapshots: every kind of wallet, by hand."""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import adlcore as adl

#: Quanta in a unit of an asset of 8 decimals.
UNIT = 10**8

TIERS = adl.MarginTiers([0, 50_000, 250_000], ["0.004", "0.005", "0.01"])
COIN_TIERS = adl.MarginTiers([0, 5], ["0.004", "0.005"])

BTC = adl.Contract("BTCUSDT", lot="0.001", tick="0.1", tiers=TIERS)
ETH = adl.Contract("ETHUSDT", lot="0.01", tick="0.01", tiers=TIERS)
COIN = adl.Contract("BTCUSD", kind="inverse", settle="BTC", multiplier="100", tick="0.5", tiers=COIN_TIERS)
CONTRACTS = (BTC, ETH, COIN)

FLAT = adl.MarginTiers([0], ["0.05"])

#: The positions of nobody.
NO_POSITIONS = {"contract": [], "wallet": [], "quantity": [], "entry_value": []}

#: A snapshot of nothing.
NOTHING = {"contracts": (), "wallets": {"account": [], "asset": []}, "positions": NO_POSITIONS, "marks": {}}

#: Wallet rows of the small snapshot.
ANN, BOB, CAT, ANN_ALONE, DAN, EVE = range(6)


def small_columns(**changes) -> dict:
    """What the small snapshot is made of; columns of tables and other terms replaced.

    Two linear contracts and an inverse one. Ann holds both linear ones in her cross wallet and an
    isolated short beside; Bob is on the other side; Cat holds both legs of one contract; Dan and Eve
    hold the inverse contract in coins. `changes` are terms, or ``wallets={"balance": ...}`` and so on,
    of which only the columns named are replaced.
    """
    made = {
        "contracts": CONTRACTS,
        "wallets": {
            "account": ["ann", "bob", "cat", "ann", "dan", "eve"],
            "asset": ["USDT", "USDT", "USDT", "USDT", "BTC", "BTC"],
            "mode": ["cross", "cross", "cross", "isolated", "cross", "cross"],
            "balance": [6_000 * UNIT, 9_000 * UNIT, 4_000 * UNIT, 700 * UNIT, UNIT // 2, UNIT],
        },
        "positions": {
            "contract": ["BTCUSDT"] * 5 + ["ETHUSDT"] * 2 + ["BTCUSD"] * 2,
            "wallet": [ANN, BOB, CAT, CAT, ANN_ALONE, ANN, BOB, DAN, EVE],
            "quantity": [1_000, -1_400, 900, -400, -100, -2_000, 2_000, 300, -300],
            "entry_value": [
                *(60_000 * UNIT, -81_200 * UNIT, 51_300 * UNIT, -23_600 * UNIT, -5_700 * UNIT),
                *(-61_000 * UNIT, 60_000 * UNIT, -UNIT // 2, UNIT // 2),
            ],
            "leverage": [20.0, 0.0, 0.0, 0.0, 20.0, 0.0, 25.0, 0.0, 3.0],
        },
        "marks": {"BTCUSDT": "58000", "ETHUSDT": "3010.55", "BTCUSD": "58010.5"},
        "orders": {
            "contract": ["ETHUSDT", "BTCUSD"],
            "wallet": [BOB, EVE],
            "quantity": [-50, 10],
            "price": [302_000, 110_000],
            "locked": [150 * UNIT, UNIT // 100],
        },
    }
    return _changed(made, changes)


def valued_columns(**changes) -> dict:
    """What a snapshot with multi-asset and portfolio wallets is made of; Mia and Pia against Bob."""
    made = {
        "contracts": CONTRACTS,
        "wallets": {
            "account": ["mia", "pia", "bob", "bob"],
            "asset": ["USDT", "USDT", "USDT", "BTC"],
            "mode": ["multi-asset", "portfolio", "cross", "cross"],
            "balance": [0, 0, 50_000 * UNIT, 2 * UNIT],
        },
        "positions": {
            "contract": ["BTCUSDT", "BTCUSDT", "BTCUSDT", "BTCUSD", "BTCUSD"],
            "wallet": [0, 1, 2, 1, 3],
            "quantity": [1_000, -400, -600, 200, -200],
            "entry_value": [57_000 * UNIT, -23_000 * UNIT, -34_500 * UNIT, -UNIT // 3, UNIT // 3],
            "leverage": [10.0, 0.0, 0.0, 0.0, 0.0],
        },
        "marks": {"BTCUSDT": "58000", "BTCUSD": "58000"},
        "orders": {"contract": ["BTCUSD"], "wallet": [1], "quantity": [5], "price": [100_000], "locked": [UNIT // 50]},
        "balances": {
            "wallet": [0, 0, 1, 1],
            "asset": ["USDT", "BTC", "BTC", "USDC"],
            "amount": [5_000 * UNIT, UNIT // 10, UNIT, -200 * 10**6],
            "loan": [0, 0, 0, 1_000 * 10**6],
        },
        "assets": [adl.Asset("USDC", 6)],
        "index_prices": {"BTC": "58000", "USDC": "0.9999"},
        "haircuts": {"BTC": "0.05"},
        "loan_rates": {"USDC": "0.04"},
    }
    return _changed(made, changes)


def _changed(made: dict, changes: dict) -> dict:
    made = copy.deepcopy(made)
    for name, value in changes.items():
        made[name] = {**made.get(name, {}), **value} if isinstance(value, dict) else value
    return made


def small_snapshot(**changes) -> adl.Snapshot:
    """Two linear contracts and an inverse one; cross and isolated wallets, and both legs in one."""
    return adl.Snapshot(**small_columns(**changes))


def valued_snapshot(**changes) -> adl.Snapshot:
    """Multi-asset and portfolio wallets beside cross ones."""
    return adl.Snapshot(**valued_columns(**changes))


def one_position(quantity=10, entry="100", balance="120", leverage=0, mark="100", locked=None, **contract):
    """Ann's position in X, of lots worth the mark, against Bob's; money in whole cents."""
    cents = adl.Asset("USDT", 2)
    orders = [{"account": "ann", "contract": "X", "quantity": 1, "price": 1, "locked": locked}] if locked else None
    return adl.Snapshot.build(
        [adl.Contract("X", settle=cents, tick="0.01", tiers=FLAT, **contract)],
        [{"account": "ann", "balance": balance}, {"account": "bob", "balance": "1000000"}],
        [
            {"account": "ann", "contract": "X", "quantity": quantity, "entry_price": entry, "leverage": leverage},
            {"account": "bob", "contract": "X", "quantity": -quantity, "entry_price": entry},
        ],
        {"X": mark},
        orders=orders,
    )


def mia(**changes) -> adl.Snapshot:
    """Mia's multi-asset wallet: 100 USDT and 1 BTC at 50,000 less a tenth; a long worth 20,000 at 5 %, 2,000 locked."""
    terms = {
        "wallets": [{"account": "mia", "mode": "multi-asset"}, {"account": "bob", "balance": 10**6}],
        "positions": [
            {"account": a, "contract": "X", "quantity": q, "entry_price": 100} for a, q in (("mia", 200), ("bob", -200))
        ],
        "orders": [{"account": "mia", "contract": "X", "quantity": 1, "price": 1, "locked": 2_000}],
        "balances": [{"account": "mia", "asset": a, "amount": n} for a, n in (("USDT", 100), ("BTC", 1))],
        "index_prices": {"BTC": "50000", "DAI": "1"},
        "haircuts": {"BTC": "0.1"},
        "assets": ["DAI", "PEPE"],
    }
    return adl.Snapshot.build([adl.Contract("X", tick=1, tiers=FLAT)], marks={"X": 100}, **{**terms, **changes})


@contextmanager
def unbalanced() -> Iterator[None]:
    """Books whose longs and shorts need not be equal, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", adl.OpenInterestWarning)
        yield


def as_columns(names: str, rows) -> dict[str, list]:
    """Columns of rows, by the names of their cells."""
    return {name: [row[place] for row in rows] for place, name in enumerate(names.split())}


def free(snapshot, wallet: int) -> int:
    """The free margin of a wallet, in quanta."""
    return int(adl.margin_state(snapshot).free_margin[wallet])


def columns_of(snapshot) -> list[tuple[str, str, np.ndarray]]:
    """Table, name and column of every table."""
    tables = ("wallets", "positions", "orders", "balances")
    return [(table, name, column) for table in tables for name, column in getattr(snapshot, table).columns().items()]


def problems(call) -> list[tuple[str | None, int | None]]:
    """Argument and row of everything that a snapshot is refused for."""
    with pytest.raises(adl.BrokenSnapshotError) as caught:
        call()
    return [(problem.argument, problem.row) for problem in caught.value.problems]
