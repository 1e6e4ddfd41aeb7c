"""Liquidation and bankruptcy prices of positions, in closed form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import FLOAT64, Float64Array1D
from .._support.options import require_option
from ..contracts import Contract, MarginTiers
from ..contracts.decimals import Number, exact_decimal
from ..errors import AdlError
from .columns import entry_values

__all__ = [
    "NO_MARGIN",
    "ROOTS",
    "bankruptcy_price",
    "distance",
    "lines",
    "liquidation_price",
    "nearest_root",
    "read_fee",
]

MAINTENANCE = ("at-liquidation", "at-entry")
ROOTS = ("nearest", "lower", "upper")

#: The one tier of a position that has to keep nothing: its root is the bankruptcy price.
NO_MARGIN = np.zeros(1)


def liquidation_price(
    contract: Contract,
    quantity: npt.ArrayLike,
    entry_price: npt.ArrayLike,
    balance: npt.ArrayLike,
    other_maintenance: npt.ArrayLike = 0.0,
    other_pnl: npt.ArrayLike = 0.0,
    taker_fee: Number = 0.0,
    maintenance: str = "at-liquidation",
    opposite_quantity: npt.ArrayLike | None = None,
    opposite_entry_price: npt.ArrayLike | None = None,
    root: str = "nearest",
    mark_price: npt.ArrayLike | None = None,
) -> Any:
    """The mark price at which a wallet's equity has fallen to its maintenance margin.

    Parameters
    ----------
    contract : Contract
        With its margin tiers.
    quantity : array_like, shape (n,) or scalar
        Signed lots: long above 0, short below; fractions of a lot are taken.
    entry_price : array_like, shape (n,) or scalar
        Average entry price.
    balance : array_like, shape (n,) or scalar
        Wallet balance, in units of the settle asset. Of an isolated position: its own margin.
    other_maintenance, other_pnl : array_like, shape (n,) or scalar, default 0
        Maintenance margin and unrealized PnL of the wallet's other positions, in units of the settle
        asset; 0 for an isolated position.
    taker_fee : number, default 0
        Fee of the closing trade as a share of its notional.
    maintenance : {"at-liquidation", "at-entry"}
        Whether the maintenance margin is that of the notional at the liquidation price, or, as some
        venues hold it, that of the notional at entry.
    opposite_quantity, opposite_entry_price : array_like, shape (n,) or scalar, optional
        Hedge mode: the leg of the other side of this contract in the same wallet.
    root : {"nearest", "lower", "upper"}
        Hedge mode: a wallet with two legs may fail below one price and above another. The one that
        lies nearest to `mark_price` (of two as near the lower), or one of the two.
    mark_price : array_like, shape (n,) or scalar, optional
        Needed for the nearest root in hedge mode.

    Returns
    -------
    float64[n] or float
        NaN where equity is above the maintenance margin at every price, +inf for a long and 0.0 for
        a short where it is below at every price (in hedge mode: +inf below, 0.0 above), NaN for a
        quantity of 0 (in hedge mode: where both legs are 0). Scalars in, a scalar out.

    Raises
    ------
    AdlError
        For a contract without tiers, columns of different lengths, NaN, an entry price that is not
        above 0, legs of the same side, or an unknown word.

    Notes
    -----
    ``v* = (EV - B - a) / (q·(1 - s·(r + f)))`` in the value of a lot, with B the balance less
    `other_maintenance` plus `other_pnl`, r and a the rate and amount of a tier, f the fee and s the
    side (for inverse contracts turned round); the largest of the tiers' roots for a long, the
    smallest for a short, is that of the right tier. Equity less maintenance margin is concave in v,
    so two legs have at most two roots: the highest of the rising pairs of lines, the lowest of the
    falling ones. O(n·tiers), in hedge mode O(n·tiers²). The formula is that of the Binance FAQ "How
    to calculate liquidation price of USD-M futures"; at entry: Bybit's isolated margin of 2023.

    Examples
    --------
    >>> import adlcore as adl
    >>> tiers = adl.MarginTiers(floor=[0, 50_000, 250_000], rate=[0.004, 0.005, 0.01])
    >>> contract = adl.Contract("BTCUSDT", lot="0.001", tiers=tiers)
    >>> round(adl.liquidation_price(contract, 1000, 60_000.0, balance=6_000.0), 2)
    54221.11
    >>> adl.liquidation_price(contract, [1000, -1000], 60_000.0, balance=[6_000.0, 80_000.0]).round(2)
    array([ 54221.11, 139353.23])
    """
    tiers = _require_tiers(contract)
    require_option("maintenance", maintenance, MAINTENANCE)
    require_option("root", root, ROOTS)
    if (opposite_quantity is None) != (opposite_entry_price is None):
        missing = "opposite_quantity" if opposite_quantity is None else "opposite_entry_price"
        raise AdlError.at(missing, None, None, "must be given: hedge mode needs both of the opposite leg")
    given: dict[str, Any] = {
        "quantity": quantity,
        "entry_price": entry_price,
        "balance": balance,
        "other_maintenance": other_maintenance,
        "other_pnl": other_pnl,
    }
    if opposite_quantity is not None:
        given |= {"opposite_quantity": opposite_quantity, "opposite_entry_price": opposite_entry_price}
        if root == "nearest":
            if mark_price is None:
                raise AdlError.at("mark_price", None, None, "must be given for the root nearest to it in hedge mode")
            given["mark_price"] = mark_price
    columns, scalar = _columns(given)
    if (low := np.flatnonzero(columns.get("mark_price", NO_MARGIN + 1) <= 0)).size:
        row = int(low[0])
        raise AdlError.at("mark_price", row, columns["mark_price"][row], "must be above 0")
    fee = read_fee(taker_fee)
    size = columns["quantity"]
    entry = _cost(contract, size, columns["entry_price"], "entry_price")
    budget = columns["balance"] - columns["other_maintenance"] + columns["other_pnl"]
    rate, amount = lines(*tiers.arrays(1))
    if maintenance == "at-entry":
        budget = budget - _margin_of(np.abs(entry), rate, amount)
        rate, amount = NO_MARGIN, NO_MARGIN
    terms = _price_terms(contract, rate, amount, fee)
    found = np.empty(len(size))
    if opposite_quantity is None:
        _kernels.margin.prices.root_prices(_kernels.margin.prices.Exposures(size, entry, budget), terms, found)
        return found.item() if scalar else found
    other = columns["opposite_quantity"]
    if (same := np.flatnonzero(np.sign(size) * np.sign(other) > 0)).size:
        row = int(same[0])
        raise AdlError.at("opposite_quantity", row, other[row], f"must be of the other side than {size[row]:g}")
    other_entry = _cost(contract, other, columns["opposite_entry_price"], "opposite_entry_price")
    if maintenance == "at-entry":
        budget = budget - _margin_of(np.abs(other_entry), *tiers.arrays(1))
    lower, upper = np.empty(len(size)), np.empty(len(size))
    legs = _kernels.margin.prices.Exposures(size, entry + other_entry, budget, other)
    _kernels.margin.prices.root_price_pairs(legs, terms, lower, upper)
    if root == "nearest":
        found = nearest_root(lower, upper, size > 0, columns["mark_price"])
    else:
        found = lower if root == "lower" else upper
    return found.item() if scalar else found


def bankruptcy_price(
    contract: Contract,
    quantity: npt.ArrayLike,
    entry_price: npt.ArrayLike,
    balance: npt.ArrayLike,
    other_pnl: npt.ArrayLike = 0.0,
    taker_fee: Number = 0.0,
) -> Any:
    """The price at which closing a position leaves its wallet with nothing: the position's own.

    Parameters
    ----------
    contract : Contract
    quantity, entry_price, balance, other_pnl, taker_fee
        As :func:`liquidation_price`.

    Returns
    -------
    float64[n] or float
        NaN where equity is above zero at every price, +inf for a long and 0.0 for a short where it is
        below zero at every price, NaN for a quantity of 0.

    Raises
    ------
    AdlError
        As :func:`liquidation_price`.

    Notes
    -----
    ``v* = (EV - B) / (q·(1 - s·f))``, B the balance and the unrealized PnL of the wallet's other
    positions. It is what a trader is shown and what the ``bitmex`` rule measures leverage by; the
    positions of a bankrupt wallet are closed at prices that share its equity between them:
    :func:`adlcore.clearing.margin.shared_bankruptcy.shared_bankruptcy`. O(n).

    Examples
    --------
    Fifty times leverage from 10,000 (Bybit's example): bankrupt at 9,800.

    >>> import adlcore as adl
    >>> adl.bankruptcy_price(adl.Contract("BTCUSDT"), 1, 10_000, balance=200)
    9800.0
    """
    if not isinstance(contract, Contract):
        raise AdlError.at("contract", None, contract, "must be a Contract")
    columns, scalar = _columns(
        {"quantity": quantity, "entry_price": entry_price, "balance": balance, "other_pnl": other_pnl}
    )
    size, fee = columns["quantity"], read_fee(taker_fee)
    entry = _cost(contract, size, columns["entry_price"], "entry_price")
    budget = columns["balance"] + columns["other_pnl"]
    out, terms = np.empty(len(size)), _price_terms(contract, NO_MARGIN, NO_MARGIN, fee)
    _kernels.margin.prices.root_prices(_kernels.margin.prices.Exposures(size, entry, budget), terms, out)
    return out.item() if scalar else out


def _price_terms(
    contract: Contract, rate: Float64Array1D, amount: Float64Array1D, fee: float
) -> _kernels.margin.prices.PriceTerms:
    """What a lot of a contract costs a wallet by these tiers; money in units, and all of a profit is equity."""
    value_at_one, inverse = float(contract.units_per_lot), contract.inverse
    return _kernels.margin.prices.PriceTerms(
        rate, amount, kept_share=1.0, fee=fee, value_at_one=value_at_one, inverse=inverse
    )


def lines(rate: Float64Array1D, amount: Float64Array1D) -> tuple[Float64Array1D, Float64Array1D]:
    """The lines whose largest is the maintenance margin: the tiers, and nothing where all begin below it."""
    if len(amount) and amount.min() > 0:
        return np.append(rate, 0.0), np.append(amount, 0.0)
    return rate, amount


def _margin_of(notional: Float64Array1D, rate: Float64Array1D, amount: Float64Array1D) -> Float64Array1D:
    """Maintenance margin of notionals: the largest of the tiers' lines."""
    found: Float64Array1D = np.max(
        [np.zeros(len(notional)), *(notional * r - a for r, a in zip(rate, amount, strict=True))], axis=0
    )
    return found


def nearest_root(
    lower: Float64Array1D, upper: Float64Array1D, long: npt.NDArray[np.bool_], mark: npt.ArrayLike
) -> Float64Array1D:
    """Of two prices at which a wallet fails, the one nearer to the mark price.

    NaN stands for a price that is not there; where equity is short of the margin at every price
    (`lower` is +inf) the sign of the leg decides: +inf for a long, 0.0 for a short.
    """
    with np.errstate(invalid="ignore"):
        below = np.isnan(upper) | (np.abs(np.asarray(mark) - lower) <= np.abs(upper - np.asarray(mark)))
    near = np.where(below & ~np.isnan(lower), lower, upper)
    found: Float64Array1D = np.where(np.isposinf(lower), np.where(long, np.inf, 0.0), near)
    return found


def distance(price: float, mark: float) -> float:
    """How far the mark is from a price, as a signed share of the mark; NaN where no price, or every price, would do.

    Examples
    --------
    >>> distance(75.0, 100.0), distance(float("inf"), 100.0)
    (-0.25, nan)
    """
    return price / mark - 1 if 0 < price < float("inf") else float("nan")


def _require_tiers(contract: Contract) -> MarginTiers:
    """The margin tiers of what must be a contract that has some."""
    if not isinstance(contract, Contract):
        raise AdlError.at("contract", None, contract, "must be a Contract")
    if contract.tiers is None:
        raise AdlError.at("contract", None, contract, "must have margin tiers: Contract(..., tiers=MarginTiers(...))")
    return contract.tiers


def read_fee(taker_fee: Number) -> float:
    """The fee of a closing trade as a share of its notional, from 0 to below 1."""
    fee = exact_decimal(taker_fee, "taker_fee")
    if not 0 <= fee < 1:
        raise AdlError.at("taker_fee", None, taker_fee, "must be a share of the notional, from 0 to below 1")
    return float(fee)


def _columns(given: dict[str, Any]) -> tuple[dict[str, Float64Array1D], bool]:
    """Arguments as finite float64 columns of one length, and whether all of them were scalars."""
    single = {name for name, values in given.items() if _is_scalar(values)}
    read = {
        name: np.array([float(exact_decimal(values, name))]) if name in single else arrays.float_column(name, values)
        for name, values in given.items()
    }
    scalar = len(single) == len(given)
    lengths = {name: len(column) for name, column in read.items() if name not in single}
    length = next(iter(lengths.values()), 1)
    for name, found in lengths.items():
        if found != length:
            first = next(iter(lengths))
            must = f"must have {length}, as many as {first}, or be a scalar"
            raise AdlError(f"{name} has {found} rows: {must}", argument=name, value=found)
    for name, column in read.items():
        arrays.refuse_not_finite(name, column)
        if name in single:
            read[name] = np.full(length, column[0], FLOAT64)
    return read, scalar


def _is_scalar(values: Any) -> bool:
    """Whether an argument is one number, be it written as text, and no column."""
    return isinstance(values, str | int | float | Decimal | np.generic) or getattr(values, "ndim", 1) == 0


def _cost(contract: Contract, quantity: Float64Array1D, price: Float64Array1D, name: str) -> Float64Array1D:
    """What positions cost, in units of the settle asset."""
    value, row = entry_values(contract, quantity, price)
    if row >= 0:
        raise AdlError.at(name, row, price[row], "must be above 0, and its entry value a finite number")
    return value
