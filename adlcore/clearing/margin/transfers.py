"""Money into a wallet, out of it, and between two wallets of an account: what changes in the books."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._support.arrays import INT64_MAX
from ...contracts.asset import Asset
from ...contracts.decimals import Number
from ...errors import AdlError, shown
from ..snapshot.books import Books
from ..snapshot.tables import VALUED
from . import free_margin
from .margin_pass import MarginPass
from .margin_state import MarginState

__all__ = ["added", "asset_of", "deposit", "transfer", "wallet_row", "withdraw"]


def deposit(books: Books, wallet: int, amount: Number, asset: str | None) -> dict[str, Any]:
    """`amount` more in a wallet."""
    row, code = wallet_row(books, "wallet", wallet), asset_of(books, wallet, asset)
    return added(books, row, code, _quanta(books.assets[code], amount))


def withdraw(books: Books, state: MarginState, wallet: int, amount: Number, asset: str | None) -> dict[str, Any]:
    """`amount` less in a wallet, within its free margin."""
    row, code = wallet_row(books, "wallet", wallet), asset_of(books, wallet, asset)
    quanta = _quanta(books.assets[code], amount)
    _refuse_beyond_free(books, state._pass, row, code, quanta, amount)
    return added(books, row, code, -quanta)


def transfer(books: Books, state: MarginState, source: int, target: int, amount: Number) -> dict[str, Any]:
    """`amount` from one wallet to another of the same account and asset."""
    one, other = wallet_row(books, "source", source), wallet_row(books, "target", target)
    wallets = books.wallets
    if one == other:
        raise AdlError.at("target", None, target, "must be another wallet than the source")
    if wallets.account[one] != wallets.account[other]:
        must = f"must be a wallet of the same account, {wallets.account[one]!r}"
        raise AdlError.at("target", None, target, must)
    for name, row in (("source", one), ("target", other)):
        if wallets.mode[row] >= VALUED:
            must = "must be a cross or isolated wallet: withdraw from one that holds several assets, and deposit"
            raise AdlError.at(name, None, row, must)
    if wallets.asset[one] != wallets.asset[other]:
        must = f"must be a wallet in {books.assets[int(wallets.asset[one])].name}, as the source"
        raise AdlError.at("target", None, target, must)
    code = int(wallets.asset[one])
    quanta = _quanta(books.assets[code], amount)
    _refuse_beyond_free(books, state._pass, one, code, quanta, amount)
    balance = wallets.balance.copy()
    balance[one] = _sum(balance[one], -quanta)
    balance[other] = _sum(balance[other], quanta)
    return {"wallets": wallets.replace(balance=balance)}


def wallet_row(books: Books, name: str, wallet: Any) -> int:
    """A row of the wallets, checked."""
    count = len(books.wallets)
    if isinstance(wallet, bool) or not isinstance(wallet, int | np.integer) or not 0 <= wallet < count:
        must = f"must be a row of the wallets, 0 to {count - 1}"
        raise AdlError.at(name, None, wallet, must + _found_by(books, wallet))
    return int(wallet)


def _found_by(books: Books, wallet: Any) -> str:
    """Where the row of a wallet is found that is called by its account."""
    accounts = books.wallets.account
    text = accounts.dtype.kind == "U"
    named = isinstance(wallet, str) if text else isinstance(wallet, int | np.integer) and not isinstance(wallet, bool)
    if not isinstance(wallet, str) and not (named and bool((accounts == wallet).any())):
        return ""
    return f"; Snapshot.wallet({shown(wallet)}) finds the row of an account's wallet"


def asset_of(books: Books, wallet: int, asset: str | None) -> int:
    """Row of the asset that is moved."""
    own = int(books.wallets.asset[wallet])
    names = books.asset_names
    if books.wallets.mode[wallet] < VALUED:
        if asset is not None and (not isinstance(asset, str) or names.get(asset) != own):
            raise AdlError.at("asset", None, asset, f"must be {books.assets[own].name}, which this wallet holds")
        return own
    if not isinstance(asset, str) or asset not in names:
        must = f"must be one of {', '.join(names)}: this wallet holds several assets"
        raise AdlError.at("asset", None, asset, must)
    return names[asset]


def _quanta(asset: Asset, amount: Number) -> int:
    quanta = asset.quanta(amount)
    if quanta <= 0:
        raise AdlError.at("amount", None, amount, "must be above 0")
    return quanta


def added(books: Books, row: int, code: int, quanta: int) -> dict[str, Any]:
    """A wallet with so many quanta of an asset more."""
    if books.wallets.mode[row] < VALUED:
        balance = books.wallets.balance.copy()
        balance[row] = _sum(balance[row], quanta)
        return {"wallets": books.wallets.replace(balance=balance)}
    held = books.balances
    place = np.flatnonzero((held.wallet == row) & (held.asset == code))
    if len(place):
        amount = held.amount.copy()
        amount[place[0]] = _sum(amount[place[0]], quanta)
        return {"balances": held.replace(amount=amount)}
    if books.index_prices[code] is None and code != books.wallets.asset[row]:
        name = books.assets[code].name
        raise AdlError.at("index_prices", None, name, "has no index price: must have one to be collateral")
    fresh = {"wallet": row, "asset": code, "amount": quanta, "loan": 0}
    return {
        "balances": held.replace(**{name: np.append(column, fresh[name]) for name, column in held.columns().items()})
    }


def _sum(balance: Any, quanta: int) -> int:
    total = int(balance) + quanta
    if abs(total) > INT64_MAX:
        raise AdlError.at("amount", None, quanta, f"and the balance, {int(balance)} quanta, must sum to an int64")
    return total


def _refuse_beyond_free(books: Books, core: MarginPass, row: int, code: int, quanta: int, amount: Number) -> None:
    """Refuse an amount that positions, loans, orders or the balance itself do not set free.

    Of a wallet with one asset that is what is above its free margin. What a coin that leaves takes along of another
    one depends on haircuts and is rounded: so what stays is looked at, once it has left.
    """
    if books.wallets.mode[row] >= VALUED:
        held = int(books.balances.amount[(books.balances.wallet == row) & (books.balances.asset == code)].sum())
        if quanta > held:
            asset = books.assets[code]
            must = f"must be at most what is there, {asset.decimal(max(held, 0))} {asset.name}"
            raise AdlError.at("amount", None, amount, must)
    equity, balance = free_margin.worth(core, row, {code: quanta})
    needed, least = free_margin.needed_of(core, row), free_margin.least(core, row)
    if min(equity, balance) < needed or equity < least:
        asset, free = books.assets[int(books.wallets.asset[row])], free_margin.free_of(core, row)
        must = f"must be at most the free margin of this wallet, {asset.decimal(free)} {asset.name}"
        raise AdlError.at("amount", None, amount, must)
