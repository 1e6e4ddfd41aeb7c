"""The margin state of every wallet: equity, maintenance margin, margin ratio, and who is liquidatable."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support import arrays
from ..._support.arrays import Float64Array1D, Int64Array1D
from ..._support.options import read_flag
from ...contracts import Contract
from ...contracts.decimals import Number
from ...errors import AdlError
from ...market.market import Market
from ..snapshot.exact import prices_by_row
from ..snapshot.snapshot import Snapshot
from . import free_margin
from .margin_pass import MarginPass, margin_ratios
from .position_margin import PositionMargin

__all__ = ["MarginState", "margin_state", "market", "kept_margin_state"]


def margin_state(snapshot: Snapshot, *, inclusive: bool = True, threads: int = 1) -> MarginState:
    """Equity and maintenance margin of every wallet of a snapshot, at its marks.

    Parameters
    ----------
    snapshot : Snapshot
        Every contract that somebody holds needs margin tiers.
    inclusive : bool, default True
        Whether a wallet whose equity equals its maintenance margin is liquidatable; False for
        venues that wait until it is below.
    threads : int, default 1
        Wallets are cut into so many ranges; the result is the same, bit for bit.

    Returns
    -------
    MarginState

    Raises
    ------
    AdlError
        For a contract without tiers, and where a value leaves int64 quanta.

    Notes
    -----
    O(positions·tiers + wallets). :class:`MarginState` has the formulas.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "9.25"},
    ... )
    >>> state = adl.margin_state(snapshot)
    >>> state
    <MarginState of 2 wallets and 2 positions: 1 liquidatable>
    >>> state.equity, state.maintenance_margin, state.liquidatable
    (array([  450000000, 10750000000]), array([462500000, 462500000]), array([ True, False]))
    """
    refuse_without_tiers(snapshot)
    return MarginState(snapshot, inclusive=inclusive, threads=threads)


def market(snapshot: Snapshot, contract: str | Contract) -> Market:
    """The positions of one contract as an :class:`~adlcore.Market`, with their wallets' equity.

    Parameters
    ----------
    snapshot : Snapshot
    contract : str or Contract
        A symbol.

    Returns
    -------
    Market
        Quantity, entry value, leverage and tie are slices of the snapshot; see :meth:`MarginState.market`.

    Raises
    ------
    AdlError
        For an unknown symbol, a contract without a mark price, and where a value leaves int64 quanta.

    Notes
    -----
    O(positions). The margin of all wallets is computed once for a snapshot, at the first call.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.margin import market
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X")],
    ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "11"},
    ... )
    >>> market(snapshot, "X").equity.tolist()
    [2200000000, 9000000000]
    """
    return kept_margin_state(snapshot).market(contract)


def kept_margin_state(snapshot: Snapshot) -> MarginState:
    """The margin state of a snapshot at its own marks, computed once and kept with it; nobody moves it."""
    _refuse_no_snapshot(snapshot)
    found: MarginState = snapshot.__dict__.get("_state") or snapshot._cache("_state", MarginState(snapshot))
    return found


def refuse_without_tiers(snapshot: Snapshot) -> None:
    """Refuse contracts that somebody holds and whose maintenance margin is not known."""
    _refuse_no_snapshot(snapshot)
    for code in np.flatnonzero(np.diff(snapshot.start)).tolist():
        if snapshot.contracts[code].tiers is None:
            must = "must have margin tiers: Contract(..., tiers=MarginTiers(...))"
            raise AdlError.at("contracts", code, snapshot.contracts[code].symbol, must)


def _refuse_no_snapshot(given: Any) -> None:
    if not isinstance(given, Snapshot):
        raise AdlError.at("snapshot", None, type(given).__name__, "must be a Snapshot")


class MarginState:
    """Margin of every wallet at the latest marks, kept up to date by exact integer differences.

    Made by :func:`margin_state`. A state belongs to one thread at a time.

    Notes
    -----
    ``MV = rint(q·v)``, half-even, v the value of a lot at the mark in quanta, exact and rounded once
    to float64; ``U = MV - EV``; ``E = balance + ΣU``; ``MM = Σ max(0, rint(max_t(|MV|·r_t - a_t)))``.
    All sums are int64: they depend neither on the order of rows nor on threads, and what leaves
    int64 raises. Multi-asset and portfolio wallets are valued as :mod:`adlcore.clearing.margin.collateral`
    says. Arrays that are handed out are read-only views that follow :meth:`mark`: copy what must stay.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "10"},
    ... )
    >>> state = adl.margin_state(snapshot)
    >>> state.margin_ratio.round(4), state.positions.liquidation_price().round(4)
    (array([0.4167, 0.05  ]), array([ 9.2632, 19.0476]))
    """

    def __init__(self, snapshot: Snapshot, *, inclusive: bool = True, threads: int = 1) -> None:
        self._unrecovered = MarginPass(snapshot, read_flag("inclusive", inclusive), arrays.thread_count(threads))

    @classmethod
    def _of(cls, margin_pass: MarginPass) -> MarginState:
        """The state over arrays that are there."""
        state = cls.__new__(cls)
        state._unrecovered = margin_pass
        return state

    @property
    def _margin_pass(self) -> MarginPass:
        """The arrays; a move that was interrupted on its way back is undone before anybody looks."""
        self._unrecovered.recover()
        return self._unrecovered

    def __copy__(self) -> MarginState:
        """A state of its own over the same snapshot."""
        fresh = type(self).__new__(type(self))
        vars(fresh).update(vars(self), _unrecovered=self._margin_pass.copied())
        return fresh

    def __deepcopy__(self, memo: dict[int, Any]) -> MarginState:
        return self.__copy__()

    # Per wallet -------------------------------------------------------------------------------------------------------

    @property
    def equity(self) -> Int64Array1D:
        """int64[w]: in quanta of the wallet's asset, or numeraire."""
        return arrays.frozen(self._margin_pass.equity)

    @property
    def maintenance_margin(self) -> Int64Array1D:
        """int64[w]: in quanta of the wallet's asset, or numeraire."""
        return arrays.frozen(self._margin_pass.wallet_margin)

    @property
    def balance(self) -> Int64Array1D:
        """int64[w]: wallet balance; of a multi-asset or portfolio wallet its collateral, in the numeraire."""
        return free_margin.balances(self._margin_pass)

    @property
    def free_margin(self) -> Int64Array1D:
        """int64[w]: what may be withdrawn, ``max(0, min(WB, E) - IM - locked)`` or less, in quanta.

        IM is ``|MV|/leverage`` of each position where a leverage was chosen, rounded up, else its
        maintenance margin, and the maintenance margin of loans; open orders lock what they lock. It is
        never so much that a wallet with a position which gives all of it away is liquidatable at these
        marks: where MM > 0 it keeps at least MM, and a quantum more where `inclusive`. What leaves a
        wallet of several assets takes along what it counts for as collateral, rounded: there it says how
        far equity may fall.
        """
        return free_margin.free_margins(self._margin_pass)

    @property
    def margin_ratio(self) -> Float64Array1D:
        """float64[w]: maintenance margin over equity, 1 and above is liquidation; +inf where E <= 0."""
        margin_pass = self._margin_pass
        return margin_ratios(margin_pass.equity, margin_pass.wallet_margin)

    @property
    def liquidatable(self) -> npt.NDArray[np.bool_]:
        """bool[w]: holds a position and (E < 0, or MM > 0 and E <= MM)."""
        return arrays.frozen(self._margin_pass.verdict.view(np.bool_))

    # Per position -----------------------------------------------------------------------------------------------------

    @property
    def positions(self) -> PositionMargin:
        """Unrealized PnL, maintenance margin, liquidation and bankruptcy price of each position."""
        return PositionMargin(self._margin_pass)

    def market(self, contract: str | Contract) -> Market:
        """The positions of one contract as an :class:`~adlcore.Market`, with their wallets' equity.

        Parameters
        ----------
        contract : str or Contract
            A symbol.

        Returns
        -------
        Market
            Money in int64 quanta of the settle asset; quantity, entry value, leverage and tie are
            slices of the snapshot and not copied. ``tie`` is the wallet. Equity, balance and
            maintenance margin are those of the row's wallet at the latest mark, of a multi-asset or
            portfolio wallet converted at the settle asset's index price; a portfolio wallet's equity
            is that of the whole account, so a rule takes its portfolio form for it. There is no
            maintenance margin where somebody holds a contract without tiers.

        Notes
        -----
        Rows of liquidatable wallets are in it, though no venue makes them counterparties, and with
        little equity left they lead the queue: ``exclude=state.liquidatable[market.tie]`` leaves them out.
        """
        return self.positions.market(contract)

    # Marks ------------------------------------------------------------------------------------------------------------

    @property
    def marks(self) -> dict[str, Decimal | None]:
        """The latest mark price of each contract, by symbol."""
        return {
            c.symbol: mark for c, mark in zip(self._margin_pass.books.contracts, self._margin_pass.marks, strict=True)
        }

    def mark(
        self, marks: Mapping[str, Number] | None = None, *, index_prices: Mapping[str, Number] | None = None
    ) -> Int64Array1D:
        """Move to new mark prices; contracts without one keep their last.

        Parameters
        ----------
        marks : mapping of symbol to decimal string or number, optional
            What has no new mark is left out; None is none.
        index_prices : mapping of asset to decimal string or number, optional
            For multi-asset and portfolio wallets; assets without one keep their last.

        Returns
        -------
        int64[k]
            Rows of the wallets that this touches and that are liquidatable now, ascending. Touched
            are those with a position in a contract that was marked and, by new index prices, every
            multi-asset and portfolio wallet.

        Raises
        ------
        AdlError
            For an unknown symbol, a price that is not above 0, or where a value leaves int64 quanta;
            the state is as before. An exception from outside (``KeyboardInterrupt``) leaves it as before
            or wholly moved; :attr:`marks` tells which.

        Notes
        -----
        O(positions of the contracts that were marked). Each row is valued anew and moves the sums of
        its wallet by the differences, which are integers: bit for bit what a full pass would give.

        Examples
        --------
        >>> import adlcore as adl
        >>> snapshot = adl.Snapshot.build(
        ...     contracts=[adl.Contract("X", tiers=adl.MarginTiers([0], [0.05]))],
        ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
        ...     positions=[
        ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
        ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
        ...     ],
        ...     marks={"X": "10"},
        ... )
        >>> state = adl.margin_state(snapshot)
        >>> state.mark({"X": "9.25"})
        array([0])
        """
        margin_pass = self._margin_pass
        books = margin_pass.books
        fresh = prices_by_row("marks", marks, books.symbols)
        rates = margin_pass.rates.at_index_prices(prices_by_row("index_prices", index_prices, books.asset_names))
        return margin_pass.move(fresh, rates, bool(index_prices))

    def __repr__(self) -> str:
        margin_pass = self._margin_pass
        count = int(np.count_nonzero(margin_pass.verdict))
        wallets, positions = len(margin_pass.books.wallets), len(margin_pass.books.positions)
        return f"<MarginState of {wallets:,} wallets and {positions:,} positions: {count:,} liquidatable>"
