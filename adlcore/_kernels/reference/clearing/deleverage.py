"""Remainders served from a ranking under caps, in Python integers: the twin of ``deleverage.pyx``."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from .rows import PositionBooks, fill_value, half_even, int64
from .sides import Collateral, Counterparties, Cursor, Fills, RemainderLots, Side

Array = npt.NDArray[Any]

__all__ = ["fits", "serve"]


def fits(loss: tuple[int, int, int], highest_price: int, numerator: int, denominator: int, inverse: bool) -> bool:
    """Whether the compiled `serve` can hold the numbers of a side whose prices are at most so many ticks."""
    slope, offset, scale = loss
    return (
        0 < numerator < 2**63
        and 0 < denominator < 2**63
        and 0 < highest_price < 2**63
        and abs(slope) * highest_price < 2**126
        and abs(offset) < 2**126
        and 0 < scale * (highest_price if inverse else 1) < 2**62
    )


def serve(
    books: PositionBooks,
    side: Side,
    remainders: RemainderLots,
    counterparties: Counterparties,
    cursor: Cursor,
    fills: Fills,
) -> int:
    """Serve remainders of a side, in order, from counterparties in the order of a ranking; how many fills.

    A counterparty gives at most its lots, and where a lot at the price loses it something,
    ``floor(max(0, E - eps)/loss)``, with eps = 2 + ceil(|MV|·2^-51). One that gave all it might is used up.

    Where the ranking ends, the cursor stands at its end: go on with more counterparties, or with
    ``cursor.skip_remainder``. OverflowError where a number leaves int64.
    """
    open_lots, filled_lots, used = remainders.open_lots, remainders.filled_lots, counterparties.used
    count, wanted = len(counterparties.row), len(open_lots)
    _check(books, side, remainders, counterparties, cursor, fills)
    slope, offset, scale = side.loss
    made = 0
    r, place, first = cursor.remainder, cursor.place, _unused(used, cursor.first_unused)
    try:
        while r < wanted:
            price = int(remainders.price[r])
            if not (1 <= price <= remainders.highest_price and _are_lots(int(open_lots[r]), int(filled_lots[r]))):
                raise ValueError("remainders", r, None, "must not change while they are served")
            loss = side.side * (slope * price - offset)
            over = scale * (price if side.inverse else 1)
            place = max(place, first)
            while open_lots[r] and place < count:
                own = remainders.account[r] >= 0 and counterparties.account[place] == remainders.account[r]
                if not used[place] and not own:
                    row = int(counterparties.row[place])
                    most = abs(int(books.rows.quantity[row]))
                    if loss > 0:
                        equity = _equity(books, row, place, counterparties.collateral)
                        most = min(most, _room(books, row, equity) * over // loss)
                    give = min(most, int(open_lots[r]))
                    if give:
                        before = int(filled_lots[r])
                        value = _worth(side, before + give, price) - _worth(side, before, price)
                        realized = books.close_row(row, give, value, side.contract)
                        open_lots[r] -= give
                        filled_lots[r] += give
                        fills.remainder[made], fills.row[made], fills.lots[made] = r, row, give
                        fills.value[made], fills.realized[made] = value, realized
                        made += 1
                    if give == most:
                        used[place] = 1
                        first = _unused(used, first)
                place += 1
            if open_lots[r]:
                break
            r, place = r + 1, 0
    except OverflowError:
        raise OverflowError(f"a fill of position row {row} leaves int64") from None
    cursor.remainder, cursor.place, cursor.first_unused = r, place, first
    return made


def _check(
    books: PositionBooks,
    side: Side,
    remainders: RemainderLots,
    counterparties: Counterparties,
    cursor: Cursor,
    fills: Fills,
) -> None:
    """Refuse what holders that were checked one by one are not to each other."""
    count, wanted = len(counterparties.row), len(remainders.open_lots)
    if not 0 <= side.contract < len(books.contracts):
        raise ValueError("contract", None, side.contract, f"must be from 0 to {len(books.contracts) - 1}")
    for name, last in (("remainder", wanted), ("place", count), ("first_unused", count)):
        place = getattr(cursor, name)
        if not 0 <= place <= last:
            raise ValueError(name, None, place, f"must be from 0 to {last}")
    rows = len(books.rows.quantity)
    for place, row in enumerate(counterparties.row.tolist()):
        if not 0 <= row < rows:
            raise ValueError("row", place, row, f"must be from 0 to {rows - 1}")
        if int(books.rows.quantity[row]) * side.side > 0:
            raise ValueError("row", place, row, "must be a row of the other side")
        books.check_slot(row)
    if len(fills.row) < count + wanted:
        raise ValueError("fills", None, len(fills.row), f"must have {count + wanted} rows")


def _are_lots(open_lots: int, filled_lots: int) -> bool:
    """Whether what is wanted and what is valued already are lots, and int64 holds both together."""
    return open_lots >= 0 <= filled_lots and open_lots + filled_lots < 2**63


def _unused(used: Array, first: int) -> int:
    """The first place from `first` on that is not used up."""
    while first < len(used) and used[first]:
        first += 1
    return first


def _worth(side: Side, lots: int, price: int) -> int:
    """What lots are worth as a long's."""
    return int64(fill_value(lots, price, side.numerator, side.denominator, side.inverse))


def _room(books: PositionBooks, row: int, equity: int) -> int:
    """What a counterparty may lose: its equity less an allowance for roundings."""
    size = abs(int(books.rows.pnl[row]) + int(books.rows.entry_value[row]))
    return max(0, equity - 2 - -(-size // 2**51))


def _equity(books: PositionBooks, row: int, place: int, collateral: Collateral | None) -> int:
    """Equity of a row's wallet, in the contract's asset."""
    slot = int(books.rows.slot[row])
    kind = 0 if collateral is None else int(collateral.kind[place])
    if collateral is None or kind == 0:
        return int(books.slots.sums[slot, 0])
    pnl = int(books.slots.sums[slot, 0])
    plain, plain_denominator, cut, cut_denominator, back, back_denominator = collateral.rates
    base = int64(int(books.slots.cash[slot]) - int(collateral.loan[place]) + (pnl if kind == 2 else 0))
    term = int64(half_even(base * plain, plain_denominator) if base < 0 else half_even(base * cut, cut_denominator))
    if kind == 1:
        term += int64(half_even(pnl * plain, plain_denominator))
    return int64(half_even(int64(int(collateral.rest[place]) + term) * back, back_denominator))
