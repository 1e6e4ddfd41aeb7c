"""Rows in liquidation that parties take whole, vaults and funds alike: booked on both sides, and logged."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..liquidation.liquidation_round import StageRows
from ..liquidation.pass_books import PassBooks

__all__ = ["book_rows", "hand_over"]


def hand_over(pass_books: PassBooks, chosen: StageRows, party: npt.NDArray[np.int64], kind: str, cause: str) -> None:
    """Give whole rows to parties at their bankruptcy price."""
    closing, closed = np.zeros((2, len(chosen)), INT64)
    for place, to in enumerate(party.tolist()):
        code, lots = int(chosen.code[place]), int(chosen.side[place] * chosen.lots[place])
        value, held = int(chosen.value[place]), int(pass_books.parties.lots[to, code])
        part = min(abs(held), abs(lots)) if held * lots < 0 else 0
        worth = round(pass_books.value_per_lot(code, int(chosen.price[place])) * part) * int(chosen.side[place])
        pass_books.parties.take(to, code, lots, value, worth)
        closing[place], closed[place] = part, worth
    book_rows(pass_books, chosen, party, closing, closed, kind, cause)


def book_rows(
    pass_books: PassBooks,
    chosen: StageRows,
    party: npt.NDArray[np.int64],
    closing: npt.NDArray[np.int64],
    closed: npt.NDArray[np.int64],
    kind: str,
    cause: str,
) -> None:
    """Close the wallets' rows that parties took, and log both legs; through zero it is two fills."""
    through = (closing > 0) & (closing < chosen.lots)
    parts = np.repeat(np.arange(len(chosen)), 1 + through)
    second = np.zeros(len(parts), bool)
    second[1:] = parts[1:] == parts[:-1]
    first = through[parts] & ~second
    rows, side = chosen.only(parts), chosen.side[parts]
    lots = np.where(first, closing[parts], np.where(second, rows.lots - closing[parts], rows.lots))
    value = np.where(first, closed[parts], np.where(second, rows.value - closed[parts], rows.value))
    pass_books.close(rows.row, lots, side * value, rows.code)
    shared = {"contract": rows.code, "price": rows.price, "asset": pass_books.settle[rows.code]}
    pass_books.log.extend(
        (kind, cause, {**shared, "wallet": rows.wallet, "row": rows.row, "lots": -side * lots, "amount": value}),
        (kind, cause, {**shared, "party": party[parts], "lots": side * lots, "amount": -value}),
    )
