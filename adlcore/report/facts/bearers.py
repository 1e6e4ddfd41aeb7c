"""Who bore it: the users whose positions were auto-deleveraged, how much of each, and what they were told."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Float64Array1D, Int64Array1D
from ...clearing import MarginState
from ...clearing.closings import notice_fills
from ...market.score_terms import LEVERAGE, PNL
from ...ranking.rules import RankingRule
from .prices import PriceHistory, View
from .record import Record, RunLike, sum_by_code

__all__ = ["Bearers", "NoticeRatios", "bearers", "notice_ratios"]


@dataclass(frozen=True, eq=False)
class Bearers:
    """Every notice that was sent in a view's assets, k of them, and the users that they went to.

    Attributes
    ----------
    event : int64[k]
        Place of the ``adl-notice`` in the record.
    notional : float64[k]
        At the price of the fill, in the view's unit.
    user : int64[k]
        Which of `accounts`.
    accounts : array[u]
        Different accounts that were told, ascending.
    users : int
        How many accounts the run has in all.
    """

    event: Int64Array1D
    notional: Float64Array1D
    user: Int64Array1D
    accounts: npt.NDArray[Any]
    users: int

    def __len__(self) -> int:
        return len(self.event)

    @cached_property
    def per_user(self) -> Float64Array1D:
        """float64[u]: the notional that each user lost to it, in the view's unit."""
        return sum_by_code(self.user, self.notional, len(self.accounts))

    @property
    def total(self) -> float:
        """The notional that all of them lost to it, in the view's unit."""
        return float(self.per_user.sum())

    @property
    def one_percent(self) -> int:
        """How many of those users are the top 1 %: of less than a hundred the one with most."""
        return math.ceil(len(self.accounts) / 100)

    def largest(self, count: int) -> Int64Array1D:
        """int64[<= count]: which notices were the largest, in descending order, the earlier of equals first."""
        return np.argsort(-self.notional, kind="stable")[:count]


def bearers(record: Record, run: RunLike, view: View) -> Bearers:
    """Find every notice of a view's assets.

    Parameters
    ----------
    record : Record
    run : Run
    view : View

    Returns
    -------
    Bearers

    Notes
    -----
    A notice names the fill that it is about, whose leg says what the lots were worth: :func:`notice_fills`. O(n log n).
    """
    event, fill = notice_fills(record.kind, record.link)
    notional = record.notional(view, fill)
    if not view.is_total:
        kept = record.asset[event] == [asset.name for asset in run.assets].index(view.unit)
        event, notional = event[kept], notional[kept]
    accounts, code = np.unique(run.before.wallets.account, return_inverse=True)
    bearing, user = np.unique(code[record.wallet[event]], return_inverse=True)
    return Bearers(event, notional, user, accounts[bearing], len(accounts))


@dataclass(frozen=True, eq=False)
class NoticeRatios:
    """What the score of rows is made of; NaN where the positions at the start do not hold the row.

    Attributes
    ----------
    pnl_ratio, leverage, score : float64[k]
        U/N, N/E and the rule's score.
    """

    pnl_ratio: Float64Array1D
    leverage: Float64Array1D
    score: Float64Array1D


def notice_ratios(
    record: Record, run: RunLike, prices: PriceHistory, state: MarginState, rule: RankingRule, events: Int64Array1D
) -> NoticeRatios:
    """The terms of the score of the rows that events name, at the marks of their pass.

    Parameters
    ----------
    record, run, prices
        Of one run.
    state : MarginState
        Of ``run.before``; it is moved to the marks of the passes.
    rule : RankingRule
    events : int64[k]
        Places of events that name a wallet and a position row.

    Returns
    -------
    NoticeRatios

    Notes
    -----
    Positions and balances are those before the first pass: what a row lost or gained since is not in its terms.
    O(passes·positions) for the passes that these events are of.
    """
    ratios = np.full((3, len(events)), np.nan)
    before = run.before
    row, code = record.row[events], record.contract[events]
    same = (row >= 0) & (row < len(before.positions))
    same[same] = before.positions.wallet[row[same]] == record.wallet[events[same]]
    same[same] = before.contract_of(row[same]) == code[same]
    for pass_index in np.unique(record.pass_index[events[same]]).tolist():
        marks, index = prices.exact(pass_index)
        state.mark(marks, index_prices=index)
        for contract in np.unique(code[same & (record.pass_index[events] == pass_index)]).tolist():
            chosen = np.flatnonzero(same & (record.pass_index[events] == pass_index) & (code == contract))
            market = state.market(before.contracts[contract])
            rows = row[chosen] - int(before.start[contract])
            ratios[:, chosen] = (
                PNL.of(market.columns, rows),
                LEVERAGE.of(market.columns, rows),
                market.score(rule)[rows],
            )
    return NoticeRatios(*ratios)
