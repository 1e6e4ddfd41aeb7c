"""The prices at which equity falls to the maintenance margin, or to nothing: the twin of ``prices.pyx``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["root_price_pairs", "root_prices"]


def root_prices(
    quantity: Array,
    entry_value: Array,
    budget: Array,
    keep: float,
    fee: float,
    rate: Array,
    amount: Array,
    units: float,
    inverse: bool,
    out: Array,
) -> None:
    """Write the price at which ``budget + keep·U = N·(rate + fee) - amount`` under the right tier.

    `budget` is what the wallet has beside the position, less what its other positions must keep;
    `keep` the share of the position's profit and loss that counts as equity (1, or a collateral
    rate). Money is in one unit throughout, `units` is the value of a lot at price 1 in it.
    """
    sign = -1.0 if inverse else 1.0
    long = quantity > 0
    highest, lowest = np.full(len(out), -np.inf), np.full(len(out), np.inf)
    hopeless = np.zeros(len(out), bool)
    with np.errstate(all="ignore"):
        for r, a in zip(rate.tolist(), amount.tolist(), strict=True):
            need = keep * entry_value - budget - a
            slope = np.where(long, keep - sign * (r + fee), keep + sign * (r + fee))
            root = need / slope
            highest = np.where((slope > 0) & (root > highest), root, highest)
            lowest = np.where((slope < 0) & (root < lowest), root, lowest)
            hopeless |= (slope == 0) & (need > 0)
        hopeless |= (lowest < highest) | (lowest <= 0)
        # Where no line rises to a price, equity may fail on the other side.
        value, other = highest / quantity, lowest / quantity
        outside, inside = (value >= 0, other < 0) if inverse else (value <= 0, other > 0)
        value = np.where(outside & inside & (lowest < np.inf), other, value)
        never = np.where(long, np.inf, 0.0)
        if inverse:
            price = np.where(value >= 0, np.where(long, never, np.nan), -units / value)
        else:
            price = np.where(value <= 0, np.where(long, np.nan, never), value / units)
    out[:] = np.where(quantity == 0, np.nan, np.where(hopeless, never, price))


def root_price_pairs(
    quantity: Array,
    opposite: Array,
    entry_value: Array,
    budget: Array,
    keep: float,
    fee: float,
    rate: Array,
    amount: Array,
    units: float,
    inverse: bool,
    lower: Array,
    upper: Array,
) -> None:
    """The prices below and above which a long and a short leg of one contract in one wallet fail.

    `entry_value` is that of both legs together. NaN where there is no such price; +inf below and 0
    above where equity is short of the margin at every price.
    """
    sign = -1.0 if inverse else 1.0
    tiers = list(zip(rate.tolist(), amount.tolist(), strict=True))
    for i, (q, o) in enumerate(zip(quantity.tolist(), opposite.tolist(), strict=True)):
        first, second = (sign if leg > 0 else -sign for leg in (q, o))
        low, high, hopeless = -math.inf, math.inf, False
        for r, a in tiers:
            for s, b in tiers:
                need = keep * entry_value.item(i) - budget.item(i) - a - b
                slope = q * (keep - first * (r + fee)) + o * (keep - second * (s + fee))
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
            lower[i] = _price(low, units, inverse) if low > -math.inf and (inverse or low > 0) else math.nan
            upper[i] = _price(high, units, inverse) if high < math.inf and (not inverse or high < 0) else math.nan


def _price(value: float, units: float, inverse: bool) -> float:
    """The price at which a lot has that value."""
    return -units / value if inverse else value / units
