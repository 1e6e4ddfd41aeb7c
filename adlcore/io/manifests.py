"""Manifests: JSON files that know each of their own bytes, and the SHA-256 of the files beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .._support.members import open_member, stat_member
from ..errors import AdlError

__all__ = [
    "MANIFEST",
    "HashingFile",
    "hash_error",
    "is_of_snapshot",
    "json_bytes",
    "manifest_bytes",
    "read_json",
    "refuse_altered",
]

MANIFEST = "manifest.json"

#: The last entry of a manifest: the SHA-256 of the whole file with nothing in this place.
CHECK_KEY = "check"


class HashingFile:
    """A file that is written once, from its start to its end; what pyarrow takes for a file.

    Parameters
    ----------
    file
        Where it goes; it is left open.
    """

    closed = False

    def __init__(self, file: Any) -> None:
        self._file, self._digest = file, hashlib.sha256()

    def write(self, data: Any) -> int:
        """Write all of it."""
        self._digest.update(data)
        self._file.write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing: whoever opened the file does."""

    def close(self) -> None:
        """Nothing: whoever opened the file does."""

    @property
    def sha256(self) -> str:
        """Of all that was written, as hexadecimal text."""
        return self._digest.hexdigest()


def hash_error(path: Path, expected: object) -> AdlError | None:
    """What to raise for a file that has not the SHA-256 it should have; what is no plain file is refused at once."""
    if stat_member(path) is None:
        return AdlError(f"{path.parent} was altered: has no {path.name}", argument="path", value=path.name)
    with open_member(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest == expected:
        return None
    message = f"{path} was altered: its SHA-256 is {digest}, the manifest says {expected}"
    return AdlError(message, argument="path", value=digest)


def json_bytes(values: Mapping[str, Any]) -> bytes:
    """Values as a file holds them: one text for what is said in one order."""
    return (json.dumps(values, indent=2) + "\n").encode()


def manifest_bytes(values: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest: the values, and the check of all of it."""
    check = hashlib.sha256(json_bytes({**values, CHECK_KEY: ""})).hexdigest()
    return json_bytes({**values, CHECK_KEY: check})


def read_json(path: Path) -> tuple[bytes, Any]:
    """The bytes of a file, and what they say as JSON.

    Raises
    ------
    AdlError
        If it is no plain file, or they are no JSON in UTF-8.
    """
    with open_member(path) as file:
        data = file.read()
    try:
        return data, json.loads(data.decode())
    except (ValueError, RecursionError) as error:  # of UTF-8 or JSON, or brackets without end
        raise AdlError(f"{path} cannot be read as JSON: {error}", argument="path", value=str(path)) from None


def is_of_snapshot(manifest: object) -> bool:
    """Whether what a manifest says is of a snapshot; one of a run has a status and hashes of several books."""
    return isinstance(manifest, dict) and "hash" in manifest and "status" not in manifest


def refuse_altered(
    path: Path, data: bytes, manifest: Mapping[str, Any], former_bytes: Callable[[dict[str, Any]], bytes]
) -> dict[str, Any]:
    """What a manifest says without its check, if its bytes are those that were written.

    White space, a key that stands there twice, or an order of keys says nothing as JSON, so the bytes are compared with
    those that are written for what they say. `former_bytes` gives those of manifests before they had a check of their
    bytes.
    """
    values = {name: value for name, value in manifest.items() if name != CHECK_KEY}
    try:
        is_whole = data in (manifest_bytes(values), former_bytes(values))
    except RecursionError:
        is_whole = False
    if not is_whole:
        raise AdlError(f"{path} was altered: its check does not fit its bytes", argument="path", value=str(path))
    return values
