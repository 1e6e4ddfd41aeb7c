"""What happens to money: snapshots of a venue, the margin of every wallet, and the clearing house."""

from __future__ import annotations

from .audit import BrokenBooksError
from .bankruptcy import SharedBankruptcy, shared_bankruptcy
from .depth_ladder import DepthLadder
from .events import KINDS, Events
from .fund import InsuranceFund
from .house import ClearingHouse
from .liquidity import Liquidity, NoLiquidity
from .margin import MarginState, margin_state
from .position_margin import PositionMargin
from .snapshot import Snapshot
from .stages import Order, Stage
from .state import HouseState
from .triggers import Depleted, Drawdown, NetNotionalCap, Trigger
from .views import Fund, Plan
from .waterfall import Backstop, BookIOC, CancelOrders, Deleverage, NetLegs, TakeOver, Uncovered, Venue

__all__ = [
    "KINDS",
    "Backstop",
    "BookIOC",
    "BrokenBooksError",
    "CancelOrders",
    "ClearingHouse",
    "Deleverage",
    "Depleted",
    "DepthLadder",
    "Drawdown",
    "Events",
    "Fund",
    "HouseState",
    "InsuranceFund",
    "Liquidity",
    "MarginState",
    "NetLegs",
    "NetNotionalCap",
    "NoLiquidity",
    "Order",
    "Plan",
    "PositionMargin",
    "SharedBankruptcy",
    "Snapshot",
    "Stage",
    "TakeOver",
    "Trigger",
    "Uncovered",
    "Venue",
    "margin_state",
    "shared_bankruptcy",
]
