"""The invariants of the books, exact: whatever does not add up is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ... import _kernels
from ...errors import AdlError
from ..events import EXTERNAL, FACTS, Events
from ..snapshot.wallet_balances import balance_of
from ..state import HouseState

__all__ = ["BrokenBooksError", "asset_totals", "refuse_broken_books", "differences"]


class BrokenBooksError(AdlError):
    """The books of a clearing house do not add up.

    Parameters
    ----------
    differences : sequence of str
        At least one; a sentence for each thing that differs.

    Attributes
    ----------
    differences : tuple of str
        All of them, though the message may be shortened.

    Examples
    --------
    >>> error = BrokenBooksError(["open interest of X: 2 lots more are long", "wallets[3]: less than nothing"])
    >>> print(error)
    open interest of X: 2 lots more are long; wallets[3]: less than nothing
    >>> error.differences[1]
    'wallets[3]: less than nothing'
    """

    def __init__(self, differences: Sequence[str]) -> None:
        super().__init__("; ".join(differences))
        self.differences = tuple(differences)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self.differences,)


def asset_totals(state: HouseState) -> tuple[int, ...]:
    """Of each asset: all balances and all cash, less all entry values, in quanta; what only outside money changes."""
    snapshot, parties = state.snapshot, state.parties
    wallets, held = snapshot.wallets, snapshot.balances
    totals = []
    many = len(snapshot.assets) > 1
    for asset in range(len(snapshot.assets)):
        balance = wallets.balance[wallets.asset == asset] if many else wallets.balance
        total = _kernels.numbers.money.exact_sum(np.ascontiguousarray(balance))
        total += _kernels.numbers.money.exact_sum(np.ascontiguousarray(held.amount[held.asset == asset]))
        total += _kernels.numbers.money.exact_sum(np.ascontiguousarray(parties.cash[:, asset]))
        totals.append(total)
    for code, asset in enumerate(snapshot.settle.tolist()):
        totals[asset] -= _kernels.numbers.money.exact_sum(snapshot.positions.entry_value[snapshot.rows(code)])
        totals[asset] -= _kernels.numbers.money.exact_sum(np.ascontiguousarray(parties.cost[:, code]))
    return tuple(totals)


def differences(state: HouseState) -> Iterator[str]:
    """Every invariant that does not hold."""
    yield from _open_interest_differences(state)
    for asset, found, expected in zip(state.snapshot.assets, asset_totals(state), state.constant, strict=True):
        if found != expected:
            what = f"balances and cash less entry values of {asset.name} are {found} quanta, must be {expected}"
            yield f"{what}: {found - expected:+} too many"
    yield from _wallet_differences(state)
    yield from _fund_differences(state)


def _open_interest_differences(state: HouseState) -> Iterator[str]:
    """Lots of each contract sum to 0, parties included."""
    snapshot, parties = state.snapshot, state.parties
    for code, contract in enumerate(snapshot.contracts):
        net = _kernels.numbers.money.exact_sum(snapshot.positions.quantity[snapshot.rows(code)])
        net += _kernels.numbers.money.exact_sum(np.ascontiguousarray(parties.lots[:, code]))
        if net:
            yield f"open interest of {contract.symbol}: {abs(net)} lots more are {'long' if net > 0 else 'short'}"


def _wallet_differences(state: HouseState) -> Iterator[str]:
    """Wallets without positions have at least nothing, or owe exactly their open entry."""
    snapshot = state.snapshot
    wallets, positions = snapshot.wallets, snapshot.positions
    for (wallet, asset), owed in sorted(state.uncovered.items()):
        found = balance_of(snapshot, wallet, asset)
        if found != -owed:
            yield f"wallets[{wallet}] owes {owed} quanta of {snapshot.assets[asset].name}, and has {found}"
    below = np.flatnonzero((wallets.balance < 0) & ~wallets.is_valued())
    if not len(below):
        return
    mask = np.zeros(len(wallets), bool)
    mask[below] = True
    mask[positions.wallet[(positions.quantity != 0) & mask[positions.wallet]]] = False
    for wallet in np.flatnonzero(mask).tolist():
        if (wallet, int(wallets.asset[wallet])) not in state.uncovered:
            yield f"wallets[{wallet}] holds no position, has {int(wallets.balance[wallet])} quanta and no open entry"


def _fund_differences(state: HouseState) -> Iterator[str]:
    """What a fund has, cash less what its inventory cost, is what it opened with and its ledger."""
    snapshot, parties, table = state.snapshot, state.parties, state.funds
    for fund, name in enumerate(table.names):
        party, asset = parties.first_fund + fund, int(table.asset[fund])
        ours = np.flatnonzero(snapshot.settle == asset)
        found = int(parties.cash[party, asset]) - sum(parties.cost[party, ours].tolist())
        expected = int(state.opening[fund]) + int(state.ledger[fund])
        if found != expected:
            yield f"fund {name}: cash less cost is {found} quanta, opening and ledger are {expected}"


def refuse_broken_books(state: HouseState, events: Events | None) -> None:
    """Raise what does not hold of a state, and of the events that led to it."""
    found = [*differences(state), *(_leg_differences(events) if events is not None else [])]
    if found:
        raise BrokenBooksError(found)


def _leg_differences(events: Events) -> Iterator[str]:
    """What one side gives the other receives: the legs of movements sum to nothing."""
    moving = (events.link >= 0) & ~events.of(*FACTS, *EXTERNAL)
    for asset in np.unique(events.asset[moving]).tolist():
        total = _kernels.numbers.money.exact_sum(np.ascontiguousarray(events.amount[moving & (events.asset == asset)]))
        if total:
            yield f"the legs of the events in {events.names.assets[asset]} sum to {total} quanta"
