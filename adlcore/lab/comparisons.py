"""Crashes that differ in one thing: why coin-margined contracts are deleveraged more, what the book spares.

One crowd of isolated wallets holds four contracts; the last of them falls and the others stay where they are. The
ratio of fund to open interest is the same throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .crash import Crash
from .outcome import Outcome
from .scenarios import Scenario, read

__all__ = ["Variant", "crash_outcome", "variants"]

#: Coin, price, tick, lot of the linear contract, face of the inverse one.
COINS = (
    *(("BTC", "60000", "0.1", "0.001", "100"), ("ETH", "2500", "0.01", "0.001", "10")),
    *(("SOL", "140", "0.01", "0.01", "10"), ("AVAX", "25", "0.001", "0.1", "10")),
)
#: Sizes less unequal than in a real crowd, so that no single wallet decides.
CROWD = {"modes": {"isolated": 1.0}, "worth_median": 5000.0, "worth_sigma": 1.5, "order_share": 0.0}


@dataclass(frozen=True)
class Variant:
    """A crash, and what it differs in.

    Attributes
    ----------
    name : str
    against : str
        The name of the variant that it is compared with; empty for the first.
    lesson : str
        What the difference shows.
    scenario : Scenario

    Examples
    --------
    >>> Variant("no jumps", "as it was", "what jumps do", read({"shock": {"jumps": 0}})).scenario.shock.jumps
    0
    """

    name: str
    against: str
    lesson: str
    scenario: Scenario


def variants(wallets: int = 20_000, *, ratio: float = 0.03, seed: int = 7) -> list[Variant]:
    """The crashes to compare.

    Parameters
    ----------
    wallets : int, default 20_000
    ratio : float, default 0.03
        Of every fund to the open interest that it answers for.
    seed : int, default 7
        The same crowd and the same path for all of them.

    Returns
    -------
    list of Variant

    Notes
    -----
    One thing changes at a time: one fund in USDT for all contracts; then a fund for each coin, which can pay for
    its own contracts alone; then contracts that are margined and settled in the coin, so that collateral, and the
    fund, fall with the price; and by itself, the first crash without immediate-or-cancel orders.

    Examples
    --------
    >>> for variant in variants(100):
    ...     print(variant.name)
    USD-margined, one fund
    USD-margined, a fund a coin
    coin-margined, a fund a coin
    USD-margined, no orders in the book
    """
    one_fund = _scenario(wallets, ratio, seed, inverse=False, apart=False, book=True)
    fund_a_coin = _scenario(wallets, ratio, seed, inverse=False, apart=True, book=True)
    in_coins = _scenario(wallets, ratio, seed, inverse=True, apart=True, book=True)
    without_book = _scenario(wallets, ratio, seed, inverse=False, apart=False, book=False)
    first, second = "USD-margined, one fund", "USD-margined, a fund a coin"
    return [
        Variant(first, "", "", one_fund),
        Variant(second, first, "a coin's fund pays for its coin alone", fund_a_coin),
        Variant("coin-margined, a fund a coin", second, "collateral falls with the price", in_coins),
        Variant("USD-margined, no orders in the book", first, "the book takes what it can first", without_book),
    ]


def _scenario(wallets: int, ratio: float, seed: int, *, inverse: bool, apart: bool, book: bool) -> Scenario:
    """A crash of the crowd; `apart` gives each coin a fund of its own."""
    contracts = [_listing(place, inverse) for place in range(len(COINS))]
    symbols = [str(contract["symbol"]) for contract in contracts]
    names = [coin for coin, *_ in COINS]
    funds: list[dict[str, Any]] = [{"asset": "USDT", "ratio": ratio}]
    if inverse:
        funds = [{"asset": name, "ratio": ratio} for name in names]
    elif apart:
        funds = [{"asset": "USDT", "ratio": ratio, "scope": [symbol]} for symbol in symbols]
    return read(
        {
            "seed": seed,
            "contracts": contracts,
            "assets": [{"name": name, "index": symbol} for name, symbol in zip(names, symbols, strict=True)],
            "wallets": {"count": wallets, "positions": wallets, **CROWD},
            "funds": funds,
            "venue": {"book": book},
        }
    )


def _listing(place: int, inverse: bool) -> dict[str, Any]:
    """The contract of a coin, of which only the last one moves."""
    coin, price, tick, lot, face = COINS[place]
    moves = {"beta": float(place == len(COINS) - 1), "noise": 0.0, "popularity": 1 / (place + 1)}
    shared = {"price": price, "tick": tick, **moves}
    if inverse:
        return {"symbol": f"{coin}USD", "kind": "inverse", "settle": coin, "multiplier": face, **shared}
    return {"symbol": f"{coin}USDT", "lot": lot, **shared}


def crash_outcome(scenario: Scenario) -> Outcome:
    """Make a scenario happen and sum up what came of it.

    Examples
    --------
    >>> outcome = crash_outcome(variants(2000)[0].scenario)
    >>> from adlcore.clearing.closings import USERS
    >>> 0 < outcome.share(USERS) < 1
    True
    """
    crash = Crash.of(scenario)
    outcome = Outcome.before(crash.house.snapshot())
    for inputs, events in crash.mark_all():
        outcome.add(events, inputs.index_prices)
    return outcome
