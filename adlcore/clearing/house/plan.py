"""What a venue that owns its order book is asked to do next, and what it answers: each fill counted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ..._support.options import read_list
from ...errors import AdlError
from ..events import Events
from ..stages.stage import Order, OrderFill
from ..state import HouseState
from .fill_reports import FillId, ReportedFill, check_fills, drop_repeats, read_reports
from .liquidation_pass import Pass, PassPrices

__all__ = ["OpenPlan", "Plan"]


#: Fills by their names.
ReportedFills = Mapping[FillId, ReportedFill]

#: Of no fill.
NOTHING_REPORTED: ReportedFills = {}

#: So many fills of plans before are remembered.
REMEMBERED_REPORTS = 10_000


@dataclass(frozen=True, eq=False)
class Plan:
    """What a venue that owns its order book is asked to do next.

    Attributes
    ----------
    number : int
        No two plans of a house and of those that go on from its states have the same.
    orders : tuple of Order
        Immediate-or-cancel orders to place, in this order.
    cancels : tuple of mapping
        Open orders to cancel before: wallet, account, contract, lots, price in ticks; read-only. Those of
        counterparties that are deleveraged come later, as ``order-cancelled`` among the events.
    events : Events or None
        Once it is done, all that happened; before, None.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "10"},
    ... )
    >>> house = adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
    >>> plan = house.plan({"X": "9"})
    >>> plan, plan.done, plan.orders[0].lots
    (<Plan 1: 1 orders, 0 cancels>, False, -10)
    >>> house.settle(plan, {plan.orders[0].number: [(10, 9, "fill-1")]}).done
    True
    """

    number: int
    orders: tuple[Order, ...]
    cancels: tuple[Mapping[str, Any], ...]
    events: Events | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cancels", tuple(MappingProxyType(dict(each)) for each in self.cancels))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping does not pickle.
        return type(self), (self.number, self.orders, tuple(map(dict, self.cancels)), self.events)

    @property
    def done(self) -> bool:
        """Whether the pass is over and the house has moved: a plan without orders is settled, too, with nothing."""
        return self.events is not None

    def __repr__(self) -> str:
        what = "done" if self.done else f"{len(self.orders):,} orders, {len(self.cancels):,} cancels"
        return f"<Plan {self.number}: {what}>"


@dataclass(frozen=True, eq=False)
class OpenPlan:
    """A plan that waits for fills, and all that it takes to make its pass again.

    Attributes
    ----------
    state : HouseState
        From which the pass began.
    prices : PassPrices
    running_pass : Pass or None
        None after an exception; the pass is made again from the rest.
    plan : Plan
    answers : tuple of lists of lists of OrderFill
        What was filled so far: for each plan before this one, of each of its orders.
    reported : mapping of id to ReportedFill
        Every fill that has a name, of plans before, too.
    """

    state: HouseState
    prices: PassPrices
    running_pass: Pass | None
    plan: Plan = Plan(0, (), (), None)
    answers: tuple[list[list[OrderFill]], ...] = ()
    reported: ReportedFills = field(default_factory=dict)

    def with_pass(self, running_pass: Pass | None) -> OpenPlan:
        """This plan with another pass, or with None where an exception may end the one it has."""
        return replace(self, running_pass=running_pass)

    def resume_pass(self, begin: Callable[[HouseState, PassPrices, bool], Pass]) -> Pass:
        """The pass of the plan; made again, up to its orders, where an exception has ended it."""
        if self.running_pass is not None:
            return self.running_pass
        running_pass = begin(self.state, self.prices, True)
        running_pass.next(None)
        for answer in self.answers:
            running_pass.next(answer)
        return running_pass

    @property
    def has_fills(self) -> bool:
        """Whether anything was filled already."""
        return any(filled for answer in self.answers for filled in answer)

    def with_answer(self, fills: Any) -> OpenPlan:
        """This plan with the fills of its orders as its last answer.

        Raises
        ------
        AdlError
            For an order that is not named, fills of another plan's order, of more lots than ordered, beyond the
            limit, told twice in two ways, or twice without a name.
        """
        reported = dict(self.reported)
        answer = []
        for place, (order, filled) in enumerate(zip(self.plan.orders, self._fills_in_order(fills), strict=True)):
            row = order.number if isinstance(fills, Mapping) else place
            # What is told again goes first: it counts once, also against the lots of the order
            # (``docs/waterfall.md``, "Plans, orders, fills").
            fresh = drop_repeats(order, row, [] if filled is None else read_reports(row, filled), reported)
            answer.append(check_fills(order, row, fresh))
        return replace(self, answers=(*self.answers, answer), reported=reported)

    def _fills_in_order(self, fills: Any) -> list[Any]:
        """What is told of each order, in the plan's order."""
        orders = self.plan.orders
        if isinstance(fills, Mapping):
            return self._fills_by_number(fills)
        must = "must be a list with the fills of each order, or a mapping by order number"
        listed = read_list("fills", fills, must)
        if len(listed) != len(orders):
            must = f"must be of {len(orders)}, the plan's, None where nothing was filled"
            raise AdlError(f"fills are of {len(listed)} orders: {must}", argument="fills")
        return listed

    def _fills_by_number(self, fills: Mapping[Any, Any]) -> list[Any]:
        """What is told of each order under its number, in the plan's order; every order has to be there."""
        known = [order.number for order in self.plan.orders]
        first = min(known, default=self.state.next_order)
        for number, filled in fills.items():
            if isinstance(number, int) and 0 <= number < first:
                self._refuse_late(number, filled)
            elif number not in known:
                numbers = ", ".join(map(str, known[:6])) or "it has none"
                raise AdlError.at("fills", None, number, f"must be the number of an order of this plan: {numbers}")
        for number in known:
            if number not in fills:
                must = f"must name every order of plan {self.plan.number}: None for one that nothing filled"
                raise AdlError(f"fills lack order {number}: {must}", argument="fills", value=number)
        return [fills[number] for number in known]

    def _refuse_late(self, number: int, filled: Any) -> None:
        """Refuse what a report of an order of an earlier plan tells anew; it may be told again as it was."""
        for report in [] if filled is None else read_reports(number, filled):
            known = None if report.name is None else self.reported.get(report.name)
            if known != (number, report.lots, report.ticks):
                must = f"must be of an order of plan {self.plan.number}: order {number} was settled before"
                raise AdlError.at("fills", number, report.as_told(), must)


def require_open_plan(open_plan: OpenPlan | None, plan: Any) -> OpenPlan:
    """The open plan, where `plan` is that one."""
    if open_plan is None or open_plan.plan is not plan:
        number = plan.number if isinstance(plan, Plan) else plan
        must = f"must be the open plan, {open_plan.plan!r}" if open_plan else "must be open: there is none"
        raise AdlError.at("plan", None, number, must)
    return open_plan


def newest_reports(reported: ReportedFills) -> ReportedFills:
    """The fills that are remembered once a plan is done: the last ones that were told."""
    return dict(list(reported.items())[-REMEMBERED_REPORTS:]) if len(reported) > REMEMBERED_REPORTS else reported
