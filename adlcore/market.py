"""The open positions of one contract at one mark price, as columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _arrays, _kernels, selection
from ._arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, Int64Array1D, NumberArray1D
from .contracts import Contract, Number, positive_decimal
from .errors import AdlError, check_version
from .explanation import Explanation, explain
from .queue import Queue
from .ranking import RankingRule, as_rule
from .ranking import indicator as _indicator
from .selection import Selection

__all__ = ["Market"]

#: Columns of money; of one kind throughout: float64 units of the settle asset, or int64 quanta.
MONEY = ("entry_value", "equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")

#: Columns that hold at one mark price only.
AT_MARK = ("equity", "account_equity", "maintenance_margin")

#: Every optional column, in the order of the signature.
COLUMNS = (*MONEY, "leverage", "tie", "account")

BLOCK = 16_384
PICKLE_VERSION = 1


class Market:
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
        What the position cost, signed like ``quantity·v(entry price)``. Exactly one of `entry_price` and `entry_value` is given.
    equity : array_like, shape (n,), optional
        Equity of the position's wallet at this mark; never derived.
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
    Money columns are all float64 in units of the settle asset, or all int64 quanta. Contiguous float64 and int64 arrays are referred to
    and not copied: do not write to them while the market is in use. With int64 quanta the mark value of a row is ``rint(quantity·v)``,
    half-even, and differences are exact.

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

    __slots__ = ("_largest", "_sources", "contract", "mark_price", "quantity", "value_per_lot", *COLUMNS)

    contract: Contract
    mark_price: Any
    quantity: NumberArray1D
    value_per_lot: float
    entry_value: NumberArray1D
    equity: NumberArray1D | None
    account_equity: NumberArray1D | None
    balance: NumberArray1D | None
    maintenance_margin: NumberArray1D | None
    bankruptcy_value: NumberArray1D | None
    leverage: Float64Array1D | None
    tie: Int64Array1D | None
    account: npt.NDArray[Any] | None

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
        if (entry_price is None) == (entry_value is None):
            given = "neither" if entry_price is None else "both"
            raise AdlError(f"entry_price, entry_value: {given} given, must be exactly one", argument="entry_price")
        contract = contract if isinstance(contract, Contract) else Contract(contract)
        held = _arrays.finite("quantity", _arrays.numbers("quantity", quantity))
        money = _money_columns(
            len(held),
            entry_value=entry_value,
            equity=equity,
            account_equity=account_equity,
            balance=balance,
            maintenance_margin=maintenance_margin,
            bankruptcy_value=bankruptcy_value,
        )
        integral = any(column.dtype == INT64 for column in money.values())
        if entry_price is not None:
            money["entry_value"] = _entry_value(contract, held, entry_price, integral)
        _arrays.finite("entry_value", money["entry_value"])
        put = object.__setattr__
        put(self, "contract", contract)
        put(self, "quantity", _read_only(held))
        for name in MONEY:
            put(self, name, _read_only(money[name]) if name in money else None)
        put(self, "leverage", None if leverage is None else _read_only(_leverage(leverage, len(held))))
        ranks = _arrays.ties(tie, len(held))
        put(self, "tie", None if ranks is None else _read_only(ranks))
        put(self, "account", None if account is None else _labels(account, len(held)))
        largest = _arrays.refuse_overflow("quantity", held) if held.dtype == INT64 else None
        if integral and largest is None:
            largest = float(np.abs(held).max(initial=0.0))
        put(self, "_largest", (largest, *(_magnitude(money.get(name)) for name in ("entry_value", "bankruptcy_value"))))
        self._set_mark(mark_price)

    def _set_mark(self, mark_price: Number) -> None:
        put = object.__setattr__
        exact = self.contract.exact_value_per_lot(positive_decimal(mark_price, "mark_price"))
        if self._integral:
            exact *= self.contract.settle.quanta_per_unit
        put(self, "mark_price", positive_decimal(mark_price, "mark_price"))
        put(self, "value_per_lot", float(exact))
        put(self, "_sources", {})
        if self._integral:
            largest, entry, bankruptcy = self._largest
            if not largest * abs(self.value_per_lot) + max(entry, bankruptcy) < 0.999 * 2.0**63:
                self._refuse_money_overflow()

    def _refuse_money_overflow(self) -> None:
        """The bound of all rows together failed: look at each."""
        exact = np.rint(self.quantity.astype(FLOAT64) * self.value_per_lot)
        for row, value in enumerate(exact.tolist()):
            for column in (self.entry_value, self.bankruptcy_value):
                other = 0 if column is None else int(column[row])
                if max(abs(value), abs(int(value) - other)) > INT64_MAX:
                    must = f"at mark price {self.mark_price} its value less its cost must fit int64 quanta; use fewer decimals"
                    raise AdlError.at("quantity", row, self.quantity[row], must)

    @property
    def _integral(self) -> bool:
        return bool(self.entry_value.dtype == INT64)

    @property
    def _per_unit(self) -> float:
        """What one unit of the settle asset is in the money columns."""
        return float(self.contract.settle.quanta_per_unit) if self._integral else 1.0

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
            These hold at one mark only, so the new market has those that are given here and no others.

        Returns
        -------
        Market
            Shares the columns of this one.
        """
        given = _money_columns(
            len(self),
            entry_value=self.entry_value,
            equity=equity,
            account_equity=account_equity,
            maintenance_margin=maintenance_margin,
        )
        market = object.__new__(Market)
        for name in ("contract", "quantity", "_largest", *COLUMNS):
            object.__setattr__(market, name, getattr(self, name))
        for name in AT_MARK:
            object.__setattr__(market, name, _read_only(given[name]) if name in given else None)
        market._set_mark(mark_price)
        return market

    @property
    def mark_value(self) -> Float64Array1D:
        """float64[n]: value of each row at the mark, signed, in units of the settle asset."""
        return self._mark_value() / self._per_unit

    @property
    def notional(self) -> Float64Array1D:
        """float64[n]: magnitude of the mark value, in units of the settle asset."""
        return np.abs(self.mark_value)

    @property
    def unrealized_pnl(self) -> Float64Array1D:
        """float64[n]: ``quantity·v(mark) - entry_value``, in units of the settle asset."""
        return (self._mark_value() - self.entry_value) / self._per_unit

    def _mark_value(self) -> NumberArray1D:
        value = self.quantity.astype(FLOAT64, copy=False) * self.value_per_lot
        return np.rint(value).astype(INT64) if self._integral else value

    def score(self, rule: str | RankingRule, out: Float64Array1D | None = None) -> Float64Array1D:
        """Ranking scores of both sides.

        Parameters
        ----------
        rule : str or RankingRule
            Its docstring and ``RankingRule(name).expression`` give the formula.
        out : float64[n], optional
            Where to write; contiguous.

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
        elif not (
            isinstance(out, np.ndarray)
            and out.dtype == FLOAT64
            and out.shape == self.quantity.shape
            and out.flags.c_contiguous
            and out.flags.writeable
        ):
            raise AdlError(f"out must be a writable contiguous float64 array of {len(self)} rows", argument="out")
        self._source(rule).scores(out, 0, False, np.nan)
        return out

    def rank(self, rule: str | RankingRule) -> Int64Array1D:
        """int64[n]: place in the queue of one's own side, from 1; 0 for rows of quantity 0. See :func:`adlcore.rank`."""
        out = np.zeros(len(self), INT64)
        for side, score in self._sides(rule):
            place = np.empty(len(self), INT64)
            _kernels.ranks.rank(score, place, self.tie)
            np.copyto(out, place, where=self.quantity * side > 0)
        return out

    def quantile(self, rule: str | RankingRule) -> Float64Array1D:
        """float64[n]: share of the rows of one's own side at or below one's score. See :func:`adlcore.quantile`."""
        out = np.full(len(self), np.nan)
        for side, score in self._sides(rule):
            share = np.empty(len(self))
            _kernels.ranks.quantile(score, share)
            np.copyto(out, share, where=self.quantity * side > 0)
        return out

    def indicator(self, rule: str | RankingRule, levels: int = 5, by: str = "count") -> npt.NDArray[np.int8]:
        """int8[n]: the lights of each row within its own side. See :func:`adlcore.indicator`.

        Parameters
        ----------
        rule : str or RankingRule
        levels : int, default 5
        by : {"count", "quantity"}, default "count"
            Whether a level holds equally many rows or equal quantity.
        """
        if by not in ("count", "quantity"):
            raise AdlError.at("by", None, by, "must be count or quantity")
        out = np.zeros(len(self), np.int8)
        weights = None if by == "count" else np.abs(self.quantity)
        for side, score in self._sides(rule):
            np.copyto(out, _indicator(score, levels, weights), where=self.quantity * side > 0)
        return out

    def _sides(self, rule: str | RankingRule) -> Any:
        """Each side that holds a position, with a score column in which the other rows are not counted."""
        source = self._source(rule)
        score = np.empty(len(self))
        for side in (1, -1):
            source.scores(score, side, False, np.nan)
            yield side, score

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
            Signed like a position, in lots: a long, positive one is closed against shorts. Whole where `quantity` is int64.
        rule : str or RankingRule
            Ranks the other side; the score column is never written.
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
            For an unknown rule or one whose columns are absent, a NaN quantity or one between lots, a score that is NaN.

        Notes
        -----
        Order: score descending, `tie` ascending, row ascending. O(n) reads and O(k log k) for k rows; memory O(k).

        Examples
        --------
        >>> import adlcore as adl
        >>> market = adl.Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
        >>> market.deleverage(7, "binance").columns()["closed"]
        array([5, 2])
        """
        target, side = self._bankrupt(bankrupt_quantity)
        return selection.run(
            self._source(rule),
            target,
            side=side,
            winners=_winners(eligible),
            tie=self.tie,
            exclude=_arrays.exclusion(exclude, len(self)),
            limit=_arrays.row_limit(max_counterparties),
            ordered=bool(ordered),
            threads=_arrays.thread_count(threads),
            account=self.account,
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
        sides = {"long": -1, "short": 1, 1: -1, -1: 1}
        if bankrupt_side not in sides:
            raise AdlError.at("bankrupt_side", None, bankrupt_side, "must be 'long' or 'short'")
        side = sides[bankrupt_side]
        score = np.empty(len(self))
        self._source(rule).scores(score, side, _winners(eligible), -np.inf)
        row = _kernels.columns.first_nan(score)
        if row >= 0:
            raise AdlError.at("score", row, float("nan"), "must be a number")
        return Queue.over(score, self.quantity, side, self.tie, _arrays.exclusion(exclude, len(self)), self.account)

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
        if isinstance(row, bool) or not isinstance(row, int | np.integer) or not 0 <= row < len(self):
            raise AdlError.at("row", None, row, f"must be a row from 0 to {len(self) - 1}")
        return explain(self, int(row), as_rule(rule))

    def rows(self, account: Any) -> Int64Array1D:
        """int64[k]: rows of one account, ascending.

        Raises
        ------
        AdlError
            If the market has no account column, or no row of that account.
        """
        if self.account is None:
            raise AdlError("account: this market has no account column", argument="account", value=account)
        found = np.flatnonzero(self.account == account)
        if not len(found):
            raise AdlError.at("account", None, account, "must be an account of this market")
        return found

    def _bankrupt(self, quantity: Any) -> tuple[int | float, int]:
        """Target and side of the counterparties for a signed bankrupt quantity."""
        try:
            side = -1 if quantity >= 0 else 1
            target = abs(quantity)
        except (TypeError, ValueError):
            raise AdlError.at("bankrupt_quantity", None, quantity, "must be a number of lots") from None
        return _arrays.wanted("bankrupt_quantity", target, self.quantity.dtype == INT64), side

    def _source(self, rule: str | RankingRule) -> Any:
        """The kernel's view of the columns under a rule."""
        source = self._sources.get(rule)
        if source is None:
            source = self._new_source(as_rule(rule))
            self._sources[rule] = source
        return source

    def _new_source(self, rule: RankingRule) -> Any:
        columns = {"quantity": self.quantity, "entry_value": self.entry_value}
        if rule.function is not None:
            columns["score"] = self._custom_score(rule)
        else:
            self._require(rule)
            columns |= {name: self._column(name) for name in rule.needs}
            columns |= {name: self._column(name) for name in rule.optional if self._column(name) is not None}
        return _kernels.score.Source(
            "column" if rule.function is not None else rule.kernel,
            unit_value=self.value_per_lot,
            inverse=self.contract.inverse,
            one=self._per_unit,
            **columns,
        )

    def _column(self, name: str) -> Any:
        return getattr(self, name)

    def _require(self, rule: RankingRule) -> None:
        absent = [name for name in rule.needs if name in COLUMNS and self._column(name) is None]
        if absent:
            raise AdlError(
                f"rule {rule.name!r} needs {', '.join(absent)}: this market has no such column at mark price {self.mark_price}",
                argument=absent[0],
            )

    def _custom_score(self, rule: RankingRule) -> Float64Array1D:
        """One column of scores, block by block through the rule's function."""
        self._require(rule)
        assert rule.function is not None
        score = np.empty(len(self))
        for start in range(0, len(self), BLOCK):
            rows = slice(start, min(start + BLOCK, len(self)))
            block = np.asarray(rule.function(**self.terms(rule.needs, rows)), FLOAT64)
            if block.shape != score[rows].shape:
                raise AdlError(
                    f"rule {rule.name!r} returned shape {block.shape}: must return {score[rows].shape}, a score a row",
                    argument="rule",
                )
            score[rows] = block
        bad = np.flatnonzero(np.isnan(score) & (self.quantity != 0))
        if bad.size:
            raise AdlError.at(f"score of rule {rule.name!r}", int(bad[0]), float("nan"), "must be a number")
        return score

    def terms(self, names: tuple[str, ...], rows: slice) -> dict[str, Float64Array1D]:
        """Columns of a range of rows as float64, money in units of the settle asset: what a custom rule is given."""
        quantity = self.quantity[rows].astype(FLOAT64)
        entry = self.entry_value[rows]
        mark: NumberArray1D = quantity * self.value_per_lot
        if self._integral:
            mark = np.rint(mark).astype(INT64)
        found: dict[str, Any] = {}
        for name in names:
            if name == "quantity":
                found[name] = quantity
            elif name == "side":
                found[name] = np.sign(quantity)
            elif name == "mark_price":
                found[name] = np.full(len(quantity), float(self.mark_price))
            elif name == "entry_price":
                found[name] = self._prices(quantity, entry / self._per_unit)
            elif name == "mark_value":
                found[name] = mark / self._per_unit
            elif name == "notional":
                found[name] = np.abs(mark) / self._per_unit
            elif name == "unrealized_pnl":
                found[name] = (mark - entry) / self._per_unit
            elif name == "leverage":
                found[name] = self._column(name)[rows]
            else:
                found[name] = self._column(name)[rows] / self._per_unit
        return found

    def _prices(self, quantity: Float64Array1D, value: Float64Array1D) -> Float64Array1D:
        """The price at which `quantity` lots have that value; NaN for no lots."""
        units = float(self.contract.units_per_lot)
        with np.errstate(all="ignore"):
            return -units * quantity / value if self.contract.inverse else value / (quantity * units)

    @property
    def entry_price(self) -> Float64Array1D:
        """float64[n]: average entry price, derived from the entry value; NaN for rows of quantity 0."""
        return self.terms(("entry_price",), slice(None))["entry_price"]

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Market is immutable: {name} cannot be set; use market.at for a new mark price")

    def __len__(self) -> int:
        return len(self.quantity)

    def __repr__(self) -> str:
        longs = int(np.count_nonzero(self.quantity > 0))
        shorts = int(np.count_nonzero(self.quantity < 0))
        return f"<Market {self.contract.symbol} at {self.mark_price}: {longs:,} longs, {shorts:,} shorts>"

    def __getstate__(self) -> dict[str, Any]:
        kept = ("contract", "mark_price", "quantity", "value_per_lot", "_largest", *COLUMNS)
        return {"version": PICKLE_VERSION, **{name: getattr(self, name) for name in kept}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        check_version("Market", state.pop("version"), PICKLE_VERSION)
        for name, value in {**state, "_sources": {}}.items():
            object.__setattr__(self, name, _read_only(value) if isinstance(value, np.ndarray) else value)


def _money_columns(length: int, **given: npt.ArrayLike | None) -> dict[str, NumberArray1D]:
    """Read the money columns that are given; all of one kind, without NaN."""
    columns = {
        name: _arrays.numbers(name, values, length) for name, values in given.items() if values is not None
    }
    kinds = {column.dtype: name for name, column in reversed(columns.items())}
    if len(kinds) > 1:
        raise AdlError(
            f"{kinds[FLOAT64]} is float64 (units) and {kinds[INT64]} is int64 (quanta): money columns must be of one kind",
            argument=kinds[INT64],
        )
    for name, column in columns.items():
        _arrays.without_nan(name, column)
    return columns


def _entry_value(contract: Contract, quantity: NumberArray1D, price: npt.ArrayLike, integral: bool) -> NumberArray1D:
    """What positions entered at average prices cost: ``quantity·v(price)``, in quanta rounded half-even."""
    prices = _arrays.floats("entry_price", price, len(quantity))
    units = -contract.units_per_lot if contract.inverse else contract.units_per_lot
    if integral:
        units *= contract.settle.quanta_per_unit
        value: NumberArray1D = np.empty(len(quantity), INT64)
        row = _kernels.columns.entry_quanta(quantity, prices, float(units), contract.inverse, value)
    else:
        value = np.empty(len(quantity))
        row = _kernels.columns.entry_values(quantity, prices, float(units), contract.inverse, value)
    if row >= 0:
        usable = 0 < prices[row] < np.inf
        must = "its entry value must fit int64 quanta" if usable else "must be a finite price above 0"
        raise AdlError.at("entry_price", row, prices[row], must)
    return value


def _leverage(values: npt.ArrayLike, length: int) -> Float64Array1D:
    column = _arrays.floats("leverage", values, length)
    _arrays.without_nan("leverage", column)
    return column


def _labels(values: npt.ArrayLike, length: int) -> npt.NDArray[Any]:
    labels = np.asarray(values)
    if labels.ndim != 1 or len(labels) != length:
        raise AdlError(f"account has shape {labels.shape}: must be ({length},)", argument="account", value=labels.shape)
    return _read_only(labels)


def _magnitude(column: NumberArray1D | None) -> int:
    return 0 if column is None or column.dtype != INT64 else _kernels.columns.magnitude(column)


def _read_only(array: Any) -> Any:
    view = array.view()
    view.flags.writeable = False
    return view


def _winners(eligible: str) -> bool:
    if eligible not in ("all", "winners"):
        raise AdlError.at("eligible", None, eligible, "must be 'all' or 'winners'")
    return eligible == "winners"
