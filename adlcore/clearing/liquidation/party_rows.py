"""The parties' books while a pass changes them: lots, cost and cash of the street, vaults and funds.

A row of a party is netted (:mod:`adlcore.clearing.snapshot.netted_row`).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from ..._support.arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, Int64Array1D
from ...errors import AdlError
from ..funds.fund_table import FundTable
from ..funds.parties import STREET, Parties
from ..margin.margin_pass import MarginPass
from ..snapshot.netted_row import NettedRow
from ..snapshot.snapshot import Snapshot
from ..state import HouseState

__all__ = ["PartyRows"]

TWO_62 = 2.0**62


class PartyRows:
    """What a pass may change of the parties, and what a lot is worth to them.

    Attributes
    ----------
    state : HouseState
        Before the call.
    books : Snapshot
        At the marks of the pass.
    core : MarginPass
        Margin of rows and wallets, moved in place.
    lots, cost, realized : int64[parties, contracts]
    lots0, cost0 : int64[parties, contracts]
        Of a row when it was last opened or enlarged.
    party_cash : int64[parties, assets]
    lent : int64[f]
        What its parent has paid for each fund.
    """

    def __init__(self, state: HouseState, books: Snapshot, margin_pass: MarginPass) -> None:
        self.state, self.snapshot, self.margin_pass = state, books, margin_pass
        self.fund_table: FundTable = state.funds
        self.settle = books.settle
        parties = state.parties
        self.first_fund = parties.funds
        self.lots, self.cost, self.party_cash = parties.lots.copy(), parties.cost.copy(), parties.cash.copy()
        self.realized = parties.realized.copy()
        self.lots0, self.cost0 = self.lots.copy(), self.cost.copy()
        self.lent = state.lent.copy()
        self._units: dict[int, Fraction] = {}

    def parties(self) -> Parties:
        """The parties as they are now."""
        names = self.state.parties.names
        columns = {"lots": self.lots, "cost": self.cost, "realized": self.realized, "cash": self.party_cash}
        return Parties(names, self.first_fund, **{name: column.copy() for name, column in columns.items()})

    @staticmethod
    def require_int64(number: int, what: str) -> int:
        """A number that must be an int64."""
        if not -INT64_MAX <= number <= INT64_MAX:
            raise AdlError.at(what, None, number, "must fit int64 quanta; use fewer decimals")
        return number

    # What a lot is worth ----------------------------------------------------------------------------------------------

    def mark_price(self, code: int) -> Fraction:
        """The mark price of a contract, exact."""
        return Fraction(self.margin_pass.marks[code] or 0)

    def mark_value_per_lot(self, code: int) -> Fraction:
        """``v(mark)`` in quanta, exact; marks stay as they are while a pass runs."""
        if code not in self._units:
            contract = self.snapshot.contracts[code]
            unit = contract.exact_value_per_lot(self.margin_pass.marks[code] or 0)
            self._units[code] = unit * contract.settle.quanta_per_unit
        return self._units[code]

    def value_per_lot(self, code: int, ticks: int) -> Fraction:
        """``v(price)`` in quanta, exact."""
        contract = self.snapshot.contracts[code]
        top, bottom = contract.tick_fraction
        return Fraction(-top, bottom * ticks) if contract.inverse else Fraction(top * ticks, bottom)

    def execution_ticks(self, code: int, price: Fraction) -> int:
        """A price as an execution price: rounded half-even to whole ticks, at least one."""
        return max(1, round(price / Fraction(self.snapshot.contracts[code].tick or 1)))

    # Rows -------------------------------------------------------------------------------------------------------------

    def take(self, party: int, code: int, lots: int, value: int, closing: int) -> None:
        """A party takes signed lots that are worth `value`, signed alike; `closing` of it for those that close."""
        at = party, code
        row = NettedRow(*(int(column[at]) for column in (self.lots, self.cost, self.lots0, self.cost0)))
        if realized := row.take(lots, value, closing):
            cash = party, self.settle[code]
            self.party_cash[cash] = self.require_int64(int(self.party_cash[cash]) + realized, "cash")
            self.realized[at] = self.require_int64(int(self.realized[at]) + realized, "realized PnL")
        self.lots[at], self.cost[at] = (
            self.require_int64(row.lots, "lots"),
            self.require_int64(row.entry_value, "entry_value"),
        )
        self.lots0[at], self.cost0[at] = row.lots0, row.entry_value0

    def mark_value(self, party: int, code: int) -> int:
        """MV of a party's row, signed."""
        value = float(self.lots[party, code]) * float(self.margin_pass.mark_value_per_lot[code])
        if not abs(value) < TWO_62:
            raise AdlError.at("lots", None, int(self.lots[party, code]), "their value must be below 2^62 quanta")
        return round(value)

    def mark_values(self, party: int) -> Int64Array1D:
        """MV of each of a party's rows, signed."""
        value: Float64Array1D = np.rint(self.lots[party].astype(FLOAT64) * self.margin_pass.mark_value_per_lot)
        if not (np.abs(value) < TWO_62).all():
            code = int(np.argmax(np.abs(value)))
            raise AdlError.at("lots", None, int(self.lots[party, code]), "their value must be below 2^62 quanta")
        return value.astype(INT64)

    def refuse_unfit_parties(self) -> None:
        """Refuse rows and money that no later call could hold: values from 2^62 quanta, equity beyond int64."""
        value = np.abs(self.lots.astype(FLOAT64) * self.margin_pass.mark_value_per_lot)
        bound = value.sum(axis=1) + np.abs(self.cost.astype(FLOAT64)).sum(axis=1)
        bound += np.abs(self.party_cash.astype(FLOAT64)).sum(axis=1)
        for party in np.flatnonzero(~(bound < TWO_62)).tolist():
            self.mark_values(party)
            if party >= self.first_fund:
                self.fund_equity(party - self.first_fund)

    def fund_equity(self, fund: int) -> int:
        """F: cash and what the inventory gained, in quanta of the fund's asset."""
        party, asset = self.first_fund + fund, self.fund_table.asset[fund]
        gained = sum(self.mark_values(party).tolist()) - sum(self.cost[party].tolist())
        return self.require_int64(int(self.party_cash[party, asset]) + gained, "fund equity")

    def fund_equities(self) -> Int64Array1D:
        """F of every fund."""
        return np.array([self.fund_equity(fund) for fund in range(len(self.fund_table.names))], INT64)

    def chain(self, fund: int) -> Iterator[tuple[int, int]]:
        """A fund, its parent, and so on, each with the one before it, -1 for the first."""
        before = -1
        while fund >= 0:
            yield fund, before
            fund, before = int(self.fund_table.parent[fund]), fund

    def left_to_lend(self, child: int) -> int:
        """What the parent of a fund may still lend it."""
        cap = int(self.fund_table.parent_cap[child])
        return INT64_MAX if cap < 0 else cap - int(self.lent[child])

    def collect_from_chain(self, fund: int, need: int) -> Iterator[tuple[int, int]]:
        """Take up to `need` from a fund and its parents: who pays how much."""
        for payer, child in self.chain(fund):
            amount = min(need, max(0, self.fund_equity(payer)))
            if child >= 0:
                amount = min(amount, self.left_to_lend(child))
            if amount > 0:
                if child >= 0:
                    self.lent[child] += amount
                self.credit_fund(payer, -amount)
                need -= amount
                yield payer, amount

    def credit_fund(self, fund: int, amount: int) -> None:
        """Add to a fund's cash."""
        place = self.first_fund + fund, int(self.fund_table.asset[fund])
        self.party_cash[place] = self.require_int64(int(self.party_cash[place]) + amount, "fund cash")

    def street(self, code: int, lots: int, value: int, closing: int) -> None:
        """The far side of the book takes signed lots."""
        self.take(STREET, code, lots, value, closing)
