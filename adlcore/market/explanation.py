"""Why one position stands where it stands in the queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import _kernels
from .._support.arrays import Float64Array1D, is_floats
from .._support.pickles import Versioned
from ..ranking.rules import RankingRule
from . import scoring
from .columns import Columns
from .score_terms import ACCOUNT_LEVERAGE, LEVERAGE, PNL

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation(Versioned):
    """One row's score, term by term, and its place in the queue of its side.

    Attributes
    ----------
    row : int
    account : object
        The row's label, or None.
    side : {"long", "short", "none"}
    rule : str
    expression : str
        The exact expression of the score.
    terms : dict of str to float
        Inputs of the score in units of the settle asset, and ratios made of them.
    score : float
        NaN for a row of quantity 0.
    rank : int
        Place in the queue, from 1; 0 for a row of quantity 0.
    of : int
        How many rows stand in that queue.
    quantile : float
        Share of the queue at or below this score; NaN for a row of quantity 0 or score -inf.
    indicator : int
        1..5, 5 at the front; 0 for a row of quantity 0 or score -inf.
    ahead : int or float
        Quantity that is closed before this row would be, in lots; 0 for a row of quantity 0.

    Examples
    --------
    >>> import adlcore as adl
    >>> market = adl.Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
    >>> why = market.explain(0, "binance")
    >>> why.rank, why.of, why.ahead, why.terms["pnl_ratio"], why.terms["effective_leverage"]
    (2, 2, 5, 0.5, 1.0)
    """

    PICKLED = (
        *("row", "account", "side", "rule", "expression", "score"),
        *("rank", "of", "quantile", "indicator", "ahead", "terms"),
    )

    row: int
    account: Any
    side: str
    rule: str
    expression: str
    score: float
    rank: int
    of: int
    quantile: float
    indicator: int
    ahead: Any
    terms: dict[str, float] = field(default_factory=dict)

    def __repr__(self) -> str:
        name = f"row {self.row}" if self.account is None else f"row {self.row} ({str(self.account)[:24]})"
        lines = [
            f"<{name}, {self.side}: {self.rank:,} of {self.of:,} in the queue, indicator {self.indicator}",
            f"  {self.rule}: {self.score:.9g}, quantile {self.quantile:.6g}, {self.ahead:,} ahead",
        ]
        lines += [f"  {name:<20} {value:.9g}" for name, value in self.terms.items()]
        return "\n".join(lines) + ">"


def explain(columns: Columns, score: Float64Array1D, row: int, rule: RankingRule) -> Explanation:
    """Explain one row of a market with these scores; O(n) reads and no sort."""
    side = int(np.sign(columns.quantity[row]))
    row_score = score[row]
    peers = columns.quantity * side > 0 if side else np.zeros(len(columns), bool)
    count = int(np.count_nonzero(peers))
    before = peers & _stands_before(score, row, columns.tie)
    ahead = np.abs(columns.quantity[before & (score > -np.inf)])
    below = int(np.count_nonzero(peers & (score <= row_score)))
    last = not row_score > -np.inf
    return Explanation(
        row=row,
        account=None if columns.account is None else columns.account[row],
        side={1: "long", -1: "short", 0: "none"}[side],
        rule=rule.name,
        expression=rule.expression,
        score=float(row_score),
        rank=int(np.count_nonzero(before)) + 1 if side else 0,
        of=count,
        quantile=float("nan") if last else below / count,
        indicator=0 if last else -(-5 * below // count),
        ahead=_kernels.numbers.sums.exact_sum(ahead) if is_floats(ahead) else int(ahead.sum()),
        terms=_explained_terms(columns, row, rule),
    )


def _stands_before(score: Any, row: int, tie: Any) -> Any:
    """Rows that stand before `row` in the total order of scores, ties and rows."""
    equal = score == score[row]
    earlier = np.arange(len(score)) < row
    if tie is not None:
        earlier = (tie < tie[row]) | ((tie == tie[row]) & earlier)
    return (score > score[row]) | (equal & earlier)


def _explained_terms(columns: Columns, row: int, rule: RankingRule) -> dict[str, float]:
    """The columns that the rule reads, and the two ratios that ranking rules are made of."""
    names = ["quantity", "mark_price", "entry_price", "entry_value", "unrealized_pnl", "notional"]
    names += [name for name in (*rule.needs, *rule.optional) if name not in names]
    present = [name for name in names if getattr(columns, name, 0) is not None]
    one = slice(row, row + 1)
    terms = {name: float(values[0]) for name, values in scoring.unit_columns(columns, tuple(present), one).items()}
    terms["pnl_ratio"] = float(PNL.of(columns, one)[0])
    for name, leverage in (("account_equity", ACCOUNT_LEVERAGE), ("equity", LEVERAGE)):
        if name in terms:
            terms["effective_leverage"] = float(leverage.of(columns, one)[0])
            break
    return terms
