"""Open orders of wallets in liquidation are cancelled (``docs/waterfall.md``, "CancelOrders")."""

from __future__ import annotations

import numpy as np

from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from .stage import OrderBatches, Stage

__all__ = ["CancelOrders"]


class CancelOrders(Stage):
    """Cancel the open orders of wallets in liquidation.

    Of a cross wallet (multi-asset and portfolio alike) all of them, of an isolated one those of its
    symbol. It unlocks margin only: nobody becomes healthy by it. Source: coinengineer.net, "What Is
    Auto-Deleveraging", 29 Aug 2025; Binance help, "liquidation protocols".

    Examples
    --------
    >>> CancelOrders()
    CancelOrders()
    """

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Cancel, in the round's order."""
        # No bankruptcy prices are needed; of each wallet the first row says which contract an isolated one has.
        rows = liquidation_round.begin_stage(pass_books, priced=False)
        wallets, first = np.unique(rows.wallet, return_index=True)
        # By their first rows: that is the round's order (docs/waterfall.md, "The order of a pass").
        order = np.argsort(first)
        pass_books.cancel_orders(wallets[order], rows.code[first[order]], "liquidation")
        return None
