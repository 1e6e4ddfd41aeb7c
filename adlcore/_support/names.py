"""The names that a caller may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ..errors import value_text
from .arrays import LONGEST_NAME

__all__ = ["nearest_names"]


def nearest_names(name: object, known: Iterable[str], most: int = 3, cutoff: float = 0.4) -> list[str]:
    """The known names that a name is nearly, whatever that is; the nearest first."""
    text = name[:LONGEST_NAME] if isinstance(name, str) else value_text(name)
    return difflib.get_close_matches(text, known, most, cutoff)
