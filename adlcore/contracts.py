"""Assets and perpetual contracts: what a lot is worth at a price, exactly.

A price, a multiplier or a lot arrives as a decimal string (or a number whose shortest decimal is
meant) and is held as an exact decimal. The value of one lot is formed as an exact fraction and
rounded once, when it becomes the float64 that decisions use.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction

from ._pickles import Versioned
from .errors import AdlError

__all__ = ["Asset", "Contract", "KINDS"]

#: Kinds of contract by how a lot is valued in the settle asset at price p: ``m·p``, ``−m/p``,
#: ``m·p``.
KINDS = ("linear", "inverse", "quanto")

#: Of an asset that is given by its bare name.
DECIMALS = 8

#: Wide enough for every product of an int64 and a decimal that a person writes down.
_EXACT = Context(prec=200)

#: Prices, multipliers and lots lie far inside; beyond it exact fractions would grow without bound.
MOST_DIGITS = 60

#: What may be given where an exact decimal is meant; a float is read by its shortest decimal.
Number = str | int | float | Decimal


def exact_decimal(value: Number, argument: str) -> Decimal:
    """Read a number as an exact finite decimal; a float by its shortest representation.

    Raises
    ------
    AdlError
        If `value` is not a finite number.
    """
    try:
        number = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(_plain(value))
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        raise AdlError.at(argument, None, value, "must be a number or a decimal string such as '0.001'") from None
    if not number.is_finite():
        raise AdlError.at(argument, None, value, "must be finite")
    if number and abs(number.adjusted()) > MOST_DIGITS:
        raise AdlError.at(argument, None, value, f"must lie between 1e-{MOST_DIGITS} and 1e{MOST_DIGITS}")
    return number


def _plain(value: object) -> str | int | Decimal:
    """NumPy's scalars become the Python numbers they hold; everything else stays."""
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    if isinstance(plain, float):
        return repr(plain)
    if isinstance(plain, str):
        return plain.replace("_", "")
    if isinstance(plain, int | Decimal):
        return plain
    raise TypeError


def plain(number: Decimal) -> str:
    """A decimal without an exponent."""
    return format(number, "f")


def positive_decimal(value: Number, argument: str) -> Decimal:
    """Read a number as an exact decimal above zero."""
    number = exact_decimal(value, argument)
    if number <= 0:
        raise AdlError.at(argument, None, value, "must be above 0")
    return number


@dataclass(frozen=True)
class Asset(Versioned):
    """A settlement asset and the smallest unit in which adlcore keeps money of it.

    Parameters
    ----------
    name : str
        For example ``"USDT"``.
    decimals : int, default 8
        One *quantum* is ``10**-decimals`` of the asset. int64 quanta hold 9.2·10^10 units at 8
        decimals; choose fewer for assets of small worth (2 for IDR or KRW).

    Examples
    --------
    >>> Asset("USDT").quanta_per_unit
    100000000
    """

    PICKLED = ("name", "decimals")

    name: str
    decimals: int = DECIMALS

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise AdlError.at("name", None, self.name, "must be a non-empty string such as 'USDT'")
        if not isinstance(self.decimals, int) or isinstance(self.decimals, bool) or not 0 <= self.decimals <= 18:
            raise AdlError.at("decimals", None, self.decimals, "must be a whole number from 0 to 18")

    @property
    def quanta_per_unit(self) -> int:
        """How many quanta make one unit of the asset."""
        return int(10**self.decimals)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"Asset({self.name!r})" if self.decimals == DECIMALS else f"Asset({self.name!r}, {self.decimals})"


@dataclass(frozen=True, init=False)
class Contract(Versioned):
    """A perpetual contract: how many units a lot stands for, and on which grids its sizes and prices lie.

    Parameters
    ----------
    symbol : str
        For example ``"BTCUSDT"``.
    kind : {"linear", "inverse", "quanto"}, default "linear"
        What one lot is worth in the settle asset at price p, with ``m = multiplier·lot``: linear
        ``m·p``; inverse (coin-margined) ``−m/p``; quanto ``m·p`` in an asset that is neither base
        nor quote.
    settle : str or Asset, default "USDT"
        The asset in which profit, loss and margin are booked. A bare name means 8 decimals.
    multiplier : decimal string or number, default "1"
        Underlying per contract; for an inverse contract its face value.
    lot : decimal string or number, default "1"
        Contracts per lot: the step of the quantity.
    tick : decimal string or number, optional
        The step of the price; None where no grid is known.

    Raises
    ------
    AdlError
        For an unknown kind, or a multiplier, lot or tick that is not above 0.

    Examples
    --------
    >>> contract = Contract("BTCUSDT", lot="0.001", tick="0.1")
    >>> contract.lots("1.25")
    1250
    >>> contract.value_per_lot("58000")
    58.0
    >>> Contract("BTCUSD", kind="inverse", settle="BTC", multiplier="100").value_per_lot("50000")
    -0.002
    """

    PICKLED = ("symbol", "kind", "settle", "multiplier", "lot", "tick")

    symbol: str
    kind: str
    settle: Asset
    multiplier: Decimal
    lot: Decimal
    tick: Decimal | None

    def __init__(
        self,
        symbol: str,
        *,
        kind: str = "linear",
        settle: str | Asset = "USDT",
        multiplier: Number = "1",
        lot: Number = "1",
        tick: Number | None = None,
    ) -> None:
        if not isinstance(symbol, str) or not symbol:
            raise AdlError.at("symbol", None, symbol, "must be a non-empty string such as 'BTCUSDT'")
        if not isinstance(settle, Asset) and (not isinstance(settle, str) or not settle):
            raise AdlError.at("settle", None, settle, "must be an Asset or a name such as 'USDT'")
        if kind not in KINDS:
            raise AdlError.at("kind", None, kind, f"must be one of {', '.join(KINDS)}")
        put = object.__setattr__
        put(self, "symbol", symbol)
        put(self, "kind", kind)
        put(self, "settle", settle if isinstance(settle, Asset) else Asset(settle))
        put(self, "multiplier", positive_decimal(multiplier, "multiplier"))
        put(self, "lot", positive_decimal(lot, "lot"))
        put(self, "tick", None if tick is None else positive_decimal(tick, "tick"))

    def __repr__(self) -> str:
        settle = self.settle.name if self.settle == Asset(self.settle.name) else self.settle
        shown = {
            "kind": self.kind if self.kind != "linear" else None,
            "settle": settle if settle != "USDT" else None,
            "multiplier": plain(self.multiplier) if self.multiplier != 1 else None,
            "lot": plain(self.lot) if self.lot != 1 else None,
            "tick": None if self.tick is None else plain(self.tick),
        }
        terms = [repr(self.symbol), *(f"{name}={value!r}" for name, value in shown.items() if value is not None)]
        return f"Contract({', '.join(terms)})"

    @property
    def inverse(self) -> bool:
        """Whether the value of a lot falls in magnitude as the price rises."""
        return self.kind == "inverse"

    @property
    def units_per_lot(self) -> Fraction:
        """``multiplier·lot``, exact: underlying (inverse: face value) per lot."""
        return Fraction(self.multiplier) * Fraction(self.lot)

    def exact_value_per_lot(self, price: Number) -> Fraction:
        """``v(price)``: the value of one lot in units of the settle asset, as an exact fraction."""
        p = Fraction(positive_decimal(price, "price"))
        return -self.units_per_lot / p if self.inverse else self.units_per_lot * p

    def value_per_lot(self, price: Number) -> float:
        """``v(price)`` rounded once to float64."""
        return float(self.exact_value_per_lot(price))

    def lots(self, quantity: Number) -> int:
        """Convert a quantity of contracts to whole lots, exactly.

        Raises
        ------
        AdlError
            If the quantity does not lie on the lot's grid.
        """
        number = Fraction(exact_decimal(quantity, "quantity")) / Fraction(self.lot)
        if number.denominator != 1:
            below = self.decimal(math.floor(number))
            above = self.decimal(math.ceil(number))
            raise AdlError.at(
                "quantity", None, quantity, f"is between lots of {plain(self.lot)}: {below} or {above} would do"
            )
        return int(number)

    def decimal(self, lots: int) -> str:
        """Print a number of lots as a quantity of contracts, exactly, on the lot's own grid."""
        return format(_EXACT.multiply(Decimal(int(lots)), self.lot), "f")
