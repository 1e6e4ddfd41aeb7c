"""What must hold of the books of a venue: every broken row by its name."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support.arrays import INT64_MAX, Int64Array1D
from ...errors import AdlError, BrokenSnapshotError, OpenInterestWarning
from .tables import CROSS, ISOLATED, MODES, PORTFOLIO, VALUED

if TYPE_CHECKING:
    from .snapshot import Snapshot

__all__ = ["validate"]

MODE = f"must be one of {', '.join(map(repr, MODES))}, or 0 to {len(MODES) - 1}"

Mask = npt.NDArray[np.bool_]
Problems = Iterator[AdlError]


def validate(books: Snapshot, contract: Int64Array1D, order: Int64Array1D | None, strict: bool) -> None:
    """Refuse broken rows, all of them at once; warn of unbalanced open interest, or refuse it too.

    `contract` is that of each position row; rows are named as they were given, before `order` sorted
    them.
    """
    to = _References(books, contract)
    broken = [
        *_wallet_errors(books, to),
        *_balance_errors(books, to),
        *_positions(books, to, order),
        *_order_errors(books, to),
        *_price_errors(books, to),
    ]
    unbalanced = [*_open_interest_errors(books)]
    if broken or (strict and unbalanced):
        raise BrokenSnapshotError([*broken, *(unbalanced if strict else [])])
    for problem in unbalanced:
        warnings.warn(str(problem), OpenInterestWarning, stacklevel=_caller_level())


class _References:
    """What rows point at. A row that points at nothing points at the row after the last, which means nothing."""

    def __init__(self, books: Snapshot, contract: Int64Array1D) -> None:
        self.wallets, self.contracts = len(books.wallets), len(books.contracts)
        lost = _outside(books.wallets.mode, len(MODES)) | _outside(books.wallets.asset, len(books.assets))
        self.mode = np.append(np.where(lost, -1, books.wallets.mode), -1)
        self.valued, self.single = self.mode >= VALUED, (self.mode >= 0) & (self.mode < VALUED)
        self.asset = np.append(np.where(lost, -1, books.wallets.asset), -1)
        self.settle = np.append(books.settle, -1)
        self.given, self.contract = contract, _within(contract, self.contracts)
        self.wallet = _within(books.positions.wallet, self.wallets)

    def misplaced(self, contract: Int64Array1D, wallet: Int64Array1D) -> Mask:
        """Where a contract settles in another asset than that of a wallet with one."""
        asset, settle = self.asset[wallet], self.settle[contract]
        found: Mask = self.single[wallet] & (settle >= 0) & (asset != settle)
        return found


def _within(column: Int64Array1D, length: int) -> Int64Array1D:
    """The column with `length`, the row after the last, wherever it points at nothing."""
    lost = _outside(column, length)
    return np.where(lost, length, column) if lost.any() else column


def _caller_level() -> int:
    """How far up the stack the first line stands that is not adlcore's own."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("adlcore."):
        level, frame = level + 1, frame.f_back
    return level


def _dangling_errors(argument: str, column: Int64Array1D, length: int, what: str) -> Problems:
    yield from _each(argument, column, _outside(column, length), _row_of(length, what))


def _row_of(length: int, what: str) -> str:
    return f"must be a row of the {what}, 0 to {length - 1}" if length else f"must be absent: there are no {what}"


def _each(argument: str, column: npt.NDArray[np.generic], bad: Mask, must: str) -> Problems:
    """An error for every row of a mask."""
    for row in np.flatnonzero(bad).tolist():
        yield AdlError.at(argument, row, column[row], must)


def _outside(column: Int64Array1D, length: int) -> Mask:
    return (column < 0) | (column >= length)


def _wallet_errors(books: Snapshot, to: _References) -> Problems:
    wallets, assets, mode, asset = books.wallets, books.assets, to.mode[:-1], to.asset[:-1]
    yield from _each("wallets.mode", wallets.mode, _outside(wallets.mode, len(MODES)), MODE)
    yield from _dangling_errors("wallets.asset", wallets.asset, len(assets), "assets")
    valued = to.valued[:-1]
    must = "must be 0: what a multi-asset or portfolio wallet holds stands in the balances"
    yield from _each("wallets.balance", wallets.balance, valued & (wallets.balance != 0), must)
    numeraires = np.unique(asset[valued]).tolist()
    if len(numeraires) > 1:
        row = int(np.flatnonzero(valued & (asset == numeraires[1]))[0])
        must = f"must be {assets[numeraires[0]].name}: a snapshot has one numeraire"
        yield AdlError.at("wallets.asset", row, assets[numeraires[1]].name, must)
    cross = np.flatnonzero(mode == CROSS)
    if len(cross) > 1:
        account = np.unique(wallets.account[cross], return_inverse=True)[1]
        yield from _duplicate_errors(
            "wallets.account", cross, (account, asset[cross]), wallets.account, "has two cross wallets"
        )


def _duplicate_errors(
    argument: str, rows: Int64Array1D, keys: tuple[Int64Array1D, ...], shown: npt.NDArray[np.generic], what: str
) -> Problems:
    """An error for every row whose keys an earlier row has already."""
    places = np.lexsort((rows, *keys[::-1]))
    same = np.ones(max(len(rows) - 1, 0), bool)
    for key in keys:
        same &= key[places][1:] == key[places][:-1]
    for place in np.flatnonzero(same).tolist():
        first, second = rows[places[place]], rows[places[place + 1]]
        yield AdlError.at(argument, int(second), shown[second], f"{what}: row {first} is the same, one must go")


def _positions(books: Snapshot, to: _References, order: Int64Array1D | None) -> Problems:
    for error in _position_errors(books, to):
        yield _named(error, order)
    isolated = np.flatnonzero((to.mode[to.wallet] == ISOLATED) & (books.positions.quantity != 0))
    rows = isolated if order is None else order[isolated]
    must = "is an isolated wallet, which holds one position"
    wallet = books.positions.wallet
    yield from _duplicate_errors("positions.wallet", rows, (wallet[isolated],), _given(wallet, order), must)


def _given(column: Int64Array1D, order: Int64Array1D | None) -> Int64Array1D:
    """A sorted column as it was given."""
    if order is None:
        return column
    given = np.empty_like(column)
    given[order] = column
    return given


def _position_errors(books: Snapshot, to: _References) -> Problems:
    positions, contract, wallet = books.positions, to.contract, to.wallet
    quantity = positions.quantity
    yield from _dangling_errors("positions.contract", to.given, to.contracts, "contracts")
    yield from _dangling_errors("positions.wallet", positions.wallet, to.wallets, "wallets")
    for row in np.flatnonzero(to.misplaced(contract, wallet)).tolist():
        listed, held_in = books.contracts[contract[row]], books.assets[to.asset[wallet[row]]]
        must = f"must be a wallet in {listed.settle}, in which {listed.symbol} settles, and is in {held_in}"
        yield AdlError.at("positions.wallet", row, wallet[row], must)
    # Rows of no lots hold no side: a house leaves them where they were closed.
    held = np.flatnonzero(quantity)
    mine, code, short = wallet[held], contract[held], quantity[held] < 0
    same = (mine[1:] == mine[:-1]) & (code[1:] == code[:-1]) & (short[1:] == short[:-1])
    twins = np.zeros(len(wallet), bool)
    twins[held[1:][same & (mine[1:] < to.wallets) & (code[1:] < to.contracts)]] = True
    must = "holds this side of the contract in an earlier row already: add the two up"
    yield from _each("positions.wallet", wallet, twins, must)
    sign = np.array([*(-1 if c.inverse else 1 for c in books.contracts), 0])[contract]
    odd = np.sign(positions.entry_value) * np.sign(quantity) * sign < 0
    odd |= (quantity == 0) & (positions.entry_value != 0)
    must = "must have the sign of quantity·v(entry price): of the quantity, or for an inverse contract the other"
    yield from _each("positions.entry_value", positions.entry_value, odd, must)
    lowest = quantity == -INT64_MAX - 1
    yield from _each("positions.quantity", quantity, lowest, "must be above -2^63")
    leverage = positions.leverage
    must = "must be above 0 and finite, or 0 where none was chosen"
    yield from _each("positions.leverage", leverage, ~((leverage >= 0) & (leverage < np.inf)), must)


def _named(error: AdlError, order: Int64Array1D | None) -> AdlError:
    """The error with the row as it was given."""
    if order is None or error.row is None:
        return error
    return error.placed(str(error.argument), int(order[error.row]), error.value)


def _order_errors(books: Snapshot, to: _References) -> Problems:
    orders = books.orders
    yield from _dangling_errors("orders.contract", orders.contract, to.contracts, "contracts")
    yield from _dangling_errors("orders.wallet", orders.wallet, to.wallets, "wallets")
    yield from _each("orders.quantity", orders.quantity, orders.quantity == 0, "must not be 0 lots")
    yield from _each("orders.price", orders.price, orders.price < 1, "must be at least 1 tick")
    yield from _each("orders.locked", orders.locked, orders.locked < 0, "must be 0 or above")
    wrong = to.misplaced(_within(orders.contract, to.contracts), _within(orders.wallet, to.wallets))
    for row in np.flatnonzero(wrong).tolist():
        contract = books.contracts[orders.contract[row]]
        must = f"must be a wallet in {contract.settle}, in which {contract.symbol} settles"
        yield AdlError.at("orders.wallet", row, orders.wallet[row], must)


def _balance_errors(books: Snapshot, to: _References) -> Problems:
    held = books.balances
    yield from _dangling_errors("balances.wallet", held.wallet, to.wallets, "wallets")
    yield from _dangling_errors("balances.asset", held.asset, len(books.assets), "assets")
    sound = ~_outside(held.asset, len(books.assets))
    wallet = _within(held.wallet, to.wallets)
    valued = to.valued[wallet]
    must = "must be a multi-asset or portfolio wallet; others hold one asset, in wallets.balance"
    yield from _each("balances.wallet", held.wallet, to.single[wallet] & sound, must)
    yield from _each("balances.loan", held.loan, held.loan < 0, "must be 0 or above")
    lent = (held.loan > 0) & valued & (to.mode[wallet] != PORTFOLIO)
    yield from _each("balances.loan", held.loan, lent, "must be 0: only portfolio margin knows loans")
    rows = np.flatnonzero(sound & valued)
    keys = held.wallet[rows], held.asset[rows]
    yield from _duplicate_errors("balances.wallet", rows, keys, held.wallet, "holds this asset twice")


def _price_errors(books: Snapshot, to: _References) -> Problems:
    """Marks of what is held, and index prices of what valued wallets hold."""
    for code, (listed, mark) in enumerate(zip(books.contracts, books.marks, strict=True)):
        if mark is None and books.start[code] < books.start[code + 1]:
            must = f"has no mark price and {_count(books, code)}: must have one"
            yield AdlError.at("marks", None, listed.symbol, must)
    if not to.valued.any():
        return
    numeraires = set(to.asset[to.valued].tolist())
    needed = {*books.balances.asset.tolist(), *to.settle[np.unique(to.contract[to.valued[to.wallet]])].tolist()}
    for code in sorted(needed - numeraires):
        if 0 <= code < len(books.assets) and books.index_prices[code] is None:
            must = "has no index price and stands in multi-asset or portfolio wallets: must have one"
            yield AdlError.at("index_prices", None, books.assets[code].name, must)
    for code in sorted(numeraires):
        if books.index_prices[code] not in (None, 1):
            yield AdlError.at("index_prices", None, books.index_prices[code], "must be 1 for the numeraire itself")


def _count(books: Snapshot, code: int) -> str:
    return f"{int(books.start[code + 1] - books.start[code]):,} positions"


def _open_interest_errors(books: Snapshot) -> Problems:
    for code, contract in enumerate(books.contracts):
        net = _kernels.numbers.money.exact_sum(books.positions.quantity[books.rows(code)])
        if net:
            side = "longs" if net > 0 else "shorts"
            must = f"the longs and shorts of {contract.symbol} must be equal; {abs(net):,} lots more are {side}"
            yield AdlError.at("positions.quantity", None, net, must)
