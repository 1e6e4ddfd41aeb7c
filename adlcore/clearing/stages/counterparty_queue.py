"""One side of a contract in the order in which it is deleveraged: who is next.

:class:`CounterpartyQueue` gives the front of the ranking, as far as it is asked for. Who may be in it, and in which
order, is decided when the side's turn comes (``docs/waterfall.md``, "Who is liquidated, who may be a counterparty"):

1. A kernel lists the rows of the side, and bars those of wallets that a round of this pass took, that are liquidatable
   by now, or that have no equity: under a rule that divides by E a wallet with nearly none would lead every queue. It
   copies their lots, entry values, E and MM, so that the order stays as it was while the fills change the books.
2. The rule scores them, from those numbers in the settle asset.
3. They stand in the order of the rule, whoever wins or loses. Where a rule puts all winners before all losers, losers
   are ranked only once the winners together hold fewer lots than are asked for.
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

    Parameters
    ----------
    pass_books : PassBooks
    rule : RankingRule
    code : int
        The contract.
    side : {1, -1}
        Of the rows in the queue: the other one than that of the remainders.
    winners_only : bool

    Notes
    -----
    Where a rule puts all winners first, losers are ranked when the winners together hold fewer lots than are asked for.
    That is later than the ranking of the winners, and gives the same: a wallet has one row on a side, so that whatever
    winners gave meanwhile moved no loser, and a winner that gave stays in its place, even where the rounding of what it
    has left makes a loser of it. (Equity of the account, which ``binance-portfolio`` ranks by, is that of the
    wallet here: a house sees no account beyond it.)
    """

    def __init__(self, pass_books: PassBooks, rule: RankingRule, code: int, side: int, *, winners_only: bool) -> None:
        self.pass_books, self.rule, self.code, self.side = pass_books, rule, code, side
        self.winners_only = winners_only
        self._front_part = self._rank(winners=True, losers=not rule.winners_first)

    def front(self, lots: int) -> tuple[Int64Array1D, int]:
        """The first position rows of the queue that hold so many lots, or all, in order; and their lots as ranked.

        Whoever asks for more gets the same rows again, and others behind them.
        """
        rows, held = self._front_part.front(lots)
        if held >= lots or self.winners_only or not self.rule.winners_first:
            return rows, held
        behind, more = self._losers.front(lots - held)
        return np.concatenate([rows, behind]), held + more

    @cached_property
    def _losers(self) -> _QueuePart:
        """Losers by themselves, ranked when winners do not suffice."""
        return self._rank(winners=False, losers=True, placed=self._front_part.rows)

    def _rank(self, *, winners: bool, losers: bool, placed: Int64Array1D | None = None) -> _QueuePart:
        """Rank a part of the side as it is now, without rows that have their place in the queue already."""
        return _QueuePart(
            self.pass_books,
            self.rule,
            self.code,
            self.side,
            winners_only=self.winners_only,
            winners=winners,
            losers=losers,
            placed=placed,
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
        placed: Int64Array1D | None,
    ) -> None:
        self.pass_books, self.code = pass_books, code
        contract_rows = pass_books.snapshot.rows(code)
        row_count = contract_rows.stop - contract_rows.start
        columns, barred = np.empty((5, row_count), INT64), np.empty(row_count, np.uint8)
        verdicts = _kernels.margin.verdicts
        which = (verdicts.WINNERS if winners else 0) | (verdicts.LOSERS if losers else 0)
        # 1. Who may be a counterparty. The kernel copies their numbers: what is served changes the books, and the
        # ranking stays as it was (docs/waterfall.md, "Deleverage").
        count = verdicts.list_counterparties(
            pass_books.queue_rows,
            pass_books.wallets,
            contract_rows.start,
            contract_rows.stop,
            side,
            which,
            columns,
            barred,
        )
        if rule.function is None:
            columns, self.barred = columns[:, :count], barred[:count]
        else:  # a custom rule gets a line for every row; those that are not ranked have E = MM = 0
            columns, self.barred = _pad_to_contract(columns[:, :count], barred[:count], pass_books, contract_rows)
        #: The position rows that are ranked.
        self.rows, self.quantity, self.entry_value, self.equity, self.margin = columns
        if placed is not None:
            has_place = np.zeros(row_count, bool)
            has_place[placed - contract_rows.start] = True
            self.barred = self.barred | has_place[self.rows - contract_rows.start]
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
        tail = 0 if selection.partial < 0 else int(selection.left[selection.partial])
        return self.rows[selection.index], selection.filled + tail

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


def _pad_to_contract(columns: Lines, barred: Mask, pass_books: PassBooks, contract_rows: slice) -> tuple[Lines, Mask]:
    """A line for each row of a contract: those that are not ranked are barred."""
    place, rows = columns[0] - contract_rows.start, contract_rows.stop - contract_rows.start
    padded, is_barred = np.zeros((5, rows), INT64), np.ones(rows, np.uint8)
    padded[0] = np.arange(contract_rows.start, contract_rows.stop)
    padded[1], padded[2] = pass_books.quantity[contract_rows], pass_books.entry_value[contract_rows]
    padded[3:, place], is_barred[place] = columns[3:], barred
    return padded, is_barred
