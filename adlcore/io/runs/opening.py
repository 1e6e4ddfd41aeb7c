"""What the funds of a house held, and what wallets owed it, when a run began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..._support.options import exact_keys
from ...clearing import ClearingHouse, Snapshot
from ...contracts.decimals import whole_number
from ...errors import AdlError

__all__ = ["OpeningDebt", "OpeningFund", "books_at_opening", "debts_at_opening", "funds_at_opening"]


@dataclass(frozen=True)
class OpeningFund:
    """An insurance fund before the first pass of a run.

    Attributes
    ----------
    name, asset : str
    cash : int
        Quanta.
    inventory : dict of symbol to (int, int)
        Signed lots and entry value in quanta of each netted row.

    Examples
    --------
    >>> OpeningFund("USDT", "USDT", 2_000, {"BTCUSDT": (5, 440)})
    OpeningFund(name='USDT', asset='USDT', cash=2000, inventory={'BTCUSDT': (5, 440)})
    """

    name: str
    asset: str
    cash: int
    inventory: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class OpeningDebt:
    """An open entry before the first pass of a run: what a wallet without positions owes.

    Attributes
    ----------
    wallet : int
        Row of the wallets.
    asset : str
    quanta : int
        Above 0.

    Examples
    --------
    >>> OpeningDebt(3, "USDT", 30)
    OpeningDebt(wallet=3, asset='USDT', quanta=30)
    """

    wallet: int
    asset: str
    quanta: int


def books_at_opening(house: ClearingHouse) -> dict[str, Any]:
    """The funds and open entries of a house as a manifest has them, in one order however the house came to them."""
    assets = [asset.name for asset in house.state().snapshot.assets]
    return {
        "funds": [
            {
                "name": fund.name,
                "asset": fund.asset,
                "cash": fund.cash,
                "inventory": {symbol: list(row) for symbol, row in fund.inventory.items()},
            }
            for fund in house.funds.values()
        ],
        "uncovered": [
            {"wallet": int(wallet), "asset": assets[asset], "quanta": int(quanta)}
            for (wallet, asset), quanta in sorted(house.state().uncovered.items())
        ],
    }


def funds_at_opening(entries: Sequence[Any], before: Snapshot, place: str) -> tuple[OpeningFund, ...]:
    """The funds of a manifest, whose assets and contracts must be those of the books before the run.

    `place` is what errors call the list.

    Raises
    ------
    AdlError
        For an entry that is none, or is of an asset or a contract that the books do not have.
    """
    assets, symbols = [asset.name for asset in before.assets], {contract.symbol for contract in before.contracts}
    funds: dict[str, OpeningFund] = {}
    for row, entry in enumerate(entries):
        at = f"{place}[{row}]"
        values = exact_keys(at, entry, ("name", "asset", "cash", "inventory"))
        name, inventory = values["name"], values["inventory"]
        if not isinstance(name, str) or name in funds:
            raise AdlError.at(f"{at}.name", None, name, "must be a text that no other fund has")
        if not isinstance(inventory, dict):
            raise AdlError.at(f"{at}.inventory", None, inventory, "must be a mapping of contracts to lots and value")
        rows = {}
        for symbol, pair in inventory.items():
            at_row = f"{at}.inventory[{symbol!r}]"
            if symbol not in symbols:
                raise AdlError.at(f"{at}.inventory", None, symbol, "must be a contract of the books before the run")
            if not isinstance(pair, list) or len(pair) != 2:
                raise AdlError.at(at_row, None, pair, "must be lots and entry value")
            lots, entry_value = (whole_number(number, at_row) for number in pair)
            rows[symbol] = lots, entry_value
        asset = _asset(f"{at}.asset", values["asset"], assets)
        funds[name] = OpeningFund(name, asset, whole_number(values["cash"], f"{at}.cash"), rows)
    return tuple(funds.values())


def debts_at_opening(entries: Sequence[Any], before: Snapshot, place: str) -> tuple[OpeningDebt, ...]:
    """The open entries of a manifest, of wallets and assets of the books before the run.

    `place` is what errors call the list.

    Raises
    ------
    AdlError
        For an entry that is none, is of a wallet or an asset that the books do not have, or stands there twice.
    """
    assets, wallets = [asset.name for asset in before.assets], len(before.wallets)
    debts: dict[tuple[int, str], OpeningDebt] = {}
    for row, entry in enumerate(entries):
        at = f"{place}[{row}]"
        values = exact_keys(at, entry, ("wallet", "asset", "quanta"))
        wallet, quanta = (whole_number(values[name], f"{at}.{name}") for name in ("wallet", "quanta"))
        key = wallet, _asset(f"{at}.asset", values["asset"], assets)
        if not 0 <= wallet < wallets or key in debts:
            raise AdlError.at(f"{at}.wallet", None, wallet, f"must be one of {wallets} wallets, once for an asset")
        if quanta <= 0:
            raise AdlError.at(f"{at}.quanta", None, quanta, "must be above 0")
        debts[key] = OpeningDebt(*key, quanta)
    return tuple(debts.values())


def _asset(place: str, name: Any, assets: list[str]) -> str:
    """The name of an asset of the books."""
    if name not in assets:
        raise AdlError.at(place, None, name, "must be an asset of the books before the run")
    return str(name)
