"""What an order book reports of its fills: read, counted once, and held to their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from ..._support.arrays import INT64_MAX, LONGEST_NAME
from ..._support.options import read_list
from ...contracts.decimals import whole_number
from ...errors import AdlError
from ..order_book.liquidity import Liquidity
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Order, OrderFill

__all__ = ["FillId", "Report", "ReportedFill", "check_fills", "drop_repeats", "fill_orders", "read_reports"]

#: What names a fill in the venue's own book: 5 and "5" are one name, for reports come as numbers and as text.
FillId = str


class Report(NamedTuple):
    """A fill as an order book tells it, with its name where it has one."""

    lots: int
    ticks: int
    name: FillId | None

    def as_told(self) -> tuple[Any, ...]:
        """The tuple of two, or of three where it has a name."""
        return tuple(self[:2]) if self.name is None else tuple(self)


class ReportedFill(NamedTuple):
    """What is remembered of a fill that has a name."""

    order_number: int
    lots: int
    ticks: int


FILL_FORM = "must be (lots, ticks), two whole numbers; where a plan is settled also (lots, ticks, id), the fill's name"


def read_reports(place: int, fills: Any) -> list[Report]:
    """The fills of one order, read: whole numbers, and names where they have them."""
    must = "must be a list of (lots, ticks) or (lots, ticks, id), or None"
    return [_read_report(place, fill) for fill in read_list("fills", fills, must, place)]


def _read_report(place: int, fill: Any) -> Report:
    """One fill, read."""
    parts = tuple(fill) if isinstance(fill, tuple | list) else ()
    if len(parts) not in (2, 3):
        raise AdlError.at("fills", place, fill, FILL_FORM)
    try:
        lots, ticks = (whole_number(part, "fills", wide=True) for part in parts[:2])
        name = parts[2] if len(parts) == 3 else None
        if isinstance(name, str):
            name = str.__str__(name)  # not as a class of somebody else's compares it
        elif name is not None:
            name = str(whole_number(name, "fills"))
    except AdlError:
        raise AdlError.at("fills", place, fill, FILL_FORM) from None
    if name is not None and not 0 < len(name) <= LONGEST_NAME:
        raise AdlError.at("fills", place, fill, f"must have a name of 1 to {LONGEST_NAME} characters, or none")
    return Report(lots, ticks, name)


def drop_repeats(order: Order, place: int, reports: list[Report], reported: dict[FillId, ReportedFill]) -> list[Report]:
    """The reports of an order without those that tell the same again; what they name is noted."""
    fresh: list[Report] = []
    for report in reports:
        fill = ReportedFill(order.number, report.lots, report.ticks)
        if report.name is None:
            fresh.append(report)
            continue
        known = reported.setdefault(report.name, fill)
        if known is fill:
            fresh.append(report)
        elif known != fill:
            must = (
                f"must be a name of its own: fill {report.name!r} is {(known.lots, known.ticks)} "
                f"of order {known.order_number}"
            )
            raise AdlError.at("fills", place, report.as_told(), must)
    counts = Counter((report.lots, report.ticks) for report in fresh)
    for report in fresh:
        if report.name is None and counts[report.lots, report.ticks] > 1:
            must = "must have a name, (lots, ticks, id): another fill of this order is equal, and may be the same one"
            raise AdlError.at("fills", place, report.as_told(), must)
    return fresh


def check_fills(order: Order, place: int, reports: list[Report]) -> list[OrderFill]:
    """The fills of one order, within its lots and its limit."""
    total, side = 0, 1 if order.lots < 0 else -1
    for report in reports:
        total += report.lots
        if report.lots <= 0:
            raise AdlError.at("fills", place, report.as_told(), "must be of lots above 0")
        if total > abs(order.lots):
            must = f"must sum to at most the {abs(order.lots)} lots ordered"
            raise AdlError.at("fills", place, report.as_told(), must)
        if report.ticks < 1 or side * (report.ticks - order.limit) < 0:
            least = "least" if side > 0 else "most"
            must = f"must be at {least} at the limit of its order, {order.limit} ticks"
            raise AdlError.at("fills", place, report.as_told(), must)
        if report.ticks > INT64_MAX:
            raise AdlError.at("fills", place, report.as_told(), "must be at a price that is an int64 of ticks")
    return [(report.lots, report.ticks) for report in reports]


def fill_orders(book: Liquidity, snapshot: Snapshot, orders: Iterable[Order], time: int) -> list[list[OrderFill]]:
    """What a book at hand fills of orders, one after the other; it answers once, so that its fills have no names."""
    fills = []
    for place, order in enumerate(orders):
        contract = snapshot.contracts[snapshot.code(order.contract)]
        reports = read_reports(place, book.ioc(contract, order.lots, order.limit, time))
        for report in reports:
            if report.name is not None:
                raise AdlError.at("fills", place, report.as_told(), FILL_FORM)
        fills.append(check_fills(order, place, reports))
    return fills
