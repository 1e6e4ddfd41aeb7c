"""The open positions of one contract at one mark price, as columns."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import INT64, Float64Array1D, Int64Array1D, NumberArray1D, Values, is_int64
from .._support.options import is_count, require_option
from .._support.pickles import Immutable
from ..contracts import Contract
from ..contracts.decimals import Number
from ..errors import AdlError
from ..ranking import ranks
from ..ranking.queue import Queue
from ..ranking.rules import RankingRule, as_rule
from ..ranking.selection import Selection, run_selection
from . import scoring
from .columns import Columns, column_property
from .explanation import Explanation, explain

__all__ = ["Market"]

#: What finds the rows of whoever is called by a name.
ROWS_HINT = "Market.rows finds those of an account"


class Market(Immutable):
    """The open positions of one contract at one mark price. Immutable; may be shared by threads.

    Parameters
    ----------
    contract : Contract
        What a lot is worth; or a symbol, for a linear contract of multiplier 1 in USDT.
    mark_price : decimal string or number
        Above 0. A float is read by its shortest decimal.
    quantity : array_like, shape (n,)
        Signed: long above 0, short below. int64 lots, or float64 lots. A row of 0 is not counted.
    entry_price : array_like of float, shape (n,)
        Average entry price of each row, above 0 where quantity is not 0.
    entry_value : array_like, shape (n,)
        What the position cost, signed like ``quantity·v(entry price)``. Exactly one of
        `entry_price` and `entry_value` is given.
    equity : array_like, shape (n,), optional
        Equity of the position's wallet at this mark; never derived. Floats are units of the settle
        asset, integers are quanta: write 10.0 for ten units.
    account_equity : array_like, shape (n,), optional
        Equity of the whole account (portfolio margin).
    balance, maintenance_margin : array_like, shape (n,), optional
        Wallet balance; maintenance margin.
    bankruptcy_value : array_like, shape (n,), optional
        Value of the position at its own bankruptcy price.
    leverage : array_like of float, shape (n,), optional
        The leverage chosen.
    tie : array_like of int, shape (n,), optional
        Among equal scores the lower tie goes first, then the lower row.
    account : array_like, shape (n,), optional
        Labels; 1-D, of any type.

    Attributes
    ----------
    contract, mark_price, quantity, entry_value, equity, ... : as given
        Columns are read-only; `entry_value` is derived where entry prices were given.

    Raises
    ------
    AdlError
        Names argument, row and value.

    Notes
    -----
    Money columns are all float64 in units of the settle asset, or all int64 quanta. Contiguous
    float64 and int64 arrays are referred to and not copied: do not write to them while the market
    is in use. With int64 quanta the mark value of a row is ``rint(quantity·v)``, half-even, and
    differences are exact.

    Examples
    --------
    >>> import adlcore as adl
    >>> market = adl.Market(
    ...     adl.Contract("BTCUSDT", lot="0.001"),
    ...     mark_price="58000",
    ...     quantity=[1000, -400, -2000],
    ...     entry_price=[60000.0, 61000.0, 59000.0],
    ...     equity=[4000.0, 800.0, 9000.0],
    ... )
    >>> market.deleverage(500, "binance")
    <Selection of 2 rows: filled 500, shortfall 0, row 2 in part>
    """

    __slots__ = ("_sources", "columns")
    PICKLED = ("columns",)
    VERSION = 2  # 1 held each column by itself

    columns: Columns
    _sources: dict[str | RankingRule, _kernels.ranking.score.Source]

    contract: Contract = column_property("contract", "What a lot is worth.")
    mark_price: Decimal = column_property("mark_price", "The one mark price of all rows.")
    quantity: NumberArray1D = column_property("quantity", "int64[n] lots or float64[n]: long above 0, short below.")
    value_per_lot: float = column_property("value_per_lot", "``v(mark)``, in what the money columns are in.")
    entry_value: NumberArray1D = column_property("entry_value", "What each position cost, signed.")
    equity: NumberArray1D | None = column_property("equity", "Equity of each position's wallet, or None.")
    account_equity: NumberArray1D | None = column_property("account_equity", "Equity of the whole account, or None.")
    balance: NumberArray1D | None = column_property("balance", "Wallet balance, or None.")
    maintenance_margin: NumberArray1D | None = column_property("maintenance_margin", "Maintenance margin, or None.")
    bankruptcy_value: NumberArray1D | None = column_property(
        "bankruptcy_value", "Value at the bankruptcy price, or None."
    )
    leverage: Float64Array1D | None = column_property("leverage", "The leverage chosen, or None.")
    tie: Int64Array1D | None = column_property("tie", "Among equal scores the lower goes first; or None.")
    account: npt.NDArray[np.generic] | None = column_property("account", "The label of each row, or None.")
    in_quanta: bool = column_property("in_quanta", "Whether money is int64 quanta; else it is float64 units.")
    per_unit: float = column_property("per_unit", "One unit of the settle asset in the money columns.")

    def __init__(
        self,
        contract: Contract | str,
        *,
        mark_price: Number,
        quantity: npt.ArrayLike,
        entry_price: npt.ArrayLike | None = None,
        entry_value: npt.ArrayLike | None = None,
        equity: npt.ArrayLike | None = None,
        account_equity: npt.ArrayLike | None = None,
        balance: npt.ArrayLike | None = None,
        maintenance_margin: npt.ArrayLike | None = None,
        bankruptcy_value: npt.ArrayLike | None = None,
        leverage: npt.ArrayLike | None = None,
        tie: npt.ArrayLike | None = None,
        account: npt.ArrayLike | None = None,
    ) -> None:
        others = {
            "entry_value": entry_value,
            "equity": equity,
            "account_equity": account_equity,
            "balance": balance,
            "maintenance_margin": maintenance_margin,
            "bankruptcy_value": bankruptcy_value,
            "leverage": leverage,
            "tie": tie,
            "account": account,
        }
        self._restore({"columns": Columns(contract, mark_price, quantity, entry_price, others)})

    def at(
        self,
        mark_price: Number,
        *,
        equity: npt.ArrayLike | None = None,
        account_equity: npt.ArrayLike | None = None,
        maintenance_margin: npt.ArrayLike | None = None,
    ) -> Market:
        """The same positions at a new mark price; only what is new is checked.

        Parameters
        ----------
        mark_price : decimal string or number
            Above 0.
        equity, account_equity, maintenance_margin : array_like, shape (n,), optional
            These hold at one mark only, so the new market has those that are given here and no
            others.

        Returns
        -------
        Market
            Shares the columns of this one.
        """
        at_mark = {"equity": equity, "account_equity": account_equity, "maintenance_margin": maintenance_margin}
        market = object.__new__(Market)
        market._restore({"columns": self.columns.at(mark_price, at_mark)})
        return market

    @property
    def mark_value(self) -> Float64Array1D:
        """float64[n]: value of each row at the mark, signed, in units of the settle asset."""
        return self._unit_column("mark_value")

    @property
    def notional(self) -> Float64Array1D:
        """float64[n]: magnitude of the mark value, in units of the settle asset."""
        return self._unit_column("notional")

    @property
    def unrealized_pnl(self) -> Float64Array1D:
        """float64[n]: ``quantity·v(mark) - entry_value``, in units of the settle asset."""
        return self._unit_column("unrealized_pnl")

    @property
    def entry_price(self) -> Float64Array1D:
        """float64[n]: average entry price, derived from the entry value; NaN for rows of quantity 0."""
        return self._unit_column("entry_price")

    def _unit_column(self, name: str) -> Float64Array1D:
        """A derived column of every row, in units of the settle asset."""
        return scoring.unit_columns(self.columns, (name,), slice(None))[name]

    def score(self, rule: str | RankingRule, out: Float64Array1D | None = None) -> Float64Array1D:
        """Ranking scores of both sides.

        Parameters
        ----------
        rule : str or RankingRule
            Its docstring and ``RankingRule(name).expression`` give the formula.
        out : float64[n], optional
            Where to write; contiguous, and none of the market's columns.

        Returns
        -------
        float64[n]
            NaN for rows of quantity 0, -inf for rows that stand last and are nobody's counterparty.

        Raises
        ------
        AdlError
            For an unknown rule, or one whose columns this market has not.
        """
        if out is None:
            out = np.empty(len(self))
        else:
            scoring.refuse_unfit_output(self.columns, out)
        self._source(rule).scores(out, 0, False, np.nan)
        return out

    def rank(self, rule: str | RankingRule) -> Int64Array1D:
        """int64[n]: place in the queue of one's own side, from 1; 0 for rows of quantity 0.

        See :func:`adlcore.rank`.
        """
        return self._by_side(rule, np.zeros(len(self), INT64), lambda score, _: ranks.rank(score, tie=self.tie))

    def quantile(self, rule: str | RankingRule) -> Float64Array1D:
        """float64[n]: share of the rows of one's own side at or below one's score. See :func:`adlcore.quantile`."""
        return self._by_side(rule, np.full(len(self), np.nan), lambda score, _: ranks.quantile(score))

    def indicator(self, rule: str | RankingRule, levels: int = 5, by: str = "count") -> npt.NDArray[np.int8]:
        """int8[n]: the lights of each row within its own side. See :func:`adlcore.indicator`.

        Parameters
        ----------
        rule : str or RankingRule
        levels : int, default 5
        by : {"count", "quantity"}, default "count"
            Whether a level holds equally many rows or equal quantity.
        """
        require_option("by", by, ("count", "quantity"), "must be count or quantity")

        def lights(score: Float64Array1D, side: int) -> npt.NDArray[np.int8]:
            weights = None if by == "count" else np.maximum(self.quantity * side, 0)
            return ranks.indicator(score, levels, weights, tie=self.tie)

        return self._by_side(rule, np.zeros(len(self), np.int8), lights)

    def _by_side(
        self,
        rule: str | RankingRule,
        out: npt.NDArray[Values],
        side_values: Callable[[Float64Array1D, int], npt.NDArray[Values]],
    ) -> npt.NDArray[Values]:
        """Write what is made of each side's scores, and of its sign; rows of the other side are not counted there."""
        source, score = self._source(rule), np.empty(len(self))
        for side in (1, -1):
            source.scores(score, side, False, np.nan)
            np.copyto(out, side_values(score, side), where=self.quantity * side > 0)
        return out

    def deleverage(
        self,
        bankrupt_quantity: float,
        rule: str | RankingRule,
        *,
        eligible: str = "all",
        ordered: bool = True,
        max_counterparties: int | None = None,
        exclude: npt.ArrayLike | None = None,
        threads: int = 1,
    ) -> Selection:
        """Select who is closed against a bankrupt position.

        Parameters
        ----------
        bankrupt_quantity : int or float
            Signed like a position, in lots: a long, positive one is closed against shorts. Whole
            where `quantity` is int64.
        rule : str or RankingRule
            Ranks the other side; of a built-in rule the scores are never written down.
        eligible : {"all", "winners"}, default "all"
            "all": rows with a loss come after the winners; "winners": only rows with U > 0.
        ordered : bool, default True
            False skips the final sort: the same rows, in row order.
        max_counterparties : int, optional
            Close at most so many rows.
        exclude : array_like of bool, shape (n,), or of row numbers, optional
            Rows that are passed over.
        threads : int, default 1
            Row ranges are read in parallel; the result is the same, byte for byte.

        Returns
        -------
        Selection
            A quantity larger than the side fills what there is and reports the shortfall.

        Raises
        ------
        AdlError
            For an unknown rule or one whose columns are absent, a NaN quantity or one between lots,
            a score that is NaN.

        Notes
        -----
        Order: score descending, `tie` ascending, row ascending. O(n) reads and O(k log k) for k
        rows; memory O(k).

        Examples
        --------
        >>> import adlcore as adl
        >>> market = adl.Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
        >>> market.deleverage(7, "binance").columns()["closed"]
        array([5, 2])
        """
        target, side = self._target_and_side(bankrupt_quantity)
        source, winners_only = self._source(rule), _is_winners_only(eligible)
        excluded = None if exclude is None else arrays.exclusion(exclude, len(self), rows_hint=ROWS_HINT)
        limit = -1 if max_counterparties is None else arrays.row_limit(max_counterparties)
        return run_selection(
            _kernels.ranking.candidates.Candidates(source, side, winners_only, excluded, self.columns.tie),
            target,
            limit=limit,
            ordered=bool(ordered),
            threads=arrays.thread_count(threads),
            account=self.columns.account,
        )

    def queue(
        self,
        bankrupt_side: str | int,
        rule: str | RankingRule,
        *,
        eligible: str = "all",
        exclude: npt.ArrayLike | None = None,
    ) -> Queue:
        """The queue that bankrupt positions of one side are closed against.

        Parameters
        ----------
        bankrupt_side : {"long", "short", 1, -1}
            Side of the bankrupt positions; the queue holds the other one.
        rule, eligible, exclude
            As :meth:`deleverage`.

        Returns
        -------
        Queue
            Owns a score column; sorts only as far as it is taken.
        """
        known = isinstance(bankrupt_side, str | int | np.integer) and not isinstance(bankrupt_side, bool)
        side = {"long": -1, "short": 1, 1: -1, -1: 1}.get(bankrupt_side, 0) if known else 0
        if not side:
            raise AdlError.at("bankrupt_side", None, bankrupt_side, "must be 'long' or 'short'")
        score = np.empty(len(self))
        self._source(rule).scores(score, side, _is_winners_only(eligible), -np.inf)
        mask = arrays.exclusion(exclude, len(self), rows_hint=ROWS_HINT)
        if mask is not None:
            score[mask != 0] = -np.inf
        arrays.refuse_nan("score", score)
        return Queue._from_columns(score, self.quantity, side, self.tie, self.account)

    def explain(self, row: int, rule: str | RankingRule) -> Explanation:
        """Every term of one row's score, and where it stands in the queue of its side.

        Parameters
        ----------
        row : int
            0 to n - 1.
        rule : str or RankingRule

        Returns
        -------
        Explanation
            Terms, score, rank, quantile, indicator, and the quantity ahead in the queue.
        """
        if not is_count(row, 0, len(self) - 1):
            found = f"; {ROWS_HINT}" if isinstance(row, str) and self.account is not None else ""
            raise AdlError.at("row", None, row, f"must be a row from 0 to {len(self) - 1}{found}")
        return explain(self.columns, self.score(rule), int(row), as_rule(rule))

    def rows(self, account: Any) -> Int64Array1D:
        """int64[k]: rows of one account, ascending.

        Raises
        ------
        AdlError
            If the market has no account column, or no row of that account.
        """
        if self.account is None:
            raise AdlError("account: this market has no account column", argument="account", value=account)
        if np.ndim(account):
            raise AdlError.at("account", None, account, "must be one label")
        found = np.flatnonzero(self.account == account)
        if not len(found):
            raise AdlError.at("account", None, account, "must be an account of this market")
        return found

    def _target_and_side(self, quantity: Any) -> tuple[int | float, int]:
        """Target and side of the counterparties for a signed bankrupt quantity."""
        try:
            lots = arrays.plain_number(quantity)
            side, target = -1 if lots >= 0 else 1, abs(lots)
        except (TypeError, ValueError, ArithmeticError):
            raise AdlError.at("bankrupt_quantity", None, quantity, "must be a number of lots") from None
        return arrays.read_target("bankrupt_quantity", target, is_int64(self.columns.quantity), quantity), side

    def _source(self, rule: str | RankingRule) -> _kernels.ranking.score.Source:
        """The kernel's view of the columns under a rule."""
        if not isinstance(rule, str) and (rule := as_rule(rule)).function is not None:
            return scoring.score_source(self.columns, rule)  # the scores of a custom rule are a column, and not kept
        source = self._sources.get(rule)
        if source is None:
            source = self._sources[rule] = scoring.score_source(self.columns, as_rule(rule))
        return source

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        longs = int(np.count_nonzero(self.quantity > 0))
        shorts = int(np.count_nonzero(self.quantity < 0))
        return f"<Market {self.contract.symbol} at {self.mark_price:f}: {longs:,} longs, {shorts:,} shorts>"

    def _restore(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "columns", values["columns"])
        object.__setattr__(self, "_sources", {})


def _is_winners_only(eligible: str) -> bool:
    """Whether only rows in profit may be closed."""
    require_option("eligible", eligible, ("all", "winners"), "must be 'all' or 'winners'")
    return eligible == "winners"
