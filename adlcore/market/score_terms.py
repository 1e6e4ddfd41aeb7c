"""The ratios that a score is made of: once, for the explanation of a row, the command line and the report.

Sources of the rules that multiply them are in :attr:`RankingRule.source`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._support.arrays import FLOAT64, Float64Array1D, Int64Array1D
from ..ranking.rules import RankingRule
from .columns import Columns
from .scoring import unit_columns

__all__ = ["ACCOUNT_LEVERAGE", "LEVERAGE", "PNL", "ScoreRatio", "score_ratios"]


@dataclass(frozen=True)
class ScoreRatio:
    """One ratio: its name, the columns that it reads, and what it makes of them.

    Examples
    --------
    >>> import adlcore as adl
    >>> market = adl.Market("X", mark_price=2, quantity=[-5, 4], entry_price=[3.0, 1.0], equity=[10.0, 4.0])
    >>> PNL.of(market.columns), LEVERAGE.of(market.columns)
    (array([0.5, 0.5]), array([1., 2.]))
    """

    name: str
    needs: tuple[str, ...]
    ratio: Callable[..., Any]

    def of(self, columns: Columns, rows: slice | Int64Array1D = slice(None)) -> Float64Array1D:
        """float64[k]: the ratio of some rows of a market, of all without a choice; x/0 as IEEE divides.

        The market must have the columns that the ratio needs.
        """
        with np.errstate(all="ignore"):
            return np.asarray(self.ratio(*unit_columns(columns, self.needs, rows).values()), FLOAT64)


def _of_side(mark: Float64Array1D, entry: Float64Array1D, quantity: Float64Array1D) -> Any:
    """mark/entry of a long, entry/mark of a short."""
    ratio = mark / entry
    return np.where(quantity > 0, ratio, 1 / ratio)


#: In the letters of the rules' expressions; m is the mark value, b the bankruptcy value or the balance.
PNL = ScoreRatio("pnl_ratio", ("unrealized_pnl", "notional"), np.divide)
RETURN = ScoreRatio("entry_return", ("unrealized_pnl", "entry_value"), lambda u, ev: u / np.abs(ev))
LEVERAGE = ScoreRatio("effective_leverage", ("notional", "equity"), np.divide)
ACCOUNT_LEVERAGE = ScoreRatio("account_leverage", ("notional", "account_equity"), np.divide)
TO_BANKRUPTCY = ScoreRatio(
    "bankruptcy_leverage", ("notional", "mark_value", "bankruptcy_value"), lambda n, m, b: n / (m - b)
)
GAIN = ScoreRatio("gain_on_balance", ("unrealized_pnl", "balance"), lambda u, b: np.maximum(u, 0) / np.maximum(b, 1))
MARGIN = ScoreRatio("margin_ratio", ("maintenance_margin", "equity"), np.divide)
PRICE = ScoreRatio("price_ratio", ("mark_price", "entry_price", "quantity"), _of_side)
LITERAL_PRICE = ScoreRatio("price_ratio", ("mark_price", "entry_price"), np.divide)

#: By the rule; every other rule, a custom one too, is shown with profit and leverage.
RULES = {
    "binance-portfolio": (PNL, ACCOUNT_LEVERAGE),
    "binance-2019": (GAIN, MARGIN),
    "hyperliquid": (PRICE, LEVERAGE),
    "roi": (RETURN,),
}


def score_ratios(rule: RankingRule, columns: Columns) -> tuple[ScoreRatio, ...]:
    """The ratios that a rule multiplies, as far as this market's columns decide it.

    Parameters
    ----------
    rule : RankingRule
    columns : Columns
        Of a market: ``Market.columns``.

    Returns
    -------
    tuple of ScoreRatio

    Examples
    --------
    >>> import adlcore as adl
    >>> market = adl.Market("X", mark_price=2, quantity=[-5], entry_price=[3.0], equity=[10.0])
    >>> [term.name for term in score_ratios(adl.RankingRule("binance"), market.columns)]
    ['pnl_ratio', 'effective_leverage']
    """
    if rule.name == "bitmex":
        return RETURN, LEVERAGE if columns.bankruptcy_value is None else TO_BANKRUPTCY
    if rule.short == "literal":
        return LITERAL_PRICE, LEVERAGE
    return RULES.get(rule.name, (PNL, LEVERAGE))
