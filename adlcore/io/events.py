"""Events in files: JSON lines, Arrow or Parquet, with sequence numbers and the rolling hash."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..clearing.events import Events
from ..errors import AdlError, missing_extra

__all__ = ["EVENT_COLUMNS", "read_events", "write_events"]

#: The columns of every file, in this order.
EVENT_COLUMNS = (
    *("sequence", "time", "kind", "wallet", "account", "row", "contract", "lots", "price", "amount", "asset", "fund"),
    *("cause", "link"),
)

#: Columns of text; those with few different values are kept as dictionaries.
TEXTS = ("kind", "contract", "asset", "fund", "cause")

SUFFIXES = (".jsonl", ".arrow", ".parquet")


def write_events(events: Events | Iterable[Events], path: str | os.PathLike[str]) -> None:
    """Write events, of one call or of several in their order.

    Parameters
    ----------
    events : Events or iterable of Events
    path : path
        ``.jsonl``, ``.arrow`` (an IPC file) or ``.parquet``; replaced if it is there.

    Raises
    ------
    AdlError
        For another suffix, events that do not follow each other, or a format that needs pyarrow where
        that is not installed.
    OSError
        Where the file cannot be written; what was there is still there.

    Notes
    -----
    The columns are those of :meth:`Events.columns`. Arrow and Parquet files carry the rolling hash of
    the events, from the first of them, as the metadata ``digest``.

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
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise AdlError.at("path", None, str(path), f"must end in one of {', '.join(SUFFIXES)}")
    tables = [events] if isinstance(events, Events) else list(events)
    for row, table in enumerate(tables):
        if not isinstance(table, Events):
            raise AdlError.at("events", row, type(table).__name__, "must be Events")
        if row and table.first != tables[row - 1].first + len(tables[row - 1]):
            after = tables[row - 1].first + len(tables[row - 1])
            raise AdlError.at("events", row, table.first, f"must begin with sequence {after}, after those before")
    columns, digest = _joined(tables)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        if target.suffix == ".jsonl":
            _write_jsonl(unfinished, columns)
        else:
            _write_arrow(unfinished, columns, digest, target.suffix == ".parquet")
        os.replace(unfinished, target)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _joined(tables: list[Events]) -> tuple[dict[str, npt.NDArray[Any]], bytes]:
    digest = b""
    parts = []
    for table in tables:
        parts.append(table.columns())
        digest = table.digest(digest)
    if not parts:
        return {name: np.zeros(0, np.str_ if name in TEXTS else np.int64) for name in EVENT_COLUMNS}, digest
    return {name: np.concatenate([part[name] for part in parts]) for name in EVENT_COLUMNS}, digest


def _write_jsonl(path: Path, columns: dict[str, npt.NDArray[Any]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        for record in zip(*(columns[name].tolist() for name in EVENT_COLUMNS), strict=True):
            file.write(json.dumps(dict(zip(EVENT_COLUMNS, record, strict=True)), ensure_ascii=False) + "\n")


def _write_arrow(path: Path, columns: dict[str, npt.NDArray[Any]], digest: bytes, parquet: bool) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise missing_extra("cli", "writing Arrow and Parquet files") from None
    arrays = [_array(pa, name, columns[name]) for name in EVENT_COLUMNS]
    table = pa.table(arrays, names=EVENT_COLUMNS).replace_schema_metadata({"digest": digest.hex()})
    if parquet:
        pq.write_table(table, path, compression="zstd")
        return
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _array(pa: Any, name: str, column: npt.NDArray[Any]) -> Any:
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
    source = Path(path)
    if source.suffix not in SUFFIXES:
        raise AdlError.at("path", None, str(path), f"must end in one of {', '.join(SUFFIXES)}")
    return _read_jsonl(source) if source.suffix == ".jsonl" else _read_arrow(source)


def _read_jsonl(path: Path) -> dict[str, npt.NDArray[Any]]:
    lists: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file):
            try:
                record = json.loads(line)
                values = [record[name] for name in EVENT_COLUMNS]
            except (json.JSONDecodeError, KeyError, TypeError) as error:
                raise AdlError.at("path", number, line[:40], f"must be an event as JSON ({error})") from None
            for column, value in zip(lists.values(), values, strict=True):
                column.append(value)
    return {
        name: np.array(values, np.str_ if name in TEXTS else None if name == "account" and values else np.int64)
        for name, values in lists.items()
    }


def _read_arrow(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise missing_extra("cli", "reading Arrow and Parquet files") from None
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            with pa.OSFile(str(path)) as file:
                table = pa.ipc.open_file(file).read_all()
    except pa.ArrowInvalid as error:
        raise AdlError.at("path", None, str(path), f"must be a whole file of events ({str(error)[:60]})") from None
    missing = [name for name in EVENT_COLUMNS if name not in table.column_names]
    if missing:
        raise AdlError.at("path", None, str(path), f"must have the column {missing[0]}")
    texts = {name: np.array(table[name].to_pylist(), np.str_) for name in TEXTS}
    account = np.array(table["account"].to_pylist())
    numbers = {name: table[name].to_numpy() for name in EVENT_COLUMNS if name not in (*TEXTS, "account")}
    found = {**texts, **numbers, "account": account}
    return {name: found[name] for name in EVENT_COLUMNS}
