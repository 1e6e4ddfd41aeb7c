"""The event table applied to the books before: what the books after must be, worked out from events alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from ..._support.arrays import INT64
from ...errors import AdlError
from ..events import FIELDS, FILLS, KINDS, LEVERAGE_UNIT, MONEY, Events
from ..funds.parties import Parties
from ..snapshot.snapshot import Snapshot
from ..state import HouseState

__all__ = ["replay_events"]

Event = dict[str, Any]


def replay_events(state: HouseState, events: Events) -> tuple[Snapshot, Parties]:
    """The users' and the parties' books after the events of one call.

    Parameters
    ----------
    state : HouseState
        Before the call.
    events : Events
        All events of one call.

    Returns
    -------
    Snapshot, Parties
        Marks and index prices are those before: they are no events.

    Raises
    ------
    AdlError
        For events that do not go on from the state.

    Notes
    -----
    Event by event, in Python integers: O(wallets + positions + events). A row releases
    ``trunc(EV0·D/Q0)`` of its cost for the D of its Q0 lots closed so far; what an event names as
    ``amount`` is the change of balance less entry value, so the balance moves by it and by the cost.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.house.replay import replay_events
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
    ...     {"account": ["ann"], "balance": ["9"]},
    ...     [],
    ...     {"X": 2},
    ... )
    >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
    >>> before = house.state()
    >>> events = house.trade("X", 3, 2, buyer=0)
    >>> replay_events(before, events)[0].positions == house.snapshot().positions
    True
    """
    if events.first != state.sequence:
        raise AdlError.at("events", None, events.first, f"must begin with sequence {state.sequence}, the state's next")
    replay = _Replay(state, _insert_rows(state.snapshot, events))
    for event in _event_dicts(events):
        replay.apply(event)
    return replay.snapshot(), replay.parties()


def _event_dicts(events: Events) -> Iterator[Event]:
    """The legs one by one, with the text of their kind; all else as numbers."""
    for line in events.table.tolist():
        event: Event = dict(zip(FIELDS, line, strict=True))
        event["kind"] = KINDS[event["kind"]]
        yield event


def _insert_rows(snapshot: Snapshot, events: Events) -> Snapshot:
    """The books with the rows that trades put in, empty; rows are named as they are after the call."""
    trades = _event_dicts(events.only("trade"))
    fresh = sorted({(e["row"], e["contract"], e["wallet"]) for e in trades if e["cause"] == events.OPENED})
    positions, start = snapshot.positions.columns(), snapshot.start.copy()
    for row, code, wallet in fresh:
        values = {"wallet": wallet, "quantity": 0, "entry_value": 0, "leverage": 0.0}
        positions = {name: np.insert(column, row, values[name]) for name, column in positions.items()}
        start[code + 1 :] += 1
    return snapshot._with({"positions": snapshot.positions.replace(**positions), "start": start})


class _NettedRows:
    """Lots and cost of rows, and what each row held when it was last opened or enlarged.

    In code of its own, for it checks what kernels and :mod:`adlcore.clearing.snapshot.netted_row` book.
    """

    def __init__(self, lots: Any, cost: Any) -> None:
        self.lots, self.cost = lots.copy(), cost.copy()
        self.lots0, self.cost0 = lots.copy(), cost.copy()

    def move(self, place: Any, lots: int, value: int) -> int:
        """Book signed lots that are worth so much; the change of the cost."""
        held, cost = int(self.lots[place]), int(self.cost[place])
        if held * lots >= 0:
            self.lots[place] = self.lots0[place] = held + lots
            self.cost[place] = self.cost0[place] = cost + value
            return value
        if abs(lots) > abs(held):
            raise AdlError.at("events", None, lots, f"must close at most the {abs(held)} lots of its row")
        whole, closed = abs(int(self.lots0[place])), abs(int(self.lots0[place])) - abs(held) + abs(lots)
        left = int(self.cost0[place]) - math.trunc(Fraction(int(self.cost0[place]) * closed, whole))
        self.lots[place], self.cost[place] = held + lots, left
        return left - cost


class _Replay:
    """Books that events are applied to."""

    def __init__(self, state: HouseState, snapshot: Snapshot) -> None:
        self.snapshot_before, self.state = snapshot, state
        self.rows = _NettedRows(snapshot.positions.quantity, snapshot.positions.entry_value)
        parties = state.parties
        self.leverage = snapshot.positions.leverage.copy()
        self.party_rows = _NettedRows(parties.lots, parties.cost)
        self.realized, self.cash = parties.realized.copy(), parties.cash.copy()
        self.balance = snapshot.wallets.balance.copy()
        slots = snapshot.balances
        keys = list(zip(slots.wallet.tolist(), slots.asset.tolist(), strict=True))
        self.amounts = dict(zip(keys, slots.amount.tolist(), strict=True))
        self.loans = dict(zip(keys, slots.loan.tolist(), strict=True))
        orders = snapshot.orders.columns().values()
        listed = zip(*(column.tolist() for column in orders), strict=True)
        self.orders = {row: list(order) for row, order in enumerate(listed)}

    def apply(self, event: Event) -> None:
        """Apply one leg, or pass a fact by."""
        kind, amount = event["kind"], event["amount"]
        if kind in FILLS:
            self._fill(event)
        elif kind in MONEY or kind in ("deposit", "withdrawal", "fund-deposit"):
            self._pay(event, amount)
            if kind == "loan-repaid" and event["wallet"] >= 0:
                slot = event["wallet"], event["asset"]
                self.loans[slot] = self.loans.get(slot, 0) + amount
        elif kind == "leverage-set":
            self.leverage[event["row"]] = amount / LEVERAGE_UNIT
        elif kind == "order-placed":
            self.orders[event["row"]] = self._order(event)
        elif kind == "order-cancelled":
            self._cancel(event)

    def _cancel(self, event: Event) -> None:
        """Take an order out, which has to be the one that the event describes."""
        if self.orders.pop(event["row"], None) != self._order(event):
            raise AdlError.at("events", None, event["row"], "must name the row of the order that it cancels")

    @staticmethod
    def _order(event: Event) -> list[int]:
        """The columns of an order, in their order."""
        return [event[name] for name in ("contract", "wallet", "lots", "price", "amount")]

    def _fill(self, event: Event) -> None:
        """Move lots and cost, and pay what that realizes; a row that a trade opens begins without a leverage."""
        lots, amount = event["lots"], event["amount"]
        if event["party"] >= 0:
            place = event["party"], event["contract"]
            gain = amount + self.party_rows.move(place, lots, -amount)
            self.realized[place] += gain
        else:
            if event["kind"] == "trade" and not self.rows.lots[event["row"]]:
                self.leverage[event["row"]] = 0.0
            gain = amount + self.rows.move(event["row"], lots, -amount)
        self._pay(event, gain)

    def _pay(self, event: Event, amount: int) -> None:
        """Move money of a party, of a wallet's balance, or of one of its assets."""
        wallet, asset = event["wallet"], event["asset"]
        if event["party"] >= 0:
            self.cash[event["party"], asset] += amount
        elif not self.snapshot_before.wallets.is_valued(wallet):
            self.balance[wallet] += amount
        elif amount or (wallet, asset) in self.amounts:
            self.amounts[wallet, asset] = self.amounts.get((wallet, asset), 0) + amount

    def snapshot(self) -> Snapshot:
        """The users' side."""
        before = self.snapshot_before
        known = set(zip(before.balances.wallet.tolist(), before.balances.asset.tolist(), strict=True))
        fresh = sorted(
            key for key, amount in self.amounts.items() if key not in known and (amount or self.loans.get(key))
        )
        listed = [key for key in self.amounts if key in known] + fresh
        slots = ((*key, self.amounts[key], self.loans.get(key, 0)) for key in listed)
        columns = list(zip(*slots, strict=True)) or [()] * 4
        names = before.balances.PICKLED
        balances = {name: np.array(column, INT64) for name, column in zip(names, columns, strict=True)}
        orders = list(zip(*self.orders.values(), strict=True)) or [()] * 5
        placed = {name: np.array(column, INT64) for name, column in zip(before.orders.PICKLED, orders, strict=True)}
        return before._with(
            {
                "positions": before.positions.replace(
                    quantity=self.rows.lots, entry_value=self.rows.cost, leverage=self.leverage
                ),
                "wallets": before.wallets.replace(balance=self.balance),
                "balances": before.balances.replace(**balances),
                "orders": before.orders.replace(**placed),
            }
        )

    def parties(self) -> Parties:
        """The parties' side."""
        known = self.state.parties
        lots, cost = self.party_rows.lots, self.party_rows.cost
        return Parties(known.names, known.first_fund, lots=lots, cost=cost, realized=self.realized, cash=self.cash)
