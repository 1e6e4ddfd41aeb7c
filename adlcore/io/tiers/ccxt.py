"""The tiers of a symbol in ccxt's structures, with the amounts of the venue where it has some."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...contracts.decimals import last_digit
from ...errors import AdlError
from .table import TierTable, ascending, entry_of, number_of, rows_of

__all__ = ["tier_table"]


def tier_table(tiers: Any, symbol: str | None) -> TierTable:
    """The tiers of one symbol of ccxt's structures; without amounts unless every tier has its venue's."""
    if isinstance(tiers, Mapping) and "minNotional" in tiers:
        raise AdlError("tiers is one tier: must be a list of all of them, as [tier]", argument="tiers", value=tiers)
    rows = rows_of("tiers", entry_of(tiers, symbol) if isinstance(tiers, Mapping) else tiers)
    for tier in rows:
        named = tier.get("symbol")
        if symbol is not None and named not in (None, symbol):
            raise AdlError.at("symbol", None, symbol, f"must be {named!r}, which these tiers belong to")
    infos = [row["info"] if isinstance(row.get("info"), Mapping) else {} for row in rows]
    has_amounts = all(info.get("cum") is not None for info in infos)
    numbers_of_tiers = []
    for row, (tier, info) in enumerate(zip(rows, infos, strict=True)):
        numbers = [number_of("tiers", row, tier, name) for name in ("minNotional", "maintenanceMarginRate")]
        amount = number_of("info", row, info, "cum") if has_amounts else Decimal(0)
        numbers_of_tiers.append((*numbers, amount, last_digit(info["cum"]) if has_amounts else Decimal(0)))
    floors, rates, amounts, digits = ascending(numbers_of_tiers)
    return TierTable(floors, rates, amounts if has_amounts else None, digits)
