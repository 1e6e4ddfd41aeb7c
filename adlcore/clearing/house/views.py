"""What a house shows of its funds, and what it asks of a venue that owns its order book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import AdlError
from ..events import FACTS, Events
from ..state import HouseState
from ..waterfall.stage import Order

__all__ = ["Fund", "Funds", "Ledger", "Plan", "read_fills"]


class Ledger:
    """The fund legs of all events since a house was made: those of one call, and the ledger before. Immutable."""

    __slots__ = ("_before", "_kept")

    def __init__(self, before: Ledger | None = None, kept: tuple[Events, npt.NDArray[np.intp]] | None = None) -> None:
        self._before, self._kept = before, kept

    def after(self, events: Events, party: int) -> Ledger:
        """The ledger with the legs of funds among these events; `party` is the first fund."""
        legs = np.flatnonzero((events.party >= party) & ~events.of(*FACTS))
        if not len(legs):
            return self
        return Ledger(self, (Events(events.table[legs], events.first, events.time, events.names), legs))

    def _all(self) -> list[tuple[Events, npt.NDArray[np.intp]]]:
        """What was kept, the first call first."""
        found, ledger = [], self
        while ledger._kept is not None and ledger._before is not None:
            found.append(ledger._kept)
            ledger = ledger._before
        return found[::-1]

    def of(self, name: str) -> dict[str, npt.NDArray[Any]]:
        """The columns of one fund's legs."""
        parts = []
        for kept, legs in self._all():
            columns = kept.columns()
            columns["sequence"] = kept.first + legs
            mine = columns["fund"] == name
            parts.append({key: column[mine] for key, column in columns.items()})
        names = ("sequence", "time", "kind", "contract", "lots", "price", "amount", "asset", "cause", "link")
        if not parts:
            return {key: np.zeros(0, np.int64) for key in names}
        return {key: np.concatenate([part[key] for part in parts]) for key in names}


@dataclass(frozen=True, eq=False)
class Fund:
    """An insurance fund of a house, as it is now.

    Attributes
    ----------
    name, asset : str
    cash, equity : int
        Quanta; ``equity`` is F: cash and what the inventory gained at the marks.
    balance : Decimal
        Cash in units of the asset.
    inventory : dict of symbol to (int, int)
        Signed lots and entry value of each netted row.
    """

    name: str
    asset: str
    cash: int
    equity: int
    balance: Decimal
    inventory: dict[str, tuple[int, int]]
    _ledger: Ledger

    @property
    def ledger(self) -> dict[str, npt.NDArray[Any]]:
        """Every movement since the house was made, as columns: ``amount`` is the change of cash less entry values."""
        return self._ledger.of(self.name)

    def __repr__(self) -> str:
        held = f", {len(self.inventory)} positions" if self.inventory else ""
        return f"<Fund {self.name}: {self.balance} {self.asset}{held}>"


class Funds(Mapping[str, Fund]):
    """The funds of a house by name, as they were when it was asked."""

    def __init__(self, state: HouseState, equity: Callable[[int], int], ledger: Ledger) -> None:
        self._state, self._equity, self._ledger = state, equity, ledger

    def __getitem__(self, name: str) -> Fund:
        state = self._state
        fund = state.funds.row(name)
        party, asset = state.parties.funds + fund, int(state.funds.asset[fund])
        cash, held = int(state.parties.cash[party, asset]), np.flatnonzero(state.parties.lots[party])
        return Fund(
            name=name,
            asset=state.snapshot.assets[asset].name,
            cash=cash,
            equity=self._equity(fund),
            balance=Decimal(state.snapshot.assets[asset].decimal(cash)),
            inventory={
                state.snapshot.contracts[code].symbol: (
                    int(state.parties.lots[party, code]),
                    int(state.parties.cost[party, code]),
                )
                for code in held.tolist()
            },
            _ledger=self._ledger,
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.funds.names)

    def __len__(self) -> int:
        return len(self._state.funds.names)

    def __contains__(self, name: object) -> bool:
        return name in self._state.funds.names

    def __repr__(self) -> str:
        return f"{{{', '.join(repr(fund) for fund in self.values())}}}"


@dataclass(frozen=True, eq=False)
class Plan:
    """What a venue that owns its order book is asked to do next.

    Attributes
    ----------
    number : int
        Of the plan within its house.
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


def read_fills(orders: tuple[Order, ...], fills: Any) -> list[list[tuple[int, int]]]:
    """The fills of each order: given as a list in the orders' order, or as a mapping by order number.

    Raises
    ------
    AdlError
        For fills of another plan's order, of more lots than ordered, or beyond the limit.
    """
    if isinstance(fills, Mapping):
        known = {order.number: place for place, order in enumerate(orders)}
        listed: list[Any] = [()] * len(orders)
        for number, filled in fills.items():
            if number not in known:
                raise AdlError.at("fills", None, number, f"must be the number of an order of this plan: {_few(known)}")
            listed[known[number]] = filled
        fills = listed
    if isinstance(fills, str) or not hasattr(fills, "__iter__"):
        raise AdlError.at("fills", None, fills, "must be a list of fills for each order, or a mapping by order number")
    given = []
    for row, filled in enumerate(fills):
        if isinstance(filled, str) or not hasattr(filled, "__iter__"):
            raise AdlError.at("fills", row, filled, "must be a list of (lots, ticks)")
        given.append(list(filled))
    if len(given) != len(orders):
        raise AdlError(f"fills are of {len(given)} orders: must be of {len(orders)}, the plan's", argument="fills")
    return [_checked(order, row, filled) for row, (order, filled) in enumerate(zip(orders, given, strict=True))]


def _few(known: Mapping[int, int]) -> str:
    return ", ".join(map(str, list(known)[:6])) or "it has none"


def _checked(order: Order, row: int, filled: list[Any]) -> list[tuple[int, int]]:
    """The fills of one order, as whole numbers."""
    found, total = [], 0
    for fill in filled:
        try:
            lots, ticks = fill
            whole = int(lots), int(ticks)
            if whole != (lots, ticks):
                raise ValueError
        except (TypeError, ValueError, OverflowError):
            raise AdlError.at("fills", row, fill, "must be (lots, ticks), two whole numbers") from None
        total += whole[0]
        side = 1 if order.lots < 0 else -1
        if whole[0] <= 0:
            raise AdlError.at("fills", row, fill, "must be of lots above 0")
        if total > abs(order.lots):
            raise AdlError.at("fills", row, fill, f"must sum to at most the {abs(order.lots)} lots ordered")
        if whole[1] < 1 or side * (whole[1] - order.limit) < 0:
            least = "least" if side > 0 else "most"
            raise AdlError.at("fills", row, fill, f"must be at {least} at the limit of its order, {order.limit} ticks")
        found.append(whole)
    return found
