"""How the terms of a score are headed and written, for the rows that are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._support.arrays import Float64Array1D, Int64Array1D
from ..contracts.contract import Contract
from ..market.columns import COLUMNS
from ..market.market import Market
from ..market.score_terms import terms_of
from ..ranking.rules import RankingRule
from ..ranking.selection import Selection
from ._tables import Column, percent, times

__all__ = ["Term", "realized_pnl", "rows_of", "term_columns", "terms"]


@dataclass(frozen=True)
class Term:
    """One ratio of a score: its name for machines, its heading, how it is written."""

    name: str
    heading: str
    write: Callable[[float], str]


#: By the name of the ratio.
TERMS = {
    name: Term(name, heading, write)
    for heading, write, *names in (
        ("PnL %", percent, "pnl_ratio", "entry_return"),
        ("lev.", times, "effective_leverage", "account_leverage", "bankruptcy_leverage"),
        ("PnL/bal.", times, "gain_on_balance"),
        ("MM/eq.", times, "margin_ratio"),
        ("price r.", times, "price_ratio"),
    )
    for name in names
}


def rows_of(market: Market, rows: Int64Array1D) -> Market:
    """Some rows of a market, as a market."""
    held = {name: getattr(market, name) for name in COLUMNS if getattr(market, name) is not None}
    picked = {name: column[rows] for name, column in held.items()}
    return Market(market.contract, mark_price=market.mark_price, quantity=market.quantity[rows], **picked)


def terms(market: Market, rule: RankingRule) -> dict[Term, Float64Array1D]:
    """Each term of the rule, for every row of a (small) market."""
    return {TERMS[term.name]: term.of(market) for term in terms_of(rule, market)}


def term_columns(found: dict[Term, Float64Array1D], shown: int) -> list[Column]:
    """The terms of the first rows as columns of a table."""
    return [
        Column(term.heading, [term.write(value) for value in values[:shown].tolist()], drop=3 + place)
        for place, (term, values) in enumerate(found.items())
    ]


def realized_pnl(contract: Contract, closed_rows: Market, selection: Selection, price: str) -> Float64Array1D:
    """What each counterparty realizes at a price, to the decimals of the settle asset.

    `closed_rows` holds the rows of the selection before it is applied: a row closed in part gives its share of the
    entry value.
    """
    closed = -selection.delta
    share = closed_rows.entry_value * (closed / closed_rows.quantity)
    cost = np.where(closed == closed_rows.quantity, closed_rows.entry_value, share)
    pnl: Float64Array1D = np.round(closed * contract.value_per_lot(price) - cost, contract.settle.decimals)
    return pnl + 0.0
