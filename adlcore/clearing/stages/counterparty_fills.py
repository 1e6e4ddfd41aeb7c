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

__all__ = ["CounterpartyMatcher", "Fills", "Remainders"]

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

    def lots(self, pass_books: PassBooks) -> Int64Array1D:
        """What is left of each now: lots > 0, or 0 where its row was closed or stands on the other side."""
        users, held = self.fund < 0, np.empty(len(self), INT64)
        held[users] = pass_books.quantity[self.row[users]]
        held[~users] = pass_books.parties.lots[pass_books.first_fund + self.fund[~users], self.code[~users]]
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


class CounterpartyMatcher:
    """Remainders of one (contract, side), and the queue that they are served from."""

    def __init__(self, pass_books: PassBooks, queue: CounterpartyQueue, code: int, exclude_account: bool) -> None:
        self.pass_books, self.queue, self.code, self.exclude_account = pass_books, queue, code, exclude_account

    def serve(self, left: Remainders, need: Int64Array1D, done: Int64Array1D) -> Fills:
        """Serve remainders in their order; `need` falls and `done` rises by what was given."""
        pass_books, contract = self.pass_books, self.pass_books.snapshot.contracts[self.code]
        above, below = contract.tick_fraction
        loss = self._loss(above, below)
        fits = _kernels.clearing.deleverage.fits(loss, int(left.price.max()), above, below, contract.inverse)
        kernel = pass_books.kernel_for(int(left.price.max()), fits)
        holders, books = kernel.clearing.sides, pass_books.books_for(kernel)
        account = np.full(len(left), -1, INT64)
        if self.exclude_account:
            account = np.where(left.wallet >= 0, pass_books.account_codes[left.wallet], -1)
        side = holders.Side(self.code, int(left.side[0]), above, below, contract.inverse, loss)
        remainders = holders.Remainders(need, left.price, done, account)
        cursor, used = holders.Cursor(), np.zeros(0, np.uint8)
        found: list[Fills] = []
        wanted = sum(need.tolist())
        while True:
            candidate, held = self.queue.front(min(wanted, INT64_MAX))
            used = np.concatenate([used, np.zeros(len(candidate) - len(used), np.uint8)])
            owner = pass_books.snapshot.positions.wallet[candidate]
            label = pass_books.account_codes[owner] if self.exclude_account else np.zeros(len(candidate), INT64)
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
        mark = abs(self.pass_books.mark_value_per_lot(self.code))
        top, bottom = mark.numerator, mark.denominator
        inverse = self.pass_books.snapshot.contracts[self.code].inverse
        a, b = (top * below, above * bottom) if inverse else (above * bottom, top * below)
        shared = math.gcd(a, b, below * bottom)
        return a // shared, b // shared, below * bottom // shared

    def _collateral(self, holders: Any, candidate: Int64Array1D) -> Any:
        """What the equity of candidates with several assets is made of; None where there are none."""
        pass_books, margin_pass = self.pass_books, self.pass_books.margin_pass
        owner = pass_books.snapshot.positions.wallet[candidate]
        if not margin_pass.slots.has_valued or not (valued := pass_books.snapshot.wallets.is_valued(owner)).any():
            return None
        mode = pass_books.snapshot.wallets.mode[owner]
        slots, asset = margin_pass.slots, int(pass_books.settle[self.code])
        kind = np.where(valued, np.where(mode == PORTFOLIO, WHOLE, MULTI), PLAIN).astype(np.uint8)
        price = margin_pass.rates.price_of(asset)
        parts = [
            int64_ratio(rate, "index_prices")
            for rate in (price, price * margin_pass.rates.collateral_share[asset], 1 / price)
        ]
        rest, loan = np.zeros(len(candidate), INT64), np.zeros(len(candidate), INT64)
        places = np.flatnonzero(kind)
        slot = slots.position_slot[candidate[places]]
        wallet = pass_books.snapshot.positions.wallet[candidate[places]]
        rest[places] = (
            margin_pass.wallets[wallet, 0] - slots.contributions(margin_pass.sums, margin_pass.rates, slot)[0]
        )
        loan[places] = slots.loan[slot]
        return holders.Collateral(kind, rest, loan, np.array(parts, INT64).ravel())

    def _revalue(self, rows: Int64Array1D) -> None:
        if self.pass_books.margin_pass.slots.has_valued and len(rows):
            self.pass_books.revalue(self.pass_books.snapshot.positions.wallet[rows])

    def finish(self, fills: Fills) -> None:
        """Cancel the counterparties' orders, and remember who they are."""
        pass_books = self.pass_books
        owner = pass_books.snapshot.positions.wallet[fills.row]
        pass_books.counterparties.append(owner)
        closed = fills.row[pass_books.quantity[fills.row] == 0]
        isolated = closed[pass_books.snapshot.wallets.mode[pass_books.snapshot.positions.wallet[closed]] == ISOLATED]
        pass_books.closed_isolated_rows.extend(isolated.tolist())
        if len(pass_books.snapshot.orders):
            _, first = np.unique(owner, return_index=True)
            pass_books.cancel_orders(owner[np.sort(first)], self.code, "deleveraging")
