"""Liquidation orders: immediate-or-cancel at the bankruptcy price, row by row, until the wallet is healthy again.

A wallet's orders follow each other: how much, at which limit, sent, booked, and then whether it is healthy
(``docs/waterfall.md``, "BookIOC"). Each wallet's are a generator, :meth:`BookIOC._wallet_orders`. A book of the house's
own meets one wallet after the other, in the round's order; a book that is another's is sent the next order of every
wallet at once, so that it is asked as few times as may be.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.options import require_option
from ...contracts.decimals import is_whole
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..funds.parties import STREET
from ..liquidation.fund_payments import cover_from_funds, pay_fund
from ..liquidation.liquidation_round import Round, StageRows
from ..liquidation.party_rows import require_int64
from ..liquidation.pass_books import PassBooks
from .stage import Order, OrderBatches, OrderFill, Stage

__all__ = ["BookIOC"]

LIMITS, SURPLUSES, TIERS = ("bankruptcy", "fund"), ("wallet", "fund"), "tiers"


@dataclass(frozen=True)
class BookIOC(Stage):
    """Send immediate-or-cancel limit orders that close rows in liquidation, one a row.

    Parameters
    ----------
    limit : {"bankruptcy", "fund"}, default "bankruptcy"
        The limit is the bankruptcy price P, or beyond it what the fund can pay: the value of a lot is
        ``v(P) - side·max(0, F)/lots``, rounded to a tick toward P.
    fee : decimal string or number, default "0"
        Share of the value filled that goes to the fund, at most what the fills are better than P.
    surplus : {"wallet", "fund"}, default "wallet"
        Whose it is when fills are better than P; where it is the fund's there is no fee.
    portion : decimal string, number or fraction, or "tiers", default "1"
        Share of a row that is ordered, rounded up to lots. ``"tiers"``: as many lots as bring the row to
        the tier below, again and again while the wallet is liquidatable and orders fill whole.
    above : decimal string or number, optional
        Only rows of more notional than this, in units of the settle asset, are ordered in part.
    cool_down : int, default 0
        For so long, in the house's time, the rest of a row that was ordered in part is not ordered; then it is
        ordered whole, at every mark. While it waits ``TakeOver`` and ``Deleverage`` leave it alone, unless its
        wallet's equity is below 0; ``Backstop`` and ``NetLegs`` do not wait. All this is forgotten as soon as,
        after any call, the row is closed or turned, or its wallet is not liquidatable: who fails again begins
        with a part. Not with ``"tiers"``, whose orders follow each other at once.

    Notes
    -----
    Before each order the wallet is re-margined, and where it is healthy no further order is sent. Where
    fills are worse than P, which a limit beyond P allows, the fund pays the difference as far as it can.
    An order that nothing filled is a ``zero-fill``. Sources: Binance help, "liquidation protocols";
    coinengineer.net, 29 Aug 2025; Hyperliquid docs, "Liquidations" (20 % of positions above 100,000
    USDC first, the rest after 30 s).

    Examples
    --------
    >>> BookIOC(fee="0.0125")
    BookIOC(limit='bankruptcy', fee='0.0125', surplus='wallet', portion='1', above=None, cool_down=0)
    """

    limit: str = "bankruptcy"
    fee: Any = "0"
    surplus: str = "wallet"
    portion: Any = "1"
    above: Any = None
    cool_down: int = 0

    def __post_init__(self) -> None:
        for name, known in (("limit", LIMITS), ("surplus", SURPLUSES)):
            require_option(name, getattr(self, name), known)
        if not 0 <= exact_ratio(self.fee, "fee") < 1:
            raise AdlError.at("fee", None, self.fee, "must be a share, from 0 to below 1")
        tiers = isinstance(self.portion, str) and self.portion == TIERS
        if not tiers and not 0 < exact_ratio(self.portion, "portion") <= 1:
            raise AdlError.at("portion", None, self.portion, "must be above 0 and at most 1, or 'tiers'")
        if self.above is not None and exact_ratio(self.above, "above") < 0:
            raise AdlError.at("above", None, self.above, "must be 0 or above")
        if not is_whole(self.cool_down) or self.cool_down < 0:
            raise AdlError.at("cool_down", None, self.cool_down, "must be a whole number, 0 or above")
        if self.cool_down and tiers:
            must = "must be 0 where orders go down the tiers: they follow each other at once"
            raise AdlError.at("cool_down", None, self.cool_down, must)

    def run(self, pass_books: PassBooks, liquidation_round: Round) -> OrderBatches:
        """Wallet by wallet, or the first order of every wallet, then the second, where the book is another's."""
        rows = liquidation_round.begin_stage(pass_books)
        if not len(rows):
            return
        borders = np.flatnonzero(np.diff(rows.wallet)) + 1
        parts = list(pairwise([0, *borders.tolist(), len(rows)]))
        # The next order of all wallets at once (docs/waterfall.md, "Plans, orders, fills").
        if pass_books.batch_orders:
            yield from self._interleave_orders([self._wallet_orders(pass_books, rows, *part) for part in parts])
            return
        may_fill = self._may_fill(pass_books, rows)
        # Rows from here on were passed over: no order of theirs could meet anybody. They are logged before the next
        # order is sent, so that the log has the round's order (docs/waterfall.md, "BookIOC").
        first_unlogged = 0
        for first, last in parts:
            if not may_fill[first:last].any():
                continue
            self._log_unfilled(pass_books, rows.rows_at(slice(first_unlogged, first)))
            yield from self._interleave_orders([self._wallet_orders(pass_books, rows, first, last)])
            first_unlogged = last
        self._log_unfilled(pass_books, rows.rows_at(slice(first_unlogged, len(rows))))

    def _interleave_orders(self, wallets: list[Generator[Order, list[OrderFill], None]]) -> OrderBatches:
        """The next order of every wallet, until none has another."""
        pending = [(wallet, order) for wallet in wallets if (order := next(wallet, None)) is not None]
        while pending:
            fills = yield [order for _, order in pending]
            following = []
            for (wallet, _), filled in zip(pending, fills, strict=True):
                try:
                    following.append((wallet, wallet.send(filled)))
                except StopIteration:
                    continue
            pending = following

    def _may_fill(self, pass_books: PassBooks, rows: StageRows) -> npt.NDArray[np.bool_]:
        """Tell which rows have an order that could meet somebody; a book is only ever emptied while a stage runs."""
        best = getattr(pass_books.liquidity, "best", None)
        if best is None or self.limit != "bankruptcy":
            return np.ones(len(rows), bool)
        may_fill = np.zeros(len(rows), bool)
        keys, key_of = np.unique(2 * rows.code + (rows.side > 0), return_inverse=True)
        for number, key in enumerate(keys.tolist()):
            code, sells = divmod(key, 2)
            price = best(pass_books.snapshot.contracts[code].symbol, "sell" if sells else "buy", pass_books.time)
            if price is not None:
                places = np.flatnonzero(key_of == number)
                may_fill[places] = rows.side[places] * (price - rows.price[places]) >= 0
        return may_fill

    def _log_unfilled(self, pass_books: PassBooks, rows: StageRows) -> None:
        """Log the orders of these rows, which meet nobody."""
        if not len(rows):
            return
        if self._exact_portion == 1 and not pass_books.cooling:
            self._log_zero_fills(pass_books, rows, rows.lots, rows.price)
            return
        for place in range(len(rows)):
            lots, partly = self._order_lots(pass_books, rows, place)
            if lots:
                row = rows.rows_at(slice(place, place + 1))
                self._log_zero_fills(pass_books, row, lots, int(rows.price[place]))
                self._start_cool_down(pass_books, rows, place, partly)

    @cached_property
    def _exact_portion(self) -> Fraction | None:
        """The share of a row that is ordered; None where it goes down the tiers."""
        return None if self.portion == TIERS else exact_ratio(self.portion, "portion")

    @cached_property
    def _fee_rate(self) -> Fraction:
        """The share of the value filled that the fund has."""
        return exact_ratio(self.fee, "fee")

    def _log_zero_fills(self, pass_books: PassBooks, rows: StageRows, lots: Any, limit: Any) -> None:
        """Log orders that nothing filled."""
        values = {"wallet": rows.wallet, "row": rows.row, "contract": rows.code, "lots": -rows.side * lots}
        pass_books.log.extend(("zero-fill", "liquidation", {**values, "price": limit}))

    def _order_lots(self, pass_books: PassBooks, rows: StageRows, place: int) -> tuple[int, bool]:
        """How many lots of a row are ordered now, and whether that is a part of it; 0 while it waits."""
        code, held = int(rows.code[place]), abs(int(pass_books.quantity[rows.row[place]]))
        contract, row = pass_books.snapshot.contracts[code], int(rows.row[place])
        key = int(rows.wallet[place]), code, int(rows.side[place])
        # A cool-down goes before `above` and `portion`: from its end on all is ordered
        # (docs/waterfall.md, "Cool-downs").
        until = pass_books.cooling.get(key)
        if until is not None:
            return (0, False) if pass_books.time < until else (held, False)
        notional = abs(int(pass_books.margin_pass.pnl[row] + pass_books.entry_value[row]))
        if self.above is not None:
            least_notional = exact_ratio(self.above, "above") * contract.settle.quanta_per_unit
            if notional <= least_notional:
                return held, False
        portion = self._exact_portion
        if portion == 1:
            return held, False
        lots = self._to_next_tier(pass_books, code, held, notional) if portion is None else math.ceil(portion * held)
        return lots, lots < held

    def _to_next_tier(self, pass_books: PassBooks, code: int, held: int, notional: int) -> int:
        """The fewest lots that bring a row to the floor of the tier that it is in, or below."""
        contract = pass_books.snapshot.contracts[code]
        assert contract.tiers is not None  # a house refuses a contract without
        floors = [Fraction(floor) * contract.settle.quanta_per_unit for floor in contract.tiers.floor]
        floor = max((each for each in floors if each < notional), default=Fraction(0))
        if floor <= 0:
            return held
        mark_value_per_lot = abs(float(pass_books.margin_pass.mark_value_per_lot[code]))
        low, high = 0, held  # lots that may stay: |MV| rises with them
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if round(float(middle) * mark_value_per_lot) <= floor else (low, middle - 1)
        return held - low

    def _start_cool_down(self, pass_books: PassBooks, rows: StageRows, place: int, partly: bool) -> None:
        """Let the rest of a row wait; what is past its cool-down is not forgotten until the row is closed."""
        if partly and self.cool_down:
            key = int(rows.wallet[place]), int(rows.code[place]), int(rows.side[place])
            pass_books.cooling[key] = pass_books.time + self.cool_down

    def _wallet_orders(
        self, pass_books: PassBooks, rows: StageRows, first: int, last: int
    ) -> Generator[Order, list[OrderFill], None]:
        """The orders of one wallet, one after the other."""
        wallet = int(rows.wallet[first])
        for place in range(first, last):
            row, code, side = int(rows.row[place]), int(rows.code[place]), int(rows.side[place])
            symbol = pass_books.snapshot.contracts[code].symbol
            # What was filled of the row in this stage: W, and lots (docs/waterfall.md, "Values of fills").
            exact_value, filled_lots = Fraction(0), 0
            # E and MM of now, before each order (docs/waterfall.md, "The order of a pass").
            while pass_books.is_wallet_liquidatable(wallet):
                lots, partly = self._order_lots(pass_books, rows, place)
                if not lots:
                    break
                limit = self._limit_ticks(pass_books, rows, place, lots)
                account = pass_books.snapshot.wallets.account[wallet].item()
                fills = yield Order(pass_books.issue_order_number(), wallet, row, account, symbol, -side * lots, limit)
                # Whether or not the part fills (docs/waterfall.md, "Cool-downs").
                self._start_cool_down(pass_books, rows, place, partly)
                filled = sum(count for count, _ in fills)
                if not filled:
                    self._log_zero_fills(pass_books, rows.rows_at(slice(place, place + 1)), lots, limit)
                    break
                exact_value = self._book_fills(
                    pass_books, rows, place, fills, exact_value=exact_value, filled_lots=filled_lots
                )
                filled_lots += filled
                if self.portion != TIERS or filled < lots or not pass_books.quantity[row]:
                    break
            if not pass_books.has_open_rows(wallet, rows.row[first:last]):
                return

    def _limit_ticks(self, pass_books: PassBooks, rows: StageRows, place: int, lots: int) -> int:
        """The limit of an order in ticks: P, or what the fund can add to it now (``docs/waterfall.md``, "BookIOC")."""
        price = int(rows.price[place])
        spare = max(0, pass_books.parties.fund_equity(int(rows.fund[place]))) if self.limit == "fund" else 0
        if not spare:
            return price
        code, side = int(rows.code[place]), int(rows.side[place])
        contract = pass_books.snapshot.contracts[code]
        value_per_lot = pass_books.value_per_lot(code, price) - Fraction(side * spare, lots)
        numerator, denominator = contract.tick_fraction
        highest = int(rows.highest_price[place])
        if contract.inverse and value_per_lot >= 0:
            return highest  # no price is high enough
        if contract.inverse:
            exact_ticks = Fraction(-numerator) / (denominator * value_per_lot)
        else:
            exact_ticks = value_per_lot * denominator / numerator
        ticks = math.ceil(exact_ticks) if side > 0 else math.floor(exact_ticks)  # towards P
        return min(max(ticks, 1), max(highest, price)) if side < 0 else max(1, ticks)

    def _book_fills(
        self,
        pass_books: PassBooks,
        rows: StageRows,
        place: int,
        fills: list[OrderFill],
        *,
        exact_value: Fraction,
        filled_lots: int,
    ) -> Fraction:
        """Book the fills of one order, then fee, surplus and what the fund pays; W of the row."""
        row, code, side = int(rows.row[place]), int(rows.code[place]), int(rows.side[place])
        wallet, asset = int(rows.wallet[place]), int(pass_books.settle[code])
        value_now = lots_now = 0
        for lots, ticks in fills:
            value_per_lot = pass_books.value_per_lot(code, ticks)
            # What would take the street through zero closes first, then opens: two fills.
            held = int(pass_books.parties.lots[STREET, code])
            closes = min(lots, abs(held)) if held * side < 0 else 0
            for part in [closes, lots - closes] if 0 < closes < lots else [lots]:
                # A fill is worth what the rounded W rises by (docs/waterfall.md, "Values of fills").
                exact_after = exact_value + value_per_lot * part
                value = require_int64(round(exact_after) - round(exact_value), "fills")
                exact_value = exact_after
                pass_books.close(np.array([row]), np.array([part]), np.array([value]), np.array([code]))
                amount = side * value
                pass_books.parties.take(STREET, code, side * part, amount, amount)
                terms = {"contract": code, "price": ticks, "asset": asset}
                user = {**terms, "wallet": wallet, "row": row}
                pass_books.log.add(
                    ("book-fill", "liquidation", {**user, "lots": -side * part, "amount": amount}),
                    ("book-fill", "liquidation", {**terms, "party": STREET, "lots": side * part, "amount": -amount}),
                )
                value_now, lots_now = value_now + value, lots_now + part
        # After all fills of the order, for better and worse ones add up (docs/waterfall.md, "BookIOC").
        per_lot = pass_books.value_per_lot(code, int(rows.price[place]))
        value_at_price = round(per_lot * (filled_lots + lots_now)) - round(per_lot * filled_lots)
        improvement, fund = side * (value_now - value_at_price), int(rows.fund[place])
        self._book_improvement(pass_books, wallet, fund, asset, improvement=improvement, filled_value=value_now)
        return exact_value

    def _book_improvement(
        self, pass_books: PassBooks, wallet: int, fund: int, asset: int, *, improvement: int, filled_value: int
    ) -> None:
        """Book what fills are better than the bankruptcy price, or what they are worse, to whoever has or pays it."""
        if improvement > 0:
            fee = min(round(self._fee_rate * abs(filled_value)), improvement)
            amount, kind = (improvement, "surplus") if self.surplus == "fund" else (fee, "fee")
            if amount:
                pay_fund(pass_books, kind, kind, wallet=wallet, fund=fund, asset=asset, amount=amount)
        elif improvement < 0:
            # The fund first, then its parents (docs/waterfall.md, "BookIOC").
            cover_from_funds(pass_books, "fund", wallet=wallet, fund=fund, asset=asset, need=-improvement)
        pass_books.revalue(np.array([wallet]))
