"""The columns of a market, read and checked: one place for what they must be and how they hang together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import _arrays, _kernels
from ._arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, NumberArray1D, is_lots
from .contracts import Contract
from .errors import AdlError

#: Columns of money; of one kind throughout: float64 units of the settle asset, or int64 quanta.
MONEY = ("entry_value", "equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")

#: Columns that hold at one mark price only.
AT_MARK = ("equity", "account_equity", "maintenance_margin")

#: Every optional column.
COLUMNS = (*MONEY, "leverage", "tie", "account")


def money(length: int, given: dict[str, npt.ArrayLike | None]) -> dict[str, NumberArray1D]:
    """Read the money columns that are given: all of one kind, without NaN."""
    columns = {name: _arrays.numbers(name, values, length) for name, values in given.items() if values is not None}
    one_kind(columns)
    for name, column in columns.items():
        _arrays.without_nan(name, column)
    return columns


def one_kind(columns: dict[str, NumberArray1D]) -> None:
    """Refuse a mixture of float64 units and int64 quanta."""
    kinds = {column.dtype: name for name, column in reversed(columns.items())}
    if len(kinds) > 1:
        raise AdlError(
            f"{kinds[FLOAT64]} is float64 (units) and {kinds[INT64]} is int64 (quanta): "
            "money columns must be of one kind",
            argument=kinds[INT64],
        )


def entry_value(contract: Contract, quantity: NumberArray1D, price: npt.ArrayLike, quanta: bool) -> NumberArray1D:
    """What positions entered at average prices cost: ``quantity·v(price)``, as quanta rounded half-even."""
    prices = _arrays.floats("entry_price", price, len(quantity))
    units = -contract.units_per_lot if contract.inverse else contract.units_per_lot
    value: NumberArray1D
    if quanta:
        value = integers = np.empty(len(quantity), INT64)
        unit = float(units * contract.settle.quanta_per_unit)
        row = _kernels.columns.entry_quanta(quantity, prices, unit, contract.inverse, integers)
    else:
        value = floats = np.empty(len(quantity))
        row = _kernels.columns.entry_values(quantity, prices, float(units), contract.inverse, floats)
    if row >= 0:
        usable = 0 < prices[row] < np.inf
        must = "its entry value must fit int64 quanta" if usable else "must be a finite price above 0"
        raise AdlError.at("entry_price", row, prices[row], must)
    return value


def leverage(values: npt.ArrayLike, length: int) -> Float64Array1D:
    """The leverage chosen: float64 without NaN."""
    column = _arrays.floats("leverage", values, length)
    _arrays.without_nan("leverage", column)
    return column


def labels(values: npt.ArrayLike, length: int) -> npt.NDArray[np.generic]:
    """Accounts: any 1-D array."""
    column = np.asarray(values)
    if column.ndim != 1 or len(column) != length:
        raise AdlError(f"account has shape {column.shape}: must be ({length},)", argument="account", value=column.shape)
    return column


def largest(quantity: NumberArray1D, columns: dict[str, NumberArray1D]) -> tuple[float, int]:
    """Largest magnitude of the quantity, and of the values that are subtracted from ``quantity·v(mark)``."""
    if is_lots(quantity):
        most: float = _arrays.refuse_overflow("quantity", quantity)
    else:
        most = float(np.abs(quantity).max(initial=0.0))
    values = [columns[name] for name in ("entry_value", "bankruptcy_value") if name in columns]
    return most, max(_kernels.columns.magnitude(column) for column in values if is_lots(column))


def refuse_money_overflow(
    quantity: NumberArray1D, unit_value: float, subtracted: list[NumberArray1D], mark_price: object
) -> None:
    """Refuse the first row whose value, or its difference from a column, leaves int64 quanta."""
    exact = np.rint(quantity.astype(FLOAT64) * unit_value)
    for row, value in enumerate(exact.tolist()):
        if any(max(abs(value), abs(int(value) - int(column[row]))) > INT64_MAX for column in subtracted):
            must = f"at mark price {mark_price} its value less its cost must fit int64 quanta; use fewer decimals"
            raise AdlError.at("quantity", row, quantity[row], must)
