"""One call of a house at a time: other threads wait, calls from within one are refused, deferred ones follow it."""

from __future__ import annotations

import inspect
import logging
import threading
from collections import deque
from collections.abc import Callable
from functools import wraps
from types import CodeType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from ...errors import AdlError
from ..state import HouseState

__all__ = ["Guard", "exclusive_call"]

LOG = logging.getLogger("adlcore")

P = ParamSpec("P")
R = TypeVar("R")

#: The code of what :func:`exclusive_call` makes of a method, by which a call is known on the stack.
GUARDED_CODE: set[CodeType] = set()


class Guard:
    """Whose turn it is in a house. No part of its state: copies and pickles get one of their own.

    Attributes
    ----------
    turn : RLock
        Held by the thread whose call is at work.
    call : str or None
        The name of that call; None between calls.
    deferred : deque of callables
        What runs when the call at work is over, the first one first.
    """

    def __init__(self) -> None:
        self.turn = threading.RLock()
        self.call: str | None = None
        self.deferred: deque[Callable[[], object]] = deque()
        self._running_deferred = False

    def refuse_within(self, house: object, name: str, at_work: int = 2) -> None:
        """Refuse a call from within another one; whoever holds the turn asks, itself on the stack where it is 2.

        An interruption may leave the name of a call behind that is over: the stack tells.
        """
        if self.call is not None and _calls_at_work(house) >= at_work:
            must = f"must come after it: house.defer(call) has a call run once {self.call} is over"
            raise AdlError(f"{name} was called from within {self.call}: {must}", argument="house", value=name)

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


class HasGuard(Protocol):
    """What has a guard."""

    _guard: Guard

    @property
    def _state(self) -> HouseState:
        """What it holds now."""

    def _run_deferred(self) -> None:
        """Run what waits for its turn, unless it must wait for more."""

    def _put_back(self) -> None:
        """Put the order book back to where it was, if a call that did not end has left it changed."""


H = TypeVar("H", bound=HasGuard)


def exclusive_call(method: Callable[Concatenate[H, P], R]) -> Callable[Concatenate[H, P], R]:
    """A method of a house that runs by itself: it waits for other threads, and refuses to run within another call.

    Calls that were deferred by one that failed before the house moved are forgotten with it.
    """

    def call(house: H, /, *args: P.args, **named: P.kwargs) -> R:
        guard = house._guard
        with guard.turn:
            guard.refuse_within(house, method.__name__)
            before, waiting = house._state, len(guard.deferred)
            try:
                guard.call = method.__name__
                house._put_back()
                found = method(house, *args, **named)
            except BaseException as error:
                while house._state is before and len(guard.deferred) > waiting:
                    guard.deferred.pop()
                if isinstance(error, OverflowError):
                    must = "all money and lots must fit int64; use fewer decimals"
                    raise AdlError(f"{method.__name__}: a number is too large: {must}") from error
                raise
            finally:
                guard.call = None
            house._run_deferred()
            return found

    GUARDED_CODE.add(call.__code__)
    return wraps(method)(call)


def _calls_at_work(house: object) -> int:
    """How many calls of a house stand on this thread's stack, the one that asks included."""
    frame, count = inspect.currentframe(), 0
    while frame is not None:
        count += frame.f_code in GUARDED_CODE and frame.f_locals.get("house") is house
        frame = frame.f_back
    return count
