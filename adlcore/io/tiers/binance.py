"""Margin tiers as venues and ccxt print them: which keys hold what, and how exact it is."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...contracts.decimals import EXACT, exact_decimal, last_digit, positive_decimal
from ...errors import AdlError, shown

__all__ = ["Table", "binance", "ccxt"]

#: Names of a bracket's floor: USD-M; COIN-M, as its page spells it; COIN-M under portfolio margin.
FLOORS = ("notionalFloor", "qtylFloor", "qtyFloor")


@dataclass(frozen=True)
class Table:
    """Tiers by ascending floor; `digit` is one unit of the last digit of each amount."""

    floor: tuple[Decimal, ...]
    rate: tuple[Decimal, ...]
    amount: tuple[Decimal, ...] | None
    digit: tuple[Decimal, ...] | Decimal


def binance(payload: Any, symbol: str | None) -> Table:
    """The brackets of one symbol of a ``leverageBracket`` response, times its coefficient."""
    named: dict[str, Mapping[str, Any]] = {}
    for row, entry in enumerate(_rows("payload", [payload] if isinstance(payload, Mapping) else payload)):
        # The older COIN-M endpoint names pairs.
        name = _text(entry.get("symbol", entry.get("pair")))
        if name in named:
            raise AdlError.at("payload", row, name, "must not be there twice")
        named[name] = entry
    entry = _picked(named, symbol)
    scale = positive_decimal(entry.get("notionalCoef", 1), "notionalCoef")
    rows = []
    for row, bracket in enumerate(_rows("brackets", _value("payload", entry, "brackets"))):
        floor = next((name for name in FLOORS if name in bracket), " or ".join(FLOORS))
        numbers = [_number("brackets", row, bracket, name) for name in (floor, "maintMarginRatio", "cum")]
        rows.append((*numbers, last_digit(bracket["cum"])))
    floors, rates, amounts, digits = _ascending(rows)
    scaled = [tuple(EXACT.multiply(number, scale) for number in column) for column in (floors, amounts, digits)]
    return Table(scaled[0], rates, scaled[1], scaled[2])


def ccxt(tiers: Any, symbol: str | None) -> Table:
    """The tiers of one symbol of ccxt's structures; without amounts unless every tier has its venue's."""
    if isinstance(tiers, Mapping) and "minNotional" in tiers:
        raise AdlError("tiers is one tier: must be a list of all of them, as [tier]", argument="tiers", value=tiers)
    rows = _rows("tiers", _picked(tiers, symbol) if isinstance(tiers, Mapping) else tiers)
    for tier in rows:
        found = tier.get("symbol")
        if symbol is not None and found not in (None, symbol):
            raise AdlError.at("symbol", None, symbol, f"must be {found!r}, which these tiers belong to")
    infos = [row["info"] if isinstance(row.get("info"), Mapping) else {} for row in rows]
    known = all(info.get("cum") is not None for info in infos)
    read = []
    for row, (tier, info) in enumerate(zip(rows, infos, strict=True)):
        numbers = [_number("tiers", row, tier, name) for name in ("minNotional", "maintenanceMarginRate")]
        amount = _number("info", row, info, "cum") if known else Decimal(0)
        read.append((*numbers, amount, last_digit(info["cum"]) if known else Decimal(0)))
    floors, rates, amounts, digits = _ascending(read)
    return Table(floors, rates, amounts if known else None, digits)


def _picked(named: Mapping[Any, Any], symbol: str | None) -> Any:
    """What belongs to a symbol; without one, what is there if it is alone."""
    names = [_text(name) for name in named]
    if not isinstance(symbol, str | None):
        raise AdlError.at("symbol", None, symbol, "must be a name such as 'BTCUSDT'")
    if symbol is None:
        if len(named) == 1:
            return next(iter(named.values()))
        some = (", ".join(names[:5]) or "none") + (", ..." if len(names) > 5 else "")
        raise AdlError.at("symbol", None, symbol, f"must be one of the {len(named)} that are there: {some}")
    if symbol not in named:
        near = difflib.get_close_matches(symbol, names, n=3, cutoff=0.4) or names[:3]
        must = f"must be one of the {len(named)} that are there; nearest: {', '.join(near)}"
        raise AdlError.at("symbol", None, symbol, must)
    return named[symbol]


def _text(name: object) -> str:
    """A key or a symbol, which should be text."""
    return name if isinstance(name, str) else shown(name)


def _rows(argument: str, rows: Any) -> list[Mapping[str, Any]]:
    """A list of dicts with at least one."""
    if not isinstance(rows, list | tuple) or not rows:
        found = "empty" if isinstance(rows, list | tuple) else f"a {type(rows).__name__}"
        raise AdlError(f"{argument} is {found}: must be a list of dicts, at least one", argument=argument)
    for row, entry in enumerate(rows):
        if not isinstance(entry, Mapping):
            raise AdlError.at(argument, row, entry, "must be a dict")
    return list(rows)


def _value(place: str, found: Mapping[str, Any], name: str) -> Any:
    if name not in found:
        there = ", ".join(map(_text, found)) or "nothing"
        raise AdlError(f"{place} has no {name!r}: must have one beside {there}", argument=name)
    return found[name]


def _number(argument: str, row: int, found: Mapping[str, Any], name: str) -> Decimal:
    return exact_decimal(_value(f"{argument}[{row}]", found, name), name, row)


def _ascending(rows: list[tuple[Decimal, ...]]) -> list[tuple[Decimal, ...]]:
    """Columns of the rows by ascending floor, which is their first."""
    return list(zip(*sorted(rows, key=lambda row: row[0]), strict=True))
