"""A pass: wallets that fail are taken through the stages, round after round, until nobody new fails.

In this order:

1. Margin moves to the new marks; contracts without one keep their last.
2. Triggers with a memory observe their funds. Cool-downs of wallets that are healthy now are forgotten.
3. Rounds, while a wallet that is liquidatable, or a fund below zero with inventory, has not been tried in this pass;
   the venue may bound them, and events then name who is left. A round takes

   a. its wallets, by margin ratio descending, then equity ascending, then row, and their rows by maintenance margin
      descending, then row; both orders are fixed when it begins;
   b. through the venue's stages, each over all wallets of the round before the next begins. A stage leaves alone
      whoever is healthy when it begins; bankruptcy prices are those of its start;
   c. after each stage, settlement: the round's wallets that hold nothing any more, in its order, then counterparties
      that hold nothing and stand below zero, by row.

4. Wallets of several assets that hold nothing and that new index prices brought below zero are settled.
5. What is left of isolated winners that were closed in full moves to their cross wallets.
6. Triggers observe their funds again.
7. The house commits by one assignment; cool-downs whose row is closed or whose wallet is healthy are forgotten.

``docs/waterfall.md`` says what each step does, and where it leaves a choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..._support.arrays import INT64, Int64Array1D
from ...errors import AdlError
from ..liquidation.cool_downs import valid_cool_downs
from ..liquidation.liquidation_round import Round
from ..liquidation.pass_books import PassBooks
from ..liquidation.settlement import move_to_cross, settle_debts, settle_round
from ..liquidation.trigger_observation import observe_funds
from ..margin.margin_pass import MarginPass
from ..order_book.liquidity import Liquidity
from ..snapshot.exact import prices_by_row
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Order, OrderBatches
from ..stages.venue import Venue
from ..state import HouseState, names_of
from .fill_reports import fill_orders

__all__ = ["Pass", "PassPrices", "read_prices", "run_pass"]


@dataclass(frozen=True, eq=False)
class PassPrices:
    """What a pass is asked for: new marks, index and oracle prices by row, and the time."""

    marks: dict[int, Decimal]
    index_prices: dict[int, Decimal]
    oracle_prices: dict[int, Decimal]
    time: int


def read_prices(
    snapshot: Snapshot, prices: Any, *, time: int, index_prices: Any, oracle: Any, max_move: Fraction | None
) -> PassPrices:
    """Prices by symbol or asset as prices by row; no mark moves by more than a share of the last."""
    pass_prices = PassPrices(
        prices_by_row("prices", prices, snapshot.symbols),
        prices_by_row("index_prices", index_prices, snapshot.asset_names),
        prices_by_row("oracle", oracle, snapshot.symbols),
        time,
    )
    _refuse_jumps(snapshot, pass_prices.marks, max_move)
    return pass_prices


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


def run_pass(pass_books: PassBooks, venue: Venue) -> OrderBatches:
    """One pass, at marks that are in place; asks for fills where a stage needs the order book.

    A wallet and a fund are tried once a pass. A fund below zero when a round starts is tried by that
    round; one that falls below later, by the ``Deleverage`` that finds it. The numbers are those of
    ``docs/waterfall.md``, "The order of a pass": 1 is :meth:`Pass.at`, and 7 is the house's, once this is over.
    """
    # 2. Before anybody is liquidated: money that was taken out of a fund since the last pass counts now.
    observe_funds(pass_books)
    # Who is healthy at the new marks and is broken by somebody else in this pass begins anew.
    pass_books.cooling = valid_cool_downs(pass_books.cooling, pass_books.snapshot, pass_books.margin_pass)
    # 3. Rounds.
    failing = np.flatnonzero(pass_books.margin_pass.verdict == 1)
    rounds = 0
    while True:
        funds = _funds_below_zero(pass_books)
        if not len(failing) and not funds:
            break
        if rounds == venue.max_rounds:
            _log_untried(pass_books, failing, funds)
            break
        rounds += 1
        pass_books.make_writable()
        liquidation_round = Round(pass_books, failing, funds)
        # Before the stages: Deleverage tells by it which funds below zero are of no round yet, and takes those, too.
        pass_books.tried_funds.update(funds)
        for stage in venue.stages:
            requests = stage.run(pass_books, liquidation_round)
            if requests is not None:
                yield from requests
            # After each stage, so that the next sees funds as debts and surpluses of this one have left them.
            settle_round(pass_books, liquidation_round)
        failing = _broken_counterparties(pass_books)
    # 4. Wallets without positions, which no round takes.
    settle_debts(
        pass_books,
        pass_books.margin_pass.slots.wallet[pass_books.margin_pass.slots.valued_slots]
        if pass_books.margin_pass.slots.has_valued
        else np.zeros(0, INT64),
    )
    # 5. After the debts: what arrives in a cross wallet pays the open entry that it has by now.
    move_to_cross(pass_books)
    # 6. Last, for the observation is of what the pass leaves in each fund.
    observe_funds(pass_books)


def _funds_below_zero(pass_books: PassBooks) -> list[int]:
    """Funds with F < 0 and inventory that were not tried in this pass."""
    return [
        fund
        for fund in range(len(pass_books.fund_table))
        if fund not in pass_books.tried_funds
        and pass_books.parties.lots[pass_books.first_fund + fund].any()
        and pass_books.parties.fund_equity(fund) < 0
    ]


def _broken_counterparties(pass_books: PassBooks) -> Int64Array1D:
    """Counterparties that are liquidatable now."""
    touched = np.unique(np.concatenate([np.zeros(0, INT64), *pass_books.counterparties]))
    touched = touched[(pass_books.in_liquidation[touched] == 0) & pass_books.is_liquidatable(touched)]
    sure = (pass_books.margin[touched] > 0) & ~pass_books.snapshot.wallets.is_valued(touched)
    unsure = touched[~sure]
    return np.sort(np.concatenate([touched[sure], unsure[pass_books.has_position(unsure)]])) if len(unsure) else touched


def _log_untried(pass_books: PassBooks, wallets: Int64Array1D, funds: list[int]) -> None:
    """Log who would have been tried in a further round."""
    if len(wallets):
        pass_books.log.extend(("max-rounds", "", {"wallet": wallets}))
    for fund in funds:
        pass_books.log.add(("max-rounds", "", {"party": pass_books.first_fund + fund}))


class Pass:
    """A pass that may wait for fills."""

    def __init__(self, pass_books: PassBooks, venue: Venue) -> None:
        self.pass_books, self._requests = pass_books, run_pass(pass_books, venue)

    @classmethod
    def at(
        cls,
        state: HouseState,
        margin_pass: MarginPass,
        pass_prices: PassPrices,
        *,
        venue: Venue,
        liquidity: Liquidity,
        batch_orders: bool,
        threads: int,
    ) -> Pass:
        """A pass over a state at new prices; the margin moves there."""
        books = snapshot = state.snapshot
        marks, index_prices = pass_prices.marks, pass_prices.index_prices
        rates = margin_pass.rates.at_index_prices(index_prices)
        margin_pass.move_or_recompute(marks, rates, bool(index_prices), threads)
        if marks or index_prices:
            all_index = tuple(index_prices.get(code, price) for code, price in enumerate(snapshot.index_prices))
            books = snapshot._with({"marks": margin_pass.marks, "index_prices": all_index})
        margin_pass.books = books
        pass_books = PassBooks(
            state,
            books,
            margin_pass,
            time=pass_prices.time,
            liquidity=liquidity,
            batch_orders=batch_orders,
            oracle=pass_prices.oracle_prices,
        )
        return cls(pass_books, venue)

    def next(self, fills: list[list[tuple[int, int]]] | None) -> tuple[Order, ...] | None:
        """Go on to the next orders; None where the pass is over."""
        try:
            orders = next(self._requests) if fills is None else self._requests.send(fills)
            return tuple(orders)
        except StopIteration:
            return None

    def run_with_book(self, book: Liquidity) -> None:
        """Go on to the end with what a book at hand fills. An interruption comes out of the loop: it has no handler."""
        orders = self.next(None)
        while orders is not None:
            orders = self.next(fill_orders(book, self.pass_books.state.snapshot, orders, self.pass_books.time))

    def snapshot_after(self) -> Snapshot:
        """The users' books after it, to which its margin moves."""
        pass_books = self.pass_books
        if not pass_books.is_writable:
            return pass_books.snapshot
        books = pass_books.snapshot_after()
        touched = np.concatenate([np.flatnonzero(pass_books.in_liquidation), *pass_books.counterparties])
        pass_books.margin_pass.rebase(books, np.unique(touched))
        return books

    def cancelled_orders(self) -> tuple[dict[str, Any], ...]:
        """The orders that were cancelled so far."""
        events = self.pass_books.log.events(0, self.pass_books.time, names_of(self.pass_books.state))
        names = ("wallet", "account", "contract", "lots", "price")
        return tuple({name: row[name] for name in names} for row in events.rows("order-cancelled"))
