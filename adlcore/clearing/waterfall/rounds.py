"""The rounds of a pass: wallets that fail are taken through the stages until nobody new fails."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._arrays import INT64, Int64Array1D
from ..accounts.tables import VALUED
from ..state import names_of
from .round import Round
from .settlement import move_to_cross, settle, settle_debts
from .stage import Order, Requests
from .venue import Venue
from .watch import observe
from .working import Working

__all__ = ["Pass", "run"]


def run(work: Working, venue: Venue) -> Requests:
    """One pass, at marks that are in place; asks for fills where a stage needs the order book.

    A wallet and a fund are tried once a pass. A fund below zero when a round starts is tried by that
    round; one that falls below later, by the ``Deleverage`` that finds it.
    """
    observe(work)
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


def _funds_below_zero(work: Working) -> list[int]:
    """Funds with F < 0 and inventory that were not tried in this pass."""
    return [
        fund
        for fund in range(len(work.table))
        if fund not in work.tried_funds and work.lots[work.first_fund + fund].any() and work.fund_equity(fund) < 0
    ]


def _broken(work: Working) -> Int64Array1D:
    """Counterparties that are liquidatable now."""
    touched = np.unique(np.concatenate([np.zeros(0, INT64), *work.counterparties]))
    touched = touched[(work.in_liquidation[touched] == 0) & work.short(touched)]
    sure = (work.margin[touched] > 0) & (work.books.wallets.mode[touched] < VALUED)
    unsure = touched[~sure]
    return np.sort(np.concatenate([touched[sure], unsure[work.holds(unsure)]])) if len(unsure) else touched


def _name_the_rest(work: Working, wallets: Int64Array1D, funds: list[int]) -> None:
    """Who would have been tried in a further round."""
    if len(wallets):
        work.log.extend(("max-rounds", "", {"wallet": wallets}))
    for fund in funds:
        work.log.add(("max-rounds", "", {"party": work.first_fund + fund}))


class Pass:
    """A pass that may wait for fills."""

    def __init__(self, work: Working, venue: Venue) -> None:
        self.work, self._requests = work, run(work, venue)

    def next(self, fills: list[list[tuple[int, int]]] | None) -> tuple[Order, ...] | None:
        """Go on to the next orders; None where the pass is over."""
        try:
            orders = next(self._requests) if fills is None else self._requests.send(fills)
            return tuple(orders)
        except StopIteration:
            return None

    def cancels(self) -> tuple[dict[str, Any], ...]:
        """The orders that were cancelled so far."""
        events = self.work.log.events(0, self.work.time, names_of(self.work.state))
        names = ("wallet", "account", "contract", "lots", "price")
        return tuple({name: row[name] for name in names} for row in events.rows("order-cancelled"))

    def cool(self) -> None:
        """Forget the cool-downs of rows that are closed."""
        work = self.work
        for wallet, code, side in list(work.cooling):
            part = work.books.rows(code)
            rows = part.start + np.flatnonzero(work.books.positions.wallet[part] == wallet)
            if not (work.quantity[rows] * side > 0).any():
                del work.cooling[wallet, code, side]
