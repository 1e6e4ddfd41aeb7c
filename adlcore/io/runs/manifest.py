"""``manifest.json`` of a run: what it was made with, whether it is sealed, and the hashes of all it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..._support.options import exact_keys, require_option
from ..._version import __version__
from ...clearing import ClearingHouse
from ...clearing.events import CAUSES, KINDS
from ...contracts.decimals import whole_number
from ...errors import AdlError, keyed
from ..manifests import CHECK_KEY, MANIFEST, is_of_snapshot, json_bytes, manifest_bytes, read_json, refuse_altered
from .files import open_temporary
from .opening import books_at_opening

__all__ = ["MANIFEST", "SCHEMA", "opening_manifest", "read_manifest", "sealed_manifest", "write_manifest"]

#: Of the folder. One that is not known is refused.
SCHEMA = 1

#: What each part of it has.
PARTS: dict[str, dict[str, type]] = {
    "names": dict.fromkeys(("parties", "kinds", "causes"), list),
    "opening": {"time": int, "sequence": int, "digest": str, "funds": list, "uncovered": list},
    "hashes": dict.fromkeys(("before", "before_snapshot", "digest", "after", "after_snapshot"), str),
    "counts": dict.fromkeys(("passes", "events"), int),
}
#: What is null until the run is sealed.
NULL_UNTIL_SEALED = ("hashes.digest", "hashes.after", "hashes.after_snapshot", "counts.passes", "counts.events")
#: Numbers that are counts.
COUNTS = ("opening.sequence", "counts.passes", "counts.events")
#: Of its opening, what was not kept at first: a run of that time has none of them.
OPTIONAL_OPENING_KEYS = ("funds", "uncovered")
#: Levels of a configuration, one in the other.
MOST_LEVELS = 100

KEYS = ("schema", "adlcore", "numpy", "status", "configuration", *PARTS, "files")
#: Of those that are no part.
TYPES = {"adlcore": str, "numpy": str, "configuration": dict, "files": dict}
STATUSES = ("open", "sealed")


def opening_manifest(house: ClearingHouse, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of a run that begins with a house."""
    state = house.state()
    return {
        "schema": SCHEMA,
        "adlcore": __version__,
        "numpy": np.__version__,
        "status": "open",
        "configuration": _json_values(configuration),
        # The numbers of an open run mean these; contracts, assets and accounts stand in `before`.
        "names": {"parties": list(state.parties.names), "kinds": list(KINDS), "causes": list(CAUSES)},
        "opening": {
            **{"time": state.time, "sequence": state.sequence, "digest": state.digest.hex()},
            **books_at_opening(house),
        },
        "hashes": {
            **{"before": state.hash, "before_snapshot": state.snapshot.hash},
            **{"digest": None, "after": None, "after_snapshot": None},
        },
        "counts": {"passes": None, "events": None},
        "files": {},
    }


def sealed_manifest(
    manifest: Mapping[str, Any], house: ClearingHouse, passes: int, files: Mapping[str, str]
) -> dict[str, Any]:
    """The manifest of a run that ends with a house after so many passes; `files` are SHA-256 by name."""
    state = house.state()
    after = {"digest": state.digest.hex(), "after": state.hash, "after_snapshot": state.snapshot.hash}
    return {
        **manifest,
        "status": "sealed",
        "hashes": {**manifest["hashes"], **after},
        "counts": {"passes": passes, "events": state.sequence - manifest["opening"]["sequence"]},
        "files": dict(files),
    }


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Replace the manifest of a run: this is where it begins, or is sealed."""
    with open_temporary(folder / MANIFEST) as file:
        file.write(manifest_bytes(manifest))


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a run says of itself.

    Raises
    ------
    AdlError
        If the folder is no run, is of another schema, its manifest was altered, or says what none can: the key is
        named.
    """
    path = folder / MANIFEST
    try:
        data, manifest = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        if not folder.exists():
            raise FileNotFoundError(2, "No such file or directory", str(folder)) from None
        raise AdlError(f"{folder} is no run: has no {MANIFEST}", argument="path", value=str(folder)) from None
    if is_of_snapshot(manifest):
        message = f"{path} is no run's: {folder} is a snapshot, must be a run as adlcore.io.record makes it"
        raise AdlError(message, argument="path", value=str(folder))
    if not isinstance(manifest, dict) or "status" not in manifest or "schema" not in manifest:
        raise AdlError(f"{path} is no run's: must have a schema and a status", argument="path", value=str(path))
    if isinstance(manifest["schema"], bool | float) or manifest["schema"] != SCHEMA:
        message = f"{folder} is a run of schema {manifest['schema']}: this adlcore reads schema {SCHEMA}"
        raise AdlError(message, argument="path", value=manifest["schema"])
    manifest = refuse_altered(path, data, manifest, _former_bytes)
    exact_keys(str(path), manifest, KEYS)
    _refuse_other_types(path, manifest)
    try:
        bytes.fromhex(manifest["opening"]["digest"])
    except ValueError:
        must = "must be hexadecimal"
        raise AdlError.at(f"{path}: opening.digest", None, manifest["opening"]["digest"], must) from None
    return manifest


def _refuse_other_types(path: Path, manifest: Mapping[str, Any]) -> None:
    """Refuse a value of another type than is written: whoever knows how the check is made can write any.

    What funds and wallets held is looked at beside the books, when it is asked for.
    """
    require_option(f"{path}: status", manifest["status"], STATUSES)
    for name, kind in TYPES.items():
        _refuse_other_type(f"{path}: {name}", manifest[name], kind)
    for name, digest in manifest["files"].items():
        _refuse_other_type(keyed(f"{path}: files", name), digest, str)
    for part, kinds in PARTS.items():
        keys = tuple(kinds)
        if (
            part == "opening"
            and isinstance(manifest[part], dict)
            and manifest[part].keys().isdisjoint(OPTIONAL_OPENING_KEYS)
        ):
            keys = tuple(key for key in kinds if key not in OPTIONAL_OPENING_KEYS)
        for key, value in exact_keys(f"{path}: {part}", manifest[part], keys).items():
            name = f"{part}.{key}"
            if name in NULL_UNTIL_SEALED and manifest["status"] == "open":
                if value is not None:
                    raise AdlError.at(f"{path}: {name}", None, value, "must be null until the run is sealed")
                continue
            _refuse_other_type(f"{path}: {name}", value, kinds[key])
            if kinds[key] is int and whole_number(value, f"{path}: {name}") < 0 and name in COUNTS:
                raise AdlError.at(f"{path}: {name}", None, value, "must be 0 or above")
    for key, words in manifest["names"].items():
        for row, word in enumerate(words):
            if not isinstance(word, str):
                raise AdlError.at(f"{path}: names.{key}", row, word, "must be text")


def _refuse_other_type(place: str, value: object, kind: type) -> None:
    """Refuse a value that is not of a type; a truth is no number."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise AdlError.at(place, None, value, f"must be of type {kind.__name__}")


def _former_bytes(values: dict[str, Any]) -> bytes:
    """A manifest as it was written when its check was that of its values in order of their names."""
    plain = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return json_bytes({**values, CHECK_KEY: hashlib.sha256(plain.encode()).hexdigest()})


def _json_values(configuration: Mapping[str, Any]) -> Any:
    """What JSON keeps of a configuration."""
    must = "must be a mapping that JSON can hold"
    if not isinstance(configuration, Mapping):
        raise AdlError.at("configuration", None, configuration, must)
    try:
        plain = json.loads(json.dumps(dict(configuration), allow_nan=False, indent=2), object_pairs_hook=_distinct_keys)
        _refuse_deeper(plain, MOST_LEVELS)
        return plain
    except (TypeError, ValueError, RecursionError) as error:
        message = f"configuration cannot be kept ({error}): {must}"
        raise AdlError(message, argument="configuration", must=must) from None


def _refuse_deeper(value: Any, most: int) -> None:
    """Refuse what is nested in more levels: how many can be read back differs from one Python to the next."""
    levels, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        levels += 1
        if levels > most:
            raise ValueError(f"it is nested in more than {most} levels")
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping whose keys are still as many when they are text."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise ValueError(f"two keys of {list(mapping)} are the same as text")
    return mapping
