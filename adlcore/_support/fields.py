"""Values as dictionaries of exact text, and the refusal of keys that do not belong there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import AdlError, shown


def exact_keys(argument: str, fields: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields of exactly these names; a key that is unknown or missing is refused by its name."""
    if not isinstance(fields, Mapping):
        raise AdlError.at(argument, None, fields, f"must be a dict with {', '.join(names)}")
    for key in fields:
        if key not in names:
            raise AdlError(
                f"{argument} has an unknown key {shown(key)}: must have {', '.join(names)}", argument=argument
            )
    for name in names:
        if name not in fields:
            raise AdlError(f"{argument} has no {name!r}: must have {', '.join(names)}", argument=argument)
    return dict(fields)
