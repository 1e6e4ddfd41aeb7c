"""Files of marks: the prices that a run is given, at the times that it is given them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .._support.extras import require
from .._support.options import is_text_of, read_list, read_path
from ..contracts.decimals import exact_decimal, positive_decimal, whole_number
from ..errors import AdlError, value_text
from .table_files import open_tabular_file

__all__ = ["Marks", "TimedMarks", "read_marks"]


class TimedMarks(NamedTuple):
    """A time, and the mark prices that are new at it, by symbol.

    Examples
    --------
    >>> TimedMarks(1000, {"BTCUSDT": "57300.5"}).prices["BTCUSDT"]
    '57300.5'
    """

    time: int
    prices: dict[str, str]


#: In the order of their times.
Marks = list[TimedMarks]


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
    list of TimedMarks
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
    ...     marks = read_marks(path, {"BTCUSDT": 0, "ETHUSDT": 1})
    >>> [(time, prices) for time, prices in marks]
    [(1, {'BTCUSDT': '60000'}), (2, {'BTCUSDT': '59000.5', 'ETHUSDT': '3000'})]
    """
    symbols = symbols if isinstance(symbols, Mapping) else read_list("symbols", symbols, "must be a list of symbols")
    columns = _columns(read_path("path", path))
    if "time" not in columns:
        raise AdlError.at("marks", None, str(path), f"must have a column time; has {', '.join(columns)}")
    is_mark_a_row = {"symbol", "price"} <= columns.keys()
    if is_mark_a_row:
        pairs_of_rows = zip(columns["symbol"], columns["price"], strict=True)
        cells: list[list[tuple[str, Any]]] = [[pair] for pair in pairs_of_rows]
    else:
        others = [name for name in columns if name != "time"]
        cells = [[(name, columns[name][row]) for name in others] for row in range(len(columns["time"]))]
    marks: Marks = []
    for row, (value, pairs) in enumerate(zip(columns["time"], cells, strict=True)):
        time = _read_time(value, row, marks)
        if not marks or marks[-1].time != time:
            marks.append(TimedMarks(time, {}))
        for symbol, price in pairs:
            if not is_text_of(symbol, symbols):
                raise AdlError.at(
                    "marks.symbol", row, symbol, f"must be one of {', '.join(map(str, list(symbols)[:12]))}"
                )
            if price is not None and price != "":
                marks[-1].prices[symbol] = format(positive_decimal(price, "marks.price", row), "f")
            elif is_mark_a_row:
                raise AdlError.at("marks.price", row, price, "must be a number; leave the row out where there is none")
    if not marks:
        raise AdlError.at("marks", None, str(path), "must have a row")
    return marks


def _read_time(value: Any, row: int, before: Marks) -> int:
    """The time of a row: a whole number, and none before that of the rows above."""
    number = exact_decimal(value, "marks.time", row)
    if number != number.to_integral_value():
        raise AdlError.at("marks.time", row, value, "must be a whole number")
    time = whole_number(int(number), "marks.time", row)
    if before and time < before[-1].time:
        raise AdlError.at("marks.time", row, value, f"must not be before the row above, {before[-1].time}")
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
        cause = str(error).removeprefix(str(path)).lstrip(" ,")
        raise AdlError.at("marks", None, str(path), f"must be a whole table ({cause[:60]})") from None
