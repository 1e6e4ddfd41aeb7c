"""Remainders of one side of a contract, served from the queue of the other side under caps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, INT64_MAX, Int64Array1D
from ..liquidation.pass_books import PassBooks
from ..margin.collateral import int64_ratio
from ..snapshot.tables import ISOLATED, PORTFOLIO
from .counterparty_queue import CounterpartyQueue

__all__ = ["CounterpartyFills", "Fills", "Remainders"]

PLAIN, MULTI, WHOLE = range(3)


@dataclass(frozen=True, eq=False)
class Remainders:
    """Rows in liquidation, and the inventory of funds below zero, in the order of service.

    Side and price are those of the stage's start. How many lots are left of a remainder is not kept: what is served
    before it may close them, so :meth:`lots` reads them when its turn has come.

    Attributes
    ----------
    row, wallet : int64[r]
        -1 where it is a fund's.
    fund : int64[r]
        -1 where it is a wallet's.
    code, side, price : int64[r]
        Contract, 1 for a long, the price in ticks.
    """

    row: Int64Array1D
    wallet: Int64Array1D
    fund: Int64Array1D
    code: Int64Array1D
    side: Int64Array1D
    price: Int64Array1D

    def only(self, places: Any) -> Remainders:
        """Some of them."""
        return Remainders(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})

    def lots(self, work: PassBooks) -> Int64Array1D:
        """What is left of each now: lots > 0, or 0 where its row was closed or stands on the other side."""
        users, held = self.fund < 0, np.empty(len(self), INT64)
        held[users] = work.quantity[self.row[users]]
        held[~users] = work.lots[work.first_fund + self.fund[~users], self.code[~users]]
        left: Int64Array1D = np.maximum(held * self.side, 0)
        return left

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Fills:
    """What counterparties gave: a row for each fill, in the order in which they were made.

    Attributes
    ----------
    remainder, row : int64[k]
        Which remainder, and the position row of the counterparty.
    lots, value, realized : int64[k]
        Lots > 0, what they are worth (``v·lots``), the PnL that the counterparty realizes.
    """

    remainder: Int64Array1D
    row: Int64Array1D
    lots: Int64Array1D
    value: Int64Array1D
    realized: Int64Array1D


class CounterpartyFills:
    """Remainders of one (contract, side), and the queue that they are served from."""

    def __init__(self, work: PassBooks, queue: CounterpartyQueue, code: int, exclude_account: bool) -> None:
        self.work, self.queue, self.code, self.exclude_account = work, queue, code, exclude_account

    def serve(self, left: Remainders, need: Int64Array1D, done: Int64Array1D) -> Fills:
        """Serve remainders in their order; `need` falls and `done` rises by what was given."""
        work, contract = self.work, self.work.books.contracts[self.code]
        above, below = contract.tick_fraction
        loss = self._loss(above, below)
        fits = _kernels.clearing.deleverage.fits(loss, int(left.price.max()), above, below, contract.inverse)
        kernel = work.kernel_for(int(left.price.max()), fits)
        holders, books = kernel.clearing.sides, work.books_for(kernel)
        account = np.full(len(left), -1, INT64)
        if self.exclude_account:
            account = np.where(left.wallet >= 0, work.account_codes[left.wallet], -1)
        side = holders.Side(self.code, int(left.side[0]), above, below, contract.inverse, loss)
        remainders = holders.Remainders(need, left.price, done, account)
        cursor, used = holders.Cursor(), np.zeros(0, np.uint8)
        found: list[Fills] = []
        wanted = sum(need.tolist())
        while True:
            candidate, held = self.queue.front(min(wanted, INT64_MAX))
            used = np.concatenate([used, np.zeros(len(candidate) - len(used), np.uint8)])
            owner = work.books.positions.wallet[candidate]
            label = work.account_codes[owner] if self.exclude_account else np.zeros(len(candidate), INT64)
            counterparties = holders.Counterparties(candidate, label, used, self._collateral(holders, candidate))
            remainder, row, lots, value, realized = np.empty((5, len(candidate) + len(need)), INT64)
            fills = holders.Fills(remainder, row, lots, value, realized)
            count = kernel.clearing.deleverage.serve(books, side, remainders, counterparties, cursor, fills)
            found.append(Fills(remainder[:count], row[:count], lots[:count], value[:count], realized[:count]))
            self._revalue(found[-1].row)
            if cursor.remainder == len(need):
                break
            if held >= wanted:
                wanted = 2 * held + sum(need.tolist())
            elif cursor.first_unused == len(candidate):
                break  # nobody is left
            else:  # what is left of the ranking is barred to this remainder alone
                cursor.pass_remainder()
        names = Fills.__dataclass_fields__
        return Fills(**{name: np.concatenate([getattr(part, name) for part in found]) for name in names})

    def _loss(self, above: int, below: int) -> tuple[int, int, int]:
        """Whole numbers A, B, C: against the mark a lot at P loses ``(A·P - B)/C``, inverse ``(A·P - B)/(C·P)``."""
        mark = abs(self.work.unit_at_mark(self.code))
        top, bottom = mark.numerator, mark.denominator
        inverse = self.work.books.contracts[self.code].inverse
        a, b = (top * below, above * bottom) if inverse else (above * bottom, top * below)
        shared = math.gcd(a, b, below * bottom)
        return a // shared, b // shared, below * bottom // shared

    def _collateral(self, holders: Any, candidate: Int64Array1D) -> Any:
        """What the equity of candidates with several assets is made of; None where there are none."""
        work, core = self.work, self.work.core
        owner = work.books.positions.wallet[candidate]
        if not core.slots.many or not (valued := work.books.wallets.is_valued(owner)).any():
            return None
        mode = work.books.wallets.mode[owner]
        slots, asset = core.slots, int(work.settle[self.code])
        kind = np.where(valued, np.where(mode == PORTFOLIO, WHOLE, MULTI), PLAIN).astype(np.uint8)
        price = core.rates.price_of(asset)
        parts = [int64_ratio(rate, "index_prices") for rate in (price, price * core.rates.kept[asset], 1 / price)]
        rest, loan = np.zeros(len(candidate), INT64), np.zeros(len(candidate), INT64)
        places = np.flatnonzero(kind)
        slot = slots.of_position[candidate[places]]
        wallet = work.books.positions.wallet[candidate[places]]
        rest[places] = core.wallets[wallet, 0] - slots.terms(core.sums, core.rates, slot)[0]
        loan[places] = slots.loan[slot]
        return holders.Collateral(kind, rest, loan, np.array(parts, INT64).ravel())

    def _revalue(self, rows: Int64Array1D) -> None:
        if self.work.core.slots.many and len(rows):
            self.work.revalue(self.work.books.positions.wallet[rows])

    def finish(self, fills: Fills) -> None:
        """Cancel the counterparties' orders, and remember who they are."""
        work = self.work
        owner = work.books.positions.wallet[fills.row]
        work.counterparties.append(owner)
        closed = fills.row[work.quantity[fills.row] == 0]
        isolated = closed[work.books.wallets.mode[work.books.positions.wallet[closed]] == ISOLATED]
        work.emptied.extend(isolated.tolist())
        if len(work.books.orders):
            _, first = np.unique(owner, return_index=True)
            work.cancel_orders(owner[np.sort(first)], self.code, "deleveraging")
