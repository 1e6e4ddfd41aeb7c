"""From what people have, rows or frames of decimal text, to a snapshot's columns; never through a float."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import isnan
from typing import Any

import numpy as np

from ..._support.arrays import INT64_MAX
from ..._support.options import read_list
from ...contracts import Asset, Contract
from ...contracts.decimals import exact_decimal, positive_decimal
from ...errors import AdlError
from .exact import locked_margin, read_cell
from .reading import merge_assets
from .tables import MODES, VALUED

__all__ = ["Builder", "read_rows"]

#: The columns of each table, and which of them every row must have.
WALLETS = {"account": True, "asset": False, "mode": False, "balance": False}
POSITIONS = {
    **{"account": True, "contract": True, "quantity": True},
    **{"entry_price": False, "entry_value": False, "margin": False, "leverage": False},
}
ORDERS = {"account": True, "contract": True, "quantity": True, "price": True, "locked": False, "leverage": False}
BALANCES = {"account": True, "asset": True, "amount": True, "loan": False}


def read_rows(name: str, table: Any, columns: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The rows of a list of mappings, a mapping of columns, or a data frame."""
    if table is None:
        return []
    if isinstance(table, Mapping) or hasattr(table, "columns"):
        rows = _from_columns(name, table)
    else:
        rows = read_list(name, table, "must be rows, a mapping of columns or a data frame")
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise AdlError.at(name, number, row, f"must be a mapping of {', '.join(columns)}")
        for key in row:
            if key not in columns:
                raise AdlError.at(name, number, key, f"is no column of {name}: {', '.join(columns)}")
        for key, needed in columns.items():
            if needed and _is_empty(row.get(key)):
                raise AdlError(f"{name}[{number}] has no {key}: must have one", argument=f"{name}.{key}", row=number)
        if isinstance(account := row["account"], bool) or not isinstance(account, str | int | np.integer):
            raise AdlError.at(f"{name}.account", number, account, "must be text or a whole number")
    return rows


def _from_columns(name: str, table: Any) -> list[dict[str, Any]]:
    """Rows of a mapping of columns, or of a pandas, polars or pyarrow frame."""
    names = list(table if isinstance(table, Mapping) else getattr(table, "column_names", table.columns))
    lists = [_listed(table[key]) for key in names]
    lengths = {len(column) for column in lists}
    if len(lengths) > 1:
        shown = ", ".join(f"{key} {len(column)}" for key, column in zip(names, lists, strict=True))
        raise AdlError(f"{name} has columns of different lengths: {shown}", argument=name)
    return [dict(zip(names, values, strict=True)) for values in zip(*lists, strict=True)]


def _listed(column: Any) -> list[Any]:
    if isinstance(column, np.ndarray):
        return list(column)  # a float32 is read by its own shortest decimal
    for name in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, name):
            return list(getattr(column, name)())
    return list(column)


def _is_empty(value: Any) -> bool:
    """Whether a cell says nothing: None, an empty text, or the NaN of a frame."""
    return (
        value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, float) and isnan(value))
    )


def _cell(cells: Mapping[str, Any], name: str, default: Any) -> Any:
    """A cell, or what an empty one stands for."""
    value = cells.get(name)
    return default if _is_empty(value) else value


def _append(table: dict[str, list[Any]], *cells: Any) -> None:
    """A row more, its cells in the order of the columns."""
    for column, cell in zip(table.values(), cells, strict=True):
        column.append(cell)


class Builder:
    """Wallets, positions, orders and balances of accounts, gathered row by row."""

    def __init__(self, contracts: Sequence[Contract], assets: Iterable[Asset | str], settle: str) -> None:
        self.contracts = {contract.symbol: contract for contract in contracts}
        self.assets = merge_assets(contracts, assets)
        self.settle = settle
        self.wallets: dict[str, list[Any]] = {name: [] for name in ("account", "asset", "mode", "balance")}
        self.cross: dict[tuple[Any, str], int] = {}
        self.single: set[Any] = set()
        self.valued: dict[Any, int] = {}
        self.isolated: dict[tuple[Any, str, bool], int] = {}

    def add_wallets(self, table: Any) -> None:
        """Cross, multi-asset and portfolio wallets; isolated ones come with their positions."""
        for row, cells in enumerate(read_rows("wallets", table, WALLETS)):
            account, mode = cells["account"], _cell(cells, "mode", "cross")
            if not isinstance(mode, str) or mode not in MODES or mode == "isolated":
                known = "cross, multi-asset, portfolio"
                must = f"must be one of {known}; a position with a margin of its own has an isolated wallet"
                raise AdlError.at("wallets.mode", row, mode, must)
            name = _asset("wallets", row, _cell(cells, "asset", self.settle))
            asset = self.assets.setdefault(name, Asset(name))
            valued = mode in MODES[VALUED:]
            if account in self.valued or (valued and account in self.single):
                must = "has a multi-asset or portfolio wallet, which must be its only one beside isolated ones"
                raise AdlError.at("wallets.account", row, account, must)
            if (account, name) in self.cross:
                raise AdlError.at("wallets.account", row, account, f"must have one cross wallet in {name}")
            balance = read_cell("wallets.balance", row, _cell(cells, "balance", 0), asset.quanta)
            number = self._add(account, name, mode, balance)
            if valued:
                self.valued[account] = number
            else:
                self.cross[account, name] = number
                self.single.add(account)

    def _add(self, account: Any, asset: str, mode: str, balance: int) -> int:
        _append(self.wallets, account, asset, mode, balance)
        return len(self.wallets["account"]) - 1

    def add_positions(self, table: Any) -> dict[str, list[Any]]:
        """The columns of the positions; those with a margin get isolated wallets."""
        out: dict[str, list[Any]] = {name: [] for name in ("contract", "wallet", "quantity", "entry_value", "leverage")}
        for row, cells in enumerate(read_rows("positions", table, POSITIONS)):
            contract = self._contract("positions", row, cells)
            lots = read_cell("positions.quantity", row, cells["quantity"], contract.lots)
            wallet, cost = self._wallet_of(row, cells, contract, lots < 0), _entry_value(row, cells, contract, lots)
            chosen = _cell(cells, "leverage", 0)
            leverage = read_cell("positions.leverage", row, chosen, partial(exact_decimal, argument="leverage"))
            _append(out, contract.symbol, wallet, lots, cost, float(leverage))
        return out

    def _wallet_of(self, row: int, cells: Mapping[str, Any], contract: Contract, short: bool) -> int:
        account, settle = cells["account"], contract.settle
        if not _is_empty(cells.get("margin")):
            margin = read_cell("positions.margin", row, cells["margin"], settle.quanta)
            key = account, contract.symbol, short
            if key in self.isolated:
                side = "short" if short else "long"
                raise AdlError.at(
                    "positions.account", row, account, f"has an isolated {side} in {contract.symbol} already"
                )
            self.isolated[key] = self._add(account, settle.name, "isolated", margin)
            return self.isolated[key]
        return self._shared("positions", row, account, settle.name)

    def _shared(self, table: str, row: int, account: Any, asset: str) -> int:
        """The wallet that an account's positions share."""
        found = self.valued.get(account, self.cross.get((account, asset)))
        if found is None:
            must = f"has no wallet in {asset}: must be in the wallets, or the position must have a margin of its own"
            raise AdlError.at(f"{table}.account", row, account, must)
        return found

    def _contract(self, table: str, row: int, cells: Mapping[str, Any]) -> Contract:
        symbol = cells["contract"]
        if not isinstance(symbol, str) or symbol not in self.contracts:
            known = ", ".join(list(self.contracts)[:12])
            raise AdlError.at(f"{table}.contract", row, symbol, f"must be one of {known}")
        return self.contracts[symbol]

    def add_orders(self, table: Any) -> dict[str, list[Any]]:
        """The columns of the open orders; margin is locked as given, or as notional over leverage.

        An order is its account's isolated wallet's where it has one in the contract, of this side first.
        """
        out: dict[str, list[Any]] = {name: [] for name in ("contract", "wallet", "quantity", "price", "locked")}
        for row, cells in enumerate(read_rows("orders", table, ORDERS)):
            contract = self._contract("orders", row, cells)
            lots = read_cell("orders.quantity", row, cells["quantity"], contract.lots)
            if _is_empty(cells.get("locked")) == _is_empty(cells.get("leverage")):
                message = f"orders[{row}]: locked, leverage: must have exactly one"
                raise AdlError(message, argument="orders.locked", row=row)
            price = read_cell("orders.price", row, cells["price"], contract.ticks)
            if _is_empty(cells.get("locked")):
                value = abs(lots * contract.exact_value_per_lot(cells["price"]) * contract.settle.quanta_per_unit)
                notional = _quanta("orders.price", row, cells["price"], value)
                locked = read_cell("orders.leverage", row, cells["leverage"], partial(_locked, notional))
            else:
                locked = read_cell("orders.locked", row, cells["locked"], contract.settle.quanta)
            key = cells["account"], contract.symbol, lots < 0
            wallet = self.isolated.get(key, self.isolated.get((*key[:2], not key[2])))
            if wallet is None:
                wallet = self._shared("orders", row, cells["account"], contract.settle.name)
            _append(out, contract.symbol, wallet, lots, price, locked)
        return out

    def add_balances(self, table: Any) -> dict[str, list[Any]]:
        """The columns of what multi-asset and portfolio wallets hold."""
        out: dict[str, list[Any]] = {name: [] for name in ("wallet", "asset", "amount", "loan")}
        for row, cells in enumerate(read_rows("balances", table, BALANCES)):
            account, name = cells["account"], _asset("balances", row, cells["asset"])
            if account not in self.valued:
                raise AdlError.at("balances.account", row, account, "must have a multi-asset or portfolio wallet")
            asset = self.assets.setdefault(name, Asset(name))
            amount = read_cell("balances.amount", row, cells["amount"], asset.quanta)
            loan = read_cell("balances.loan", row, _cell(cells, "loan", 0), asset.quanta)
            _append(out, self.valued[account], name, amount, loan)
        return out


def _asset(table: str, row: int, asset: Any) -> str:
    """The name of an asset, as text or as the asset itself."""
    name = asset.name if isinstance(asset, Asset) else asset
    if not isinstance(name, str):
        raise AdlError.at(f"{table}.asset", row, asset, "must be the name of an asset")
    return str(name)


def _locked(notional: int, leverage: Any) -> int:
    """The margin that an order locks, in quanta."""
    return locked_margin(notional, positive_decimal(leverage, "leverage"))


def _entry_value(row: int, cells: Mapping[str, Any], contract: Contract, lots: int) -> int:
    """What a position cost, in quanta: given, or ``quantity·v(entry price)`` rounded half-even."""
    price, value = cells.get("entry_price"), cells.get("entry_value")
    if _is_empty(price) == _is_empty(value):
        message = f"positions[{row}]: entry_price, entry_value: must have exactly one"
        raise AdlError(message, argument="positions.entry_price", row=row)
    if _is_empty(price):
        return int(read_cell("positions.entry_value", row, value, contract.settle.quanta))
    number = read_cell("positions.entry_price", row, price, lambda given: positive_decimal(given, "entry_price"))
    exact: Fraction = lots * contract.exact_value_per_lot(number) * contract.settle.quanta_per_unit
    return _quanta("positions.entry_price", row, price, exact)


def _quanta(argument: str, row: int, value: Any, exact: Fraction) -> int:
    whole = round(exact)  # half-even
    if abs(whole) > INT64_MAX:
        raise AdlError.at(argument, row, value, "its value must fit int64 quanta; use fewer decimals")
    return whole
