"""Maintenance margin in tiers, exactly: how much equity a notional must be backed by."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from .._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D, frozen
from .._support.options import exact_keys
from .._support.pickles import Versioned
from ..errors import AdlError
from . import tier_columns
from .decimals import MOST_DIGITS, whole_number
from .ratios import Exact, Ratio, exact_ratio, ratio_text

__all__ = ["MarginTiers"]

#: Longer numbers are shortened in a repr.
SHOWN_DIGITS = 15

#: What a column of notionals may be given as.
Many = list[Any] | tuple[Any, ...] | npt.NDArray[Any]


@dataclass(frozen=True, init=False)
class MarginTiers(Versioned):
    """Maintenance margin of a notional N: ``max(0, max_t(N·rate_t − amount_t))``. Immutable, exact.

    Parameters
    ----------
    floor : sequence of decimal strings, numbers or fractions
        Notional at which each tier begins, in units of the settle asset: 0 first, then strictly
        ascending.
    rate : sequence of decimal strings, numbers or fractions
        Maintenance margin rate of each tier: above 0, below 1, never falling. ``"1/6"`` and
        ``Fraction(1, 6)`` are a sixth. A float is read by its shortest decimal; one of 15 and more digits
        that is p/q rounded, q at most 1000, is p/q.
    amount : sequence of decimal strings, numbers or fractions, optional
        What each tier takes off again, in units of the settle asset, as the venue prints it. Derived
        without it: ``amount_0 = 0``, ``amount_n = floor_n·(rate_n − rate_{n−1}) + amount_{n−1}``.
    amount_tolerance : decimal string, number or fraction, or a sequence with one per tier, default 0
        How far a given amount may lie from the derived one. It is kept as given.
    check : bool, default True
        Whether given amounts are compared with the derived ones. None may be negative.

    Attributes
    ----------
    floor, rate, amount : tuple of Decimal or Fraction
        One per tier; a fraction where no decimal is exact.

    Raises
    ------
    AdlError
        Names the column and the tier; for an amount too far off both the given and the derived one.

    Notes
    -----
    The derived amounts make the margin continuous where tiers meet (Binance FAQ, "Leverage and
    Margin of USDⓈ-M Futures": maintenance margin = notional·rate − maintenance amount). With rates
    that never fall, the tier that holds a notional then has the largest of all lines. Where a venue
    prints rounded amounts, the largest line is the definition.

    Examples
    --------
    >>> tiers = MarginTiers(floor=[0, 50_000, 250_000], rate=["0.004", "0.005", "0.01"])
    >>> tiers
    <MarginTiers of 3: 0.4 % to 1 %, floors 0 to 250000>
    >>> [str(amount) for amount in tiers.amount]
    ['0', '50', '1300']
    >>> tiers.maintenance_margin(500_000)
    3700.0
    >>> MarginTiers([0, 100], ["1/6", "1/4"]).amount
    (Decimal('0'), Fraction(25, 3))
    """

    PICKLED = ("floor", "rate", "amount")

    floor: tuple[Exact, ...]
    rate: tuple[Exact, ...]
    amount: tuple[Exact, ...]

    def __init__(
        self,
        floor: Iterable[Ratio],
        rate: Iterable[Ratio],
        amount: Iterable[Ratio] | None = None,
        *,
        amount_tolerance: Ratio | Iterable[Ratio] = 0,
        check: bool = True,
    ) -> None:
        floors = tier_columns.column("floor", floor)
        if not floors:
            raise AdlError("floor is empty: must have at least one tier", argument="floor")
        rates = tier_columns.column("rate", rate, len(floors))
        tier_columns.check_floors(floors)
        tier_columns.check_rates(rates)
        derived = tier_columns.continuous_amounts(floors, rates)
        amounts = derived if amount is None else tier_columns.amounts(amount, len(floors))
        tolerances = tier_columns.tolerances(amount_tolerance, len(floors))
        if check and amount is not None:
            tier_columns.check_amounts(amounts, derived, tolerances)
        put = object.__setattr__
        put(self, "floor", tuple(floors))
        put(self, "rate", tuple(rates))
        put(self, "amount", tuple(amounts))

    def __len__(self) -> int:
        return len(self.floor)

    def __repr__(self) -> str:
        if len(self) == 1:
            return f"<MarginTiers of 1: {rate_range_text(self)}>"
        return f"<MarginTiers of {len(self)}: {rate_range_text(self)}, floors 0 to {_short(self.floor[-1])}>"

    @overload
    def maintenance_margin(self, notional: Ratio) -> float: ...

    @overload
    def maintenance_margin(self, notional: Many) -> Float64Array1D: ...

    def maintenance_margin(self, notional: Ratio | Many) -> float | Float64Array1D:
        """Equity that a notional must be backed by, for display; books keep integers.

        Parameters
        ----------
        notional : decimal string, number or Fraction; or array_like of them, shape (n,)
            At least 0, in units of the settle asset.

        Returns
        -------
        float, or float64[n]
            In units of the settle asset: ``max(0, max_t(N·rate_t − amount_t))``, exact, then rounded
            once.

        Raises
        ------
        AdlError
            For a notional that is below 0 or no finite number.

        Examples
        --------
        >>> tiers = MarginTiers([0, 5], ["0.004", "0.005"])
        >>> tiers.maintenance_margin("0.4")
        0.0016
        >>> tiers.maintenance_margin([0, 5, 10])
        array([0.   , 0.02 , 0.045])
        """
        lines = [(Fraction(rate), Fraction(amount)) for rate, amount in zip(self.rate, self.amount, strict=True)]

        def margin(value: Fraction) -> float:
            return float(max(Fraction(0), *(value * rate - amount for rate, amount in lines)))

        found: float | Float64Array1D = _each(notional, margin, FLOAT64)
        return found

    @overload
    def tier(self, notional: Ratio) -> int: ...

    @overload
    def tier(self, notional: Many) -> Int64Array1D: ...

    def tier(self, notional: Ratio | Many) -> int | Int64Array1D:
        """The tier that holds a notional, counted from 0; a floor belongs to the tier it begins.

        Parameters
        ----------
        notional : decimal string, number or Fraction; or array_like of them, shape (n,)
            At least 0, in units of the settle asset.

        Returns
        -------
        int, or int64[n]

        Raises
        ------
        AdlError
            For a notional that is below 0 or no finite number.

        Examples
        --------
        >>> tiers = MarginTiers([0, 5], ["0.004", "0.005"])
        >>> tiers.tier("4.999"), tiers.tier(5)
        (0, 1)
        """
        floors = [Fraction(floor) for floor in self.floor]
        found: int | Int64Array1D = _each(notional, lambda value: bisect_right(floors, value) - 1, INT64)
        return found

    def arrays(self, quanta_per_unit: int) -> tuple[Float64Array1D, Float64Array1D]:
        """Rates, and amounts in quanta, as the margin pass reads them.

        Parameters
        ----------
        quanta_per_unit : int
            Of the settle asset: :attr:`Asset.quanta_per_unit`.

        Returns
        -------
        (float64[T], float64[T])
            Read-only; each number is exact, then rounded once.

        Raises
        ------
        AdlError
            If `quanta_per_unit` is not a whole number above 0.

        Examples
        --------
        >>> rate, amount = MarginTiers([0, 50_000], ["0.004", "0.005"]).arrays(100)
        >>> rate, amount
        (array([0.004, 0.005]), array([   0., 5000.]))
        """
        try:
            scale = whole_number(quanta_per_unit, "quanta_per_unit")
        except AdlError:
            scale = 0
        if scale <= 0:
            raise AdlError.at("quanta_per_unit", None, quanta_per_unit, "must be a whole number above 0")
        # Kept, because every margin state asks for them: exact arithmetic costs more than a small pass.
        kept: dict[int, tuple[Float64Array1D, Float64Array1D]] = self.__dict__.setdefault("_arrays", {})
        if scale not in kept:
            rate = np.array([float(rate) for rate in self.rate])
            amount = np.array([float(Fraction(amount) * scale) for amount in self.amount])
            kept[scale] = frozen(rate), frozen(amount)
        return kept[scale]

    def fields(self) -> dict[str, list[str]]:
        """Floors, rates and amounts as exact text that JSON holds; the same for equal tiers.

        Examples
        --------
        >>> MarginTiers([0, "5.0"], ["0.004", "0.0050"]).fields()
        {'floor': ['0', '5'], 'rate': ['0.004', '0.005'], 'amount': ['0', '0.005']}
        >>> MarginTiers([0], [1 / 6]).fields()
        {'floor': ['0'], 'rate': ['1/6'], 'amount': ['0']}
        """
        return {name: [ratio_text(Fraction(number)) for number in getattr(self, name)] for name in self.PICKLED}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Sequence[Ratio]]) -> MarginTiers:
        """The tiers of :meth:`fields`; amounts are taken as they are.

        Raises
        ------
        AdlError
            Names a key that is unknown or missing, and all that :class:`MarginTiers` refuses.

        Examples
        --------
        >>> tiers = MarginTiers([0, "5.0"], ["0.004", "0.0050"])
        >>> MarginTiers.from_fields(tiers.fields()) == tiers
        True
        """
        return cls(**exact_keys("tiers", fields, cls.PICKLED), check=False)


def rate_range_text(tiers: MarginTiers) -> str:
    """The range of the rates, as text."""
    low, high = (f"{_short(100 * Fraction(rate))} %" for rate in (tiers.rate[0], tiers.rate[-1]))
    return low if low == high else f"{low} to {high}"


def _short(number: Exact) -> str:
    """A number in few characters."""
    text = ratio_text(Fraction(number))
    return text if len(text) <= SHOWN_DIGITS and "/" not in text else f"{float(number):.6g}"


def _notional(value: Any, row: int | None) -> Fraction:
    """Read a notional: from 0 to the largest that people use."""
    # A fraction may be too large for its digits to be counted.
    number = value if isinstance(value, Fraction) and value > 10**MOST_DIGITS else exact_ratio(value, "notional", row)
    if number < 0:
        raise AdlError.at("notional", row, value, "must be at least 0")
    if number > 10**MOST_DIGITS:
        raise AdlError.at("notional", row, value, f"must be at most 1e{MOST_DIGITS}")
    return number


def _each(notional: Any, answer: Callable[[Fraction], Any], dtype: np.dtype[Any]) -> Any:
    """An answer for one notional, or an array of the answers for many."""
    if tier_columns.is_single(notional):
        return answer(_notional(notional, None))
    return np.array([answer(_notional(value, row)) for row, value in enumerate(notional)], dtype)
