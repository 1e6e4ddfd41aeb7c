"""The money of a wallet: whose row, in which asset, how much, and the books once there is more or less of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..._support.arrays import INT64_MAX
from ..._support.options import is_count, require_option
from ...contracts import Asset
from ...contracts.decimals import Number
from ...errors import AdlError, value_text
from .tables import ISOLATED

if TYPE_CHECKING:
    from .snapshot import Snapshot

__all__ = ["asset_row", "balance_of", "credit", "find_wallet", "positive_quanta", "wallet_row"]


def wallet_row(books: Snapshot, name: str, wallet: Any) -> int:
    """A row of the wallets, checked."""
    count = len(books.wallets)
    if not is_count(wallet, 0, count - 1):
        must = f"must be a row of the wallets, 0 to {count - 1}"
        raise AdlError.at(name, None, wallet, must + _lookup_hint(books, wallet))
    return int(wallet)


def find_wallet(snapshot: Snapshot, account: Any, asset: str | None, *, contract: str | None, side: str | None) -> int:
    """The row of the one wallet of an account that all of this fits; see :meth:`Snapshot.wallet`."""
    wallets = snapshot.wallets
    signs = {"long": 1, "short": -1}
    if side is not None:
        require_option("side", side, signs, "must be long or short")
    if asset is not None and not isinstance(asset, str):
        raise AdlError.at("asset", None, asset, "must be the name of an asset")
    if isinstance(account, bool) or not isinstance(account, str | int | np.integer):
        raise AdlError.at("account", None, account, "must be an account of this snapshot")
    rows = np.flatnonzero(wallets.account == account)
    if not len(rows):
        raise AdlError.at("account", None, account, "must be an account of this snapshot")
    if contract is not None:
        part = snapshot.rows(snapshot.code(contract))
        wanted = np.ones(part.stop - part.start, bool)
        if side is not None:
            wanted = snapshot.positions.quantity[part] * signs[side] > 0
        holders = snapshot.positions.wallet[part][wanted]
        rows = np.intersect1d(rows[wallets.mode[rows] == ISOLATED], holders)
    else:
        rows = rows[wallets.mode[rows] != ISOLATED]
    if asset is not None:
        names = np.array([known.name for known in snapshot.assets])
        rows = rows[names[wallets.asset[rows]] == asset]
    if len(rows) != 1:
        found = ", ".join(snapshot.wallet_name(row) for row in rows[:6].tolist()) or "none"
        raise AdlError.at(
            "account", None, account, f"must name one wallet with asset, contract and side; found {found}"
        )
    return int(rows[0])


def _lookup_hint(books: Snapshot, wallet: Any) -> str:
    """Where the row of a wallet is found that is called by its account."""
    accounts = books.wallets.account
    text = accounts.dtype.kind == "U"
    named = isinstance(wallet, str) if text else isinstance(wallet, int | np.integer) and not isinstance(wallet, bool)
    if not isinstance(wallet, str) and not (named and bool((accounts == wallet).any())):
        return ""
    return f"; Snapshot.wallet({value_text(wallet)}) finds the row of an account's wallet"


def asset_row(books: Snapshot, wallet: int, asset: str | None) -> int:
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


def balance_of(books: Snapshot, wallet: int, asset: int) -> int:
    """How many quanta of an asset stand in a wallet; of a wallet with one asset, of that."""
    if not books.wallets.is_valued(wallet):
        return int(books.wallets.balance[wallet])
    held = books.balances
    return int(held.amount[(held.wallet == wallet) & (held.asset == asset)].sum())


def credit(books: Snapshot, wallet: int, asset: int, quanta: int) -> Snapshot:
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
