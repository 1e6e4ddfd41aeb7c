"""One of everything public that has a state, and all that can be read from it."""

import math
import numbers

import numpy as np

import adlcore as adl
from support import zoo


def square(notional):
    """A custom rule's function at module level, so that it pickles."""
    return notional * notional


def examples() -> dict[str, object]:
    """One of everything public that has a state."""
    market = zoo.small_market(tie=np.arange(9), account=list("abcdefghi"), leverage=np.full(9, 3.0))
    queue = market.queue("long", "binance")
    queue.take(5)
    return {
        "Asset": adl.Asset("IDR", decimals=2),
        "Contract": adl.Contract("BTCUSDT", lot="0.001", tick="0.1"),
        "inverse Contract": adl.Contract("BTCUSD", kind="inverse", settle=adl.Asset("BTC", 10), multiplier=100),
        "full Contract": adl.Contract(
            "BTCUSDT", lot="0.001", tick="0.1", max_price="809484", tiers=adl.MarginTiers([0, 5], [0.004, 0.01])
        ),
        "MarginTiers": adl.MarginTiers([0, 50_000, 20_000_000], ["0.004", "0.005", "0.125"]),
        "MarginTiers of one": adl.MarginTiers([0], ["0.0123456789012345678"]),
        "Market": market,
        "Market in quanta": adl.Market("X", mark_price="1.5", quantity=[3, -2], entry_value=np.array([5, -4])),
        "RankingRule": adl.RankingRule("hyperliquid", short="literal"),
        "custom RankingRule": adl.RankingRule.custom("square", square, needs=["notional"]),
        "Selection": market.deleverage(12, "binance"),
        "Selection by row": market.deleverage(12, "binance", ordered=False),
        "empty Selection": adl.select([], [], 3),
        "float Selection": adl.select([1.0, 2.0], [0.1, 0.2], 0.25),
        "Queue": queue,
        "float Queue": adl.Queue([1.0, 2.0], [0.1, 0.2]),
        "Explanation": market.explain(2, "binance"),
        "AdlError": adl.AdlError.at("equity", 3, math.nan, "must be a number"),
        "MissingExtraError": adl.MissingExtraError("pip install 'adlcore[cli]'", argument="cli"),
    }


def fields_of(thing: object) -> list[str]:
    """The names of the values that a public object has; a contract without a tick has no tick fraction."""
    missing = {"tick_fraction"} if getattr(thing, "tick", 1) is None else set()
    return [n for n in dir(thing) if not n.startswith("_") and n not in missing and not callable(getattr(thing, n))]


def state(thing: object) -> object:
    """Everything that can be read from a public object, as something that compares."""
    if isinstance(thing, np.ndarray):
        return thing.dtype.str, [str(value) for value in thing.tolist()]
    if isinstance(thing, dict):
        return {name: state(value) for name, value in thing.items()}
    if isinstance(thing, str | bool | tuple | None) or callable(thing):
        return thing
    if isinstance(thing, numbers.Number):
        return str(thing)
    names = fields_of(thing)
    columns = {"columns()": state(thing.columns())} if isinstance(thing, adl.Selection) else {}
    return {name: state(getattr(thing, name)) for name in names} | columns | {"repr": repr(thing)}
