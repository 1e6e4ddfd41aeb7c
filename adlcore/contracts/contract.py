"""Perpetual contracts: what a lot is worth at a price, exactly.

A price, a multiplier or a lot arrives as a decimal string (or a number whose shortest decimal is
meant) and is held as an exact decimal. The value of one lot is formed as an exact fraction and
rounded once, when it becomes the float64 that decisions use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

from .._support.arrays import INT64_MAX, refuse_unfit
from .._support.options import exact_keys, require_option
from .._support.pickles import Versioned
from .._support.text import call_text
from ..errors import AdlError
from .asset import Asset
from .decimals import Number, canonical, positional_text, positive_decimal, steps_text, whole_steps
from .margin_tiers import MarginTiers, rate_range_text

__all__ = ["KINDS", "Contract"]

#: Kinds of contract by how a lot is valued in the settle asset at price p: ``m·p``, ``−m/p``,
#: ``m·p``.
KINDS = ("linear", "inverse", "quanto")


class TickFraction(NamedTuple):
    """What a lot is worth in quanta at one tick, as a fraction of two whole numbers; it equals the plain tuple."""

    numerator: int
    denominator: int


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
    tiers : MarginTiers, optional
        Maintenance margin, in units of the settle asset; None where it is not known.
    max_price : decimal string or number, optional
        The highest price at which anything is executed: at least one tick.

    Raises
    ------
    AdlError
        For an unknown kind; a multiplier, lot, tick or highest price that is not above 0; a highest
        price below the first tick.

    Examples
    --------
    >>> contract = Contract("BTCUSDT", lot="0.001", tick="0.1")
    >>> contract.lots("1.25")
    1250
    >>> contract.value_per_lot("58000")
    58.0
    >>> contract.ticks("58000.1"), contract.price(580001)
    (580001, '58000.1')
    >>> Contract("BTCUSD", kind="inverse", settle="BTC", multiplier="100").value_per_lot("50000")
    -0.002
    """

    PICKLED = ("symbol", "kind", "settle", "multiplier", "lot", "tick", "tiers", "max_price")

    symbol: str
    kind: str
    settle: Asset
    multiplier: Decimal
    lot: Decimal
    tick: Decimal | None
    tiers: MarginTiers | None
    max_price: Decimal | None

    def __init__(
        self,
        symbol: str,
        *,
        kind: str = "linear",
        settle: str | Asset = "USDT",
        multiplier: Number = "1",
        lot: Number = "1",
        tick: Number | None = None,
        tiers: MarginTiers | None = None,
        max_price: Number | None = None,
    ) -> None:
        if not isinstance(symbol, str) or not symbol:
            raise AdlError.at("symbol", None, symbol, "must be a non-empty string such as 'BTCUSDT'")
        refuse_unfit("symbol", symbol)
        if not isinstance(settle, Asset) and (not isinstance(settle, str) or not settle):
            raise AdlError.at("settle", None, settle, "must be an Asset or a name such as 'USDT'")
        require_option("kind", kind, KINDS)
        if tiers is not None and not isinstance(tiers, MarginTiers):
            raise AdlError.at("tiers", None, tiers, "must be MarginTiers")
        put = object.__setattr__
        put(self, "symbol", symbol)
        put(self, "kind", kind)
        put(self, "settle", settle if isinstance(settle, Asset) else Asset(settle))
        put(self, "multiplier", positive_decimal(multiplier, "multiplier"))
        put(self, "lot", positive_decimal(lot, "lot"))
        put(self, "tick", None if tick is None else positive_decimal(tick, "tick"))
        put(self, "tiers", tiers)
        put(self, "max_price", None if max_price is None else positive_decimal(max_price, "max_price"))
        if self.tick is not None and self.max_price is not None and self.max_price < self.tick:
            raise AdlError.at("max_price", None, max_price, f"must be at least one tick, {positional_text(self.tick)}")

    def __repr__(self) -> str:
        settle = self.settle.name if self.settle == Asset(self.settle.name) else self.settle
        shown = {
            "kind": self.kind if self.kind != "linear" else None,
            "settle": settle if settle != "USDT" else None,
            "multiplier": positional_text(self.multiplier) if self.multiplier != 1 else None,
            "lot": positional_text(self.lot) if self.lot != 1 else None,
            "tick": None if self.tick is None else positional_text(self.tick),
            "max_price": None if self.max_price is None else positional_text(self.max_price),
        }
        terms = [repr(self.symbol), *(f"{name}={value!r}" for name, value in shown.items() if value is not None)]
        if self.tiers is not None:
            terms.append(f"tiers=<{len(self.tiers)}: {rate_range_text(self.tiers)}>")
        return call_text("Contract", terms)

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

    def quanta_per_lot(self, price: Number) -> float:
        """``v(price)`` in quanta of the settle asset, exact, then rounded once to float64.

        Parameters
        ----------
        price : decimal string or number
            Above 0; on any grid.

        Examples
        --------
        >>> Contract("BTCUSDT", lot="0.001").quanta_per_lot("58000.1")
        5800010000.0
        """
        price_numerator, price_denominator = positive_decimal(price, "price").as_integer_ratio()
        numerator, denominator = self._quanta_at_price_one
        # Python divides integers exactly and rounds once.
        if self.inverse:
            return -(numerator * price_denominator) / (denominator * price_numerator)
        return (numerator * price_numerator) / (denominator * price_denominator)

    @cached_property
    def _quanta_at_price_one(self) -> tuple[int, int]:
        """Quanta of a lot at price 1 as two whole numbers; kept, because every mark asks for them."""
        return (self.units_per_lot * self.settle.quanta_per_unit).as_integer_ratio()

    @cached_property
    def tick_fraction(self) -> TickFraction:
        """Two whole numbers n and d that value a lot at P ticks, exactly, in quanta of the settle asset.

        ``P·n/d`` for a linear or quanto contract, ``−n/(d·P)`` for an inverse one; in lowest terms.

        Raises
        ------
        AdlError
            If the contract has no tick, or one of the two does not fit an int64.

        Examples
        --------
        >>> Contract("BTCUSDT", lot="0.001", tick="0.1").tick_fraction
        TickFraction(numerator=10000, denominator=1)
        >>> Contract("BTCUSD", kind="inverse", settle="BTC", multiplier=100, tick="0.1").tick_fraction
        TickFraction(numerator=100000000000, denominator=1)
        """
        tick = Fraction(self._require_tick())
        units = self.units_per_lot * self.settle.quanta_per_unit
        number = units / tick if self.inverse else units * tick
        if max(number.numerator, number.denominator) > INT64_MAX:
            must = (
                f"values a lot by {number} quanta: both numbers must fit an int64; choose other decimals of the asset"
            )
            raise AdlError.at("tick", None, positional_text(self._require_tick()), must)
        return TickFraction(number.numerator, number.denominator)

    def _require_tick(self) -> Decimal:
        """The tick, where there must be one."""
        if self.tick is None:
            raise AdlError.at("tick", None, None, f"must be given to {self.symbol}: its prices have no grid")
        return self.tick

    def lots(self, quantity: Number) -> int:
        """Convert a quantity of contracts to whole lots, exactly.

        Raises
        ------
        AdlError
            If the quantity lies between two lots (the message names both), or beyond int64.

        Examples
        --------
        >>> Contract("BTCUSDT", lot="0.001").lots("-1.25")
        -1250
        """
        return whole_steps(quantity, "quantity", self.lot, "lots")

    def decimal(self, lots: int) -> str:
        """Print a number of lots as a quantity of contracts, exactly, on the lot's own grid.

        Examples
        --------
        >>> Contract("BTCUSDT", lot="0.001").decimal(1250)
        '1.250'
        """
        return steps_text(lots, "lots", self.lot)

    def ticks(self, price: Number) -> int:
        """Convert a price to whole ticks, exactly.

        Raises
        ------
        AdlError
            If the contract has no tick; if the price is not above 0, lies between two ticks (the message
            names both), or beyond int64.

        Examples
        --------
        >>> Contract("BTCUSDT", tick="0.1").ticks(58000.1)
        580001
        """
        tick = self._require_tick()
        positive_decimal(price, "price")
        return whole_steps(price, "price", tick, "ticks")

    def price(self, ticks: int) -> str:
        """Print a number of ticks as a price, exactly, on the tick's own grid.

        Raises
        ------
        AdlError
            If the contract has no tick, or `ticks` is not a whole number.

        Examples
        --------
        >>> Contract("BTCUSDT", tick="0.10").price(580001)
        '58000.10'
        """
        return steps_text(ticks, "ticks", self._require_tick())

    def fields(self) -> dict[str, Any]:
        """The contract as exact text that JSON holds; the same for equal contracts.

        Returns
        -------
        dict
            Decimals are strings without exponent and trailing zeros, ``settle`` is ``[name, decimals]``,
            ``tiers`` is :meth:`MarginTiers.fields`; None where nothing is known.

        Examples
        --------
        >>> Contract("BTCUSDT", lot="0.0010", tick="0.1").fields()
        {'symbol': 'BTCUSDT', 'kind': 'linear', 'settle': ['USDT', 8], 'multiplier': '1', 'lot': '0.001',
         'tick': '0.1', 'tiers': None, 'max_price': None}
        """
        return {
            "symbol": self.symbol,
            "kind": self.kind,
            "settle": [self.settle.name, self.settle.decimals],
            "multiplier": canonical(self.multiplier),
            "lot": canonical(self.lot),
            "tick": None if self.tick is None else canonical(self.tick),
            "tiers": None if self.tiers is None else self.tiers.fields(),
            "max_price": None if self.max_price is None else canonical(self.max_price),
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Contract:
        """The contract of :meth:`fields`.

        Raises
        ------
        AdlError
            Names a key that is unknown or missing, and all that :class:`Contract` refuses.

        Examples
        --------
        >>> contract = Contract("BTCUSDT", lot="0.001")
        >>> Contract.from_fields(contract.fields()) == contract
        True
        """
        given = exact_keys("fields", fields, cls.PICKLED)
        settle, tiers = given.pop("settle"), given.pop("tiers")
        if not isinstance(settle, list | tuple) or len(settle) != 2:
            raise AdlError.at("settle", None, settle, "must be [name, decimals]")
        known = None if tiers is None else MarginTiers.from_fields(tiers)
        return cls(**given, settle=Asset(*settle), tiers=known)
