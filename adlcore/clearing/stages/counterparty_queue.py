"""One side of a contract in the order in which it is deleveraged: who is next.

:class:`CounterpartyQueue` gives the front of the ranking, as far as it is asked for. Who may be in it, and in which
order, is decided when the side's turn comes (``docs/waterfall.md``, "Who is liquidated, who may be a counterparty"):

1. A kernel lists the rows of the side, without those of wallets in liquidation or liquidatable by now: a wallet with
   nearly no equity left would lead every queue. It copies their lots, entry values, E and MM, so that the order stays
   as it was while the fills change the books.
2. The rule scores them, from those numbers in the settle asset.
3. Winners come before losers. Where the rule keeps the two apart, losers are ranked only once the winners together
   hold fewer lots than are asked for.
"""

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

    Where a rule puts all winners first, losers are ranked when the winners together hold fewer lots than are asked for.
    That is later than the ranking of the winners, and gives the same: a wallet has one row on a side, so that whatever
    winners gave meanwhile moved no loser. (Equity of the account, which ``binance-portfolio`` ranks by, is that of the
    wallet here: a house sees no account beyond it.)
    """

    def __init__(self, pass_books: PassBooks, rule: RankingRule, code: int, side: int, *, winners_only: bool) -> None:
        self.pass_books, self.rule, self.code, self.side = pass_books, rule, code, side
        self.winners_only = winners_only
        self._front_part = self._rank(winners=True, losers=not rule.winners_first)

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """The first position rows of the queue that hold so many lots, or all, in order; and their lots."""
        rows, held = self._front_part.front(lots)
        if held >= lots or self.winners_only or not self.rule.winners_first:
            return rows, held
        behind, more = self._losers.front(lots - held)
        return np.concatenate([rows, behind]), held + more

    @cached_property
    def _losers(self) -> _QueuePart:
        """Losers by themselves, ranked when winners do not suffice."""
        return self._rank(winners=False, losers=True)

    def _rank(self, *, winners: bool, losers: bool) -> _QueuePart:
        """Rank a part of the side as it is now."""
        return _QueuePart(
            self.pass_books,
            self.rule,
            self.code,
            self.side,
            winners_only=self.winners_only,
            winners=winners,
            losers=losers,
        )


class _QueuePart:
    """Rows of a side that are ranked together: winners, losers, or both."""

    def __init__(
        self,
        pass_books: PassBooks,
        rule: RankingRule,
        code: int,
        side: int,
        *,
        winners_only: bool,
        winners: bool,
        losers: bool,
    ) -> None:
        self.pass_books, self.code = pass_books, code
        part = pass_books.snapshot.rows(code)
        columns, barred = np.empty((5, part.stop - part.start), INT64), np.empty(part.stop - part.start, np.uint8)
        verdicts = _kernels.margin.verdicts
        which = (verdicts.WINNERS if winners else 0) | (verdicts.LOSERS if losers else 0)
        # 1. Who may be a counterparty. The kernel copies their numbers: what is served changes the books, and the
        # ranking stays as it was (docs/waterfall.md, "Deleverage").
        count = verdicts.list_counterparties(
            pass_books.queue_rows, pass_books.wallets, part.start, part.stop, side, which, columns, barred
        )
        if rule.function is None:
            columns, self.barred = columns[:, :count], barred[:count]
        else:  # a user's function sees the whole market
            columns, self.barred = _pad_to_contract(columns[:, :count], barred[:count], pass_books, part)
        #: The position rows that are ranked.
        self.rows, self.quantity, self.entry_value, self.equity, self.margin = columns
        if pass_books.margin_pass.slots.has_valued and len(self.valued_places):
            # A market sees E and MM in its settle asset (docs/waterfall.md, "Several assets"). What a wallet of
            # several assets has may be nothing in quanta of it.
            self.equity = self._in_settle_quanta(self.equity, "equity")
            self.margin = self._in_settle_quanta(self.margin, "margin")
            self.barred = self.barred | (self.equity <= 0)
        # 2. Their scores. Among equal scores the lower wallet goes first: the lower row, for the rows of a contract
        # ascend by wallet.
        self.candidates = _kernels.ranking.candidates.Candidates(
            self._score_source(rule), side, winners_only, self.barred
        )

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """The first of these rows that hold so many lots, or all, in order; and their lots."""
        selection = run_selection(self.candidates, lots)
        # The last row may be needed in part only: it is given whole, for caps may let the ones before give less.
        rest = 0 if selection.partial < 0 else int(selection.left[selection.partial])
        return self.rows[selection.index], selection.filled + rest

    @cached_property
    def wallet(self) -> Int64Array1D:
        """Whose each row is; few rules ask."""
        owner: Int64Array1D = self.pass_books.snapshot.positions.wallet.take(self.rows)
        return owner

    def _score_source(self, rule: RankingRule) -> _kernels.ranking.score.Source:
        """The rule over E, MM and WB of now, in the settle asset."""
        pass_books, contract = self.pass_books, self.pass_books.snapshot.contracts[self.code]
        if rule.function is None:
            columns: dict[str, Any] = {name: self._wallet_column(name) for name in rule.needs}
            return _kernels.ranking.score.Source(
                rule.kernel,
                self.quantity,
                {"entry_value": self.entry_value, **columns},
                value_per_lot=float(pass_books.margin_pass.mark_value_per_lot[self.code]),
                inverse=contract.inverse,
                quanta_per_unit=float(contract.settle.quanta_per_unit),
            )
        names = ("equity", "account_equity", "balance", "maintenance_margin")
        market = Market(
            contract,
            mark_price=pass_books.margin_pass.marks[self.code] or 0,
            quantity=self.quantity,
            entry_value=self.entry_value,
            leverage=pass_books.snapshot.positions.leverage[self.rows],
            **{name: self._wallet_column(name) for name in names},
        )
        return score_source(market.columns, rule)

    def _wallet_column(self, name: str) -> Int64Array1D:
        """A column of the wallets, in quanta of the settle asset."""
        pass_books, margin_pass = self.pass_books, self.pass_books.margin_pass
        if name == "balance":
            slots = pass_books.slots_of(self.wallet[self.plain_places]) if margin_pass.slots.has_valued else self.wallet
            column = np.zeros(len(self.wallet), INT64)
            column[self.plain_places] = pass_books.cash[slots]
            if margin_pass.slots.has_valued:
                collateral = np.zeros(len(margin_pass.wallets), INT64)
                margin_pass.slots.write_collateral(margin_pass.rates, collateral)
                column[self.valued_places] = collateral[self.wallet[self.valued_places]]
                return self._in_settle_quanta(column, name)
            return column
        known: Int64Array1D = self.margin if name == "maintenance_margin" else self.equity
        return known

    def _in_settle_quanta(self, column: Int64Array1D, name: str) -> Int64Array1D:
        """A column of the wallets with those of several assets in quanta of the settle asset."""
        per_numeraire = [1 / self.pass_books.margin_pass.rates.price_of(int(self.pass_books.settle[self.code]))]
        places, converted = self.valued_places, column.copy()
        only_rate = np.zeros(len(places), INT64)
        converted[places] = convert_quanta(column[places], per_numeraire, only_rate, "half-even", name)
        return converted

    @property
    def plain_places(self) -> Int64Array1D:
        """Places of rows of wallets with one asset."""
        return np.flatnonzero(~self.pass_books.snapshot.wallets.is_valued(self.wallet))

    @property
    def valued_places(self) -> Int64Array1D:
        """Places of rows of wallets with several."""
        return np.flatnonzero(self.pass_books.snapshot.wallets.is_valued(self.wallet))


def _pad_to_contract(columns: Lines, barred: Mask, pass_books: PassBooks, part: slice) -> tuple[Lines, Mask]:
    """A line for each row of a contract: those that are not ranked are barred."""
    place, rows = columns[0] - part.start, part.stop - part.start
    padded, is_barred = np.zeros((5, rows), INT64), np.ones(rows, np.uint8)
    padded[:3] = np.arange(part.start, part.stop), pass_books.quantity[part], pass_books.entry_value[part]
    padded[3:, place], is_barred[place] = columns[3:], barred
    return padded, is_barred
