"""What happens to money: snapshots of a venue, the margin of every wallet, and the clearing house."""

from __future__ import annotations

from .accounts.bankruptcy import SharedBankruptcy, shared_bankruptcy
from .accounts.margin import MarginState, margin_state
from .accounts.position_margin import PositionMargin
from .accounts.snapshot import Snapshot
from .events import KINDS, Events
from .funds.fund import InsuranceFund
from .funds.triggers import Depleted, Drawdown, NetNotionalCap, Trigger
from .house.audit import BrokenBooksError
from .house.clearing_house import ClearingHouse
from .house.fund_views import Fund
from .house.plan import Plan
from .order_book.depth_ladder import DepthLadder
from .order_book.liquidity import Liquidity, NoLiquidity
from .state import HouseState
from .waterfall.book_ioc import BookIOC
from .waterfall.deleverage import Deleverage
from .waterfall.stage import Order, Stage
from .waterfall.stages import Backstop, CancelOrders, NetLegs, Uncovered
from .waterfall.take_over import TakeOver
from .waterfall.venue import Venue

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
