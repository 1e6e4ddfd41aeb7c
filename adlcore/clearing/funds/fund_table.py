"""The funds of a house as columns: which one answers for each contract, and which stands behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64, Int64Array1D, frozen
from ..._support.options import read_list, require_option
from ..._support.pickles import Versioned
from ..._support.text import REPR_COLUMNS
from ...contracts import Asset, Contract
from ...contracts.decimals import canonical
from ...errors import AdlError
from ..snapshot.exact import read_cell
from .fund import InsuranceFund
from .triggers import Depleted, Trigger

__all__ = ["FundTable", "resolve_funds"]


@dataclass(frozen=True, eq=False, repr=False)
class FundTable(Versioned):
    """The funds of a house as columns: one row for each, those that were given first. Immutable.

    Attributes
    ----------
    names : tuple of str
    asset : int64[f]
        Row of the assets.
    balance : int64[f]
        In quanta of the asset.
    parent : int64[f]
        Row of the fund behind it; -1 for none.
    parent_cap : int64[f]
        Most that its parent pays for it, in quanta; -1 where there is no limit.
    trigger : tuple of Trigger
    head : int64[contracts]
        The fund that answers for each contract.
    of_asset : int64[assets]
        The fund without scope of each asset.
    scope : bool[f, contracts]
        Whose inventory counts for a fund: the contracts that it answers for, and those of every
        fund that it stands behind.

    Examples
    --------
    >>> btc = Contract("BTCUSDT")
    >>> table = resolve_funds([InsuranceFund("USDT", "5", scope="BTCUSDT", parent="USDT")], [btc], [btc.settle])
    >>> table
    <FundTable of 2 funds for 1 contract: BTCUSDT, USDT>
    >>> table.chain(table.row("BTCUSDT"))
    (0, 1)
    """

    PICKLED = ("names", "asset", "balance", "parent", "parent_cap", "trigger", "head", "of_asset", "scope")

    names: tuple[str, ...]
    asset: Int64Array1D
    balance: Int64Array1D
    parent: Int64Array1D
    parent_cap: Int64Array1D
    trigger: tuple[Trigger, ...]
    head: Int64Array1D
    of_asset: Int64Array1D
    scope: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.names)

    def row(self, name: str, argument: str = "name") -> int:
        """The row of a fund; errors call the name by that of the argument.

        Raises
        ------
        AdlError
            For a name that no fund has.
        """
        require_option(argument, name, self.names, f"must be one of the funds {', '.join(self.names)}")
        return self.names.index(name)

    def chain(self, fund: int) -> tuple[int, ...]:
        """The row of a fund, then that of its parent, and so on to the last."""
        rows = []
        while fund >= 0:
            rows.append(fund)
            fund = int(self.parent[fund])
        return tuple(rows)

    def fields(self) -> dict[str, Any]:
        """The table as text and numbers that JSON holds; the same for equal tables.

        Examples
        --------
        >>> fields = resolve_funds([], [Contract("BTCUSDT")], [Asset("USDT")]).fields()
        >>> fields["names"], fields["parent"], fields["trigger"]
        (['USDT'], [-1], [{'kind': 'Depleted'}])
        """
        columns = {name: getattr(self, name) for name in self.PICKLED if name not in ("names", "trigger")}
        triggers = [trigger.fields() for trigger in self.trigger]
        return {
            "names": list(self.names),
            **{name: column.tolist() for name, column in columns.items()},
            "trigger": triggers,
        }

    def _restore(self, values: dict[str, Any]) -> None:
        arrays = {name: frozen(value) for name, value in values.items() if isinstance(value, np.ndarray)}
        super()._restore(values | arrays)

    def __repr__(self) -> str:
        funds, contracts = len(self), len(self.head)
        start = f"<FundTable of {funds} fund{'s' * (funds != 1)} for {contracts} contract{'s' * (contracts != 1)}"
        text = f"{start}: {', '.join(self.names)}>"
        return text if len(text) <= REPR_COLUMNS else f"{start}>"


def resolve_funds(
    funds: Iterable[InsuranceFund],
    contracts: Sequence[Contract],
    assets: Sequence[Asset],
    default_trigger: Trigger | None = None,
) -> FundTable:
    """Match funds with the contracts and assets of a house; every asset gets a fund without scope.

    Parameters
    ----------
    funds : iterable of InsuranceFund
    contracts : sequence of Contract
    assets : sequence of Asset
        All that the contracts settle in, and all others of the house.
    default_trigger : Trigger, optional
        Of funds that name none, and of those that are added; :class:`Depleted` without it.

    Returns
    -------
    FundTable
        The given funds in their order, then an empty one, called like the asset, for each asset that
        has none without scope.

    Raises
    ------
    AdlError
        Names the column and the fund: an unknown asset, contract or parent; a contract of another
        asset, or one that two funds name; two funds without scope for an asset, or of one name; a
        parent of another asset; funds that stand behind each other in a circle; an amount off the
        grid of its asset.

    Examples
    --------
    >>> btc, eth = Contract("BTCUSDT"), Contract("ETHUSDT")
    >>> funds = [InsuranceFund("USDT", "100"), InsuranceFund("USDT", "5", scope="ETHUSDT", parent="USDT")]
    >>> table = resolve_funds(funds, [btc, eth], [btc.settle])
    >>> table.head, table.balance
    (array([0, 1]), array([10000000000,   500000000]))
    >>> table.scope
    array([[ True,  True],
           [False,  True]])
    """
    given = _read_funds(funds)
    if default_trigger is not None and not isinstance(default_trigger, Trigger):
        raise AdlError.at("default_trigger", None, default_trigger, "must be a trigger such as Depleted()")
    fallback = default_trigger if default_trigger is not None else Depleted()
    code = {asset.name: place for place, asset in enumerate(assets)}
    for row, fund in enumerate(given):
        if fund.asset not in code:
            raise AdlError.at("funds.asset", row, fund.asset, f"must be one of the assets {', '.join(code)}")
    shared = _unscoped_rows(given, code)
    all_funds = [*given, *(InsuranceFund(asset.name) for asset in assets if asset.name not in shared)]
    rows = _rows_by_name(all_funds, len(given))
    of_asset = [shared.get(asset.name, rows.get(asset.name, -1)) for asset in assets]
    parents = _parents(all_funds, rows)
    head = _head_funds(given, contracts, [of_asset[code[contract.settle.name]] for contract in contracts])
    table = FundTable(
        names=tuple(rows),
        asset=_int64_column([code[fund.asset] for fund in all_funds]),
        balance=_int64_column(
            [_read_quanta("balance", row, fund.balance, assets[code[fund.asset]]) for row, fund in enumerate(all_funds)]
        ),
        parent=_int64_column(parents),
        parent_cap=_int64_column(
            [
                -1
                if fund.parent_cap is None
                else _read_quanta("parent_cap", row, fund.parent_cap, assets[code[fund.asset]])
                for row, fund in enumerate(all_funds)
            ]
        ),
        trigger=tuple(fallback if fund.trigger is None else fund.trigger for fund in all_funds),
        head=_int64_column(head),
        of_asset=_int64_column(of_asset),
        scope=np.zeros((len(all_funds), len(contracts)), np.bool_),
    )
    for contract, row in enumerate(head):
        table.scope[list(table.chain(row)), contract] = True
    table.scope.setflags(write=False)
    return table


def _read_funds(funds: Any) -> list[InsuranceFund]:
    """The funds that somebody gave, as a list."""
    listed = read_list("funds", funds, "must be a list of InsuranceFund")
    for row, fund in enumerate(listed):
        if not isinstance(fund, InsuranceFund):
            raise AdlError.at("funds", row, fund, "must be an InsuranceFund")
    return listed


def _unscoped_rows(listed: list[InsuranceFund], code: dict[str, int]) -> dict[str, int]:
    """The row of the fund without scope of each asset that was given one."""
    row_of_asset: dict[str, int] = {}
    for row, fund in enumerate(listed):
        if fund.scope is not None:
            continue
        if fund.asset in row_of_asset:
            must = (
                f"must name a scope: {listed[row_of_asset[fund.asset]].name!r} is the fund of {fund.asset} without one"
            )
            raise AdlError.at("funds.scope", row, None, must)
        row_of_asset[fund.asset] = row
    return row_of_asset


def _rows_by_name(all_funds: list[InsuranceFund], given_count: int) -> dict[str, int]:
    """The row of each name."""
    rows: dict[str, int] = {}
    for row, fund in enumerate(all_funds):
        if fund.name not in rows:
            rows[fund.name] = row
        elif row < given_count:
            raise AdlError.at("funds.name", row, fund.name, f"must be another: fund {rows[fund.name]} has it")
        else:
            must = f"must be another: the fund of {fund.asset} without scope has it"
            raise AdlError.at("funds.name", rows[fund.name], fund.name, must)
    return rows


def _parents(all_funds: list[InsuranceFund], rows: dict[str, int]) -> list[int]:
    """The row of each fund's parent, -1 without one; refused where a fund stands behind itself in the end."""
    parents = []
    for row, fund in enumerate(all_funds):
        if fund.parent is None:
            parents.append(-1)
            continue
        if fund.parent not in rows:
            raise AdlError.at("funds.parent", row, fund.parent, f"must be one of the funds {', '.join(rows)}")
        parent = rows[fund.parent]
        if all_funds[parent].asset != fund.asset:
            must = f"must be a fund of {fund.asset}: it holds {all_funds[parent].asset}"
            raise AdlError.at("funds.parent", row, fund.parent, must)
        parents.append(parent)
    # 0 not seen yet, otherwise the walk that came by first.
    walked = [0] * len(parents)
    for first in range(len(parents)):
        row = first
        while row >= 0 and not walked[row]:
            walked[row], row = first + 1, parents[row]
        if row >= 0 and walked[row] == first + 1:
            raise AdlError.at("funds.parent", row, all_funds[row].parent, "must not stand behind itself in the end")
    return parents


def _head_funds(listed: list[InsuranceFund], contracts: Sequence[Contract], head: list[int]) -> list[int]:
    """The fund of each contract: `head` where no fund names it."""
    place = {contract.symbol: number for number, contract in enumerate(contracts)}
    owner: dict[str, str] = {}
    for row, fund in enumerate(listed):
        for symbol in fund.scope or ():
            if symbol not in place:
                raise AdlError.at("funds.scope", row, symbol, "must name contracts of the house")
            settle = contracts[place[symbol]].settle.name
            if settle != fund.asset:
                must = f"must name contracts that settle in {fund.asset}: this one settles in {settle}"
                raise AdlError.at("funds.scope", row, symbol, must)
            if symbol in owner:
                raise AdlError.at("funds.scope", row, symbol, f"must not name a contract of the fund {owner[symbol]!r}")
            owner[symbol] = fund.name
            head[place[symbol]] = row
    return head


def _read_quanta(column: str, row: int, amount: Decimal, asset: Asset) -> int:
    return int(read_cell(f"funds.{column}", row, canonical(amount), asset.quanta))


def _int64_column(values: list[int]) -> Int64Array1D:
    return frozen(np.array(values, INT64))
