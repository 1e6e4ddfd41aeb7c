"""What a clearing house holds: its state, the margin and the open plan; and how a call ends in one assignment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import copy, deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple, Self

import numpy as np

from ..._support import arrays
from ..._support.arrays import INT64, INT64_MAX
from ..._support.options import is_count, require_option
from ..._support.wording import counted
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..events import KINDS, Events
from ..liquidation.cool_downs import valid_cool_downs
from ..liquidation.party_rows import require_int64
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import settle_debts
from ..margin.margin_pass import MarginPass
from ..margin.margin_state import MarginState, refuse_without_tiers
from ..order_book.liquidity import Liquidity, NoLiquidity, Restorable
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Order
from ..stages.venue import as_venue
from ..state import HouseState, names_of
from . import audit as books_audit
from .fund_views import Funds, funds_of
from .guard import Guard, exclusive_call
from .ledger import Ledger
from .pass_prices import PassPrices, read_prices
from .plan import NOTHING_REPORTED, OpenPlan, Plan, ReportedFills, newest_reports

__all__ = ["HouseContents", "CommittedState"]

LOG = logging.getLogger("adlcore")

#: What a house holds of its own; a subclass may hold more.
OWN_FIELDS = (
    "version",
    "_held",
    "_liquidity",
    "_venue",
    "_audits",
    "_max_move",
    "_threads",
    "_ledger_lines",
    "opening",
)


class HouseContents(NamedTuple):
    """All that a house holds and that changes: replaced as a whole, so that a call ends in one assignment.

    Attributes
    ----------
    state : HouseState
    core : MarginPass or None
        The margin of the state. It is moved in place, so it is taken out while a call is at work; an error leaves none,
        and the next call works it out anew.
    ledger : Ledger
    events : Events
        Of the last call that went through.
    book : tuple or None
        The checkpoint of the order book from before a call that has not ended, alone in a tuple.
    plan : OpenPlan or None
    reported : mapping of id to (int, int, int)
        The newest fills of plans before that have names.
    """

    state: HouseState
    margin_pass: MarginPass | None
    ledger: Ledger
    events: Events
    book: tuple[Any] | None = None
    plan: OpenPlan | None = None
    reported: ReportedFills = NOTHING_REPORTED


class CommittedState:
    """The base of :class:`~adlcore.ClearingHouse`: what it holds, what it shows of that, and how a call changes it."""

    VERSION = 1

    def _settings(self, venue: Any, liquidity: Any, audit: str, max_move: Any, threads: int, ledger_lines: int) -> None:
        require_option("audit", audit, ("on", "off"), "must be 'on' or 'off'")
        if liquidity is not None and (isinstance(liquidity, type) or not callable(getattr(liquidity, "ioc", None))):
            raise AdlError.at("liquidity", None, liquidity, "must have a method ioc(contract, quantity, limit, time)")
        if isinstance(ledger_lines, bool) or not isinstance(ledger_lines, int) or ledger_lines < 0:
            raise AdlError.at("ledger_lines", None, ledger_lines, "must be a whole number, 0 or above")
        self._venue = as_venue(venue)
        self._liquidity: Liquidity = NoLiquidity() if liquidity is None else liquidity
        self._audits = audit == "on"
        self._max_move = None if max_move is None else exact_ratio(max_move, "max_move")
        if self._max_move is not None and self._max_move <= 0:
            raise AdlError.at("max_move", None, max_move, "must be above 0, or None")
        self._threads = arrays.thread_count(threads)
        self._ledger_lines = ledger_lines
        self._listen()

    def _listen(self) -> None:
        """Begin with a turn of one's own, and nobody to tell."""
        self._guard = Guard()
        self._subscribers: list[tuple[str | None, Callable[[dict[str, Any]], None]]] = []

    # What it is -------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The users' side of the books, immutable. Rows that were closed stay where they are, with 0 lots."""
        return self._state.snapshot

    def state(self) -> HouseState:
        """Everything that the house is; :meth:`ClearingHouse.from_state` goes on from it."""
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
        """The insurance funds by name: values of this moment, which nothing changes later."""
        held = self._held
        return funds_of(held.state, held.ledger)

    @property
    def last_events(self) -> Events:
        """The events of the last call that went through, of the opening where none has: also where its caller got none.

        Whatever an exception of a call left behind, they belong to the state that the house is in.
        """
        return self._held.events

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
        with self._guard.turn:
            held = self._held
            found = [*books_audit.differences(held.state)]
            if held.margin_pass is not None:
                fresh = self._make_margin_pass(held.state.snapshot)
                if not all(
                    np.array_equal(getattr(held.margin_pass, name), getattr(fresh, name))
                    for name in ("pnl", "margin", "wallets", "verdict")
                ):
                    found.append("margin: what is kept differs from a fresh pass")
            return found

    def on(self, kind: str | None, call: Callable[[dict[str, Any]], None]) -> None:
        """Have `call` run with each event of a kind (None: of every kind), after it is applied.

        What a subscriber raises is logged (``logging.getLogger("adlcore")``) and undoes nothing. It may read the
        house; calls that change it, copies and pickles are refused until the one that tells is over: :meth:`defer`
        has them run then. It must not wait for another thread that calls the house. Copies have no subscribers.
        """
        if kind is not None:
            require_option("kind", kind, KINDS)
        if not callable(call):
            raise AdlError.at("call", None, call, "must be callable")
        self._subscribers.append((kind, call))

    def defer(self, call: Callable[[], object]) -> None:
        """Have `call` run once the call at work is over, everybody was told of it, and no plan is open; else at once.

        Parameters
        ----------
        call : callable
            Without arguments; it may call the house. What it returns is forgotten, what it raises is logged. Not
            :meth:`ClearingHouse.settle` or :meth:`ClearingHouse.drop_plan`: it would wait for itself.

        Notes
        -----
        The way for subscribers, and for an order book, to act on what they see. Deferred calls run in the order in
        which they were deferred, before any other thread has its turn, each as a call by itself with its own events.
        Those that were deferred by a call that failed before the house moved are forgotten with it.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build(
        ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
        ...     {"account": ["ann"], "balance": ["9"]},
        ...     [],
        ...     {"X": 2},
        ... )
        >>> house = adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
        >>> house.on("deposit", lambda event: house.defer(lambda: house.fund_deposit("USDT", "1")))
        >>> events = house.deposit(0, "5")
        >>> events, house.funds["USDT"].balance
        (<1 events: 1 deposit>, Decimal('1.00000000'))
        """
        if not callable(call):
            raise AdlError.at("call", None, call, "must be callable, without arguments")
        with self._guard.turn:
            self._guard.deferred.append(call)
            if self._guard.call is None:
                self._run_deferred()

    def _run_deferred(self) -> None:
        if self._held.plan is None:
            self._guard.run_deferred()

    def __repr__(self) -> str:
        state = self._state
        counts = (len(state.snapshot.wallets), len(state.snapshot.contracts), len(state.funds))
        nouns = ("wallet", "contract", "fund")
        held = ", ".join(counted(n, noun, plain=True) for n, noun in zip(counts, nouns, strict=True))
        return f"<ClearingHouse {self._venue.name}: {held}, time {state.time:,}>"

    # The open plan ----------------------------------------------------------------------------------------------------

    @property
    def open_plan(self) -> Plan | None:
        """The plan that waits for fills, if there is one."""
        waiting = self._held.plan
        return None if waiting is None else waiting.plan

    @exclusive_call
    def drop_plan(self) -> None:
        """Forget the open plan, if there is one; the books are as they were before it.

        Raises
        ------
        AdlError
            Once fills were settled: they have happened, and the plan is the only one who knows of them. Whoever cannot
            go on books each of them on a house made :meth:`ClearingHouse.from_state`, as a trade of the order's wallet
            with the street, of :meth:`Contract.decimal` of its lots at :meth:`Contract.price` of its ticks.
        """
        waiting = self._held.plan
        if waiting is not None and waiting.has_fills:
            must = "settle it to its end: its fills have happened"
            raise AdlError(f"plan {waiting.plan.number} has fills: {must}", argument="plan", value=waiting.plan.number)
        self._held = self._held._replace(plan=None)

    def _planned(self, waiting: OpenPlan, orders: tuple[Order, ...] | None) -> Plan:
        """Hold a plan with these orders open; its number and theirs are used up, whatever becomes of it."""
        assert waiting.at_work is not None
        held = self._held
        number = held.state.next_plan
        plan = Plan(number, orders or (), waiting.at_work.cancels(), None)
        state = held.state.replace(next_plan=number + 1, next_order=waiting.at_work.pass_books.next_order)
        self._held = held._replace(state=state, plan=replace(waiting, plan=plan))
        return plan

    # Copies -----------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """A house of its own: the same state and terms, a copy of the order book, no subscribers, nothing deferred."""
        fresh = type(self).__new__(type(self))
        fresh.__setstate__(self._kept({id(self): fresh}))
        return fresh

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        fresh = type(self).__new__(type(self))
        memo[id(self)] = fresh
        kept = self._kept(memo)
        more = {name: deepcopy(value, memo) for name, value in kept.items() if name not in OWN_FIELDS}
        fresh.__setstate__({**kept, **more})
        return fresh

    def __getstate__(self) -> dict[str, Any]:
        return self._kept({id(self): self})

    def _kept(self, memo: dict[int, Any]) -> dict[str, Any]:
        """What copies and pickles hold: of one moment, with a copy of the order book of that moment.

        Two houses that sent orders to one book would take from each other; `memo` is that of the copy.
        """
        with self._guard.turn:
            self._guard.refuse_within(self, "a copy or a pickle", 1)
            if self._held.plan is not None:
                number = self._held.plan.plan.number
                must = "settle it, or drop_plan(), before the house is copied or pickled"
                raise AdlError(f"plan {number} is open: {must}", argument="plan", value=number)
            self._put_back()
            kept = {name: value for name, value in vars(self).items() if name not in ("_guard", "_subscribers")}
            try:
                book = deepcopy(self._liquidity, memo)
            except Exception as error:
                must = "must be one that can be copied; from_state(house.state(), venue, liquidity) takes another"
                raise AdlError.at("liquidity", None, self._liquidity, must) from error
            held = self._held._replace(margin_pass=None, book=None)
            return {"version": self.VERSION, **kept, "_held": held, "_liquidity": book}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        values = dict(kept)
        if (found := values.pop("version", None)) != self.VERSION:
            must = f"this adlcore reads version {self.VERSION}"
            raise AdlError(f"{type(self).__name__} was pickled as version {found}: {must}", value=found)
        vars(self).update(values)
        self._listen()

    # Inside -----------------------------------------------------------------------------------------------------------

    _held: HouseContents

    @property
    def _state(self) -> HouseState:
        return self._held.state

    def _note_book(self) -> None:
        """Remember where the order book is, so that it can be put back there."""
        if isinstance(self._liquidity, Restorable):
            self._held = self._held._replace(book=(self._liquidity.checkpoint(),))

    def _put_back(self) -> None:
        """Put the order book back to where it was before a call that has not ended; it may be done again and again."""
        held = self._held
        if held.book is not None:
            if isinstance(self._liquidity, Restorable):
                self._liquidity.restore(held.book[0])
            self._held = held._replace(book=None)

    def _make_margin_pass(self, snapshot: Snapshot) -> MarginPass:
        for code, contract in enumerate(snapshot.contracts):
            if contract.tiers is None:
                must = "must have margin tiers: Contract(..., tiers=MarginTiers(...))"
                raise AdlError.at("contracts", code, contract.symbol, must)
            if contract.tick is None:
                raise AdlError.at("contracts", code, contract.symbol, "must have a tick: Contract(..., tick=...)")
        refuse_without_tiers(snapshot)
        return MarginPass(snapshot, self._venue.inclusive, self._threads)

    def _take_margin_pass(self) -> MarginPass:
        """The margin of the state, taken out so that a call can move it."""
        held = self._held
        margin_pass = self._make_margin_pass(held.state.snapshot) if held.margin_pass is None else held.margin_pass
        self._held = held._replace(margin_pass=None)
        return margin_pass

    def _time(self, time: int | None) -> int:
        last = self._state.time
        if time is None:
            return last
        if not is_count(time, 0, INT64_MAX):
            raise AdlError.at("time", None, time, "must be a whole number, 0 or above, such as milliseconds")
        if time < last:
            raise AdlError.at("time", None, time, f"must not be before the last one, {last}")
        return int(time)

    def _read(self, prices: Any, time: Any, index_prices: Any, oracle: Any) -> PassPrices:
        """What a mark is asked for, checked; refused while a plan is open."""
        self._refuse_open_plan()
        return read_prices(self._state.snapshot, prices, self._time(time), index_prices, oracle, self._max_move)

    def _commit(
        self, pass_books: PassBooks, books: Snapshot, margin_pass: MarginPass, reported: ReportedFills | None = None
    ) -> Events:
        """One assignment, then the subscribers; `reported` are the fills of the plan that ends, and of those before."""
        held = self._held
        state = held.state
        pass_books.parties.refuse_unfit()
        pass_books.cooling = valid_cool_downs(pass_books.cooling, books, margin_pass)
        events = pass_books.log.events(state.sequence, pass_books.time, names_of(state))
        fresh = pass_books.state_after(books, events, state.next_plan)
        unchanged = books.positions is state.snapshot.positions and books.wallets is state.snapshot.wallets
        if self._audits and not (unchanged and books.balances is state.snapshot.balances and not len(events)):
            books_audit.refuse_broken_books(fresh, events)
        ledger = held.ledger.after(events, fresh.parties.funds)
        told = held.reported if reported is None else newest_reports(reported)
        self._held = HouseContents(fresh, margin_pass, ledger, events, reported=told)
        if len(events):
            self._tell(events)
        return events

    def _tell(self, events: Events) -> None:
        for kind, call in tuple(self._subscribers):
            for event in events.rows(*([] if kind is None else [kind])):
                try:
                    call(event)
                except Exception:
                    LOG.exception("a subscriber to %s failed on event %d", kind or "events", event["sequence"])

    def _refuse_open_plan(self) -> None:
        if self._held.plan is not None:
            number = self._held.plan.plan.number
            raise AdlError(f"plan {number} is open: settle it, or drop_plan()", argument="plan", value=number)

    def _change(self, time: int | None, change: Callable[[PassBooks], Snapshot | None]) -> Events:
        """One call that is no mark.

        The margin of the books after it is worked out before the house moves: numbers that no later call could
        hold are refused now. Debts that it leaves to wallets without positions are settled in it.
        """
        self._refuse_open_plan()
        state = self._state
        now = self._time(time)
        pass_books = PassBooks(
            state,
            state.snapshot,
            self._take_margin_pass(),
            time=now,
            liquidity=self._liquidity,
            batch_orders=False,
            oracle={},
        )
        books = change(pass_books)
        if books is None:
            books = pass_books.snapshot_after() if pass_books.is_writable else state.snapshot
        margin_pass = self._margin_after(pass_books, books)
        before = state.snapshot
        moved = books.positions is not before.positions or books.balances is not before.balances
        if moved and not pass_books.is_writable:
            pass_books.adopt_books(books, margin_pass)
            settle_debts(pass_books, pass_books.log.wallets())
            if pass_books.is_writable:
                books = pass_books.snapshot_after()
                margin_pass.rebase(books, pass_books.log.wallets())
        return self._commit(pass_books, books, margin_pass)

    def _margin_after(self, pass_books: PassBooks, books: Snapshot) -> MarginPass:
        """The margin of books that a call has changed: by differences where only orders, funds or balances did."""
        margin_pass, before = pass_books.margin_pass, self._state.snapshot
        if pass_books.is_writable or books.positions is not before.positions or books.balances is not before.balances:
            return self._make_margin_pass(books)
        moved = np.zeros(0, INT64)
        if books.wallets is not before.wallets:
            if margin_pass.slots.has_valued:
                return self._make_margin_pass(books)
            moved = pass_books.log.wallets()
            for wallet in moved.tolist():
                change = int(books.wallets.balance[wallet]) - int(before.wallets.balance[wallet])
                margin_pass.sums[wallet, 0] = require_int64(int(margin_pass.sums[wallet, 0]) + change, "equity")
            margin_pass.slots = copy(margin_pass.slots)
            margin_pass.slots.balance = books.wallets.balance
        margin_pass.rebase(books, moved)
        return margin_pass
