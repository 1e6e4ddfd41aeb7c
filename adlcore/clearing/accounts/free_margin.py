"""What a wallet may give away: its balance or equity, less what positions and open orders lock."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np

from ... import _kernels
from ..._arrays import INT64, Int64Array1D
from ...decimals import exact_decimal
from ...errors import AdlError
from .collateral import converted, whole_parts
from .margin_pass import MarginPass
from .tables import VALUED

__all__ = ["balances", "free", "initial", "locked_by", "needed"]


def balances(state: MarginPass) -> Int64Array1D:
    """int64[w]: wallet balances; of valued wallets their collateral, in the numeraire."""
    balance = state.books.wallets.balance
    if state.slots.many:
        balance = balance.copy()
        state.slots.collateral(state.rates, balance)
    return balance


def locked_by(notional: Int64Array1D, leverage: Decimal) -> Int64Array1D:
    """Initial margin ``notional/leverage``, rounded up."""
    return converted(notional, [1 / Fraction(leverage)], np.zeros(len(notional), INT64), "up", "leverage")


def initial(state: MarginPass) -> Int64Array1D:
    """int64[n]: ``|MV|/leverage`` rounded up where a leverage was chosen, else the maintenance margin."""
    positions = state.books.positions
    margin = state.margin.copy()
    rows = np.flatnonzero(positions.leverage > 0)
    chosen, first, which = np.unique(positions.leverage[rows], return_index=True, return_inverse=True)
    rates = []
    for leverage, row in zip(chosen.tolist(), rows[first].tolist(), strict=True):
        try:  # a float is read by its shortest decimal
            rates.append(1 / Fraction(exact_decimal(leverage, "leverage")))
            whole_parts(rates[-1], "leverage")
        except AdlError as error:
            raise error.placed("positions.leverage", row, leverage) from None
    notional = np.abs(state.pnl[rows] + positions.entry_value[rows])
    margin[rows] = converted(notional, rates, which, "up", "initial_margin")
    return margin


def free(state: MarginPass) -> Int64Array1D:
    """int64[w]: ``max(0, min(WB, E) - needed)``, in quanta of the wallet's asset or numeraire."""
    available, bound = np.minimum(balances(state), state.wallets[:, 0]), needed(state)
    return np.maximum(available, bound) - bound


def needed(state: MarginPass) -> Int64Array1D:
    """int64[w]: what each wallet must keep: initial margin, the margin of its loans, and what open orders lock."""
    books = state.books
    held = _by_wallet(state, initial(state), books.positions.wallet, np.repeat(books.settle, np.diff(books.start)))
    locked = _by_wallet(state, books.orders.locked, books.orders.wallet, books.settle[books.orders.contract])
    loans = state.slots.loan_margin(state.rates) if state.slots.many else np.zeros_like(held)
    total = held + locked + loans
    if ((total < held) | (total < locked)).any():  # none of the three is negative
        bad = int(np.flatnonzero((total < held) | (total < locked))[0])
        raise AdlError.at("wallets.account", bad, books.wallets.account[bad], "the margin it needs must fit int64")
    return total


def _by_wallet(state: MarginPass, amounts: Int64Array1D, wallet: Int64Array1D, asset: Int64Array1D) -> Int64Array1D:
    """Sums by wallet of amounts in settle assets; of valued wallets converted, each rounded up."""
    if state.slots.many and len(amounts):
        valued = np.flatnonzero(state.books.wallets.mode[wallet] >= VALUED)
        used = set(asset[valued].tolist())
        rates = [state.rates.price_of(a) if a in used else Fraction(0) for a in range(len(state.books.assets))]
        amounts = amounts.copy()
        amounts[valued] = converted(amounts[valued], rates, asset[valued], "up", "initial_margin")
    out = np.empty(len(state.wallets), INT64)
    bad = _kernels.money.group_sums(amounts, wallet, out)
    if bad >= 0:
        account = state.books.wallets.account[bad]
        raise AdlError.at("wallets.account", bad, account, "its initial margin must fit int64 quanta")
    return out
