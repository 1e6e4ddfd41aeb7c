"""Events in files: JSON lines, Arrow or Parquet, with sequence numbers and the rolling hash."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from .._support.extras import optional_import
from .._support.files import open_replacement
from .._support.options import read_list, read_path
from .._support.text import visible_json
from ..clearing.events import COLUMNS, LABEL, WORD, Events
from ..contracts.decimals import whole_number
from ..errors import AdlError

__all__ = ["ACCOUNT", "EVENT_COLUMNS", "account_column", "read_events", "write_events"]

#: The columns of every file, in this order.
EVENT_COLUMNS = tuple(column.name for column in COLUMNS)

#: Columns of text, with few different values: they are kept as dictionaries.
TEXTS = tuple(column.name for column in COLUMNS if column.type == WORD)

#: The column of labels: text, or whole numbers; null where there is none.
(ACCOUNT,) = (column.name for column in COLUMNS if column.type == LABEL)

SUFFIXES = (".jsonl", ".arrow", ".parquet")


def write_events(events: Events | Iterable[Events], path: str | os.PathLike[str]) -> None:
    """Write events, of one call or of several in their order.

    Parameters
    ----------
    events : Events or iterable of Events
    path : path
        ``.jsonl``, ``.arrow`` (an IPC file) or ``.parquet``; replaced if it is there. A pipe or a device is written to.

    Raises
    ------
    AdlError
        For another suffix, events that do not follow each other, or a format that needs pyarrow where
        that is not installed.
    OSError
        Where the file cannot be written; what was there is still there.

    Notes
    -----
    The columns are those of :meth:`Events.columns`; the account of a party is null. Arrow and Parquet
    files carry the rolling hash of the events, from the first of them, as the metadata ``digest``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
    ...     {"account": ["ann"], "balance": ["9"]},
    ...     [],
    ...     {"X": 2},
    ... )
    >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
    >>> events = house.deposit(0, "2.5")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "events.jsonl")
    ...     adl.io.write_events(events, path)
    ...     adl.io.read_events(path)["amount"]
    array([250000000])
    """
    target = read_path("path", path)
    if target.suffix not in SUFFIXES:
        raise AdlError.at("path", None, str(path), f"must end in one of {', '.join(SUFFIXES)}")
    tables = (
        [events] if isinstance(events, Events) else read_list("events", events, "must be Events, or a list of them")
    )
    for row, table in enumerate(tables):
        if not isinstance(table, Events):
            raise AdlError.at("events", row, type(table).__name__, "must be Events")
        if row and table.first != tables[row - 1].first + len(tables[row - 1]):
            after = tables[row - 1].first + len(tables[row - 1])
            raise AdlError.at("events", row, table.first, f"must begin with sequence {after}, after those before")
    columns, digest = _join_tables(tables)
    with open_replacement(target) as file:
        if target.suffix == ".jsonl":
            _write_jsonl(file, columns)
        else:
            _write_arrow(file, columns, digest, target.suffix == ".parquet")


def _join_tables(tables: list[Events]) -> tuple[dict[str, npt.NDArray[Any]], bytes]:
    """The columns of all events, one table after the other, and their rolling hash."""
    digest = b""
    columns = []
    for table in tables:
        columns.append(table.columns())
        digest = table.digest(digest)
    if not columns:
        kinds = {**dict.fromkeys(TEXTS, np.str_), ACCOUNT: object}
        return {name: np.zeros(0, kinds.get(name, np.int64)) for name in EVENT_COLUMNS}, digest
    return {name: np.concatenate([each[name] for each in columns]) for name in EVENT_COLUMNS}, digest


def _write_jsonl(file: BinaryIO, columns: dict[str, npt.NDArray[Any]]) -> None:
    """A line of JSON for each event."""
    for record in zip(*(columns[name].tolist() for name in EVENT_COLUMNS), strict=True):
        line = json.dumps(dict(zip(EVENT_COLUMNS, record, strict=True)), ensure_ascii=False)
        file.write(f"{visible_json(line)}\n".encode())


def _write_arrow(file: BinaryIO, columns: dict[str, npt.NDArray[Any]], digest: bytes, parquet: bool) -> None:
    """A table of Arrow, as Parquet or as an IPC file, with the rolling hash as its metadata."""
    with optional_import("pyarrow", "writing Arrow and Parquet files"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    arrays = [_arrow_array(pa, name, columns[name]) for name in EVENT_COLUMNS]
    table = pa.table(arrays, names=EVENT_COLUMNS).replace_schema_metadata({"digest": digest.hex()})
    if parquet:
        pq.write_table(table, file, compression="zstd")
        return
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _arrow_array(pa: Any, name: str, column: npt.NDArray[Any]) -> Any:
    """A column as Arrow has it: labels as they are, other text as a dictionary."""
    if name == ACCOUNT:
        labels = column.tolist()
        return pa.array(labels, pa.string() if any(isinstance(label, str) for label in labels) else pa.int64())
    if name not in TEXTS:
        return pa.array(column)
    values, codes = np.unique(column, return_inverse=True)
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values.tolist(), pa.string()))


def read_events(path: str | os.PathLike[str]) -> dict[str, npt.NDArray[Any]]:
    """Read the columns that :func:`write_events` wrote.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        As :meth:`Events.columns`.

    Raises
    ------
    AdlError
        For another suffix, a file that is damaged or lacks a column; the line is named.

    Examples
    --------
    >>> read_events("events.txt")
    Traceback (most recent call last):
    adlcore.errors.AdlError: path is 'events.txt': must end in one of .jsonl, .arrow, .parquet
    """
    source = read_path("path", path)
    if source.suffix not in SUFFIXES:
        raise AdlError.at("path", None, str(path), f"must end in one of {', '.join(SUFFIXES)}")
    return _read_jsonl(source) if source.suffix == ".jsonl" else _read_arrow(source)


def account_column(labels: Sequence[Any], wallet: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The column of accounts, as :meth:`Events.columns` has it; of a row without a wallet it is None.

    Older files have -1 or an empty text there.
    """
    accounts = np.full(len(labels), None, object)
    accounts[:] = labels
    accounts[wallet < 0] = None
    return accounts


def _read_jsonl(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The columns of a file of JSON lines; a line that is no event is named."""
    lists: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    with open(path, "rb") as file:
        for number, line in enumerate(file):
            try:
                record = json.loads(line.decode())
                values = [record[name] for name in EVENT_COLUMNS]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise AdlError.at(
                    "path", number, line[:40].decode(errors="replace"), f"must be an event as JSON ({error})"
                ) from None
            for (name, column), value in zip(lists.items(), values, strict=True):
                column.append(_read_cell(name, number, value))
    columns = {
        name: np.array(values, np.str_ if name in TEXTS else np.int64)
        for name, values in lists.items()
        if name != ACCOUNT
    }
    columns[ACCOUNT] = account_column(lists[ACCOUNT], columns["wallet"])
    return {name: columns[name] for name in EVENT_COLUMNS}


def _read_cell(name: str, row: int, value: Any) -> Any:
    """A value of a line, which must be of its column's kind."""
    if name == ACCOUNT and (value is None or isinstance(value, str)):
        return value
    if name in TEXTS:
        if not isinstance(value, str):
            raise AdlError.at(name, row, value, "must be text")
        return value
    return whole_number(value, name, row)


def _read_arrow(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The columns of a table of Arrow, from Parquet or an IPC file."""
    with optional_import("pyarrow", "reading Arrow and Parquet files"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    # Opened here: an OSError of pyarrow's then speaks of damage.
    with open(path, "rb") as file:
        try:
            table = pq.read_table(file) if path.suffix == ".parquet" else pa.ipc.open_file(file).read_all()
            table.validate(full=True)
            names = table.column_names
        except (pa.ArrowException, OSError, UnicodeError, MemoryError) as error:
            raise AdlError.at("path", None, str(path), f"must be a whole file of events ({str(error)[:60]})") from None
    missing = [name for name in EVENT_COLUMNS if name not in names]
    if missing:
        raise AdlError.at("path", None, str(path), f"must have the column {missing[0]}")
    columns = {name: _read_column(name, table[name]) for name in EVENT_COLUMNS}
    columns[ACCOUNT] = account_column(columns[ACCOUNT], columns["wallet"])
    return columns


def _read_column(name: str, column: Any) -> Any:
    """A column of a table: text, int64, or the list of labels."""
    import pyarrow as pa

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    text, number = pa.types.is_string(kind) or pa.types.is_large_string(kind), kind == pa.int64()
    if name == ACCOUNT and (text or number or pa.types.is_null(kind)):
        return column.to_pylist()
    if not (text if name in TEXTS else number):
        raise AdlError.at(name, None, str(column.type), "must be text" if name in TEXTS else "must be int64")
    if column.null_count:
        raise AdlError.at(name, column.is_null().index(True).as_py(), None, "must not be empty")
    return np.array(column.to_pylist(), np.str_) if text else column.to_numpy()
