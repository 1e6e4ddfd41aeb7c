"""The cash of each insurance fund through a run: what it held when that began, and the events since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ..._support.options import read_list
from ...clearing import InsuranceFund
from ...clearing.events import CODES, FILLS, MONEY
from ...errors import AdlError
from ...io.runs.opening import OpeningFund
from .prices import PriceHistory, absolute_value_per_lot
from .record import Record, RunLike

__all__ = ["FundCash", "TriggerChange", "fund_cash", "listed_funds"]

#: What names a fund, and what names a vault.
OF_FUNDS = (
    *("take-over", "fund-received", "fund-paid", "fund-deposit", "funding", "trigger-on", "trigger-off", "adl-fill"),
    "take-over-refused",
)
OF_VAULTS = ("backstop", "vault-received")
OTHERS = ("street", "treasury")


@dataclass(frozen=True)
class TriggerChange:
    """A trigger that was turned on or off: the pass (counted from 0), which, and the contract or -1."""

    pass_index: int
    is_on: bool
    contract: int


@dataclass(frozen=True, eq=False)
class FundCash:
    """The cash of one fund in time, what it is worth with its inventory, and its triggers.

    Attributes
    ----------
    name : str
    asset : int
        Row of the assets; -1 where neither the run, its configuration nor an event says.
    opening : int or None
        Cash before the first pass in quanta, where the run or its configuration says.
    cash : int64[p + 1]
        Quanta before the first pass and at the end of each; counted from 0 where the opening is not known.
    equity : float64[p + 1]
        F at the marks of the passes: cash and what the inventory gained.
    lots : int64[contracts]
        Inventory at the end.
    held_inventory : bool
        Whether it held any inventory on the way.
    triggers : tuple of TriggerChange
    """

    name: str
    asset: int
    opening: int | None
    cash: Int64Array1D
    equity: Float64Array1D
    lots: Int64Array1D
    held_inventory: bool
    triggers: tuple[TriggerChange, ...]

    @property
    def has_moved(self) -> bool:
        """Whether anything happened to it."""
        return bool((self.cash != self.cash[0]).any() or self.held_inventory or self.triggers)


def listed_funds(run: RunLike, funds: Iterable[InsuranceFund] | None = None) -> dict[str, tuple[str, Any]]:
    """The asset and the balance that each fund was given, by its name, as far as somebody lists them.

    Parameters
    ----------
    run : Run
        Its configuration may list under ``funds`` what :class:`InsuranceFund` was given: mappings with ``asset``
        and ``balance``, and ``scope`` and ``name`` where they were.
    funds : iterable of InsuranceFund, optional
        Used instead of the configuration.

    Returns
    -------
    dict

    Raises
    ------
    AdlError
        For what is no fund; one of the configuration is named by its place there.
    """
    if funds is not None:
        funds = read_list("funds", funds, "must be InsuranceFunds")
        for row, fund in enumerate(funds):
            if not isinstance(fund, InsuranceFund):
                raise AdlError.at("funds", row, fund, "must be an InsuranceFund")
        return {fund.name: (fund.asset, fund.balance) for fund in funds}
    given = run.configuration.get("funds") if isinstance(run.configuration, Mapping) else None
    found = {}
    for row, entry in enumerate(given if isinstance(given, list | tuple) else ()):
        if isinstance(entry, Mapping) and {"asset", "balance"} <= set(entry):
            try:
                fund = InsuranceFund(entry["asset"], entry["balance"], scope=entry.get("scope"), name=entry.get("name"))
            except AdlError as error:
                place = f"configuration.funds[{row}].{error.argument}"
                raise error.placed(place, error.row, error.value) from None
            found[fund.name] = fund.asset, fund.balance
    return found


def fund_cash(
    record: Record, run: RunLike, prices: PriceHistory, listed: Mapping[str, tuple[str, Any]] | None = None
) -> list[FundCash]:
    """The cash and equity of every fund that events or `listed` name, or that held anything when the run began.

    Parameters
    ----------
    record : Record
    run : Run
        What it says its funds held goes before what is listed.
    prices : PriceHistory
    listed : mapping of name to (asset, balance), optional
        Of :func:`listed_funds`.

    Returns
    -------
    list of FundCash
        Those of `listed` first, then those of the run, then others in the order of the alphabet.

    Notes
    -----
    Exact. A fill names what balance less entry value changed by; a row of a fund releases ``trunc(EV0·D/Q0)`` of its
    cost for the D of its Q0 lots that were closed so far in the pass, so cash is worked out fill by fill.
    O(events of the funds + passes·contracts).
    """
    opened = _opened(record, run, {} if listed is None else listed)
    names = [asset.name for asset in run.assets]
    has = {kind: set(np.unique(record.party[record.of(kind)]).tolist()) for kind in (*OF_FUNDS, *OF_VAULTS)}
    vaults = set().union(*(has[kind] for kind in OF_VAULTS))
    parties = set().union(*(has[kind] for kind in OF_FUNDS)) - vaults - {-1}
    told = [name for code, name in enumerate(record.parties) if code in parties and name not in OTHERS]
    found = []
    for name in dict.fromkeys([*opened, *told]):
        start = opened.get(name)
        code = record.parties.index(name) if name in record.parties else -1
        mine = np.flatnonzero(record.party == code) if code >= 0 else np.zeros(0, INT64)
        with_asset = record.asset[mine][record.asset[mine] >= 0]
        which = names.index(start.asset) if start else int(with_asset[0]) if len(with_asset) else -1
        held = _rows(run, start)
        cash, lots = _replayed(record, mine, start.cash if start else 0, held)
        found.append(
            FundCash(
                name=name,
                asset=which,
                opening=start.cash if start else None,
                cash=cash,
                equity=_equity(record, run, prices, mine, start.cash if start else 0, held),
                lots=lots,
                held_inventory=any(held[0]) or bool(record.of(*FILLS)[mine].any()),
                triggers=_triggers(record, mine),
            )
        )
    return found


def _opened(record: Record, run: RunLike, listed: Mapping[str, tuple[str, Any]]) -> dict[str, OpeningFund | None]:
    """What each fund held before the first pass; None for one that is listed in an asset which the run does not have.

    Every house has a fund for each asset: one that nobody lists, that is empty and that no event names is none of them.
    """
    said: Sequence[OpeningFund] | None = getattr(run, "opening_funds", None)  # what is only like a run need not say
    if said is None:
        assets = {asset.name: asset for asset in run.assets}
        return {
            name: OpeningFund(name, asset, assets[asset].quanta(balance), {}) if asset in assets else None
            for name, (asset, balance) in listed.items()
        }
    funds = {fund.name: fund for fund in said}
    first = [name for name in listed if name in funds]
    shown = {*first, *record.parties, *(fund.name for fund in said if fund.cash or fund.inventory)}
    return {name: funds[name] for name in dict.fromkeys([*first, *funds]) if name in shown}


def _rows(run: RunLike, start: OpeningFund | None) -> tuple[list[int], list[int]]:
    """Lots and entry value of each contract before the first pass."""
    held = {} if start is None else start.inventory
    rows = [held.get(contract.symbol, (0, 0)) for contract in run.contracts]
    return [lots for lots, _ in rows], [cost for _, cost in rows]


def _replayed(
    record: Record, mine: Int64Array1D, start: int, inventory: tuple[list[int], list[int]]
) -> tuple[Int64Array1D, Int64Array1D]:
    """Cash before the first pass and after each, and the inventory at the end."""
    cash = np.full(len(record.pass_number) + 1, start, INT64)
    (lots, cost), (lots0, cost0) = map(list, inventory), map(list, inventory)
    seen = [-1] * len(lots)
    fills = {CODES[kind] for kind in FILLS}
    moves = {*fills, *(CODES[kind] for kind in (*MONEY, "fund-deposit"))}
    held, last = start, 0
    columns = (record.kind, record.pass_index, record.contract, record.lots, record.amount)
    for kind, place, code, moved, amount in zip(*(column[mine].tolist() for column in columns), strict=True):
        if kind not in moves:
            continue
        if place >= last:
            cash[last : place + 1] = held
            last = place + 1
        held += amount
        if kind in fills:
            if seen[code] != place:
                seen[code], lots0[code], cost0[code] = place, lots[code], cost[code]
            before = cost[code]
            if lots[code] * moved >= 0:
                lots[code] += moved
                cost[code] -= amount
                lots0[code], cost0[code] = lots[code], cost[code]
            else:
                lots[code] += moved
                closed, whole = abs(lots0[code]) - abs(lots[code]), abs(lots0[code])
                released = abs(cost0[code]) * closed // whole
                cost[code] = cost0[code] - (released if cost0[code] > 0 else -released)
            held += cost[code] - before
    cash[last:] = held
    return cash, np.array(lots, INT64)


def _equity(
    record: Record,
    run: RunLike,
    prices: PriceHistory,
    mine: Int64Array1D,
    start: int,
    inventory: tuple[list[int], list[int]],
) -> Float64Array1D:
    """F before the first pass and at the marks of each: cash less cost, what events added, and lots at the marks."""
    passes = len(record.pass_number)
    moving = mine[record.of(*FILLS, *MONEY, "fund-deposit")[mine]]
    added = np.zeros(passes + 1, INT64)
    added[0] = start - sum(inventory[1])
    np.add.at(added, record.pass_index[moving] + 1, record.amount[moving])
    equity = np.cumsum(added).astype(FLOAT64)
    fills = mine[record.of(*FILLS)[mine]]
    for code in np.unique([*record.contract[fills].tolist(), *np.flatnonzero(inventory[0]).tolist()]).tolist():
        rows = fills[record.contract[fills] == code]
        held = np.zeros(passes + 1, INT64)
        held[0] = inventory[0][code]
        np.add.at(held, record.pass_index[rows] + 1, record.lots[rows])
        contract, lots = run.contracts[code], np.cumsum(held)
        unit = absolute_value_per_lot(contract, prices.mark[:, code]) * contract.settle.quanta_per_unit
        equity += np.where(lots == 0, 0.0, np.rint(lots * (-unit if contract.inverse else unit)))
    return equity


def _triggers(record: Record, mine: Int64Array1D) -> tuple[TriggerChange, ...]:
    """Turned on and off, in order."""
    kinds: dict[int, bool] = {CODES["trigger-on"]: True, CODES["trigger-off"]: False}
    found = mine[record.of("trigger-on", "trigger-off")[mine]]
    columns: list[npt.NDArray[Any]] = [record.pass_index[found], record.kind[found], record.contract[found]]
    listed = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(TriggerChange(place, kinds[kind], contract) for place, kind, contract in listed)
