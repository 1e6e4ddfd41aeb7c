"""What a venue that owns its order book is asked to do next, and what it answers: each fill counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ..._arrays import INT64_MAX
from ...decimals import whole_number
from ...errors import AdlError
from ..events import Events
from ..state import HouseState
from ..waterfall.rounds import Pass
from ..waterfall.stage import Fill, Order

__all__ = ["OpenPlan", "Plan", "Prices", "fills_of"]

#: What names a fill in the venue's own book.
FillId = str | int

#: Lots, ticks and, where it has one, its name.
Report = tuple[int, int, FillId | None]

PAIR = "must be (lots, ticks), two whole numbers; where a plan is settled also (lots, ticks, id), the fill's name"


@dataclass(frozen=True, eq=False)
class Plan:
    """What a venue that owns its order book is asked to do next.

    Attributes
    ----------
    number : int
        No two plans of a house and of those that go on from its states have the same.
    orders : tuple of Order
        Immediate-or-cancel orders to place, in this order.
    cancels : tuple of dict
        Open orders to cancel before: wallet, account, contract, lots, price in ticks.
    events : Events or None
        Once it is done, all that happened; before, None.
    """

    number: int
    orders: tuple[Order, ...]
    cancels: tuple[dict[str, Any], ...]
    events: Events | None

    @property
    def done(self) -> bool:
        """Whether the pass is over and the house has moved."""
        return self.events is not None

    def __repr__(self) -> str:
        what = "done" if self.done else f"{len(self.orders):,} orders, {len(self.cancels):,} cancels"
        return f"<Plan {self.number}: {what}>"


@dataclass(frozen=True, eq=False)
class Prices:
    """What a pass is asked for: new marks, index and oracle prices by row, and the time."""

    marks: dict[int, Decimal]
    index: dict[int, Decimal]
    oracle: dict[int, Decimal]
    time: int


@dataclass(frozen=True, eq=False)
class OpenPlan:
    """A plan that waits for fills, and all that it takes to make its pass again.

    Attributes
    ----------
    state : HouseState
        From which the pass began.
    prices : Prices
    at_work : Pass or None
        None after an exception; the pass is made again from the rest.
    plan : Plan
    answers : tuple of lists of lists of Fill
        What was filled so far: for each plan before this one, of each of its orders.
    reported : mapping of id to (int, int, int)
        Order number, lots and ticks of every fill that has a name.
    settled : frozenset of int
        The numbers of the orders of the plans before.
    """

    state: HouseState
    prices: Prices
    at_work: Pass | None
    plan: Plan = Plan(0, (), (), None)
    answers: tuple[list[list[Fill]], ...] = ()
    reported: Mapping[FillId, tuple[int, int, int]] = field(default_factory=dict)
    settled: frozenset[int] = frozenset()

    def asking(self, plan: Plan) -> OpenPlan:
        """The same with another plan to answer."""
        return replace(self, plan=plan, settled=self.settled | {order.number for order in self.plan.orders})

    def stopped(self) -> OpenPlan:
        """The same without its pass, which an exception may have ended."""
        return replace(self, at_work=None)

    def going_on(self, at_work: Pass) -> OpenPlan:
        """The same with its pass at work."""
        return replace(self, at_work=at_work)

    @property
    def has_fills(self) -> bool:
        """Whether anything was filled already."""
        return any(filled for answer in self.answers for filled in answer)

    def answered(self, fills: Any) -> OpenPlan:
        """The same with the fills of its orders as its last answer.

        Raises
        ------
        AdlError
            For an order that is not named, fills of another plan's order, of more lots than ordered, beyond the
            limit, told twice in two ways, or twice without a name.
        """
        reported = dict(self.reported)
        answer = []
        for place, (order, filled) in enumerate(zip(self.plan.orders, self._by_order(fills), strict=True)):
            fresh = _once(order, place, [] if filled is None else _reports(place, filled), reported)
            answer.append(_checked(order, place, fresh))
        return replace(self, answers=(*self.answers, answer), reported=reported)

    def _by_order(self, fills: Any) -> list[Any]:
        """What is told of each order, in the plan's order."""
        orders = self.plan.orders
        if isinstance(fills, Mapping):
            return self._by_number(fills)
        if isinstance(fills, str) or not isinstance(fills, Iterable):
            must = "must be a list with the fills of each order, or a mapping by order number"
            raise AdlError.at("fills", None, fills, must)
        listed = list(fills)
        if len(listed) != len(orders):
            must = f"must be of {len(orders)}, the plan's, None where nothing was filled"
            raise AdlError(f"fills are of {len(listed)} orders: {must}", argument="fills")
        return listed

    def _by_number(self, fills: Mapping[Any, Any]) -> list[Any]:
        known = [order.number for order in self.plan.orders]
        for number, filled in fills.items():
            if number in self.settled:
                self._refuse_late(number, filled)
            elif number not in known:
                shown = ", ".join(map(str, known[:6])) or "it has none"
                raise AdlError.at("fills", None, number, f"must be the number of an order of this plan: {shown}")
        for number in known:
            if number not in fills:
                must = f"must name every order of plan {self.plan.number}: None for one that nothing filled"
                raise AdlError(f"fills lack order {number}: {must}", argument="fills", value=number)
        return [fills[number] for number in known]

    def _refuse_late(self, number: int, filled: Any) -> None:
        """A report of an order of a plan before may be told again; it may tell nothing new."""
        for lots, ticks, name in [] if filled is None else _reports(number, filled):
            if name is None or self.reported.get(name) != (number, lots, ticks):
                must = f"must be of an order of plan {self.plan.number}: order {number} was settled before"
                raise AdlError.at("fills", number, _shown(lots, ticks, name), must)


def fills_of(order: Order, place: int, fills: Any) -> list[Fill]:
    """What a book at hand filled of an order: it answers once, so that its fills have no names."""
    reports = _reports(place, fills)
    for lots, ticks, name in reports:
        if name is not None:
            raise AdlError.at("fills", place, (lots, ticks, name), PAIR)
    return _checked(order, place, reports)


def _reports(place: int, fills: Any) -> list[Report]:
    """The fills of one order, read: whole numbers, and names where they have them."""
    if isinstance(fills, str | Mapping) or not isinstance(fills, Iterable):
        raise AdlError.at("fills", place, fills, "must be a list of (lots, ticks) or (lots, ticks, id), or None")
    return [_report(place, fill) for fill in fills]


def _report(place: int, fill: Any) -> Report:
    """One fill, read."""
    parts = tuple(fill) if isinstance(fill, tuple | list) else ()
    if len(parts) not in (2, 3):
        raise AdlError.at("fills", place, fill, PAIR)
    try:
        lots, ticks = (whole_number(part, "fills", wide=True) for part in parts[:2])
        name = parts[2] if len(parts) == 3 else None
        if name is not None and not isinstance(name, str):
            name = whole_number(name, "fills", wide=True)
    except AdlError:
        raise AdlError.at("fills", place, fill, PAIR) from None
    return lots, ticks, name


def _once(
    order: Order, place: int, reports: list[Report], reported: dict[FillId, tuple[int, int, int]]
) -> list[Report]:
    """The reports of an order without those that tell the same again; what they name is noted."""
    fresh: list[Report] = []
    for lots, ticks, name in reports:
        told = order.number, lots, ticks
        if name is None or name not in reported:
            fresh.append((lots, ticks, name))
        elif reported[name] != told:
            number, *other = reported[name]
            must = f"must be a name of its own: fill {name!r} is {tuple(other)} of order {number}"
            raise AdlError.at("fills", place, _shown(lots, ticks, name), must)
        if name is not None:
            reported[name] = told
    counts = Counter((lots, ticks) for lots, ticks, _ in fresh)
    for lots, ticks, name in fresh:
        if name is None and counts[lots, ticks] > 1:
            must = "must have a name, (lots, ticks, id): another fill of this order is equal, and may be the same one"
            raise AdlError.at("fills", place, (lots, ticks), must)
    return fresh


def _checked(order: Order, place: int, reports: list[Report]) -> list[Fill]:
    """The fills of one order, within its lots and its limit."""
    total, side = 0, 1 if order.lots < 0 else -1
    for lots, ticks, name in reports:
        shown = _shown(lots, ticks, name)
        total += lots
        if lots <= 0:
            raise AdlError.at("fills", place, shown, "must be of lots above 0")
        if total > abs(order.lots):
            raise AdlError.at("fills", place, shown, f"must sum to at most the {abs(order.lots)} lots ordered")
        if ticks < 1 or side * (ticks - order.limit) < 0:
            least = "least" if side > 0 else "most"
            must = f"must be at {least} at the limit of its order, {order.limit} ticks"
            raise AdlError.at("fills", place, shown, must)
        if ticks > INT64_MAX:
            raise AdlError.at("fills", place, shown, "must be at a price that is an int64 of ticks")
    return [(lots, ticks) for lots, ticks, _ in reports]


def _shown(lots: int, ticks: int, name: FillId | None) -> tuple[Any, ...]:
    """A report as it was told."""
    return (lots, ticks) if name is None else (lots, ticks, name)
