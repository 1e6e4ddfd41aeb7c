"""What a clearing house has: its state, the margin and the open plan; and how a call ends in one assignment."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..._support.arrays import INT64, INT64_MAX
from ..._support.options import is_count
from ...errors import AdlError
from ..events import Events
from ..liquidation.cool_downs import valid_cool_downs
from ..liquidation.party_rows import require_int64
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import settle_debts
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import Restorable
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Order
from ..state import HouseState, names_of
from . import audit as books_audit
from .guard import Guard
from .house_terms import HouseTerms
from .ledger import Ledger
from .liquidation_pass import Pass, PassPrices, read_prices
from .plan import NOTHING_REPORTED, OpenPlan, Plan, ReportedFills, newest_reports, require_open_plan

__all__ = ["CommittedState", "HouseContents"]


class BookCheckpoint(NamedTuple):
    """Where an order book was; a book may have None for its token."""

    token: Any


class HouseContents(NamedTuple):
    """All that a house holds and that changes: replaced as a whole, so that a call ends in one assignment.

    Attributes
    ----------
    state : HouseState
    margin_pass : MarginPass or None
        The margin of the state. It is moved in place, so it is taken out while a call is at work; an error leaves none,
        and the next call works it out anew.
    ledger : Ledger
    events : Events
        Of the last call that went through.
    book_checkpoint : BookCheckpoint or None
        Of the order book, from before a call that has not ended.
    plan : OpenPlan or None
    reported : mapping of id to ReportedFill
        The newest fills of plans before that have names.
    """

    state: HouseState
    margin_pass: MarginPass | None
    ledger: Ledger
    events: Events
    book_checkpoint: BookCheckpoint | None = None
    plan: OpenPlan | None = None
    reported: ReportedFills = NOTHING_REPORTED

    def at_rest(self) -> HouseContents:
        """What a copy begins with: without the margin, which it works out anew, and with a book that is its own."""
        return self._replace(margin_pass=None, book_checkpoint=None)


class CommittedState:
    """The terms and the contents of a house, and its calls, each of which replaces the contents once.

    Whoever calls what changes them has the turn: :func:`~adlcore.clearing.house.guard.exclusive_call`.

    Attributes
    ----------
    terms : HouseTerms
    contents : HouseContents
    guard : Guard
        Fresh, with nobody to tell.
    """

    def __init__(self, terms: HouseTerms, contents: HouseContents) -> None:
        self.terms, self.contents, self.guard = terms, contents, Guard()

    @property
    def state(self) -> HouseState:
        """The state after the last call that went through."""
        return self.contents.state

    def differences(self) -> list[str]:
        """The invariants that do not hold, and whether the margin that is kept is that of the books."""
        with self.guard.lock:
            state, margin_pass = self.contents.state, self.contents.margin_pass
            sentences = [*books_audit.differences(state)]
            if margin_pass is not None:
                fresh = self.terms.make_margin_pass(state.snapshot)
                names = ("pnl", "margin", "wallets", "verdict")
                if not all(np.array_equal(getattr(margin_pass, name), getattr(fresh, name)) for name in names):
                    sentences.append("margin: what is kept differs from a fresh pass")
            return sentences

    def run_deferred(self) -> None:
        """Run what was deferred, unless a plan is open."""
        if self.contents.plan is None:
            self.guard.run_deferred()

    # The order book ---------------------------------------------------------------------------------------------------

    def checkpoint_book(self) -> None:
        """Remember where the order book is, so that it can be put back there."""
        if isinstance(self.terms.liquidity, Restorable):
            checkpoint = BookCheckpoint(self.terms.liquidity.checkpoint())
            self.contents = self.contents._replace(book_checkpoint=checkpoint)

    def restore_book(self) -> None:
        """Put the order book back to where it was before a call that has not ended; it may be done again and again."""
        contents = self.contents
        if contents.book_checkpoint is not None:
            if isinstance(self.terms.liquidity, Restorable):
                self.terms.liquidity.restore(contents.book_checkpoint.token)
            # After the book is back: an interruption in between has it put back once more.
            self.contents = contents._replace(book_checkpoint=None)

    # Marks ------------------------------------------------------------------------------------------------------------

    def read_prices(self, prices: Any, time: Any, index_prices: Any, oracle: Any) -> PassPrices:
        """What a mark is asked for, checked; refused while a plan is open."""
        self.refuse_open_plan()
        return read_prices(
            self.state.snapshot,
            prices,
            time=self._read_time(time),
            index_prices=index_prices,
            oracle=oracle,
            max_move=self.terms.max_move,
        )

    def mark(self, pass_prices: PassPrices) -> Events:
        """A pass that meets the order book of the house."""
        self.checkpoint_book()
        try:
            running_pass = self._begin_pass(self.state, pass_prices, batch_orders=False)
            running_pass.run_with_book(self.terms.liquidity)
            return self._commit_pass(running_pass)
        except BaseException:
            # Where the house has moved already the book has, too, and there is nothing to put back.
            self.restore_book()
            raise

    def plan(self, pass_prices: PassPrices) -> Plan:
        """A pass up to its first orders, held open."""
        state = self.state
        running_pass = self._begin_pass(state, pass_prices, batch_orders=True)
        open_plan = OpenPlan(state, pass_prices, running_pass, reported=self.contents.reported)
        return self._hold_plan(open_plan, running_pass.next(None))

    def settle(self, plan: Plan, fills: Any) -> Plan:
        """Go on with the open plan, to its next orders or to its end."""
        open_plan = require_open_plan(self.contents.plan, plan)
        # Answers are read before the pass moves: what is refused leaves the plan as it is
        # (``docs/waterfall.md``, "Plans, orders, fills").
        answered = open_plan.with_answer(fills)
        running_pass = open_plan.resume_pass(self._begin_pass)
        # No pass, until the next plan stands in its place: after an exception it is made again from the answers.
        self.contents = self.contents._replace(plan=open_plan.with_pass(None))
        orders = running_pass.next(answered.answers[-1]) if plan.orders else None
        if orders is None:
            return Plan(plan.number, (), (), self._commit_pass(running_pass, answered.reported))
        return self._hold_plan(answered.with_pass(running_pass), orders)

    def drop_plan(self) -> None:
        """Forget the open plan, if there is one, unless fills of it were settled."""
        open_plan = self.contents.plan
        if open_plan is not None and open_plan.has_fills:
            number, must = open_plan.plan.number, "settle it to its end: its fills have happened"
            raise AdlError(f"plan {number} has fills: {must}", argument="plan", value=number)
        self.contents = self.contents._replace(plan=None)

    def refuse_open_plan(self, must: str = "settle it, or drop_plan()") -> None:
        """Refuse what cannot be while a plan is open."""
        if self.contents.plan is not None:
            number = self.contents.plan.plan.number
            raise AdlError(f"plan {number} is open: {must}", argument="plan", value=number)

    def _hold_plan(self, open_plan: OpenPlan, orders: tuple[Order, ...] | None) -> Plan:
        """Hold a plan with these orders open; its number and theirs are used up, whatever becomes of it."""
        running_pass = open_plan.running_pass
        assert running_pass is not None
        state = self.state
        plan = Plan(state.next_plan, orders or (), running_pass.cancelled_orders(), None)
        state = state.replace(next_plan=plan.number + 1, next_order=running_pass.pass_books.next_order)
        self.contents = self.contents._replace(state=state, plan=replace(open_plan, plan=plan))
        return plan

    def _begin_pass(self, state: HouseState, pass_prices: PassPrices, batch_orders: bool) -> Pass:
        """A pass over the margin of the house, which it moves to new prices."""
        return Pass.at(
            state,
            self._take_margin_pass(),
            pass_prices,
            venue=self.terms.venue,
            liquidity=self.terms.liquidity,
            batch_orders=batch_orders,
            threads=self.terms.threads,
        )

    def _commit_pass(self, running_pass: Pass, reported: ReportedFills | None = None) -> Events:
        """Commit what a pass came to."""
        pass_books = running_pass.pass_books
        return self._commit(pass_books, running_pass.snapshot_after(), pass_books.margin_pass, reported)

    # Any call ---------------------------------------------------------------------------------------------------------

    def _take_margin_pass(self) -> MarginPass:
        """The margin of the state, taken out so that a call can move it."""
        contents = self.contents
        margin_pass = contents.margin_pass
        if margin_pass is None:
            margin_pass = self.terms.make_margin_pass(contents.state.snapshot)
        self.contents = contents._replace(margin_pass=None)
        return margin_pass

    def _read_time(self, time: int | None) -> int:
        """The time of a call: not before the last one, which it is where none is given."""
        last = self.state.time
        if time is None:
            return last
        if not is_count(time, 0, INT64_MAX):
            raise AdlError.at("time", None, time, "must be a whole number, 0 or above, such as milliseconds")
        if time < last:
            raise AdlError.at("time", None, time, f"must not be before the last one, {last}")
        return int(time)

    def _commit(
        self, pass_books: PassBooks, books: Snapshot, margin_pass: MarginPass, reported: ReportedFills | None = None
    ) -> Events:
        """One assignment, then the subscribers; `reported` are the fills of the plan that ends, and of those before.

        Nothing may be refused after the assignment, and nobody be told before it: an interruption on either side
        leaves a house that is before the call, or after it (``docs/waterfall.md``, "One call at a time").
        """
        contents = self.contents
        state = contents.state
        pass_books.parties.refuse_unfit()
        # By the margin after the call, and before the state is made, which has them (``docs/waterfall.md``,
        # "Cool-downs").
        pass_books.cooling = valid_cool_downs(pass_books.cooling, books, margin_pass)
        events = pass_books.log.events(state.sequence, pass_books.time, names_of(state))
        fresh = pass_books.state_after(books, events, state.next_plan)
        unchanged = books.positions is state.snapshot.positions and books.wallets is state.snapshot.wallets
        if self.terms.is_audited and not (unchanged and books.balances is state.snapshot.balances and not len(events)):
            books_audit.refuse_broken_books(fresh, events)
        ledger = contents.ledger.with_events(events, fresh.parties.first_fund)
        remembered = contents.reported if reported is None else newest_reports(reported)
        # The one assignment; it forgets the plan and the checkpoint of the book, too, for the book has moved with it.
        self.contents = HouseContents(fresh, margin_pass, ledger, events, reported=remembered)
        if len(events):
            self.guard.notify_subscribers(events)
        return events

    def make_change(self, time: int | None, change: Callable[[PassBooks], Snapshot | None]) -> Events:
        """One call that is no mark.

        The margin of the books after it is worked out before the house moves: numbers that no later call could
        hold are refused now. Debts that it leaves to wallets without positions are settled in it
        (``docs/waterfall.md``, "Debts").
        """
        self.refuse_open_plan()
        state = self.state
        now = self._read_time(time)
        pass_books = PassBooks(
            state,
            state.snapshot,
            self._take_margin_pass(),
            time=now,
            liquidity=self.terms.liquidity,
            batch_orders=False,
            oracle={},
        )
        books = change(pass_books)
        if books is None:
            books = pass_books.snapshot_after() if pass_books.is_writable else state.snapshot
        # Before the debts: they are those of wallets as the call has left them, by equity and by positions.
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
        margin_pass, before = pass_books.margin_pass, self.state.snapshot
        if pass_books.is_writable or books.positions is not before.positions or books.balances is not before.balances:
            return self.terms.make_margin_pass(books)
        moved = np.zeros(0, INT64)
        if books.wallets is not before.wallets:
            if margin_pass.slots.has_valued:
                return self.terms.make_margin_pass(books)
            moved = pass_books.log.wallets()
            for wallet in moved.tolist():
                change = int(books.wallets.balance[wallet]) - int(before.wallets.balance[wallet])
                margin_pass.sums[wallet, 0] = require_int64(int(margin_pass.sums[wallet, 0]) + change, "equity")
            # A copy: the state before holds the columns of the old one.
            margin_pass.slots = copy(margin_pass.slots)
            margin_pass.slots.balance = books.wallets.balance
        margin_pass.rebase(books, moved)
        return margin_pass
