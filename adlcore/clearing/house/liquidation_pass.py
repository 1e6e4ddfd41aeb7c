"""A pass: wallets that fail are taken through the stages, round after round, until nobody new fails.

In this order:

1. Margin moves to the new marks; contracts without one keep their last.
2. Triggers with a memory observe their funds. Cool-downs of wallets that are healthy now are forgotten.
3. Rounds, while a wallet that is liquidatable, or a fund below zero with inventory, has not been tried in this pass;
   the venue may bound them, and events then name who is left. A round takes

   a. its wallets, by margin ratio descending, then equity ascending, then row, and their rows by maintenance margin
      descending, then row; both orders are fixed when it begins;
   b. through the venue's stages, each over all wallets of the round before the next begins. A stage leaves alone
      whoever is healthy when it begins; bankruptcy prices are those of its start;
   c. after each stage, settlement: the round's wallets that hold nothing any more, in its order, then counterparties
      that hold nothing and stand below zero, by row.

4. Wallets of several assets that hold nothing and that new index prices brought below zero are settled.
5. What is left of isolated winners that were closed in full moves to their cross wallets.
6. Triggers observe their funds again.
7. The house commits by one assignment; cool-downs whose row is closed or whose wallet is healthy are forgotten.

``docs/waterfall.md`` says what each step does, and where it leaves a choice.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ..liquidation.cool_downs import current
from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import move_to_cross, settle, settle_debts
from ..liquidation.trigger_observation import observe
from ..order_book.liquidity import Liquidity
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Order, Requests
from ..stages.venue import Venue
from ..state import names_of
from .fill_reports import filled_by

__all__ = ["Pass", "run"]


def run(work: PassBooks, venue: Venue) -> Requests:
    """One pass, at marks that are in place; asks for fills where a stage needs the order book.

    A wallet and a fund are tried once a pass. A fund below zero when a round starts is tried by that
    round; one that falls below later, by the ``Deleverage`` that finds it.
    """
    observe(work)
    # Who is healthy at the new marks and is broken by somebody else in this pass begins anew.
    work.cooling = current(work.cooling, work.books, work.core)
    failing = np.flatnonzero(work.core.verdict == 1)
    rounds = 0
    while True:
        funds = _funds_below_zero(work)
        if not len(failing) and not funds:
            break
        if rounds == venue.max_rounds:
            _name_the_rest(work, failing, funds)
            break
        rounds += 1
        work.open()
        taken = Round(work, failing, funds)
        work.tried_funds.update(funds)
        for stage in venue.stages:
            requests = stage.run(work, taken)
            if requests is not None:
                yield from requests
            settle(work, taken)
        failing = _broken(work)
    settle_debts(work, work.core.slots.wallet[work.core.slots.valued] if work.core.slots.many else np.zeros(0, INT64))
    move_to_cross(work)
    observe(work)


def _funds_below_zero(work: PassBooks) -> list[int]:
    """Funds with F < 0 and inventory that were not tried in this pass."""
    return [
        fund
        for fund in range(len(work.table))
        if fund not in work.tried_funds and work.lots[work.first_fund + fund].any() and work.fund_equity(fund) < 0
    ]


def _broken(work: PassBooks) -> Int64Array1D:
    """Counterparties that are liquidatable now."""
    touched = np.unique(np.concatenate([np.zeros(0, INT64), *work.counterparties]))
    touched = touched[(work.in_liquidation[touched] == 0) & work.short(touched)]
    sure = (work.margin[touched] > 0) & ~work.books.wallets.is_valued(touched)
    unsure = touched[~sure]
    return np.sort(np.concatenate([touched[sure], unsure[work.holds(unsure)]])) if len(unsure) else touched


def _name_the_rest(work: PassBooks, wallets: Int64Array1D, funds: list[int]) -> None:
    """Log who would have been tried in a further round."""
    if len(wallets):
        work.log.extend(("max-rounds", "", {"wallet": wallets}))
    for fund in funds:
        work.log.add(("max-rounds", "", {"party": work.first_fund + fund}))


class Pass:
    """A pass that may wait for fills."""

    def __init__(self, work: PassBooks, venue: Venue) -> None:
        self.work, self._requests = work, run(work, venue)

    def next(self, fills: list[list[tuple[int, int]]] | None) -> tuple[Order, ...] | None:
        """Go on to the next orders; None where the pass is over."""
        try:
            orders = next(self._requests) if fills is None else self._requests.send(fills)
            return tuple(orders)
        except StopIteration:
            return None

    def meet(self, book: Liquidity) -> None:
        """Go on to the end with what a book at hand fills. An interruption comes out of the loop: it has no handler."""
        orders = self.next(None)
        while orders is not None:
            orders = self.next(filled_by(book, self.work.state.snapshot, orders, self.work.time))

    def books(self) -> Snapshot:
        """The users' books after it, to which its margin moves."""
        work = self.work
        if not work.opened:
            return work.books
        books = work.changed()
        touched = np.concatenate([np.flatnonzero(work.in_liquidation), *work.counterparties])
        work.core.rebased(books, np.unique(touched))
        return books

    def cancels(self) -> tuple[dict[str, Any], ...]:
        """The orders that were cancelled so far."""
        events = self.work.log.events(0, self.work.time, names_of(self.work.state))
        names = ("wallet", "account", "contract", "lots", "price")
        return tuple({name: row[name] for name in names} for row in events.rows("order-cancelled"))
