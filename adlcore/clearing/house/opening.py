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
from ..liquidation.trigger_observation import opening_windows
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import NoLiquidity
from ..snapshot.snapshot import Snapshot
from ..stages.venue import Venue
from ..state import HouseState, names_of
from . import audit

__all__ = ["open_state", "reopening_events"]


def open_state(
    snapshot: Snapshot,
    margin_pass: MarginPass,
    funds: Iterable[InsuranceFund],
    venue: Venue,
    *,
    strict: bool,
    is_audited: bool,
) -> tuple[HouseState, Events]:
    """The first state of a house, and what it took to come there; debts of wallets without positions are settled."""
    fund_table = resolve_funds(funds, snapshot.contracts, snapshot.assets, venue.trigger)
    double = set(venue.vaults) & set(fund_table.names)
    if double:
        raise AdlError.at("funds", None, min(double), "must have another name than a vault of the venue")
    parties = Parties.opened(venue.vaults, fund_table, len(snapshot.contracts), len(snapshot.assets))
    nothing = np.zeros(len(fund_table), INT64)
    state = HouseState(
        snapshot=snapshot,
        parties=parties,
        funds=fund_table,
        opening=fund_table.balance.copy(),
        ledger=nothing,
        lent=nothing.copy(),
        windows=opening_windows(fund_table, parties, 0),
        uncovered={},
        cooling={},
        constant=(0,) * len(snapshot.assets),
        time=0,
        sequence=0,
        digest=b"",
        next_plan=1,
        next_order=0,
    )
    pass_books = PassBooks(state, snapshot, margin_pass, time=0, liquidity=NoLiquidity(), batch_orders=False, oracle={})
    _balance_open_interest(pass_books, strict)
    # What the sums of assets must stay is fixed after the street has its rows and before debts are settled, which move
    # money inside only (``docs/waterfall.md``, "What always holds").
    balanced = state.replace(parties=pass_books.parties.as_parties())
    state = balanced.replace(constant=audit.asset_totals(balanced))
    settle_debts(pass_books, np.arange(len(snapshot.wallets)))
    books = pass_books.snapshot_after() if pass_books.is_writable else snapshot
    events = pass_books.log.events(0, 0, names_of(state))
    pass_books.state = state  # with those sums, which the state after it takes over
    state = pass_books.state_after(books, events, state.next_plan)
    if is_audited:
        audit.refuse_broken_books(state, events)
    return state, events


def reopening_events(state: HouseState, venue: Venue) -> Events:
    """The opening of a house that goes on from a state: no events. Its vaults are those that the venue names."""
    missing = [name for name in venue.vaults if name not in state.parties.names]
    if missing:
        raise AdlError.at("venue", None, missing[0], "must name vaults that the state has")
    return Events(np.zeros((0, len(FIELDS)), INT64), state.sequence, state.time, names_of(state))


def _balance_open_interest(pass_books: PassBooks, strict: bool) -> None:
    """Put into the street's hands what users' longs and shorts differ by, at the mark."""
    for code, contract in enumerate(pass_books.snapshot.contracts):
        net = _kernels.numbers.money.exact_sum(pass_books.quantity[pass_books.snapshot.rows(code)])
        if not net:
            continue
        if strict or abs(net) > INT64_MAX:
            side = "longs" if net > 0 else "shorts"
            must = f"the longs and shorts of {contract.symbol} must be equal; {abs(net):,} lots more are {side}"
            raise AdlError.at("positions.quantity", None, net, must)
        pass_books.parties.lots[STREET, code] = -net
        cost = pass_books.parties.mark_value(STREET, code)
        pass_books.parties.cost[STREET, code] = cost
        label = {"contract": code, "asset": pass_books.settle[code], "party": STREET}
        pass_books.log.add(("balanced", "opening", {**label, "lots": -net, "amount": -cost}))
