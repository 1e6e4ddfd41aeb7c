"""The tables of a snapshot: wallets, positions, orders and holdings, as columns that are read once and never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from ..._support import arrays
from ..._support.arrays import INT64, INT64_LIMITS, INT64_MAX, LONGEST_NAME, Float64Array1D, Int64Array1D, is_int64
from ..._support.names import nearest_names
from ..._support.options import read_list
from ..._support.pickles import Immutable
from ...errors import AdlError

__all__ = ["MODES", "VALUED", "Holdings", "Orders", "Positions", "SnapshotTable", "Wallets"]

#: Margin modes. A wallet of the last two holds several assets and is valued in its numeraire.
MODES = ("cross", "isolated", "multi-asset", "portfolio")
CROSS, ISOLATED, MULTI_ASSET, PORTFOLIO = range(4)

#: The first mode whose wallets are valued.
VALUED = MULTI_ASSET


class SnapshotTable(Immutable):
    """Columns of one length. Immutable; may be shared by threads.

    What is read refers to a caller's arrays where these are what is needed; :meth:`owned` does not.
    """

    __slots__ = ()
    NAME: ClassVar[str]
    PICKLED: ClassVar[tuple[str, ...]]

    def __init__(self, **columns: npt.NDArray[Any]) -> None:
        self._restore(columns)

    def __len__(self) -> int:
        return len(getattr(self, self.PICKLED[0]))

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """Every column by its name."""
        return {name: getattr(self, name) for name in self.PICKLED}

    def owned(self) -> Any:
        """The table where nobody can write to the memory of its columns, else one with copies of those."""
        columns = self.columns()
        kept = {name: arrays.owned(column) for name, column in columns.items()}
        return self if all(kept[name] is column for name, column in columns.items()) else type(self)(**kept)

    def replace(self, **columns: npt.NDArray[Any]) -> Any:
        """The same table with these columns instead."""
        return type(self)(**{**self.columns(), **columns})

    def with_row(self, **cells: Any) -> Any:
        """The same table with a row more, after the last."""
        return type(self)(**{name: np.append(column, cells[name]) for name, column in self.columns().items()})

    def taken(self, order: Int64Array1D) -> Any:
        """These rows, in this order."""
        return type(self)(**{name: column[order] for name, column in self.columns().items()})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            np.array_equal(column, getattr(other, name)) for name, column in self.columns().items()
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} {self.NAME}: {', '.join(self.PICKLED)}>"

    def _restore(self, values: dict[str, Any]) -> None:
        super()._restore({name: column.view() for name, column in values.items()})


class Wallets(SnapshotTable):
    """Who holds margin.

    Attributes
    ----------
    account : int64[w] or str[w]
        Labels.
    asset : int64[w]
        Which of the snapshot's assets the balance is in; of a valued wallet its numeraire.
    mode : int64[w]
        Which of `MODES`.
    balance : int64[w]
        Quanta; 0 in a valued wallet, whose money is in the holdings.
    """

    __slots__ = PICKLED = ("account", "asset", "mode", "balance")
    NAME = "wallets"

    account: npt.NDArray[Any]
    asset: Int64Array1D
    mode: Int64Array1D
    balance: Int64Array1D

    def is_valued(self, rows: Any = slice(None)) -> Any:
        """Whether these wallets hold several assets: bool for each of the rows, one for one row."""
        return self.mode[rows] >= VALUED

    @classmethod
    def read(cls, given: Mapping[str, Any], assets: Mapping[str, int]) -> Wallets:
        """Read the columns that a caller passes; asset and mode as names or as numbers."""
        refuse_unknown_columns(cls, given, required=("account", "asset"))
        account = account_column(given["account"])
        n = len(account)
        return cls(
            account=account,
            asset=code_column("wallets.asset", given["asset"], n, assets),
            mode=code_column("wallets.mode", given.get("mode"), n, {name: code for code, name in enumerate(MODES)}),
            balance=integer_column("wallets.balance", given.get("balance"), n),
        )


class Positions(SnapshotTable):
    """What is held, sorted by contract, then wallet, a long before a short.

    Attributes
    ----------
    wallet : int64[n]
        Row of the wallet.
    quantity : int64[n]
        Signed lots.
    entry_value : int64[n]
        What the position cost, in quanta of the contract's settle asset, signed.
    leverage : float64[n]
        The leverage chosen; 0.0 where none was.
    """

    __slots__ = PICKLED = ("wallet", "quantity", "entry_value", "leverage")
    NAME = "positions"

    wallet: Int64Array1D
    quantity: Int64Array1D
    entry_value: Int64Array1D
    leverage: Float64Array1D

    @classmethod
    def read(cls, given: Mapping[str, Any], contracts: Mapping[str, int]) -> tuple[Int64Array1D, Positions]:
        """Read the columns that a caller passes: contract (a symbol or a number) of each row, and the table."""
        refuse_unknown_columns(cls, given, required=("contract", "wallet", "quantity", "entry_value"))
        wallet = wallet_rows("positions.wallet", given["wallet"])
        n = len(wallet)
        leverage = given.get("leverage")
        table = cls(
            wallet=wallet,
            quantity=integer_column("positions.quantity", given["quantity"], n),
            entry_value=integer_column("positions.entry_value", given["entry_value"], n),
            leverage=np.zeros(n) if leverage is None else arrays.float_column("positions.leverage", leverage, n),
        )
        return code_column("positions.contract", given["contract"], n, contracts), table


class Orders(SnapshotTable):
    """Open orders, and the margin that they lock.

    Attributes
    ----------
    contract, wallet : int64[k]
        Rows of the contract and the wallet.
    quantity : int64[k]
        Signed lots.
    price : int64[k]
        Limit price in ticks.
    locked : int64[k]
        Margin locked, in quanta of the contract's settle asset.
    """

    __slots__ = PICKLED = ("contract", "wallet", "quantity", "price", "locked")
    NAME = "orders"

    contract: Int64Array1D
    wallet: Int64Array1D
    quantity: Int64Array1D
    price: Int64Array1D
    locked: Int64Array1D

    @classmethod
    def read(cls, given: Mapping[str, Any], contracts: Mapping[str, int]) -> Orders:
        """Read the columns that a caller passes."""
        refuse_unknown_columns(
            cls, given, required=("contract", "wallet", "quantity", "price", "locked") if _is_any(given) else ()
        )
        wallet = wallet_rows("orders.wallet", given.get("wallet", ()))
        n = len(wallet)
        return cls(
            contract=code_column("orders.contract", given.get("contract"), n, contracts),
            wallet=wallet,
            quantity=integer_column("orders.quantity", given.get("quantity"), n),
            price=integer_column("orders.price", given.get("price"), n),
            locked=integer_column("orders.locked", given.get("locked"), n),
        )


class Holdings(SnapshotTable):
    """What valued wallets hold: a row for each wallet and asset.

    Attributes
    ----------
    wallet, asset : int64[k]
        Rows of the wallet and the asset.
    amount : int64[k]
        Quanta of the asset; may be negative.
    loan : int64[k]
        Quanta borrowed; portfolio margin only.
    """

    __slots__ = PICKLED = ("wallet", "asset", "amount", "loan")
    NAME = "balances"

    wallet: Int64Array1D
    asset: Int64Array1D
    amount: Int64Array1D
    loan: Int64Array1D

    @classmethod
    def read(cls, given: Mapping[str, Any], assets: Mapping[str, int]) -> Holdings:
        """Read the columns that a caller passes."""
        refuse_unknown_columns(cls, given, required=("wallet", "asset", "amount") if _is_any(given) else ())
        wallet = wallet_rows("balances.wallet", given.get("wallet", ()))
        n = len(wallet)
        return cls(
            wallet=wallet,
            asset=code_column("balances.asset", given.get("asset"), n, assets),
            amount=integer_column("balances.amount", given.get("amount"), n),
            loan=integer_column("balances.loan", given.get("loan"), n),
        )


def _is_any(given: object) -> bool:
    """Whether a table that may be left out is given; what is none at all is refused by its name."""
    return isinstance(given, Mapping) and len(given) > 0


def refuse_unknown_columns(table: type[SnapshotTable], given: Mapping[str, Any], required: tuple[str, ...]) -> None:
    """Refuse columns that a table has not, and a table without those that it must have."""
    extra = {"contract"} if table is Positions else set()
    names = sorted({*table.PICKLED, *extra})
    if not isinstance(given, Mapping):
        raise AdlError.at(table.NAME, None, type(given).__name__, f"must be a mapping of columns: {', '.join(names)}")
    for name in given:
        if name not in names:
            close = nearest_names(name if isinstance(name, str) else "", names, most=1, cutoff=0.6)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise AdlError.at(table.NAME, None, name, f"is no column of {table.NAME}: {', '.join(names)}{hint}")
    for name in required:
        if name not in given:
            raise AdlError(f"{table.NAME} have no column {name!r}: must have {', '.join(required)}", argument=name)


def integer_column(name: str, values: Any, length: int | None = None) -> Int64Array1D:
    """A column of integers: lots, quanta or row numbers. None stands for zeros."""
    if values is None:
        return np.zeros(length or 0, INT64)
    column = arrays.number_column(name, values, length, of="the table")
    if is_int64(column):
        return column
    if len(column):
        raise AdlError(f"{name} has dtype {column.dtype}: must be integers", argument=name, value=column.dtype)
    return column.astype(INT64)


def wallet_rows(name: str, values: Any) -> Int64Array1D:
    """A column of rows of the wallets; names of accounts have no place in it."""
    column = arrays.as_array(name, values, "integers")
    if column.dtype.kind in "US" and column.size:
        must = "must be a row of the wallets, counted from 0; Snapshot.build takes accounts by their names"
        raise AdlError.at(name, 0, column.flat[0], must)
    return integer_column(name, column if column.dtype.kind == "i" else values)


def code_column(name: str, values: Any, length: int, known: Mapping[str, int]) -> Int64Array1D:
    """A column of names, or of numbers of names, as numbers. None stands for the first."""
    if values is None:
        return np.zeros(length, INT64)
    if isinstance(values, str):
        values = np.full(length, values)
    column = arrays.as_array(name, values, "names, or row numbers")
    if column.dtype.kind in "iu":
        return integer_column(name, values, length)
    if column.ndim != 1 or len(column) != length:
        raise AdlError(f"{name} has shape {column.shape}: must be ({length},)", argument=name, value=column.shape)
    if not length:
        return np.zeros(0, INT64)
    if column.dtype.kind in "Of":
        for row, value in enumerate(values):
            if not isinstance(value, str):
                must = INT64_LIMITS if isinstance(value, int) else f"must be one of {', '.join(list(known)[:12])}"
                raise AdlError.at(name, row, value, must)
    found, first, places = np.unique(column.astype(str), return_index=True, return_inverse=True)
    for row, text in sorted(zip(first.tolist(), found.tolist(), strict=True)):
        if text not in known:
            raise AdlError.at(name, row, text, f"must be one of {', '.join(list(known)[:12])}")
    return np.array([known[text] for text in found.tolist()], INT64)[places]


def account_column(values: Any) -> npt.NDArray[Any]:
    """Accounts: int64, or text no wider than the longest."""
    # A list is looked at as it is: NumPy would make 1 and "1" the same text.
    must = "must be a sequence of accounts"
    column = (
        np.asarray(values) if hasattr(values, "dtype") else np.array(read_list("wallets.account", values, must), object)
    )
    if column.ndim != 1:
        raise AdlError.at("wallets.account", None, column.shape, "must be 1-D")
    kinds = {"i": int, "u": int, "U": str}
    if column.dtype.kind == "S":
        column = np.char.decode(column, "utf-8", "replace")
    if column.dtype.kind not in kinds:
        listed = column.tolist()
        kind = int if listed and isinstance(listed[0], int) else str
        for row, value in enumerate(listed):
            if not isinstance(value, kind) or isinstance(value, bool):
                raise AdlError.at("wallets.account", row, value, "must be text, or all of them whole numbers")
            if isinstance(value, int) and not -INT64_MAX - 1 <= value <= INT64_MAX:
                raise AdlError.at("wallets.account", row, value, INT64_LIMITS)
            if isinstance(value, str):
                arrays.refuse_unfit("wallets.account", value, row)
        if kind is int:
            column = np.array(listed, INT64)
    if kinds.get(column.dtype.kind) is int:
        return integer_column("wallets.account", column)
    lengths = [*map(len, column.tolist())]
    widest = max(lengths, default=0)
    if widest > LONGEST_NAME:
        row = lengths.index(widest)
        arrays.refuse_unfit("wallets.account", column[row], row)
    return np.ascontiguousarray(column, f"<U{max(widest, 1)}")
