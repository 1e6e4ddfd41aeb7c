"""The columns of a snapshot as they are given: read, and the positions sorted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from ..._support.arrays import INT64, Int64Array1D, as_array
from ..._support.options import read_list
from ...contracts import Asset, Contract
from ...contracts.decimals import Number, positive_decimal
from ...errors import AdlError
from .exact import by_name, read_share
from .tables import Holdings, Orders, Positions, Wallets

__all__ = ["Contents", "assets_in", "contracts_in", "merge_assets", "read_contents"]


class Contents(NamedTuple):
    """The attributes of a snapshot as they were read, not yet checked.

    Attributes
    ----------
    values : dict
        Of every attribute that a snapshot pickles.
    contract : int64[n]
        Row of the contract of each position.
    order : int64[n] or None
        Where each position stood in what was given; None where they were in order.
    """

    values: dict[str, Any]
    contract: Int64Array1D
    order: Int64Array1D | None


def read_contents(
    contracts: Iterable[Contract],
    wallets: Mapping[str, Any],
    positions: Mapping[str, Any],
    marks: Mapping[str, Number] | Sequence[Number | None],
    *,
    orders: Mapping[str, Any] | None,
    balances: Mapping[str, Any] | None,
    assets: Iterable[Asset | str],
    index_prices: Mapping[str, Number] | None,
    haircuts: Mapping[str, Number] | None,
    loan_rates: Mapping[str, Number] | None,
) -> Contents:
    """Read every table, and sort the positions."""
    listed = contracts_in(contracts)
    symbols = {known.symbol: code for code, known in enumerate(listed)}
    if len(symbols) < len(listed):
        twice = next(c.symbol for k, c in enumerate(listed) if symbols[c.symbol] != k)
        raise AdlError.at("contracts", None, twice, "must be there once")
    if marks is None:
        raise AdlError.at("marks", None, None, "must be a mapping of symbols to prices: {} where there are none")
    used = _all_assets(listed, assets, wallets, balances)
    names = {asset.name: code for code, asset in enumerate(used)}
    contract, table = Positions.read(positions, symbols)
    order = _sort_order(contract, table)
    if order is not None:
        contract, table = contract[order], table.taken(order)
    start = np.searchsorted(contract, np.arange(len(listed) + 1)).astype(INT64)
    values = {
        "contracts": listed,
        "assets": used,
        "wallets": Wallets.read(wallets, names).owned(),
        "positions": table,
        "start": start,
        "orders": Orders.read({} if orders is None else orders, symbols).owned(),
        "balances": Holdings.read({} if balances is None else balances, names).owned(),
        "marks": by_name("marks", marks, symbols, positive_decimal, None),
        "index_prices": by_name("index_prices", index_prices, names, positive_decimal, None),
        "haircuts": by_name("haircuts", haircuts, names, read_share, Decimal(0)),
        "loan_rates": by_name("loan_rates", loan_rates, names, read_share, Decimal(0)),
    }
    return Contents(values, contract, order)


def contracts_in(contracts: Any) -> tuple[Contract, ...]:
    """The contracts that a caller lists."""
    if isinstance(contracts, Contract):
        raise AdlError.at("contracts", None, contracts.symbol, "must be in a list: [contract]")
    listed = tuple(read_list("contracts", contracts, "must be a list of Contract"))
    for row, given in enumerate(listed):
        if not isinstance(given, Contract):
            raise AdlError.at("contracts", row, given, "must be a Contract")
    return listed


def assets_in(assets: Any) -> tuple[Asset | str, ...]:
    """The assets that a caller lists, or their names."""
    listed = tuple(read_list("assets", assets, "must be a list of Asset, or of names"))
    for row, given in enumerate(listed):
        if not isinstance(given, Asset | str):
            raise AdlError.at("assets", row, given, "must be an Asset, or a name such as 'USDT'")
    return listed


def merge_assets(contracts: Iterable[Contract], assets: Iterable[Asset | str]) -> dict[str, Asset]:
    """Settle assets and those listed with their decimals, by name; two of a name must be alike."""
    found: dict[str, Asset] = {}
    for asset in [*(contract.settle for contract in contracts), *(a for a in assets if isinstance(a, Asset))]:
        if found.setdefault(asset.name, asset) != asset:
            raise AdlError.at("assets", None, asset, f"is {found[asset.name]!r} elsewhere: must have the same decimals")
    return found


def _all_assets(
    contracts: tuple[Contract, ...],
    assets: Iterable[Asset | str],
    wallets: Mapping[str, Any],
    balances: Mapping[str, Any] | None,
) -> tuple[Asset, ...]:
    """Every asset that is named, each once; a bare name means 8 decimals where nothing else says more."""
    named = assets_in(assets)
    found = merge_assets(contracts, named)
    bare = [name for name in named if not isinstance(name, Asset)]
    for place, table in (("wallets", wallets), ("balances", balances)):
        given = table.get("asset", ()) if isinstance(table, Mapping) else ()
        column = np.atleast_1d(as_array(f"{place}.asset", given, "names, or row numbers"))
        if column.dtype.kind in "UO":
            # What is no name is refused where the column is read.
            bare += sorted({name for name in column.ravel().tolist() if isinstance(name, str)})
    for name in bare:
        found.setdefault(name, Asset(name))
    return tuple(found.values())


def _sort_order(contract: Int64Array1D, positions: Positions) -> Int64Array1D | None:
    """The order of rows by contract, wallet, long before short; None where they stand in it."""
    short = positions.quantity < 0
    keys = (contract, positions.wallet, short)
    equal = np.ones(max(len(contract) - 1, 0), bool)
    risen = np.zeros(len(equal), bool)
    for key in keys:
        risen |= equal & (key[1:] > key[:-1])
        equal &= key[1:] == key[:-1]
    return None if (risen | equal).all() else np.lexsort(keys[::-1])
