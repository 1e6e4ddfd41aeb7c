"""A selection as a file: CSV, JSON lines or Parquet, with quantities as exact decimals."""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from .._support.extras import optional_import
from .._support.files import Destination, is_open_file, is_stream, open_replacement
from .._support.options import read_flag, read_path
from .._support.text import visible, visible_json
from ..contracts import Contract
from ..errors import AdlError
from ..ranking.selection import Selection

__all__ = ["SELECTION_COLUMNS", "writable_suffix", "write_selection"]

#: Columns of the file, in order.
SELECTION_COLUMNS = ("account", "row", "place", "score", "closed", "left", "realized_pnl")

#: A text that begins with one of these, after spaces or not, is a formula to a sheet.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def writable_suffix(path: Destination) -> str:
    """The suffix of a file that can be written; CSV for one that is open, and for a pipe or a device without a suffix.

    Raises
    ------
    AdlError
        For another one.

    Examples
    --------
    >>> writable_suffix("fills.jsonl")
    '.jsonl'
    """
    if is_open_file(path):
        return ".csv"
    target = read_path("path", path)
    suffix = target.suffix.lower()
    if not suffix and is_stream(target):
        return ".csv"
    if suffix not in WRITERS:
        suffixes = ", ".join(WRITERS)
        raise AdlError(f"{target} has suffix {suffix!r}: must be one of {suffixes}", argument="out")
    return suffix


def write_selection(
    path: Destination,
    selection: Selection,
    contract: Contract,
    realized_pnl: npt.NDArray[np.float64] | None = None,
    *,
    escape_formulas: bool = False,
) -> None:
    """Write who is closed, and how much of each, to a file.

    Parameters
    ----------
    path : path or binary file
        ``.csv``, ``.jsonl`` or ``.parquet``. It is replaced at once when all is written, or left as it was. A pipe, a
        device and a file that is open are written to; without a suffix they get CSV.
    selection : Selection
        In whole lots.
    contract : Contract
        Its lot turns them into quantities.
    realized_pnl : float64[k], optional
        What each counterparty realizes, in units of the settle asset; empty without it.
    escape_formulas : bool, default False
        Whether labels in CSV get an apostrophe in front where a sheet would take them for a formula, and all text its
        quotation marks: for files that people open in one. Other programs then have to take them off again.

    Raises
    ------
    AdlError
        For another suffix, a selection that is not in whole lots, or Parquet without pyarrow.
    OSError
        Where the file cannot be written.

    Notes
    -----
    Columns: account, row (of the market, from 0), place (in the queue, from 1), score, closed, left, realized_pnl.
    ``closed`` and ``left`` lie on the lot's grid: decimal text in CSV and JSON, decimal128 in Parquet. A score that is
    infinite is null in JSON. Labels come back exactly from JSON lines and Parquet. So they do from CSV, but for
    characters that nobody sees, such as line ends, escapes and marks of direction: CSV has them as Python writes them,
    ``\\x1b`` or ``\\u202e``, and the column row says whose the label is.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "fills.csv")
    >>> write_selection(path, adl.select([0.5, 2.0], [250, 100], 125), adl.Contract("AVAX", lot="0.01"))
    >>> print(path.read_text().strip())
    account,row,place,score,closed,left,realized_pnl
    1,1,1,2.0,1.00,0.00,
    0,0,2,0.5,0.25,2.25,
    >>> folder.cleanup()
    """
    suffix = writable_suffix(path)
    write = WRITERS[suffix]
    if read_flag("escape_formulas", escape_formulas):
        if suffix != ".csv":
            raise AdlError.at(
                "escape_formulas", None, True, f"must be False for {suffix}, which no formula can stand in"
            )
        write = _write_csv_for_sheets
    if not isinstance(selection, Selection):
        raise AdlError.at("selection", None, selection, "must be a Selection")
    if not isinstance(contract, Contract):
        raise AdlError.at("contract", None, contract, "must be a Contract")
    columns = selection.columns()
    if columns["closed"].dtype.kind != "i":
        raise AdlError("selection is in float64: must be in whole lots to be written as decimals", argument="selection")
    columns["realized_pnl"] = np.full(len(selection), None) if realized_pnl is None else _pnl_column(realized_pnl)
    with open_replacement(path) as file:
        write(file, columns, contract)


def _pnl_column(realized_pnl: Any) -> npt.NDArray[np.float64]:
    """A column of numbers."""
    try:
        column = np.asarray(realized_pnl, np.float64)
    except (TypeError, ValueError, OverflowError):
        column = np.zeros(())
    if column.ndim != 1:
        raise AdlError.at("realized_pnl", None, realized_pnl, "must be a column of numbers")
    return column


def _records(columns: dict[str, npt.NDArray[Any]], contract: Contract) -> Iterator[list[Any]]:
    """Rows of Python values, quantities as decimal text."""
    for record in zip(*(columns[name].tolist() for name in SELECTION_COLUMNS), strict=True):
        account, row, place, score, closed_lots, left_lots, realized = record
        yield [account, row, place, score, contract.decimal(closed_lots), contract.decimal(left_lots), realized]


def _write_csv(file: BinaryIO, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    """Lines of CSV that programs read."""
    _write_cells(file, _visible_rows(columns, contract), csv.QUOTE_MINIMAL)


def _write_csv_for_sheets(file: BinaryIO, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    """Lines of CSV that people open in a sheet."""
    # Quoted, for a sheet may take another sign than the comma for the end of a cell.
    _write_cells(
        file, ([_no_formula(label), *rest] for label, *rest in _visible_rows(columns, contract)), csv.QUOTE_NONNUMERIC
    )


def _write_cells(file: BinaryIO, rows: Iterator[list[Any]], quoting: Literal[0, 2]) -> None:
    writer = csv.writer(codecs.getwriter("utf-8")(file), lineterminator="\n", quoting=quoting)
    writer.writerow(SELECTION_COLUMNS)
    writer.writerows(rows)


def _visible_rows(columns: dict[str, npt.NDArray[Any]], contract: Contract) -> Iterator[list[Any]]:
    """Rows whose labels hold nothing that moves, hides or turns text around."""
    for label, *rest in _records(columns, contract):
        yield [visible(label) if isinstance(label, str) else label, *rest]


def _no_formula(label: Any) -> Any:
    """A label as no sheet takes it for a formula."""
    return f"'{label}" if isinstance(label, str) and label.lstrip(" ").startswith(FORMULA) else label


def _write_jsonl(file: BinaryIO, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    """A line of JSON for each counterparty."""
    for record in _records(columns, contract):
        fields = {name: null_unless_finite(value) for name, value in zip(SELECTION_COLUMNS, record, strict=True)}
        line = json.dumps(fields, ensure_ascii=False, allow_nan=False, default=str)
        file.write(f"{visible_json(line)}\n".encode())


def _write_parquet(file: BinaryIO, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    """A table of Parquet, with quantities as decimals of the lot's places."""
    with optional_import("pyarrow", "writing Parquet files"):
        import pyarrow as pa
        import pyarrow.parquet as pq
    places = max(-int(contract.lot.as_tuple().exponent), 0)
    decimals = pa.decimal128(38, places)
    arrays = {
        "account": pa.array(columns["account"], None if columns["account"].dtype.kind in "iu" else pa.string()),
        "row": pa.array(columns["row"], pa.int64()),
        "place": pa.array(columns["place"], pa.int64()),
        "score": pa.array(columns["score"], pa.float64()),
        "closed": pa.array([Decimal(contract.decimal(lots)) for lots in columns["closed"].tolist()], decimals),
        "left": pa.array([Decimal(contract.decimal(lots)) for lots in columns["left"].tolist()], decimals),
        "realized_pnl": pa.array(columns["realized_pnl"], pa.float64()),
    }
    pq.write_table(pa.table({name: arrays[name] for name in SELECTION_COLUMNS}), file)


def null_unless_finite(value: Any) -> Any:
    """What JSON has no number for is null."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


WRITERS: dict[str, Callable[[BinaryIO, dict[str, npt.NDArray[Any]], Contract], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
