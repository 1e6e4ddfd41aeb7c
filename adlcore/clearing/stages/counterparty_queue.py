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
from ...ranking.selection import run_selection
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

    def __init__(self, pass_books: PassBooks, rule: RankingRule, code: int, side: int, winners: bool) -> None:
        self._asked = pass_books, rule, code, side, winners
        self._apart = rule.winners_first
        self._parts = [_QueuePart(*self._asked, True, not self._apart)]

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """The first position rows of the queue that hold so many lots, or all, in order; and their lots."""
        rows, held = self._parts[0].front(lots)
        if held >= lots or not self._apart or self._asked[-1]:
            return rows, held
        if len(self._parts) == 1:
            self._parts.append(_QueuePart(*self._asked, False, True))
        behind, more = self._parts[1].front(lots - held)
        return np.concatenate([rows, behind]), held + more


class _QueuePart:
    """Rows of a side that are ranked together: winners, losers, or both."""

    def __init__(
        self, pass_books: PassBooks, rule: RankingRule, code: int, side: int, only: bool, winners: bool, losers: bool
    ) -> None:
        self.pass_books, self.code = pass_books, code
        part = pass_books.snapshot.rows(code)
        found, barred = np.empty((5, part.stop - part.start), INT64), np.empty(part.stop - part.start, np.uint8)
        verdicts = _kernels.margin.verdicts
        which = (verdicts.WINNERS if winners else 0) | (verdicts.LOSERS if losers else 0)
        count = verdicts.list_counterparties(
            pass_books.candidates, pass_books.wallets, part.start, part.stop, side, which, found, barred
        )
        if rule.function is None:
            found, self.barred = found[:, :count], barred[:count]
        else:  # a user's function sees the whole market
            found, self.barred = _pad_to_contract(found[:, :count], barred[:count], pass_books, part)
        # The kernel copied them: what is served changes the books, and the ranking stays as it was.
        #: The position rows that are ranked.
        self.rows, self.quantity, self.cost, self.equity, self.margin = found
        if pass_books.margin_pass.slots.has_valued and len(self.valued):
            # What a wallet of several assets has may be nothing in quanta of the settle asset.
            self.equity, self.margin = self._in_settle(self.equity, "equity"), self._in_settle(self.margin, "margin")
            self.barred = self.barred | (self.equity <= 0)
        # Among equal scores the lower wallet goes first: the lower row, for the rows of a contract ascend by wallet.
        self.candidates = _kernels.ranking.candidates.Candidates(self._source(rule), side, only, self.barred)

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """As :meth:`CounterpartyQueue.front`, of these rows."""
        found = run_selection(self.candidates, lots)
        held = found.filled + (0 if found.partial < 0 else int(found.left[found.partial]))
        return self.rows[found.index], held

    @cached_property
    def wallet(self) -> Int64Array1D:
        """Whose each row is; few rules ask."""
        owner: Int64Array1D = self.pass_books.snapshot.positions.wallet.take(self.rows)
        return owner

    def _source(self, rule: RankingRule) -> _kernels.ranking.score.Source:
        """The rule over E, MM and WB of now, in the settle asset."""
        pass_books, contract = self.pass_books, self.pass_books.snapshot.contracts[self.code]
        if rule.function is None:
            columns: dict[str, Any] = {name: self._column(name) for name in rule.needs}
            return _kernels.ranking.score.Source(
                rule.kernel,
                self.quantity,
                {"entry_value": self.cost, **columns},
                value_per_lot=float(pass_books.margin_pass.mark_value_per_lot[self.code]),
                inverse=contract.inverse,
                quanta_per_unit=float(contract.settle.quanta_per_unit),
            )
        names = ("equity", "account_equity", "balance", "maintenance_margin")
        market = Market(
            contract,
            mark_price=pass_books.margin_pass.marks[self.code] or 0,
            quantity=self.quantity,
            entry_value=self.cost,
            leverage=pass_books.snapshot.positions.leverage[self.rows],
            **{name: self._column(name) for name in names},
        )
        return score_source(market.columns, rule)

    def _column(self, name: str) -> Int64Array1D:
        """A column of the wallets, in quanta of the settle asset."""
        pass_books, margin_pass = self.pass_books, self.pass_books.margin_pass
        if name == "balance":
            slots = pass_books.slots_of(self.wallet[self.plain]) if margin_pass.slots.has_valued else self.wallet
            column = np.zeros(len(self.wallet), INT64)
            column[self.plain] = pass_books.cash[slots]
            if margin_pass.slots.has_valued:
                collateral = np.zeros(len(margin_pass.wallets), INT64)
                margin_pass.slots.write_collateral(margin_pass.rates, collateral)
                column[self.valued] = collateral[self.wallet[self.valued]]
                return self._in_settle(column, name)
            return column
        known: Int64Array1D = self.margin if name == "maintenance_margin" else self.equity
        return known

    def _in_settle(self, column: Int64Array1D, name: str) -> Int64Array1D:
        """A column of the wallets with those of several assets in quanta of the settle asset."""
        back = [1 / self.pass_books.margin_pass.rates.price_of(int(self.pass_books.settle[self.code]))]
        which, found = np.zeros(len(self.valued), INT64), column.copy()
        found[self.valued] = convert_quanta(column[self.valued], back, which, "half-even", name)
        return found

    @property
    def plain(self) -> Int64Array1D:
        """Places of rows of wallets with one asset."""
        return np.flatnonzero(~self.pass_books.snapshot.wallets.is_valued(self.wallet))

    @property
    def valued(self) -> Int64Array1D:
        """Places of rows of wallets with several."""
        return np.flatnonzero(self.pass_books.snapshot.wallets.is_valued(self.wallet))


def _pad_to_contract(found: Lines, barred: Mask, pass_books: PassBooks, part: slice) -> tuple[Lines, Mask]:
    """A line for each row of a contract: those that are not ranked are barred."""
    place, rows = found[0] - part.start, part.stop - part.start
    whole, out = np.zeros((5, rows), INT64), np.ones(rows, np.uint8)
    whole[:3] = np.arange(part.start, part.stop), pass_books.quantity[part], pass_books.entry_value[part]
    whole[3:, place], out[place] = found[3:], barred
    return whole, out
