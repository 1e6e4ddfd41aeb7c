"""What accounts ask for between marks: money in and out, open orders; each a change of a house's books."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..._support.options import is_count
from ...contracts.decimals import Number, positive_decimal
from ...errors import AdlError
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import reduce_entry
from ..margin.free_margin import lockable
from ..margin.margin_state import MarginState
from ..margin.transfers import withdraw_by
from ..snapshot.exact import locked_margin
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import ISOLATED
from ..snapshot.wallet_balances import asset_row, wallet_row

__all__ = [
    "cancel_order",
    "deposit",
    "fund_deposit",
    "place_order",
    "refuse_debtor",
    "refuse_misplaced",
    "withdraw",
]


def deposit(work: PassBooks, wallet: int, amount: Number, asset: str | None) -> Snapshot:
    """Money from outside into a wallet; an open entry is paid first."""
    books = work.books
    changed = books.deposit(wallet, amount, asset)
    code = asset_row(books, wallet, asset)
    quanta = books.assets[code].quanta(amount)
    work.log.add(("deposit", "request", {"wallet": wallet, "amount": quanta, "asset": code}))
    if (owed := work.uncovered.get((int(wallet), code))) is not None:
        reduce_entry(work, int(wallet), code, owed - quanta, "request")
    return changed


def withdraw(work: PassBooks, wallet: int, amount: Number, asset: str | None) -> Snapshot:
    """Money out of a wallet, within its free margin."""
    books = work.books
    changed = withdraw_by(books, MarginState._of(work.core), wallet, amount, asset)
    code = asset_row(books, wallet, asset)
    quanta = books.assets[code].quanta(amount)
    work.log.add(("withdrawal", "request", {"wallet": wallet, "amount": -quanta, "asset": code}))
    return changed


def fund_deposit(work: PassBooks, name: str, amount: Number) -> None:
    """Money from outside into a fund; below 0 out of it, as far as it has cash and equity."""
    fund = work.table.row(name, "fund")
    asset = int(work.table.asset[fund])
    unit = work.books.assets[asset]
    quanta = unit.quanta(amount)
    party = work.first_fund + fund
    most = max(0, min(int(work.party_cash[party, asset]), work.fund_equity(fund)))
    if quanta == 0 or quanta < -most:
        must = f"must not be 0, and take out at most cash and equity: {unit.decimal(most)} {unit.name}"
        raise AdlError.at("amount", None, amount, must)
    work.fund_receives(fund, quanta)
    work.fund_equity(fund)  # which must fit, too
    work.log.add(("fund-deposit", "request", {"party": party, "amount": quanta, "asset": asset}))


# Orders ---------------------------------------------------------------------------------------------------------------


def place_order(
    work: PassBooks,
    wallet: int,
    contract: str,
    quantity: Number,
    price: Number,
    leverage: Number | None,
    locked: Number | None,
) -> Snapshot:
    """Put an open order in; what it locks takes nothing out, and must only be there."""
    books = work.books
    row, code = wallet_row(books, "wallet", wallet), books.code(contract)
    listed = books.contracts[code]
    refuse_debtor(work, row)
    refuse_other_asset(books, row, code, "wallet")
    lots, ticks = listed.lots(quantity), listed.ticks(price)
    if lots == 0:
        raise AdlError.at("quantity", None, quantity, "must not be 0")
    if (locked is None) == (leverage is None):
        raise AdlError("locked, leverage: must have exactly one", argument="locked")
    if leverage is not None:
        notional = round(abs(lots * work.unit_at(code, ticks)))
        quanta = locked_margin(notional, positive_decimal(leverage, "leverage"))
    else:
        assert locked is not None  # one of the two is given
        quanta = listed.settle.quanta(locked)
        if quanta < 0:
            raise AdlError.at("locked", None, locked, "must be 0 or above")
    rate = work.core.rates.price_of(int(work.settle[code])) if books.wallets.is_valued(row) else Fraction(1)
    most = lockable(work.core, row)
    if -(-quanta * rate.numerator // rate.denominator) > most:
        asset = books.assets[int(books.wallets.asset[row])]
        must = f"must be at most what this wallet may lock of its margin, {asset.decimal(most)} {asset.name}"
        raise AdlError.at("locked", None, listed.settle.decimal(quanta), must)
    fresh = {"contract": code, "wallet": row, "quantity": lots, "price": ticks, "locked": quanta}
    placed = {"wallet": row, "row": len(books.orders), "contract": code, "lots": lots, "price": ticks, "amount": quanta}
    work.log.add(("order-placed", "request", {**placed, "asset": work.settle[code]}))
    return books._with({"orders": books.orders.with_row(**fresh)})


def cancel_order(work: PassBooks, order: int) -> Snapshot:
    """Take an open order out; those after it move up."""
    orders = work.books.orders
    if not is_count(order, 0, len(orders) - 1):
        must = (
            f"must be a row of the orders, 0 to {len(orders) - 1}" if len(orders) else "must be absent: there are none"
        )
        found = "; ClearingHouse.snapshot().orders has them" if isinstance(order, str) and not order.isdecimal() else ""
        raise AdlError.at("order", None, order, must + found)
    work.cancel(np.array([order]), "request")
    return work.books._with({"orders": orders.taken(np.flatnonzero(~work.cancelled))})


# Who may -------------------------------------------------------------------------------------------------------------


def refuse_debtor(work: PassBooks, wallet: int) -> None:
    """Refuse a wallet with an open entry: it pays that first (``docs/waterfall.md``, "Debts")."""
    for (debtor, asset), owed in work.uncovered.items():
        if debtor == wallet:
            unit = work.books.assets[asset]
            must = f"must pay its open entry of {unit.decimal(owed)} {unit.name} first"
            raise AdlError.at("wallet", None, wallet, must)


def refuse_other_asset(books: Snapshot, wallet: int, code: int, name: str) -> None:
    """Refuse a contract that settles in another asset than the one of a wallet with one asset."""
    listed = books.contracts[code]
    if not books.wallets.is_valued(wallet) and books.assets[int(books.wallets.asset[wallet])] != listed.settle:
        must = f"must be a wallet in {listed.settle}, in which {listed.symbol} settles"
        raise AdlError.at(name, None, wallet, must)


def refuse_misplaced(books: Snapshot, wallet: int, code: int, name: str) -> None:
    """Refuse a contract in which a wallet cannot hold a position.

    It settles in another asset than the wallet's one, or the wallet is isolated and has its position elsewhere.
    """
    refuse_other_asset(books, wallet, code, name)
    if books.wallets.mode[wallet] == ISOLATED:
        rows = np.flatnonzero(books.positions.wallet == wallet)
        codes = books.contract_of(rows)
        for other in codes[books.positions.quantity[rows] != 0].tolist():
            if other != code:
                must = f"is an isolated wallet with a position in {books.contracts[other].symbol}: must trade that"
                raise AdlError.at(name, None, wallet, must)
