"""The one place that coerces and checks array arguments.

Contiguous float64 and int64 arrays pass without a copy; anything else that NumPy can read as real
numbers is converted once.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from .. import _kernels
from ..errors import AdlError
from .options import is_count

Float64Array1D = npt.NDArray[np.float64]
Int64Array1D = npt.NDArray[np.int64]
NumberArray1D = npt.NDArray[np.float64 | np.int64]

FLOAT64 = np.dtype(np.float64)
INT64 = np.dtype(np.int64)
INT64_MAX = 2**63 - 1
INT64_LIMITS = f"must lie between {-INT64_MAX - 1} and {INT64_MAX} (int64)"

#: Columns of text are as wide as their longest entry: a longer name of a thing would cost every row its memory.
LONGEST_NAME = 256

#: A whole number of more bits is none that people use; nothing is computed with it.
MOST_BITS = 4096

#: More would only wait for each other; the kernels know no more.
MOST_THREADS = 64


Values = TypeVar("Values", bound=np.generic)


def frozen(array: npt.NDArray[Values]) -> npt.NDArray[Values]:
    """A view that cannot be written to."""
    view = array.view()
    view.setflags(write=False)
    return view


def owned(array: npt.NDArray[Values]) -> npt.NDArray[Values]:
    """The array where nobody can write to its memory, else a copy that is read-only."""
    part: Any = array
    while isinstance(part, np.ndarray) and not part.flags.writeable:
        part = part.base
    if part is None or isinstance(part, bytes):
        return array
    copied = array.copy()
    copied.setflags(write=False)
    return copied


def refuse_unfit(argument: str, name: str, row: int | None = None) -> None:
    """Refuse a name that no column can hold: one that is too long, or ends in NUL, which NumPy's text does not keep."""
    if len(name) > LONGEST_NAME:
        raise AdlError.at(argument, row, name, f"must have at most {LONGEST_NAME} characters")
    if name.endswith("\0"):
        raise AdlError.at(argument, row, name, "must not end in a NUL character, which would be lost")


def clip_int64(number: int) -> int:
    """The int64 that is nearest to a number."""
    return max(-INT64_MAX - 1, min(number, INT64_MAX))


def is_int64(array: NumberArray1D) -> TypeGuard[Int64Array1D]:
    """Whether a column holds integers: lots of a quantity, quanta of money."""
    return array.dtype == INT64


def is_floats(array: NumberArray1D) -> TypeGuard[Float64Array1D]:
    """Whether a column holds float64."""
    return array.dtype == FLOAT64


def number_column(name: str, values: Any, length: int | None = None, of: str = "quantity") -> NumberArray1D:
    """A 1-D contiguous array of float64, or of int64 where `values` are integers; NaN is not looked for."""
    array = values if type(values) is np.ndarray and _ready(values) else _converted(name, values)
    if length is not None and len(array) != length:
        raise AdlError(
            f"{name} has {len(array)} rows: must have {length}, as many as {of}", argument=name, value=len(array)
        )
    return array


def _ready(array: npt.NDArray[Any]) -> bool:
    """Whether the kernels can read an array where it is."""
    flags = array.flags
    return array.ndim == 1 and array.dtype in (FLOAT64, INT64) and flags.c_contiguous and flags.aligned


def as_array(name: str, values: Any, must: str) -> npt.NDArray[Any]:
    """An array of whatever NumPy makes of values that have one shape; `must` says what else would be right."""
    try:
        return np.asarray(values)
    except ValueError:
        raise AdlError(f"{name} is ragged: must be {must}", argument=name) from None


def _converted(name: str, values: Any) -> NumberArray1D:
    """What is no array that kernels can read, as one that they can; refused where it holds no real numbers."""
    if isinstance(values, np.ma.MaskedArray) and values.mask.any():
        row = int(np.flatnonzero(np.atleast_1d(values.mask))[0])
        raise AdlError(f"{name}[{row}] is masked: must be a number", argument=name, row=row)
    array = as_array(name, values, "a 1-D sequence of numbers")
    if array.ndim != 1:
        raise AdlError(f"{name} has {array.ndim} dimensions: must be a 1-D array", argument=name, value=array.shape)
    if array.size == 0 and array.dtype == object:
        return np.empty(0)
    kind = array.dtype.kind
    if kind in "Oiuf":
        refuse_objects(name, values)
    if kind not in "iuf":
        raise AdlError(f"{name} has dtype {array.dtype}: must be integers or floats", argument=name, value=array.dtype)
    if kind == "u" and array.size and int(array.max()) > INT64_MAX:
        row = int(array.argmax())
        raise AdlError.at(name, row, array[row], f"must be at most {INT64_MAX} (int64)")
    return np.require(array, FLOAT64 if kind == "f" else INT64, ["C", "A"])


def refuse_objects(name: str, values: Any) -> None:
    """Refuse the first Python object that no column of numbers holds: NumPy would keep it as it is, or round it."""
    if getattr(getattr(values, "dtype", None), "kind", "O") != "O":
        return
    for row, value in enumerate(values):
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise AdlError.at(name, row, value, "must be an integer or a float")
        if isinstance(value, int) and not -INT64_MAX - 1 <= value <= INT64_MAX:
            raise AdlError.at(name, row, value, INT64_LIMITS)


def refuse_nan(name: str, array: NumberArray1D) -> NumberArray1D:
    """Refuse a NaN; int64 columns hold none."""
    if is_floats(array):
        _refuse_row(name, array, _kernels.numbers.columns.first_nan(array), "must be a number")
    return array


def refuse_not_finite(name: str, array: NumberArray1D) -> NumberArray1D:
    """Refuse a NaN or an infinity."""
    if is_floats(array):
        _refuse_row(name, array, _kernels.numbers.columns.first_not_finite(array), "must be a finite number")
    return array


def _refuse_row(name: str, array: NumberArray1D, row: int, must: str) -> None:
    """Refuse the value of a row, where there is one that is not what it must be; -1 says that there is none."""
    if row >= 0:
        raise AdlError.at(name, row, array[row], must)


def float_column(name: str, values: Any, length: int | None = None) -> Float64Array1D:
    """A float64 column; integers are converted. NaN is not looked for."""
    array = number_column(name, values, length)
    return array if is_floats(array) else array.astype(FLOAT64)


def ties(values: Any, length: int) -> Int64Array1D | None:
    """The optional tie column: int64."""
    if values is None:
        return None
    array = number_column("tie", values, length)
    if is_int64(array):
        return array
    if len(array):
        raise AdlError(f"tie has dtype {array.dtype}: must be integers", argument="tie", value=array.dtype)
    return array.astype(INT64)


def exclusion(
    exclude: Any, length: int, name: str = "exclude", rows_hint: str | None = None
) -> npt.NDArray[np.uint8] | None:
    """The rows to pass over, given as a boolean mask or as row numbers, as a mask of bytes.

    `rows_hint` says what finds the rows of a name.
    """
    if exclude is None:
        return None
    array = as_array(name, exclude, "row numbers or a boolean mask")
    if array.ndim != 1:
        raise AdlError(f"{name} has {array.ndim} dimensions: must be 1-D", argument=name, value=array.shape)
    if array.dtype == bool:
        if len(array) != length:
            raise AdlError(f"{name} has {len(array)} rows: a mask must have {length}", argument=name, value=len(array))
        return np.ascontiguousarray(array).view(np.uint8)
    if array.size and array.dtype.kind not in "iu":
        hint = f"; {rows_hint}" if rows_hint and array.dtype.kind in "US" else ""
        raise AdlError(
            f"{name} has dtype {array.dtype}: must be row numbers or a boolean mask{hint}",
            argument=name,
            value=array.dtype,
        )
    mask = np.zeros(length, np.uint8)
    if array.size:
        rows = array.astype(INT64)
        outside = np.flatnonzero((rows < 0) | (rows >= length))
        if outside.size:
            place = int(outside[0])
            must = f"must be a row from 0 to {length - 1}" if length else "must be empty: there are no rows"
            raise AdlError.at(name, place, array[place], must)
        mask[rows] = 1
    return mask


def refuse_bad_sizes(name: str, array: NumberArray1D) -> None:
    """Refuse a column of sizes with a NaN, an infinity, a negative value, or a sum beyond int64."""
    if is_int64(array):
        longs, shorts, _ = _kernels.numbers.columns.lots_extent(array)
        if not shorts and longs <= INT64_MAX:
            return
        refuse_overflow(name, array)
    elif is_floats(array) and _kernels.numbers.columns.first_not_size(array) < 0:
        return
    refuse_not_finite(name, array)
    row = int(np.flatnonzero(array < 0)[0])
    raise AdlError.at(name, row, array[row], "must be 0 or above")


def refuse_overflow(name: str, array: Int64Array1D) -> int:
    """Refuse int64 lots whose sum on one side leaves int64; returns the largest magnitude."""
    longs, shorts, largest = _kernels.numbers.columns.lots_extent(array)
    if longs > INT64_MAX or shorts > INT64_MAX:
        sign = 1 if longs > INT64_MAX else -1
        total = 0
        for row, value in enumerate(array.tolist()):
            total += max(sign * value, 0)
            if total > INT64_MAX:
                raise AdlError.at(name, row, value, f"makes the sum of its side leave int64 (at most {INT64_MAX})")
    return largest


def plain_number(value: Any) -> Any:
    """A number as Python has it, decimals as fractions; TypeError, ValueError or ArithmeticError where it is none."""
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, str | bytes | bool):
        raise TypeError
    if isinstance(number, Decimal):
        if number.is_finite() and abs(number.adjusted()) > MOST_BITS:
            raise OverflowError  # as a fraction it would fill the memory
        number = Fraction(number)
    parts = number.as_integer_ratio() if isinstance(number, int | Fraction) else ()
    if any(part.bit_length() > MOST_BITS for part in parts):
        raise OverflowError
    return number


def read_target(name: str, target: Any, integral: bool, given: Any = None) -> int | float:
    """A quantity to close: at least 0, and whole where the quantities are int64 lots.

    Errors show `given`, where that is what the caller wrote.
    """
    if type(target) is float and not integral and 0 <= target < math.inf:
        return target
    shown = target if given is None else given
    must = "must be a finite number of lots" if integral else "must be a finite number"
    try:
        value = plain_number(target)
        number: Any = value if integral else float(value)
        whole = math.floor(number)
    except (TypeError, ValueError, ArithmeticError):
        raise AdlError.at(name, None, shown, must) from None
    if number < 0:
        raise AdlError.at(name, None, shown, "must be 0 or above")
    if integral and number != whole:
        raise AdlError.at(name, None, shown, f"is between lots: {whole} or {whole + 1} would do")
    return int(whole) if integral else float(number)


def row_limit(max_counterparties: Any) -> int:
    """The kernels' limit of rows: -1 for none."""
    if max_counterparties is None:
        return -1
    if not is_count(max_counterparties, 0):
        raise AdlError.at("max_counterparties", None, max_counterparties, "must be a whole number, 0 or above, or None")
    return min(int(max_counterparties), INT64_MAX)


def thread_count(threads: Any) -> int:
    """A number of threads, at least 1."""
    if type(threads) is int and threads == 1:
        return 1
    if not is_count(threads, 1):
        raise AdlError.at("threads", None, threads, "must be a whole number, 1 or above")
    return min(int(threads), MOST_THREADS)
