"""By which version a run was made, where another one verifies it or goes on with it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..._version import __version__
from ...clearing.events import CAUSES, KINDS
from ...errors import AdlError

__all__ = ["made_by", "name_versions", "refuse_other_numbers"]


def made_by(manifest: Mapping[str, Any]) -> str:
    """The versions that a run was made by.

    Examples
    --------
    >>> made_by({"adlcore": "0.1.0", "numpy": "2.1.3"})
    'adlcore 0.1.0, numpy 2.1.3'
    """
    return f"adlcore {manifest['adlcore']}, numpy {manifest['numpy']}"


def _has_other_numbers(manifest: Mapping[str, Any]) -> bool:
    """Whether the version that made it knew other kinds or causes of events."""
    names = manifest["names"]
    return (names["kinds"], names["causes"]) != (list(KINDS), list(CAUSES))


def _versions_text(manifest: Mapping[str, Any]) -> str:
    """Which version made it, and which one this is; with what events they know where that differs."""
    then, now = f"adlcore {manifest['adlcore']}", f"adlcore {__version__}"
    if _has_other_numbers(manifest):
        kinds, causes = (len(manifest["names"][name]) for name in ("kinds", "causes"))
        then += f" with {kinds} kinds and {causes} causes of events"
        now += f" with {len(KINDS)} and {len(CAUSES)}"
    return f"was made by {then}, and this is {now}"


def refuse_other_numbers(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse to go on with a run whose events were of other kinds or causes: half of it would be of each version."""
    if _has_other_numbers(manifest):
        message = f"{folder} {_versions_text(manifest)}: must be sealed by that version, or be made anew"
        raise AdlError(message, argument="path", value=str(folder))


@contextlib.contextmanager
def name_versions(folder: Path, manifest: Mapping[str, Any]) -> Iterator[None]:
    """Name both versions where something differs in a run that another version made: that may be why."""
    try:
        yield
    except AdlError as error:
        is_other = manifest["adlcore"] != __version__ or _has_other_numbers(manifest)
        if not is_other or error.argument not in ("path", "house") or type(error) is not AdlError:
            raise
        message = f"{folder} {_versions_text(manifest)}, which makes something else: {error}"
        raise AdlError(message, argument=error.argument, row=error.row, value=error.value, must=error.must) from None
