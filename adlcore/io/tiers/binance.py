"""Binance's brackets of a symbol, of USD-M and COIN-M futures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...contracts.decimals import EXACT, last_digit, positive_decimal
from ...errors import AdlError
from .table import TierTable, ascending, entry_of, key_text, number_of, rows_of, value_of

__all__ = ["bracket_table"]

#: Names of a bracket's floor: USD-M; COIN-M, as its page spells it; COIN-M under portfolio margin.
FLOORS = ("notionalFloor", "qtylFloor", "qtyFloor")


def bracket_table(payload: Any, symbol: str | None) -> TierTable:
    """The brackets of one symbol of a ``leverageBracket`` response, times its coefficient."""
    named: dict[str, Mapping[str, Any]] = {}
    for row, entry in enumerate(rows_of("payload", [payload] if isinstance(payload, Mapping) else payload)):
        # The older COIN-M endpoint names pairs.
        name = key_text(entry.get("symbol", entry.get("pair")))
        if name in named:
            raise AdlError.at("payload", row, name, "must not be there twice")
        named[name] = entry
    entry = entry_of(named, symbol)
    scale = positive_decimal(entry.get("notionalCoef", 1), "notionalCoef")
    rows = []
    for row, bracket in enumerate(rows_of("brackets", value_of("payload", entry, "brackets"))):
        floor = next((name for name in FLOORS if name in bracket), " or ".join(FLOORS))
        numbers = [number_of("brackets", row, bracket, name) for name in (floor, "maintMarginRatio", "cum")]
        rows.append((*numbers, last_digit(bracket["cum"])))
    floors, rates, amounts, digits = ascending(rows)
    scaled = [tuple(EXACT.multiply(number, scale) for number in column) for column in (floors, amounts, digits)]
    return TierTable(scaled[0], rates, scaled[1], scaled[2])
