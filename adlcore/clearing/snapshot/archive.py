"""A snapshot as named arrays and back, and the hash of what it holds."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from decimal import Decimal
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..._support.files import open_replacement
from ..._support.members import open_named
from ..._support.options import exact_keys, read_path
from ...contracts import Asset, Contract
from ...contracts.decimals import canonical
from ...errors import AdlError, value_text
from .tables import Holdings, Orders, Positions, Wallets

if TYPE_CHECKING:
    from .snapshot import Snapshot

__all__ = [
    "SCHEMA",
    "snapshot_arguments",
    "content_hash",
    "columns_by_name",
    "read_npz",
    "refuse_schema",
    "header_terms",
    "write_npz",
]

#: Of the arrays and terms below, wherever they are kept. One that is not known is refused.
SCHEMA = 1

TABLES = {"wallets": Wallets, "positions": Positions, "orders": Orders, "balances": Holdings}
PRICES = ("marks", "index_prices", "haircuts", "loan_rates")
TERMS = ("contracts", "assets", *PRICES)
#: So many bytes may come out of one of a file that is stored as it is, or deflated; nothing else is read.
MOST_PACKED = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: 1032}

#: Readers of the headers of arrays, by their version.
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}

COLUMNS = (
    "positions.contract",
    *(f"{table}.{name}" for table, kind in TABLES.items() for name in kind.PICKLED),
)


def header_terms(books: Snapshot) -> dict[str, Any]:
    """Everything but the tables, as plain JSON values; equal books have equal terms."""
    return {
        "contracts": [contract.fields() for contract in books.contracts],
        "assets": [[asset.name, asset.decimals] for asset in books.assets],
        **{name: [_text(number) for number in getattr(books, name)] for name in PRICES},
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else canonical(number)


def columns_by_name(books: Snapshot) -> dict[str, npt.NDArray[Any]]:
    """Every column of every table by ``table.column``."""
    named = {f"{table}.{name}": column for table in TABLES for name, column in getattr(books, table).columns().items()}
    return {**named, "positions.contract": books.position_contract}


def content_hash(books: Snapshot) -> str:
    """SHA-256 of terms and columns; the same on every machine, whatever file they came from."""
    digest = hashlib.sha256(json.dumps(header_terms(books), sort_keys=True, separators=(",", ":")).encode())
    for name, column in sorted(columns_by_name(books).items()):
        plain = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
        if plain.dtype.kind == "U":  # four bytes a character
            plain = plain.view(f"<({column.dtype.itemsize // 4},)u4").ravel() if len(plain) else np.zeros(0, "<u4")
        if plain.dtype.kind == "f":  # -0.0 is 0.0
            plain = plain + 0.0
        digest.update(f"{name} {plain.dtype.str} {len(plain)};".encode())
        digest.update(plain.data if len(plain) else b"")
    return digest.hexdigest()


def snapshot_arguments(values: Any, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """What a Snapshot is made of, from terms and columns; it checks them like any others.

    Raises
    ------
    AdlError
        For a term or a column that is missing, does not belong, or is of another shape.
    """
    given = exact_keys("terms", values, TERMS)
    for name, entries in given.items():
        if not isinstance(entries, list):
            raise AdlError.at(f"terms.{name}", None, entries, "must be a list")
    tables: dict[str, dict[str, npt.NDArray[Any]]] = {table: {} for table in TABLES}
    for key, column in exact_keys("columns", columns, COLUMNS).items():
        table, _, name = key.partition(".")
        tables[table][name] = column
    for row, asset in enumerate(given["assets"]):
        if not isinstance(asset, list | tuple) or len(asset) != 2:
            raise AdlError.at("terms.assets", row, asset, "must be [name, decimals]")
    return {
        **given,
        **tables,
        "contracts": [Contract.from_fields(fields) for fields in given["contracts"]],
        "assets": [Asset(name, decimals) for name, decimals in given["assets"]],
    }


def write_npz(books: Snapshot, path: str | PathLike[str]) -> None:
    """Write one ``.npz`` file; it takes its name when it is whole.

    Where the path is a link, the file that it leads to is replaced; a device or a pipe is written to.
    """
    header = np.array(json.dumps({"schema": SCHEMA, **header_terms(books)}))
    with open_replacement(path) as file:
        np.savez(file, terms=header, **columns_by_name(books))  # type: ignore[arg-type]


def read_npz(path: str | PathLike[str]) -> dict[str, Any]:
    """Read one ``.npz`` file; nothing in it is executed.

    Raises
    ------
    AdlError
        If it is no plain file, is no snapshot, is damaged, or is of a schema that this adlcore does not know.
    """
    damage = (
        *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, ValueError, RuntimeError, OSError),
        *(MemoryError, RecursionError, SyntaxError, tokenize.TokenError, struct.error, NotImplementedError),
    )
    with open_named(read_path("path", path)) as file:
        try:
            _refuse_false_sizes(file)
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                header = json.loads(str(archive["terms"]))
                columns = {name: archive[name] for name in archive.files if name != "terms"}
        except damage as error:
            raise AdlError(f"{path} is no snapshot: {error}", argument="path", value=str(path)) from None
    if not isinstance(header, dict):
        raise AdlError(f"{path} is no snapshot: its terms are {value_text(header)}", argument="path", value=str(path))
    refuse_schema(header.pop("schema", None), path)
    try:
        return snapshot_arguments(header, columns)
    except AdlError as error:
        raise AdlError(f"{path} is no snapshot: {error}", argument="path", value=str(path)) from None


def _refuse_false_sizes(file: BinaryIO) -> None:
    """Refuse an array whose header promises another size than its bytes have, before there is room made for it."""
    size = file.seek(0, os.SEEK_END)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            packed = MOST_PACKED.get(info.compress_type, 0) * min(info.compress_size, size)
            if info.file_size > packed:
                message = f"{info.filename} is said to hold {info.file_size:,} bytes, and at most {packed:,} are packed"
                raise ValueError(message)
            with archive.open(info) as member:
                version = np.lib.format.read_magic(member)
                if version not in HEADERS:
                    raise ValueError(f"{info.filename} is of version {version}")
                shape, _, dtype = HEADERS[version](member)
                promised = math.prod(shape) * dtype.itemsize
                if promised != info.file_size - member.tell():
                    raise ValueError(
                        f"{info.filename} has the shape {value_text(shape)} of {dtype}, {promised:,} bytes, "
                        f"and holds {info.file_size - member.tell():,}"
                    )


def refuse_schema(found: Any, path: object) -> None:
    """Refuse a version that this adlcore does not know, by name."""
    if isinstance(found, bool | float) or found != SCHEMA:
        raise AdlError(
            f"{path} is a snapshot of schema {found}: this adlcore reads schema {SCHEMA}", argument="path", value=found
        )
