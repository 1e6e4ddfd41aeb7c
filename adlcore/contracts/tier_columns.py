"""The columns of margin tiers, read and checked: floors, rates, and amounts that make the margin continuous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from ..errors import AdlError
from .decimals import positional_text
from .ratios import Exact, bounded_number, exact_number


def is_single(values: Any) -> bool:
    """Whether this is one value and no sequence of them."""
    return (
        isinstance(values, str | bytes | bytearray | Mapping)
        or not isinstance(values, Iterable)
        or getattr(values, "ndim", 1) == 0
    )


def number_text(number: Exact) -> str:
    """A number as it was written."""
    return positional_text(number) if isinstance(number, Decimal) else str(number)


def column(argument: str, values: Any, length: int | None = None) -> list[Exact]:
    """Read one exact number per tier."""
    if is_single(values):
        raise AdlError.at(argument, None, values, "must be a sequence with one number per tier")
    numbers = [exact_number(value, argument, row) for row, value in enumerate(values)]
    if length is not None and len(numbers) != length:
        raise AdlError(
            f"{argument} has {len(numbers)} tiers: must have {length}, as many as floor",
            argument=argument,
            value=len(numbers),
        )
    return numbers


def amounts(values: Any, length: int) -> list[Exact]:
    """Read the given amounts: what is taken off the margin is not negative."""
    numbers = column("amount", values, length)
    for row, number in enumerate(numbers):
        if number < 0:
            raise AdlError.at("amount", row, number_text(number), "must be 0 or above: it is taken off the margin")
    return numbers


def check_floors(floors: list[Exact]) -> None:
    """Refuse floors that do not begin at 0 or do not rise."""
    if floors[0] != 0:
        raise AdlError.at("floor", 0, number_text(floors[0]), "must be 0: the first tier begins there")
    for row, (below, floor) in enumerate(pairwise(floors), 1):
        if not below < floor:
            raise AdlError.at(
                "floor", row, number_text(floor), f"must be above {number_text(below)}, the floor before it"
            )


def check_rates(rates: list[Exact]) -> None:
    """Refuse rates that are not above 0 and below 1, or fall."""
    for row, rate in enumerate(rates):
        if not 0 < rate < 1:
            raise AdlError.at("rate", row, number_text(rate), "must be above 0 and below 1")
        if row and rate < rates[row - 1]:
            must = f"must not be below {number_text(rates[row - 1])}, the rate before it"
            raise AdlError.at("rate", row, number_text(rate), must)


def continuous_amounts(floors: list[Exact], rates: list[Exact]) -> list[Exact]:
    """Amounts that make the margin continuous: ``a_n = floor_n·(r_n − r_{n−1}) + a_{n−1}``."""
    amounts: list[Exact] = [Decimal(0)]
    for row in range(1, len(floors)):
        step = Fraction(floors[row]) * (Fraction(rates[row]) - Fraction(rates[row - 1]))
        amount = Fraction(amounts[-1]) + step
        amounts.append(bounded_number(amount, "amount", row, amount))
    return amounts


def tolerances(tolerance: Any, length: int) -> list[Exact]:
    """Read how far each amount may lie from the derived one: one for all tiers, or one per tier."""
    argument, one = "amount_tolerance", is_single(tolerance)
    found = [exact_number(tolerance, argument)] * length if one else column(argument, tolerance, length)
    for row, value in enumerate(found):
        if value < 0:
            raise AdlError.at(argument, None if one else row, number_text(value), "must be at least 0")
    return found


def check_amounts(amounts: list[Exact], derived: list[Exact], tolerances: list[Exact]) -> None:
    """Refuse the first given amount that lies too far from the derived one."""
    for row, (given, exact, tolerance) in enumerate(zip(amounts, derived, tolerances, strict=True)):
        if abs(Fraction(given) - Fraction(exact)) > tolerance:
            near = f"within {number_text(tolerance)} of " if tolerance else ""
            must = f"must be {near}{number_text(exact)}, which floors and rates give (check=False takes it as it is)"
            raise AdlError.at("amount", row, number_text(given), must)
