"""The money of a wallet: whose row, in which asset, how much, and the books once there is more or less of it."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from ..._support.arrays import INT64_MAX
from ..._support.options import is_count
from ...contracts import Asset
from ...contracts.decimals import Number
from ...errors import AdlError, value_text
from .books import Books

__all__ = ["asset_row", "balance_of", "credit", "positive_quanta", "wallet_row"]

AnyBooks = TypeVar("AnyBooks", bound=Books)


def wallet_row(books: Books, name: str, wallet: Any) -> int:
    """A row of the wallets, checked."""
    count = len(books.wallets)
    if not is_count(wallet, 0, count - 1):
        must = f"must be a row of the wallets, 0 to {count - 1}"
        raise AdlError.at(name, None, wallet, must + _lookup_hint(books, wallet))
    return int(wallet)


def _lookup_hint(books: Books, wallet: Any) -> str:
    """Where the row of a wallet is found that is called by its account."""
    accounts = books.wallets.account
    text = accounts.dtype.kind == "U"
    named = isinstance(wallet, str) if text else isinstance(wallet, int | np.integer) and not isinstance(wallet, bool)
    if not isinstance(wallet, str) and not (named and bool((accounts == wallet).any())):
        return ""
    return f"; Snapshot.wallet({value_text(wallet)}) finds the row of an account's wallet"


def asset_row(books: Books, wallet: int, asset: str | None) -> int:
    """Row of the asset that is moved."""
    own = int(books.wallets.asset[wallet])
    names = books.asset_names
    if not books.wallets.is_valued(wallet):
        if asset is not None and (not isinstance(asset, str) or names.get(asset) != own):
            raise AdlError.at("asset", None, asset, f"must be {books.assets[own].name}, which this wallet holds")
        return own
    if not isinstance(asset, str) or asset not in names:
        must = f"must be one of {', '.join(names)}: this wallet holds several assets"
        raise AdlError.at("asset", None, asset, must)
    return names[asset]


def positive_quanta(asset: Asset, amount: Number) -> int:
    """An amount above 0, in quanta."""
    quanta = asset.quanta(amount)
    if quanta <= 0:
        raise AdlError.at("amount", None, amount, "must be above 0")
    return quanta


def balance_of(books: Books, wallet: int, asset: int) -> int:
    """How many quanta of an asset stand in a wallet; of a wallet with one asset, of that."""
    if not books.wallets.is_valued(wallet):
        return int(books.wallets.balance[wallet])
    held = books.balances
    return int(held.amount[(held.wallet == wallet) & (held.asset == asset)].sum())


def credit(books: AnyBooks, wallet: int, asset: int, quanta: int) -> AnyBooks:
    """The books once a wallet has so many quanta of an asset more; fewer where they are below 0."""
    before = balance_of(books, wallet, asset)
    total = before + quanta
    if abs(total) > INT64_MAX:
        raise AdlError.at("amount", None, quanta, f"and the balance, {before} quanta, must sum to an int64")
    if not books.wallets.is_valued(wallet):
        balance = books.wallets.balance.copy()
        balance[wallet] = total
        return books._with({"wallets": books.wallets.replace(balance=balance)})
    held = books.balances
    place = np.flatnonzero((held.wallet == wallet) & (held.asset == asset))
    if len(place):
        amount = held.amount.copy()
        amount[place[0]] = total
        return books._with({"balances": held.replace(amount=amount)})
    if books.index_prices[asset] is None and asset != books.wallets.asset[wallet]:
        name = books.assets[asset].name
        raise AdlError.at("index_prices", None, name, "has no index price: must have one to be collateral")
    return books._with({"balances": held.with_row(wallet=wallet, asset=asset, amount=quanta, loan=0)})
