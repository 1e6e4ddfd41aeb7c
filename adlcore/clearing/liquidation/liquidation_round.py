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

__all__ = ["StageRows", "Round"]


@dataclass(frozen=True, eq=False)
class StageRows:
    """Open rows of a stage's wallets, in the round's order, at their bankruptcy prices.

    Attributes
    ----------
    row, wallet, code, side, lots : int64[k]
        Position row; its wallet and contract; 1 for a long; lots > 0.
    price, value, highest : int64[k]
        The bankruptcy price in ticks, what the row is worth there (signed), the highest price it may have.
    fund : int64[k]
        The head fund of the contract.
    """

    row: Int64Array1D
    wallet: Int64Array1D
    code: Int64Array1D
    side: Int64Array1D
    lots: Int64Array1D
    price: Int64Array1D
    value: Int64Array1D
    highest: Int64Array1D
    fund: Int64Array1D

    def __len__(self) -> int:
        return len(self.row)

    def only(self, places: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> StageRows:
        """Some of them."""
        return StageRows(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})


class Round:
    """Liquidatable wallets by ratio descending, equity ascending, row; their rows by margin descending, row.

    Both orders are fixed when the round begins (``docs/waterfall.md``, "The order of a pass").
    """

    def __init__(self, pass_books: PassBooks, wallets: Int64Array1D, funds: list[int]) -> None:
        self.funds = funds
        #: Places of the wallets that are settled.
        self.settled: list[int] = []
        #: uint8[f, contracts]: 1 where the log has a refusal of the contract by the fund.
        self.has_refusal = np.zeros((len(pass_books.fund_table), len(pass_books.snapshot.contracts)), np.uint8)
        equity, margin = pass_books.equity[wallets], pass_books.margin[wallets]
        self.wallets = wallets[np.lexsort((wallets, equity, -margin_ratios(equity, margin)))]
        place = np.full(len(pass_books.snapshot.wallets), -1, INT64)
        place[self.wallets] = np.arange(len(self.wallets))
        owner, rows = pass_books.snapshot.positions.wallet, np.empty(len(pass_books.snapshot.positions), INT64)
        taken = (place >= 0).view(np.uint8)
        rows = rows[: _kernels.margin.verdicts.list_rows(owner, taken, rows, pass_books.rows_in_liquidation)]
        rows = rows[pass_books.quantity[rows] != 0]
        of = place[owner[rows]]
        order = np.lexsort((rows, -_sort_margins(pass_books, rows), of))
        self.rows, self.place = rows[order], of[order]
        self.code = pass_books.snapshot.contract_of(self.rows)
        first = np.searchsorted(self.place, np.arange(len(self.wallets)))
        self._last: tuple[tuple[Int64Array1D, ...], tuple[Int64Array1D, ...]] | None = None
        #: The fund that settles each wallet: that of its first row's contract.
        self.fund = pass_books.fund_table.head[self.code[first]] if len(self.rows) else np.zeros(0, INT64)
        pass_books.in_liquidation[self.wallets] = 1
        if len(self.wallets):
            pass_books.log.extend(("liquidation-started", "", {"wallet": self.wallets}))

    def open(self, pass_books: PassBooks) -> npt.NDArray[np.bool_]:
        """Which wallets, by their place, hold a position still."""
        still = self.place[pass_books.quantity[self.rows] != 0]
        return np.bincount(still, minlength=len(self.wallets)) > 0

    def begin(self, pass_books: PassBooks) -> npt.NDArray[np.bool_]:
        """Tell which wallets, by their place, a stage that begins now takes, and log those that are healthy."""
        holds, short = self.open(pass_books), pass_books.is_liquidatable(self.wallets)
        fine = self.wallets[holds & ~short]
        told = fine[~pass_books.healthy_logged[fine]]
        if len(told):
            pass_books.healthy_logged[told] = True
            pass_books.log.extend(("healthy", "", {"wallet": told}))
            # Who is healthy begins with a part again, should he fail later (docs/waterfall.md, "Cool-downs").
            healthy = set(told.tolist())
            pass_books.cooling = {key: then for key, then in pass_books.cooling.items() if key[0] not in healthy}
        return holds & short

    def chosen(self, pass_books: PassBooks, active: npt.NDArray[np.bool_], priced: bool = True) -> StageRows:
        """The open rows of the wallets at these places, at bankruptcy prices that hold for the stage."""
        places = np.flatnonzero(active[self.place] & (pass_books.quantity[self.rows] != 0))
        rows, code = self.rows[places], self.code[places]
        lots = pass_books.quantity[rows]
        asked = priced and len(rows)
        price, value, highest = self._priced(pass_books, rows) if asked else np.zeros((3, len(rows)), INT64)
        return StageRows(
            row=rows,
            wallet=self.wallets[self.place[places]],
            code=code,
            side=np.sign(lots),
            lots=np.abs(lots),
            price=price,
            value=value,
            highest=highest,
            fund=pass_books.fund_table.head[code],
        )

    def _priced(self, pass_books: PassBooks, rows: Int64Array1D) -> tuple[Int64Array1D, ...]:
        """Shared bankruptcy prices of rows, what they are worth there, and their highest prices.

        A stage that moved nothing leaves the next one with the same answer. Whether it did is told by all
        that the answer hangs on within a round; to read that takes a tenth of working the answer out.
        """
        equity = pass_books.equity[pass_books.snapshot.positions.wallet[rows]]
        columns = pass_books.quantity, pass_books.entry_value, pass_books.margin_pass.margin, pass_books.margin_pass.pnl
        asked = rows, equity, *(column[rows] for column in columns)
        if self._last is not None and all(map(np.array_equal, asked, self._last[0])):
            return self._last[1]
        ascending = np.argsort(rows)
        shared: SharedBankruptcy = share_rows(
            pass_books.margin_pass, rows[ascending], pass_books.quantity, pass_books.entry_value
        )
        found = np.empty((3, len(rows)), INT64)
        found[:, ascending] = shared.price, shared.value_at_price, shared.highest
        self._last = asked, tuple(found)
        return self._last[1]


def _sort_margins(pass_books: PassBooks, rows: Int64Array1D) -> Int64Array1D:
    """Maintenance margins by which rows are ordered; those of valued wallets in their numeraire."""
    books = pass_books.snapshot
    valued = np.flatnonzero(books.wallets.is_valued(books.positions.wallet[rows]))
    code = books.contract_of(rows[valued])
    return NumeraireConversion(pass_books.margin_pass, valued, pass_books.settle[code]).to_numeraire(
        pass_books.margin_pass.margin[rows], "maintenance_margin"
    )
