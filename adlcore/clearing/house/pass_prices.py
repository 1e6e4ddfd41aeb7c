"""What a pass of a house is asked for: prices that are read and checked, and the books at them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ...errors import AdlError
from ..liquidation.pass_books import PassBooks
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import Liquidity
from ..snapshot.exact import prices_by_row
from ..snapshot.snapshot import Snapshot
from ..state import HouseState

__all__ = ["PassPrices", "pass_books_at", "read_prices"]


@dataclass(frozen=True, eq=False)
class PassPrices:
    """New marks, index and oracle prices by row, and the time."""

    marks: dict[int, Decimal]
    index: dict[int, Decimal]
    oracle: dict[int, Decimal]
    time: int


def read_prices(
    snapshot: Snapshot, prices: Any, time: int, index_prices: Any, oracle: Any, max_move: Fraction | None
) -> PassPrices:
    """Prices by symbol or asset as prices by row; no mark moves by more than a share of the last."""
    asked = PassPrices(
        prices_by_row("prices", prices, snapshot.symbols),
        prices_by_row("index_prices", index_prices, snapshot.asset_names),
        prices_by_row("oracle", oracle, snapshot.symbols),
        time,
    )
    _refuse_jumps(snapshot, asked.marks, max_move)
    return asked


def _refuse_jumps(snapshot: Snapshot, marks: Mapping[int, Decimal], max_move: Fraction | None) -> None:
    """Refuse marks further from the last than a share of it."""
    if max_move is None:
        return
    for code, price in marks.items():
        last = snapshot.marks[code]
        if last is not None and abs(Fraction(price) - Fraction(last)) > max_move * Fraction(last):
            symbol = snapshot.contracts[code].symbol
            must = f"must be within {float(max_move):.4g} of the last mark, {last}"
            raise AdlError.at(f"prices[{symbol!r}]", None, str(price), must)


def pass_books_at(
    state: HouseState,
    margin_pass: MarginPass,
    asked: PassPrices,
    liquidity: Liquidity,
    batch_orders: bool,
    threads: int,
) -> PassBooks:
    """The books of a state at new prices, as a pass changes them; the margin moves there."""
    books = snapshot = state.snapshot
    margin_pass.move_or_recompute(
        asked.marks, margin_pass.rates.at_index_prices(asked.index), bool(asked.index), threads
    )
    if asked.marks or asked.index:
        marks = [asked.marks.get(code, mark) for code, mark in enumerate(snapshot.marks)]
        index = [asked.index.get(code, price) for code, price in enumerate(snapshot.index_prices)]
        books = snapshot._with({"marks": tuple(marks), "index_prices": tuple(index)})
    margin_pass.books = books
    return PassBooks(
        state,
        books,
        margin_pass,
        time=asked.time,
        liquidity=liquidity,
        batch_orders=batch_orders,
        oracle=asked.oracle,
    )
