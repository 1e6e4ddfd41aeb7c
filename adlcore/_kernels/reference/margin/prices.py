"""The prices at which equity falls to the maintenance margin, or to nothing: the twin of ``prices.pyx``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.money import same_length

Array = npt.NDArray[Any]

__all__ = ["Exposures", "PriceTerms", "root_price_pairs", "root_prices"]


class Exposures:
    """Positions whose price is asked for, and what their wallets have beside them."""

    def __init__(self, quantity: Array, entry_value: Array, budget: Array, opposite: Array | None = None) -> None:
        self.quantity, self.entry_value, self.budget, self.opposite = quantity, entry_value, budget, opposite
        for name, column in (("entry_value", entry_value), ("budget", budget), ("opposite", opposite)):
            if column is not None:
                same_length(name, len(column), len(quantity))


class PriceTerms:
    """What a lot is worth to its wallet and costs it: of each tier the amount, and the slopes of longs and shorts."""

    def __init__(
        self, rate: Array, amount: Array, *, kept_share: float, fee: float, value_at_one: float, inverse: bool
    ) -> None:
        same_length("amount", len(amount), len(rate))
        sign = -1.0 if inverse else 1.0
        self.kept_share, self.value_at_one, self.inverse = kept_share, value_at_one, inverse
        self.tiers = [
            (a, kept_share - sign * (r + fee), kept_share + sign * (r + fee))
            for r, a in zip(rate.tolist(), amount.tolist(), strict=True)
        ]

    def price(self, value: float) -> float:
        """The price at which a lot has that value."""
        return -self.value_at_one / value if self.inverse else value / self.value_at_one


def root_prices(positions: Exposures, terms: PriceTerms, out: Array) -> None:
    """Write the price at which ``budget + kept_share·U = N·(rate + fee) - amount`` under the right tier."""
    quantity, entry_value, budget = positions.quantity, positions.entry_value, positions.budget
    same_length("out", len(out), len(quantity))
    if not terms.tiers:
        raise ValueError("terms", None, 0, "must have a tier at least")
    long = quantity > 0
    highest, lowest = np.full(len(out), -np.inf), np.full(len(out), np.inf)
    hopeless = np.zeros(len(out), bool)
    with np.errstate(all="ignore"):
        for amount, long_slope, short_slope in terms.tiers:
            need = terms.kept_share * entry_value - budget - amount
            slope = np.where(long, long_slope, short_slope)
            root = need / slope
            highest = np.where((slope > 0) & (root > highest), root, highest)
            lowest = np.where((slope < 0) & (root < lowest), root, lowest)
            hopeless |= (slope == 0) & (need > 0)
        hopeless |= (lowest < highest) | (lowest <= 0)
        # Where no line rises to a price, equity may fail on the other side.
        value, other = highest / quantity, lowest / quantity
        outside, inside = (value >= 0, other < 0) if terms.inverse else (value <= 0, other > 0)
        value = np.where(outside & inside & (lowest < np.inf), other, value)
        never = np.where(long, np.inf, 0.0)
        if terms.inverse:
            price = np.where(value >= 0, np.where(long, never, np.nan), -terms.value_at_one / value)
        else:
            price = np.where(value <= 0, np.where(long, np.nan, never), value / terms.value_at_one)
    out[:] = np.where(quantity == 0, np.nan, np.where(hopeless, never, price))


def root_price_pairs(positions: Exposures, terms: PriceTerms, lower: Array, upper: Array) -> None:
    """Write the prices below and above which a long and a short leg of one contract in one wallet fail."""
    same_length("lower", len(lower), len(positions.quantity))
    same_length("upper", len(upper), len(positions.quantity))
    if positions.opposite is None:
        if len(positions.quantity):
            raise ValueError("positions", None, None, "must have an opposite quantity")
        return
    inverse = terms.inverse
    for i, (q, o) in enumerate(zip(positions.quantity.tolist(), positions.opposite.tolist(), strict=True)):
        low, high, hopeless = -math.inf, math.inf, False
        for a, *own in terms.tiers:
            for b, *other in terms.tiers:
                need = terms.kept_share * positions.entry_value.item(i) - positions.budget.item(i) - a - b
                slope = q * own[not q > 0] + o * other[not o > 0]
                if slope > 0:
                    low = max(low, need / slope)
                elif slope < 0:
                    high = min(high, need / slope)
                else:
                    hopeless |= need > 0
        hopeless |= low > high or (low >= 0 if inverse else high <= 0)
        if q == 0 and o == 0:
            lower[i] = upper[i] = math.nan
        elif hopeless:
            lower[i], upper[i] = math.inf, 0.0
        else:
            lower[i] = terms.price(low) if low > -math.inf and (inverse or low > 0) else math.nan
            upper[i] = terms.price(high) if high < math.inf and (not inverse or high < 0) else math.nan
