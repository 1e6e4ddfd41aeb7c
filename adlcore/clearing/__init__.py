"""What happens to money: snapshots of a venue, and the margin of every wallet."""

from __future__ import annotations

from .bankruptcy import SharedBankruptcy, shared_bankruptcy
from .margin import MarginState, margin_state
from .position_margin import PositionMargin
from .snapshot import Snapshot

__all__ = ["MarginState", "PositionMargin", "SharedBankruptcy", "Snapshot", "margin_state", "shared_bankruptcy"]
