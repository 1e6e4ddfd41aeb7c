"""The books of a venue at one moment: contracts, wallets, positions and prices, read, sorted and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Any, Self

import numpy as np

from ..._support.arrays import INT64, Int64Array1D, as_array
from ..._support.options import read_list
from ..._support.pickles import Immutable
from ...contracts import Asset, Contract
from ...contracts.decimals import Number, positive_decimal
from ...errors import AdlError
from .exact import by_name, read_share
from .tables import Holdings, Orders, Positions, Wallets

__all__ = ["Books", "assets_in", "contracts_in", "merge_assets"]


class Books(Immutable):
    """The checked contents of a snapshot. Immutable; may be shared by threads.

    Attributes
    ----------
    contracts : tuple of Contract
    assets : tuple of Asset
        Settle assets in the order of the contracts, then all others.
    wallets : Wallets
    positions : Positions
        Sorted by contract, then wallet, a long before a short.
    start : int64[contracts + 1]
        Contract k holds the position rows ``start[k]`` to ``start[k + 1]``.
    orders : Orders
    balances : Holdings
        What multi-asset and portfolio wallets hold.
    marks : tuple of Decimal or None
        The mark price of each contract.
    index_prices : tuple of Decimal or None
        What a unit of each asset is worth in the numeraire.
    haircuts, loan_rates : tuple of Decimal
        Of each asset, from 0 to 1: the share of a positive amount that is not counted as collateral;
        the maintenance margin rate of a loan.
    """

    PICKLED = (
        *("contracts", "assets", "wallets", "positions", "start", "orders", "balances"),
        *("marks", "index_prices", "haircuts", "loan_rates"),
    )

    contracts: tuple[Contract, ...]
    assets: tuple[Asset, ...]
    wallets: Wallets
    positions: Positions
    start: Int64Array1D
    orders: Orders
    balances: Holdings
    marks: tuple[Decimal | None, ...]
    index_prices: tuple[Decimal | None, ...]
    haircuts: tuple[Decimal, ...]
    loan_rates: tuple[Decimal, ...]

    def _read(
        self,
        contracts: Iterable[Contract],
        wallets: Mapping[str, Any],
        positions: Mapping[str, Any],
        marks: Mapping[str, Number] | Sequence[Number | None],
        orders: Mapping[str, Any] | None,
        balances: Mapping[str, Any] | None,
        assets: Iterable[Asset | str],
        index_prices: Mapping[str, Number] | None,
        haircuts: Mapping[str, Number] | None,
        loan_rates: Mapping[str, Number] | None,
    ) -> tuple[Int64Array1D | None, Int64Array1D]:
        """Read and sort every table.

        Returns where the given positions went (None where they were in order) and the contract of each.
        """
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
        self._restore(
            {
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
        )
        return order, contract

    @cached_property
    def symbols(self) -> Mapping[str, int]:
        """Row of each contract by its symbol."""
        return MappingProxyType({contract.symbol: code for code, contract in enumerate(self.contracts)})

    @cached_property
    def asset_names(self) -> Mapping[str, int]:
        """Row of each asset by its name."""
        return MappingProxyType({asset.name: code for code, asset in enumerate(self.assets)})

    def _cache(self, name: str, value: Any) -> Any:
        """Keep what was computed once; the contents never change."""
        self.__dict__[name] = value
        return value

    def _with(self, changed: dict[str, Any]) -> Self:
        """These books with some attributes replaced by sound ones."""
        fresh = object.__new__(type(self))
        fresh._restore({**{name: getattr(self, name) for name in self.PICKLED}, **changed})
        return fresh

    def code(self, contract: str | Contract) -> int:
        """Row of a contract by its symbol."""
        symbol = contract.symbol if isinstance(contract, Contract) else contract
        if not isinstance(symbol, str) or symbol not in self.symbols:
            raise AdlError.at("contract", None, symbol, f"must be one of {', '.join(list(self.symbols)[:12])}")
        return self.symbols[symbol]

    def rows(self, code: int) -> slice:
        """The position rows of a contract."""
        return slice(int(self.start[code]), int(self.start[code + 1]))

    def contract_of(self, rows: Int64Array1D) -> Int64Array1D:
        """Row of the contract of each of these position rows."""
        found: Int64Array1D = np.searchsorted(self.start, rows, side="right") - 1
        return found

    @property
    def position_contract(self) -> Int64Array1D:
        """int64[n]: row of the contract of each position."""
        if len(self.start) and (self.start[0] or self.start[-1] != len(self.positions)):
            # Unchecked rows of no contract stand before the first and after the last.
            return self.contract_of(np.arange(len(self.positions)))
        return np.repeat(np.arange(len(self.contracts)), np.diff(self.start))

    @property
    def settle(self) -> Int64Array1D:
        """int64[contracts]: row of each contract's settle asset."""
        return np.array([self.asset_names[contract.settle.name] for contract in self.contracts], INT64)

    @property
    def has_valued(self) -> bool:
        """Whether any wallet holds several assets."""
        return bool(self.wallets.is_valued().any())


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
