"""What a house shows of its insurance funds: values of the moment at which they were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.options import is_text_of, require_option
from ..state import HouseState
from .ledger import Ledger, ledger_columns, total_amount

__all__ = ["Fund", "Funds", "funds_of"]


@dataclass(frozen=True, eq=False)
class Fund:
    """An insurance fund of a house at one moment. Immutable; pickles; nothing that the house does later changes it.

    Attributes
    ----------
    name, asset : str
    cash, equity : int
        Quanta; ``equity`` is F: cash and what the inventory gained at the marks.
    balance : Decimal
        Cash in units of the asset.
    inventory : dict of symbol to (int, int)
        Signed lots and entry value of each netted row.
    brought_forward : int
        Cash less entry values, in quanta, before the first line of `ledger`.

    Notes
    -----
    ``brought_forward + ledger["amount"].sum()`` is cash less the entry values of the inventory.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
    ...     {"account": ["ann"], "balance": ["9"]},
    ...     [],
    ...     {"X": 2},
    ... )
    >>> house = adl.ClearingHouse(snapshot, [adl.InsuranceFund("USDT", "5")], venue=adl.venues.BINANCE_USDM)
    >>> events = house.fund_deposit("USDT", "2.5")
    >>> fund = house.funds["USDT"]
    >>> fund
    <Fund USDT: 7.50000000 USDT>
    >>> fund.brought_forward, fund.ledger["kind"], fund.ledger["amount"]
    (500000000, array(['fund-deposit'], dtype='<U19'), array([250000000]))
    """

    name: str
    asset: str
    cash: int
    equity: int
    balance: Decimal
    inventory: dict[str, tuple[int, int]]
    brought_forward: int
    _lines: npt.NDArray[np.int64] = field(repr=False)
    _names: tuple[tuple[str, ...], tuple[str, ...]] = field(repr=False)

    @property
    def ledger(self) -> dict[str, npt.NDArray[Any]]:
        """The fund's newest movements as columns, oldest first; ``amount`` is the change of cash less entry values.

        A :class:`ClearingHouse` keeps so many lines of each fund as it was made to. Older ones are in the events
        that its calls returned, in a recorded run, or with whoever subscribed (:meth:`ClearingHouse.on`).
        Funding is one line for a call and contract, under the number of its first leg.
        """
        return ledger_columns(self._lines, *self._names)

    def __repr__(self) -> str:
        held = f", {len(self.inventory)} positions" if self.inventory else ""
        return f"<Fund {self.name}: {self.balance:f} {self.asset}{held}>"


class Funds(Mapping[str, Fund]):
    """The funds of a house by name, as they were when they were asked for. Immutable; pickles."""

    def __init__(self, funds: Mapping[str, Fund]) -> None:
        self._funds = dict(funds)

    def __getitem__(self, name: str) -> Fund:
        require_option("name", name, self._funds, f"must be one of the funds {', '.join(self._funds)}")
        return self._funds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._funds)

    def __len__(self) -> int:
        return len(self._funds)

    def __contains__(self, name: object) -> bool:
        return is_text_of(name, self._funds)

    def __repr__(self) -> str:
        return f"{{{', '.join(f'{name!r}: {fund!r}' for name, fund in self.items())}}}"


def funds_of(state: HouseState, ledger: Ledger) -> Funds:
    """The funds of a state; O(funds·contracts + lines)."""
    snapshot, parties, table = state.snapshot, state.parties, state.funds
    symbols = tuple(contract.symbol for contract in snapshot.contracts)
    names = symbols, tuple(asset.name for asset in snapshot.assets)
    found = {}
    for row, name in enumerate(table.names):
        party, asset = parties.first_fund + row, int(table.asset[row])
        cash, lines = int(parties.cash[party, asset]), ledger.lines_of(party)
        held = np.flatnonzero(parties.lots[party]).tolist()
        inventory = {code: (int(parties.lots[party, code]), int(parties.cost[party, code])) for code in held}
        found[name] = Fund(
            name=name,
            asset=snapshot.assets[asset].name,
            cash=cash,
            equity=cash + sum(_mark_value(state, code, lots) - cost for code, (lots, cost) in inventory.items()),
            balance=Decimal(snapshot.assets[asset].decimal(cash)),
            inventory={symbols[code]: pair for code, pair in inventory.items()},
            brought_forward=int(state.opening[row]) + int(state.ledger[row]) - total_amount(lines),
            _lines=lines,
            _names=names,
        )
    return Funds(found)


def _mark_value(state: HouseState, code: int, lots: int) -> int:
    """MV of lots at the mark, as a pass has it."""
    mark = state.snapshot.marks[code]
    return 0 if mark is None else round(float(lots) * state.snapshot.contracts[code].quanta_per_lot(mark))
