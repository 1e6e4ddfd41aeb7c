"""Files of marks: the prices that a run is given, at the times that it is given them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from .._support.extras import require
from .._support.options import is_text_of, read_list, read_path
from ..contracts.decimals import exact_decimal, positive_decimal, whole_number
from ..errors import AdlError, value_text
from .table_files import open_tabular_file

__all__ = ["Marks", "read_marks"]

#: Times, and the mark prices that are new at each, by symbol.
Marks = list[tuple[int, dict[str, str]]]


def read_marks(path: str | os.PathLike[str], symbols: Collection[str]) -> Marks:
    """Read marks from a CSV or Parquet file.

    Parameters
    ----------
    path : path
        Columns ``time``, ``symbol`` and ``price``, a row a mark; or ``time`` and one column a symbol, where
        an empty cell means no new mark, for a row cannot leave it out. Times are whole numbers that do not
        fall.
    symbols : collection of str, such as a mapping
        The contracts that may be named.

    Returns
    -------
    list of (int, dict)
        A pass for each time.

    Raises
    ------
    AdlError
        For a file that is neither, and for the first row whose time, symbol or price cannot be; without
        pyarrow.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "marks.csv")
    ...     _ = path.write_text("time,BTCUSDT,ETHUSDT\\n1,60000,\\n2,59000.5,3000\\n")
    ...     read_marks(path, {"BTCUSDT": 0, "ETHUSDT": 1})
    [(1, {'BTCUSDT': '60000'}), (2, {'BTCUSDT': '59000.5', 'ETHUSDT': '3000'})]
    """
    symbols = symbols if isinstance(symbols, Mapping) else read_list("symbols", symbols, "must be a list of symbols")
    columns = _columns(read_path("path", path))
    if "time" not in columns:
        raise AdlError.at("marks", None, str(path), f"must have a column time; has {', '.join(columns)}")
    long = {"symbol", "price"} <= columns.keys()
    if long:
        named = list(zip(columns["symbol"], columns["price"], strict=True))
        cells: list[list[tuple[str, Any]]] = [[pair] for pair in named]
    else:
        others = [name for name in columns if name != "time"]
        cells = [[(name, columns[name][row]) for name in others] for row in range(len(columns["time"]))]
    found: Marks = []
    for row, (given, pairs) in enumerate(zip(columns["time"], cells, strict=True)):
        time = _time(given, row, found)
        if not found or found[-1][0] != time:
            found.append((time, {}))
        for symbol, price in pairs:
            if not is_text_of(symbol, symbols):
                raise AdlError.at(
                    "marks.symbol", row, symbol, f"must be one of {', '.join(map(str, list(symbols)[:12]))}"
                )
            if price is not None and price != "":
                found[-1][1][symbol] = format(positive_decimal(price, "marks.price", row), "f")
            elif long:
                raise AdlError.at("marks.price", row, price, "must be a number; leave the row out where there is none")
    if not found:
        raise AdlError.at("marks", None, str(path), "must have a row")
    return found


def _time(given: Any, row: int, found: Marks) -> int:
    number = exact_decimal(given, "marks.time", row)
    if number != number.to_integral_value():
        raise AdlError.at("marks.time", row, given, "must be a whole number")
    time = whole_number(int(number), "marks.time", row)
    if found and time < found[-1][0]:
        raise AdlError.at("marks.time", row, given, f"must not be before the row above, {found[-1][0]}")
    return time


def _columns(path: Path) -> dict[str, list[Any]]:
    """The columns of a file, each of which has a name of its own; those of CSV as text."""
    require("pyarrow.csv", "reading marks from files")
    if path.suffix not in (".csv", ".parquet"):
        raise AdlError.at("marks", None, str(path), "must end in .csv or .parquet")
    if not path.is_file():
        raise AdlError.at("marks", None, str(path), "must be a file that is there")
    with _refuse_broken_table(path):
        table = open_tabular_file(str(path))
    twice = next((name for name in table.header if table.header.count(name) > 1), None)
    if twice is not None:
        raise AdlError.at("marks", None, str(path), f"must have the column {value_text(twice)} once")
    with _refuse_broken_table(path):
        return {name: column.to_pylist() for name, column in table.read(table.header, None).items()}


@contextlib.contextmanager
def _refuse_broken_table(path: Path) -> Iterator[None]:
    """What cannot be read is no whole table."""
    import pyarrow as pa

    try:
        yield
    except (AdlError, ValueError, pa.ArrowException) as error:
        told = str(error).removeprefix(str(path)).lstrip(" ,")
        raise AdlError.at("marks", None, str(path), f"must be a whole table ({told[:60]})") from None
