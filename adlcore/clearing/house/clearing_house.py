"""The clearing house: mark prices go in, and what happened comes out, to the last quantum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ..._arrays import INT64
from ...decimals import Number
from ...errors import AdlError
from ..accounts.books import prices_by_row
from ..accounts.collateral import Rates
from ..accounts.snapshot import Snapshot
from ..events import Events
from ..funds.fund import InsuranceFund
from ..order_book.liquidity import Liquidity, Restorable
from ..state import HouseState, names_of
from ..waterfall.rounds import Pass
from ..waterfall.stage import Order, Stage
from ..waterfall.venue import Venue
from ..waterfall.working import Working
from . import audit as books_audit
from . import dealings
from .keeper import Keeper
from .opening import opened
from .trading import trade
from .views import Ledger, Plan, read_fills

__all__ = ["ClearingHouse"]


class ClearingHouse(Keeper):
    """Keeps the books of a venue while its wallets are liquidated and auto-deleveraged.

    Parameters
    ----------
    snapshot : Snapshot
        Users, positions and marks to begin with. Every contract has tiers and a tick. Unbalanced open
        interest is balanced against the street, at the mark.
    funds : iterable of InsuranceFund, optional
        An asset that none is given for has an empty one.
    venue : Venue or iterable of Stage
        The stages of a liquidation, in their order, at least one: :mod:`adlcore.venues` has published ones.
    liquidity : Liquidity, optional
        Where ``BookIOC`` orders meet an order book; by default :class:`NoLiquidity`.
    strict : bool, default False
        Whether unbalanced open interest is an error.
    audit : {"on", "off"}, default "on"
        Whether the invariants of the books are checked after every call; they are exact.
    max_move : decimal string, number or fraction, optional
        A mark further from the last than this share of it is refused.
    threads : int, default 1
        For marks that move most of the venue; the result is the same, bit for bit.

    Raises
    ------
    AdlError
        For contracts without tiers or tick, funds that do not fit the contracts, what is no stage.

    Notes
    -----
    Every call is atomic: it ends with one assignment of an immutable state, and an exception before
    that leaves the house, its hash and its order book (where that can be put back) as they were. A house
    belongs to one thread at a time; its states and snapshots are immutable and may be shared.

    Money is int64 quanta: a position is worth less than 2^62 of them at its mark, and balances, equities,
    entry values, cash and each payment are at most 2^63 - 1. What would leave that is refused before
    anything is kept. With the 8 decimals of an asset by default, a position may be worth 46 bn units and
    a wallet or a fund own 92 bn; each decimal less is ten times as much. Sums over wallets have no bound.

    A quiet mark is O(positions of the contracts that were marked); one that liquidates copies the
    books once, and ranks each side that somebody is deleveraged on once a round. What a pass does, in
    which order: :mod:`adlcore.clearing.waterfall.rounds`.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "10"},
    ... )
    >>> house = adl.ClearingHouse(snapshot, [adl.InsuranceFund("USDT", "5")], venue=adl.venues.BINANCE_USDM)
    >>> events = house.mark({"X": "8.5"}, time=1)
    >>> events.rows("adl-notice")[0]["account"], events.rows("adl-notice")[0]["amount"]
    ('bob', 1200000000)
    >>> house.funds["USDT"].balance, house.audit()
    (Decimal('5.00000000'), [])
    """

    def __init__(
        self,
        snapshot: Snapshot,
        funds: Iterable[InsuranceFund] = (),
        venue: Venue | Iterable[Stage] = (),
        liquidity: Liquidity | None = None,
        *,
        strict: bool = False,
        audit: str = "on",
        max_move: Any = None,
        threads: int = 1,
    ) -> None:
        self._settings(venue, liquidity, audit, max_move, threads)
        if not isinstance(snapshot, Snapshot):
            raise AdlError.at("snapshot", None, type(snapshot).__name__, "must be a Snapshot")
        core = self._core(snapshot)
        state, events = opened(snapshot, core, funds, self._venue, strict)
        self._put(state, None, Ledger().after(events, state.parties.funds))
        self.opening = events
        if self._audits:
            books_audit.check(state, events)

    @classmethod
    def from_state(
        cls,
        state: HouseState,
        venue: Venue | Iterable[Stage],
        liquidity: Liquidity | None = None,
        *,
        audit: str = "on",
        max_move: Any = None,
        threads: int = 1,
    ) -> ClearingHouse:
        """The house that goes on from a state as the one that gave it would.

        Parameters
        ----------
        state : HouseState
            Of :meth:`state`.
        venue, liquidity, audit, max_move, threads
            As :class:`ClearingHouse`.
        """
        if not isinstance(state, HouseState):
            raise AdlError.at("state", None, type(state).__name__, "must be a HouseState")
        house = cls.__new__(cls)
        house._settings(venue, liquidity, audit, max_move, threads)
        missing = [name for name in house._venue.vaults if name not in state.parties.names]
        if missing:
            raise AdlError.at("venue", None, missing[0], "must name vaults that the state has")
        house._put(state, None, Ledger())
        house.opening = Events(np.zeros((0, 11), INT64), 0, state.time, names_of(state))
        return house

    # Marks ------------------------------------------------------------------------------------------------------------

    def mark(
        self,
        prices: Mapping[str, Number] | None = None,
        time: int | None = None,
        *,
        index_prices: Mapping[str, Number] | None = None,
        oracle: Mapping[str, Number] | None = None,
    ) -> Events:
        """Move to new mark prices, and liquidate whoever fails.

        Parameters
        ----------
        prices : mapping of symbol to decimal string or number
            Contracts without a new mark keep their last.
        time : int, optional
            Not before the last one, in the unit that triggers and cool-downs use, such as
            milliseconds; by default the last one.
        index_prices : mapping of asset to decimal string or number, optional
            For multi-asset and portfolio wallets.
        oracle : mapping of symbol to decimal string or number, optional
            Execution prices for ``Deleverage(price="oracle")``.

        Returns
        -------
        Events

        Raises
        ------
        AdlError
            For an unknown symbol, a price that is not above 0 or moved further than ``max_move``, a time
            that goes backwards, fills that are not what was ordered, numbers that leave int64; the house
            is as before.
        """
        self._refuse_open_plan()
        before = self._state
        token = self._liquidity.checkpoint() if isinstance(self._liquidity, Restorable) else None
        try:
            at_work = self._begin(prices, time, index_prices, oracle, together=False)
            orders = at_work.next(None)
            while orders is not None:
                orders = at_work.next(read_fills(orders, [self._asked(order, at_work.work.time) for order in orders]))
            return self._finish(at_work)
        except BaseException:
            # A subscriber may be interrupted once the house has moved: then the book has, too.
            if self._state is before and isinstance(self._liquidity, Restorable):
                self._liquidity.restore(token)
            raise

    def _asked(self, order: Order, time: int) -> Any:
        snapshot = self._state.snapshot
        return self._liquidity.ioc(snapshot.contracts[snapshot.code(order.contract)], order.lots, order.limit, time)

    def plan(
        self,
        prices: Mapping[str, Number] | None = None,
        time: int | None = None,
        *,
        index_prices: Mapping[str, Number] | None = None,
        oracle: Mapping[str, Number] | None = None,
    ) -> Plan:
        """What :meth:`mark` would do first, for a venue that owns its order book: orders to cancel and to place.

        Parameters
        ----------
        prices, time, index_prices, oracle
            As :meth:`mark`.

        Returns
        -------
        Plan
            Its orders are the next one of every wallet. Nothing has changed yet.

        Raises
        ------
        AdlError
            As :meth:`mark`, and while another plan is open.

        Notes
        -----
        ::

            plan = house.plan(prices, time)
            while not plan.done:
                plan = house.settle(plan, [book(order) for order in plan.orders])

        is what :meth:`mark` does, but that there the orders of one wallet end before those of the next
        begin. Until the plan is done or dropped (:meth:`drop_plan`), the house refuses all changes.
        """
        self._refuse_open_plan()
        at_work = self._begin(prices, time, index_prices, oracle, together=True)
        orders = at_work.next(None)
        return self._planned(at_work, orders)

    def settle(self, plan: Plan, fills: Any = ()) -> Plan:
        """Go on with what the book filled.

        Parameters
        ----------
        plan : Plan
            The one that is open.
        fills : list of lists of (lots, ticks), or mapping of order number to such a list
            Of each order of the plan; best first.

        Returns
        -------
        Plan
            The next one; where it is ``done``, its events hold take-overs and assignments, and the house
            has moved.

        Raises
        ------
        AdlError
            For another plan than the open one, and for fills of more lots than ordered, beyond the
            limit, or of other orders: the plan stays open.
        """
        if self._open_plan is None or self._open_plan[0] is not plan:
            number = plan.number if isinstance(plan, Plan) else plan
            must = (
                f"must be the open plan, {self._open_plan[0]!r}" if self._open_plan else "must be open: there is none"
            )
            raise AdlError.at("plan", None, number, must)
        read = read_fills(plan.orders, fills)
        at_work, self._open_plan = self._open_plan[1], None
        if not plan.orders:
            return Plan(plan.number, (), (), self._finish(at_work))
        orders = at_work.next(read)
        if orders is None:
            return Plan(plan.number, (), (), self._finish(at_work))
        return self._planned(at_work, orders)

    def drop_plan(self) -> None:
        """Forget the open plan, if there is one; the house is as it was before it."""
        self._open_plan = None

    def _planned(self, at_work: Pass, orders: tuple[Order, ...] | None) -> Plan:
        self._plans += 1
        plan = Plan(self._plans, orders or (), at_work.cancels(), None)
        self._open_plan = plan, at_work
        return plan

    def _begin(self, prices: Any, time: Any, index_prices: Any, oracle: Any, together: bool) -> Pass:
        """Read and check everything, then move the margin to the new marks."""
        state = self._state
        snapshot, now = state.snapshot, self._time(time)
        fresh = prices_by_row("prices", prices, snapshot.symbols)
        indexes = prices_by_row("index_prices", index_prices, snapshot.asset_names)
        asked = prices_by_row("oracle", oracle, snapshot.symbols)
        self._refuse_jumps(fresh)
        core = self._taken()
        self._put(state, None, self._held[2])
        rates: Rates = core.rates.moved(indexes)
        core.remark(fresh, rates, bool(indexes), self._threads)
        books = snapshot
        if fresh or indexes:
            marks = [fresh.get(code, mark) for code, mark in enumerate(snapshot.marks)]
            index = [indexes.get(code, price) for code, price in enumerate(snapshot.index_prices)]
            books = snapshot._with({"marks": tuple(marks), "index_prices": tuple(index)})
        core.books = books
        work = Working(state, books, core, now, self._liquidity, together, asked)
        return Pass(work, self._venue)

    def _refuse_jumps(self, fresh: Mapping[int, Decimal]) -> None:
        if self._max_move is None:
            return
        snapshot = self._state.snapshot
        for code, price in fresh.items():
            last = snapshot.marks[code]
            if last is not None and abs(Fraction(price) - Fraction(last)) > self._max_move * Fraction(last):
                symbol = snapshot.contracts[code].symbol
                must = f"must be within {float(self._max_move):.4g} of the last mark, {last}"
                raise AdlError.at(f"prices[{symbol!r}]", None, str(price), must)

    def _finish(self, at_work: Pass) -> Events:
        """Commit what a pass came to."""
        work = at_work.work
        books = work.changed() if work.opened else work.books
        if work.opened:
            touched = np.concatenate([np.flatnonzero(work.in_liquidation), *work.counterparties])
            work.core.rebased(books, np.unique(touched))
            at_work.cool()
        return self._commit(work, books, work.core)

    # Between marks ----------------------------------------------------------------------------------------------------

    def deposit(self, wallet: int, amount: Number, asset: str | None = None, time: int | None = None) -> Events:
        """Money into a wallet; a debt that is open is paid first.

        Parameters
        ----------
        wallet : int
            Row; :meth:`Snapshot.wallet` finds it.
        amount : decimal string or number
            Above 0, in units of the asset.
        asset : str, optional
            Needed for a multi-asset or portfolio wallet.
        time : int, optional
        """
        return self._change(time, lambda work: dealings.deposit(work, wallet, amount, asset))

    def withdraw(self, wallet: int, amount: Number, asset: str | None = None, time: int | None = None) -> Events:
        """Money out of a wallet, at most what is free: ``max(0, min(WB, E) - IM - locked)``, and E stays above MM.

        Whoever withdraws all of it is not liquidated at the same marks; see :attr:`MarginState.free_margin`.

        Parameters
        ----------
        wallet, amount, asset, time
            As :meth:`deposit`.
        """
        return self._change(time, lambda work: dealings.withdraw(work, self._margin(work), wallet, amount, asset))

    def trade(
        self,
        contract: str,
        quantity: Number,
        price: Number,
        buyer: int | None = None,
        seller: int | None = None,
        time: int | None = None,
        *,
        buyer_leg: str | None = None,
        seller_leg: str | None = None,
        leverage: Number | tuple[Number | None, Number | None] | None = None,
    ) -> Events:
        """Book a trade that was made elsewhere; margin is not asked for.

        Parameters
        ----------
        contract : str
        quantity : decimal string or number
            Contracts, above 0.
        price : decimal string or number
            On the contract's ticks.
        buyer, seller : int or None
            Wallet rows; None is the street.
        time : int, optional
        buyer_leg, seller_leg : {None, "long", "short"}
            Which leg of a wallet in hedge mode; by default its position, which is closed first and opened
            on the other side with the rest.
        leverage : decimal string or number, or two, optional
            Of the position that the trade opens, on both sides, or of the buyer's and of the seller's (each
            may be None): above 0, at most 8 decimal places. A position that is opened without one has
            none; one that is enlarged keeps its own, and another one is refused; what only closes is not
            concerned.
        """
        legs = buyer_leg, seller_leg
        return self._change(time, lambda work: trade(work, contract, quantity, price, buyer, seller, legs, leverage))

    def place_order(
        self,
        wallet: int,
        contract: str,
        quantity: Number,
        price: Number,
        *,
        leverage: Number | None = None,
        locked: Number | None = None,
        time: int | None = None,
    ) -> Events:
        """Note an open order and lock its margin, at most ``max(0, min(WB, E) - IM - locked)``.

        A lock does not move equity: unlike a withdrawal, it may be all that initial margin and other locks leave.

        Parameters
        ----------
        wallet : int
        contract : str
        quantity : decimal string or number
            Contracts, signed.
        price : decimal string or number
        leverage, locked : decimal string or number
            Exactly one: margin is notional over leverage, rounded up, or so many units.
        time : int, optional
        """
        return self._change(
            time,
            lambda work: dealings.place_order(work, wallet, contract, quantity, price, leverage, locked),
        )

    def cancel_order(self, order: int, time: int | None = None) -> Events:
        """Take an open order out, by its row in ``house.snapshot().orders``."""
        return self._change(time, lambda work: dealings.cancel_order(work, order))

    def fund_deposit(self, fund: str, amount: Number, time: int | None = None) -> Events:
        """Money into a fund; below 0 out of it, at most its cash and at most its equity."""
        return self._change(time, lambda work: dealings.fund_deposit(work, fund, amount))

    def funding(self, rates: Mapping[str, Number], time: int | None = None) -> Events:
        """Charge funding: each row pays ``round(sign(q)·|MV|·rate)``, and the contract's fund has the sum.

        Parameters
        ----------
        rates : mapping of symbol to decimal string or number
            Exact; above 0 longs pay.
        time : int, optional
        """
        return self._change(time, lambda work: dealings.funding(work, rates))
