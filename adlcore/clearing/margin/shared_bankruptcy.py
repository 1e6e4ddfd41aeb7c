"""Shared bankruptcy prices: a wallet's equity split over its positions, in integers.

Each position's share of the equity is in proportion to its maintenance margin, rounded down, and the
last takes the rest: closing every position at its value less its share leaves exactly nothing. A
value that no price between one tick and the contract's highest can give is held at that bound, and
the equity that is left is split anew over the others. Only then is the price rounded to a tick, in
the wallet's favour. (dYdX v4 shares by maintenance margin: ``liquidations.go``.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ... import _kernels
from ..._support import arrays
from ..._support.arrays import FLOAT64, INT64, INT64_MAX, Int64Array1D
from ...errors import AdlError
from ..snapshot.snapshot import Snapshot
from .collateral import checked_sums, convert_quanta, refuse_wrapped
from .margin_pass import TWO_62, MarginPass
from .margin_state import MarginState

__all__ = ["SharedBankruptcy", "shared_bankruptcy", "share_rows", "share_party_rows"]

#: The highest execution price where a contract gives none: so many times the mark, or the entry price.
HIGHEST_PER_MARK = 1000

UP, DOWN = _kernels.numbers.money.ROUNDINGS["up"], _kernels.numbers.money.ROUNDINGS["down"]


@dataclass(frozen=True, eq=False)
class SharedBankruptcy:
    """Bankruptcy prices of the positions of some wallets; columns of one length, by position row.

    Attributes
    ----------
    row : int64[k]
        Position row, ascending.
    share : int64[k]
        Of the wallet's equity, in quanta of the wallet's asset or numeraire.
    value : int64[k]
        Mark value less share, in quanta of the settle asset: closing every position of a wallet at
        these leaves exactly nothing where none is held at a bound.
    price : int64[k]
        In ticks: a long's rounded up, a short's down.
    value_at_price : int64[k]
        ``round(q·v(price))``, half-even: what the position gives when it is closed whole there.
    bounded : bool[k]
        Whether the price is held at a bound because the value needs one outside.
    highest : int64[k]
        The highest price at which the position may be executed, in ticks.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing import shared_bankruptcy
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["12", "100"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "9.25"},
    ... )
    >>> shared = shared_bankruptcy(adl.margin_state(snapshot))
    >>> shared.share, shared.value, shared.price, shared.bounded
    (array([450000000]), array([8800000000]), array([880]), array([False]))
    """

    row: Int64Array1D
    share: Int64Array1D
    value: Int64Array1D
    price: Int64Array1D
    value_at_price: Int64Array1D
    bounded: npt.NDArray[np.bool_]
    highest: Int64Array1D


def shared_bankruptcy(state: MarginState, wallets: npt.ArrayLike | None = None) -> SharedBankruptcy:
    """Split the equity of wallets over their positions and price each at its share.

    Parameters
    ----------
    state : MarginState
    wallets : array_like of int, optional
        Wallet rows; else those that are liquidatable.

    Returns
    -------
    SharedBankruptcy

    Raises
    ------
    AdlError
        For a contract without a tick, or a value that leaves int64 quanta.

    Notes
    -----
    O(positions of the wallets), and once more for every round of bounds.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.margin.shared_bankruptcy import shared_bankruptcy
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "9.25"},
    ... )
    >>> shared = shared_bankruptcy(adl.margin_state(snapshot))
    >>> shared.row, shared.price
    (array([0]), array([880]))
    """
    if not isinstance(state, MarginState):
        raise AdlError.at("state", None, type(state).__name__, "must be a MarginState")
    margin_pass = state._margin_pass
    mask = arrays.exclusion(
        state.liquidatable if wallets is None else wallets,
        len(margin_pass.wallets),
        "wallets",
        "Snapshot.wallet finds that of an account",
    )
    assert mask is not None  # only None gives None
    positions = margin_pass.books.positions
    rows = np.flatnonzero((mask[positions.wallet] != 0) & (positions.quantity != 0))
    return share_rows(margin_pass, rows, positions.quantity, positions.entry_value)


def share_rows(
    margin_pass: MarginPass, rows: Int64Array1D, quantity: Int64Array1D, entry_value: Int64Array1D
) -> SharedBankruptcy:
    """Split the equity of the wallets of these open rows, ascending; the columns hold what the rows are now."""
    books = margin_pass.books
    code = books.contract_of(rows)
    cost, wallet = entry_value[rows], books.positions.wallet[rows]
    wallets, group = np.unique(wallet, return_inverse=True)
    valued = np.flatnonzero(books.wallets.is_valued(wallet))
    conversion = NumeraireConversion(margin_pass, valued, books.settle[code[valued]] if len(valued) else valued)
    return split(
        _EquitySplit(
            books=books,
            marks=margin_pass.marks,
            rows=rows,
            code=code,
            quantity=quantity[rows],
            entry_value=cost,
            mark_value=margin_pass.pnl[rows] + cost,
            weight=conversion.to_numeraire(margin_pass.margin[rows], "maintenance_margin"),
            owners=wallets,
            group=group,
            equity=margin_pass.equity[wallets],
            conversion=conversion,
        )
    )


def share_party_rows(
    margin_pass: MarginPass, equity: int, lots: Int64Array1D, cost: Int64Array1D, fund: int
) -> SharedBankruptcy:
    """Split the equity of a fund over its netted rows, one a contract, and price each at its share.

    Rows of the result count contracts; `lots` and `cost` have one of each, and `fund` is the row that errors name.
    """
    code = np.flatnonzero(lots)
    value = np.rint(lots[code].astype(FLOAT64) * margin_pass.mark_value_per_lot[code])
    notional = np.abs(value)
    if not (notional < TWO_62).all():
        worst = int(code[np.argmax(notional)])
        raise AdlError.at("lots", None, int(lots[worst]), "their value must be below 2^62 quanta")
    margin = [_margin(margin_pass, k, size) for k, size in zip(code.tolist(), notional.tolist(), strict=True)]
    nothing = np.zeros(0, INT64)
    return split(
        _EquitySplit(
            books=margin_pass.books,
            marks=margin_pass.marks,
            rows=code,
            code=code,
            quantity=lots[code],
            entry_value=cost[code],
            mark_value=value.astype(INT64),
            weight=np.array(margin, INT64),
            owners=np.array([fund]),
            group=np.zeros(len(code), INT64),
            equity=np.array([equity]),
            conversion=NumeraireConversion(margin_pass, nothing, nothing),
            table="funds",
        )
    )


def _margin(margin_pass: MarginPass, code: int, notional: float) -> int:
    """The maintenance margin of a notional, as the margin pass rounds it."""
    tiers = margin_pass.tiers(code)
    return max(0, round(float((notional * tiers.rate - tiers.amount).max(initial=0.0))))


def split(equity_split: _EquitySplit) -> SharedBankruptcy:
    """Hold what lies outside its bounds until nothing does.

    All that are outside are held together before what is left is shared anew (``docs/waterfall.md``,
    "Bankruptcy prices"): held one by one, the result would hang on their order.
    """
    while len(fresh := equity_split.price_and_find_outside()):
        equity_split.hold(fresh)
    return equity_split.result()


class NumeraireConversion:
    """Amounts of settle assets in the numeraire of the valued wallets that some rows are in, and back."""

    def __init__(self, margin_pass: MarginPass, valued: Int64Array1D, asset: Int64Array1D) -> None:
        self.valued, self.asset = valued, asset
        used, count = set(asset.tolist()), range(len(margin_pass.books.assets))
        self.rates = [margin_pass.rates.price_of(a) if a in used else Fraction(1) for a in count] if len(valued) else []

    def to_numeraire(self, values: Int64Array1D, what: str) -> Int64Array1D:
        """Of every row, rounded half-even; rows of other wallets stay as they are."""
        return self._converted(values, self.rates, what)

    def from_numeraire(self, values: Int64Array1D, what: str) -> Int64Array1D:
        """The way back, rounded half-even; rows of other wallets stay as they are."""
        return self._converted(values, [1 / rate for rate in self.rates], what)

    def _converted(self, values: Int64Array1D, rates: list[Fraction], what: str) -> Int64Array1D:
        if not len(self.valued):
            return values
        out = values.copy()
        out[self.valued] = convert_quanta(values[self.valued], rates, self.asset, "half-even", what)
        return out


@dataclass(eq=False, kw_only=True)
class _EquitySplit:
    """Equity being split over rows, some of which are held at a bound.

    Attributes
    ----------
    books : Snapshot
    marks : sequence of Decimal or None
        The mark price of each contract.
    rows, code, quantity, entry_value, mark_value : int64[k]
        The rows by the numbers that the result and errors have, their contracts, which ascend, lots and values.
    weight : int64[k]
        What equity is shared by: the maintenance margin, in the asset of the owner.
    owners : int64[o]
        Row in `table` of everyone whose equity is split, of which errors speak.
    group : int64[k]
        The place of each row's owner among `owners`.
    equity : int64[o]
        What each owner has, in the owner's asset or numeraire.
    conversion : NumeraireConversion
        From settle assets to those of the owners, and back.
    table : str
        What the owners are: wallets or funds.
    """

    books: Snapshot
    marks: Sequence[Decimal | None]
    rows: Int64Array1D
    code: Int64Array1D
    quantity: Int64Array1D
    entry_value: Int64Array1D
    mark_value: Int64Array1D
    weight: Int64Array1D
    owners: Int64Array1D
    group: Int64Array1D
    equity: Int64Array1D
    conversion: NumeraireConversion
    table: str = "wallets"

    def __post_init__(self) -> None:
        self.owner, rows = self.owners[self.group], len(self.rows)
        self.tick_fraction = {code: _tick_fraction(self.books, code) for code in np.unique(self.code).tolist()}
        self.highest = self._highest()
        self.held = np.zeros(rows, bool)
        self.share, self.value, self.price = (np.zeros(rows, INT64) for _ in range(3))
        self._share()

    def _sums(self, values: Int64Array1D) -> Int64Array1D:
        """Sums by owner, refusing what leaves int64."""
        must = "sums over its positions must fit int64 quanta"
        return checked_sums(values, self.group, self.owners, must, self.table)

    def _subtract(self, one: Int64Array1D, other: Int64Array1D, owner: Int64Array1D) -> Int64Array1D:
        """The difference, refusing what leaves int64; `owner` says whose each is."""
        out = one - other
        must = "its share must fit int64 quanta, {} less {}"
        refuse_wrapped((one ^ other) & (one ^ out), owner, must, one, other, self.table)
        return out

    def _share(self) -> None:
        """Split what the held rows leave over the others; the last of them takes the rest."""
        free = np.flatnonzero(~self.held)
        left = self._subtract(self.equity, self._sums(np.where(self.held, self.share, 0)), self.owners)
        weight = np.where(self.held, 0, self.weight)
        total = self._sums(weight)
        bare = (total == 0)[self.group] & ~self.held
        if bare.any():  # the rows that are left have no maintenance margin between them
            weight[bare] = self.conversion.to_numeraire(np.abs(self.mark_value), "notional")[bare]
            nothing = (self._sums(weight) == 0)[self.group] & bare
            weight[nothing] = 1  # worth nothing either: alike
            total = self._sums(weight)
        share = np.empty(len(free), INT64)
        group = self.group[free]
        if _kernels.numbers.money.multiply_divide(left[group], weight[free], total[group], DOWN, share) >= 0:
            raise AssertionError("a part of an int64 is an int64")
        self.share[free] = share
        last = np.full(len(self.equity), -1)
        last[group] = free  # rows ascend, so the highest stays
        rest = self._subtract(left, self._sums(np.where(self.held, 0, self.share)), self.owners)
        some = np.flatnonzero(last >= 0)
        self.share[last[some]] += rest[some]
        given = self.conversion.from_numeraire(self.share, "share")
        self.value[free] = self._subtract(self.mark_value, given, self.owner)[free]

    def _parts(self, rows: Int64Array1D) -> Iterator[tuple[int, Int64Array1D]]:
        """These places, contract by contract; rows ascend, and so do their contracts."""
        code = self.code[rows]
        cuts = np.flatnonzero(np.diff(code)) + 1
        for places in np.split(rows, cuts) if len(rows) else []:
            yield int(self.code[places[0]]), places

    def _highest(self) -> Int64Array1D:
        """The highest price of each row, in ticks."""
        highest = np.empty(len(self.rows), INT64)
        for code, places in self._parts(np.arange(len(self.rows))):
            contract = self.books.contracts[code]
            tick = Fraction(contract.tick or 1)
            if contract.max_price is not None:
                highest[places] = min(math.floor(Fraction(contract.max_price) / tick), INT64_MAX)
                continue
            mark = self.marks[code]
            assert mark is not None  # a contract that somebody holds has a mark
            entry = np.where(self.entry_value[places] == 0, 0, self._ticks(code, places, self.entry_value, UP))
            highest[places] = np.maximum(entry, min(math.ceil(HIGHEST_PER_MARK * Fraction(mark) / tick), INT64_MAX))
        return highest

    def _ticks(self, code: int, places: Int64Array1D, value: Int64Array1D, rounding: int) -> Int64Array1D:
        """The prices in ticks at which rows of one contract have these values."""
        contract, (numerator, denominator) = self.books.contracts[code], self.tick_fraction[code]
        out = np.empty(len(places), INT64)
        _kernels.numbers.money.value_ticks(
            value[places], self.quantity[places], numerator, denominator, contract.inverse, rounding, out
        )
        return out

    def _values(self, code: int, places: Int64Array1D) -> Int64Array1D:
        """``round(q·v(price))`` of rows of one contract."""
        contract, (numerator, denominator) = self.books.contracts[code], self.tick_fraction[code]
        out = np.empty(len(places), INT64)
        row = _kernels.numbers.money.fill_values(
            self.quantity[places],
            self.price[places],
            np.arange(len(places)),
            numerator,
            denominator,
            contract.inverse,
            out,
        )
        if row >= 0:
            place = int(self.rows[places[row]])
            must = f"its value in {contract.symbol} at a bankruptcy price must fit int64 quanta; use fewer decimals"
            raise AdlError.at("positions.quantity", place, int(self.quantity[places[row]]), must)
        return out

    def price_and_find_outside(self) -> Int64Array1D:
        """Price the rows not yet held; give back those held at a bound: less than a tick, or above the highest."""
        fresh = []
        for code, places in self._parts(np.flatnonzero(~self.held)):
            low, high = (self._ticks(code, places, self.value, rounding) for rounding in (DOWN, UP))
            below, above = low < 1, high > self.highest[places]
            self.price[places] = np.where(self.quantity[places] > 0, high, low)
            self.price[places[below]] = 1
            self.price[places[above & ~below]] = self.highest[places[above & ~below]]
            fresh.append(places[below | above])
        return np.concatenate([np.zeros(0, INT64), *fresh])

    def hold(self, fresh: Int64Array1D) -> None:
        """Hold rows at their bounds and split what is left over the others."""
        self.held[fresh] = True
        self._at_price(fresh)
        kept = self._subtract(self.mark_value, self.value, self.owner)
        self.share[fresh] = self.conversion.to_numeraire(kept, "share")[fresh]
        self._share()

    def _at_price(self, rows: Int64Array1D) -> None:
        """Value these rows at the prices that they have."""
        for code, places in self._parts(rows):
            self.value[places] = self._values(code, places)

    def result(self) -> SharedBankruptcy:
        """The columns, once nothing is outside. The split is used up by it."""
        # Only now is a price rounded to a tick (``docs/waterfall.md``, "Bankruptcy prices"): the exact values are set
        # aside before the values at the rounded prices take their place.
        exact = self.value.copy()
        self._at_price(np.arange(len(self.rows)))
        return SharedBankruptcy(
            row=self.rows,
            share=self.share,
            value=exact,
            price=self.price,
            value_at_price=self.value,
            bounded=self.held,
            highest=self.highest,
        )


def _tick_fraction(books: Snapshot, code: int) -> tuple[int, int]:
    """What values a lot of a contract at so many ticks; the error of one that cannot be valued names its row."""
    try:
        return books.contracts[code].tick_fraction
    except AdlError as error:
        raise error.placed("contracts", code, books.contracts[code].symbol) from None
