"""Liquidation orders: immediate-or-cancel at the bankruptcy price, row by row, until the wallet is healthy again."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from ..._support.options import require_option
from ...contracts.decimals import is_whole
from ...contracts.ratios import exact_ratio
from ...errors import AdlError
from ..funds.parties import STREET
from ..liquidation.liquidation_round import Round, StageRows
from ..liquidation.pass_books import BY_BOOK, PassBooks
from ..liquidation.party_rows import require_int64
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
        chosen = liquidation_round.chosen(pass_books, liquidation_round.begin(pass_books))
        if not len(chosen):
            return
        borders = np.flatnonzero(np.diff(chosen.wallet)) + 1
        starts = [0, *borders.tolist(), len(chosen)]
        parts = list(pairwise(starts))
        if pass_books.batch_orders:
            yield from self._together([self._wallet(pass_books, chosen, *part) for part in parts])
            return
        reached = self._reached(pass_books, chosen)
        quiet = 0  # rows from here on were passed over: no order of theirs could meet anybody
        for first, last in parts:
            if not reached[first:last].any():
                continue
            self._nothing(pass_books, chosen, quiet, first)
            yield from self._together([self._wallet(pass_books, chosen, first, last)])
            quiet = last
        self._nothing(pass_books, chosen, quiet, len(chosen))

    def _together(self, wallets: list[Generator[Order, list[OrderFill], None]]) -> OrderBatches:
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

    def _reached(self, pass_books: PassBooks, chosen: StageRows) -> Any:
        """Tell which rows have an order that could meet somebody; a book is only ever emptied while a stage runs."""
        best = getattr(pass_books.liquidity, "best", None)
        if best is None or self.limit != "bankruptcy":
            return np.ones(len(chosen), bool)
        found = np.zeros(len(chosen), bool)
        keys, of = np.unique(2 * chosen.code + (chosen.side > 0), return_inverse=True)
        for place, key in enumerate(keys.tolist()):
            code, sells = divmod(key, 2)
            price = best(pass_books.snapshot.contracts[code].symbol, "sell" if sells else "buy", pass_books.time)
            if price is not None:
                rows = np.flatnonzero(of == place)
                found[rows] = chosen.side[rows] * (price - chosen.price[rows]) >= 0
        return found

    def _nothing(self, pass_books: PassBooks, chosen: StageRows, first: int, last: int) -> None:
        """Log the orders of these rows, which meet nobody."""
        rows = chosen.only(slice(first, last))
        if not len(rows):
            return
        if self._share_of == 1 and not pass_books.cooling:
            self._told(pass_books, rows, rows.lots, rows.price)
            return
        for place in range(len(rows)):
            lots, partly = self._lots(pass_books, rows, place)
            if lots:
                self._told(pass_books, rows.only(slice(place, place + 1)), lots, int(rows.price[place]))
                self._remember(pass_books, rows, place, partly)

    @cached_property
    def _share_of(self) -> Fraction | None:
        """The share of a row that is ordered; None where it goes down the tiers."""
        return None if self.portion == TIERS else exact_ratio(self.portion, "portion")

    @cached_property
    def _fee(self) -> Fraction:
        return exact_ratio(self.fee, "fee")

    def _told(self, pass_books: PassBooks, rows: StageRows, lots: Any, limit: Any) -> None:
        """Log orders that nothing filled."""
        values = {"wallet": rows.wallet, "row": rows.row, "contract": rows.code, "lots": -rows.side * lots}
        pass_books.log.extend(("zero-fill", "liquidation", {**values, "price": limit}))

    def _lots(self, pass_books: PassBooks, chosen: StageRows, place: int) -> tuple[int, bool]:
        """How many lots of a row are ordered now, and whether that is a part of it; 0 while it waits."""
        code, held = int(chosen.code[place]), abs(int(pass_books.quantity[chosen.row[place]]))
        contract, row = pass_books.snapshot.contracts[code], int(chosen.row[place])
        key = int(chosen.wallet[place]), code, int(chosen.side[place])
        until = pass_books.cooling.get(key)
        if until is not None:
            return (0, False) if pass_books.time < until else (held, False)
        notional = abs(int(pass_books.margin_pass.pnl[row] + pass_books.entry_value[row]))
        if self.above is not None:
            border = exact_ratio(self.above, "above") * contract.settle.quanta_per_unit
            if notional <= border:
                return held, False
        share = self._share_of
        if share == 1:
            return held, False
        lots = self._to_next_tier(pass_books, code, held, notional) if share is None else math.ceil(share * held)
        return lots, lots < held

    def _to_next_tier(self, pass_books: PassBooks, code: int, held: int, notional: int) -> int:
        """The fewest lots that bring a row to the floor of the tier that it is in, or below."""
        contract = pass_books.snapshot.contracts[code]
        assert contract.tiers is not None  # a house refuses a contract without
        floors = [Fraction(floor) * contract.settle.quanta_per_unit for floor in contract.tiers.floor]
        floor = max((each for each in floors if each < notional), default=Fraction(0))
        if floor <= 0:
            return held
        unit = abs(float(pass_books.margin_pass.mark_value_per_lot[code]))
        low, high = 0, held  # lots that may stay: |MV| rises with them
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if round(float(middle) * unit) <= floor else (low, middle - 1)
        return held - low

    def _remember(self, pass_books: PassBooks, chosen: StageRows, place: int, partly: bool) -> None:
        """Let the rest of a row wait; what is past its cool-down is not forgotten until the row is closed."""
        if partly and self.cool_down:
            key = int(chosen.wallet[place]), int(chosen.code[place]), int(chosen.side[place])
            pass_books.cooling[key] = pass_books.time + self.cool_down

    def _wallet(
        self, pass_books: PassBooks, chosen: StageRows, first: int, last: int
    ) -> Generator[Order, list[OrderFill], None]:
        """The orders of one wallet, one after the other."""
        wallet = int(chosen.wallet[first])
        for place in range(first, last):
            row, code, side = int(chosen.row[place]), int(chosen.code[place]), int(chosen.side[place])
            symbol = pass_books.snapshot.contracts[code].symbol
            exact, done = Fraction(0), 0  # what was filled of the row in this stage: W, and lots
            while pass_books.is_wallet_liquidatable(wallet):
                lots, partly = self._lots(pass_books, chosen, place)
                if not lots:
                    break
                limit = self._limit(pass_books, chosen, place, lots)
                account = pass_books.snapshot.wallets.account[wallet].item()
                fills = yield Order(pass_books.issue_order_number(), wallet, row, account, symbol, -side * lots, limit)
                self._remember(pass_books, chosen, place, partly)
                filled = sum(count for count, _ in fills)
                if not filled:
                    self._told(pass_books, chosen.only(slice(place, place + 1)), lots, limit)
                    break
                exact = self._filled(pass_books, chosen, place, fills, exact, done)
                done += filled
                if self.portion != TIERS or filled < lots or not pass_books.quantity[row]:
                    break
            if not pass_books.has_open_rows(wallet, chosen.row[first:last]):
                return

    def _limit(self, pass_books: PassBooks, chosen: StageRows, place: int, lots: int) -> int:
        """The limit of an order in ticks."""
        price = int(chosen.price[place])
        spare = max(0, pass_books.parties.fund_equity(int(chosen.fund[place]))) if self.limit == "fund" else 0
        if not spare:
            return price
        code, side = int(chosen.code[place]), int(chosen.side[place])
        contract = pass_books.snapshot.contracts[code]
        unit = pass_books.value_per_lot(code, price) - Fraction(side * spare, lots)
        top, bottom = contract.tick_fraction
        highest = int(chosen.highest[place])
        if contract.inverse and unit >= 0:
            return highest  # no price is high enough
        found = Fraction(-top) / (bottom * unit) if contract.inverse else unit * bottom / top
        ticks = math.ceil(found) if side > 0 else math.floor(found)
        return min(max(ticks, 1), max(highest, price)) if side < 0 else max(1, ticks)

    def _filled(
        self, pass_books: PassBooks, chosen: StageRows, place: int, fills: list[OrderFill], exact: Fraction, done: int
    ) -> Fraction:
        """Book the fills of one order, then fee, surplus and what the fund pays; W of the row."""
        row, code, side = int(chosen.row[place]), int(chosen.code[place]), int(chosen.side[place])
        wallet, asset = int(chosen.wallet[place]), int(pass_books.settle[code])
        total = filled = 0
        pass_books.closed_by[wallet] |= BY_BOOK
        for count, ticks in fills:
            unit = pass_books.value_per_lot(code, ticks)
            # What would take the street through zero closes first, then opens: two fills.
            held = int(pass_books.parties.lots[0, code])
            closes = min(count, abs(held)) if held * side < 0 else 0
            for part in [closes, count - closes] if 0 < closes < count else [count]:
                value = require_int64(round(exact + unit * part) - round(exact), "fills")
                exact += unit * part
                pass_books.close(np.array([row]), np.array([part]), np.array([value]), np.array([code]))
                pass_books.parties.street(code, side * part, side * value, side * value)
                shared = {"contract": code, "price": ticks, "asset": asset}
                user, lots = {**shared, "wallet": wallet, "row": row}, side * part
                amount = side * value
                pass_books.log.add(
                    ("book-fill", "liquidation", {**user, "lots": -lots, "amount": amount}),
                    ("book-fill", "liquidation", {**shared, "party": STREET, "lots": lots, "amount": -amount}),
                )
                total, filled = total + value, filled + part
        at_price = pass_books.value_per_lot(code, int(chosen.price[place]))
        due = round(at_price * (done + filled)) - round(at_price * done)
        self._share(pass_books, wallet, int(chosen.fund[place]), asset, side * (total - due), total)
        return exact

    def _share(self, pass_books: PassBooks, wallet: int, fund: int, asset: int, better: int, total: int) -> None:
        """Book what fills are better than the bankruptcy price, or what they are worse, to whoever has or pays it."""
        if better > 0:
            fee = min(round(self._fee * abs(total)), better)
            amount, kind = (better, "surplus") if self.surplus == "fund" else (fee, "fee")
            if amount:
                pass_books.credit_wallet(wallet, asset, -amount)
                pass_books.parties.credit_fund(fund, amount)
                pass_books.log_fund_payment(wallet, fund, amount, asset, kind, kind)
        elif better < 0:
            for payer, amount in list(pass_books.parties.collect_from_chain(fund, -better)):
                pass_books.credit_wallet(wallet, asset, amount)
                pass_books.log_fund_payment(
                    wallet, payer, -amount, asset, "cover", "fund" if payer == fund else "parent"
                )
