"""The two legs of a wallet in one contract are closed against each other (``docs/waterfall.md``, "NetLegs")."""

from __future__ import annotations

import numpy as np

from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from .stage import OrderBatches, Stage

__all__ = ["NetLegs"]


class NetLegs(Stage):
    """Close LONG and SHORT of one contract in a wallet against each other, at the mark, where E >= 0.

    The mark is rounded half-even to a whole tick. Below zero equity the legs are left as they are:
    netting would leave a debt and nobody to share it.

    Examples
    --------
    >>> NetLegs()
    NetLegs()
    """

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches | None:
        """Wallet by wallet, each contract where the first of its legs stands among the wallet's rows."""
        rows = liquidation_round.begin_stage(pass_books, priced=False)
        # Keys keep the order in which the first of their two legs stands: by margin (docs/waterfall.md, "NetLegs").
        legs_of: dict[tuple[int, int], dict[int, int]] = {}
        columns = (column.tolist() for column in (rows.row, rows.wallet, rows.code, rows.side))
        for row, wallet, code, side in zip(*columns, strict=True):
            legs_of.setdefault((wallet, code), {})[side] = row
        for (wallet, code), legs in legs_of.items():
            # Asked before each contract: what the one before brought counts (docs/waterfall.md, "NetLegs").
            if len(legs) == 2 and pass_books.equity[wallet] >= 0:
                self._net(pass_books, wallet, code, long=legs[1], short=legs[-1])
        return None

    def _net(self, pass_books: PassBooks, wallet: int, code: int, *, long: int, short: int) -> None:
        """Close the smaller leg whole, at the tick next to the mark; both legs book one value."""
        lots = min(int(pass_books.quantity[long]), -int(pass_books.quantity[short]))
        price = pass_books.execution_ticks(code, pass_books.mark_price(code))
        value = round(pass_books.value_per_lot(code, price) * lots)
        pass_books.close(
            np.array([long, short]), np.array([lots, lots]), np.array([value, value]), np.array([code, code])
        )
        shared = {"wallet": wallet, "contract": code, "price": price, "asset": pass_books.settle[code]}
        pass_books.log.add(
            ("net-legs", "netting", {**shared, "row": long, "lots": -lots, "amount": value}),
            ("net-legs", "netting", {**shared, "row": short, "lots": lots, "amount": -value}),
        )
