"""What nobody took is named."""

from __future__ import annotations

import numpy as np

from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from .stage import OrderBatches, Stage, is_waiting

__all__ = ["Uncovered"]


class Uncovered(Stage):
    """Name what nobody took: it stays, and is tried again at the next mark.

    Examples
    --------
    >>> Uncovered()
    Uncovered()
    """

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Rows of the round's wallets that are liquidatable still, and of its funds below zero."""
        chosen = liquidation_round.chosen(pass_books, liquidation_round.begin(pass_books), priced=False)
        # Said once a pass, though a later round may still close some (docs/waterfall.md, "Uncovered").
        idle = is_waiting(pass_books, chosen)
        for waiting, cause in ((False, "bankruptcy"), (True, "cool-down")):
            rows = chosen.only(idle == waiting)
            if len(rows):
                values = {"wallet": rows.wallet, "row": rows.row, "contract": rows.code}
                pass_books.log.extend(("uncovered-lots", cause, {**values, "lots": rows.side * rows.lots}))
        for fund in liquidation_round.funds:
            if pass_books.parties.fund_equity(fund) < 0:
                party = pass_books.first_fund + fund
                for code in np.flatnonzero(pass_books.parties.lots[party]).tolist():
                    left = {"party": party, "contract": code, "lots": pass_books.parties.lots[party, code]}
                    pass_books.log.add(("uncovered-lots", "bankruptcy", left))
        return None
