"""CSV and Parquet files as columns of text and numbers, with a name for every place in them.

The good path is pyarrow's, all columns at once. Only when something is wrong is the file read a second time, record by
record, to say on which line.
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from .._support.extras import require
from .._support.options import read_path
from .._support.text import one_line
from ..errors import AdlError
from .parquet import refuse_damaged_parquet

__all__ = ["Progress", "TabularFile", "open_tabular_file"]

#: Called with what is read so far and all there is (bytes of a CSV, rows of a Parquet file), maybe from another thread.
Progress = Callable[[int, int], None]

DELIMITERS = {".csv": ",", ".tsv": "\t"}
PARQUET = (".parquet", ".pq")


class TabularFile(ABC):
    """A file that is opened by its header; columns are read when they are asked for.

    Attributes
    ----------
    path : str
    header : tuple of str
        Column names as they stand in the file.
    """

    def __init__(self, path: str, header: Sequence[str]) -> None:
        self.path = path
        self.header = tuple(header)

    @abstractmethod
    def read(self, names: Sequence[str], progress: Progress | None) -> dict[str, Any]:
        """The named columns as pyarrow chunked arrays of one length."""

    @abstractmethod
    def place(self, row: int) -> str:
        """How a person finds a data row (counted from 0) in this file."""

    def error(self, name: str, column: str, row: int, value: Any, must: str) -> AdlError:
        """The error for one value of the file; `name` is the market's column and `column` the file's."""
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:56] + "...'"
        which = f"{name} (column {column!r})" if name != column else name
        return AdlError(
            f"{self.path}, {self.place(row)}: {which} is {shown}: {must}", argument=name, row=row, value=value
        )


def open_tabular_file(path: str, purpose: str = "reading CSV and Parquet files") -> TabularFile:
    """Open a file by its suffix and read its header.

    Raises
    ------
    AdlError
        For another suffix, an empty file, one that is not what its suffix says, or without pyarrow.
    OSError
        Where the file cannot be opened.
    """
    suffix = read_path("path", path).suffix.lower()
    if suffix in DELIMITERS:
        require("pyarrow.csv", purpose)
        return _CsvFile(path, DELIMITERS[suffix])
    if suffix in PARQUET:
        require("pyarrow.parquet", purpose)
        return _ParquetFile(path)
    suffixes = ", ".join((*DELIMITERS, *PARQUET))
    raise AdlError(f"{path} has suffix {suffix!r}: must be one of {suffixes}", argument="path", value=path)


class _CsvFile(TabularFile):
    """A text file with a header line; blank lines are passed over."""

    def __init__(self, path: str, delimiter: str) -> None:
        self._delimiter = delimiter  # before the header is read, for records are split by it
        header = next(self._records(path), None)
        if header is None:
            raise AdlError(f"{path} is empty: must have a header line and rows", argument="path", value=path)
        super().__init__(path, header[1])

    def read(self, names: Sequence[str], progress: Progress | None) -> dict[str, Any]:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        # Every column as text: numbers are made of it exactly, and a bad one can be shown as it stands.
        convert = pacsv.ConvertOptions(
            include_columns=list(names),
            column_types={name: pa.string() for name in names},
            strings_can_be_null=False,
        )
        parse = pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True)
        try:
            with open(self.path, "rb") as file:
                source = file if progress is None else _CountingFile(file, Path(self.path).stat().st_size, progress)
                table = pacsv.read_csv(source, parse_options=parse, convert_options=convert)
        except pa.ArrowException as error:
            raise self._structure_error(error) from None
        return {name: table.column(name) for name in names}

    def place(self, row: int) -> str:
        for number, (line, _) in enumerate(self._records(self.path), -1):
            if number == row:
                return f"line {line}"
        return f"row {row}"

    def _structure_error(self, error: Exception) -> AdlError:
        """Why the file as a whole could not be read."""
        for line, record in self._records(self.path):
            if len(record) != len(self.header):
                fields = "1 field" if len(record) == 1 else f"{len(record)} fields"
                message = f"{self.path}, line {line} has {fields}: must have {len(self.header)}, as the header"
                return AdlError(message, argument="path", value=len(record))
        return AdlError(f"{self.path} cannot be read as CSV: {one_line(error)}", argument="path")

    def _records(self, path: str) -> Iterator[tuple[int, list[str]]]:
        """Every record that is not blank, with the line on which it begins, from 1."""
        line = 1
        try:
            with open(path, encoding="utf-8-sig", newline="") as file:
                reader = csv.reader(file, delimiter=self._delimiter)
                for record in reader:
                    if record:
                        yield line, record
                    line = reader.line_num + 1
        except UnicodeDecodeError:
            raise AdlError(
                f"{path}, line {_undecodable(path)} is not UTF-8 text", argument="path", value=path
            ) from None
        except csv.Error as error:
            raise AdlError(f"{path}, line {line} cannot be read as CSV: {error}", argument="path", value=path) from None


class _ParquetFile(TabularFile):
    """A Parquet file; rows have no lines and are counted from 0."""

    def __init__(self, path: str) -> None:
        import pyarrow.parquet as pq

        with open(path, "rb") as file:
            if not file.read(1):
                raise AdlError(f"{path} is empty: must be a Parquet file with rows", argument="path", value=path)
        with refuse_damaged_parquet(path), pq.ParquetFile(path) as opened:
            header = opened.schema_arrow.names
        super().__init__(path, header)

    def read(self, names: Sequence[str], progress: Progress | None) -> dict[str, Any]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        groups, done = [], 0
        with refuse_damaged_parquet(self.path), pq.ParquetFile(self.path) as opened:
            rows = opened.metadata.num_rows
            for group in range(opened.num_row_groups):
                groups.append(opened.read_row_group(group, columns=list(names)))
                done += groups[-1].num_rows
                if progress is not None:
                    progress(done, rows)
            table = pa.concat_tables(groups) if groups else opened.read(columns=list(names))
            return {name: table.column(name) for name in names}

    def place(self, row: int) -> str:
        return f"row {row} (counted from 0)"


class _CountingFile:
    """A file for pyarrow that tells how much of it has been read."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress) -> None:
        self._file, self._size, self._progress = file, size, progress
        self._done = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._done += len(data)
        self._progress(self._done, self._size)
        return data

    @property
    def closed(self) -> bool:
        return self._file.closed

    def close(self) -> None:
        self._file.close()


def _undecodable(path: str) -> int:
    """The first line that is not UTF-8."""
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1
