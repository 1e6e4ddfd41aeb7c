"""The parties' books while a pass changes them: lots, cost and cash of the street, vaults and funds.

A row of a party is netted (:mod:`adlcore.clearing.snapshot.netted_row`).
"""

from __future__ import annotations

import numpy as np

from ..._support.arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, Int64Array1D
from ...errors import AdlError
from ..funds.parties import Parties
from ..snapshot.netted_row import NettedRow
from ..state import HouseState

__all__ = ["PartyRows", "require_int64"]

TWO_62 = 2.0**62


def require_int64(number: int, argument: str) -> int:
    """A number that must be an int64, as it is; refused where it is none."""
    if not -INT64_MAX <= number <= INT64_MAX:
        raise AdlError.at(argument, None, number, "must fit int64 quanta; use fewer decimals")
    return number


class PartyRows:
    """What a pass may change of the parties: copies of their columns.

    A *party* is the street, the treasury, a vault or a fund; fund f is party ``first_fund + f``.

    Attributes
    ----------
    lots, cost, realized : int64[parties, contracts]
    lots0, cost0 : int64[parties, contracts]
        Of a row when it was last opened or enlarged.
    cash : int64[parties, assets]
    lent : int64[f]
        What its parent has paid for each fund.
    """

    def __init__(self, state: HouseState, settle: Int64Array1D, mark_value_per_lot: Float64Array1D) -> None:
        parties = state.parties
        self.fund_table, self.settle, self.mark_value_per_lot = state.funds, settle, mark_value_per_lot
        self.names, self.first_fund = parties.names, parties.first_fund
        self.lots, self.cost, self.cash = parties.lots.copy(), parties.cost.copy(), parties.cash.copy()
        self.realized = parties.realized.copy()
        self.lots0, self.cost0 = self.lots.copy(), self.cost.copy()
        self.lent = state.lent.copy()

    def as_parties(self) -> Parties:
        """The parties as they are now."""
        return Parties(
            self.names,
            self.first_fund,
            lots=self.lots.copy(),
            cost=self.cost.copy(),
            realized=self.realized.copy(),
            cash=self.cash.copy(),
        )

    # Rows -------------------------------------------------------------------------------------------------------------

    def take(self, party: int, code: int, lots: int, value: int, closing_value: int) -> None:
        """A party takes signed lots that are worth `value`, of which those that close are worth `closing_value`."""
        at = party, code
        row = NettedRow(*(int(column[at]) for column in (self.lots, self.cost, self.lots0, self.cost0)))
        if realized := row.take(lots, value, closing_value):
            cash = party, self.settle[code]
            self.cash[cash] = require_int64(int(self.cash[cash]) + realized, "cash")
            self.realized[at] = require_int64(int(self.realized[at]) + realized, "realized PnL")
        self.lots[at], self.cost[at] = require_int64(row.lots, "lots"), require_int64(row.entry_value, "entry_value")
        self.lots0[at], self.cost0[at] = row.lots0, row.entry_value0

    def mark_value(self, party: int, code: int) -> int:
        """MV of a party's row, signed."""
        value = float(self.lots[party, code]) * float(self.mark_value_per_lot[code])
        if not abs(value) < TWO_62:
            raise AdlError.at("lots", None, int(self.lots[party, code]), "their value must be below 2^62 quanta")
        return round(value)

    def mark_values(self, party: int) -> Int64Array1D:
        """MV of each of a party's rows, signed."""
        value: Float64Array1D = np.rint(self.lots[party].astype(FLOAT64) * self.mark_value_per_lot)
        if not (np.abs(value) < TWO_62).all():
            code = int(np.argmax(np.abs(value)))
            raise AdlError.at("lots", None, int(self.lots[party, code]), "their value must be below 2^62 quanta")
        return value.astype(INT64)

    def refuse_unfit(self) -> None:
        """Refuse rows and money that no later call could hold: values from 2^62 quanta, equity beyond int64."""
        value = np.abs(self.lots.astype(FLOAT64) * self.mark_value_per_lot)
        bound = value.sum(axis=1) + np.abs(self.cost.astype(FLOAT64)).sum(axis=1)
        bound += np.abs(self.cash.astype(FLOAT64)).sum(axis=1)
        for party in np.flatnonzero(~(bound < TWO_62)).tolist():
            self.mark_values(party)
            if party >= self.first_fund:
                self.fund_equity(party - self.first_fund)

    def fund_equity(self, fund: int) -> int:
        """F: cash and what the inventory gained, in quanta of the fund's asset."""
        party, asset = self.first_fund + fund, self.fund_table.asset[fund]
        gained = sum(self.mark_values(party).tolist()) - sum(self.cost[party].tolist())
        return require_int64(int(self.cash[party, asset]) + gained, "fund equity")

    def fund_equities(self) -> Int64Array1D:
        """F of every fund."""
        return np.array([self.fund_equity(fund) for fund in range(len(self.fund_table.names))], INT64)

    def left_to_lend(self, child: int) -> int:
        """What the parent of a fund may still lend it."""
        cap = int(self.fund_table.parent_cap[child])
        return INT64_MAX if cap < 0 else cap - int(self.lent[child])

    def collect_from_chain(self, fund: int, need: int) -> list[tuple[int, int]]:
        """Take up to `need` from a fund, then from its parents, as far as each can and may; who paid how much."""
        payments, child = [], -1
        for payer in self.fund_table.chain(fund):
            amount = min(need, max(0, self.fund_equity(payer)))
            if child >= 0:
                amount = min(amount, self.left_to_lend(child))
            if amount > 0:
                if child >= 0:
                    self.lent[child] += amount
                self.credit_fund(payer, -amount)
                need -= amount
                payments.append((payer, amount))
            child = payer
        return payments

    def credit_fund(self, fund: int, amount: int) -> None:
        """Add to a fund's cash."""
        place = self.first_fund + fund, int(self.fund_table.asset[fund])
        self.cash[place] = require_int64(int(self.cash[place]) + amount, "fund cash")
