"""A snapshot as named arrays and back, and the hash of what it holds."""

from __future__ import annotations

import hashlib
import json
import zipfile
from decimal import Decimal
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from ..contracts import Asset, Contract
from ..decimals import canonical
from ..errors import AdlError
from .books import Books

__all__ = ["SCHEMA", "arguments", "content_hash", "parts", "read_npz", "refuse_schema", "terms", "write_npz"]

#: Of the arrays and terms below, wherever they are kept. One that is not known is refused.
SCHEMA = 1

TABLES = ("wallets", "positions", "orders", "balances")
PRICES = ("marks", "index_prices", "haircuts", "loan_rates")


def terms(books: Books) -> dict[str, Any]:
    """Everything but the tables, as plain JSON values; equal books have equal terms."""
    return {
        "contracts": [contract.fields() for contract in books.contracts],
        "assets": [[asset.name, asset.decimals] for asset in books.assets],
        **{name: [_text(number) for number in getattr(books, name)] for name in PRICES},
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else canonical(number)


def parts(books: Books) -> dict[str, npt.NDArray[Any]]:
    """Every column of every table by ``table.column``."""
    named = {f"{table}.{name}": column for table in TABLES for name, column in getattr(books, table).columns().items()}
    return {**named, "positions.contract": books.position_contract}


def content_hash(books: Books) -> str:
    """SHA-256 of terms and columns; the same on every machine, whatever file they came from."""
    digest = hashlib.sha256(json.dumps(terms(books), sort_keys=True, separators=(",", ":")).encode())
    for name, column in sorted(parts(books).items()):
        plain = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
        if plain.dtype.kind == "U":  # four bytes a character
            plain = plain.view(f"<({column.dtype.itemsize // 4},)u4").ravel() if len(plain) else np.zeros(0, "<u4")
        digest.update(f"{name} {plain.dtype.str} {len(plain)};".encode())
        digest.update(plain.data if len(plain) else b"")
    return digest.hexdigest()


def arguments(values: dict[str, Any], columns: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """What a Snapshot is made of, from terms and columns; it checks them like any others."""
    tables: dict[str, dict[str, npt.NDArray[Any]]] = {table: {} for table in TABLES}
    for key, column in columns.items():
        table, _, name = key.partition(".")
        tables[table][name] = column
    return {
        **tables,
        "contracts": [Contract.from_fields(fields) for fields in values["contracts"]],
        "assets": [Asset(name, decimals) for name, decimals in values["assets"]],
        **{name: values[name] for name in PRICES},
    }


def write_npz(books: Books, path: str | PathLike[str]) -> None:
    """Write one ``.npz`` file."""
    header = json.dumps({"schema": SCHEMA, **terms(books)})
    with open(path, "wb") as file:
        np.savez(file, terms=np.array(header), **parts(books))  # type: ignore[arg-type]


def read_npz(path: str | PathLike[str]) -> dict[str, Any]:
    """Read one ``.npz`` file; nothing in it is executed.

    Raises
    ------
    AdlError
        If the file is no snapshot, is damaged, or is of a schema that this adlcore does not know.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            header = json.loads(str(file["terms"]))
            refuse_schema(header.pop("schema", None), path)
            return arguments(header, {name: file[name] for name in file.files if name != "terms"})
    except (zipfile.BadZipFile, KeyError, EOFError, json.JSONDecodeError) as error:
        raise AdlError(f"{path} is no snapshot: {error}", argument="path", value=str(path)) from None
    except ValueError as error:
        if isinstance(error, AdlError):
            raise
        raise AdlError(f"{path} is no snapshot: {error}", argument="path", value=str(path)) from None


def refuse_schema(found: Any, path: object) -> None:
    """Refuse a version that this adlcore does not know, by name."""
    if found != SCHEMA:
        raise AdlError(
            f"{path} is a snapshot of schema {found}: this adlcore reads schema {SCHEMA}", argument="path", value=found
        )
