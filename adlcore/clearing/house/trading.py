"""Trades of users, made elsewhere: lots change hands, and each side closes before it opens."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from ..._arrays import INT64_MAX
from ...decimals import Number
from ...errors import AdlError
from ..accounts import transfers
from ..accounts.snapshot import Snapshot
from ..accounts.tables import ISOLATED
from ..funds.parties import STREET
from ..waterfall.working import Working
from .dealings import refuse_debtor, refuse_misplaced

__all__ = ["trade"]

LEGS = {"long": 1, "short": -1}


def trade(
    work: Working,
    contract: str,
    quantity: Number,
    price: Number,
    buyer: int | None,
    seller: int | None,
    legs: tuple[str | None, str | None],
) -> Snapshot:
    """Lots from a seller to a buyer at a price; None is the street.

    A trade through zero closes first and opens with the difference, as two fills: the values of both
    are rounded cumulatively, so that they sum to that of the whole.
    """
    books = work.books
    code = books.code(contract)
    listed = books.contracts[code]
    lots, ticks = listed.lots(quantity), listed.ticks(price)
    if work.core.marks[code] is None:
        raise AdlError.at("contract", None, listed.symbol, "has no mark price: must be marked before it is traded")
    if lots <= 0:
        raise AdlError.at("quantity", None, quantity, "must be above 0")
    given = zip(("buyer", "seller"), (buyer, seller), legs, (1, -1), strict=True)
    sides = [_side(work, code, *each) for each in given]
    one, other = sides
    if isinstance(one, _User) and isinstance(other, _User) and one.wallet == other.wallet and one.leg == other.leg:
        raise AdlError.at("seller", None, seller, "must be another wallet, or another leg, than the buyer's")
    if not isinstance(one, _User) and not isinstance(other, _User):
        raise AdlError.at("buyer", None, buyer, "must be a wallet where the seller is the street")
    cuts = sorted({side.closes(lots) for side in sides} - {0, lots})
    unit, done, before = work.unit_at(code, ticks), 0, 0
    told: list[list[tuple[Any, int, int]]] = []
    for upto in [*cuts, lots]:
        value = round(unit * upto) - before
        told.append([(side, side.sign * (upto - done), side.sign * value) for side in sides])
        for side, count, worth in told[-1]:
            side.book(count, worth)
        done, before = upto, before + value
    changed = _applied(books, code, sides)
    label = {"contract": code, "price": ticks, "asset": int(work.settle[code])}
    for fill in told:
        legs_told = []
        for side, count, worth in fill:
            cause = "opened" if isinstance(side, _User) and side.put and count * side.now[0] > 0 else "request"
            legs_told.append(("trade", cause, {**label, **side.named(count), "lots": count, "amount": -worth}))
        work.log.add(*legs_told)
    return changed


def _side(work: Working, code: int, name: str, wallet: int | None, leg: str | None, sign: int) -> _User | _Street:
    """A buyer or seller: a wallet, or the street."""
    if leg is not None and leg not in LEGS:
        raise AdlError.at(f"{name}_leg", None, leg, "must be 'long' or 'short'")
    if wallet is None:
        if leg is not None:
            raise AdlError.at(f"{name}_leg", None, leg, "must be absent: the street has one netted row")
        return _Street(work, code, sign)
    row = transfers.wallet_row(work.books, name, wallet)
    refuse_debtor(work, row)
    refuse_misplaced(work.books, row, code, name)
    return _User(work.books, code, name, row, leg, sign)


class _Street:
    """The street as one side of a trade."""

    def __init__(self, work: Working, code: int, sign: int) -> None:
        self.work, self.code, self.sign = work, code, sign

    def closes(self, lots: int) -> int:
        """How many of these lots close something."""
        held = int(self.work.lots[STREET, self.code])
        return min(lots, abs(held)) if held * self.sign < 0 else 0

    def book(self, lots: int, value: int) -> None:
        """Take signed lots that all close, or all open."""
        self.work.take(STREET, self.code, lots, value, value)

    def named(self, lots: int) -> dict[str, int]:
        """What the event of these lots calls it."""
        return {"party": STREET}


class _User:
    """A wallet as one side of a trade: the row that is closed, and the one that is opened or enlarged."""

    def __init__(self, books: Snapshot, code: int, name: str, wallet: int, leg: str | None, sign: int) -> None:
        self.books, self.code, self.wallet, self.sign = books, code, wallet, sign
        part = books.rows(code)
        owner = books.positions.wallet[part]
        self.first = part.start + int(np.searchsorted(owner, wallet))
        self.last = part.start + int(np.searchsorted(owner, wallet, side="right"))
        self.rows = {
            row: [int(books.positions.quantity[row]), int(books.positions.entry_value[row])]
            for row in range(self.first, self.last)
        }
        held = [row for row, (quantity, _) in self.rows.items() if quantity]
        self.leg = self._leg(name, leg, [1 if self.rows[row][0] > 0 else -1 for row in held])
        self.row = next((row for row in held if self.rows[row][0] * self.leg > 0), None)
        self.origin = self.row
        self.start = list(self.rows[self.row]) if self.row is not None else [0, 0]
        self.now, self.gain, self.opened, self.put = list(self.start), 0, False, False

    def _leg(self, name: str, leg: str | None, held: list[int]) -> int:
        """Which side's row the trade is booked to first."""
        if leg is not None:
            if self.books.wallets.mode[self.wallet] == ISOLATED and -LEGS[leg] in held:
                must = f"must be the leg that isolated wallet {self.wallet} holds: it has one position"
                raise AdlError.at(f"{name}_leg", None, leg, must)
            self.hedge = True
            return LEGS[leg]
        if len(held) > 1:
            must = "must be 'long' or 'short': the wallet holds both legs of this contract"
            raise AdlError.at(f"{name}_leg", None, None, must)
        self.hedge = False
        return held[0] if held else self.sign

    def closes(self, lots: int) -> int:
        """How many of these lots close something."""
        if self.leg == self.sign:
            return 0
        held = abs(self.start[0])
        if self.hedge and lots > held:
            name, side = ("seller", "long") if self.leg > 0 else ("buyer", "short")
            must = f"must be at most the {held} lots that the {side} leg holds: a leg never turns into the other"
            raise AdlError.at(f"{name}_leg", None, side, must)
        return min(lots, held)

    def book(self, lots: int, value: int) -> None:
        """Take signed lots that all close, or all open."""
        quantity, cost = self.now
        if quantity * lots >= 0:
            self.opened = self.opened or self.row is None or quantity == 0
            self.now = [quantity + lots, cost + value]
            return
        whole, closed = abs(self.start[0]), abs(self.start[0]) - abs(quantity) + abs(lots)
        left = self.start[1] - math.trunc(Fraction(self.start[1] * closed, whole))
        self.gain += -value - (cost - left)
        self.now = [quantity + lots, left]

    def named(self, lots: int) -> dict[str, int]:
        """What the event of these lots calls it: the row that they close, or the one that they open."""
        row = self.origin if self.start[0] * lots < 0 and self.now[0] * lots <= 0 else self.row
        if self.start[0] * lots < 0 < self.now[0] * lots:  # through zero: lots that close come first
            row, self.origin = self.origin if self.origin is not None else self.row, None
        assert row is not None  # it was given one before events are written
        return {"wallet": self.wallet, "row": row}


def _applied(books: Snapshot, code: int, sides: list[_User | _Street]) -> Snapshot:
    """The snapshot with rows and balances as the sides have them now."""
    users = [side for side in sides if isinstance(side, _User)]
    changed = books
    for user in users:
        for number in user.now:
            if abs(number) > INT64_MAX:
                raise AdlError.at("quantity", None, number, "must leave lots and cost that fit an int64")
        changed = _with_row(changed, code, user)
        for moved in users:  # rows behind one that was put in moved on
            if user.put and user.row is not None:
                if moved is not user and moved.row is not None and moved.row >= user.row:
                    moved.row += 1
                if moved.origin is not None and moved.origin >= user.row:
                    moved.origin += 1
    # Wallets ascending: so stand the balances that one call adds, whatever adds them.
    for user in sorted(users, key=lambda user: user.wallet):
        if user.gain:
            asset = changed.asset_names[changed.contracts[code].settle.name]
            changed = changed._with(transfers.added(changed, user.wallet, asset, user.gain))
    return changed


def _with_row(books: Snapshot, code: int, user: _User) -> Snapshot:
    """The books with a user's row as it is now; a row is put in where none is free."""
    positions, user.put = books.positions, False
    part = books.rows(code)
    owner = positions.wallet[part]
    first = part.start + int(np.searchsorted(owner, user.wallet))
    last = part.start + int(np.searchsorted(owner, user.wallet, side="right"))
    quantity, cost = user.now
    columns = {name: column.copy() for name, column in positions.columns().items()}
    if user.row is not None and user.opened:  # through zero: the closed row is free for whoever comes
        columns["quantity"][user.row] = columns["entry_value"][user.row] = 0
    if user.opened:
        user.row = _free(columns["quantity"], user.row, first, last, quantity < 0)
        if user.row is None:
            return _put(books, code, user, columns, first, last)
    assert user.row is not None  # found, or opened
    columns["quantity"][user.row], columns["entry_value"][user.row] = quantity, cost
    return books._with({"positions": positions.replace(**columns)})


def _free(quantity: Any, own: int | None, first: int, last: int, short: bool) -> int | None:
    """A row of no lots, its own before others, that leaves a wallet's rows in order: the short ones come last."""
    rows = range(first, last)
    others = reversed(rows) if short else rows
    for row in others if own is None else (own, *others):
        around = quantity[row + 1 : last] >= 0 if short else quantity[first:row] < 0
        if quantity[row] == 0 and not around.any():
            return row
    return None


def _put(books: Snapshot, code: int, user: _User, columns: dict[str, Any], first: int, last: int) -> Snapshot:
    """The books with one more row, in its place."""
    shorts = int((columns["quantity"][first:last] < 0).sum())
    user.row, user.put = (last if user.now[0] < 0 else last - shorts), True
    fresh = {"wallet": user.wallet, "quantity": user.now[0], "entry_value": user.now[1], "leverage": 0.0}
    wider = {name: np.insert(column, user.row, fresh[name]) for name, column in columns.items()}
    start = books.start.copy()
    start[code + 1 :] += 1
    return books._with({"positions": books.positions.replace(**wider), "start": start})
