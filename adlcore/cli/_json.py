"""What commands print for machines: one JSON document."""

from __future__ import annotations

import json
from typing import Any

from ._screen import print_lines

__all__ = ["price_or_none", "print_json", "records"]


def print_json(document: dict[str, Any]) -> None:
    """Print one JSON document on stdout; what is not finite is null."""
    text = json.dumps(_plain(document), allow_nan=False, indent=2)
    print_lines(text.replace("\x7f", "\\u007f"))  # the one control character that JSON leaves as it is


def _plain(value: Any) -> Any:
    """Python's own types, without NaN and infinities."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    item = value.item() if hasattr(value, "item") else value
    if isinstance(item, float):
        return item if abs(item) < float("inf") else None
    return item if item is None or isinstance(item, str | int | bool) else str(item)


def records(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Columns of one length as one mapping a row."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def price_or_none(price: float) -> float | None:
    """A liquidation price for machines: none where no price, or every price, is too late."""
    return price if 0 < price < float("inf") else None
