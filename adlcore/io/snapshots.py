"""A snapshot as a folder of Parquet files, one a table, which other tools read too."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .._support import files
from .._support.extras import require
from .._support.members import READ, open_member, open_named, stat_member
from .._support.options import exact_keys, read_flag, read_path
from .._version import __version__
from ..clearing import Snapshot
from ..clearing.snapshot import archive
from ..errors import AdlError
from .manifests import (
    CHECK_KEY,
    MANIFEST,
    HashingFile,
    hash_error,
    json_bytes,
    manifest_bytes,
    read_json,
    refuse_altered,
)
from .parquet import refuse_damaged_parquet

__all__ = ["FILE_NAMES", "load", "read_snapshot_manifest", "save", "write_files"]

#: Of the manifest; folders that were written before they had the SHA-256 of each file have no ``files``.
KEYS = ("schema", "adlcore", "files", "hash")

INTEGER, FLOAT, TEXT, TEXTS, LABEL = "int64", "float64", "text", "a list of text", "int64 or text"

#: The columns of each file. What refers to a contract, an asset or a wallet is its row there.
FILES = {
    "contracts": {
        **{"symbol": TEXT, "kind": TEXT, "settle": TEXT, "decimals": INTEGER, "multiplier": TEXT, "lot": TEXT},
        **{"tick": TEXT, "max_price": TEXT, "tier_floor": TEXTS, "tier_rate": TEXTS, "tier_amount": TEXTS},
        "mark": TEXT,
    },
    "assets": {"name": TEXT, "decimals": INTEGER, "index_price": TEXT, "haircut": TEXT, "loan_rate": TEXT},
    "wallets": {"account": LABEL, "asset": INTEGER, "mode": INTEGER, "balance": INTEGER},
    "positions": {
        **{"contract": INTEGER, "wallet": INTEGER, "quantity": INTEGER, "entry_value": INTEGER},
        "leverage": FLOAT,
    },
    "orders": {"contract": INTEGER, "wallet": INTEGER, "quantity": INTEGER, "price": INTEGER, "locked": INTEGER},
    "balances": {"wallet": INTEGER, "asset": INTEGER, "amount": INTEGER, "loan": INTEGER},
}

#: What a folder holds.
FILE_NAMES = (*(f"{table}.parquet" for table in FILES), MANIFEST)

#: Nothing is known where these are empty; every other cell says something.
OPTIONAL = {"tick", "max_price", "tier_floor", "tier_rate", "tier_amount", "mark", "index_price"}

#: Of the margin tiers, by the name in `Contract.fields`.
TIERS = ("floor", "rate", "amount")

#: What one cell of an asset says, by the name of the whole row in the terms.
ASSET_TERMS = {"index_price": "index_prices", "haircut": "haircuts", "loan_rate": "loan_rates"}


def save(snapshot: Snapshot, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a snapshot as a folder of Parquet files.

    Parameters
    ----------
    snapshot : Snapshot
    folder : path
        Made where it is not there; its parent must be. It may be a link to a folder; nothing in it may be one. The
        current folder it cannot be.
    overwrite : bool, default False
        Whether a snapshot that is there already is replaced. Anything else that is there never is.

    Raises
    ------
    AdlError
        If the folder holds a snapshot and `overwrite` is False, or holds anything else, be it under the name of
        one of its files; if it is a file, or the current folder; without pyarrow.
    OSError
        Where the folder cannot be written.

    Notes
    -----
    ``contracts``, ``assets``, ``wallets``, ``positions``, ``orders`` and ``balances.parquet`` hold the
    columns of the snapshot: lots, ticks and quanta as int64, exact decimals as text, and rows of the
    other tables where one refers to them. ``manifest.json`` holds the schema, the SHA-256 of each file, that of
    itself, and :attr:`Snapshot.hash`: whatever byte is altered, is missing or was put in is noticed. All of
    it is written beside the folder, synchronized and renamed at the end: a write that fails leaves what was
    there. A folder that is there, and each file of a snapshot that is replaced, hands on its owner and its
    permissions. Replacing takes two renames: a process that is killed between them leaves the old snapshot in
    the hidden folder beside it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build([adl.Contract("X")], {"account": ["ann"], "balance": ["12.5"]}, [], {"X": "20"})
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     adl.io.save(snapshot, pathlib.Path(parent, "books"))
    ...     adl.io.load(pathlib.Path(parent, "books")) == snapshot
    True
    """
    if not isinstance(snapshot, Snapshot):
        raise AdlError.at("snapshot", None, snapshot, "must be a Snapshot")
    require("pyarrow.parquet", "writing snapshot folders")
    target = Path(os.path.realpath(read_path("folder", folder)))
    _refuse_occupied(target, folder, read_flag("overwrite", overwrite))
    _refuse_current(target, folder)
    try:
        beside = Path(tempfile.mkdtemp(prefix=files.work_stem(target), dir=target.parent))
        try:
            _write(snapshot, beside / "new")
            _keep_ownership(beside / "new", target)  # before it has the name by which others may open it
            _replace(target, beside)
            files.sync_folder(target.parent)
        finally:
            shutil.rmtree(beside / "new", ignore_errors=True)
            if target.exists():
                _remove(beside / "old")
            with suppress(OSError):
                beside.rmdir()
    except OSError as error:
        # Name the folder that was asked for, not the one beside it.
        raise OSError(error.errno, error.strerror or str(error), os.fspath(folder)) from None


def load(path: str | os.PathLike[str]) -> Snapshot:
    """Read a snapshot: a folder that :func:`save` wrote, or a ``.npz`` file of :meth:`Snapshot.to_npz`.

    Parameters
    ----------
    path : path
        Of the folder or the file; it may be a link. Nothing in the folder may be one.

    Returns
    -------
    Snapshot
        With the same hash, from either.

    Raises
    ------
    AdlError
        If it is no snapshot, is of a schema that this adlcore does not know, lacks a file or a column,
        has a column of another type, or is a folder that was altered, or has anything but plain files under the
        names of its files; without pyarrow.
    BrokenSnapshotError
        If it was saved unchecked and cannot be.
    OSError
        Where it cannot be opened.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build([adl.Contract("X")], {"account": ["ann"], "balance": ["12.5"]}, [], {"X": "20"})
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     snapshot.to_npz(pathlib.Path(parent, "books.npz"))
    ...     adl.io.load(pathlib.Path(parent, "books.npz"))
    <Snapshot of 1 wallets, 0 positions in 1 contract, 0 open orders>
    """
    place = read_path("path", path)
    if not place.is_dir():
        with open_named(place) as file:
            is_archive = zipfile.is_zipfile(file)
        if not is_archive:
            must = "must be a folder that adlcore.io.save wrote, or a .npz file of Snapshot.to_npz"
            raise AdlError(f"{place} is no snapshot: {must}", argument="path", value=str(place))
        return Snapshot.from_npz(place)
    require("pyarrow.parquet", "reading snapshot folders")
    manifest = read_snapshot_manifest(place)
    _refuse_files(place, manifest)
    try:
        # The hash says whether this is what was saved; only then is it asked whether that can be.
        snapshot = Snapshot(**_arguments({table: _read(place, table) for table in FILES}), check=False)
    except AdlError as error:
        message = str(error) if str(error).startswith(str(place)) else f"{place}: {error}"
        raise AdlError(message, argument=error.argument, row=error.row, value=error.value) from None
    if snapshot.hash != manifest["hash"]:
        hashes = f"what it holds has the hash {snapshot.hash}, its {MANIFEST} says {manifest['hash']}"
        message = f"{place} was altered: {hashes}"
        raise AdlError(message, argument="path", value=snapshot.hash)
    snapshot.validate()
    return snapshot


# Writing --------------------------------------------------------------------------------------------------------------


def _refuse_occupied(target: Path, folder: str | os.PathLike[str], overwrite: bool) -> None:
    """Refuse to write where something is that must not go."""
    shown = os.fspath(folder)
    if target.exists() and not target.is_dir():
        raise AdlError(f"{shown} is a file: must be a folder, or not be there", argument="folder", value=shown)
    names = sorted(entry.name for entry in target.iterdir()) if target.exists() else []
    others = [name for name in names if name not in FILE_NAMES]
    if others or (names and MANIFEST not in names):
        name = (others or names)[0]
        message = f"{shown} holds {name!r}, which is no snapshot's: must be empty, or not be there"
        raise AdlError(message, argument="folder", value=shown)
    for name in names:
        stat_member(target / name)
    if names and not overwrite:
        message = f"{shown} holds a snapshot already: overwrite=True replaces it"
        raise AdlError(message, argument="folder", value=shown)


def _refuse_current(target: Path, folder: str | os.PathLike[str]) -> None:
    """Refuse the folder that this process is in: it would be renamed away, and the process be nowhere."""
    if target.exists() and target.samefile(os.curdir):
        must = "must be another folder, for the current one cannot be replaced"
        raise AdlError.at("folder", None, os.fspath(folder), must)


def _write(snapshot: Snapshot, folder: Path) -> None:
    """Make the folder, and all of it be on the disk."""
    files.change(folder, os.mkdir, folder)
    write_files(snapshot, lambda name: files.open_new(folder / name))
    files.sync_folder(folder)


def _keep_ownership(folder: Path, target: Path) -> None:
    """Who may read and write a folder and its files stays as it was in the one that it replaces."""
    for name in ("", *FILE_NAMES):
        if not os.path.lexists(target / name) or (not name and not hasattr(os, "O_DIRECTORY")):
            continue  # nothing is replaced, or it is a folder where none can be opened
        opened = os.open(folder / name, READ)
        try:
            files.keep_ownership(opened, os.lstat(target / name))
        finally:
            os.close(opened)


def write_files(snapshot: Snapshot, create: Callable[[str], AbstractContextManager[Any]]) -> None:
    """Write the files of a folder; `create` opens one by its name, to be written from its start to its end."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {INTEGER: pa.int64(), FLOAT: pa.float64(), TEXT: pa.string(), TEXTS: pa.list_(pa.string())}
    types[LABEL] = types[INTEGER]
    files = {}
    for table, columns in _columns(snapshot).items():
        arrays = {}
        for name, kind in FILES[table].items():
            column = columns[name]
            label = kind == LABEL and column.dtype.kind == "U"
            try:
                # Labels go as a list: pyarrow would end a text of NumPy's at the first NUL.
                arrays[name] = pa.array(column.tolist() if label else column, types[TEXT if label else kind])
            except UnicodeEncodeError as error:
                must = "must be text that UTF-8 can hold"
                raise AdlError.at(f"{table}.{name}", None, error.object, must) from None
        with create(_file(table)) as file:
            hashed = HashingFile(file)
            pq.write_table(pa.table(arrays), hashed, compression="zstd", write_page_checksum=True)
            files[_file(table)] = hashed.sha256
    manifest = {"schema": archive.SCHEMA, "adlcore": __version__, "files": files, "hash": snapshot.hash}
    with create(MANIFEST) as file:
        file.write(manifest_bytes(manifest))


def _replace(target: Path, beside: Path) -> None:
    """Give the new folder its name; the old one comes back where that fails, or where it is no snapshot's by now.

    It is looked at again after its rename: until then somebody could have put another one, or more, in its place.
    """
    if not target.exists():
        files.change(target, os.rename, beside / "new", target)
        return
    files.change(target, os.rename, target, beside / "old")
    try:
        if (beside / "old").is_symlink():
            message = f"{target} has become a symbolic link: must stay the folder that it was"
            raise AdlError(message, argument="folder", value=str(target))
        _refuse_occupied(beside / "old", target, True)
        files.change(target, os.rename, beside / "new", target)
    except BaseException:
        files.change(target, os.rename, beside / "old", target)
        raise


def _remove(folder: Path) -> None:
    """Remove a folder of a snapshot, if it is there; what else is in it stays, and so does the folder then."""
    with suppress(OSError):
        for name in FILE_NAMES:
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def _columns(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Everything that is written, by table and column."""
    terms = archive.header_terms(snapshot)
    tables: dict[str, dict[str, Any]] = {table: {name: [] for name in names} for table, names in FILES.items()}
    for fields, mark in zip(terms["contracts"], terms["marks"], strict=True):
        (settle, decimals), tiers = fields["settle"], fields["tiers"] or {}
        row = {**fields, "settle": settle, "decimals": decimals, "mark": mark}
        row |= {f"tier_{name}": tiers.get(name) for name in TIERS}
        for name, column in tables["contracts"].items():
            column.append(row[name])
    names, decimals = ([asset[field] for asset in terms["assets"]] for field in (0, 1))
    tables["assets"] = {
        "name": names,
        "decimals": decimals,
        **{name: terms[term] for name, term in ASSET_TERMS.items()},
    }
    for key, column in archive.columns_by_name(snapshot).items():
        table, _, name = key.partition(".")
        tables[table][name] = column
    return tables


# Reading --------------------------------------------------------------------------------------------------------------


def _file(table: str) -> str:
    """The name of the file of a table."""
    return f"{table}.parquet"


def read_snapshot_manifest(folder: Path) -> dict[str, Any]:
    """What a folder says of itself: the hash of what was saved, and the SHA-256 of each file."""
    path = folder / MANIFEST
    try:
        data, manifest = read_json(path)
    except FileNotFoundError:
        raise AdlError(f"{folder} is no snapshot: has no {MANIFEST}", argument="path", value=str(folder)) from None
    if not isinstance(manifest, dict) or "schema" not in manifest:
        raise AdlError(f"{path} has no 'schema': must be the manifest of a snapshot", argument="path", value=str(path))
    if "status" in manifest and "hash" not in manifest:
        books = " and ".join(str(folder / part) for part in ("before", "after") if (folder / part).is_dir())
        message = f"{folder} is a run: must be a snapshot{f', as {books}' if books else ''}"
        raise AdlError(message, argument="path", value=str(folder))
    archive.refuse_schema(manifest["schema"], folder)
    if not isinstance(manifest.get("hash"), str):
        raise AdlError(f"{path} has no 'hash': must have the SHA-256 of the snapshot", argument="path", value=str(path))
    values = refuse_altered(path, data, manifest, json_bytes)
    if CHECK_KEY not in manifest:
        return exact_keys(str(path), values, tuple(name for name in KEYS if name != "files"))
    exact_keys(f"{path}: files", exact_keys(str(path), values, KEYS)["files"], tuple(map(_file, FILES)))
    return values


def _refuse_files(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse files that are not those that were written, before anything reads them."""
    for name in map(_file, FILES):
        if stat_member(folder / name) is None:
            files = ", ".join(map(_file, FILES))
            raise AdlError(f"{folder} has no {name}: must have {files}", argument="path", value=name)
    for name, sha256 in manifest.get("files", {}).items():
        if (error := hash_error(folder / name, sha256)) is not None:
            raise error


def _read(folder: Path, table: str) -> dict[str, Any]:
    """The columns of one file: NumPy arrays, and lists of text."""
    import pyarrow.parquet as pq

    path = folder / _file(table)
    with (
        refuse_damaged_parquet(path, ", or was altered"),
        open_member(path) as file,
        pq.ParquetFile(file, page_checksum_verification=True) as opened,
    ):
        _refuse_columns(path, opened.schema_arrow, FILES[table])
        rows = opened.read()
    columns: dict[str, Any] = {}
    for name in FILES[table]:
        column = rows.column(name)
        if column.null_count and name not in OPTIONAL:
            row = column.is_null().index(True).as_py()
            raise AdlError(f"{path}: {name}[{row}] is empty: must not be", argument=name, row=row)
        if table in archive.TABLES:
            columns[name] = _numpy_column(column)
        else:
            columns[name] = column.to_pylist()
    return columns


def _numpy_column(column: Any) -> npt.NDArray[Any]:
    """A pyarrow column as NumPy's: int64, float64, or text as wide as it needs."""
    if str(column.type) in (INTEGER, "double"):
        return np.asarray(column.to_numpy())
    return np.array(column.to_pylist(), str)


def _refuse_columns(path: Path, schema: Any, wanted: dict[str, str]) -> None:
    """Refuse a file that has not just these columns, of these types."""
    import pyarrow as pa

    is_text = (pa.types.is_string, pa.types.is_large_string)
    for name, kind in wanted.items():
        if name not in schema.names:
            message = f"{path} has no column {name!r}: must have {', '.join(wanted)}"
            raise AdlError(message, argument=name, value=path.name)
        type_ = schema.field(name).type
        nested = type_.value_type if pa.types.is_list(type_) else None
        fits = {
            INTEGER: type_ == pa.int64(),
            FLOAT: type_ == pa.float64(),
            TEXT: any(test(type_) for test in is_text),
            TEXTS: nested is not None and any(test(nested) for test in is_text),
        }
        fits[LABEL] = fits[INTEGER] or fits[TEXT]
        if not fits[kind]:
            raise AdlError(f"{path}: column {name!r} is of type {type_}: must be {kind}", argument=name, value=type_)
    for name in schema.names:
        if name not in wanted or schema.names.count(name) > 1:
            message = f"{path} has a column {name!r} too many: must have {', '.join(wanted)}"
            raise AdlError(message, argument=name, value=path.name)


def _arguments(tables: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What a Snapshot is made of."""
    listings, assets = tables["contracts"], tables["assets"]
    contracts = []
    for values in zip(*listings.values(), strict=True):
        fields = dict(zip(listings, values, strict=True))
        del fields["mark"]
        fields["settle"] = [fields["settle"], fields.pop("decimals")]
        tiers = {name: fields.pop(f"tier_{name}") for name in TIERS}
        fields["tiers"] = None if tiers == dict.fromkeys(TIERS) else tiers
        contracts.append(fields)
    terms = {
        "contracts": contracts,
        "assets": list(zip(assets["name"], assets["decimals"], strict=True)),
        "marks": listings["mark"],
        **{term: assets[name] for name, term in ASSET_TERMS.items()},
    }
    columns = {f"{table}.{name}": column for table in archive.TABLES for name, column in tables[table].items()}
    return archive.snapshot_arguments(terms, columns)
