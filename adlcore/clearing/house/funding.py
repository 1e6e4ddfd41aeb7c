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
from ..liquidation.pass_books import PassBooks
from ..snapshot.exact import read_entry

__all__ = ["funding"]


def funding(work: PassBooks, rates: Mapping[str, Number]) -> None:
    """Each row of users, street and vaults pays ``round(sign(q)·|MV|·rate)``; the contract's fund has the sum."""
    books = work.books
    if not isinstance(rates, Mapping):
        raise AdlError.at("rates", None, rates, "must be a mapping of symbols to rates")
    given = {books.code(symbol): read_entry("rates", symbol, rate, exact_decimal) for symbol, rate in rates.items()}
    for code in sorted(given):
        if work.core.marks[code] is None:
            raise AdlError.at("rates", None, books.contracts[code].symbol, "has no mark price: must be marked before")
    work.open()
    for code in sorted(given):
        _fund_one(work, code, given[code])


def _fund_one(work: PassBooks, code: int, rate: Decimal) -> None:
    books, fund, asset = work.books, int(work.table.head[code]), int(work.settle[code])
    part = books.rows(code)
    rows = part.start + np.flatnonzero(work.quantity[part])
    value = work.core.pnl[rows] + work.entry_value[rows]
    side = np.sign(work.quantity[rows])
    paid = side * _share(np.abs(value), rate, books.contracts[code].symbol)
    wallet, slots = books.positions.wallet[rows], work.core.slots.of_position[rows]
    _pay_out(work, slots, paid)
    moved = paid != 0
    party, label = work.first_fund + fund, {"contract": code, "asset": asset}
    work.log.extend(
        ("funding", "funding", {**label, "wallet": wallet[moved], "row": rows[moved], "amount": -paid[moved]}),
        ("funding", "funding", {**label, "party": np.full(int(moved.sum()), party), "amount": paid[moved]}),
    )
    total = _kernels.numbers.money.exact_sum(paid)
    for other in range(work.first_fund):
        lots = int(work.lots[other, code])
        notional = np.array([abs(work.notional(other, code))])
        amount = (1 if lots > 0 else -1) * int(_share(notional, rate, "the street")[0])
        if lots and amount:
            work.party_cash[other, asset] = work.fitting(int(work.party_cash[other, asset]) - amount, "cash")
            work.log.add(
                ("funding", "funding", {**label, "party": other, "amount": -amount}),
                ("funding", "funding", {**label, "party": party, "amount": amount}),
            )
            total += amount
    work.fund_receives(fund, total)


def _pay_out(work: PassBooks, slots: Int64Array1D, paid: Int64Array1D) -> None:
    """Take what each row pays out of its slot."""
    left = np.empty_like(work.cash)
    count = np.arange(len(left))
    bad = _kernels.numbers.money.group_sums(np.concatenate([work.cash, -paid]), np.concatenate([count, slots]), left)
    if bad >= 0:
        must = "must leave balances that fit int64 quanta; use fewer decimals"
        raise AdlError.at("rates", None, int(work.cash[bad]), must)
    work.cash[:] = left


def _share(values: Int64Array1D, rate: Decimal, symbol: str) -> Int64Array1D:
    """``values·rate``, rounded half-even."""
    top, bottom = Fraction(rate).as_integer_ratio()
    out = np.empty(len(values), INT64)
    fits = max(abs(top), bottom) <= INT64_MAX
    half_even = _kernels.numbers.money.ROUNDINGS["half-even"]
    if fits:
        fits = _kernels.numbers.money.multiply_divide(values, np.array([top]), np.array([bottom]), half_even, out) < 0
    if not fits or (len(out) and out.min() < -INT64_MAX):  # what is paid is received, with the other sign
        raise AdlError.at(f"rates[{symbol!r}]", None, str(rate), "must give payments that fit int64 quanta")
    return out
