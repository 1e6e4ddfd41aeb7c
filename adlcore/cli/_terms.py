"""How the terms of a score are headed and written, for the rows that are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .._support.arrays import Float64Array1D, Int64Array1D
from ..market.market import Market
from ..market.score_terms import score_ratios
from ..ranking.rules import RankingRule
from ._tables import Column, percent, times

__all__ = ["RatioHeading", "term_columns", "ratio_columns"]


@dataclass(frozen=True)
class RatioHeading:
    """One ratio of a score: its name for machines, its heading, how it is written."""

    name: str
    heading: str
    write: Callable[[float], str]


#: By the name of the ratio.
RATIO_HEADINGS = {
    name: RatioHeading(name, heading, write)
    for heading, write, *names in (
        ("PnL %", percent, "pnl_ratio", "entry_return"),
        ("lev.", times, "effective_leverage", "account_leverage", "bankruptcy_leverage"),
        ("PnL/bal.", times, "gain_on_balance"),
        ("MM/eq.", times, "margin_ratio"),
        ("price r.", times, "price_ratio"),
    )
    for name in names
}


def ratio_columns(
    market: Market, rule: RankingRule, rows: slice | Int64Array1D = slice(None)
) -> dict[RatioHeading, Float64Array1D]:
    """Each ratio that the rule's score is made of, for some rows of a market, for all without a choice."""
    return {RATIO_HEADINGS[ratio.name]: ratio.of(market.columns, rows) for ratio in score_ratios(rule, market.columns)}


def term_columns(ratios: dict[RatioHeading, Float64Array1D], shown: int) -> list[Column]:
    """The ratios of the first rows as columns of a table."""
    return [
        Column(heading.heading, [heading.write(value) for value in values[:shown].tolist()], drop=3 + place)
        for place, (heading, values) in enumerate(ratios.items())
    ]
