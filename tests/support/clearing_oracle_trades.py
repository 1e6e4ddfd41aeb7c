"""Trades of the slow clearing house: which rows they change, what they open, and what is refused.

The text is ``docs/waterfall.md``, "Trades".
"""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from support.clearing_oracle_books import PartyRow, RefusalError, exact, sign
from support.clearing_oracle_requests import above_zero, read_lots, read_ticks, refuse_stranger
from support.clearing_oracle_settlement import settle_debts
from support.margin_oracle import INT64_MAX, ISOLATED, Row


class TradeSide(NamedTuple):
    """One of two sides: a wallet or the street, the side of its row, signed lots, and the leverage it asks for."""

    wallet: int | None
    side: int | None
    change: int
    leverage: Fraction | None


def trade(
    house, contract, quantity, price, buyer, seller, time=None, buyer_leg=None, seller_leg=None, leverage=None
) -> list[tuple]:
    """A trade that has happened elsewhere: no margin check."""
    code = house.codes[contract]
    lots, ticks = above_zero(read_lots(house, code, quantity)), read_ticks(house, code, price)
    if (buyer is None and seller is None) or house.marks[code] is None:
        raise RefusalError("two holders, and a mark")
    asked = leverage if isinstance(leverage, tuple) else (leverage, leverage)
    wallets, legs, changes = (buyer, seller), (buyer_leg, seller_leg), (lots, -lots)
    # Both sides are refused before either moves: a trade happens whole or not at all.
    sides = [
        read_side(house, code, wallet=wallet, leg=leg, change=change, leverage=wanted)
        for wallet, leg, change, wanted in zip(wallets, legs, changes, asked, strict=True)
    ]
    if buyer == seller and (sides[0].side == sides[1].side or house.mode[buyer] == ISOLATED):
        raise RefusalError("another wallet, or another leg of one that may have two")
    closing = [closed_lots(house, code, side) for side in sides]
    refuse_values(house, code, lots=lots, ticks=ticks, closing=closing)
    refuse_leverage(house, code, sides, is_per_side=isinstance(leverage, tuple))
    before = vars(house.copied())
    first = house.begin_call(time)
    for side in sides:
        move_side(house, code, side, ticks)
    opens = any(side.wallet is not None and closed < lots for side, closed in zip(sides, closing, strict=True))
    fits = house.fits and (not opens or sides_fit(house, code))
    # After both sides: what the buyer is left with may be a debt only once the seller has moved too ("Debts").
    if fits:
        settle_debts(house, {side.wallet for side in sides if side.wallet is not None})
    if not fits or not house.fits:
        vars(house).update(before)
        raise RefusalError("beyond int64, or 2^62")
    return house.end_call(first)


def read_side(house, code: int, *, wallet: int | None, leg: str | None, change: int, leverage) -> TradeSide:
    """A side of a trade that may be, as far as it stands alone."""
    if wallet is not None:
        refuse_trade(house, wallet, code, leg, change)
    elif leg is not None:
        raise RefusalError("the street has one netted row")
    side = None if wallet is None else side_of_row(house, wallet, code, leg, change)
    return TradeSide(wallet, side, change, None if leverage is None else above_zero(exact(leverage)))


def move_side(house, code: int, side: TradeSide, ticks: int) -> None:
    """Book the lots of a side to its row."""
    if side.wallet is None:
        house.book_lots("trade", PartyRow(house.street, code), side.change, ticks)
        return
    place = row_to_trade(house, side.wallet, code, side.side)
    row = house.rows[place]
    lots, leverage = row.quantity, row.leverage
    house.book_lots("trade", place, side.change, ticks)
    if lots * side.change <= 0 < row.quantity * side.change:
        row.leverage = float(side.leverage or 0)
        keep_shorts_last(house, side.wallet, place, leverage)


def side_of_row(house, wallet: int, code: int, leg: str | None, change: int) -> int:
    """The side of the row that is closed or enlarged: the leg that is named, else the one that is held."""
    held = [sign(house.rows[n].quantity) for n in house.open_rows(wallet) if house.rows[n].code == code]
    return {"long": 1, "short": -1}[leg] if leg is not None else (*held, sign(change))[0]


def row_of_side(house, code: int, side: TradeSide) -> Row | None:
    """The open row that a side of a trade changes, or the street's."""
    if side.wallet is None:
        return house.street.rows.get(code)
    mine = (house.rows[n] for n in house.open_rows(side.wallet) if house.rows[n].code == code)
    return next((row for row in mine if sign(row.quantity) == side.side), None)


def closed_lots(house, code: int, side: TradeSide) -> int:
    """How many lots of a side close something."""
    row = row_of_side(house, code, side)
    return min(abs(side.change), abs(row.quantity)) if row is not None and row.quantity * side.change < 0 else 0


def refuse_values(house, code: int, *, lots: int, ticks: int, closing: list[int]) -> None:
    """What changes hands at once must have a value that fits: from one end of a closing to the next."""
    cuts = sorted({0, lots, *closing})
    values = [round(house.value_per_lot(code, ticks) * cut) for cut in cuts]
    if any(abs(after - before) > INT64_MAX for before, after in pairwise(values)):
        raise RefusalError("beyond int64")


def sides_fit(house, code: int) -> bool:
    """Whether the lots of all longs, and of all shorts, are an int64."""
    lots = [row.quantity for row in house.rows if row.code == code]
    return max(sum(n for n in lots if n > 0), -sum(n for n in lots if n < 0)) <= INT64_MAX


def refuse_leverage(house, code: int, sides: list[TradeSide], *, is_per_side: bool) -> None:
    """A row that is enlarged keeps its own; where nothing opens, nothing may be given that is this side's alone."""
    for side in sides:
        if side.leverage is None:
            continue
        row = row_of_side(house, code, side)
        opens = closed_lots(house, code, side) < abs(side.change)
        if is_per_side and (side.wallet is None or not opens):
            raise RefusalError("nothing is opened")
        grows = side.wallet is not None and row is not None and row.quantity * side.change > 0
        if grows and exact(row.leverage) != side.leverage:
            raise RefusalError("another leverage than the row's")


def keep_shorts_last(house, wallet: int, place: int, leverage: float) -> None:
    """Shorts stand behind the wallet's other rows: one that was turned round moves to the free row behind.

    The row that it leaves has the leverage again that it had.
    """
    row = house.rows[place]
    behind = [house.rows[n] for n in house.rows_of[wallet] if n > place and house.rows[n].code == row.code]
    free = [other for other in behind if not other.quantity]
    if row.quantity < 0 and free:
        free[-1].quantity, free[-1].cost, row.quantity, row.cost = row.quantity, row.cost, 0, 0
        free[-1].leverage, row.leverage = row.leverage, leverage
        for moved in (row, free[-1]):
            moved.renew()
            moved.price_at(house.marks[row.code])


def refuse_trade(house, wallet: int, code: int, leg: str | None, change: int) -> None:
    refuse_stranger(house, wallet, code)
    legs = {sign(house.rows[n].quantity): n for n in house.open_rows(wallet) if house.rows[n].code == code}
    if leg is None and len(legs) == 2:
        raise RefusalError("name the leg")
    wanted = {None: 0, "long": 1, "short": -1}[leg]
    if wanted and wanted * change < 0:
        lots = abs(house.rows[legs[wanted]].quantity) if wanted in legs else 0
        if abs(change) > lots:
            raise RefusalError("never through zero")
    if house.mode[wallet] == ISOLATED:
        others = [n for n in house.open_rows(wallet) if house.rows[n].code != code or n == legs.get(-wanted)]
        if others:
            raise RefusalError("an isolated wallet holds one position")


def row_to_trade(house, wallet: int, code: int, side: int) -> int:
    """The row that a trade changes: the open one, else a free one that keeps shorts last, else a new one there."""
    mine = [n for n in house.rows_of[wallet] if house.rows[n].code == code]
    held = {sign(house.rows[n].quantity): n for n in mine if house.rows[n].quantity}
    if side in held:
        return held[side]
    free = [n for n in (mine if side > 0 else mine[-1:]) if not house.rows[n].quantity]
    if free:
        return free[0]
    after = [
        n for n, row in enumerate(house.rows) if (row.code, row.wallet, -sign(row.quantity)) > (code, wallet, -side)
    ]
    number = min(after, default=len(house.rows))
    house.rows.insert(number, house.new_row(code, wallet))
    house.number_rows()
    return number
