"""Who is closed first: ranking rules, ranks of scores, the selection of counterparties, and queues that change."""

from __future__ import annotations

from .queue import Queue
from .rules import RankingRule, indicator, quantile, rank
from .selection import Selection, select

__all__ = ["Queue", "RankingRule", "Selection", "indicator", "quantile", "rank", "select"]
