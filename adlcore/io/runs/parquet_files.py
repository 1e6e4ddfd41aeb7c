"""The tables of a sealed run: ``events.parquet``, ``passes.parquet`` and ``marks.parquet``, written and read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..._support.members import open_member
from ..._support.text import one_line
from ...clearing import Snapshot
from ...clearing.events import COLUMNS, FIELD_PLACE, KINDS, LABEL, NUMBER, WORD, Events, Names, Words
from ...errors import AdlError
from ..events import ACCOUNT, account_column
from ..manifests import HashingFile
from .files import open_temporary
from .log import INPUTS, LoggedPass, Texts

__all__ = [
    "EVENTS",
    "MARKS",
    "PASSES",
    "TABLES",
    "TYPES",
    "CodedColumns",
    "TextColumns",
    "RunTable",
    "Vocabulary",
    "batch_of",
    "coded_columns",
    "code_columns",
    "event_columns",
    "mark_rows",
    "pass_row",
    "text_columns",
    "write_tables",
]

EVENTS, PASSES, MARKS = TABLES = ("events.parquet", "passes.parquet", "marks.parquet")

#: What a price of a pass is, by the name of its mapping.
MARK_KINDS = dict(zip(INPUTS, ("mark", "index", "oracle"), strict=True))

TextColumns = dict[str, npt.NDArray[Any]]
CodedColumns = dict[str, npt.NDArray[Any] | Words]

TEXT = "text"

#: The columns of each file, and their types.
TYPES = {
    EVENTS: {**{column.name: column.type for column in COLUMNS}, "pass": NUMBER},
    PASSES: {"pass": NUMBER, "time": NUMBER, "first": NUMBER, "events": NUMBER, "digest": TEXT},
    MARKS: {"pass": NUMBER, "time": NUMBER, "kind": WORD, "name": WORD, "price": TEXT},
}

#: Rows of a row group. All that is held at once is one, and the pass that fills it.
ROW_GROUP_ROWS = 2**17


class Vocabulary:
    """What the numbers of a run's events stand for, as Arrow has it.

    Parameters
    ----------
    before : Snapshot
    parties : sequence of str
    """

    def __init__(self, before: Snapshot, parties: Sequence[str]) -> None:
        import pyarrow as pa

        account = before.wallets.account
        symbols = tuple(contract.symbol for contract in before.contracts)
        self.names = Names(account, symbols, tuple(asset.name for asset in before.assets), tuple(parties))
        is_text = account.dtype.kind == "U"
        self._words, self._bounds = {}, {"wallet": (-1, len(account))}
        try:
            for name, _, field, absent, words in (column for column in COLUMNS if column.type == WORD):
                listed = getattr(self.names, words)
                # The last is that of -1. Each stands there once: Parquet keeps no dictionary that has one twice.
                places = {word: place for place, word in enumerate(dict.fromkeys([*listed, ""]))}
                codes = np.array([places[word] for word in (*listed, "")], np.int32)
                self._words[name] = pa.array(places, pa.string()), codes
                self._bounds[field] = absent, len(listed)
            # Labels go as a list: pyarrow would end a text of NumPy's at the first NUL.
            # The last is that of -1: a party has none.
            self._account = pa.array([*account.tolist(), None], pa.string() if is_text else pa.int64())
        except UnicodeEncodeError as error:
            raise AdlError.at("house", None, error.object, "must have names that UTF-8 can hold") from None
        rows = {True: len(before.orders), False: len(before.positions)}
        self._most_rows = np.array([rows[kind.startswith("order-")] for kind in KINDS], INT64)

    def schema(self, table: str) -> Any:
        """The columns of a file, as Arrow has them."""
        import pyarrow as pa

        types = {
            **{NUMBER: pa.int64(), TEXT: pa.string(), WORD: pa.dictionary(pa.int32(), pa.string())},
            LABEL: self._account.type,
        }
        return pa.schema([pa.field(name, types[kind], kind == LABEL) for name, kind in TYPES[table].items()])

    def fault(self, table: npt.NDArray[np.int64]) -> tuple[int, str, int, str] | None:
        """The first number that can stand for nothing: event, column, number, and what it must be."""
        found: list[tuple[int, str, int, str]] = []

        def refuse(name: str, bad: npt.NDArray[np.bool_], must: str) -> None:
            if bad.any():
                row = int(bad.argmax())
                found.append((row, name, int(table[row, FIELD_PLACE[name]]), must))

        for name, (least, most) in self._bounds.items():
            column = table[:, FIELD_PLACE[name]]
            refuse(name, (column < least) | (column >= most), f"must be from {least} to {most - 1}")
        if not found:
            rows = table[:, FIELD_PLACE["row"]]
            refuse("row", (rows < -1) | (rows >= self._most_rows[table[:, 0]]), "must be a row of `before`, or -1")
            links = table[:, FIELD_PLACE["link"]]
            refuse("link", (links < -1) | (links >= len(table)), "must be another event of the pass, or -1")
        return min(found, default=None)

    def batch(self, number: int, time: int, first: int, table: npt.NDArray[np.int64]) -> Any:
        """The events of a pass, named: the columns of :meth:`Events.columns`, and ``pass``. O(events)."""
        import pyarrow as pa

        events = Events(table, first, time, self.names)
        columns: dict[str, Any] = {
            ACCOUNT: self._account.take(pa.array(np.where(events.wallet < 0, len(self.names.account), events.wallet))),
            "pass": pa.array(np.full(len(events), number, INT64)),
        }
        for name, column in events.codes().items():
            if isinstance(column, Words):
                words, codes = self._words[name]
                columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes[column.codes]), words)
            else:
                columns[name] = pa.array(np.ascontiguousarray(column))
        return pa.RecordBatch.from_arrays([columns[name] for name in TYPES[EVENTS]], schema=self.schema(EVENTS))


# Writing --------------------------------------------------------------------------------------------------------------


def write_tables(folder: Path, passes: Iterable[LoggedPass], vocabulary: Vocabulary) -> dict[str, str]:
    """Write the three files from the passes, one at a time; the SHA-256 of each, by its name."""
    files: dict[str, HashingFile] = {}
    with contextlib.ExitStack() as stack:
        # Left in the other order: events get their name first.
        for table in reversed(TABLES):
            files[table] = HashingFile(stack.enter_context(open_temporary(folder / table)))
        with contextlib.ExitStack() as writers:
            events, listed, marks = (
                writers.enter_context(_groups(files[table], vocabulary.schema(table))) for table in TABLES
            )
            for each in passes:
                events.add(vocabulary.batch(each.number, each.time, each.first, each.table))
                listed.append(pass_row(each.number, each.time, each.first, len(each.table), each.digest))
                for row in mark_rows(each.number, each.time, each.inputs):
                    marks.append(row)
    return {table: files[table].sha256 for table in TABLES}


def mark_rows(number: int, time: int, inputs: Texts) -> Iterator[tuple[int, int, str, str, str]]:
    """A row of ``marks.parquet`` for each price that a pass was given."""
    for field, kind in MARK_KINDS.items():
        for name, price in inputs[field].items():
            yield number, time, kind, name, price


def pass_row(number: int, time: int, first: int, events: int, digest: bytes) -> tuple[int, int, int, int, str]:
    """A row of ``passes.parquet``."""
    return number, time, first, events, digest.hex()


def batch_of(schema: Any, rows: Sequence[tuple[Any, ...]]) -> Any:
    """Rows as a record batch."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


@contextlib.contextmanager
def _groups(file: HashingFile, schema: Any) -> Iterator[_RowGroups]:
    """A Parquet file that is written in row groups."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
        groups = _RowGroups(writer, schema)
        yield groups
        groups.finish()


class _RowGroups:
    """Rows that are written when they fill a row group: batches of them, or single ones."""

    def __init__(self, writer: Any, schema: Any) -> None:
        self._writer, self._schema = writer, schema
        self._batches: list[Any] = []
        self._rows: list[tuple[Any, ...]] = []
        self._held = 0

    def add(self, batch: Any) -> None:
        """Many rows, in the order of the schema."""
        self._batches.append(batch)
        self._held += len(batch)
        if self._held >= ROW_GROUP_ROWS:
            self._write(self._held // ROW_GROUP_ROWS * ROW_GROUP_ROWS)

    def append(self, row: tuple[Any, ...]) -> None:
        """One row."""
        self._rows.append(row)
        if len(self._rows) >= ROW_GROUP_ROWS:
            self._gather()

    def finish(self) -> None:
        """Write what is left."""
        self._gather()
        self._write(self._held)

    def _gather(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            self.add(batch_of(self._schema, rows))

    def _write(self, rows: int) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches, self._schema)
        self._writer.write_table(table.slice(0, rows), row_group_size=ROW_GROUP_ROWS)
        self._batches = table.slice(rows).to_batches()
        self._held -= rows


# Reading --------------------------------------------------------------------------------------------------------------


class RunTable:
    """One of the files, read from its start to its end; what Arrow cannot read is an AdlError."""

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self.path = path
        with self._reading():
            self._opened = open_member(path)
            try:
                self._file = pq.ParquetFile(self._opened, page_checksum_verification=True)
                _refuse_columns(path, self._file.schema_arrow)
                self._batches = self._file.iter_batches(ROW_GROUP_ROWS)
            except BaseException:
                self.close()
                raise
        self._held: list[Any] = []

    def take(self, rows: int | None = None) -> Any:
        """The next rows as an Arrow table, all of them where no number is given; fewer at the end."""
        import pyarrow as pa

        with self._reading():
            while rows is None or sum(map(len, self._held)) < rows:
                if (batch := next(self._batches, None)) is None:
                    break
                batch.validate(full=True)
                self._held.append(batch)
            table = pa.Table.from_batches(self._held, self._file.schema_arrow)
            rows = len(table) if rows is None else rows
            self._held = table.slice(rows).to_batches()
            return table.slice(0, rows)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, UnicodeError, OSError, MemoryError) as error:
            message = f"{self.path} cannot be read as Parquet, or was altered: {one_line(error)}"
            raise AdlError(message, argument="path", value=str(self.path)) from None


def _refuse_columns(path: Path, schema: Any) -> None:
    """Refuse a file that has not just these columns, of these types."""
    import pyarrow as pa

    columns = TYPES[path.name]
    if schema.names != list(columns):
        message = f"{path} has the columns {', '.join(schema.names)}: must have {', '.join(columns)}"
        raise AdlError(message, argument="path", value=schema.names)
    words = pa.dictionary(pa.int32(), pa.string())
    types = {NUMBER: (pa.int64(),), TEXT: (pa.string(),), WORD: (words,), LABEL: (pa.int64(), pa.string())}
    for name, kind in columns.items():
        if (found := schema.field(name).type) not in types[kind]:
            raise AdlError(f"{path}: column {name!r} is of type {found}: must be {kind}", argument=name, value=found)


def code_columns(table: str, rows: Iterable[tuple[Any, ...]]) -> CodedColumns:
    """Rows of a table as columns: numbers, text, and words as codes."""
    types = TYPES[table]
    columns = list(zip(*rows, strict=True)) or [()] * len(types)
    return {name: _column(type_, column) for (name, type_), column in zip(types.items(), columns, strict=True)}


def _column(type_: str, values: Sequence[Any]) -> npt.NDArray[Any] | Words:
    if type_ != WORD:
        return np.array(values, INT64 if type_ == NUMBER else np.str_)
    places: dict[str, int] = {}
    codes = [places.setdefault(word, len(places)) for word in values]
    return Words(tuple(places), np.array(codes, INT64))


def coded_columns(table: Any) -> CodedColumns:
    """The columns of an Arrow table but that of accounts: numbers, text, and words as codes."""
    return {name: _numpy(table.column(name)) for name in table.column_names if name != ACCOUNT}


def text_columns(coded: CodedColumns) -> TextColumns:
    """Columns with the words that codes stand for."""
    return {name: column.texts() if isinstance(column, Words) else column for name, column in coded.items()}


def event_columns(table: Any) -> TextColumns:
    """The columns of an Arrow table of events, text as wide as it needs; accounts as objects."""
    columns = text_columns(coded_columns(table))
    columns[ACCOUNT] = account_column(table.column(ACCOUNT).to_pylist(), columns["wallet"])
    return {name: columns[name] for name in table.column_names}


def _numpy(column: Any) -> npt.NDArray[Any] | Words:
    import pyarrow as pa

    if pa.types.is_int64(column.type):
        return np.asarray(column.to_numpy())
    if not pa.types.is_dictionary(column.type):
        return np.array(column.to_pylist(), np.str_)
    chunks = column.unify_dictionaries().chunks
    words = chunks[0].dictionary.to_pylist() if chunks else []
    return Words(tuple(words), np.concatenate([np.zeros(0, INT64), *(chunk.indices.to_numpy() for chunk in chunks)]))
