"""adlcore: who is auto-deleveraged on a perpetual-futures market, how much, and in which order.

Arrays in, arrays out: :func:`rank`, :func:`quantile`, :func:`indicator`, :func:`select`,
:class:`Queue`. One market: :class:`Contract`, :class:`Market`, :class:`RankingRule`. Margin:
:class:`MarginTiers`, :func:`liquidation_price`, :func:`bankruptcy_price`; of a whole venue
:class:`Snapshot` and :func:`margin_state`; its books through a crash: :class:`ClearingHouse` and
:class:`InsuranceFund`. Files: :func:`read_positions`.
A market to play with: ``adlcore.lab.synthetic.market()``. For Cython packages: :func:`get_include`.

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

from ._kernels.headers import get_include
from ._version import __version__ as __version__
from .contracts import Asset, Contract, MarginTiers
from .errors import AdlError, BrokenSnapshotError, MissingExtraError, OpenInterestWarning
from .market import Explanation, Market, bankruptcy_price, liquidation_price
from .ranking import Queue, RankingRule, Selection, indicator, quantile, rank, select

if TYPE_CHECKING:
    from .clearing import ClearingHouse, InsuranceFund, MarginState, Snapshot, margin_state
    from .io.positions import read_positions

__all__ = [
    "AdlError",
    "Asset",
    "BrokenSnapshotError",
    "ClearingHouse",
    "Contract",
    "Explanation",
    "InsuranceFund",
    "MarginState",
    "MarginTiers",
    "Market",
    "MissingExtraError",
    "OpenInterestWarning",
    "Queue",
    "RankingRule",
    "Selection",
    "Snapshot",
    "bankruptcy_price",
    "get_include",
    "indicator",
    "liquidation_price",
    "margin_state",
    "quantile",
    "rank",
    "read_positions",
    "select",
]


#: Wings that are loaded when they are first asked for, and names that live in them.
_WINGS = ("clearing", "io", "lab", "report", "venues")
_LATE = {
    "ClearingHouse": ".clearing",
    "InsuranceFund": ".clearing",
    "MarginState": ".clearing",
    "Snapshot": ".clearing",
    "margin_state": ".clearing",
    "read_positions": ".io.positions",
}


def __getattr__(name: str) -> Any:
    if name in _WINGS:
        return _import_module(f".{name}", __name__)
    if name in _LATE:
        return getattr(_import_module(_LATE[name], __name__), name)
    raise AttributeError(f"module 'adlcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__", *_WINGS])
