"""Who is closed first: ranking rules, ranks of scores, the selection of counterparties, and queues that change."""

from __future__ import annotations

from .queue import Queue
from .ranks import indicator, quantile, rank
from .rules import RankingRule
from .selection import Selection, select

__all__ = ["Queue", "RankingRule", "Selection", "indicator", "quantile", "rank", "select"]
