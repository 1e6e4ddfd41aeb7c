"""The queue of a contract at the marks of one pass: who stood where, and who was closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Float64Array1D, Int64Array1D
from ...clearing import MarginState
from ...market.market import Market
from ...market.score_terms import LEVERAGE, PNL
from ...ranking.ranks import indicator
from ...ranking.rules import RankingRule
from .prices import PriceHistory
from .record import Record, RunLike

__all__ = ["QueueMoment", "QueueAt", "busiest_moments", "positions_of", "queue_at"]

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class QueuePositions:
    """Rows of a market as a plot needs them.

    Attributes
    ----------
    row : int64[k]
        In the market.
    pnl_ratio, leverage, notional : float64[k]
        U/N; N/E; N in units of the settle asset.
    light : int8[k]
        1 to 5, 5 at the front.
    """

    row: Int64Array1D
    pnl_ratio: Float64Array1D
    leverage: Float64Array1D
    notional: Float64Array1D
    light: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.row)

    def only(self, chosen: Any) -> QueuePositions:
        """Some of them."""
        columns = (self.row, self.pnl_ratio, self.leverage, self.notional, self.light)
        return QueuePositions(*(column[chosen] for column in columns))


def positions_of(market: Market, rule: RankingRule, side: int = 0, barred: Mask | None = None) -> QueuePositions:
    """The positions that stand in a market's queues.

    Parameters
    ----------
    market : Market
        With equity.
    rule : RankingRule
    side : {0, 1, -1}, default 0
        Longs, shorts, or both, each ranked by itself.
    barred : bool[n], optional
        Rows that are nobody's counterparty; they are not ranked.

    Returns
    -------
    QueuePositions
        Without rows of no lots, of no equity, and of score -inf.
    """
    assert market.equity is not None  # the caller has seen to it
    score = market.score(rule)
    able = (market.quantity != 0) & (score > -np.inf) & np.asarray(market.equity > 0)
    if barred is not None:
        able &= ~barred
    light = np.zeros(len(market), np.int8)
    for each in (1, -1) if side == 0 else (side,):
        mine = able & (market.quantity * each > 0)
        light[mine] = indicator(np.where(mine, score, np.nan), 5, tie=market.tie)[mine]
    row = np.flatnonzero(light > 0)
    notional = market.notional[row]
    return QueuePositions(
        row, np.nan_to_num(PNL.of(market.columns, row)), LEVERAGE.of(market.columns, row), notional, light[row]
    )


@dataclass(frozen=True)
class QueueMoment:
    """Where most of a contract was deleveraged: the contract, the pass (from 0), the side of those who were closed."""

    contract: int
    pass_index: int
    side: int
    lots: int


def busiest_moments(record: Record, contracts: int) -> list[QueueMoment]:
    """For each contract with auto-deleveraging the pass and side with most of it, in the order of contracts.

    Notes
    -----
    By lots; of equal ones the earliest pass. O(n log n).
    """
    event = np.flatnonzero(record.of("adl-notice"))
    code, pass_index, lots = record.contract[event], record.pass_index[event], record.lots[event]
    key = (code * len(record.pass_number) + pass_index) * 2 + (lots > 0)
    known, of = np.unique(key, return_inverse=True)
    total = np.zeros(len(known), np.int64)
    np.add.at(total, of, np.abs(lots))
    contract = known // 2 // max(len(record.pass_number), 1)
    found = []
    for wanted in range(contracts):
        mine = np.flatnonzero(contract == wanted)
        if len(mine):
            most = int(mine[np.argmax(total[mine])])
            when = int(known[most]) // 2 % len(record.pass_number)
            found.append(QueueMoment(wanted, when, -1 if known[most] % 2 else 1, int(total[most])))
    return found


@dataclass(frozen=True, eq=False)
class QueueAt:
    """The queue of the counterparties' side of a contract at the marks of a pass, and who was closed.

    Attributes
    ----------
    moment : QueueMoment
    mark : str
    positions : QueuePositions
        Of that side, those that could be counterparties.
    account : array[k]
        Whose each is.
    now, earlier, later : bool[k]
        Closed in this pass; else in an earlier one; else in a later one.
    lots : int64[k]
        Closed in this pass.
    """

    moment: QueueMoment
    mark: str
    positions: QueuePositions
    account: npt.NDArray[Any]
    now: Mask
    earlier: Mask
    later: Mask
    lots: Int64Array1D

    def shown(self, most: int) -> Int64Array1D:
        """Which positions a plot of at most so many shows: those closed in the pass first, then the largest."""
        order = np.lexsort((-self.positions.notional, ~self.now))
        return order[:most]


def queue_at(
    record: Record, run: RunLike, prices: PriceHistory, state: MarginState, rule: RankingRule, moment: QueueMoment
) -> QueueAt:
    """Rank a side of a contract at the marks of a pass.

    Parameters
    ----------
    record, run, prices
        Of one run.
    state : MarginState
        Of ``run.before``; it is moved to the marks of the pass.
    rule : RankingRule
    moment : QueueMoment

    Returns
    -------
    QueueAt

    Notes
    -----
    Positions and balances are those before the first pass: what happened since is not in them, so a row may stand
    elsewhere than it stood in the pass. Wallets that are liquidatable at these marks are left out. O(positions).
    """
    marks, index = prices.exact(moment.pass_index)
    state.mark(marks, index_prices=index)
    contract = run.contracts[moment.contract]
    market = state.market(contract)
    # The wallet of each row, and its account; a margin state's market has both.
    assert market.tie is not None
    assert market.account is not None
    held = positions_of(market, rule, moment.side, state.liquidatable[market.tie])
    event = np.flatnonzero(record.of("adl-notice") & (record.contract == moment.contract))
    event = event[np.sign(record.lots[event]) == -moment.side]
    row = record.row[event] - int(run.before.start[moment.contract])
    sound = (row >= 0) & (row < len(market))
    sound[sound] = market.tie[row[sound]] == record.wallet[event[sound]]
    event, row = event[sound], row[sound]
    during = record.pass_index[event] == moment.pass_index
    lots, past, ever = np.zeros(len(market), np.int64), np.zeros(len(market), bool), np.zeros(len(market), bool)
    np.add.at(lots, row[during], np.abs(record.lots[event[during]]))
    past[row[record.pass_index[event] < moment.pass_index]] = ever[row] = True
    closed = lots[held.row]
    now, earlier = closed > 0, past[held.row]
    return QueueAt(
        moment=moment,
        mark=marks[contract.symbol],
        positions=held,
        account=market.account[held.row],
        now=now,
        earlier=earlier & ~now,
        later=ever[held.row] & ~earlier & ~now,
        lots=closed,
    )
