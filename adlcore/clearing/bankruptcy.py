"""Shared bankruptcy prices: a wallet's equity split over its positions, in integers.

Each position's share of the equity is in proportion to its maintenance margin, rounded down, and the
last takes the rest: closing every position at its value less its share leaves exactly nothing. A
value that no price between one tick and the contract's highest can give is held at that bound, and
the equity that is left is split anew over the others. Only then is the price rounded to a tick, in
the wallet's favour. (dYdX v4 shares by maintenance margin: ``liquidations.go``.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from .. import _arrays, _kernels
from .._arrays import INT64, INT64_MAX, Int64Array1D
from ..errors import AdlError
from .collateral import converted
from .margin import MarginState
from .margin_pass import MarginPass
from .tables import VALUED

__all__ = ["SharedBankruptcy", "shared_bankruptcy"]

#: The highest execution price where a contract gives none: so many times the mark, or the entry price.
FAR = 1000

UP, DOWN = _kernels.money.ROUNDINGS["up"], _kernels.money.ROUNDINGS["down"]


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
    """

    row: Int64Array1D
    share: Int64Array1D
    value: Int64Array1D
    price: Int64Array1D
    value_at_price: Int64Array1D
    bounded: npt.NDArray[np.bool_]


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
    >>> from adlcore.clearing.bankruptcy import shared_bankruptcy
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
    core = state._pass
    rows = _rows(core, state.liquidatable if wallets is None else wallets)
    split = _Split(core, rows)
    while len(fresh := split.outside()):
        split.hold(fresh)
    return split.finished()


def _rows(core: MarginPass, wallets: npt.ArrayLike) -> Int64Array1D:
    """Rows of the positions of these wallets, ascending."""
    mask = _arrays.exclusion(wallets, len(core.wallets), "wallets")
    assert mask is not None  # only None gives None
    positions = core.books.positions
    return np.flatnonzero((mask[positions.wallet] != 0) & (positions.quantity != 0))


class _Split:
    """Equity being split over rows, some of which are held at a bound."""

    def __init__(self, core: MarginPass, rows: Int64Array1D) -> None:
        self.core, self.rows = core, rows
        books = core.books
        self.code = np.searchsorted(books.start, rows, side="right") - 1
        self.quantity = books.positions.quantity[rows]
        self.cost = books.positions.entry_value[rows]
        self.mark = core.pnl[rows] + self.cost
        wallet = books.positions.wallet[rows]
        self.wallet = wallet
        self.wallets, self.group = np.unique(wallet, return_inverse=True)
        self.equity = core.wallets[self.wallets, 0]
        self.valued = np.flatnonzero(books.wallets.mode[wallet] >= VALUED)
        self.weight = self._numeraire(core.margin[rows], "maintenance_margin")
        self.highest = self._highest()
        self.held = np.zeros(len(rows), bool)
        self.share, self.value = np.zeros(len(rows), INT64), np.zeros(len(rows), INT64)
        self.price = np.zeros(len(rows), INT64)
        self._share()

    def _rates(self) -> tuple[list[Fraction], Int64Array1D]:
        """Prices of the settle assets of the valued rows, and which is each row's."""
        asset = self.core.books.settle[self.code[self.valued]]
        used = set(asset.tolist())
        count = range(len(self.core.books.assets))
        return [self.core.rates.price_of(a) if a in used else Fraction(1) for a in count], asset

    def _numeraire(self, values: Int64Array1D, what: str, back: bool = False) -> Int64Array1D:
        """Amounts of settle assets in the wallet's numeraire, half-even; or back."""
        if not len(self.valued):
            return values
        rates, asset = self._rates()
        out = values.copy()
        exact = [1 / rate for rate in rates] if back else rates
        out[self.valued] = converted(values[self.valued], exact, asset, "half-even", what)
        return out

    def _sums(self, values: Int64Array1D) -> Int64Array1D:
        out = np.empty(len(self.equity), INT64)
        if (bad := _kernels.money.group_sums(values, self.group, out)) >= 0:
            row = int(self.wallets[bad])
            raise AdlError(
                f"wallets[{row}]: sums over its positions must fit int64 quanta", argument="wallets", row=row
            )
        return out

    def _share(self) -> None:
        """Split what the held rows leave over the others; the last of them takes the rest."""
        free = np.flatnonzero(~self.held)
        left = _less(self.equity, self._sums(np.where(self.held, self.share, 0)), self.wallets)
        weight = np.where(self.held, 0, self.weight)
        total = self._sums(weight)
        bare = (total == 0)[self.group] & ~self.held
        if bare.any():  # the rows that are left have no maintenance margin between them
            weight[bare] = self._numeraire(np.abs(self.mark), "notional")[bare]
            nothing = (self._sums(weight) == 0)[self.group] & bare
            weight[nothing] = 1  # worth nothing either: alike
            total = self._sums(weight)
        share = np.empty(len(free), INT64)
        group = self.group[free]
        if _kernels.money.multiply_divide(left[group], weight[free], total[group], DOWN, share) >= 0:
            raise AssertionError("a part of an int64 is an int64")
        self.share[free] = share
        last = np.full(len(self.equity), -1)
        last[group] = free  # rows ascend, so the highest stays
        rest = _less(left, self._sums(np.where(self.held, 0, self.share)), self.wallets)
        some = np.flatnonzero(last >= 0)
        self.share[last[some]] += rest[some]
        self.value[free] = _less(self.mark, self._numeraire(self.share, "share", back=True), self.wallet)[free]

    def _highest(self) -> Int64Array1D:
        """The highest price of each row, in ticks."""
        books, core = self.core.books, self.core
        highest = np.empty(len(self.rows), INT64)
        for code in np.unique(self.code).tolist():
            contract, places = books.contracts[code], np.flatnonzero(self.code == code)
            try:
                contract.tick_fraction  # noqa: B018 - asked for here, where its contract is known
            except AdlError as error:
                raise error.placed("contracts", code, contract.symbol) from None
            tick = Fraction(contract.tick or 1)
            if contract.max_price is not None:
                highest[places] = min(math.floor(Fraction(contract.max_price) / tick), INT64_MAX)
                continue
            mark = core.marks[code]
            assert mark is not None  # a contract that somebody holds has a mark
            entry = np.where(self.cost[places] == 0, 0, self._ticks(code, places, self.cost, UP))
            highest[places] = np.maximum(entry, min(math.ceil(FAR * Fraction(mark) / tick), INT64_MAX))
        return highest

    def _ticks(self, code: int, places: Int64Array1D, value: Int64Array1D, rounding: int) -> Int64Array1D:
        """The prices in ticks at which rows of one contract have these values."""
        contract = self.core.books.contracts[code]
        out = np.empty(len(places), INT64)
        _kernels.money.value_ticks(
            value[places], self.quantity[places], *contract.tick_fraction, contract.inverse, rounding, out
        )
        return out

    def _values(self, code: int, places: Int64Array1D) -> Int64Array1D:
        """``round(q·v(price))`` of rows of one contract."""
        contract = self.core.books.contracts[code]
        out = np.empty(len(places), INT64)
        row = _kernels.money.fill_values(
            self.quantity[places],
            self.price[places],
            np.arange(len(places)),
            *contract.tick_fraction,
            contract.inverse,
            out,
        )
        if row >= 0:
            place = int(self.rows[places[row]])
            must = f"its value in {contract.symbol} at a bankruptcy price must fit int64 quanta; use fewer decimals"
            raise AdlError.at("positions.quantity", place, int(self.quantity[places[row]]), must)
        return out

    def outside(self) -> Int64Array1D:
        """Rows not yet held whose value needs a price below one tick or above the highest; priced at that bound."""
        fresh = []
        for code in np.unique(self.code[~self.held]).tolist():
            places = np.flatnonzero((self.code == code) & ~self.held)
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
        self.share[fresh] = self._numeraire(_less(self.mark, self.value, self.wallet), "share")[fresh]
        self._share()

    def _at_price(self, rows: Int64Array1D) -> None:
        for code in np.unique(self.code[rows]).tolist():
            places = rows[self.code[rows] == code]
            self.value[places] = self._values(code, places)

    def finished(self) -> SharedBankruptcy:
        """The columns."""
        exact = self.value.copy()
        self._at_price(np.arange(len(self.rows)))
        return SharedBankruptcy(
            row=self.rows,
            share=self.share,
            value=exact,
            price=self.price,
            value_at_price=self.value,
            bounded=self.held,
        )


def _less(one: Int64Array1D, other: Int64Array1D, wallet: Int64Array1D) -> Int64Array1D:
    """The difference, refusing what leaves int64; `wallet` says whose each is."""
    out = one - other
    wrapped = ((one ^ other) & (one ^ out)) < 0
    if wrapped.any():
        row = int(np.flatnonzero(wrapped)[0])
        message = f"wallets[{wallet[row]}]: its share must fit int64 quanta, {int(one[row])} less {int(other[row])}"
        raise AdlError(message, argument="wallets", row=int(wallet[row]))
    return out
