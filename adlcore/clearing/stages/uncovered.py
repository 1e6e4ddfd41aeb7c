"""What nobody took is named."""

from __future__ import annotations

import numpy as np

from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from .stage import Requests, Stage, waits

__all__ = ["Uncovered"]


class Uncovered(Stage):
    """Name what nobody took: it stays, and is tried again at the next mark.

    Examples
    --------
    >>> Uncovered()
    Uncovered()
    """

    def run(self, work: PassBooks, taken: Round) -> Requests | None:
        """Rows of the round's wallets that are liquidatable still, and of its funds below zero."""
        chosen = taken.chosen(work, taken.begin(work), priced=False)
        # Said once a pass, though a later round may still close some (docs/waterfall.md, "Uncovered").
        idle = waits(work, chosen)
        for waiting, cause in ((False, "bankruptcy"), (True, "cool-down")):
            rows = chosen.only(idle == waiting)
            if len(rows):
                values = {"wallet": rows.wallet, "row": rows.row, "contract": rows.code}
                work.log.extend(("uncovered-lots", cause, {**values, "lots": rows.side * rows.lots}))
        for fund in taken.funds:
            if work.fund_equity(fund) < 0:
                party = work.first_fund + fund
                for code in np.flatnonzero(work.lots[party]).tolist():
                    left = {"party": party, "contract": code, "lots": work.lots[party, code]}
                    work.log.add(("uncovered-lots", "bankruptcy", left))
        return None
