"""What a clearing house shows of the state that it has, whom it tells of its calls, and what its copies are."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any, Self

from ..._support.options import require_option
from ..._support.wording import counted
from ...errors import AdlError
from ..events import KINDS, Events
from ..margin.margin_state import MarginState
from ..snapshot.snapshot import Snapshot
from ..state import HouseState
from .committed_state import CommittedState
from .fund_views import Funds, funds_of
from .plan import Plan

__all__ = ["HouseView"]

#: What a pickle of a house has of its own; a subclass may have more.
OWN_FIELDS = ("version", "_terms", "_contents", "opening")


class HouseView:
    """The calls of :class:`~adlcore.ClearingHouse` that leave its books alone; all that changes is in `_committed`."""

    VERSION = 2

    opening: Events
    _committed: CommittedState

    # What it is -------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The users' side of the books, immutable. Rows that were closed stay where they are, with 0 lots."""
        return self._committed.state.snapshot

    def state(self) -> HouseState:
        """Everything that the house is; :meth:`ClearingHouse.from_state` goes on from it."""
        return self._committed.state

    @property
    def hash(self) -> str:
        """SHA-256 of the state, as hexadecimal text."""
        return self._committed.state.hash

    @property
    def time(self) -> int:
        """The time of the last call."""
        return self._committed.state.time

    @property
    def marks(self) -> dict[str, Decimal | None]:
        """The last mark of each contract, by symbol."""
        snapshot = self._committed.state.snapshot
        return {contract.symbol: mark for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True)}

    @property
    def funds(self) -> Funds:
        """The insurance funds by name: values of this moment, which nothing changes later."""
        contents = self._committed.contents  # once: another thread may replace it meanwhile
        return funds_of(contents.state, contents.ledger)

    @property
    def last_events(self) -> Events:
        """The events of the last call that went through, of the opening where none has: also where its caller got none.

        Whatever an exception of a call left behind, they belong to the state that the house is in.
        """
        return self._committed.contents.events

    def margin_state(self) -> MarginState:
        """The margin of every wallet at the last marks; a copy that is yours."""
        terms = self._committed.terms
        return MarginState(self._committed.state.snapshot, inclusive=terms.venue.inclusive, threads=terms.threads)

    def audit(self) -> list[str]:
        """Every invariant of the books that does not hold, named; an empty list where all do.

        Notes
        -----
        Σ quantity is 0 for each contract, street, funds and vaults included; balances and cash less entry
        values change by money from outside only; a wallet without positions has at least 0, or owes its
        open entry; a fund has what it opened with and its ledger; the margin that is kept up to date is
        what a fresh pass makes of the books. O(positions).
        """
        return self._committed.differences()

    @property
    def open_plan(self) -> Plan | None:
        """The plan that waits for fills, if there is one."""
        open_plan = self._committed.contents.plan
        return None if open_plan is None else open_plan.plan

    def __repr__(self) -> str:
        state = self._committed.state
        counts = (len(state.snapshot.wallets), len(state.snapshot.contracts), len(state.funds))
        nouns = ("wallet", "contract", "fund")
        text = ", ".join(counted(n, noun, plain=True) for n, noun in zip(counts, nouns, strict=True))
        return f"<ClearingHouse {self._committed.terms.venue.name}: {text}, time {state.time:,}>"

    # Subscribers and deferred calls -----------------------------------------------------------------------------------

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
        self._committed.guard.subscribers.append((kind, call))

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
        with self._committed.guard.lock:
            self._committed.guard.deferred.append(call)
            if self._committed.guard.running_call is None:
                self._committed.run_deferred()

    # Copies -----------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """A house of its own: the same state and terms, a copy of the order book, no subscribers, nothing deferred."""
        fresh = type(self).__new__(type(self))
        fresh.__setstate__(self._pickled_fields({id(self): fresh}))
        return fresh

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy with copies of what a subclass holds; of what the house has, nothing but the order book can change."""
        fresh = type(self).__new__(type(self))
        memo[id(self)] = fresh
        fields = self._pickled_fields(memo)
        more = {name: deepcopy(value, memo) for name, value in fields.items() if name not in OWN_FIELDS}
        fresh.__setstate__({**fields, **more})
        return fresh

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds, by names that the layout of the classes inside does not change."""
        return self._pickled_fields({id(self): self})

    def _pickled_fields(self, memo: dict[int, Any]) -> dict[str, Any]:
        """What copies and pickles hold: of one moment, with a copy of the order book of that moment.

        Two houses that sent orders to one book would take from each other; `memo` is that of the copy.
        """
        committed = self._committed
        # The lock, refusals, the book put back, then copied: so state and book are of one moment, between two calls
        # (``docs/waterfall.md``, "One call at a time").
        with committed.guard.lock:
            committed.guard.refuse_within(self, "a copy or a pickle", 1)
            committed.refuse_open_plan("settle it, or drop_plan(), before the house is copied or pickled")
            committed.restore_book()
            own = {"_terms": committed.terms.with_own_book(memo), "_contents": committed.contents.at_rest()}
            more = {name: value for name, value in vars(self).items() if name != "_committed"}
            return {"version": self.VERSION, **more, **own}

    def __setstate__(self, fields: dict[str, Any]) -> None:
        """A house of the same state and terms, whose turn nobody has and who tells nobody."""
        values = dict(fields)
        if (version := values.pop("version", None)) != self.VERSION:
            must = f"this adlcore reads version {self.VERSION}"
            raise AdlError(f"{type(self).__name__} was pickled as version {version}: {must}", value=version)
        self._committed = CommittedState(values.pop("_terms"), values.pop("_contents"))
        vars(self).update(values)
