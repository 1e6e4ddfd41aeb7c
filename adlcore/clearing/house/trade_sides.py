"""The two sides of a trade: the street with its netted row, and wallets, with the row that each fill books to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..._support.arrays import INT64_MAX
from ...errors import AdlError
from ..funds.parties import STREET
from ..liquidation.pass_books import PassBooks
from ..snapshot.netted_row import NettedRow
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import ISOLATED

__all__ = ["LEG_SIGN", "TradeRow", "WalletRows", "StreetSide", "WalletSide", "rewrite_rows"]

LEG_SIGN = {"long": 1, "short": -1}


class TradeRow:
    """A position row while a trade books to it.

    Attributes
    ----------
    number : int
        In the books before the trade; once :func:`rewrite_rows` ran, in the books after it.
    netted : NettedRow
        Its lots and cost as they are now.
    leverage : float
        As it is now.
    is_new : bool
        Whether the trade puts it in.
    """

    def __init__(
        self, number: int, lots: int = 0, entry_value: int = 0, leverage: float = 0.0, is_new: bool = False
    ) -> None:
        self.netted = NettedRow(lots, entry_value)
        self.number, self.leverage, self.is_new = number, leverage, is_new

    def enlarge(self, lots: int, value: int) -> None:
        """Add lots and what they are worth; refused where the row leaves int64."""
        self.netted.enlarge(lots, value)
        for number in (self.netted.lots, self.netted.entry_value):
            if abs(number) > INT64_MAX:
                raise AdlError.at("quantity", None, number, "must leave lots and cost that fit an int64")


class WalletRows:
    """A wallet's rows of one contract, in their order: a short one comes last."""

    def __init__(self, books: Snapshot, code: int, wallet: int) -> None:
        contract_rows, positions = books.rows(code), books.positions
        first, last = (
            contract_rows.start + np.searchsorted(positions.wallet[contract_rows], [wallet, wallet + 1])
        ).tolist()
        self.wallet, self.first = wallet, first
        columns = (
            column[first:last].tolist() for column in (positions.quantity, positions.entry_value, positions.leverage)
        )
        held = zip(range(first, last), *columns, strict=True)
        self.listed = [TradeRow(number, lots, cost, leverage) for number, lots, cost, leverage in held]

    def row_to_open(self, own: TradeRow | None, short: bool) -> TradeRow:
        """A row of 0 lots to open: `own` before others, else one that is put in; the wallet's rows stay in order."""
        others = self.listed[::-1] if short else self.listed
        for row in others if own is None else (own, *others):
            place = self.listed.index(row)
            if short:
                in_order = all(behind.netted.lots < 0 for behind in self.listed[place + 1 :])
            else:
                in_order = all(before.netted.lots >= 0 for before in self.listed[:place])
            if row.netted.lots == 0 and in_order:
                row.leverage = 0.0
                return row
        shorts = sum(row.netted.lots < 0 for row in self.listed)
        place = len(self.listed) - (0 if short else shorts)
        self.listed.insert(place, TradeRow(self.first + place, is_new=True))
        return self.listed[place]


class StreetSide:
    """The street as one side of a trade: its row is netted."""

    wallet = -1

    def __init__(self, pass_books: PassBooks, code: int, sign: int) -> None:
        self.pass_books, self.code, self.sign = pass_books, code, sign

    def closes(self, lots: int) -> int:
        """How many of these lots close something."""
        held = int(self.pass_books.parties.lots[STREET, self.code])
        return min(lots, abs(held)) if held * self.sign < 0 else 0

    def book(self, lots: int, value: int) -> None:
        """Take signed lots that all close, or all open."""
        self.pass_books.parties.take(STREET, self.code, lots, value, value)


class WalletSide:
    """A wallet as one side of a trade.

    Attributes
    ----------
    wallet : int
    closing : TradeRow or None
        The row of its leg, which lots on the other side close.
    opening : TradeRow or None
        The row that lots open or enlarge, once some did.
    is_new_position : bool
        Whether those lots found 0 lots there.
    realized_pnl : int
        What closing realized.
    """

    def __init__(self, books: Snapshot, rows: WalletRows, name: str, leg: str | None, sign: int) -> None:
        self.rows, self.wallet, self.sign = rows, rows.wallet, sign
        held = {1 if row.netted.lots > 0 else -1: row for row in rows.listed if row.netted.lots}
        if leg is not None:
            if books.wallets.mode[self.wallet] == ISOLATED and -LEG_SIGN[leg] in held:
                must = f"must be the leg that isolated wallet {self.wallet} holds: it has one position"
                raise AdlError.at(f"{name}_leg", None, leg, must)
            self.leg = LEG_SIGN[leg]
        elif len(held) > 1:
            must = "must be 'long' or 'short': the wallet holds both legs of this contract"
            raise AdlError.at(f"{name}_leg", None, None, must)
        else:
            self.leg = next(iter(held), sign)
        self.hedge = leg is not None
        self.closing = held.get(self.leg)
        self.opening: TradeRow | None = None
        self.is_new_position, self.realized_pnl = False, 0

    def closes(self, lots: int) -> int:
        """How many of these lots close something."""
        if self.leg == self.sign:
            return 0
        held = 0 if self.closing is None else abs(self.closing.netted.lots)
        if self.hedge and lots > held:
            name, side = ("seller", "long") if self.leg > 0 else ("buyer", "short")
            must = f"must be at most the {held} lots that the {side} leg holds: a leg never turns into the other"
            raise AdlError.at(f"{name}_leg", None, side, must)
        return min(lots, held)

    def book(self, lots: int, value: int) -> TradeRow:
        """Take signed lots that all close, or all open; the row that they are booked to."""
        if self.closing is not None and self.closing.netted.lots * lots < 0:
            self.realized_pnl += -value - self.closing.netted.release(abs(lots))
            return self.closing
        if self.opening is None:
            self.is_new_position = self.closing is None or self.closing.netted.lots == 0
            self.opening = self.rows.row_to_open(self.closing, lots < 0) if self.is_new_position else self.closing
        assert self.opening is not None  # found, or put in
        self.opening.enlarge(lots, value)
        return self.opening


def rewrite_rows(books: Snapshot, code: int, changed: Iterable[WalletRows]) -> Snapshot:
    """The books with these wallets' rows of a contract as they are now; each row is given its number in them.

    :mod:`adlcore.clearing.house.replay` puts rows in by code of its own, for it checks this one.
    """
    columns = {name: column.copy() for name, column in books.positions.columns().items()}
    fresh: list[tuple[int, TradeRow, int]] = []
    for rows in sorted(changed, key=lambda rows: rows.wallet):
        before = len(fresh)
        for place, row in enumerate(rows.listed):
            # Its number in the books before, or that of the row which it is put in before.
            old = rows.first + place - (len(fresh) - before)
            if row.is_new:
                fresh.append((old, row, rows.wallet))
            else:
                columns["quantity"][old], columns["entry_value"][old] = row.netted.lots, row.netted.entry_value
                columns["leverage"][old] = row.leverage
            row.number = rows.first + before + place
    start = books.start
    if fresh:
        places = [old for old, _, _ in fresh]
        values: dict[str, list[Any]] = {
            "wallet": [wallet for _, _, wallet in fresh],
            "quantity": [row.netted.lots for _, row, _ in fresh],
            "entry_value": [row.netted.entry_value for _, row, _ in fresh],
            "leverage": [row.leverage for _, row, _ in fresh],
        }
        columns = {name: np.insert(column, places, values[name]) for name, column in columns.items()}
        start = start.copy()
        start[code + 1 :] += len(fresh)
    return books._with({"positions": books.positions.replace(**columns), "start": start})
