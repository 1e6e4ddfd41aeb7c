"""The clearing house: mark prices go in, and what happened comes out, to the last quantum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Self

from ..._support.options import read_flag, require_option
from ..._support.wording import counted
from ...contracts.decimals import Number
from ...errors import AdlError
from ..events import KINDS, Events
from ..funds.fund import InsuranceFund
from ..margin.margin_state import MarginState
from ..order_book.liquidity import Liquidity
from ..snapshot.snapshot import Snapshot
from ..stages.stage import Stage
from ..stages.venue import Venue
from ..state import HouseState
from .account_requests import add_order, book_deposit, book_fund_deposit, book_withdrawal, remove_order
from .committed_state import CommittedState, HouseContents
from .copies import copied, fields_of, restore
from .fund_views import Funds, funds_of
from .funding import charge_funding
from .guard import exclusive_call
from .house_terms import HouseTerms
from .ledger import LEDGER_LINES, Ledger
from .opening import open_state, reopening_events
from .plan import Plan
from .trading import book_trade

__all__ = ["ClearingHouse"]


class ClearingHouse:
    """Keeps the books of a venue while its wallets are liquidated and auto-deleveraged.

    Parameters
    ----------
    snapshot : Snapshot
        Users, positions and marks to begin with. Every contract has tiers and a tick. Unbalanced open
        interest is balanced against the street, at the mark. Positions are copied where the caller could still write
        to them.
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
    ledger_lines : int, default 1000
        How many of the newest movements of each fund a house keeps, for :attr:`Fund.ledger
        <adlcore.clearing.Fund.ledger>`.

    Attributes
    ----------
    opening : Events
        What it took to open: open interest that was balanced, debts that were settled.

    Raises
    ------
    AdlError
        For contracts without tiers or tick, funds that do not fit the contracts, what is no stage.

    Notes
    -----
    **Atomic.** A call ends with one assignment of an immutable state. An exception before it, an interruption
    (``KeyboardInterrupt``) too, leaves the house, its hash and its order book (where that can be put back) as they
    were. One that comes out while subscribers are told leaves them moved: :attr:`last_events` is what happened.

    **Threads.** One call runs at a time: other threads wait, and a call from within a call (from an order book, a
    subscriber) is refused; :meth:`defer` has it run afterwards. What only reads sees the house before a call or after;
    :meth:`audit` waits its turn.

    **Copies.** ``copy``, ``deepcopy`` and ``pickle`` make a house of its own, with a copy of the order book and without
    subscribers and deferred calls. While a plan is open they are refused.

    **Memory.** A house keeps its state, the events of its last call and `ledger_lines` movements of each fund.

    **Size.** Money is int64 quanta: a position is worth less than 2^62 of them at its mark, and balances, equities,
    entry values, cash and each payment are at most 2^63 - 1; sums over wallets have no bound. With 8 decimals a
    position may be worth 46 bn units and a wallet or a fund own 92 bn; each decimal less is ten times as much.
    What would leave that is refused before anything is kept. More of all this: ``docs/waterfall.md``.

    A quiet mark is O(positions of the contracts that were marked); one that liquidates copies the
    books once, and ranks each side that somebody is deleveraged on once for each ``Deleverage`` of a round. What a
    pass does, in which order: :mod:`adlcore.clearing.house.liquidation_pass`.

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

    opening: Events
    _committed: CommittedState

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
        ledger_lines: int = LEDGER_LINES,
    ) -> None:
        terms = HouseTerms.read(
            venue, liquidity, audit=audit, max_move=max_move, threads=threads, ledger_lines=ledger_lines
        )
        if not isinstance(snapshot, Snapshot):
            raise AdlError.at("snapshot", None, type(snapshot).__name__, "must be a Snapshot")
        books = snapshot._owned()
        margin_pass, strict = terms.make_margin_pass(books), read_flag("strict", strict)
        state, self.opening = open_state(
            books, margin_pass, funds, terms.venue, strict=strict, is_audited=terms.is_audited
        )
        ledger = Ledger(ledger_lines).with_events(self.opening, state.parties.first_fund)
        self._committed = CommittedState(terms, HouseContents(state, None, ledger, self.opening))

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
        ledger_lines: int = LEDGER_LINES,
    ) -> ClearingHouse:
        """The house that goes on from a state as the one that gave it would.

        Parameters
        ----------
        state : HouseState
            Of :meth:`state`.
        venue, liquidity, audit, max_move, threads, ledger_lines
            As :class:`ClearingHouse`.

        Notes
        -----
        Take the state after :meth:`plan`, not before: then no plan and no order of the house that goes on has a
        number that was sent before. A plan that was open is planned again; fills of its orders are booked first, as
        :meth:`drop_plan` says. A state is the books alone; a pickle of the house has its terms, ledger, last events
        and order book, too, where these pickle.
        """
        if not isinstance(state, HouseState):
            raise AdlError.at("state", None, type(state).__name__, "must be a HouseState")
        terms = HouseTerms.read(
            venue, liquidity, audit=audit, max_move=max_move, threads=threads, ledger_lines=ledger_lines
        )
        house = cls.__new__(cls)
        house.opening = reopening_events(state, terms.venue)
        house._committed = CommittedState(terms, HouseContents(state, None, Ledger(ledger_lines), house.opening))
        return house

    # Marks ------------------------------------------------------------------------------------------------------------

    @exclusive_call
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
        return self._committed.mark(self._committed.read_prices(prices, time, index_prices, oracle))

    @exclusive_call
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
                plan = house.settle(plan, {order.number: book(order) for order in plan.orders})

        is what :meth:`mark` does, but that there the orders of one wallet end before those of the next
        begin. Until the plan is done or dropped (:meth:`drop_plan`), the house refuses all changes.
        """
        return self._committed.plan(self._committed.read_prices(prices, time, index_prices, oracle))

    @exclusive_call
    def settle(self, plan: Plan, fills: Any = ()) -> Plan:
        """Go on with what the book filled.

        Parameters
        ----------
        plan : Plan
            The one that is open.
        fills : mapping of order number to fills, or list of fills
            Every order of the plan is named, in a list by its place; its fills are a list of (lots, ticks, id) or
            (lots, ticks), in any order, or None where nothing was filled. The third is the fill's name in the order
            book, a text or whole number (5 and "5" are one): what is told again under it counts once, also with a
            later plan (the newest 10,000 are remembered, by the house and by its pickles).

        Returns
        -------
        Plan
            The next one; where it is :attr:`~Plan.done`, its events hold take-overs and assignments, and the house
            has moved.

        Raises
        ------
        AdlError
            For another plan than the open one, an order that is not named, fills of more lots than ordered, beyond
            the limit, of other orders, of a name that another fill has, or without a name where another one of their
            order is equal.

        Notes
        -----
        An order that is not named may still be filled, and nobody is to be deleveraged while it may: wait, then
        name it. After an exception, whatever it is, :attr:`open_plan` is the one to go on with: this one, to be
        settled again with the same fills, or the next one.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build(
        ...     contracts=[adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
        ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
        ...     positions={
        ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
        ...     },
        ...     marks={"X": "10"},
        ... )
        >>> house = adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
        >>> plan = house.plan({"X": "9"})
        >>> [(order.number, order.account, order.lots, order.limit) for order in plan.orders]
        [(0, 'ann', -10, 9)]
        >>> plan = house.settle(plan, {0: [(2, 9, "fill-1"), (2, 9, "fill-2"), (2, 9, "fill-1")]})
        >>> plan.done, plan.events.rows("book-fill")[0]["lots"], plan.events.counts()["book-fill"]
        (True, -2, 4)
        """
        return self._committed.settle(plan, fills)

    @exclusive_call
    def drop_plan(self) -> None:
        """Forget the open plan, if there is one; the books are as they were before it.

        Raises
        ------
        AdlError
            Once fills were settled: they have happened, and the plan is the only one who knows of them. Whoever cannot
            go on books each of them on a house made :meth:`ClearingHouse.from_state`, as a trade of the order's wallet
            with the street, of :meth:`Contract.decimal` of its lots at :meth:`Contract.price` of its ticks.
        """
        self._committed.drop_plan()

    # Between marks ----------------------------------------------------------------------------------------------------

    @exclusive_call
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
        return self._committed.make_change(time, lambda pass_books: book_deposit(pass_books, wallet, amount, asset))

    @exclusive_call
    def withdraw(self, wallet: int, amount: Number, asset: str | None = None, time: int | None = None) -> Events:
        """Money out of a wallet, at most what is free: ``max(0, min(WB, E) - IM - locked)``, and E stays above MM.

        Whoever withdraws all of it is not liquidated at the same marks; see :attr:`MarginState.free_margin`.

        Parameters
        ----------
        wallet, amount, asset, time
            As :meth:`deposit`.
        """
        return self._committed.make_change(time, lambda pass_books: book_withdrawal(pass_books, wallet, amount, asset))

    @exclusive_call
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
        return self._committed.make_change(
            time,
            lambda pass_books: book_trade(
                pass_books, contract, quantity, price, buyer=buyer, seller=seller, legs=legs, leverage=leverage
            ),
        )

    @exclusive_call
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
        return self._committed.make_change(
            time,
            lambda pass_books: add_order(
                pass_books, wallet, contract, quantity, price, leverage=leverage, locked=locked
            ),
        )

    @exclusive_call
    def cancel_order(self, order: int, time: int | None = None) -> Events:
        """Take an open order out, by its row in ``house.snapshot().orders``."""
        return self._committed.make_change(time, lambda pass_books: remove_order(pass_books, order))

    @exclusive_call
    def fund_deposit(self, fund: str, amount: Number, time: int | None = None) -> Events:
        """Money into a fund; below 0 out of it, at most its cash and at most its equity."""
        return self._committed.make_change(time, lambda pass_books: book_fund_deposit(pass_books, fund, amount))

    @exclusive_call
    def funding(self, rates: Mapping[str, Number], time: int | None = None) -> Events:
        """Charge funding: each row pays ``round(sign(q)·|MV|·rate)``, and the contract's fund has the sum.

        Parameters
        ----------
        rates : mapping of symbol to decimal string or number
            Exact; above 0 longs pay.
        time : int, optional
        """
        return self._committed.make_change(time, lambda pass_books: charge_funding(pass_books, rates))

    # What it is -------------------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """The users' side of the books, immutable. Rows that were closed stay where they are, with 0 lots."""
        return self._committed.state.snapshot

    def state(self) -> HouseState:
        """Everything that the house is; :meth:`ClearingHouse.from_state` goes on from it."""
        return self._committed.state

    @property
    def hash(self) -> str:
        """SHA-256 of the state, as hexadecimal text."""
        return self._committed.state.hash

    @property
    def time(self) -> int:
        """The time of the last call."""
        return self._committed.state.time

    @property
    def marks(self) -> dict[str, Decimal | None]:
        """The last mark of each contract, by symbol."""
        snapshot = self._committed.state.snapshot
        return {contract.symbol: mark for contract, mark in zip(snapshot.contracts, snapshot.marks, strict=True)}

    @property
    def funds(self) -> Funds:
        """The insurance funds by name: values of this moment, which nothing changes later."""
        contents = self._committed.contents  # once: another thread may replace it meanwhile
        return funds_of(contents.state, contents.ledger)

    @property
    def last_events(self) -> Events:
        """The events of the last call that went through, of the opening where none has: also where its caller got none.

        Whatever an exception of a call left behind, they belong to the state that the house is in.
        """
        return self._committed.contents.events

    def margin_state(self) -> MarginState:
        """The margin of every wallet at the last marks; a copy that is yours."""
        terms = self._committed.terms
        return MarginState(self._committed.state.snapshot, inclusive=terms.venue.inclusive, threads=terms.threads)

    def audit(self) -> list[str]:
        """Every invariant of the books that does not hold, named; an empty list where all do.

        Notes
        -----
        Σ quantity is 0 for each contract, street, funds and vaults included; balances and cash less entry
        values change by money from outside only; a wallet without positions has at least 0, or owes its
        open entry; a fund has what it opened with and its ledger; the margin that is kept up to date is
        what a fresh pass makes of the books. O(positions).
        """
        return self._committed.differences()

    @property
    def open_plan(self) -> Plan | None:
        """The plan that waits for fills, if there is one."""
        open_plan = self._committed.contents.plan
        return None if open_plan is None else open_plan.plan

    def __repr__(self) -> str:
        state = self._committed.state
        counts = (len(state.snapshot.wallets), len(state.snapshot.contracts), len(state.funds))
        nouns = ("wallet", "contract", "fund")
        text = ", ".join(counted(n, noun, plain=True) for n, noun in zip(counts, nouns, strict=True))
        return f"<ClearingHouse {self._committed.terms.venue.name}: {text}, time {state.time:,}>"

    # Subscribers and deferred calls -----------------------------------------------------------------------------------

    def on(self, kind: str | None, call: Callable[[dict[str, Any]], None]) -> None:
        """Have `call` run with each event of a kind (None: of every kind), after it is applied.

        What a subscriber raises is logged (``logging.getLogger("adlcore")``) and undoes nothing. It may read the
        house; calls that change it, copies and pickles are refused until the one that tells is over: :meth:`defer`
        has them run then. It must not wait for another thread that calls the house. Copies have no subscribers.
        """
        if kind is not None:
            require_option("kind", kind, KINDS)
        if not callable(call):
            raise AdlError.at("call", None, call, "must be callable")
        self._committed.guard.subscribers.append((kind, call))

    def defer(self, call: Callable[[], object]) -> None:
        """Have `call` run once the call at work is over, everybody was told of it, and no plan is open; else at once.

        Parameters
        ----------
        call : callable
            Without arguments; it may call the house. What it returns is forgotten, what it raises is logged. Not
            :meth:`ClearingHouse.settle` or :meth:`ClearingHouse.drop_plan`: it would wait for itself.

        Notes
        -----
        The way for subscribers, and for an order book, to act on what they see. Deferred calls run in the order in
        which they were deferred, before any other thread has its turn, each as a call by itself with its own events.
        Those that were deferred by a call that failed before the house moved are forgotten with it.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build(
        ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
        ...     {"account": ["ann"], "balance": ["9"]},
        ...     [],
        ...     {"X": 2},
        ... )
        >>> house = adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
        >>> house.on("deposit", lambda event: house.defer(lambda: house.fund_deposit("USDT", "1")))
        >>> events = house.deposit(0, "5")
        >>> events, house.funds["USDT"].balance
        (<1 events: 1 deposit>, Decimal('1.00000000'))
        """
        if not callable(call):
            raise AdlError.at("call", None, call, "must be callable, without arguments")
        with self._committed.guard.lock:
            self._committed.guard.deferred.append(call)
            if self._committed.guard.running_call is None:
                self._committed.run_deferred()

    # Copies -----------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Self:
        """A house of its own: the same state and terms, a copy of the order book, no subscribers, nothing deferred."""
        fresh: Self = copied(self, {}, deep=False)
        return fresh

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A copy with copies of what a subclass holds, too."""
        fresh: Self = copied(self, memo, deep=True)
        return fresh

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds, by names that the layout of the classes inside does not change."""
        return fields_of(self, {id(self): self})

    def __setstate__(self, fields: dict[str, Any]) -> None:
        """A house of what a pickle held."""
        restore(self, fields)
