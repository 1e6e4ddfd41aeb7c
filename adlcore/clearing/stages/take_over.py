"""Rows that insurance funds take over whole, and why they refuse the others (``docs/waterfall.md``, "TakeOver").

A kernel offers the rows one after the other, each to the fund of its contract and then along the parents, and writes
what the funds have then. The wallets' rows and the log follow here: what was taken, then what was refused.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..liquidation.liquidation_round import Round, StageRows, is_waiting
from ..liquidation.pass_books import BY_FUND_OR_ADL, PassBooks
from ..liquidation.trigger_observation import last_observation, least_equities
from .party_fills import book_rows
from .stage import OrderBatches, Stage

__all__ = ["TakeOver"]

#: Of the reasons for which a fund refuses, as the scan says them, the one that is not of its equity.
NET_NOTIONAL = 2


class TakeOver(Stage):
    """The insurance fund takes rows over at their bankruptcy price, where its trigger accepts.

    Whole rows, in order, first fit: ``F' = F + (MV of the fund's netted row after - before) - BV``, and
    the row is accepted where the trigger finds F' enough (:mod:`adlcore.clearing.funds.triggers`). The first
    fund of the chain that accepts holds the inventory.

    Notes
    -----
    The first row of a contract that a fund refuses in a round is told, with what its trigger looked at and
    the bound that was passed: ``take-over-refused`` and ``take-over-bound`` of
    :class:`~adlcore.clearing.Events`.

    Examples
    --------
    >>> TakeOver()
    TakeOver()
    """

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """All rows in one scan: the first fund of the chain that accepts holds the row."""
        rows = liquidation_round.begin_stage(pass_books)
        # Asked once, as the stage begins (docs/waterfall.md, "TakeOver").
        rows = rows.rows_at(~is_waiting(pass_books, rows))
        if len(rows):
            is_accepted = _offer_rows(pass_books, liquidation_round, rows) >= 0
            # The fund that took lots has what the wallet keeps (docs/waterfall.md, "Settlement").
            pass_books.closed_by[rows.wallet[is_accepted]] |= BY_FUND_OR_ADL
        return None


def _offer_rows(pass_books: PassBooks, liquidation_round: Round, rows: StageRows) -> Int64Array1D:
    """Offer rows to the funds; who took each, or -1. The books and the log follow."""
    table, first = pass_books.fund_table, pass_books.first_fund
    funds = np.arange(len(table.names))
    lots, cost = pass_books.parties.lots[first:], pass_books.parties.cost[first:]
    own_asset = first + funds, table.asset
    cash, equity = pass_books.parties.cash[own_asset], pass_books.parties.fund_equities()
    mark_value = np.abs([pass_books.parties.mark_values(first + f) for f in funds.tolist()])
    notional = (mark_value * table.scope).sum(axis=1)
    caps = [trigger.cap for trigger in table.trigger]
    least = np.array(least_equities(pass_books), INT64)
    cap_numerator = np.array([0 if c is None else c.numerator for c in caps], INT64)
    cap_denominator = np.array([0 if c is None else c.denominator for c in caps], INT64)
    holder, realized, closing_lots, closing_value = np.empty((4, len(rows)), INT64)
    refusals = np.empty((liquidation_round.has_refusal.size, 5), INT64)
    clearing = pass_books.kernel_for(int(rows.price.max())).clearing
    holders = clearing.fund_books
    lot_numerator, lot_denominator, inverse = pass_books.tick_fractions()
    # F of now, row after row: what one row closes or costs the next one finds (docs/waterfall.md, "TakeOver").
    bad, refusal_count = clearing.funds.take_over(
        holders.FundBooks(
            lots, cost, pass_books.parties.lots0[first:], pass_books.parties.cost0[first:], cash, equity, notional
        ),
        holders.FundTerms(least, cap_numerator, cap_denominator, pass_books.refused_contracts, table.parent),
        holders.LotValues(pass_books.margin_pass.mark_value_per_lot, lot_numerator, lot_denominator, inverse),
        holders.Offers(rows.fund, rows.code, rows.side * rows.lots, rows.price, rows.value),
        holders.Takings(holder, realized, closing_lots, closing_value),
        holders.Refusals(liquidation_round.has_refusal, refusals),
    )
    if bad >= 0:
        must = "taken over, the fund's money must fit int64 quanta; use fewer decimals"
        raise AdlError.at("positions.quantity", int(rows.row[bad]), int(rows.lots[bad]), must)
    pass_books.parties.cash[own_asset] = cash
    taken = holder >= 0
    party = first + holder[taken]
    np.add.at(pass_books.parties.realized, (party, rows.code[taken]), realized[taken])
    book_rows(
        pass_books,
        rows.rows_at(taken),
        party,
        closing_lots=closing_lots[taken],
        closing_value=closing_value[taken],
        kind="take-over",
        cause="fund",
    )
    # Refusals come after the take-overs, in the order in which rows were offered (docs/waterfall.md, "TakeOver").
    for place, fund, reason, value, bound in refusals[:refusal_count].tolist():
        refusal = _explain(pass_books, fund, int(rows.code[place]), reason, value, bound)
        _log_refusal(pass_books, rows, place, fund, refusal)
    return holder


class Refusal(NamedTuple):
    """Why a fund refused a row: the cause, what the trigger looked at, and the bound that it passed."""

    cause: str
    value: int
    bound: int


def _explain(pass_books: PassBooks, fund: int, code: int, reason: int, value: int, bound: int) -> Refusal:
    """Name the cause; a drawdown that is on tells what it observed last (``docs/waterfall.md``, "TakeOver")."""
    if reason == NET_NOTIONAL:
        return Refusal("net-notional", value, bound)
    observed = last_observation(pass_books, fund, code)
    if observed is not None:
        return Refusal("drawdown-on", *observed)
    return Refusal("drawdown" if bound > 0 else "depleted", value, bound)


def _log_refusal(pass_books: PassBooks, rows: StageRows, place: int, fund: int, refusal: Refusal) -> None:
    """Log that a fund refused a row, and the bound."""
    code = rows.code[place]
    terms = {"contract": code, "asset": pass_books.settle[code], "party": pass_books.first_fund + fund}
    row = {"wallet": rows.wallet[place], "row": rows.row[place], "price": rows.price[place]}
    lots = rows.side[place] * rows.lots[place]
    pass_books.log.add(
        ("take-over-refused", refusal.cause, {**terms, **row, "lots": lots, "amount": refusal.value}),
        ("take-over-bound", refusal.cause, {**terms, "amount": refusal.bound}),
    )
