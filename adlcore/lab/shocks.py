"""Paths of mark prices through a crash: made up, or read from a file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from .._support.arrays import Float64Array1D
from .._support.extras import optional
from .._support.options import a_list, a_path, is_text_of
from ..contracts.contract import Contract
from ..contracts.decimals import exact_decimal, positive_decimal, whole_number
from ..errors import AdlError, shown
from .portable import exponential, logarithm, total

__all__ = ["Marks", "fall", "read_marks"]

#: Times, and the mark prices that are new at each, by symbol.
Marks = list[tuple[int, dict[str, str]]]


@dataclass(frozen=True)
class Moved:
    """A contract and how it moves with the market.

    Attributes
    ----------
    contract : Contract
    price : str
        Before the crash.
    follows : str
        The symbol whose path it shares, or its own; contracts of one path move alike.
    beta : float
        Its fall is ``(1 - fall)**beta``.
    noise : float
        Sigma of its own log return over the whole crash.
    """

    contract: Contract
    price: str
    follows: str
    beta: float
    noise: float


def fall(
    moved: Sequence[Moved],
    rng: np.random.Generator,
    *,
    passes: int,
    step: int,
    fall: float,
    jumps: int,
    jump_share: float,
    rebound: float,
) -> Marks:
    """A fall of all contracts together, with sudden steps that all of them take at once.

    Parameters
    ----------
    moved : sequence of Moved
    rng : numpy.random.Generator
    passes : int
        Marks, `step` apart in the time of the house; the first at `step`.
    step : int
    fall : float
        How far a contract with beta 1 falls at the low: 0.3 is 30 %.
    jumps : int
        Sudden steps, at random passes; so many as there is room for.
    jump_share : float
        Share of the fall that jumps make; the rest is even.
    rebound : float
        Share of the fall that is made good again in the last quarter.

    Returns
    -------
    list of (int, dict)
        Every contract at every pass, on its ticks and at least one.

    Notes
    -----
    ``log(P_k/P_0) = beta·log(1 - fall)·s_k + noise·B_k``: s rises from 0 to 1 at the low, which is the
    last pass before the rebound, and B is a Brownian bridge of the path, 0 at both ends.
    O(passes·contracts).

    Examples
    --------
    >>> btc = Moved(Contract("BTCUSDT", tick="0.1"), "60000", "BTCUSDT", 1.0, 0.0)
    >>> rng = np.random.default_rng(7)
    >>> fall([btc], rng, passes=3, step=60, fall=0.3, jumps=0, jump_share=0.0, rebound=0.0)
    [(60, {'BTCUSDT': '53274.2'}), (120, {'BTCUSDT': '47302.4'}), (180, {'BTCUSDT': '42000.0'})]
    """
    shape = _shape(rng, passes, jumps, jump_share, rebound)
    bridges: dict[str, Float64Array1D] = {}
    for each in moved:
        if each.follows not in bridges:
            bridges[each.follows] = _bridge(rng, passes)
    found: Marks = [((number + 1) * step, {}) for number in range(passes)]
    for each in moved:
        logs = each.beta * logarithm(1 - fall) * shape + each.noise * bridges[each.follows]
        prices = float(each.price) * exponential(logs)
        for (_, marks), price in zip(found, prices.tolist(), strict=True):
            marks[each.contract.symbol] = _on_ticks(each.contract, price)
    return found


def _shape(rng: np.random.Generator, passes: int, jumps: int, jump_share: float, rebound: float) -> Float64Array1D:
    """How much of the fall is there at each pass: 1 at the low."""
    low = passes if not rebound else max(1, passes - passes // 4)
    down = np.full(low, (1 - jump_share) / low if jumps else 1 / low)
    if jumps:
        number = min(jumps, low)
        weight = rng.exponential(1.0, number)
        down[rng.choice(low, number, replace=False)] += jump_share * weight / total(weight)
    up = np.full(passes - low, -rebound / max(passes - low, 1))
    return np.asarray(np.cumsum(np.concatenate([down, up])))


def _bridge(rng: np.random.Generator, passes: int) -> Float64Array1D:
    """A random walk of unit variance that ends where it began."""
    walk = np.cumsum(rng.standard_normal(passes)) / np.sqrt(passes)
    return np.asarray(walk - walk[-1] * np.arange(1, passes + 1) / passes)


def _on_ticks(contract: Contract, price: float) -> str:
    tick = contract.tick or Decimal("1e-8")
    steps = max(1, int((Decimal(repr(price)) / tick).to_integral_value()))
    return contract.price(steps) if contract.tick is not None else format(steps * tick, "f")


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
    symbols = symbols if isinstance(symbols, Mapping) else a_list("symbols", symbols, "must be a list of symbols")
    columns = _columns(a_path("path", path))
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
    """The columns of a file; of CSV as text."""
    with optional("pyarrow", "reading marks from files"):
        import pyarrow as pa
        import pyarrow.csv as pc
        import pyarrow.parquet as pq
    if path.suffix not in (".csv", ".parquet"):
        raise AdlError.at("marks", None, str(path), "must end in .csv or .parquet")
    if not path.is_file():
        raise AdlError.at("marks", None, str(path), "must be a file that is there")
    try:
        if path.suffix == ".parquet":
            return _by_name(path, pq.read_table(path))
        with open(path, encoding="utf-8") as file:
            names = file.readline().strip().split(",")
        types = {name: pa.string() for name in names}
        options = pc.ConvertOptions(column_types=types, strings_can_be_null=False)
        return _by_name(path, pc.read_csv(path, convert_options=options))
    except AdlError:
        raise
    except (pa.ArrowException, UnicodeError, ValueError, KeyError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the system; pyarrow's own have no number
            raise
        raise AdlError.at("marks", None, str(path), f"must be a whole table ({str(error)[:60]})") from None


def _by_name(path: Path, table: Any) -> dict[str, list[Any]]:
    """The columns of a table, each of which has a name of its own."""
    names = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AdlError.at("marks", None, str(path), f"must have the column {shown(twice)} once")
    return dict(table.to_pydict())
