"""adlcore: who is auto-deleveraged on a perpetual-futures market, how much, and in which order.

Arrays in, arrays out: :func:`rank`, :func:`quantile`, :func:`indicator`, :func:`select`,
:class:`Queue`. One market: :class:`Contract`, :class:`Market`, :class:`RankingRule`. Files:
:func:`read_positions`.
A market to play with: ``adlcore.lab.synthetic.market()``.

>>> import adlcore as adl
>>> market = adl.Market(
...     adl.Contract("AVAX", lot="0.01"),
...     mark_price="22.025",
...     quantity=[-2853, -1804, 9000],
...     entry_price=[28.885, 27.676, 30.0],
...     equity=[34217.71, 626.17, 150.0],
... )
>>> selection = market.deleverage(4000, "binance")
>>> selection.index, selection.quantity
(array([1, 0]), array([1804, 2196]))
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from .contracts import Asset, Contract
from .errors import AdlError, MissingExtraError
from .explanation import Explanation
from .market import Market
from .queue import Queue
from .ranking import RankingRule, indicator, quantile, rank
from .selection import Selection, select

if TYPE_CHECKING:
    from .io.positions import read_positions

__version__ = "0.1.0"

__all__ = [
    "AdlError",
    "Asset",
    "Contract",
    "Explanation",
    "Market",
    "MissingExtraError",
    "Queue",
    "RankingRule",
    "Selection",
    "indicator",
    "quantile",
    "rank",
    "read_positions",
    "select",
]


def __getattr__(name: str) -> Any:
    # These wings are loaded when they are first asked for.
    if name in ("io", "lab"):
        return _import_module(f".{name}", __name__)
    if name == "read_positions":
        return _import_module(".io.positions", __name__).read_positions
    raise AttributeError(f"module 'adlcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", "io", "lab"])
