"""What a clearing house keeps: its state, the margin that goes with it, and how a call ends in one assignment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import copy
from decimal import Decimal
from typing import Any

import numpy as np

from ... import _arrays
from ..._arrays import INT64
from ...errors import AdlError
from ...ratios import exact_ratio
from ..accounts.margin import MarginState, refuse_without_tiers
from ..accounts.margin_pass import MarginPass
from ..accounts.snapshot import Snapshot
from ..events import KINDS, Events
from ..order_book.liquidity import Liquidity, NoLiquidity
from ..state import HouseState, names_of
from ..waterfall.venue import Venue
from ..waterfall.working import Working
from . import audit as books_audit
from .views import Funds, Ledger, Plan

__all__ = ["Keeper"]

LOG = logging.getLogger("adlcore")


class Keeper:
    """The base of :class:`~adlcore.ClearingHouse`: what it shows of itself, and how its state changes."""

    def _settings(self, venue: Any, liquidity: Any, audit: str, max_move: Any, threads: int) -> None:
        if audit not in ("on", "off"):
            raise AdlError.at("audit", None, audit, "must be 'on' or 'off'")
        if liquidity is not None and not hasattr(liquidity, "ioc"):
            raise AdlError.at("liquidity", None, liquidity, "must have a method ioc(contract, quantity, limit, time)")
        self._venue = venue if isinstance(venue, Venue) else Venue("custom", venue)
        self._liquidity: Liquidity = NoLiquidity() if liquidity is None else liquidity
        self._audits = audit == "on"
        self._max_move = None if max_move is None else exact_ratio(max_move, "max_move")
        if self._max_move is not None and self._max_move <= 0:
            raise AdlError.at("max_move", None, max_move, "must be above 0, or None")
        self._threads = _arrays.thread_count(threads)
        self._subscribers: list[tuple[str | None, Callable[[dict[str, Any]], None]]] = []
        self._open_plan: tuple[Plan, Any] | None = None
        self._plans = 0

    # What it is -------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The users' side of the books, immutable. Rows that were closed stay where they are, with 0 lots."""
        return self._state.snapshot

    def state(self) -> HouseState:
        """Everything that the house is; :meth:`from_state` goes on from it."""
        return self._state

    @property
    def hash(self) -> str:
        """SHA-256 of the state, as hexadecimal text."""
        return self._state.hash

    @property
    def time(self) -> int:
        """The time of the last call."""
        return self._state.time

    @property
    def marks(self) -> dict[str, Decimal | None]:
        """The last mark of each contract, by symbol."""
        snapshot = self._state.snapshot
        return {contract.symbol: mark for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True)}

    @property
    def funds(self) -> Funds:
        """The insurance funds by name."""
        state = self._state
        work = Working(state, state.snapshot, self._margin_core(), state.time, self._liquidity, False, {})
        return Funds(state, work.fund_equity, self._held[2])

    def margin_state(self) -> MarginState:
        """The margin of every wallet at the last marks; a copy that is yours."""
        return MarginState(self._state.snapshot, inclusive=self._venue.inclusive, threads=self._threads)

    def audit(self) -> list[str]:
        """Every invariant of the books that does not hold, named; an empty list where all do.

        Notes
        -----
        Σ quantity is 0 for each contract, street, funds and vaults included; balances and cash less entry
        values change by money from outside only; a wallet without positions has at least 0, or owes its
        open entry; a fund has what it opened with and its ledger; the margin that is kept up to date is
        what a fresh pass makes of the books. O(positions).
        """
        found = [*books_audit.differences(self._state)]
        core = self._held[1]
        if core is not None:
            fresh = self._core(self._state.snapshot)
            if not all(
                np.array_equal(getattr(core, name), getattr(fresh, name))
                for name in ("pnl", "margin", "wallets", "verdict")
            ):
                found.append("margin: what is kept differs from a fresh pass")
        return found

    def on(self, kind: str | None, call: Callable[[dict[str, Any]], None]) -> None:
        """Have `call` run with each event of a kind (None: of every kind), after it is applied.

        What a subscriber raises is logged (``logging.getLogger("adlcore")``) and undoes nothing.
        """
        if kind is not None and kind not in KINDS:
            raise AdlError.at("kind", None, kind, f"must be one of {', '.join(KINDS)}")
        if not callable(call):
            raise AdlError.at("call", None, call, "must be callable")
        self._subscribers.append((kind, call))

    def __repr__(self) -> str:
        state = self._state
        held = (
            f"{_counted(len(state.snapshot.wallets), 'wallet')}, {_counted(len(state.snapshot.contracts), 'contract')}"
        )
        return f"<ClearingHouse {self._venue.name}: {held}, {_counted(len(state.funds), 'fund')}, time {state.time:,}>"

    # Inside -----------------------------------------------------------------------------------------------------------

    @property
    def _state(self) -> HouseState:
        return self._held[0]

    def _put(self, state: HouseState, core: MarginPass | None, ledger: Ledger) -> None:
        # The margin of a state is a cache: it is taken out while a call moves it, and an error leaves none.
        self._held: tuple[HouseState, MarginPass | None, Ledger] = (state, core, ledger)

    def _core(self, snapshot: Snapshot) -> MarginPass:
        for code, contract in enumerate(snapshot.contracts):
            if contract.tiers is None:
                must = "must have margin tiers: Contract(..., tiers=MarginTiers(...))"
                raise AdlError.at("contracts", code, contract.symbol, must)
            if contract.tick is None:
                raise AdlError.at("contracts", code, contract.symbol, "must have a tick: Contract(..., tick=...)")
        refuse_without_tiers(snapshot)
        return MarginPass(snapshot, self._venue.inclusive, self._threads)

    def _taken(self) -> MarginPass:
        state, core, _ = self._held
        return self._core(state.snapshot) if core is None else core

    def _margin_core(self) -> MarginPass:
        state, _, ledger = self._held
        core = self._taken()
        self._put(state, core, ledger)
        return core

    def _time(self, time: int | None) -> int:
        last = self._state.time
        if time is None:
            return last
        if isinstance(time, bool) or not isinstance(time, int | np.integer) or not 0 <= time < 2**63:
            raise AdlError.at("time", None, time, "must be a whole number, 0 or above, such as milliseconds")
        if time < last:
            raise AdlError.at("time", None, time, f"must not be before the last one, {last}")
        return int(time)

    def _commit(self, work: Working, books: Snapshot, core: MarginPass | None) -> Events:
        """One assignment, then the subscribers."""
        state = self._state
        events = work.log.events(state.sequence, work.time, names_of(state))
        fresh = work.state_after(books, events)
        unchanged = books.positions is state.snapshot.positions and books.wallets is state.snapshot.wallets
        if self._audits and not (unchanged and books.balances is state.snapshot.balances and not len(events)):
            books_audit.check(fresh, events)
        self._put(fresh, core, self._held[2].after(events, fresh.parties.funds))
        if len(events):
            self._tell(events)
        return events

    def _tell(self, events: Events) -> None:
        for kind, call in self._subscribers:
            for event in events.rows(*([] if kind is None else [kind])):
                try:
                    call(event)
                except Exception:
                    LOG.exception("a subscriber to %s failed on event %d", kind or "events", event["sequence"])

    def _refuse_open_plan(self) -> None:
        if self._open_plan is not None:
            number = self._open_plan[0].number
            raise AdlError(f"plan {number} is open: settle it, or drop_plan()", argument="plan", value=number)

    def _change(self, time: int | None, change: Callable[[Working], Snapshot | None]) -> Events:
        """One call that is no mark."""
        self._refuse_open_plan()
        state = self._state
        core = self._taken()
        self._put(state, None, self._held[2])
        work = Working(state, state.snapshot, core, self._time(time), self._liquidity, False, {})
        books = change(work)
        if books is None:
            books = work.changed() if work.opened else state.snapshot
        moved = self._carried(work, books)
        if moved is None:  # worked out before anything is kept: what leaves int64 or 2^62 is refused
            moved = self._core(books)
        for party in range(len(work.lots)):
            work.notionals(party)
        work.fund_equities()
        return self._commit(work, books, moved)

    def _carried(self, work: Working, books: Snapshot) -> MarginPass | None:
        """The margin, where it can go on without a new pass: only orders, funds or a balance changed."""
        core, before = work.core, self._state.snapshot
        if work.opened or books.positions is not before.positions or books.balances is not before.balances:
            return None
        moved = np.zeros(0, INT64)
        if books.wallets is not before.wallets:
            if core.slots.many:
                return None
            moved = work.log.wallets()
            for wallet in moved.tolist():
                change = int(books.wallets.balance[wallet]) - int(before.wallets.balance[wallet])
                core.sums[wallet, 0] = work.fitting(int(core.sums[wallet, 0]) + change, "equity")
            core.slots = copy(core.slots)
            core.slots.balance = books.wallets.balance
        core.rebased(books, moved)
        return core

    def _margin(self, work: Working) -> MarginState:
        return MarginState._of(work.core)


def _counted(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
