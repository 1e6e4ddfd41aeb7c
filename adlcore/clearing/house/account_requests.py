"""What accounts ask for between marks: money in and out, open orders; each a change of a house's books."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from ..._support.options import is_count
from ...contracts.decimals import Number, positive_decimal
from ...errors import AdlError
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import pay_open_entry
from ..margin.free_margin import lockable
from ..margin.margin_state import MarginState
from ..margin.transfers import withdraw_by
from ..snapshot.exact import locked_margin
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import ISOLATED
from ..snapshot.wallet_balances import asset_row, wallet_row

__all__ = [
    "remove_order",
    "book_deposit",
    "book_fund_deposit",
    "add_order",
    "refuse_debtor",
    "refuse_misplaced",
    "book_withdrawal",
]


def book_deposit(pass_books: PassBooks, wallet: int, amount: Number, asset: str | None) -> Snapshot:
    """Money from outside into a wallet; an open entry is paid first."""
    books = pass_books.snapshot
    changed = books.deposit(wallet, amount, asset)
    asset_code = asset_row(books, wallet, asset)
    quanta = books.assets[asset_code].quanta(amount)
    pass_books.log.add(("deposit", "request", {"wallet": wallet, "amount": quanta, "asset": asset_code}))
    pay_open_entry(pass_books, int(wallet), asset_code, quanta, "request")
    return changed


def book_withdrawal(pass_books: PassBooks, wallet: int, amount: Number, asset: str | None) -> Snapshot:
    """Money out of a wallet, within its free margin."""
    books = pass_books.snapshot
    changed = withdraw_by(books, MarginState._of(pass_books.margin_pass), wallet, amount, asset)
    asset_code = asset_row(books, wallet, asset)
    quanta = books.assets[asset_code].quanta(amount)
    pass_books.log.add(("withdrawal", "request", {"wallet": wallet, "amount": -quanta, "asset": asset_code}))
    return changed


def book_fund_deposit(pass_books: PassBooks, name: str, amount: Number) -> None:
    """Money from outside into a fund; below 0 out of it, as far as it has cash and equity."""
    fund = pass_books.fund_table.row(name, "fund")
    asset = int(pass_books.fund_table.asset[fund])
    unit = pass_books.snapshot.assets[asset]
    quanta = unit.quanta(amount)
    party = pass_books.first_fund + fund
    most = max(0, min(int(pass_books.parties.cash[party, asset]), pass_books.parties.fund_equity(fund)))
    if quanta == 0 or quanta < -most:
        must = f"must not be 0, and take out at most cash and equity: {unit.decimal(most)} {unit.name}"
        raise AdlError.at("amount", None, amount, must)
    pass_books.parties.credit_fund(fund, quanta)
    pass_books.parties.fund_equity(fund)  # which must fit, too
    pass_books.log.add(("fund-deposit", "request", {"party": party, "amount": quanta, "asset": asset}))


# Orders ---------------------------------------------------------------------------------------------------------------


def add_order(
    pass_books: PassBooks,
    wallet: int,
    contract: str,
    quantity: Number,
    price: Number,
    *,
    leverage: Number | None,
    locked: Number | None,
) -> Snapshot:
    """Put an open order in; what it locks takes nothing out, and must only be there."""
    books = pass_books.snapshot
    row, code = wallet_row(books, "wallet", wallet), books.code(contract)
    listed = books.contracts[code]
    refuse_debtor(pass_books, row)
    refuse_other_asset(books, row, code, "wallet")
    lots, ticks = listed.lots(quantity), listed.ticks(price)
    if lots == 0:
        raise AdlError.at("quantity", None, quantity, "must not be 0")
    if (locked is None) == (leverage is None):
        raise AdlError("locked, leverage: must have exactly one", argument="locked")
    if leverage is not None:
        notional = round(abs(lots * pass_books.value_per_lot(code, ticks)))
        quanta = locked_margin(notional, positive_decimal(leverage, "leverage"))
    else:
        assert locked is not None  # one of the two is given
        quanta = listed.settle.quanta(locked)
        if quanta < 0:
            raise AdlError.at("locked", None, locked, "must be 0 or above")
    rate = (
        pass_books.margin_pass.rates.price_of(int(pass_books.settle[code]))
        if books.wallets.is_valued(row)
        else Fraction(1)
    )
    most = lockable(pass_books.margin_pass, row)
    if -(-quanta * rate.numerator // rate.denominator) > most:
        asset = books.assets[int(books.wallets.asset[row])]
        must = f"must be at most what this wallet may lock of its margin, {asset.decimal(most)} {asset.name}"
        raise AdlError.at("locked", None, listed.settle.decimal(quanta), must)
    fresh = {"contract": code, "wallet": row, "quantity": lots, "price": ticks, "locked": quanta}
    placed = {"wallet": row, "row": len(books.orders), "contract": code, "lots": lots, "price": ticks, "amount": quanta}
    pass_books.log.add(("order-placed", "request", {**placed, "asset": pass_books.settle[code]}))
    return books._with({"orders": books.orders.with_row(**fresh)})


def remove_order(pass_books: PassBooks, order: int) -> Snapshot:
    """Take an open order out; those after it move up."""
    orders = pass_books.snapshot.orders
    if not is_count(order, 0, len(orders) - 1):
        must = (
            f"must be a row of the orders, 0 to {len(orders) - 1}" if len(orders) else "must be absent: there are none"
        )
        found = "; ClearingHouse.snapshot().orders has them" if isinstance(order, str) and not order.isdecimal() else ""
        raise AdlError.at("order", None, order, must + found)
    pass_books.cancel_order_rows(np.array([order]), "request")
    return pass_books.snapshot._with({"orders": orders.taken(np.flatnonzero(~pass_books.cancelled))})


# Who may -------------------------------------------------------------------------------------------------------------


def refuse_debtor(pass_books: PassBooks, wallet: int) -> None:
    """Refuse a wallet with an open entry: it pays that first (``docs/waterfall.md``, "Debts")."""
    for (debtor, asset), owed in pass_books.uncovered.items():
        if debtor == wallet:
            unit = pass_books.snapshot.assets[asset]
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
