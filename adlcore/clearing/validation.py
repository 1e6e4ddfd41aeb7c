"""What must hold of the books of a venue: every broken row by its name."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._arrays import INT64_MAX, Int64Array1D
from ..errors import AdlError, BrokenSnapshotError, OpenInterestWarning
from .books import Books
from .tables import CROSS, ISOLATED, MODES, PORTFOLIO, VALUED

__all__ = ["validate"]

Mask = npt.NDArray[np.bool_]
Problems = Iterator[AdlError]


def validate(books: Books, contract: Int64Array1D, order: Int64Array1D | None, strict: bool) -> None:
    """Refuse broken rows, all of them at once; warn of unbalanced open interest, or refuse it too.

    `contract` is that of each position row; rows are named as they were given, before `order` sorted
    them.
    """
    broken = [*_wallets(books), *_balances(books)]
    inside = [*_positions_inside(books, contract, order)]
    # What a row means can be asked only where it points at something.
    broken += inside or [*_positions(books, contract, order)]
    broken += _orders(books)
    if not inside:
        broken += _prices(books, contract)
    unbalanced = [] if inside else [*_open_interest(books)]
    if broken or (strict and unbalanced):
        raise BrokenSnapshotError([*broken, *(unbalanced if strict else [])])
    for problem in unbalanced:
        warnings.warn(str(problem), OpenInterestWarning, stacklevel=4)


def _each(argument: str, column: npt.NDArray[np.generic], bad: Mask, must: str) -> Problems:
    """An error for every row of a mask."""
    for row in np.flatnonzero(bad).tolist():
        yield AdlError.at(argument, row, column[row], must)


def _outside(column: Int64Array1D, length: int) -> Mask:
    return (column < 0) | (column >= length)


def _row_of(length: int, what: str) -> str:
    return f"must be a row of the {what}, 0 to {length - 1}" if length else f"must be absent: there are no {what}"


def _wallets(books: Books) -> Problems:
    wallets, assets = books.wallets, books.assets
    yield from _each("wallets.mode", wallets.mode, _outside(wallets.mode, len(MODES)), f"must be one of {MODES}")
    lost = _outside(wallets.asset, len(assets))
    yield from _each("wallets.asset", wallets.asset, lost, _row_of(len(assets), "assets"))
    valued = wallets.mode >= VALUED
    must = "must be 0: what a multi-asset or portfolio wallet holds stands in the balances"
    yield from _each("wallets.balance", wallets.balance, valued & (wallets.balance != 0), must)
    numeraires = np.unique(wallets.asset[valued & ~lost]).tolist()
    if len(numeraires) > 1:
        row = int(np.flatnonzero(valued & (wallets.asset == numeraires[1]))[0])
        other = assets[numeraires[0]].name
        yield AdlError.at(
            "wallets.asset", row, assets[numeraires[1]].name, f"must be {other}: a snapshot has one numeraire"
        )
    cross = np.flatnonzero((wallets.mode == CROSS) & ~lost)
    if len(cross) > 1:
        account = np.unique(wallets.account[cross], return_inverse=True)[1]
        yield from _twice(
            "wallets.account", cross, (account, wallets.asset[cross]), wallets.account, "has two cross wallets"
        )


def _twice(
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


def _positions_inside(books: Books, contract: Int64Array1D, order: Int64Array1D | None) -> Problems:
    """Positions that point at nothing."""
    wallet = books.positions.wallet
    for name, column, length in (
        ("contract", contract, len(books.contracts)),
        ("wallet", wallet, len(books.wallets)),
    ):
        for error in _each(f"positions.{name}", column, _outside(column, length), _row_of(length, f"{name}s")):
            yield _named(error, order)


def _positions(books: Books, contract: Int64Array1D, order: Int64Array1D | None) -> Problems:
    """Positions that cannot be."""
    positions, wallets = books.positions, books.wallets
    for error in _position_errors(books, contract):
        yield _named(error, order)
    isolated = np.flatnonzero(wallets.mode[positions.wallet] == ISOLATED)
    rows = isolated if order is None else order[isolated]
    must = "is an isolated wallet, which holds one position"
    yield from _twice("positions.wallet", rows, (positions.wallet[isolated],), _given(positions.wallet, order), must)


def _given(column: Int64Array1D, order: Int64Array1D | None) -> Int64Array1D:
    """A sorted column as it was given."""
    if order is None:
        return column
    given = np.empty_like(column)
    given[order] = column
    return given


def _position_errors(books: Books, contract: Int64Array1D) -> Problems:
    positions, wallets = books.positions, books.wallets
    quantity, wallet = positions.quantity, positions.wallet
    held_in, settle = wallets.asset[wallet], books.settle[contract]
    wrong = (wallets.mode[wallet] < VALUED) & (held_in != settle)
    for row in np.flatnonzero(wrong).tolist():
        names = books.assets[held_in[row]].name, books.contracts[contract[row]]
        must = f"must be a wallet in {names[1].settle}, in which {names[1].symbol} settles, and is in {names[0]}"
        yield AdlError.at("positions.wallet", row, wallet[row], must)
    twins = np.zeros(len(wallet), bool)
    twins[1:] = (wallet[1:] == wallet[:-1]) & (contract[1:] == contract[:-1])
    twins[1:] &= (quantity[1:] < 0) == (quantity[:-1] < 0)
    must = "holds this side of the contract in an earlier row already: add the two up"
    yield from _each("positions.wallet", wallet, twins, must)
    sign = np.array([-1 if c.inverse else 1 for c in books.contracts], np.int64)[contract]
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


def _orders(books: Books) -> Problems:
    orders = books.orders
    lost = _outside(orders.contract, len(books.contracts)) | _outside(orders.wallet, len(books.wallets))
    for name, length in (("contract", len(books.contracts)), ("wallet", len(books.wallets))):
        column = getattr(orders, name)
        yield from _each(f"orders.{name}", column, _outside(column, length), _row_of(length, f"{name}s"))
    yield from _each("orders.quantity", orders.quantity, orders.quantity == 0, "must not be 0 lots")
    yield from _each("orders.price", orders.price, orders.price < 1, "must be at least 1 tick")
    yield from _each("orders.locked", orders.locked, orders.locked < 0, "must be 0 or above")
    for row in np.flatnonzero(~lost).tolist():
        wallet, contract = orders.wallet[row], books.contracts[orders.contract[row]]
        asset = books.wallets.asset[wallet]
        if books.wallets.mode[wallet] < VALUED and books.assets[asset] != contract.settle:
            must = f"must be a wallet in {contract.settle}, in which {contract.symbol} settles"
            yield AdlError.at("orders.wallet", row, wallet, must)


def _balances(books: Books) -> Problems:
    held, wallets = books.balances, books.wallets
    lost = _outside(held.wallet, len(wallets)), _outside(held.asset, len(books.assets))
    yield from _each("balances.wallet", held.wallet, lost[0], _row_of(len(wallets), "wallets"))
    yield from _each("balances.asset", held.asset, lost[1], _row_of(len(books.assets), "assets"))
    rows = np.flatnonzero(~lost[0] & ~lost[1])
    mode = np.zeros(len(held), np.int64)
    mode[rows] = wallets.mode[held.wallet[rows]]
    single = ~lost[0] & (mode < VALUED)
    must = "must be a multi-asset or portfolio wallet; others hold one asset, in wallets.balance"
    yield from _each("balances.wallet", held.wallet, single, must)
    yield from _each("balances.loan", held.loan, held.loan < 0, "must be 0 or above")
    lent = ~lost[0] & (held.loan > 0) & (mode != PORTFOLIO)
    yield from _each("balances.loan", held.loan, lent, "must be 0: only portfolio margin knows loans")
    keys = held.wallet[rows], held.asset[rows]
    yield from _twice("balances.wallet", rows, keys, held.wallet, "holds this asset twice")


def _prices(books: Books, contract: Int64Array1D) -> Problems:
    """Marks of what is held, and index prices of what valued wallets hold."""
    for code, (listed, mark) in enumerate(zip(books.contracts, books.marks, strict=True)):
        if mark is None and books.start[code] < books.start[code + 1]:
            yield AdlError.at(
                "marks", None, listed.symbol, f"has no mark price and {_count(books, code)}: must have one"
            )
    if not books.has_valued:
        return
    wallets = books.wallets
    valued = wallets.mode >= VALUED
    numeraires = set(wallets.asset[valued].tolist())
    needed = set(books.balances.asset.tolist())
    held = valued[books.positions.wallet]
    needed |= set(books.settle[np.unique(contract[held])].tolist())
    for code in sorted(needed - numeraires):
        if 0 <= code < len(books.assets) and books.index_prices[code] is None:
            must = "has no index price and stands in multi-asset or portfolio wallets: must have one"
            yield AdlError.at("index_prices", None, books.assets[code].name, must)
    for code in sorted(numeraires):
        if books.index_prices[code] not in (None, 1):
            yield AdlError.at("index_prices", None, books.index_prices[code], "must be 1 for the numeraire itself")


def _count(books: Books, code: int) -> str:
    return f"{int(books.start[code + 1] - books.start[code]):,} positions"


def _open_interest(books: Books) -> Problems:
    for code, contract in enumerate(books.contracts):
        net = _kernels.money.exact_sum(books.positions.quantity[books.rows(code)])
        if net:
            side = "longs" if net > 0 else "shorts"
            must = f"the longs and shorts of {contract.symbol} must be equal; {abs(net):,} lots more are {side}"
            yield AdlError.at("positions.quantity", None, net, must)
