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


def balances(state: MarginPass) -> Int64Array1D:
    """int64[w]: wallet balances; of valued wallets their collateral, in the numeraire."""
    balance = state.books.wallets.balance
    if state.slots.has_valued:
        balance = balance.copy()
        state.slots.write_collateral(state.rates, balance)
    return balance


def initial_margins(state: MarginPass) -> Int64Array1D:
    """int64[n]: ``|MV|/leverage`` rounded up where a leverage was chosen, else the maintenance margin."""
    positions = state.books.positions
    margin = state.margin.copy()
    rows = np.flatnonzero(positions.leverage > 0)
    chosen, first, which = np.unique(positions.leverage[rows], return_index=True, return_inverse=True)
    rates = []
    for leverage, row in zip(chosen.tolist(), rows[first].tolist(), strict=True):
        try:
            rates.append(1 / _read(leverage, row))
            int64_ratio(rates[-1], "leverage")
        except AdlError as error:
            raise error.placed("positions.leverage", row, leverage) from None
    notional = np.abs(state.pnl[rows] + positions.entry_value[rows])
    margin[rows] = convert_quanta(notional, rates, which, "up", "initial_margin")
    return margin


def free_margins(state: MarginPass) -> Int64Array1D:
    """int64[w]: what may leave each wallet, in quanta of its asset or numeraire; see :func:`free_margin_of`.

    O(positions + orders); where what somebody needs leaves int64, wallet by wallet in Python integers.
    """
    try:
        bound, balance = _required_margins(state), balances(state)
    except AdlError:
        count, books = len(state.wallets), state.books
        rows, orders = _grouped(books.positions.wallet, count), _grouped(books.orders.wallet, count)
        return np.array([_free(state, *each) for each in zip(range(count), rows, orders, strict=True)], INT64)
    equity, margin = state.wallets[:, 0], np.where(state.has_position, state.wallets[:, 1], 0)
    spare = np.maximum(equity, margin) - margin  # what is far below zero would wrap without
    if state.inclusive:
        spare -= (margin > 0) & (spare > 0)
    unlocked = np.maximum(np.minimum(balance, equity), bound) - bound
    found: Int64Array1D = np.minimum(unlocked, spare)
    return found


def free_margin_of(state: MarginPass, wallet: int) -> int:
    """What may leave one wallet: ``max(0, min(WB, E) - IM - locked)``, and no more than leaves it healthy.

    Whoever takes out all of it holds no position, or stands at E > MM (E >= MM where
    :attr:`MarginPass.inclusive` is False). Exact whatever the sizes, and whatever those of others;
    O(positions + orders).
    """
    return _free(state, wallet, *_rows_of(state, wallet))


def lockable(state: MarginPass, wallet: int) -> int:
    """What a new order of a wallet may lock: ``max(0, min(WB, E) - IM - locked)``.

    A lock takes nothing out, so that nobody is nearer to liquidation by it: it may be all that initial margin and
    other locks leave, while a withdrawal (:func:`free_margin_of`) leaves equity above the maintenance margin, too.
    """
    return max(0, min(equity_and_balance(state, wallet)) - required_margin_of(state, wallet))


def equity_and_balance(state: MarginPass, wallet: int, less: dict[int, int] | None = None) -> tuple[int, int]:
    """Equity and balance of a wallet, once so many quanta of some assets have left it."""
    if state.books.wallets.is_valued(wallet):
        equity, balance, _ = state.slots.exact_sums(state.sums, state.rates, wallet, less or {})
        return equity, balance
    gone = sum((less or {}).values())
    return int(state.wallets[wallet, 0]) - gone, int(state.books.wallets.balance[wallet]) - gone


def least_healthy_equity(state: MarginPass, wallet: int) -> int:
    """The least equity with which a wallet is not liquidatable at these marks."""
    margin = int(state.wallets[wallet, 1]) if state.has_position[wallet] else 0
    return margin + (1 if margin and state.inclusive else 0)


def required_margin_of(state: MarginPass, wallet: int) -> int:
    """What a wallet must keep: initial margin, the margin of its loans, and what open orders lock; exact."""
    return _required_margin(state, wallet, *_rows_of(state, wallet))


def _rows_of(state: MarginPass, wallet: int) -> tuple[Int64Array1D, Int64Array1D]:
    """The position rows and the orders of a wallet."""
    books = state.books
    return np.flatnonzero(books.positions.wallet == wallet), np.flatnonzero(books.orders.wallet == wallet)


def _free(state: MarginPass, wallet: int, rows: Int64Array1D, orders: Int64Array1D) -> int:
    equity, balance = equity_and_balance(state, wallet)
    unlocked = min(equity, balance) - _required_margin(state, wallet, rows, orders)
    return max(0, min(unlocked, equity - least_healthy_equity(state, wallet)))


def _required_margin(state: MarginPass, wallet: int, rows: Int64Array1D, orders: Int64Array1D) -> int:
    """The same, of these rows and orders of the wallet."""
    books, valued = state.books, state.books.wallets.is_valued(wallet)

    def held(code: int, amount: Fraction | int) -> int:
        return math.ceil(amount * state.rates.price_of(int(books.settle[code])) if valued else amount)

    codes = books.contract_of(rows).tolist()
    total = sum(held(code, _initial_of(state, row)) for code, row in zip(codes, rows.tolist(), strict=True))
    locked = zip(books.orders.contract[orders].tolist(), books.orders.locked[orders].tolist(), strict=True)
    total += sum(held(code, amount) for code, amount in locked)
    return total + (state.slots.exact_sums(state.sums, state.rates, wallet, {})[2] if valued else 0)


def _initial_of(state: MarginPass, row: int) -> int:
    """The initial margin of a position, exact."""
    leverage = float(state.books.positions.leverage[row])
    if not leverage:
        return int(state.margin[row])
    notional = abs(int(state.pnl[row]) + int(state.books.positions.entry_value[row]))
    return math.ceil(notional / _read(leverage, row))


def _read(leverage: float, row: int) -> Fraction:
    """A leverage by its shortest decimal."""
    return Fraction(read_cell("positions.leverage", row, leverage, partial(exact_decimal, argument="leverage")))


def _grouped(owner: Int64Array1D, count: int) -> list[Int64Array1D]:
    """The rows of each wallet."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.searchsorted(owner[order], np.arange(1, count))) if count else []


def _required_margins(state: MarginPass) -> Int64Array1D:
    """int64[w]: what each wallet must keep; see :func:`required_margin_of`."""
    books = state.books
    held = _by_wallet(
        state, initial_margins(state), books.positions.wallet, np.repeat(books.settle, np.diff(books.start))
    )
    locked = _by_wallet(state, books.orders.locked, books.orders.wallet, books.settle[books.orders.contract])
    loans = state.slots.loan_margin(state.rates) if state.slots.has_valued else np.zeros_like(held)
    total = held + locked + loans
    for bad in np.flatnonzero((total < held) | (total < locked))[:1].tolist():  # none of the three is negative
        raise AdlError.at("wallets.account", bad, books.wallets.account[bad], "the margin it needs must fit int64")
    return total


def _by_wallet(state: MarginPass, amounts: Int64Array1D, wallet: Int64Array1D, asset: Int64Array1D) -> Int64Array1D:
    """Sums by wallet of amounts in settle assets; of valued wallets converted, each rounded up."""
    if state.slots.has_valued and len(amounts):
        valued = np.flatnonzero(state.books.wallets.is_valued(wallet))
        used = set(asset[valued].tolist())
        rates = [state.rates.price_of(a) if a in used else Fraction(0) for a in range(len(state.books.assets))]
        amounts = amounts.copy()
        amounts[valued] = convert_quanta(amounts[valued], rates, asset[valued], "up", "initial_margin")
    out = np.empty(len(state.wallets), INT64)
    bad = _kernels.numbers.money.group_sums(amounts, wallet, out)
    if bad >= 0:
        account = state.books.wallets.account[bad]
        raise AdlError.at("wallets.account", bad, account, "its initial margin must fit int64 quanta")
    return out
