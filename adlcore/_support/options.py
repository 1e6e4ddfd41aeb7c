"""Options, lists and fields as callers give them: whatever is given instead is refused by its name."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import AdlError, value_text

__all__ = ["read_list", "read_path", "read_flag", "exact_keys", "is_count", "is_text_of", "require_option"]


def is_text_of(value: object, known: Collection[str]) -> bool:
    """Whether this is a text among those that are known: an array, or what has no hash, is none."""
    return isinstance(value, str) and value in known


def require_option(argument: str, value: object, known: Collection[str], must: str | None = None) -> None:
    """Refuse an option that is none of the texts that are known; `must` says it in other words."""
    if not is_text_of(value, known):
        raise AdlError.at(argument, None, value, must or f"must be one of {', '.join(known)}")


def is_count(value: object, least: int, most: int | None = None) -> bool:
    """Whether this is a whole number of a range, NumPy's too; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        return False
    return least <= int(value) and (most is None or int(value) <= most)


def read_flag(argument: str, value: object) -> bool:
    """True or False; the text "False" and a column are neither."""
    if not isinstance(value, bool | np.bool_):
        raise AdlError.at(argument, None, value, "must be True or False")
    return bool(value)


def read_list(argument: str, values: Any, must: str, row: int | None = None) -> list[Any]:
    """What can be gone through, as a list; a text, a mapping and an array of no dimension cannot."""
    if isinstance(values, str | bytes | bytearray | Mapping | type):
        raise AdlError.at(argument, row, values, must)
    try:
        each = iter(values)
    except TypeError:
        raise AdlError.at(argument, row, values, must) from None
    return list(each)


def exact_keys(argument: str, fields: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields of exactly these names; a key that is unknown or missing is refused by its name."""
    if not isinstance(fields, Mapping):
        raise AdlError.at(argument, None, fields, f"must be a dict with {', '.join(names)}")
    for key in fields:
        if key not in names:
            raise AdlError(
                f"{argument} has an unknown key {value_text(key)}: must have {', '.join(names)}", argument=argument
            )
    for name in names:
        if name not in fields:
            raise AdlError(f"{argument} has no {name!r}: must have {', '.join(names)}", argument=argument)
    return dict(fields)


def read_path(argument: str, path: Any) -> Path:
    """The path of a file or folder; what no file system can hold is none."""
    if not isinstance(path, str | os.PathLike) or isinstance(named := os.fspath(path), bytes):
        raise AdlError.at(argument, None, path, "must be a path, as text or a pathlib.Path")
    try:
        sound = b"\0" not in os.fsencode(named)
    except UnicodeEncodeError:
        sound = False
    if not sound:
        raise AdlError.at(argument, None, named, "must be a path without characters that no file name has")
    return Path(named)
