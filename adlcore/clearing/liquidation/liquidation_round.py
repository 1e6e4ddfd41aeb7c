"""The wallets of one round and their rows, in the order in which stages take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ..margin.margin_pass import margin_ratios
from ..margin.shared_bankruptcy import NumeraireConversion, SharedBankruptcy, share_rows
from .pass_books import PassBooks

__all__ = ["Round", "StageRows", "is_waiting"]


@dataclass(frozen=True, eq=False)
class StageRows:
    """Open rows of a stage's wallets, in the round's order, at their bankruptcy prices.

    Attributes
    ----------
    row, wallet, code, side, lots : int64[k]
        Position row; its wallet and contract; 1 for a long; lots > 0.
    price, value, highest_price : int64[k]
        The bankruptcy price in ticks, what the row is worth there (signed), the highest price it may have.
    fund : int64[k]
        The head fund of the contract: its row of the funds, not a party.
    """

    row: Int64Array1D
    wallet: Int64Array1D
    code: Int64Array1D
    side: Int64Array1D
    lots: Int64Array1D
    price: Int64Array1D
    value: Int64Array1D
    highest_price: Int64Array1D
    fund: Int64Array1D

    def __len__(self) -> int:
        return len(self.row)

    def rows_at(self, places: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> StageRows:
        """The rows at these places."""
        return StageRows(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})


class Round:
    """Liquidatable wallets by ratio descending, equity ascending, row; their rows by margin descending, row.

    Both orders are fixed when the round begins (``docs/waterfall.md``, "The order of a pass").

    Attributes
    ----------
    wallets : int64[w]
        In the round's order; the number of a wallet in it is its *place*.
    fund : int64[w]
        The fund that settles each wallet: that of its first row's contract (``docs/waterfall.md``, "Settlement").
    rows, place, code : int64[n]
        The rows of the wallets, in the round's order; the place of each one's wallet, and its contract.
    funds : list of int
        The funds below zero that this round tries.
    settled : list of int
        Places of the wallets that are settled.
    has_refusal : uint8[f, contracts]
        1 where the log has a refusal of the contract by the fund.
    """

    def __init__(self, pass_books: PassBooks, wallets: Int64Array1D, funds: list[int]) -> None:
        self.funds = funds
        self.settled: list[int] = []
        self.has_refusal = np.zeros((len(pass_books.fund_table), len(pass_books.snapshot.contracts)), np.uint8)
        # E and MM as the round begins: nothing has moved yet (docs/waterfall.md, "The order of a pass").
        equity, margin = pass_books.equity[wallets], pass_books.margin[wallets]
        self.wallets = wallets[np.lexsort((wallets, equity, -margin_ratios(equity, margin)))]
        place = np.full(len(pass_books.snapshot.wallets), -1, INT64)
        place[self.wallets] = np.arange(len(self.wallets))
        owner, rows = pass_books.snapshot.positions.wallet, np.empty(len(pass_books.snapshot.positions), INT64)
        is_in_round = (place >= 0).view(np.uint8)
        rows = rows[: _kernels.margin.verdicts.list_rows(owner, is_in_round, rows, pass_books.rows_in_liquidation)]
        rows = rows[pass_books.quantity[rows] != 0]
        place_of = place[owner[rows]]
        order = np.lexsort((rows, -_sort_margins(pass_books, rows), place_of))
        self.rows, self.place = rows[order], place_of[order]
        self.code = pass_books.snapshot.contract_of(self.rows)
        first = np.searchsorted(self.place, np.arange(len(self.wallets)))
        self._last_prices: tuple[tuple[Int64Array1D, ...], tuple[Int64Array1D, ...]] | None = None
        self.fund = pass_books.fund_table.head[self.code[first]] if len(self.rows) else np.zeros(0, INT64)
        # From here on they are in liquidation, and in no ranking (docs/waterfall.md, "Who is liquidated").
        pass_books.in_liquidation[self.wallets] = 1
        if len(self.wallets):
            pass_books.log.extend(("liquidation-started", "", {"wallet": self.wallets}))

    def open(self, pass_books: PassBooks) -> npt.NDArray[np.bool_]:
        """Which wallets, by their place, hold a position still."""
        still = self.place[pass_books.quantity[self.rows] != 0]
        return np.bincount(still, minlength=len(self.wallets)) > 0

    def begin_stage(self, pass_books: PassBooks, *, priced: bool = True) -> StageRows:
        """Open rows of the wallets that a stage that begins now takes, at bankruptcy prices that hold for the stage.

        A wallet that is healthy when a stage begins is left alone; the first that finds it so logs it
        (``docs/waterfall.md``, "Who is liquidated, who may be a counterparty").
        """
        has_rows, fails = self.open(pass_books), pass_books.is_liquidatable(self.wallets)
        healthy = self.wallets[has_rows & ~fails]
        healthy = healthy[~pass_books.healthy_logged[healthy]]
        if len(healthy):
            pass_books.healthy_logged[healthy] = True
            pass_books.log.extend(("healthy", "", {"wallet": healthy}))
            # Who is healthy begins with a part again, should he fail later (docs/waterfall.md, "Cool-downs").
            forgotten = set(healthy.tolist())
            pass_books.cooling = {key: then for key, then in pass_books.cooling.items() if key[0] not in forgotten}
        places = np.flatnonzero((has_rows & fails)[self.place] & (pass_books.quantity[self.rows] != 0))
        rows, code = self.rows[places], self.code[places]
        lots = pass_books.quantity[rows]
        # Prices are those of the stage's start, whatever it moves (docs/waterfall.md, "Bankruptcy prices").
        is_priced = priced and len(rows)
        price, value, highest = self._priced(pass_books, rows) if is_priced else np.zeros((3, len(rows)), INT64)
        return StageRows(
            row=rows,
            wallet=self.wallets[self.place[places]],
            code=code,
            side=np.sign(lots),
            lots=np.abs(lots),
            price=price,
            value=value,
            highest_price=highest,
            fund=pass_books.fund_table.head[code],
        )

    def _priced(self, pass_books: PassBooks, rows: Int64Array1D) -> tuple[Int64Array1D, ...]:
        """Shared bankruptcy prices of rows, what they are worth there, and their highest prices.

        They are asked for once a stage, as it begins (``docs/waterfall.md``, "Bankruptcy prices"). A stage that moved
        nothing leaves the next one with the same answer: rows, equity, lots, entry value, margin and PnL are all that
        it hangs on within a round, and to compare these takes a tenth of working the answer out.
        """
        equity = pass_books.equity[pass_books.snapshot.positions.wallet[rows]]
        columns = pass_books.quantity, pass_books.entry_value, pass_books.margin_pass.margin, pass_books.margin_pass.pnl
        inputs = rows, equity, *(column[rows] for column in columns)
        if self._last_prices is not None and all(map(np.array_equal, inputs, self._last_prices[0])):
            return self._last_prices[1]
        ascending = np.argsort(rows)
        shared: SharedBankruptcy = share_rows(
            pass_books.margin_pass, rows[ascending], pass_books.quantity, pass_books.entry_value
        )
        price, value, highest = prices = np.empty((3, len(rows)), INT64)
        price[ascending], value[ascending], highest[ascending] = shared.price, shared.value_at_price, shared.highest
        self._last_prices = inputs, tuple(prices)
        return self._last_prices[1]


def is_waiting(pass_books: PassBooks, rows: StageRows) -> npt.NDArray[np.bool_]:
    """Rows that ``TakeOver`` and ``Deleverage`` leave alone: their rest cools down, and their wallet has E >= 0."""
    waiting = np.zeros(len(rows), bool)
    if pass_books.cooling:
        keys = zip(rows.wallet.tolist(), rows.code.tolist(), rows.side.tolist(), strict=True)
        waiting[:] = [pass_books.time < pass_books.cooling.get(key, pass_books.time) for key in keys]
        # Below zero nobody waits (docs/waterfall.md, "Cool-downs").
        waiting &= pass_books.equity[rows.wallet] >= 0
    return waiting


def _sort_margins(pass_books: PassBooks, rows: Int64Array1D) -> Int64Array1D:
    """Maintenance margins by which rows are ordered; those of valued wallets in their numeraire."""
    books = pass_books.snapshot
    valued = np.flatnonzero(books.wallets.is_valued(books.positions.wallet[rows]))
    code = books.contract_of(rows[valued])
    return NumeraireConversion(pass_books.margin_pass, valued, pass_books.settle[code]).to_numeraire(
        pass_books.margin_pass.margin[rows], "maintenance_margin"
    )
