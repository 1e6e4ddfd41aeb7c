"""How a house opens: funds are matched with contracts, open interest is balanced, old debts are noted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, INT64_MAX
from ...errors import AdlError
from ..events import FIELDS, Events
from ..funds.fund import InsuranceFund
from ..funds.fund_table import resolve_funds
from ..funds.parties import STREET, Parties
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import settle_debts
from ..liquidation.trigger_observation import opened as windows_of
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import NoLiquidity
from ..snapshot.snapshot import Snapshot
from ..stages.venue import Venue
from ..state import HouseState, names_of
from . import audit

__all__ = ["opened", "opened_again"]


def opened(
    snapshot: Snapshot, core: MarginPass, funds: Iterable[InsuranceFund], venue: Venue, strict: bool, audits: bool
) -> tuple[HouseState, Events]:
    """The first state of a house, and what it took to come there; debts of wallets without positions are settled."""
    table = resolve_funds(funds, snapshot.contracts, snapshot.assets, venue.trigger)
    taken = set(venue.vaults) & set(table.names)
    if taken:
        raise AdlError.at("funds", None, min(taken), "must have another name than a vault of the venue")
    parties = Parties.opened(venue.vaults, table, len(snapshot.contracts), len(snapshot.assets))
    nothing = np.zeros(len(table), INT64)
    state = HouseState(
        snapshot=snapshot,
        parties=parties,
        funds=table,
        opening=table.balance.copy(),
        ledger=nothing,
        lent=nothing.copy(),
        windows=windows_of(table, parties, 0),
        uncovered={},
        cooling={},
        constant=(0,) * len(snapshot.assets),
        time=0,
        sequence=0,
        digest=b"",
        next_plan=1,
        next_order=0,
    )
    work = PassBooks(state, snapshot, core, 0, NoLiquidity(), False, {})
    _balance(work, strict)
    balanced = state.replace(parties=work.parties())
    state = balanced.replace(constant=audit.assets_in_all(balanced))
    settle_debts(work, np.arange(len(snapshot.wallets)))
    books = work.changed() if work.opened else snapshot
    events = work.log.events(0, 0, names_of(state))
    work.state = state
    state = work.state_after(books, events, state.next_plan)
    if audits:
        audit.check(state, events)
    return state, events


def opened_again(state: HouseState, venue: Venue) -> Events:
    """The opening of a house that goes on from a state: no events. Its vaults are those that the venue names."""
    missing = [name for name in venue.vaults if name not in state.parties.names]
    if missing:
        raise AdlError.at("venue", None, missing[0], "must name vaults that the state has")
    return Events(np.zeros((0, len(FIELDS)), INT64), state.sequence, state.time, names_of(state))


def _balance(work: PassBooks, strict: bool) -> None:
    """Put into the street's hands what users' longs and shorts differ by, at the mark."""
    for code, contract in enumerate(work.books.contracts):
        net = _kernels.numbers.money.exact_sum(work.quantity[work.books.rows(code)])
        if not net:
            continue
        if strict or abs(net) > INT64_MAX:
            side = "longs" if net > 0 else "shorts"
            must = f"the longs and shorts of {contract.symbol} must be equal; {abs(net):,} lots more are {side}"
            raise AdlError.at("positions.quantity", None, net, must)
        work.lots[STREET, code] = -net
        cost = work.notional(STREET, code)
        work.cost[STREET, code] = cost
        label = {"contract": code, "asset": work.settle[code], "party": STREET}
        work.log.add(("balanced", "opening", {**label, "lots": -net, "amount": -cost}))
