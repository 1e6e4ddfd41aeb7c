"""The cash of each insurance fund through a run: what it held when that began, and the events since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple

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


class _Opening(NamedTuple):
    """The cash of a fund before the first pass in quanta, and of each contract its lots and what they cost."""

    cash: int
    lots: list[int]
    cost: list[int]


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
    configured = run.configuration.get("funds") if isinstance(run.configuration, Mapping) else None
    found = {}
    for row, entry in enumerate(configured if isinstance(configured, list | tuple) else ()):
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
    opening_funds = _opening_funds(record, run, {} if listed is None else listed)
    names = [asset.name for asset in run.assets]
    has = {kind: set(np.unique(record.party[record.of(kind)]).tolist()) for kind in (*OF_FUNDS, *OF_VAULTS)}
    vaults = set().union(*(has[kind] for kind in OF_VAULTS))
    parties = set().union(*(has[kind] for kind in OF_FUNDS)) - vaults - {-1}
    in_events = [name for code, name in enumerate(record.parties) if code in parties and name not in OTHERS]
    found = []
    for name in dict.fromkeys([*opening_funds, *in_events]):
        fund = opening_funds.get(name)
        code = record.parties.index(name) if name in record.parties else -1
        mine = np.flatnonzero(record.party == code) if code >= 0 else np.zeros(0, INT64)
        with_asset = record.asset[mine][record.asset[mine] >= 0]
        opening = _opening(run, fund)
        cash, lots = _replay_fills(record, mine, opening)
        found.append(
            FundCash(
                name=name,
                asset=names.index(fund.asset) if fund else int(with_asset[0]) if len(with_asset) else -1,
                opening=fund.cash if fund else None,
                cash=cash,
                equity=_equity(record, run, prices, mine, opening),
                lots=lots,
                held_inventory=any(opening.lots) or bool(record.of(*FILLS)[mine].any()),
                triggers=_triggers(record, mine),
            )
        )
    return found


def _opening_funds(
    record: Record, run: RunLike, listed: Mapping[str, tuple[str, Any]]
) -> dict[str, OpeningFund | None]:
    """What each fund held before the first pass; None for one that is listed in an asset which the run does not have.

    Every house has a fund for each asset: one that nobody lists, that is empty and that no event names is none of them.
    """
    # What is only like a run need not say.
    of_run: Sequence[OpeningFund] | None = getattr(run, "opening_funds", None)
    if of_run is None:
        assets = {asset.name: asset for asset in run.assets}
        return {
            name: OpeningFund(name, asset, assets[asset].quanta(balance), {}) if asset in assets else None
            for name, (asset, balance) in listed.items()
        }
    funds = {fund.name: fund for fund in of_run}
    first = [name for name in listed if name in funds]
    shown = {*first, *record.parties, *(fund.name for fund in of_run if fund.cash or fund.inventory)}
    return {name: funds[name] for name in dict.fromkeys([*first, *funds]) if name in shown}


def _opening(run: RunLike, fund: OpeningFund | None) -> _Opening:
    """What a fund held before the first pass; nothing where the run does not say."""
    inventory = {} if fund is None else fund.inventory
    rows = [inventory.get(contract.symbol, (0, 0)) for contract in run.contracts]
    return _Opening(fund.cash if fund else 0, [lots for lots, _ in rows], [cost for _, cost in rows])


def _replay_fills(record: Record, mine: Int64Array1D, opening: _Opening) -> tuple[Int64Array1D, Int64Array1D]:
    """Cash in quanta before the first pass and after each, and the lots of each contract at the end.

    A row releases cost in proportion to what it cost when it was last opened or enlarged in the pass
    (``docs/waterfall.md``, "Values of fills"): that is kept at the first fill of a pass, before its lots move, and
    again whenever a fill enlarges the row.
    """
    cash = np.full(len(record.pass_number) + 1, opening.cash, INT64)
    lots, cost, whole_lots, whole_cost = (list(each) for each in (*opening[1:], *opening[1:]))
    last_filled = [-1] * len(lots)
    fills = {CODES[kind] for kind in FILLS}
    moves = {*fills, *(CODES[kind] for kind in (*MONEY, "fund-deposit"))}
    balance, written = opening.cash, 0
    columns = (record.kind, record.pass_index, record.contract, record.lots, record.amount)
    for kind, pass_index, code, moved_lots, amount in zip(*(column[mine].tolist() for column in columns), strict=True):
        if kind not in moves:
            continue
        if pass_index >= written:
            cash[written : pass_index + 1] = balance
            written = pass_index + 1
        # A fill's amount is what balance less cost changed by: the cost that it adds or releases is no cash.
        balance += amount
        if kind in fills:
            if last_filled[code] != pass_index:
                last_filled[code], whole_lots[code], whole_cost[code] = pass_index, lots[code], cost[code]
            cost_before = cost[code]
            if lots[code] * moved_lots >= 0:
                lots[code] += moved_lots
                cost[code] -= amount
                whole_lots[code], whole_cost[code] = lots[code], cost[code]
            else:
                lots[code] += moved_lots
                closed_lots = abs(whole_lots[code]) - abs(lots[code])
                released = abs(whole_cost[code]) * closed_lots // abs(whole_lots[code])
                cost[code] = whole_cost[code] - (released if whole_cost[code] > 0 else -released)
            balance += cost[code] - cost_before
    cash[written:] = balance
    return cash, np.array(lots, INT64)


def _equity(
    record: Record, run: RunLike, prices: PriceHistory, mine: Int64Array1D, opening: _Opening
) -> Float64Array1D:
    """F before the first pass and at the marks of each: cash less cost, what events added, and lots at the marks."""
    passes = len(record.pass_number)
    moving = mine[record.of(*FILLS, *MONEY, "fund-deposit")[mine]]
    added = np.zeros(passes + 1, INT64)
    added[0] = opening.cash - sum(opening.cost)
    np.add.at(added, record.pass_index[moving] + 1, record.amount[moving])
    equity = np.cumsum(added).astype(FLOAT64)
    fills = mine[record.of(*FILLS)[mine]]
    for code in np.unique([*record.contract[fills].tolist(), *np.flatnonzero(opening.lots).tolist()]).tolist():
        rows = fills[record.contract[fills] == code]
        added_lots = np.zeros(passes + 1, INT64)
        added_lots[0] = opening.lots[code]
        np.add.at(added_lots, record.pass_index[rows] + 1, record.lots[rows])
        contract, lots = run.contracts[code], np.cumsum(added_lots)
        quanta_per_lot = absolute_value_per_lot(contract, prices.mark[:, code]) * contract.settle.quanta_per_unit
        equity += np.where(lots == 0, 0.0, np.rint(lots * (-quanta_per_lot if contract.inverse else quanta_per_lot)))
    return equity


def _triggers(record: Record, mine: Int64Array1D) -> tuple[TriggerChange, ...]:
    """When the triggers of a fund were turned on and off, in order."""
    changes = mine[record.of("trigger-on", "trigger-off")[mine]]
    columns: list[npt.NDArray[Any]] = [
        record.pass_index[changes],
        record.kind[changes] == CODES["trigger-on"],
        record.contract[changes],
    ]
    return tuple(starmap(TriggerChange, zip(*(column.tolist() for column in columns), strict=True)))
