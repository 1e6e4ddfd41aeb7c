"""Rows that insurance funds take over whole, and why they refuse the others."""

from __future__ import annotations

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..liquidation.liquidation_round import Round, StageRows
from ..liquidation.pass_books import BY_FUND_OR_ADL, PassBooks
from ..liquidation.trigger_observation import last_observation, least_equities
from .party_fills import book_rows
from .stage import OrderBatches, Stage, is_waiting

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
        """All rows in one scan."""
        chosen = liquidation_round.chosen(pass_books, liquidation_round.begin(pass_books))
        # Asked once, as the stage begins (docs/waterfall.md, "TakeOver").
        chosen = chosen.only(~is_waiting(pass_books, chosen))
        if len(chosen):
            accepted = _offer_rows(pass_books, liquidation_round, chosen)
            rows = chosen.only(accepted >= 0)
            pass_books.closed_by[rows.wallet] |= BY_FUND_OR_ADL
        return None


def _offer_rows(pass_books: PassBooks, liquidation_round: Round, chosen: StageRows) -> Int64Array1D:
    """Offer rows to the funds; who took each, or -1. The books and the log follow."""
    table, first = pass_books.fund_table, pass_books.first_fund
    funds = np.arange(len(table.names))
    lots, cost = pass_books.parties.lots[first:], pass_books.parties.cost[first:]
    asset = first + funds, table.asset
    cash, equity = pass_books.parties.cash[asset], pass_books.parties.fund_equities()
    size = np.abs([pass_books.parties.mark_values(first + f) for f in funds.tolist()])
    notional = (size * table.scope).sum(axis=1)
    caps = [trigger.cap for trigger in table.trigger]
    least = np.array(least_equities(pass_books), INT64)
    cap_numerator = np.array([0 if c is None else c.numerator for c in caps], INT64)
    cap_denominator = np.array([0 if c is None else c.denominator for c in caps], INT64)
    holder, realized, closing, closed = np.empty((4, len(chosen)), INT64)
    refusals = np.empty((liquidation_round.has_refusal.size, 5), INT64)
    clearing = pass_books.kernel_for(int(chosen.price.max())).clearing
    holders = clearing.fund_books
    lot_numerator, lot_denominator, inverse = pass_books.tick_fractions()
    bad, lines = clearing.funds.take_over(
        holders.FundBooks(lots, cost, pass_books.parties.lots0[first:], pass_books.parties.cost0[first:], cash, equity, notional),
        holders.FundTerms(least, cap_numerator, cap_denominator, pass_books.refused_contracts, table.parent),
        holders.LotValues(pass_books.margin_pass.mark_value_per_lot, lot_numerator, lot_denominator, inverse),
        holders.Offers(chosen.fund, chosen.code, chosen.side * chosen.lots, chosen.price, chosen.value),
        holders.Takings(holder, realized, closing, closed),
        holders.Refusals(liquidation_round.has_refusal, refusals),
    )
    if bad >= 0:
        must = "taken over, the fund's money must fit int64 quanta; use fewer decimals"
        raise AdlError.at("positions.quantity", int(chosen.row[bad]), int(chosen.lots[bad]), must)
    pass_books.parties.cash[asset] = cash
    found = holder >= 0
    np.add.at(pass_books.parties.realized, (first + holder[found], chosen.code[found]), realized[found])
    book_rows(pass_books, chosen.only(found), first + holder[found], closing[found], closed[found], "take-over", "fund")
    # Refusals come after the take-overs, in the order in which rows were offered (docs/waterfall.md, "TakeOver").
    for place, fund, why, value, bound in refusals[:lines].tolist():
        _log_refusal(
            pass_books, chosen, place, fund, *_reason(pass_books, fund, int(chosen.code[place]), why, value, bound)
        )
    return holder


def _reason(pass_books: PassBooks, fund: int, code: int, why: int, value: int, bound: int) -> tuple[str, int, int]:
    """The cause of a refusal, what the trigger looked at, and the bound."""
    if why == NET_NOTIONAL:
        return "net-notional", value, bound
    observed = last_observation(pass_books, fund, code)
    if observed is not None:
        return "drawdown-on", *observed
    return "drawdown" if bound > 0 else "depleted", value, bound


def _log_refusal(
    pass_books: PassBooks, chosen: StageRows, place: int, fund: int, cause: str, value: int, bound: int
) -> None:
    """Log that a fund refused a row, and the bound."""
    code = chosen.code[place]
    shared = {"contract": code, "asset": pass_books.settle[code], "party": pass_books.first_fund + fund}
    row = {"wallet": chosen.wallet[place], "row": chosen.row[place], "price": chosen.price[place]}
    lots = chosen.side[place] * chosen.lots[place]
    pass_books.log.add(
        ("take-over-refused", cause, {**shared, **row, "lots": lots, "amount": value}),
        ("take-over-bound", cause, {**shared, "amount": bound}),
    )
