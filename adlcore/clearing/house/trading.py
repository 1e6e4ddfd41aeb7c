"""Trades of users, made elsewhere: lots change hands, and each side closes before it opens."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from ... import _kernels
from ..._support.arrays import INT64_MAX
from ..._support.options import require_option
from ...contracts.decimals import Number, canonical, positive_decimal
from ...errors import AdlError
from ..events import LEVERAGE_UNIT
from ..funds.parties import STREET
from ..liquidation.pass_books import PassBooks
from ..snapshot.snapshot import Snapshot
from ..snapshot.tables import ISOLATED
from ..snapshot.wallet_balances import credit, wallet_row
from .account_requests import refuse_debtor, refuse_misplaced
from .trade_sides import LEG_SIGN, StreetSide, TradeRow, WalletRows, WalletSide, rewrite_rows

__all__ = ["book_trade"]


class Leverage(NamedTuple):
    """A leverage that was asked for.

    Attributes
    ----------
    name : str
        What it is named by.
    number : Decimal
    of_this_side : bool
        Whether it is this side's alone, and then refused where the side opens nothing.
    """

    name: str
    number: Decimal
    of_this_side: bool


class TradeFill(NamedTuple):
    """Signed lots of one side, signed as they are worth, and the row that they were booked to; None is the street's."""

    wallet: int
    row: TradeRow | None
    lots: int
    value: int


def book_trade(
    pass_books: PassBooks,
    contract: str,
    quantity: Number,
    price: Number,
    *,
    buyer: int | None,
    seller: int | None,
    legs: tuple[str | None, str | None],
    leverage: Any,
) -> Snapshot:
    """Lots from a seller to a buyer at a price; None is the street.

    A trade through zero closes first and opens with the difference, as two fills: the values of both
    are rounded cumulatively, so that they sum to that of the whole.
    """
    books = pass_books.snapshot
    code = books.code(contract)
    listed = books.contracts[code]
    lots, ticks = listed.lots(quantity), listed.ticks(price)
    if pass_books.margin_pass.marks[code] is None:
        raise AdlError.at("contract", None, listed.symbol, "has no mark price: must be marked before it is traded")
    if lots <= 0:
        raise AdlError.at("quantity", None, quantity, "must be above 0")
    leverages = _read_leverages(leverage)
    rows_of_wallet: dict[int, WalletRows] = {}
    side_terms = zip(("buyer", "seller"), (buyer, seller), legs, (1, -1), strict=True)
    # Both sides are checked before either books.
    sides = [_read_side(pass_books, rows_of_wallet, code, *each) for each in side_terms]
    _refuse_oneself(books, sides, buyer, seller)
    cuts = sorted({side.closes(lots) for side in sides} - {0, lots})
    # Cut where a side has closed and opens from there; all cuts share one rounding
    # (``docs/waterfall.md``, "Values of fills").
    value_per_lot, booked_lots, booked_value = pass_books.value_per_lot(code, ticks), 0, 0
    fills = []
    for upto in [*cuts, lots]:
        value = round(value_per_lot * upto) - booked_value
        if abs(value) > INT64_MAX:
            must = f"must be worth less at this price: {value} quanta are no int64; use fewer decimals"
            raise AdlError.at("quantity", None, quantity, must)
        for side in sides:
            side_lots, side_value = side.sign * (upto - booked_lots), side.sign * value
            fills.append(TradeFill(side.wallet, side.book(side_lots, side_value), side_lots, side_value))
        booked_lots, booked_value = upto, booked_value + value
    # Before the rows are rewritten, which takes their leverage over (``docs/waterfall.md``, "Trades").
    leverage_units = [_set_leverage(side, each) for side, each in zip(sides, leverages, strict=True)]
    books = _credit_gains(rewrite_rows(books, code, rows_of_wallet.values()), code, sides)
    if any(isinstance(side, WalletSide) and side.opening is not None for side in sides):
        _refuse_sides_beyond_range(books, code, quantity)
    # Last: a row that was put in has its number, and those behind it their new ones, only now.
    _log_fills(pass_books, {"contract": code, "price": ticks, "asset": int(pass_books.settle[code])}, fills)
    for side, units in zip(sides, leverage_units, strict=True):
        if isinstance(side, WalletSide) and side.opening is not None and units:
            place = {"wallet": side.wallet, "row": side.opening.number, "contract": code}
            pass_books.log.add(("leverage-set", "request", {**place, "amount": units}))
    return books


def _read_side(
    pass_books: PassBooks,
    rows_of_wallet: dict[int, WalletRows],
    code: int,
    name: str,
    wallet: int | None,
    leg: str | None,
    sign: int,
) -> StreetSide | WalletSide:
    """A buyer or seller: the street, or a wallet, whose rows stand in `rows_of_wallet` from then on."""
    if leg is not None:
        require_option(f"{name}_leg", leg, LEG_SIGN, "must be 'long' or 'short'")
    if wallet is None:
        if leg is not None:
            raise AdlError.at(f"{name}_leg", None, leg, "must be absent: the street has one netted row")
        return StreetSide(pass_books, code, sign)
    row = wallet_row(pass_books.snapshot, name, wallet)
    refuse_debtor(pass_books, row)
    refuse_misplaced(pass_books.snapshot, row, code, name)
    rows = rows_of_wallet.setdefault(row, WalletRows(pass_books.snapshot, code, row))
    return WalletSide(pass_books.snapshot, rows, name, leg, sign)


def _refuse_oneself(
    books: Snapshot, sides: list[StreetSide | WalletSide], buyer: int | None, seller: int | None
) -> None:
    """Refuse a trade of a wallet with itself, save that it may open one leg and open or close the other."""
    one, other = sides
    if not isinstance(one, WalletSide) and not isinstance(other, WalletSide):
        raise AdlError.at("buyer", None, buyer, "must be a wallet where the seller is the street")
    if isinstance(one, WalletSide) and isinstance(other, WalletSide) and one.wallet == other.wallet:
        if one.leg == other.leg:
            raise AdlError.at("seller", None, seller, "must be another wallet, or another leg, than the buyer's")
        if books.wallets.mode[one.wallet] == ISOLATED:
            must = "must be another wallet than the buyer's: an isolated one has one position"
            raise AdlError.at("seller", None, seller, must)


def _refuse_sides_beyond_range(books: Snapshot, code: int, quantity: Number) -> None:
    """Refuse more longs of a contract, or shorts, than an int64 counts: no market could be made of them."""
    longs, shorts, _ = _kernels.numbers.columns.lots_extent(books.positions.quantity[books.rows(code)])
    if max(longs, shorts) > INT64_MAX:
        must = f"must leave at most {INT64_MAX} lots on either side of {books.contracts[code].symbol}"
        raise AdlError.at("quantity", None, quantity, must)


# Leverage -------------------------------------------------------------------------------------------------------------


def _read_leverages(leverage: Any) -> tuple[Leverage | None, Leverage | None]:
    """What is asked for on the buyer's and on the seller's side: one number for both, or one each."""
    if not isinstance(leverage, tuple | list):
        number = None if leverage is None else Leverage("leverage", _read_leverage(leverage, "leverage"), False)
        return number, number
    if len(leverage) != 2:
        must = "must be one number, or two: the buyer's and the seller's, each of which may be None"
        raise AdlError.at("leverage", None, leverage, must)
    names = "leverage[0]", "leverage[1]"
    pairs = zip(names, leverage, strict=True)
    one, other = (
        None if number is None else Leverage(name, _read_leverage(number, name), True) for name, number in pairs
    )
    return one, other


def _read_leverage(number: Any, name: str) -> Decimal:
    """A leverage that both an event and a position row can hold."""
    found = positive_decimal(number, name)
    units = Fraction(found) * LEVERAGE_UNIT
    if units.denominator != 1:
        raise AdlError.at(name, None, number, "must have at most 8 decimal places")
    if units > INT64_MAX or Decimal(repr(int(units) / LEVERAGE_UNIT)) != found:
        must = "must have fewer digits: a float64 keeps it, and must give it back exactly"
        raise AdlError.at(name, None, number, must)
    return found


def _set_leverage(side: StreetSide | WalletSide, asked: Leverage | None) -> int:
    """Give what a side opened the leverage asked for; it in units of an event, 0 where nothing is set."""
    if asked is None:
        return 0
    row = side.opening if isinstance(side, WalletSide) else None
    if row is None or not isinstance(side, WalletSide):
        if asked.of_this_side:
            what = "this side only closes" if isinstance(side, WalletSide) else "the street has no leverage"
            raise AdlError.at(asked.name, None, canonical(asked.number), f"must be None: {what}")
        return 0
    units = int(asked.number * LEVERAGE_UNIT)
    if side.is_new_position:
        row.leverage = units / LEVERAGE_UNIT
        return units
    if row.leverage != units / LEVERAGE_UNIT:
        own, kept = (
            (f"{row.leverage!r}, or None", f"a leverage of {row.leverage!r}") if row.leverage else ("None", "none")
        )
        must = f"must be {own}: wallet {side.wallet} enlarges a position, which has {kept} and keeps it"
        raise AdlError.at(asked.name, None, canonical(asked.number), must)
    return 0


# What it comes to -----------------------------------------------------------------------------------------------------


def _credit_gains(books: Snapshot, code: int, sides: list[StreetSide | WalletSide]) -> Snapshot:
    """The books with what each side's closing realized."""
    asset = books.asset_names[books.contracts[code].settle.name]
    gains: dict[int, int] = {}
    for side in sides:
        if isinstance(side, WalletSide):  # one wallet may close one leg and the other
            gains[side.wallet] = gains.get(side.wallet, 0) + side.realized_pnl
    # Wallets ascending: so stand the balances that one call adds, whatever adds them.
    for wallet, gain in sorted(gains.items()):
        if gain:
            books = credit(books, wallet, asset, gain)
    return books


def _log_fills(pass_books: PassBooks, label: dict[str, int], fills: list[TradeFill]) -> None:
    """Log the fills, two legs each, the buyer's before the seller's."""
    legs = []
    for fill in fills:
        who = {"party": STREET} if fill.row is None else {"wallet": fill.wallet, "row": fill.row.number}
        cause = "opened" if fill.row is not None and fill.row.is_new else "request"
        legs.append(("trade", cause, {**label, **who, "lots": fill.lots, "amount": -fill.value}))
    for place in range(0, len(legs), 2):
        pass_books.log.add(*legs[place : place + 2])
