"""The cash of each insurance fund through a run, from the events alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D
from ..clearing import InsuranceFund
from ..clearing.events import FILLS, MONEY
from .prices import Prices, value_per_lot
from .record import KIND_CODES, Record, RunLike

__all__ = ["FundCash", "Trigger", "fund_cash", "openings"]

#: What names a fund, and what names a vault.
OF_FUNDS = (
    *("take-over", "fund-received", "fund-paid", "fund-deposit", "funding", "trigger-on", "trigger-off", "adl-fill"),
)
OF_VAULTS = ("backstop", "vault-received")
OTHERS = ("street", "treasury")


@dataclass(frozen=True)
class Trigger:
    """A trigger that was turned on or off: the pass (counted from 0), which, and the contract or -1."""

    place: int
    on: bool
    contract: int


@dataclass(frozen=True, eq=False)
class FundCash:
    """One fund.

    Attributes
    ----------
    name : str
    asset : int
        Row of the assets; -1 where no event and no configuration says.
    opening : int or None
        Cash before the first pass in quanta, where the run's configuration says.
    cash : int64[p + 1]
        Quanta before the first pass and at the end of each; counted from 0 where the opening is not known.
    equity : float64[p + 1]
        F at the marks of the passes: cash and what the inventory gained.
    lots : int64[contracts]
        Inventory at the end.
    took : bool
        Whether it held any inventory on the way.
    triggers : tuple of Trigger
    """

    name: str
    asset: int
    opening: int | None
    cash: Int64Array1D
    equity: Float64Array1D
    lots: Int64Array1D
    took: bool
    triggers: tuple[Trigger, ...]

    @property
    def moved(self) -> bool:
        """Whether anything happened to it."""
        return bool((self.cash != self.cash[0]).any() or self.took or self.triggers)


def openings(run: RunLike, funds: Iterable[InsuranceFund] | None = None) -> dict[str, tuple[str, Any]]:
    """The asset and opening balance of each fund, by its name.

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
    """
    if funds is not None:
        return {fund.name: (fund.asset, fund.balance) for fund in funds}
    given = run.configuration.get("funds") if isinstance(run.configuration, Mapping) else None
    names = ("asset", "balance", "scope", "name")
    found = {}
    for entry in given if isinstance(given, list | tuple) else ():
        if isinstance(entry, Mapping) and {"asset", "balance"} <= set(entry):
            fund = InsuranceFund(**{key: entry[key] for key in names if entry.get(key) is not None})
            found[fund.name] = fund.asset, fund.balance
    return found


def fund_cash(
    record: Record, run: RunLike, prices: Prices, opened: Mapping[str, tuple[str, Any]] | None = None
) -> list[FundCash]:
    """The cash and equity of every fund that events or `opened` name.

    Parameters
    ----------
    record : Record
    run : Run
    prices : Prices
    opened : mapping of name to (asset, balance), optional
        Of :func:`openings`.

    Returns
    -------
    list of FundCash
        Those of `opened` first, then others in the order of the alphabet.

    Notes
    -----
    Exact. A fill names what balance less entry value changed by; a row of a fund releases ``trunc(EV0·D/Q0)`` of its
    cost for the D of its Q0 lots that were closed so far in the pass, so cash is worked out fill by fill.
    O(events of the funds + passes·contracts).
    """
    opened = {} if opened is None else opened
    names = [asset.name for asset in run.assets]
    has = {kind: set(np.unique(record.party[record.of(kind)]).tolist()) for kind in (*OF_FUNDS, *OF_VAULTS)}
    vaults = set().union(*(has[kind] for kind in OF_VAULTS))
    parties = set().union(*(has[kind] for kind in OF_FUNDS)) - vaults - {-1}
    told = [name for code, name in enumerate(record.parties) if code in parties and name not in OTHERS]
    found = []
    for name in dict.fromkeys([*opened, *told]):
        asset, balance = opened.get(name, ("", None))
        code = record.parties.index(name) if name in record.parties else -1
        mine = np.flatnonzero(record.party == code) if code >= 0 else np.zeros(0, INT64)
        with_asset = record.asset[mine][record.asset[mine] >= 0]
        which = names.index(asset) if asset in names else int(with_asset[0]) if len(with_asset) else -1
        start = None if balance is None or which < 0 else run.assets[which].quanta(balance)
        cash, lots = _replayed(record, mine, start or 0, len(run.contracts))
        found.append(
            FundCash(
                name=name,
                asset=which,
                opening=start,
                cash=cash,
                equity=_equity(record, run, prices, mine, start or 0),
                lots=lots,
                took=bool(record.of(*FILLS)[mine].any()),
                triggers=_triggers(record, mine),
            )
        )
    return found


def _replayed(record: Record, mine: Int64Array1D, start: int, contracts: int) -> tuple[Int64Array1D, Int64Array1D]:
    """Cash before the first pass and after each, and the inventory at the end."""
    cash = np.full(len(record.number) + 1, start, INT64)
    lots, cost = [0] * contracts, [0] * contracts
    lots0, cost0, seen = [0] * contracts, [0] * contracts, [-1] * contracts
    fills = {KIND_CODES[kind] for kind in FILLS}
    moves = {*fills, *(KIND_CODES[kind] for kind in (*MONEY, "fund-deposit"))}
    held, last = start, 0
    columns = (record.kind, record.place, record.contract, record.lots, record.amount)
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


def _equity(record: Record, run: RunLike, prices: Prices, mine: Int64Array1D, start: int) -> Float64Array1D:
    """F before the first pass and at the marks of each: opening, what events added, and inventory at the marks."""
    passes = len(record.number)
    moving = mine[record.of(*FILLS, *MONEY, "fund-deposit")[mine]]
    added = np.zeros(passes + 1, INT64)
    np.add.at(added, record.place[moving] + 1, record.amount[moving])
    equity = (np.cumsum(added) + start).astype(FLOAT64)
    fills = mine[record.of(*FILLS)[mine]]
    for code in np.unique(record.contract[fills]).tolist():
        rows = fills[record.contract[fills] == code]
        held = np.zeros(passes + 1, INT64)
        np.add.at(held, record.place[rows] + 1, record.lots[rows])
        contract, lots = run.contracts[code], np.cumsum(held)
        unit = value_per_lot(contract, prices.mark[:, code]) * contract.settle.quanta_per_unit
        equity += np.where(lots == 0, 0.0, np.rint(lots * (-unit if contract.inverse else unit)))
    return equity


def _triggers(record: Record, mine: Int64Array1D) -> tuple[Trigger, ...]:
    """Turned on and off, in order."""
    kinds: dict[int, bool] = {KIND_CODES["trigger-on"]: True, KIND_CODES["trigger-off"]: False}
    found = mine[record.of("trigger-on", "trigger-off")[mine]]
    columns: list[npt.NDArray[Any]] = [record.place[found], record.kind[found], record.contract[found]]
    listed = zip(*(column.tolist() for column in columns), strict=True)
    return tuple(Trigger(place, kinds[kind], contract) for place, kind, contract in listed)
