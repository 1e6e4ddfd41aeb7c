"""The terms of a score: the ratios that a rule multiplies, for the rows that are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.arrays import Float64Array1D
from ..market.market import Market
from ..ranking.rules import RankingRule
from ._tables import Column, percent, times

__all__ = ["Term", "term_columns", "terms"]


@dataclass(frozen=True)
class Term:
    """One ratio: its name for machines, its heading, how it is written, how it is computed."""

    name: str
    heading: str
    write: Callable[[float], str]
    value: Callable[[Any], Any]


PNL = Term("pnl_ratio", "PnL %", percent, lambda m: m.unrealized_pnl / m.notional)
RETURN = Term("entry_return", "PnL %", percent, lambda m: m.unrealized_pnl / np.abs(m.entry_value))
LEVERAGE = Term("effective_leverage", "lev.", times, lambda m: m.notional / m.equity)
ACCOUNT_LEVERAGE = Term("account_leverage", "lev.", times, lambda m: m.notional / m.account_equity)
TO_BANKRUPTCY = Term("bankruptcy_leverage", "lev.", times, lambda m: m.notional / (m.mark_value - m.bankruptcy_value))
GAIN = Term("gain_on_balance", "PnL/bal.", times, lambda m: np.maximum(m.unrealized_pnl, 0) / np.maximum(m.balance, 1))
MARGIN = Term("margin_ratio", "MM/eq.", times, lambda m: m.maintenance_margin / m.equity)


def _price_ratio(market: Market) -> Any:
    """mark/entry of a long, entry/mark of a short."""
    ratio = float(market.mark_price) / market.entry_price
    return np.where(market.quantity > 0, ratio, 1 / ratio)


PRICE = Term("price_ratio", "price r.", times, _price_ratio)
LITERAL = Term("price_ratio", "price r.", times, lambda m: float(m.mark_price) / m.entry_price)


def _of(rule: RankingRule, market: Market) -> tuple[Term, ...]:
    if rule.name == "bitmex":
        return RETURN, LEVERAGE if market.bankruptcy_value is None else TO_BANKRUPTCY
    return {
        "binance-portfolio": (PNL, ACCOUNT_LEVERAGE),
        "binance-2019": (GAIN, MARGIN),
        "hyperliquid": (PRICE if rule.short == "mirrored" else LITERAL, LEVERAGE),
        "roi": (RETURN,),
    }.get(rule.name, (PNL, LEVERAGE))


def terms(market: Market, rule: RankingRule) -> dict[Term, Float64Array1D]:
    """Each term of the rule, for every row of a (small) market."""
    with np.errstate(all="ignore"):
        return {term: np.asarray(term.value(market), np.float64) for term in _of(rule, market)}


def term_columns(found: dict[Term, Float64Array1D], shown: int) -> list[Column]:
    """The terms of the first rows as columns of a table."""
    return [
        Column(term.heading, [term.write(value) for value in values[:shown].tolist()], drop=3 + place)
        for place, (term, values) in enumerate(found.items())
    ]
