"""One call of a house at a time: other threads wait, calls from within are refused; who is told, what is deferred."""

from __future__ import annotations

import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import wraps
from types import CodeType
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from ...errors import AdlError
from ..events import Events
from ..state import HouseState

__all__ = ["Guard", "exclusive_call"]

LOG = logging.getLogger("adlcore")

P = ParamSpec("P")
R = TypeVar("R")

#: The code of what :func:`exclusive_call` makes of a method, by which a call is known on the stack.
GUARDED_CODE: set[CodeType] = set()


class Guard:
    """Whose turn it is in a house, and who is told. No part of its state: copies and pickles get one of their own.

    Attributes
    ----------
    lock : RLock
        Held by the thread whose call is at work.
    running_call : str or None
        The name of that call; None between calls.
    subscribers : list of (str or None, callable)
        Kinds of events, None for every kind, and who is told of each.
    deferred : deque of callables
        What runs when the call at work is over, the first one first.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.running_call: str | None = None
        self.subscribers: list[tuple[str | None, Callable[[dict[str, Any]], None]]] = []
        self.deferred: deque[Callable[[], object]] = deque()
        self._running_deferred = False

    def refuse_within(self, house: object, name: str, least_calls: int = 2) -> None:
        """Refuse a call from within another one; whoever holds the lock asks, itself on the stack where it is 2.

        An interruption may leave the name of a call behind that is over: the stack tells.
        """
        if self.running_call is not None and _calls_at_work(house) >= least_calls:
            must = f"must come after it: house.defer(call) has a call run once {self.running_call} is over"
            raise AdlError(f"{name} was called from within {self.running_call}: {must}", argument="house", value=name)

    def notify_subscribers(self, events: Events) -> None:
        """Tell each subscriber of its events; what it raises is logged, for the house has moved already."""
        for kind, subscriber in tuple(self.subscribers):
            for event in events.rows(*([] if kind is None else [kind])):
                try:
                    subscriber(event)
                except Exception:
                    LOG.exception("a subscriber to %s failed on event %d", kind or "events", event["sequence"])

    def run_deferred(self) -> None:
        """Run what waits; what it raises is logged, for nobody is there to catch it.

        What a deferred call defers in its turn waits behind the others.
        """
        if self._running_deferred:
            return
        try:
            self._running_deferred = True
            while self.deferred:
                call = self.deferred.popleft()
                try:
                    call()
                except Exception:
                    LOG.exception("a deferred call failed: %r", call)
        finally:
            self._running_deferred = False


class Guarded(Protocol):
    """What a guard is over: a committed state."""

    guard: Guard

    @property
    def state(self) -> HouseState:
        """What is held now."""

    def run_deferred(self) -> None:
        """Run what waits for its turn, unless it must wait for more."""

    def restore_book(self) -> None:
        """Put the order book back to where it was, if a call that did not end has left it changed."""


class HasCommittedState(Protocol):
    """A house, as the guard sees it."""

    @property
    def _committed(self) -> Guarded: ...


H = TypeVar("H", bound=HasCommittedState)


def exclusive_call(method: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
    """A method of a house that runs by itself: it waits for other threads, and refuses to run within another call.

    Calls that were deferred by one that failed before the house moved are forgotten with it
    (``docs/waterfall.md``, "One call at a time").
    """

    def call(house: H, /, *args: P.args, **named: P.kwargs) -> R:
        committed = house._committed
        guard = committed.guard
        with guard.lock:
            guard.refuse_within(house, method.__name__)
            before, waiting = committed.state, len(guard.deferred)
            try:
                # Inside, so that an interruption from here on finds the name taken back below.
                guard.running_call = method.__name__
                # Before the call reads anything: one that was interrupted may have left its orders in the book.
                committed.restore_book()
                result = method(house, *args, **named)
            except BaseException as error:
                # They were to act on what happened, and nothing did; where the house has moved they still run.
                while committed.state is before and len(guard.deferred) > waiting:
                    guard.deferred.pop()
                if isinstance(error, OverflowError):
                    must = "all money and lots must fit int64; use fewer decimals"
                    raise AdlError(f"{method.__name__}: a number is too large: {must}") from error
                raise
            finally:
                guard.running_call = None
            # Only now: each is a call by itself, which would be refused while the name stands.
            committed.run_deferred()
            return result

    GUARDED_CODE.add(call.__code__)
    return wraps(method)(call)


def _calls_at_work(house: object) -> int:
    """How many calls of a house stand on this thread's stack, the one that asks included."""
    frame, count = inspect.currentframe(), 0
    while frame is not None:
        count += frame.f_code in GUARDED_CODE and frame.f_locals.get("house") is house
        frame = frame.f_back
    return count
