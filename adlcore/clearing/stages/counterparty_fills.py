"""Remainders of one side of a contract, served from the queue of the other side: who gives how many lots.

:class:`CounterpartyMatcher` walks two orders at once: the remainders, in ascending loss per lot for the counterparties,
and the ranking of the other side. The kernel ``_kernels/compiled/clearing/deleverage.pyx`` is the walk itself
(``docs/waterfall.md``, "Deleverage"):

* A remainder takes lots from the front of the ranking on, until it is closed or the ranking ends.
* A row gives at most its lots, and where a lot loses it something no more than leaves its wallet with equity. That is
  asked of its equity of the moment, for the row may have given to an earlier remainder.
* A row that gave all it might is used up: nothing moves its wallet again on this side, which has one row of it, and the
  next remainder costs at least as much a lot. So it is not asked again, and one cursor serves all remainders.
* Only so much of the ranking is drawn as is needed: first rows that hold as many lots as are wanted. Where these gave
  fewer, because of caps or because they are of an account that is passed over, the front is drawn again, each time at
  least twice as long: so that all drawing together costs no more than twice the last.
* Where the ranking ends, what is left of all remainders stays for the next stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, INT64_MAX, Int64Array1D
from ..liquidation.pass_books import PassBooks
from ..margin.collateral import int64_ratio
from ..snapshot.tables import ISOLATED, PORTFOLIO
from .counterparty_queue import CounterpartyQueue

__all__ = ["CounterpartyFills", "CounterpartyMatcher", "LossPerLot", "Remainders"]

#: What the equity of a wallet is made of, as the kernel numbers it.
PLAIN, MULTI_ASSET, PORTFOLIO_WHOLE = range(3)


@dataclass(frozen=True, eq=False)
class Remainders:
    """Rows in liquidation, and the inventory of funds below zero, in the order of service.

    Side and price are those of the stage's start. How many lots are left of a remainder is not kept: what is served
    before it may close them, so :meth:`lots_left` reads them when its turn has come.

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

    def rows_at(self, places: Any) -> Remainders:
        """The remainders at these places."""
        return Remainders(**{name: getattr(self, name)[places] for name in self.__dataclass_fields__})

    def lots_left(self, pass_books: PassBooks) -> Int64Array1D:
        """What is left of each now: lots > 0, or 0 where its row was closed or stands on the other side."""
        users, quantity = self.fund < 0, np.empty(len(self), INT64)
        quantity[users] = pass_books.quantity[self.row[users]]
        quantity[~users] = pass_books.parties.lots[pass_books.first_fund + self.fund[~users], self.code[~users]]
        lots: Int64Array1D = np.maximum(quantity * self.side, 0)
        return lots

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class CounterpartyFills:
    """What counterparties gave: a row for each fill, in the order in which they were made.

    Attributes
    ----------
    remainder, row : int64[k]
        Which remainder, and the position row of the counterparty.
    lots, value, realized : int64[k]
        Lots > 0, what they are worth at the remainder's price, the PnL that the counterparty realizes.
    """

    remainder: Int64Array1D
    row: Int64Array1D
    lots: Int64Array1D
    value: Int64Array1D
    realized: Int64Array1D


class LossPerLot(NamedTuple):
    """Whole numbers: against the mark a lot at P loses ``(slope·P - offset)/scale``, inverse that over P."""

    slope: int
    offset: int
    scale: int


class CounterpartyMatcher:
    """Remainders of one (contract, side), and the queue that they are served from."""

    def __init__(self, pass_books: PassBooks, queue: CounterpartyQueue, code: int, *, exclude_account: bool) -> None:
        self.pass_books, self.queue, self.code, self.exclude_account = pass_books, queue, code, exclude_account

    def serve(self, remainders: Remainders, open_lots: Int64Array1D, filled_lots: Int64Array1D) -> CounterpartyFills:
        """Serve remainders in their order; `open_lots` falls and `filled_lots` rises by what was given."""
        pass_books, contract = self.pass_books, self.pass_books.snapshot.contracts[self.code]
        numerator, denominator = contract.tick_fraction
        loss, highest_price = self._loss_per_lot(numerator, denominator), int(remainders.price.max())
        # Either kernel gives the same result: the compiled one where it can hold the numbers.
        fits = _kernels.clearing.deleverage.fits(loss, highest_price, numerator, denominator, contract.inverse)
        kernel = pass_books.kernel_for(highest_price, fits)
        holders, books = kernel.clearing.sides, pass_books.books_for(kernel)
        account = np.full(len(remainders), -1, INT64)
        if self.exclude_account:
            account = np.where(remainders.wallet >= 0, pass_books.account_codes[remainders.wallet], -1)
        side = holders.Side(self.code, int(remainders.side[0]), numerator, denominator, contract.inverse, tuple(loss))
        remainder_lots = holders.RemainderLots(open_lots, remainders.price, filled_lots, account)
        cursor, used = holders.Cursor(), np.zeros(0, np.uint8)
        parts: list[CounterpartyFills] = []
        lots_to_draw = sum(open_lots.tolist())
        while True:
            # The ranking is drawn from its front again, longer than before; what was used up of it stays so, and the
            # cursor goes on where it stood: each front begins with the rows of the last one.
            candidate, held = self.queue.front(min(lots_to_draw, INT64_MAX))
            used = np.concatenate([used, np.zeros(len(candidate) - len(used), np.uint8)])
            owner = pass_books.snapshot.positions.wallet[candidate]
            account_code = pass_books.account_codes[owner] if self.exclude_account else np.zeros(len(owner), INT64)
            counterparties = holders.Counterparties(candidate, account_code, used, self._collateral(holders, candidate))
            columns = np.empty((5, len(candidate) + len(open_lots)), INT64)
            remainder, row, lots, value, realized = columns
            fills = holders.Fills(remainder, row, lots, value, realized)
            count = kernel.clearing.deleverage.serve(books, side, remainder_lots, counterparties, cursor, fills)
            parts.append(CounterpartyFills(*columns[:, :count]))
            if pass_books.margin_pass.slots.has_valued and count:
                # The kernel moves slots; the equity of wallets of several assets follows here, for the caps of the next
                # front are made of it.
                pass_books.revalue(pass_books.snapshot.positions.wallet[parts[-1].row])
            if cursor.remainder == len(open_lots):
                break
            if held >= lots_to_draw:
                # Caps, or an account that is passed over, let these rows give fewer lots than they hold: twice as many,
                # and those that are open still.
                lots_to_draw = 2 * held + sum(open_lots.tolist())
            elif cursor.first_unused == len(candidate):
                break  # nobody is left
            else:
                # Rows are left, but all are of the account that this remainder may not close against: they wait for
                # the next one (docs/waterfall.md, "Who is liquidated, who may be a counterparty").
                cursor.skip_remainder()
        names = CounterpartyFills.__dataclass_fields__
        return CounterpartyFills(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def _loss_per_lot(self, numerator: int, denominator: int) -> LossPerLot:
        """What a lot loses a counterparty of a long, where a tick of it is worth so much."""
        mark = abs(self.pass_books.mark_value_per_lot(self.code))
        slope, offset = numerator * mark.denominator, mark.numerator * denominator
        if self.pass_books.snapshot.contracts[self.code].inverse:
            # A lot is worth -n/(d·P) there, and loses (mark·d·P - n)/(d·P).
            slope, offset = offset, slope
        scale = denominator * mark.denominator
        shared = math.gcd(slope, offset, scale)
        return LossPerLot(slope // shared, offset // shared, scale // shared)

    def _collateral(self, holders: Any, candidate: Int64Array1D) -> Any:
        """What the equity of candidates with several assets is made of; None where there are none."""
        pass_books, margin_pass = self.pass_books, self.pass_books.margin_pass
        owner = pass_books.snapshot.positions.wallet[candidate]
        if not margin_pass.slots.has_valued or not (valued := pass_books.snapshot.wallets.is_valued(owner)).any():
            return None
        mode = pass_books.snapshot.wallets.mode[owner]
        slots, asset = margin_pass.slots, int(pass_books.settle[self.code])
        kind = np.where(valued, np.where(mode == PORTFOLIO, PORTFOLIO_WHOLE, MULTI_ASSET), PLAIN).astype(np.uint8)
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
            margin_pass.wallets[wallet, 0] - slots.contributions(margin_pass.sums, margin_pass.rates, slot).equity
        )
        loan[places] = slots.loan[slot]
        return holders.Collateral(kind, rest, loan, np.array(parts, INT64).ravel())

    def record_counterparties(self, fills: CounterpartyFills) -> None:
        """Remember the counterparties and the isolated rows that were closed in full, and cancel their orders."""
        pass_books = self.pass_books
        owner = pass_books.snapshot.positions.wallet[fills.row]
        pass_books.counterparties.append(owner)
        # An isolated winner that was closed in full gives its balance to the cross wallet, later in the pass
        # (docs/waterfall.md, "The order of a pass").
        closed = fills.row[pass_books.quantity[fills.row] == 0]
        isolated = closed[pass_books.snapshot.wallets.mode[pass_books.snapshot.positions.wallet[closed]] == ISOLATED]
        pass_books.closed_isolated_rows.extend(isolated.tolist())
        # In the order of their first fills, as each one's own margin mode has it (docs/waterfall.md, "Deleverage").
        if len(pass_books.snapshot.orders):
            _, first = np.unique(owner, return_index=True)
            pass_books.cancel_orders(owner[np.sort(first)], self.code, "deleveraging")
