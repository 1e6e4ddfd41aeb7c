"""The columns of a market, read and checked: one place for what they must be and how they hang together."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _kernels
from .._support import arrays
from .._support.arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, Int64Array1D, NumberArray1D, is_int64
from .._support.pickles import Immutable
from ..contracts import Contract
from ..contracts.decimals import Number, positive_decimal
from ..errors import AdlError

#: Columns of money; of one kind throughout: float64 units of the settle asset, or int64 quanta.
MONEY_COLUMNS = ("entry_value", "equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")

#: Columns that hold at one mark price only.
AT_MARK = ("equity", "account_equity", "maintenance_margin")

#: Every optional column.
OPTIONAL_COLUMNS = (*MONEY_COLUMNS, "leverage", "tie", "account")


class Columns(Immutable):
    """The checked columns of one contract's positions at one mark price. Immutable.

    Money columns are all float64 in units of the settle asset, or all int64 quanta.
    """

    __slots__ = ("_largest", "contract", "mark_price", "quantity", "value_per_lot", *OPTIONAL_COLUMNS)
    PICKLED = __slots__

    contract: Contract
    mark_price: Decimal
    quantity: NumberArray1D
    value_per_lot: float
    entry_value: NumberArray1D
    equity: NumberArray1D | None
    account_equity: NumberArray1D | None
    balance: NumberArray1D | None
    maintenance_margin: NumberArray1D | None
    bankruptcy_value: NumberArray1D | None
    leverage: Float64Array1D | None
    tie: Int64Array1D | None
    account: npt.NDArray[np.generic] | None
    _largest: tuple[float, int]

    def __init__(
        self,
        contract: Contract | str,
        mark_price: Number,
        quantity: npt.ArrayLike,
        entry_price: npt.ArrayLike | None,
        others: dict[str, npt.ArrayLike | None],
    ) -> None:
        """Read and check every column, then the mark price."""
        if (entry_price is None) == (others["entry_value"] is None):
            given = "neither" if entry_price is None else "both"
            raise AdlError(f"entry_price, entry_value: {given} given, must be exactly one", argument="entry_price")
        if not isinstance(contract, Contract | str):
            raise AdlError.at("contract", None, contract, "must be a Contract or a symbol")
        contract = contract if isinstance(contract, Contract) else Contract(contract)
        quantity = arrays.refuse_not_finite("quantity", arrays.number_column("quantity", quantity))
        money = _money(len(quantity), {name: others[name] for name in MONEY_COLUMNS})
        if entry_price is not None:
            money["entry_value"] = _entry_value(contract, quantity, entry_price, any(map(is_int64, money.values())))
        leverage, account = others["leverage"], others["account"]
        columns = {
            "contract": contract,
            "quantity": quantity,
            **{name: money.get(name) for name in MONEY_COLUMNS},
            "leverage": None if leverage is None else _leverage(leverage, len(quantity)),
            "tie": arrays.ties(others["tie"], len(quantity)),
            "account": None if account is None else _labels(account, len(quantity)),
            "_largest": (0.0, 0),
        }
        if is_int64(money["entry_value"]):
            columns["_largest"] = _largest_magnitudes(quantity, money)
        elif is_int64(quantity):
            arrays.refuse_overflow("quantity", quantity)
        self._restore(columns)
        self._set_mark(mark_price)

    def at(self, mark_price: Number, at_mark: dict[str, npt.ArrayLike | None]) -> Columns:
        """These columns at a new mark price; of those that hold at one mark only what is given."""
        money = _money(len(self), at_mark)
        _one_kind({"entry_value": self.entry_value, **money})
        columns, put = object.__new__(Columns), object.__setattr__
        for name in ("contract", "quantity", "_largest", *OPTIONAL_COLUMNS):
            put(columns, name, getattr(self, name))
        columns._restore({name: money.get(name) for name in AT_MARK})
        columns._set_mark(mark_price)
        return columns

    def _restore(self, values: dict[str, Any]) -> None:
        """Put in attributes; of an array a view that cannot be written to."""
        for name, value in values.items():
            column = value.view() if isinstance(value, np.ndarray) else value
            if isinstance(column, np.ndarray):
                column.setflags(write=False)
            object.__setattr__(self, name, column)

    def _set_mark(self, mark_price: Number) -> None:
        """Read the mark price, and refuse one at which a value would leave int64 quanta."""
        mark = positive_decimal(mark_price, "mark_price")
        exact = self.contract.exact_value_per_lot(mark)
        if self.in_quanta:
            exact *= self.contract.settle.quanta_per_unit
        self._restore({"mark_price": mark, "value_per_lot": float(exact)})
        # One bound for all rows costs nothing at a new mark; where it fails each row is looked at.
        quantity, value = self._largest
        if self.in_quanta and not quantity * abs(self.value_per_lot) + value < 0.999 * 2.0**63:
            subtracted = [column for column in (self.entry_value, self.bankruptcy_value) if column is not None]
            _refuse_money_overflow(self.quantity, self.value_per_lot, subtracted, mark)

    @property
    def in_quanta(self) -> bool:
        """Whether the money columns are int64 quanta; else they are float64 units of the settle asset."""
        return is_int64(self.entry_value)

    @property
    def per_unit(self) -> float:
        """One unit of the settle asset in the money columns: 1.0, or the quanta of a unit."""
        return float(self.contract.settle.quanta_per_unit) if self.in_quanta else 1.0

    def __len__(self) -> int:
        return len(self.quantity)

    def __repr__(self) -> str:
        return f"<Columns of {len(self):,} rows of {self.contract.symbol} at {self.mark_price:f}>"


def column_property(name: str, meaning: str) -> Any:
    """An attribute that a market has of its columns."""
    return property(attrgetter(f"columns.{name}"), doc=meaning)


def _money(length: int, given: dict[str, npt.ArrayLike | None]) -> dict[str, NumberArray1D]:
    """Read the money columns that are given: all of one kind and finite."""
    columns = {name: arrays.number_column(name, values, length) for name, values in given.items() if values is not None}
    _one_kind(columns)
    for name, column in columns.items():
        arrays.refuse_not_finite(name, column)
    return columns


def _one_kind(columns: dict[str, NumberArray1D]) -> None:
    """Refuse a mixture of float64 units and int64 quanta."""
    kinds = {column.dtype: name for name, column in reversed(columns.items())}
    if len(kinds) > 1:
        raise AdlError(
            f"{kinds[FLOAT64]} is float64 (units) and {kinds[INT64]} is int64 (quanta): "
            "money columns must be of one kind",
            argument=kinds[INT64],
        )


def _entry_value(contract: Contract, quantity: NumberArray1D, price: npt.ArrayLike, quanta: bool) -> NumberArray1D:
    """What positions entered at average prices cost: ``quantity·v(price)``, as quanta rounded half-even."""
    prices = arrays.float_column("entry_price", price, len(quantity))
    value: NumberArray1D
    if quanta:
        value = integers = np.empty(len(quantity), INT64)
        unit = float(_value_at_price_one(contract) * contract.settle.quanta_per_unit)
        row = _kernels.numbers.columns.entry_quanta(quantity, prices, unit, contract.inverse, integers)
    else:
        value, row = entry_values(contract, quantity, prices)
    if row >= 0:
        usable = 0 < prices[row] < np.inf
        fit = "int64 quanta" if quanta else "a float64"
        must = f"its entry value must fit {fit}" if usable else "must be a finite price above 0"
        raise AdlError.at("entry_price", row, prices[row], must)
    return value


def entry_values(contract: Contract, quantity: NumberArray1D, price: Float64Array1D) -> tuple[Float64Array1D, int]:
    """``quantity·v(price)`` in units of the settle asset, and the first row that has none; -1 where all have."""
    value = np.empty(len(quantity))
    row = _kernels.numbers.columns.entry_values(
        quantity, price, float(_value_at_price_one(contract)), contract.inverse, value
    )
    return value, row if row >= 0 else _kernels.numbers.columns.first_not_finite(value)


def _value_at_price_one(contract: Contract) -> Fraction:
    """What is multiplied by the price, or divided by it: underlying per lot, or less the face value."""
    return -contract.units_per_lot if contract.inverse else contract.units_per_lot


def _leverage(values: npt.ArrayLike, length: int) -> Float64Array1D:
    """The leverage chosen: finite float64."""
    column = arrays.float_column("leverage", values, length)
    arrays.refuse_not_finite("leverage", column)
    return column


def _labels(values: npt.ArrayLike, length: int) -> npt.NDArray[np.generic]:
    """Accounts: any 1-D array."""
    if not hasattr(values, "dtype"):  # NumPy would drop the end of a text
        for row, value in enumerate(values if isinstance(values, list | tuple) else ()):
            if isinstance(value, str) and value.endswith("\0"):
                arrays.refuse_unfit("account", value, row)
    column = arrays.as_array("account", values, "1-D")
    if column.ndim != 1 or len(column) != length:
        raise AdlError(f"account has shape {column.shape}: must be ({length},)", argument="account", value=column.shape)
    return column


def _largest_magnitudes(quantity: NumberArray1D, columns: dict[str, NumberArray1D]) -> tuple[float, int]:
    """Largest magnitude of the quantity, and of the values that are subtracted from ``quantity·v(mark)``."""
    if is_int64(quantity):
        most: float = arrays.refuse_overflow("quantity", quantity)
    else:
        most = float(np.abs(quantity).max(initial=0.0))
    values = [columns[name] for name in ("entry_value", "bankruptcy_value") if name in columns]
    return most, max(_kernels.numbers.columns.magnitude(column) for column in values if is_int64(column))


def _refuse_money_overflow(
    quantity: NumberArray1D, unit_value: float, subtracted: list[NumberArray1D], mark_price: object
) -> None:
    """Refuse the first row whose value, or its difference from a column, leaves int64 quanta."""
    with np.errstate(over="ignore"):
        exact = np.rint(quantity.astype(FLOAT64) * unit_value)
        bound = np.abs(exact) + np.max([np.abs(column.astype(FLOAT64)) for column in subtracted], axis=0)
    for row in np.flatnonzero(~(bound < 0.999 * 2.0**63)).tolist():  # few, and most of them an error
        value = int(exact[row]) if np.isfinite(exact[row]) else INT64_MAX + 1
        if any(max(abs(value), abs(value - int(column[row]))) > INT64_MAX for column in subtracted):
            must = f"at mark price {mark_price} its value less its cost must fit int64 quanta; use fewer decimals"
            raise AdlError.at("quantity", row, quantity[row], must)
