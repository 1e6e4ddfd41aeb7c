"""The columns of margin tiers, read and checked: floors, rates, and amounts that make the margin continuous."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from .decimals import EXACT, bounded, canonical, exact_decimal, plain
from .errors import AdlError


def single(values: Any) -> bool:
    """Whether this is one value and no sequence of them."""
    return (
        isinstance(values, str | bytes | bytearray | Mapping)
        or not isinstance(values, Iterable)
        or getattr(values, "ndim", 1) == 0
    )


def column(argument: str, values: Any, length: int | None = None) -> list[Decimal]:
    """Read one exact decimal per tier."""
    if single(values):
        raise AdlError.at(argument, None, values, "must be a sequence with one number per tier")
    numbers = [exact_decimal(value, argument, row) for row, value in enumerate(values)]
    if length is not None and len(numbers) != length:
        raise AdlError(
            f"{argument} has {len(numbers)} tiers: must have {length}, as many as floor",
            argument=argument,
            value=len(numbers),
        )
    return numbers


def amounts(values: Any, length: int) -> list[Decimal]:
    """Read the given amounts: what is taken off the margin is not negative."""
    numbers = column("amount", values, length)
    for row, number in enumerate(numbers):
        if number < 0:
            raise AdlError.at("amount", row, plain(number), "must be 0 or above: it is taken off the margin")
    return numbers


def check_floors(floors: list[Decimal]) -> None:
    if floors[0] != 0:
        raise AdlError.at("floor", 0, plain(floors[0]), "must be 0: the first tier begins there")
    for row, (below, floor) in enumerate(pairwise(floors), 1):
        if not below < floor:
            raise AdlError.at("floor", row, plain(floor), f"must be above {plain(below)}, the floor before it")


def check_rates(rates: list[Decimal]) -> None:
    for row, rate in enumerate(rates):
        if not 0 < rate < 1:
            raise AdlError.at("rate", row, plain(rate), "must be above 0 and below 1")
        if row and rate < rates[row - 1]:
            must = f"must not be below {plain(rates[row - 1])}, the rate before it"
            raise AdlError.at("rate", row, plain(rate), must)


def derived(floors: list[Decimal], rates: list[Decimal]) -> list[Decimal]:
    """Amounts that make the margin continuous: ``a_n = floor_n·(r_n − r_{n−1}) + a_{n−1}``."""
    amounts = [Decimal(0)]
    for row in range(1, len(floors)):
        step = EXACT.multiply(floors[row], EXACT.subtract(rates[row], rates[row - 1]))
        amount = Decimal(canonical(EXACT.add(amounts[-1], step)))
        amounts.append(bounded(amount, "amount", row, plain(amount)))
    return amounts


def tolerances(tolerance: Any, length: int) -> list[Decimal]:
    argument, one = "amount_tolerance", single(tolerance)
    found = [exact_decimal(tolerance, argument)] * length if one else column(argument, tolerance, length)
    for row, value in enumerate(found):
        if value < 0:
            raise AdlError.at(argument, None if one else row, plain(value), "must be at least 0")
    return found


def check_amounts(amounts: list[Decimal], derived: list[Decimal], tolerances: list[Decimal]) -> None:
    for row, (given, exact, tolerance) in enumerate(zip(amounts, derived, tolerances, strict=True)):
        if abs(EXACT.subtract(given, exact)) > tolerance:
            near = f"within {canonical(tolerance)} of " if tolerance else ""
            must = f"must be {near}{canonical(exact)}, which floors and rates give (check=False takes it as it is)"
            raise AdlError.at("amount", row, plain(given), must)
