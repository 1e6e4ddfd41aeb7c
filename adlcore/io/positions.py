"""A file of open positions as the columns of a market."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from .._support.options import read_path
from .._support.pickles import Immutable
from ..contracts import Contract
from ..contracts.decimals import Number, positive_decimal
from ..errors import AdlError
from ..market.market import Market
from . import quantities
from .aliases import ColumnMapping, absent_column, find_columns
from .parquet import decoded
from .table_files import Progress, TabularFile, open_tabular_file

__all__ = ["Positions", "read_positions"]

#: What a side column may say, and the sign it gives to a size; 0 leaves the quantity as it stands.
SIDES = {"long": 1, "buy": 1, "b": 1, "short": -1, "sell": -1, "s": -1, "both": 0, "net": 0, "none": 0, "": 0}


class Positions(Immutable):
    """The columns of a market as a file holds them. Immutable.

    Attributes
    ----------
    path : str
        The file.
    lot : Decimal
        Contracts per lot; the quantities are whole lots.
    columns : dict of str to ndarray
        Arguments of :class:`adlcore.Market`: ``quantity`` int64[n] lots, ``entry_price`` or ``entry_value``, and what
        else the file has; money is float64, ``tie`` int64, ``account`` labels. Arrays are read-only.
    names : dict of str to str
        For each column where it comes from: a column of the file, or a sum of some.
    header : tuple of str
        Every column name of the file.
    """

    __slots__ = ("_columns", "_names", "header", "lot", "path")
    PICKLED = __slots__

    path: str
    lot: Decimal
    header: tuple[str, ...]
    _columns: Mapping[str, npt.NDArray[Any]]
    _names: Mapping[str, str]

    def __init__(
        self,
        path: str,
        lot: Decimal,
        columns: Mapping[str, npt.NDArray[Any]],
        names: Mapping[str, str],
        header: tuple[str, ...] = (),
    ) -> None:
        values = {"_columns": dict(columns), "_names": dict(names), "header": tuple(header)}
        self._restore({"path": path, "lot": lot, **values})

    @property
    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """A dict of the columns, to be passed on as keyword arguments."""
        return dict(self._columns)

    @property
    def names(self) -> dict[str, str]:
        """Where each column comes from."""
        return dict(self._names)

    def contract(self, symbol: str, **terms: Any) -> Contract:
        """A contract whose lot is the file's; `terms` as of :class:`adlcore.Contract`."""
        return Contract(symbol, lot=self.lot, **terms)

    def market(self, contract: Contract, mark_price: Number) -> Market:
        """The market of these columns; what it refuses is named by file and line.

        Parameters
        ----------
        contract : Contract
            Of the file's lot, as :meth:`contract` gives it.
        mark_price : decimal string or number
            In units of the settle asset for one contract; of inverse contracts the price of the coin.

        Raises
        ------
        AdlError
            For a contract of another lot, and all that :class:`adlcore.Market` refuses.

        Examples
        --------
        >>> import numpy as np
        >>> columns = {"quantity": np.array([-2853, -1804]), "entry_price": np.array([28.885, 27.676])}
        >>> positions = Positions("avax.csv", Decimal("0.01"), columns, {"quantity": "szi", "entry_price": "entryPx"})
        >>> positions.market(positions.contract("AVAX"), "22.025").entry_value.tolist()
        [-824.08905, -499.27504]
        """
        if not isinstance(contract, Contract) or contract.lot != self.lot:
            raise AdlError.at("contract", None, contract, f"must be a Contract of lot {self.lot:f}, as the file's")
        try:
            return Market(contract, mark_price=mark_price, **self._columns)
        except AdlError as error:
            if error.row is None:
                raise
            # The market counts rows; a person looks for a line.
            message = f"{self.path}, {self.place(error.row)}: {error}"
            raise AdlError(message, argument=error.argument, row=error.row, value=error.value) from None

    def place(self, row: int) -> str:
        """Where a person finds a row: ``line 4`` of a CSV, ``row 2 (counted from 0)`` of a Parquet file."""
        return open_tabular_file(self.path).place(row)

    def absent(self, name: str, why: str = "") -> AdlError:
        """The error for a column that is needed and that the file is not known to have."""
        return absent_column(self.path, self.header, name, why)

    def __len__(self) -> int:
        return len(self._columns["quantity"])

    def __repr__(self) -> str:
        return f"<Positions: {len(self):,} rows of {', '.join(self._columns)}; lot {self.lot:f}>"

    def _restore(self, values: dict[str, Any]) -> None:
        super()._restore(values)
        for column in self._columns.values():
            column.flags.writeable = False


def read_positions(
    path: str | os.PathLike[str],
    columns: ColumnMapping | None = None,
    *,
    lot: Number | None = None,
    progress: Progress | None = None,
) -> Positions:
    """Read a file of open positions into the columns of a market.

    Parameters
    ----------
    path : path
        ``.csv`` (or ``.tsv``: tabs) with a header line, UTF-8; or ``.parquet``.
    columns : str or mapping, optional
        Which column of the file is which of the market, ``"quantity=position_size,equity=cash+upnl,account=user"``, or
        the same as a mapping (there a tuple of names is a sum). Names: quantity, entry_price, entry_value, equity,
        account_equity, balance, maintenance_margin, bankruptcy_value, leverage, tie, account, side. What is not given
        is found by the common names (``adlcore.io.aliases.ALIASES``); an empty value, ``"leverage="``, leaves a column
        out. No balance or account value is ever taken for equity: it may be cash.
    lot : decimal string or number, optional
        Contracts per lot. Without it the finest step in the quantity column, a power of ten not above 1.
    progress : callable, optional
        Called with (done, all): bytes of a CSV, rows of a Parquet file; maybe from another thread.

    Returns
    -------
    Positions
        ``.columns`` are keyword arguments of :class:`adlcore.Market`, with quantity in int64 lots; ``.lot`` is what a
        lot is.

    Raises
    ------
    AdlError
        Names file, column, line (the header is line 1) and value: a column that the file has not (with the nearest
        names), an empty file, no rows, a value that does not parse, NaN, infinity, a missing value, a quantity between
        lots or beyond int64.
    MissingExtraError
        Without pyarrow.
    OSError
        Where the file cannot be opened.

    Notes
    -----
    A quantity is read as the decimal it is written as, floats of a Parquet file by their shortest decimal; a sum of
    columns is added exactly. Money is float64, each value rounded once, sums added from left to right. A ``side``
    column (long/buy, short/sell; both/net leave the sign) makes sizes of shorts negative. 10^6 rows in 100 MB of CSV
    take about a second.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name, "avax.csv")
    >>> rows = ["user,szi,entryPx,cash,pnl", "0xe9,-28.53,28.885,33825.05,392.66", "0xd1,-18.04,27.676,399.70,226.47"]
    >>> _ = path.write_text("\\n".join(rows))
    >>> positions = adl.read_positions(path, "equity=cash+pnl")
    >>> positions
    <Positions: 2 rows of quantity, entry_price, equity, account; lot 0.01>
    >>> contract = positions.contract("AVAX")
    >>> market = positions.market(contract, "22.025")
    >>> selection = market.deleverage(contract.lots("20"), "binance")
    >>> list(selection.columns()["account"]), [contract.decimal(lots) for lots in selection.quantity]
    (['0xd1', '0xe9'], ['18.04', '1.96'])
    >>> folder.cleanup()
    """
    step = None if lot is None else positive_decimal(lot, "lot")
    if step is not None and abs(step.adjusted()) >= quantities.DIGITS:
        raise AdlError.at(
            "lot", None, lot, f"must have less than {quantities.DIGITS} digits before and after the point"
        )
    if progress is not None and not callable(progress):
        raise AdlError.at("progress", None, progress, "must be callable")
    file = open_tabular_file(os.fspath(read_path("path", path)))
    sources = find_columns(file.path, file.header, columns)
    raw = file.read(list(dict.fromkeys(name for parts in sources.values() for name in parts)), progress)
    if not len(next(iter(raw.values()))):
        raise AdlError(
            f"{file.path} has a header and no rows: must have at least one", argument="path", value=file.path
        )
    read, step = _market_columns(file, sources, raw, step)
    names = {name: "+".join(parts) for name, parts in sources.items()}
    return Positions(file.path, step, read, names, file.header)


def _market_columns(
    file: TabularFile, sources: Mapping[str, tuple[str, ...]], raw: Mapping[str, Any], lot: Decimal | None
) -> tuple[dict[str, npt.NDArray[Any]], Decimal]:
    """The columns of a market in its order, made of the file's, and what a lot is; `lot` is the one that is wanted."""
    read: dict[str, npt.NDArray[Any]] = {}
    for name, parts in sources.items():
        columns = [_readable_column(file, name, part, raw[part]) for part in parts]
        refuse = _refuser(file, name, parts)
        if name == "quantity":
            read[name], lot = quantities.read_lots(columns, lot, refuse)
        elif name == "tie":
            read[name] = quantities.read_lots(columns, Decimal(1), _tie_errors(refuse))[0]
        elif name == "account":
            read[name] = _labels(columns[0], refuse)
        elif name != "side":
            read[name] = quantities.read_floats(columns, refuse)
    assert lot is not None
    if (side := sources.get("side")) is not None:
        read["quantity"] = _signed(read["quantity"], raw[side[0]], lot, _refuser(file, "side", side))
    first = [name for name in ("quantity", "entry_price", "entry_value") if name in read]
    return {name: read[name] for name in (*first, *read)}, lot


def _refuser(file: TabularFile, name: str, parts: tuple[str, ...]) -> quantities.Refuse:
    """Errors for the values of one column of the market; part -1 is the sum."""

    def refuse(number: int, row: int, value: Any, must: str) -> AdlError:
        return file.error(name, "+".join(parts) if number < 0 else parts[number], row, value, must)

    return refuse


def _tie_errors(refuse: quantities.Refuse) -> quantities.Refuse:
    """Ties are read as lots of 1, but that is nothing to tell a reader."""

    def refuse_tie(number: int, row: int, value: Any, must: str) -> AdlError:
        return refuse(number, row, value, "must be a whole number that fits int64" if "lots" in must else must)

    return refuse_tie


def _readable_column(file: TabularFile, name: str, label: str, column: Any) -> Any:
    """A column as numbers or text; lists, structs and the like have no text, and bytes that are no UTF-8 are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    try:
        pc.cast(pa.array([], kind), pa.string())
        is_readable = not pa.types.is_nested(kind) and not pa.types.is_null(kind)
    except pa.ArrowException:
        is_readable = False
    if not is_readable:
        message = f"{file.path}: {name} (column {label!r}) has type {column.type}: must be numbers or text"
        raise AdlError(message, argument=name, value=str(column.type))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column
    try:
        column.validate(full=True)
        return pc.cast(decoded(column), pa.string())
    except pa.ArrowException as error:
        for row, value in enumerate(pc.cast(decoded(column), pa.binary()).to_pylist()):
            if value is not None and not _is_utf8(value):
                raise file.error(name, label, row, value, "must be text in UTF-8") from None
        message = f"{file.path}: {name} (column {label!r}) cannot be read: {error}"
        raise AdlError(message, argument=name) from None


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _labels(column: Any, refuse: quantities.Refuse) -> npt.NDArray[Any]:
    """Account labels: int64 where the file has integers, otherwise text in an object array."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        raise refuse(0, _first(pc.is_null(column)), None, "must not be missing")
    if pa.types.is_integer(column.type) and not pa.types.is_uint64(column.type):
        numbers: npt.NDArray[Any] = pc.cast(column, pa.int64()).combine_chunks().to_numpy()
        return numbers.copy()
    text = pc.cast(decoded(column), pa.string()).combine_chunks()
    return np.asarray(text.to_numpy(zero_copy_only=False), object)


def _signed(
    quantity: npt.NDArray[np.int64], side: Any, lot: Decimal, refuse: quantities.Refuse
) -> npt.NDArray[np.int64]:
    """Quantities with the sign that the side column gives them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_lower(pc.utf8_trim_whitespace(pc.fill_null(pc.cast(side, pa.string()), "")))
    codes = text.combine_chunks().dictionary_encode()
    words = codes.dictionary.to_pylist()
    for number, word in enumerate(words):
        if word not in SIDES:
            row = _first(pc.equal(codes.indices, number))
            raise refuse(0, row, side[row].as_py(), "must be long or short (buy or sell, both or net)")
    sign = np.array([SIDES[word] for word in words], np.int64)[codes.indices.to_numpy()]
    against = np.flatnonzero((sign > 0) & (quantity < 0))
    if against.size:
        row = int(against[0])
        held = format(int(quantity[row]) * lot, "f")
        raise refuse(0, row, side[row].as_py(), f"must agree with the sign of its quantity, {held}")
    return np.where(sign < 0, -np.abs(quantity), quantity)


def _first(mask: Any) -> int:
    """The first row that is true; -1 where none is."""
    import pyarrow.compute as pc

    return int(pc.index(mask, True).as_py())
