"""Where a wallet's money is summed, and what several assets in one wallet are worth together.

A *slot* is a wallet's money in one settle asset. A cross or isolated wallet is one slot. A
multi-asset or portfolio wallet has a slot for every asset that it holds or has positions in; what
stands in them is valued in its numeraire at the index prices:

* multi-assets mode: ``E = Σ amount·index·(1 - haircut) + Σ U·index``, the haircut on positive amounts
  only; ``MM = Σ MM·index``;
* portfolio margin: ``E = Σ min(x·index·(1 - haircut), x·index)``, ``x = amount - loan + U``;
  ``MM = Σ MM·index + Σ loan·rate·index``.

Each product is rounded half-even to quanta of the numeraire once for a wallet and asset; the sums
are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ... import _kernels
from ..._support.arrays import INT64, INT64_MAX, Int64Array1D
from ...errors import AdlError
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import PORTFOLIO, Holdings

__all__ = ["NumeraireRates", "Slots", "checked_sums", "convert_quanta", "refuse_wrapped", "int64_ratio"]


class NumeraireRates:
    """Exact conversions between the assets of the books and their numeraire, quanta to quanta.

    Attributes
    ----------
    price : list of Fraction or None
        What a quantum of each asset is worth in quanta of the numeraire.
    quanta : list of Fraction
        Quanta of the numeraire in a unit of it for each quantum in a unit of the asset.
    collateral_share : list of Fraction
        The share of a positive amount that counts as collateral.
    loan : list of Fraction
        The maintenance margin rate of a loan.
    """

    def __init__(self, books: Snapshot) -> None:
        valued = books.wallets.asset[books.wallets.is_valued()]
        self.numeraire = int(valued[0]) if len(valued) else -1
        unit = books.assets[self.numeraire].quanta_per_unit if len(valued) else 1
        index = [None if price is None else Fraction(price) for price in books.index_prices]
        if len(valued):
            index[self.numeraire] = Fraction(1)
        self.quanta = [Fraction(unit, asset.quanta_per_unit) for asset in books.assets]
        self.price = [None if p is None else p * quanta for p, quanta in zip(index, self.quanta, strict=True)]
        self.collateral_share = [1 - Fraction(cut) for cut in books.haircuts]
        self.loan = [Fraction(rate) for rate in books.loan_rates]
        self.names = [asset.name for asset in books.assets]

    def at_index_prices(self, prices: dict[int, Decimal]) -> NumeraireRates:
        """The same rates at new index prices of some assets."""
        if not prices:
            return self
        fresh = copy(self)
        fresh.price = list(self.price)
        for asset, price in prices.items():
            if asset == self.numeraire and price != 1:
                raise AdlError.at(
                    "index_prices", None, price, f"must be 1 for {self.names[asset]}, the numeraire itself"
                )
            fresh.price[asset] = Fraction(price) * self.quanta[asset]
        return fresh

    def price_of(self, asset: int) -> Fraction:
        """The price of an asset that has one."""
        price = self.price[asset]
        if price is None:
            raise AdlError.at("index_prices", None, self.names[asset], "has no index price: must have one")
        return price


def convert_quanta(
    values: Int64Array1D,
    rates: list[Fraction],
    which: Int64Array1D,
    rounding: str,
    what: str,
    wallet: Int64Array1D | None = None,
) -> Int64Array1D:
    """``values·rates[which]`` to quanta, rounded as named; `wallet` says whose each is."""
    parts = np.array([int64_ratio(rate, what) for rate in rates], INT64).reshape(-1, 2)
    top, bottom = parts[which, 0], parts[which, 1]
    out = np.empty(len(values), INT64)
    row = _kernels.numbers.money.multiply_divide(values, top, bottom, _kernels.numbers.money.ROUNDINGS[rounding], out)
    if row >= 0:
        must = "must fit int64 quanta once converted; use fewer decimals"
        if wallet is None:
            raise AdlError.at(what, None, int(values[row]), must)
        message = f"wallets[{wallet[row]}]: its {what}, {int(values[row])}, {must}"
        raise AdlError(message, argument="wallets", row=int(wallet[row]), value=int(values[row]))
    return out


def int64_ratio(rate: Fraction, what: str) -> tuple[int, int]:
    """A rate as two whole numbers that fit int64, as exact conversion needs them."""
    for number in (rate.numerator, rate.denominator):
        if not -INT64_MAX <= number <= INT64_MAX:
            raise AdlError.at(what, None, number, "must have fewer digits: exact conversion leaves int64")
    return rate.numerator, rate.denominator


class Contributions(NamedTuple):
    """What slots add to their wallets, in quanta of the numeraire."""

    equity: Int64Array1D
    margin: Int64Array1D


class ExactSums(NamedTuple):
    """Of one wallet in Python integers, in quanta of the numeraire."""

    equity: int
    balance: int
    loan_margin: int


class Slots:
    """The slots of the books, sorted by wallet and asset.

    Attributes
    ----------
    of_position : int64[n]
        Slot of each position; rises with the wallet within a contract.
    balance : int64[s]
        What a slot starts from: the balance of a wallet with one asset, 0 elsewhere.
    """

    def __init__(self, books: Snapshot) -> None:
        wallets = books.wallets
        self.has_valued = books.has_valued
        self.wallets = len(wallets)
        self.position_slot, self.balance = books.positions.wallet, wallets.balance
        if not self.has_valued:
            return
        count = max(len(books.assets), 1)
        single = np.flatnonzero(~wallets.is_valued())
        keys = books.positions.wallet * count + np.repeat(books.settle, np.diff(books.start))
        held = books.balances.wallet * count + books.balances.asset
        all_keys = np.unique(np.concatenate([single * count + wallets.asset[single], keys, held]))
        self.keys, self.assets = all_keys, count
        self.position_slot = np.searchsorted(all_keys, keys).astype(INT64)
        self.wallet, self.asset = all_keys // count, all_keys % count
        self.plain_wallets, self.single_slot = single, np.searchsorted(all_keys, single * count + wallets.asset[single])
        self.balance = np.zeros(len(all_keys), INT64)
        self.balance[self.single_slot] = wallets.balance[single]
        self.valued_slots = np.flatnonzero(wallets.is_valued(self.wallet))
        self.portfolio = wallets.mode[self.wallet] == PORTFOLIO
        self.amount, self.loan = np.zeros(len(all_keys), INT64), np.zeros(len(all_keys), INT64)
        place = np.searchsorted(all_keys, held)
        self.amount[place], self.loan[place] = books.balances.amount, books.balances.loan

    def write_wallets(
        self, sums: Int64Array1D, rates: NumeraireRates, out: Int64Array1D, some: Int64Array1D | None = None
    ) -> None:
        """Write equity and maintenance margin of each wallet from the sums of its slots.

        `sums` is int64[s, 2], `out` int64[w, 2]; with `some`, wallets ascending, of those only: then
        O(k·log s) for the slots of k wallets.
        """
        if some is None:
            out[:] = 0  # a valued wallet that holds nothing at all has no slot
            single, slot, valued = self.plain_wallets, self.single_slot, self.valued_slots
        else:
            place = np.searchsorted(self.plain_wallets, some)
            known = place < len(self.plain_wallets)
            known[known] = self.plain_wallets[place[known]] == some[known]
            single, slot, valued = some[known], self.single_slot[place[known]], self.of_wallets(some[~known])
        out[single] = sums[slot]
        if not len(valued):
            return
        whose = self.wallet[valued]
        first = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
        wallets, group = whose[first], np.repeat(np.arange(len(first)), np.diff([*first.tolist(), len(whose)]))
        added = self.contributions(sums, rates, valued)
        out[wallets, 0] = _summed(added.equity, group, wallets, "equity")
        out[wallets, 1] = _summed(added.margin, group, wallets, "maintenance margin")

    def of_wallets(self, wallets: Int64Array1D) -> Int64Array1D:
        """The slots of these wallets, which ascend."""
        first, last = np.searchsorted(self.wallet, wallets), np.searchsorted(self.wallet, wallets, side="right")
        count = last - first
        return np.repeat(last - np.cumsum(count), count) + np.arange(count.sum())

    def contributions(self, sums: Int64Array1D, rates: NumeraireRates, slots: Int64Array1D) -> Contributions:
        """What each of these slots adds to its wallet's equity and maintenance margin, in the numeraire."""
        pnl, margin, which, whose = sums[slots, 0], sums[slots, 1], self.asset[slots], self.wallet[slots]
        plain, cut = self._rates(rates)
        net = _sum_of(self.amount[slots], -self.loan[slots], whose)
        whole = self.portfolio[slots]
        # Under portfolio margin profit is collateral too; in multi-assets mode it counts in full.
        base = np.where(whole, _sum_of(net, np.where(whole, pnl, 0), whose), net)
        equity = convert_quanta(np.minimum(base, 0), plain, which, "half-even", "collateral", whose)
        # One of the two is 0.
        equity += convert_quanta(np.maximum(base, 0), cut, which, "half-even", "collateral", whose)
        gain = convert_quanta(np.where(whole, 0, pnl), plain, which, "half-even", "unrealized PnL", whose)
        lent = [price * rate for price, rate in zip(plain, rates.loan, strict=True)]
        owed = convert_quanta(self.loan[slots], lent, which, "half-even", "loan", whose)
        kept = convert_quanta(margin, plain, which, "half-even", "maintenance margin", whose)
        return Contributions(_sum_of(equity, gain, whose), _sum_of(kept, owed, whose))

    def write_collateral(self, rates: NumeraireRates, out: Int64Array1D) -> None:
        """Write the wallet balance of each valued wallet, in the numeraire: its equity without profit and loss."""
        wallets, added = self._without_positions(rates)
        out[wallets] = added.equity

    def loan_margin(self, rates: NumeraireRates) -> Int64Array1D:
        """int64[w]: the maintenance margin of each wallet's loans, in the numeraire."""
        wallets, added = self._without_positions(rates)
        out = np.zeros(self.wallets, INT64)
        out[wallets] = added.margin
        return out

    def _without_positions(self, rates: NumeraireRates) -> tuple[Int64Array1D, Contributions]:
        """The valued wallets, and what their equity and margin would be without their positions."""
        wallets = np.unique(self.wallet[self.valued_slots])
        group = np.searchsorted(wallets, self.wallet[self.valued_slots])
        terms = self.contributions(np.zeros((len(self.wallet), 2), INT64), rates, self.valued_slots)
        return wallets, Contributions(*(_summed(term, group, wallets, "balance") for term in terms))

    def exact_sums(
        self, sums: Int64Array1D, rates: NumeraireRates, wallet: int, outflow: Mapping[int, int]
    ) -> ExactSums:
        """Equity, balance and margin of loans of one valued wallet, once so many quanta of assets have left it.

        In Python integers: none leaves its range.
        """
        equity = balance = loans = 0
        for slot in self.of_wallets(np.array([wallet])).tolist():
            asset, pnl, loan = int(self.asset[slot]), int(sums[slot, 0]), int(self.loan[slot])
            price = rates.price_of(asset)
            net = int(self.amount[slot]) - loan - outflow.get(asset, 0)
            whole = net + pnl if self.portfolio[slot] else net
            balance += round(net * price * (rates.collateral_share[asset] if net > 0 else 1))
            equity += round(whole * price * (rates.collateral_share[asset] if whole > 0 else 1))
            equity += 0 if self.portfolio[slot] else round(pnl * price)
            loans += round(loan * rates.loan[asset] * price)
        return ExactSums(equity, balance, loans)

    def holdings(self, held: Holdings) -> Holdings:
        """What valued wallets hold as the slots have it: the same rows, then those that came to hold something."""
        places = np.searchsorted(self.keys, held.wallet * self.assets + held.asset)
        known = np.zeros(len(self.keys), bool)
        known[places] = True
        fresh = self.valued_slots[
            ((self.amount[self.valued_slots] != 0) | (self.loan[self.valued_slots] != 0)) & ~known[self.valued_slots]
        ]
        slots = np.concatenate([places, fresh])
        return Holdings(
            wallet=self.wallet[slots], asset=self.asset[slots], amount=self.amount[slots], loan=self.loan[slots]
        )

    def _rates(self, rates: NumeraireRates) -> tuple[list[Fraction], list[Fraction]]:
        """Prices in full and after the haircut; 0 for assets that no slot is in."""
        plain = [rates.price_of(a) if a in self._used else Fraction(0) for a in range(len(rates.price))]
        return plain, [price * kept for price, kept in zip(plain, rates.collateral_share, strict=True)]

    @cached_property
    def _used(self) -> frozenset[int]:
        """The assets that valued wallets have a slot in."""
        return frozenset(np.unique(self.asset[self.valued_slots]).tolist())


def _sum_of(one: Int64Array1D, other: Int64Array1D, wallet: Int64Array1D) -> Int64Array1D:
    """Row by row, refusing what leaves int64; `wallet` says whose each is."""
    out = one + other
    refuse_wrapped((one ^ out) & (other ^ out), wallet, "{} and {} of an asset must sum to int64 quanta", one, other)
    return out


def refuse_wrapped(
    sign: Int64Array1D, owner: Int64Array1D, must: str, one: Int64Array1D, other: Int64Array1D, table: str = "wallets"
) -> None:
    """Refuse the first row whose sum or difference left int64: there `sign` is below 0; `must` shows both numbers.

    `owner` says which row of `table` each is of.
    """
    for place in np.flatnonzero(sign < 0)[:1].tolist():
        row = int(owner[place])
        raise AdlError(f"{table}[{row}]: {must.format(one[place], other[place])}", argument=table, row=row)


def _summed(values: Int64Array1D, group: Int64Array1D, wallets: Int64Array1D, what: str) -> Int64Array1D:
    """Sums by wallet, refusing what leaves int64."""
    return checked_sums(values, group, wallets, f"its {what} must fit int64 quanta of the numeraire")


def checked_sums(
    values: Int64Array1D, group: Int64Array1D, owners: Int64Array1D, must: str, table: str = "wallets"
) -> Int64Array1D:
    """Sums by group, exact, refusing the first that leaves int64; `owners` has the row in `table` of each group."""
    out = np.empty(len(owners), INT64)
    bad = _kernels.numbers.money.group_sums(values, group, out)
    if bad >= 0:
        row = int(owners[bad])
        raise AdlError(f"{table}[{row}]: {must}", argument=table, row=row)
    return out
