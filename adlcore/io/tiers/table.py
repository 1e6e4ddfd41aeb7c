"""What a reader of tiers gives, and how it goes through the rows and keys of a payload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..._support.names import nearest_names
from ...contracts.decimals import exact_decimal
from ...errors import AdlError, value_text

__all__ = ["TierTable", "ascending", "number_of", "entry_of", "rows_of", "key_text", "value_of"]


@dataclass(frozen=True)
class TierTable:
    """Tiers by ascending floor; `digit` is one unit of the last digit of each amount."""

    floor: tuple[Decimal, ...]
    rate: tuple[Decimal, ...]
    amount: tuple[Decimal, ...] | None
    digit: tuple[Decimal, ...] | Decimal


def entry_of(named: Mapping[Any, Any], symbol: str | None) -> Any:
    """What belongs to a symbol; without one, what is there if it is alone."""
    names = [key_text(name) for name in named]
    if not isinstance(symbol, str | None):
        raise AdlError.at("symbol", None, symbol, "must be a name such as 'BTCUSDT'")
    if symbol is None:
        if len(named) == 1:
            return next(iter(named.values()))
        some = (", ".join(names[:5]) or "none") + (", ..." if len(names) > 5 else "")
        raise AdlError.at("symbol", None, symbol, f"must be one of the {len(named)} that are there: {some}")
    if symbol not in named:
        near = nearest_names(symbol, names) or names[:3]
        must = f"must be one of the {len(named)} that are there; nearest: {', '.join(near)}"
        raise AdlError.at("symbol", None, symbol, must)
    return named[symbol]


def key_text(name: object) -> str:
    """A key or a symbol, which should be text."""
    return name if isinstance(name, str) else value_text(name)


def rows_of(argument: str, rows: Any) -> list[Mapping[str, Any]]:
    """A list of dicts with at least one."""
    if not isinstance(rows, list | tuple) or not rows:
        kind = "empty" if isinstance(rows, list | tuple) else f"a {type(rows).__name__}"
        raise AdlError(f"{argument} is {kind}: must be a list of dicts, at least one", argument=argument)
    for row, entry in enumerate(rows):
        if not isinstance(entry, Mapping):
            raise AdlError.at(argument, row, entry, "must be a dict")
    return list(rows)


def value_of(place: str, entry: Mapping[str, Any], name: str) -> Any:
    """The value of a key of a dict that errors call `place`; refused with the keys that are there."""
    if name not in entry:
        there = ", ".join(map(key_text, entry)) or "nothing"
        raise AdlError(f"{place} has no {name!r}: must have one beside {there}", argument=name)
    return entry[name]


def number_of(argument: str, row: int, entry: Mapping[str, Any], name: str) -> Decimal:
    """The exact number of a key of a row."""
    return exact_decimal(value_of(f"{argument}[{row}]", entry, name), name, row)


def ascending(rows: list[tuple[Decimal, ...]]) -> list[tuple[Decimal, ...]]:
    """Columns of the rows by ascending floor, which is their first."""
    return list(zip(*sorted(rows, key=lambda row: row[0]), strict=True))
