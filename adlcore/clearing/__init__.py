"""What happens to money: snapshots of a venue, the margin of every wallet, and the clearing house.

Data lies in ``snapshot``, what is computed of it in ``margin``. ``house`` answers calls; what a new mark does stands
in ``house/liquidation_pass.py``, step by step. ``stages`` has a file for each step of a venue's waterfall, and
``liquidation`` what they share: the books while they change, a round of wallets, and settlement.
"""

from __future__ import annotations

from .events import KINDS, Events
from .funds.fund import InsuranceFund
from .funds.triggers import Depleted, Drawdown, NetNotionalCap, Trigger
from .house.audit import BrokenBooksError
from .house.clearing_house import ClearingHouse
from .house.fund_views import Fund
from .house.plan import Plan
from .margin.margin_state import MarginState, margin_state
from .margin.position_margin import PositionMargin
from .margin.shared_bankruptcy import SharedBankruptcy, shared_bankruptcy
from .order_book.depth_ladder import DepthLadder
from .order_book.liquidity import Liquidity, NoLiquidity
from .snapshot.snapshot import Snapshot
from .stages.backstop import Backstop
from .stages.book_ioc import BookIOC
from .stages.cancel_orders import CancelOrders
from .stages.deleverage import Deleverage
from .stages.net_legs import NetLegs
from .stages.stage import Order, Stage
from .stages.take_over import TakeOver
from .stages.uncovered import Uncovered
from .stages.venue import Venue
from .state import HouseState

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
