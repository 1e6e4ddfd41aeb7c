"""A selection as a file: CSV, JSON lines or Parquet, with quantities as exact decimals."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from .._extras import optional
from .._options import a_path
from ..contracts import Contract
from ..errors import AdlError
from ..selection import Selection

__all__ = ["FILLS", "check_suffix", "write_selection"]

#: Columns of the file, in order.
FILLS = ("account", "row", "place", "score", "closed", "left", "realized_pnl")


def check_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix of a file that can be written.

    Raises
    ------
    AdlError
        For another one.

    Examples
    --------
    >>> check_suffix("fills.jsonl")
    '.jsonl'
    """
    suffix = a_path("path", path).suffix.lower()
    if suffix not in WRITERS:
        known = ", ".join(WRITERS)
        raise AdlError(f"{os.fspath(path)} has suffix {suffix!r}: must be one of {known}", argument="out")
    return suffix


def write_selection(
    path: str | os.PathLike[str],
    selection: Selection,
    contract: Contract,
    realized_pnl: npt.NDArray[np.float64] | None = None,
) -> None:
    """Write who is closed, and how much of each, to a file.

    Parameters
    ----------
    path : path
        ``.csv``, ``.jsonl`` or ``.parquet``. It is replaced at once when all is written, or left as it was.
    selection : Selection
        In whole lots.
    contract : Contract
        Its lot turns them into quantities.
    realized_pnl : float64[k], optional
        What each counterparty realizes, in units of the settle asset; empty without it.

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
    infinite is null in JSON.

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
    write = WRITERS[check_suffix(path)]
    columns = selection.columns()
    if columns["closed"].dtype.kind != "i":
        raise AdlError("selection is in float64: must be in whole lots to be written as decimals", argument="selection")
    columns["realized_pnl"] = np.full(len(selection), None) if realized_pnl is None else realized_pnl
    target = a_path("path", path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        write(unfinished, columns, contract)
        os.replace(unfinished, target)
    except OSError as error:
        # Name the file that was asked for, not the one beside it.
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()


def _records(columns: dict[str, npt.NDArray[Any]], contract: Contract) -> Iterator[list[Any]]:
    """Rows of Python values, quantities as decimal text."""
    for record in zip(*(columns[name].tolist() for name in FILLS), strict=True):
        account, row, place, score, closed, left, realized = record
        yield [account, row, place, score, contract.decimal(closed), contract.decimal(left), realized]


def _write_csv(path: Path, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    with _new(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FILLS)
        writer.writerows(_records(columns, contract))


def _write_jsonl(path: Path, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    with _new(path) as file:
        for record in _records(columns, contract):
            fields = {name: finite(value) for name, value in zip(FILLS, record, strict=True)}
            file.write(json.dumps(fields, ensure_ascii=False, allow_nan=False, default=str) + "\n")


def _write_parquet(path: Path, columns: dict[str, npt.NDArray[Any]], contract: Contract) -> None:
    with optional("pyarrow", "writing Parquet files"):
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
    pq.write_table(pa.table({name: arrays[name] for name in FILLS}), path)


def finite(value: Any) -> Any:
    """What JSON has no number for is null."""
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _new(path: Path) -> TextIO:
    return open(path, "w", encoding="utf-8", newline="")


WRITERS: dict[str, Callable[[Path, dict[str, npt.NDArray[Any]], Contract], None]] = {
    ".csv": _write_csv,
    ".jsonl": _write_jsonl,
    ".parquet": _write_parquet,
}
