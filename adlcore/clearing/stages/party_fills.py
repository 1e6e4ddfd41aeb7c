"""Rows in liquidation that parties take whole, vaults and funds alike: booked on both sides, and logged.

The parties' side comes first, row after row, for what one row closes of an inventory the next one finds; users' rows do
not touch each other and are closed all at once. What takes an inventory through zero closes it first and opens with
the rest: two fills (``docs/waterfall.md``, "Values of fills").
"""

from __future__ import annotations

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ..liquidation.liquidation_round import StageRows
from ..liquidation.pass_books import PassBooks

__all__ = ["book_rows", "hand_over"]


def hand_over(pass_books: PassBooks, rows: StageRows, party: Int64Array1D, kind: str, cause: str) -> None:
    """Give whole rows to parties at their bankruptcy price."""
    closing_lots, closing_value = np.zeros((2, len(rows)), INT64)
    for place, taker in enumerate(party.tolist()):
        code, side = int(rows.code[place]), int(rows.side[place])
        lots, held = side * int(rows.lots[place]), int(pass_books.parties.lots[taker, code])
        closing = min(abs(held), abs(lots)) if held * lots < 0 else 0
        value = side * round(pass_books.value_per_lot(code, int(rows.price[place])) * closing)
        pass_books.parties.take(taker, code, lots, int(rows.value[place]), value)
        closing_lots[place], closing_value[place] = closing, value
    book_rows(pass_books, rows, party, closing_lots=closing_lots, closing_value=closing_value, kind=kind, cause=cause)


def book_rows(
    pass_books: PassBooks,
    rows: StageRows,
    party: Int64Array1D,
    *,
    closing_lots: Int64Array1D,
    closing_value: Int64Array1D,
    kind: str,
    cause: str,
) -> None:
    """Close the wallets' rows that parties took, and log both legs; through zero it is two fills."""
    is_split = (closing_lots > 0) & (closing_lots < rows.lots)
    place = np.repeat(np.arange(len(rows)), 1 + is_split)
    is_second = np.zeros(len(place), bool)
    is_second[1:] = place[1:] == place[:-1]
    is_first = is_split[place] & ~is_second
    rows, closing_lots, closing_value = rows.rows_at(place), closing_lots[place], closing_value[place]
    # The part that closes an inventory, then the one that opens (docs/waterfall.md, "Values of fills").
    lots = np.where(is_first, closing_lots, np.where(is_second, rows.lots - closing_lots, rows.lots))
    value = np.where(is_first, closing_value, np.where(is_second, rows.value - closing_value, rows.value))
    pass_books.close(rows.row, lots, rows.side * value, rows.code)
    lots = rows.side * lots
    terms = {"contract": rows.code, "price": rows.price, "asset": pass_books.settle[rows.code]}
    pass_books.log.extend(
        (kind, cause, {**terms, "wallet": rows.wallet, "row": rows.row, "lots": -lots, "amount": value}),
        (kind, cause, {**terms, "party": party[place], "lots": lots, "amount": -value}),
    )
