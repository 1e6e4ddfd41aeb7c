"""What a wallet may give away: its balance or equity, less what positions and open orders lock."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import partial

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, Int64Array1D
from ...contracts.decimals import exact_decimal
from ...errors import AdlError
from ..snapshot.exact import read_cell
from .collateral import convert_quanta, int64_ratio
from .margin_pass import MarginPass

__all__ = [
    "balances",
    "free_margins",
    "free_margin_of",
    "initial_margins",
    "least_healthy_equity",
    "lockable",
    "required_margin_of",
    "equity_and_balance",
]


def balances(margin_pass: MarginPass) -> Int64Array1D:
    """int64[w]: wallet balances; of valued wallets their collateral, in the numeraire."""
    balance = margin_pass.books.wallets.balance
    if margin_pass.slots.has_valued:
        balance = balance.copy()
        margin_pass.slots.write_collateral(margin_pass.rates, balance)
    return balance


def initial_margins(margin_pass: MarginPass) -> Int64Array1D:
    """int64[n]: ``|MV|/leverage`` rounded up where a leverage was chosen, else the maintenance margin."""
    positions = margin_pass.books.positions
    margin = margin_pass.margin.copy()
    rows = np.flatnonzero(positions.leverage > 0)
    chosen, first, which = np.unique(positions.leverage[rows], return_index=True, return_inverse=True)
    rates = []
    for leverage, row in zip(chosen.tolist(), rows[first].tolist(), strict=True):
        try:
            rates.append(1 / _read(leverage, row))
            int64_ratio(rates[-1], "leverage")
        except AdlError as error:
            raise error.placed("positions.leverage", row, leverage) from None
    notional = np.abs(margin_pass.pnl[rows] + positions.entry_value[rows])
    margin[rows] = convert_quanta(notional, rates, which, "up", "initial_margin")
    return margin


def free_margins(margin_pass: MarginPass) -> Int64Array1D:
    """int64[w]: what may leave each wallet, in quanta of its asset or numeraire; see :func:`free_margin_of`.

    O(positions + orders); where what somebody needs leaves int64, wallet by wallet in Python integers.
    """
    # Columns first, which are fast; wallet by wallet only where a sum of somebody leaves int64.
    try:
        bound, balance = _required_margins(margin_pass), balances(margin_pass)
    except AdlError:
        count, books = len(margin_pass.wallets), margin_pass.books
        rows, orders = _grouped(books.positions.wallet, count), _grouped(books.orders.wallet, count)
        return np.array([_free(margin_pass, *each) for each in zip(range(count), rows, orders, strict=True)], INT64)
    equity, margin = margin_pass.equity, np.where(margin_pass.has_position, margin_pass.wallet_margin, 0)
    spare = np.maximum(equity, margin) - margin  # what is far below zero would wrap without
    # Where E = MM is liquidated, a wallet keeps a quantum more than MM (``docs/waterfall.md``, "Free margin"). It is
    # taken off last: only whoever has something to spare can keep it.
    if margin_pass.inclusive:
        spare -= (margin > 0) & (spare > 0)
    unlocked = np.maximum(np.minimum(balance, equity), bound) - bound
    found: Int64Array1D = np.minimum(unlocked, spare)
    return found


def free_margin_of(margin_pass: MarginPass, wallet: int) -> int:
    """What may leave one wallet: ``max(0, min(WB, E) - IM - locked)``, and no more than leaves it healthy.

    Whoever takes out all of it holds no position, or stands at E > MM (E >= MM where
    :attr:`MarginPass.inclusive` is False). Exact whatever the sizes, and whatever those of others;
    O(positions + orders).
    """
    return _free(margin_pass, wallet, *_rows_of(margin_pass, wallet))


def lockable(margin_pass: MarginPass, wallet: int) -> int:
    """What a new order of a wallet may lock: ``max(0, min(WB, E) - IM - locked)``.

    A lock takes nothing out, so that nobody is nearer to liquidation by it: it may be all that initial margin and
    other locks leave, while a withdrawal (:func:`free_margin_of`) leaves equity above the maintenance margin, too.
    """
    return max(0, min(equity_and_balance(margin_pass, wallet)) - required_margin_of(margin_pass, wallet))


def equity_and_balance(margin_pass: MarginPass, wallet: int, outflow: dict[int, int] | None = None) -> tuple[int, int]:
    """Equity and balance of a wallet, once so many quanta of some assets have left it."""
    if margin_pass.books.wallets.is_valued(wallet):
        sums = margin_pass.slots.exact_sums(margin_pass.sums, margin_pass.rates, wallet, outflow or {})
        return sums.equity, sums.balance
    gone = sum((outflow or {}).values())
    return int(margin_pass.equity[wallet]) - gone, int(margin_pass.books.wallets.balance[wallet]) - gone


def least_healthy_equity(margin_pass: MarginPass, wallet: int) -> int:
    """The least equity with which a wallet is not liquidatable at these marks."""
    margin = int(margin_pass.wallet_margin[wallet]) if margin_pass.has_position[wallet] else 0
    return margin + (1 if margin and margin_pass.inclusive else 0)


def required_margin_of(margin_pass: MarginPass, wallet: int) -> int:
    """What a wallet must keep: initial margin, the margin of its loans, and what open orders lock; exact."""
    return _required_margin(margin_pass, wallet, *_rows_of(margin_pass, wallet))


def _rows_of(margin_pass: MarginPass, wallet: int) -> tuple[Int64Array1D, Int64Array1D]:
    """The position rows and the orders of a wallet."""
    books = margin_pass.books
    return np.flatnonzero(books.positions.wallet == wallet), np.flatnonzero(books.orders.wallet == wallet)


def _free(margin_pass: MarginPass, wallet: int, rows: Int64Array1D, orders: Int64Array1D) -> int:
    """What may leave a wallet, in Python integers; `rows` and `orders` are those of its positions and open orders."""
    equity, balance = equity_and_balance(margin_pass, wallet)
    unlocked = min(equity, balance) - _required_margin(margin_pass, wallet, rows, orders)
    return max(0, min(unlocked, equity - least_healthy_equity(margin_pass, wallet)))


def _required_margin(margin_pass: MarginPass, wallet: int, rows: Int64Array1D, orders: Int64Array1D) -> int:
    """What a wallet must keep; `rows` and `orders` are those of its positions and open orders. Exact."""
    books, valued = margin_pass.books, margin_pass.books.wallets.is_valued(wallet)

    def in_wallet_asset(code: int, amount: Fraction | int) -> int:
        """A margin in a contract's settle asset, in the asset or numeraire of the wallet, rounded up."""
        return math.ceil(amount * margin_pass.rates.price_of(int(books.settle[code])) if valued else amount)

    codes = books.contract_of(rows).tolist()
    total = sum(
        in_wallet_asset(code, _initial_of(margin_pass, row)) for code, row in zip(codes, rows.tolist(), strict=True)
    )
    locked = zip(books.orders.contract[orders].tolist(), books.orders.locked[orders].tolist(), strict=True)
    total += sum(in_wallet_asset(code, amount) for code, amount in locked)
    return total + (
        margin_pass.slots.exact_sums(margin_pass.sums, margin_pass.rates, wallet, {}).loan_margin if valued else 0
    )


def _initial_of(margin_pass: MarginPass, row: int) -> int:
    """The initial margin of a position, exact."""
    leverage = float(margin_pass.books.positions.leverage[row])
    if not leverage:
        return int(margin_pass.margin[row])
    notional = abs(int(margin_pass.pnl[row]) + int(margin_pass.books.positions.entry_value[row]))
    return math.ceil(notional / _read(leverage, row))


def _read(leverage: float, row: int) -> Fraction:
    """A leverage by its shortest decimal."""
    return Fraction(read_cell("positions.leverage", row, leverage, partial(exact_decimal, argument="leverage")))


def _grouped(owner: Int64Array1D, count: int) -> list[Int64Array1D]:
    """The rows of each wallet."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.searchsorted(owner[order], np.arange(1, count))) if count else []


def _required_margins(margin_pass: MarginPass) -> Int64Array1D:
    """int64[w]: what each wallet must keep; see :func:`required_margin_of`."""
    books = margin_pass.books
    held = _by_wallet(
        margin_pass, initial_margins(margin_pass), books.positions.wallet, np.repeat(books.settle, np.diff(books.start))
    )
    locked = _by_wallet(margin_pass, books.orders.locked, books.orders.wallet, books.settle[books.orders.contract])
    loans = margin_pass.slots.loan_margin(margin_pass.rates) if margin_pass.slots.has_valued else np.zeros_like(held)
    total = held + locked + loans
    for bad in np.flatnonzero((total < held) | (total < locked))[:1].tolist():  # none of the three is negative
        raise AdlError.at("wallets.account", bad, books.wallets.account[bad], "the margin it needs must fit int64")
    return total


def _by_wallet(
    margin_pass: MarginPass, amounts: Int64Array1D, wallet: Int64Array1D, asset: Int64Array1D
) -> Int64Array1D:
    """Sums by wallet of amounts in settle assets; of valued wallets converted, each rounded up."""
    if margin_pass.slots.has_valued and len(amounts):
        valued = np.flatnonzero(margin_pass.books.wallets.is_valued(wallet))
        used = set(asset[valued].tolist())
        rates = [
            margin_pass.rates.price_of(a) if a in used else Fraction(0) for a in range(len(margin_pass.books.assets))
        ]
        amounts = amounts.copy()
        amounts[valued] = convert_quanta(amounts[valued], rates, asset[valued], "up", "initial_margin")
    out = np.empty(len(margin_pass.wallets), INT64)
    bad = _kernels.numbers.money.group_sums(amounts, wallet, out)
    if bad >= 0:
        account = margin_pass.books.wallets.account[bad]
        raise AdlError.at("wallets.account", bad, account, "its initial margin must fit int64 quanta")
    return out
