"""One side of a contract in the order in which it is deleveraged."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ...market.market import Market
from ...market.scoring import score_source
from ...ranking.rules import RankingRule
from ...ranking.selection import run
from ..liquidation.pass_books import PassBooks
from ..margin.collateral import convert_quanta

__all__ = ["CounterpartyQueue"]

Mask = npt.NDArray[np.uint8]
Lines = npt.NDArray[np.int64]


class CounterpartyQueue:
    """The queue of one side as it is now, drawn from its front as far as it is needed.

    Where a rule puts all winners first, losers are looked at when no winner is left. That is later than the
    ranking of the winners, and gives the same: a wallet has one row on a side, so that whatever winners
    gave meanwhile moved no loser.
    """

    def __init__(self, work: PassBooks, rule: RankingRule, code: int, side: int, winners: bool) -> None:
        self._asked = work, rule, code, side, winners
        self._apart = rule.winners_first
        self._parts = [_Rows(*self._asked, True, not self._apart)]

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """The first position rows of the queue that hold so many lots, or all, in order; and their lots."""
        rows, held = self._parts[0].front(lots)
        if held >= lots or not self._apart or self._asked[-1]:
            return rows, held
        if len(self._parts) == 1:
            self._parts.append(_Rows(*self._asked, False, True))
        behind, more = self._parts[1].front(lots - held)
        return np.concatenate([rows, behind]), held + more


class _Rows:
    """Rows of a side that are ranked together: winners, losers, or both."""

    def __init__(
        self, work: PassBooks, rule: RankingRule, code: int, side: int, only: bool, winners: bool, losers: bool
    ) -> None:
        self.work, self.code = work, code
        part = work.books.rows(code)
        found, barred = np.empty((5, part.stop - part.start), INT64), np.empty(part.stop - part.start, np.uint8)
        verdicts = _kernels.margin.verdicts
        which = (verdicts.WINNERS if winners else 0) | (verdicts.LOSERS if losers else 0)
        count = verdicts.list_counterparties(
            work.candidates, work.wallets, part.start, part.stop, side, which, found, barred
        )
        if rule.function is None:
            found, self.barred = found[:, :count], barred[:count]
        else:  # a user's function sees the whole market
            found, self.barred = _spread(found[:, :count], barred[:count], work, part)
        # The kernel copied them: what is served changes the books, and the ranking stays as it was.
        #: The position rows that are ranked.
        self.rows, self.quantity, self.cost, self.equity, self.margin = found
        if work.core.slots.many and len(self.valued):
            # What a wallet of several assets has may be nothing in quanta of the settle asset.
            self.equity, self.margin = self._in_settle(self.equity, "equity"), self._in_settle(self.margin, "margin")
            self.barred = self.barred | (self.equity <= 0)
        # Among equal scores the lower wallet goes first: the lower row, for the rows of a contract ascend by wallet.
        self.candidates = _kernels.ranking.candidates.Candidates(self._source(rule), side, only, self.barred)

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """As :meth:`CounterpartyQueue.front`, of these rows."""
        found = run(self.candidates, lots)
        held = found.filled + (0 if found.partial < 0 else int(found.left[found.partial]))
        return self.rows[found.index], held

    @cached_property
    def wallet(self) -> Int64Array1D:
        """Whose each row is; few rules ask."""
        owner: Int64Array1D = self.work.books.positions.wallet.take(self.rows)
        return owner

    def _source(self, rule: RankingRule) -> _kernels.ranking.score.Source:
        """The rule over E, MM and WB of now, in the settle asset."""
        work, contract = self.work, self.work.books.contracts[self.code]
        if rule.function is None:
            columns: dict[str, Any] = {name: self._column(name) for name in rule.needs}
            return _kernels.ranking.score.Source(
                rule.kernel,
                self.quantity,
                {"entry_value": self.cost, **columns},
                value_per_lot=float(work.core.unit[self.code]),
                inverse=contract.inverse,
                quanta_per_unit=float(contract.settle.quanta_per_unit),
            )
        names = ("equity", "account_equity", "balance", "maintenance_margin")
        market = Market(
            contract,
            mark_price=work.core.marks[self.code] or 0,
            quantity=self.quantity,
            entry_value=self.cost,
            leverage=work.books.positions.leverage[self.rows],
            **{name: self._column(name) for name in names},
        )
        return score_source(market, rule)

    def _column(self, name: str) -> Int64Array1D:
        """A column of the wallets, in quanta of the settle asset."""
        work, core = self.work, self.work.core
        if name == "balance":
            slots = work.slots_of(self.wallet[self.plain]) if core.slots.many else self.wallet
            column = np.zeros(len(self.wallet), INT64)
            column[self.plain] = work.cash[slots]
            if core.slots.many:
                collateral = np.zeros(len(core.wallets), INT64)
                core.slots.collateral(core.rates, collateral)
                column[self.valued] = collateral[self.wallet[self.valued]]
                return self._in_settle(column, name)
            return column
        known: Int64Array1D = self.margin if name == "maintenance_margin" else self.equity
        return known

    def _in_settle(self, column: Int64Array1D, name: str) -> Int64Array1D:
        """A column of the wallets with those of several assets in quanta of the settle asset."""
        back = [1 / self.work.core.rates.price_of(int(self.work.settle[self.code]))]
        which, found = np.zeros(len(self.valued), INT64), column.copy()
        found[self.valued] = convert_quanta(column[self.valued], back, which, "half-even", name)
        return found

    @property
    def plain(self) -> Int64Array1D:
        """Places of rows of wallets with one asset."""
        return np.flatnonzero(~self.work.books.wallets.is_valued(self.wallet))

    @property
    def valued(self) -> Int64Array1D:
        """Places of rows of wallets with several."""
        return np.flatnonzero(self.work.books.wallets.is_valued(self.wallet))


def _spread(found: Lines, barred: Mask, work: PassBooks, part: slice) -> tuple[Lines, Mask]:
    """A line for each row of a contract: those that are not ranked are barred."""
    place, rows = found[0] - part.start, part.stop - part.start
    whole, out = np.zeros((5, rows), INT64), np.ones(rows, np.uint8)
    whole[:3] = np.arange(part.start, part.stop), work.quantity[part], work.entry_value[part]
    whole[3:, place], out[place] = found[3:], barred
    return whole, out
