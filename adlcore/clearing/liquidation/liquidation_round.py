"""The wallets of one round and their rows, in the order in which stages take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import FLOAT64, INT64, Int64Array1D
from ..margin.shared_bankruptcy import NumeraireConversion, SharedBankruptcy, share_rows
from .pass_books import PassBooks

__all__ = ["Chosen", "Round"]


@dataclass(frozen=True, eq=False)
class Chosen:
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

    def only(self, places: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> Chosen:
        """Some of them."""
        return Chosen(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})


class Round:
    """Liquidatable wallets by ratio descending, equity ascending, row; their rows by margin descending, row.

    Both orders are fixed when the round begins (``docs/waterfall.md``, "The order of a pass").
    """

    def __init__(self, work: PassBooks, wallets: Int64Array1D, funds: list[int]) -> None:
        self.funds = funds
        #: Places of the wallets that are settled.
        self.settled: list[int] = []
        #: uint8[f, contracts]: 1 where the log has a refusal of the contract by the fund.
        self.noted = np.zeros((len(work.table), len(work.books.contracts)), np.uint8)
        equity, margin = work.equity[wallets], work.margin[wallets]
        ratio = np.full(len(wallets), np.inf)
        np.divide(margin.astype(FLOAT64), equity.astype(FLOAT64), out=ratio, where=equity > 0)
        self.wallets = wallets[np.lexsort((wallets, equity, -ratio))]
        place = np.full(len(work.books.wallets), -1, INT64)
        place[self.wallets] = np.arange(len(self.wallets))
        owner, rows = work.books.positions.wallet, np.empty(len(work.books.positions), INT64)
        taken = (place >= 0).view(np.uint8)
        rows = rows[: _kernels.margin.verdicts.rows_of(owner, taken, rows, work.rows_in_liquidation)]
        rows = rows[work.quantity[rows] != 0]
        of = place[owner[rows]]
        order = np.lexsort((rows, -_weights(work, rows), of))
        self.rows, self.place = rows[order], of[order]
        self.code = work.books.contract_of(self.rows)
        first = np.searchsorted(self.place, np.arange(len(self.wallets)))
        self._last: tuple[tuple[Int64Array1D, ...], tuple[Int64Array1D, ...]] | None = None
        #: The fund that settles each wallet: that of its first row's contract.
        self.fund = work.table.head[self.code[first]] if len(self.rows) else np.zeros(0, INT64)
        work.in_liquidation[self.wallets] = 1
        if len(self.wallets):
            work.log.extend(("liquidation-started", "", {"wallet": self.wallets}))

    def open(self, work: PassBooks) -> npt.NDArray[np.bool_]:
        """Which wallets, by their place, hold a position still."""
        still = self.place[work.quantity[self.rows] != 0]
        return np.bincount(still, minlength=len(self.wallets)) > 0

    def begin(self, work: PassBooks) -> npt.NDArray[np.bool_]:
        """Tell which wallets, by their place, a stage that begins now takes, and log those that are healthy."""
        holds, short = self.open(work), work.short(self.wallets)
        fine = self.wallets[holds & ~short]
        told = fine[~work.told_healthy[fine]]
        if len(told):
            work.told_healthy[told] = True
            work.log.extend(("healthy", "", {"wallet": told}))
            # Who is healthy begins with a part again, should he fail later (docs/waterfall.md, "Cool-downs").
            healthy = set(told.tolist())
            work.cooling = {key: then for key, then in work.cooling.items() if key[0] not in healthy}
        return holds & short

    def chosen(self, work: PassBooks, active: npt.NDArray[np.bool_], priced: bool = True) -> Chosen:
        """The open rows of the wallets at these places, at bankruptcy prices that hold for the stage."""
        places = np.flatnonzero(active[self.place] & (work.quantity[self.rows] != 0))
        rows, code = self.rows[places], self.code[places]
        lots = work.quantity[rows]
        asked = priced and len(rows)
        price, value, highest = self._priced(work, rows) if asked else np.zeros((3, len(rows)), INT64)
        return Chosen(
            row=rows,
            wallet=self.wallets[self.place[places]],
            code=code,
            side=np.sign(lots),
            lots=np.abs(lots),
            price=price,
            value=value,
            highest=highest,
            fund=work.table.head[code],
        )

    def _priced(self, work: PassBooks, rows: Int64Array1D) -> tuple[Int64Array1D, ...]:
        """Shared bankruptcy prices of rows, what they are worth there, and their highest prices.

        A stage that moved nothing leaves the next one with the same answer. Whether it did is told by all
        that the answer hangs on within a round; to read that takes a tenth of working the answer out.
        """
        equity = work.equity[work.books.positions.wallet[rows]]
        columns = work.quantity, work.entry_value, work.core.margin, work.core.pnl
        asked = rows, equity, *(column[rows] for column in columns)
        if self._last is not None and all(map(np.array_equal, asked, self._last[0])):
            return self._last[1]
        ascending = np.argsort(rows)
        shared: SharedBankruptcy = share_rows(work.core, rows[ascending], work.quantity, work.entry_value)
        found = np.empty((3, len(rows)), INT64)
        found[:, ascending] = shared.price, shared.value_at_price, shared.highest
        self._last = asked, tuple(found)
        return self._last[1]


def _weights(work: PassBooks, rows: Int64Array1D) -> Int64Array1D:
    """Maintenance margins by which rows are ordered; those of valued wallets in their numeraire."""
    books = work.books
    valued = np.flatnonzero(books.wallets.is_valued(books.positions.wallet[rows]))
    code = books.contract_of(rows[valued])
    return NumeraireConversion(work.core, valued, work.settle[code]).to_numeraire(
        work.core.margin[rows], "maintenance_margin"
    )
