"""Exact conversion: prices and shares by name, and what a leverage locks; never through a float."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ..._support.arrays import INT64_MAX
from ...contracts.decimals import Number, canonical, exact_decimal, positive_decimal
from ...errors import AdlError, keyed, value_text

__all__ = ["by_name", "read_entry", "locked_margin", "prices_by_row", "read_cell", "read_share"]


def by_name(name: str, given: Any, known: Mapping[str, int], read: Any, absent: Any) -> tuple[Any, ...]:
    """Exact numbers by symbol or asset, as a tuple in the order of `known`.

    A mapping leaves out what it does not know; `absent` stands for that. A sequence cannot leave out: None
    is an entry of it where `absent` is None too.
    """
    if given is None:
        return (absent,) * len(known)
    if not isinstance(given, Mapping | list | tuple):
        raise AdlError.at(name, None, given, "must be a mapping of names to numbers, or a sequence of numbers")
    if not isinstance(given, Mapping):
        if len(given) != len(known):
            raise AdlError(f"{name} has {len(given)} entries: must have {len(known)}, or be a mapping", argument=name)
        listed = zip(known, given, strict=True)
        return tuple(
            absent if value is None and absent is None else read_entry(name, key, value, read) for key, value in listed
        )
    for key in given:
        if key not in known:
            raise AdlError.at(name, None, key, f"must be one of {', '.join(list(known)[:12])}")
    return tuple(read_entry(name, key, given[key], read) if key in given else absent for key in known)


def read_entry(name: str, key: Any, value: Any, read: Any) -> Any:
    """A number of a mapping, by its key; None is no number, and no way to say nothing."""
    if value is None:
        raise AdlError.at(
            keyed(name, key), None, value, f"must be a number; leave {value_text(key)} out where there is none"
        )
    return read(value, keyed(name, key))


def prices_by_row(name: str, given: Any, known: Mapping[str, int]) -> dict[int, Decimal]:
    """The prices that are given, by row of `known`; by name only, for a sequence could be in another order."""
    if given is not None and not isinstance(given, Mapping):
        raise AdlError.at(name, None, given, "must be a mapping of names to prices")
    read = by_name(name, given or {}, known, positive_decimal, None)
    return {row: price for row, price in zip(known.values(), read, strict=True) if price is not None}


def read_cell(argument: str, row: int | None, value: Any, read: Callable[[Any], Any]) -> Any:
    """Read one value; an error names its argument, or its table, column and row."""
    try:
        return read(value)
    except AdlError as error:
        raise error.placed(argument, row, value) from None


def read_share(value: Number, argument: str) -> Decimal:
    """An exact share: from 0 to 1, both of which may be."""
    number = exact_decimal(value, argument)
    if not 0 <= number <= 1:
        raise AdlError.at(argument, None, value, "must be a share, from 0 to 1")
    return number


def locked_margin(notional: int, leverage: Decimal) -> int:
    """What an order of such a value locks: ``notional/leverage``, rounded up."""
    locked = math.ceil(notional / Fraction(leverage))
    if locked > INT64_MAX:
        raise AdlError.at("leverage", None, canonical(leverage), "must lock a margin that fits int64 quanta")
    return locked
