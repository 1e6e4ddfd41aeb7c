"""Funding: what the open rows of a contract pay, and what its insurance fund is left with."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, INT64_MAX, Int64Array1D
from ...contracts.decimals import Number, exact_decimal
from ...errors import AdlError
from ..liquidation.party_rows import require_int64
from ..liquidation.pass_books import PassBooks
from ..snapshot.exact import read_entry

__all__ = ["charge_funding"]


def charge_funding(pass_books: PassBooks, rates: Mapping[str, Number]) -> None:
    """Each row of users, street and vaults pays ``round(sign(q)·|MV|·rate)``; the contract's fund has the sum."""
    books = pass_books.snapshot
    if not isinstance(rates, Mapping):
        raise AdlError.at("rates", None, rates, "must be a mapping of symbols to rates")
    rate_of = {books.code(symbol): read_entry("rates", symbol, rate, exact_decimal) for symbol, rate in rates.items()}
    for code in sorted(rate_of):
        if pass_books.margin_pass.marks[code] is None:
            raise AdlError.at("rates", None, books.contracts[code].symbol, "has no mark price: must be marked before")
    # The margin of the house is made anew after the call, for its own columns are made: nothing here moves sums.
    pass_books.make_writable()
    for code in sorted(rate_of):
        _charge_contract(pass_books, code, rate_of[code])


def _charge_contract(pass_books: PassBooks, code: int, rate: Decimal) -> None:
    """Users, then street and vaults, then the fund, once, with the sum (``docs/waterfall.md``, "Funding").

    So the fund has what roundings leave, and may pass through int64's ends only with what is its own in the end.
    A wallet that falls below zero holds positions, and is liquidated by the next mark ("Debts" there).
    """
    books, fund, asset = pass_books.snapshot, int(pass_books.fund_table.head[code]), int(pass_books.settle[code])
    contract_rows = books.rows(code)
    rows = contract_rows.start + np.flatnonzero(pass_books.quantity[contract_rows])
    value = pass_books.margin_pass.pnl[rows] + pass_books.entry_value[rows]
    side = np.sign(pass_books.quantity[rows])
    paid = side * _payments(np.abs(value), rate, books.contracts[code].symbol)
    wallet, slots = books.positions.wallet[rows], pass_books.margin_pass.slots.position_slot[rows]
    _debit_slots(pass_books, slots, paid)
    moved = paid != 0
    party, label = pass_books.first_fund + fund, {"contract": code, "asset": asset}
    pass_books.log.extend(
        ("funding", "funding", {**label, "wallet": wallet[moved], "row": rows[moved], "amount": -paid[moved]}),
        ("funding", "funding", {**label, "party": np.full(int(moved.sum()), party), "amount": paid[moved]}),
    )
    total = _kernels.numbers.money.exact_sum(paid)
    for other in range(pass_books.first_fund):
        lots = int(pass_books.parties.lots[other, code])
        notional = np.array([abs(pass_books.parties.mark_value(other, code))])
        amount = (1 if lots > 0 else -1) * int(_payments(notional, rate, books.contracts[code].symbol)[0])
        if lots and amount:
            pass_books.parties.cash[other, asset] = require_int64(
                int(pass_books.parties.cash[other, asset]) - amount, "cash"
            )
            pass_books.log.add(
                ("funding", "funding", {**label, "party": other, "amount": -amount}),
                ("funding", "funding", {**label, "party": party, "amount": amount}),
            )
            total += amount
    pass_books.parties.credit_fund(fund, total)


def _debit_slots(pass_books: PassBooks, slots: Int64Array1D, paid: Int64Array1D) -> None:
    """Take what each row pays out of its slot."""
    balances = np.empty_like(pass_books.cash)
    count = np.arange(len(balances))
    bad = _kernels.numbers.money.group_sums(
        np.concatenate([pass_books.cash, -paid]), np.concatenate([count, slots]), balances
    )
    if bad >= 0:
        must = "must leave balances that fit int64 quanta; use fewer decimals"
        raise AdlError.at("rates", None, int(pass_books.cash[bad]), must)
    pass_books.cash[:] = balances


def _payments(values: Int64Array1D, rate: Decimal, symbol: str) -> Int64Array1D:
    """``values·rate``, rounded half-even."""
    numerator, denominator = Fraction(rate).as_integer_ratio()
    out = np.empty(len(values), INT64)
    # A rate that was computed may have more digits than the compiled kernel's fractions.
    money = (_kernels if max(abs(numerator), denominator) <= INT64_MAX else _kernels.wide).numbers.money
    half_even = money.ROUNDINGS["half-even"]
    bad = money.multiply_divide(values, np.array([numerator]), np.array([denominator]), half_even, out)
    if bad >= 0 or (len(out) and out.min() < -INT64_MAX):  # what is paid is received, with the other sign
        raise AdlError.at(f"rates[{symbol!r}]", None, str(rate), "must give payments that fit int64 quanta")
    return out
