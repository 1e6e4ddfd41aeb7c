"""Columns of decimals as whole lots, exactly; and columns of money as float64.

The good path is pyarrow's decimals, whole columns at a time. Where that refuses, the same is done row by row in
Python's decimals, which either finds the value at fault or, for the rare number that pyarrow does not hold, the result.

Neither would do alone. Python's decimals are exact and take seconds for a million rows. pyarrow's parser is fast, and
neither checks the exponent of what it parses nor names the row that it refuses; so text is looked at before it is
handed over (`NARROW`, `WIDE`), and what is refused is read again. Readers of CSV that know numbers make floats of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import AdlError
from .parquet import decoded

__all__ = ["Refuse", "read_floats", "read_lots"]

#: Builds the error for a value: the number of its column (-1 is the sum of all), row, value, what it must be.
Refuse = Callable[[int, int, Any, str], AdlError]

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)

#: Digits before and after the point that are read; pyarrow's widest decimal holds both.
DIGITS = 38

#: What is handed to pyarrow's parser of decimals. It checks neither the exponent, which indexes a table of powers of
#: ten (pyarrow 26 crashes on ``1e-999999999``), nor the product with that power (``99999999999999999999e19`` wraps).
#: Whatever matches has no more digits, before, after and by its exponent, than 128 or 256 bits hold.
NARROW = (
    r"^[+-]?([0-9]{0,20}(\.[0-9]{0,18})?([eE]-(0?[0-9]|1[0-9]))?"
    r"|[0-9]{0,10}(\.[0-9]{0,18})?[eE]\+?0?[0-9])$"
)
WIDE = (
    r"^[+-]?([0-9]{0,38}(\.[0-9]{0,38})?([eE]-([0-2]?[0-9]|3[0-8]))?"
    r"|[0-9]{0,19}(\.[0-9]{0,38})?[eE]\+?(0?[0-9]|1[0-9]))$"
)
EXACT = Context(prec=4 * DIGITS)
INT64_MAX = 2**63 - 1


class _SlowPathError(Exception):
    """The fast path cannot hold these values or finds one off the grid."""


def read_lots(columns: Sequence[Any], lot: Decimal | None, refuse: Refuse) -> tuple[npt.NDArray[np.int64], Decimal]:
    """Read columns of exact decimals and add them row by row, in whole lots.

    Parameters
    ----------
    columns : sequence of pyarrow arrays
        Text, integers or decimals, or floats, which are read by their shortest decimal.
    lot : Decimal, optional
        Without it the finest step in the columns, a power of ten not above 1.
    refuse : callable
        Builds the error.

    Returns
    -------
    int64[n], Decimal
        Lots, and what a lot is.

    Raises
    ------
    AdlError
        For a value that is no finite number, is between lots, or leaves int64 in lots.

    Examples
    --------
    >>> import pyarrow as pa
    >>> read_lots([pa.array(["28.53", "-16399.0", "7e-1"])], None, AdlError)
    (array([   2853, -1639900,      70]), Decimal('0.01'))
    """
    import pyarrow as pa

    try:
        return _lots_by_column(columns, lot)
    except (_SlowPathError, pa.ArrowException):
        return _lots_by_row([_texts(column) for column in columns], lot, refuse)


def read_floats(columns: Sequence[Any], refuse: Refuse) -> npt.NDArray[np.float64]:
    """Read columns of numbers as float64, each value rounded once, and add them from left to right.

    Raises
    ------
    AdlError
        For a value that is no finite number, or a sum that is not finite.

    Examples
    --------
    >>> import pyarrow as pa
    >>> read_floats([pa.array(["1.5", " 2e3 "]), pa.array([1, 2])], AdlError)
    array([   2.5, 2002. ])
    """
    columns = [_float_column(column, number, refuse) for number, column in enumerate(columns)]
    with np.errstate(over="ignore"):
        total: npt.NDArray[np.float64] = sum(columns[1:], columns[0])
    bad = np.flatnonzero(~np.isfinite(total))
    if bad.size:
        row = int(bad[0])
        values = "+".join(repr(float(column[row])) for column in columns)
        raise refuse(-1, row, values, "must have a finite sum")
    return total


def _lots_by_column(columns: Sequence[Any], lot: Decimal | None) -> tuple[npt.NDArray[np.int64], Decimal]:
    """The sums of whole columns in lots, and the lot; refused where a digit, a sum or a lot does not fit."""
    columns = [_decimals(column) for column in columns]
    places = max(_places(column) for column in columns)
    if lot is not None:
        places = max(places, -_exponent(lot))
        if places > DIGITS:
            raise _SlowPathError
    total = _integers(columns[0], places)
    for column in columns[1:]:
        term = _integers(column, places)
        added = total + term
        # Two's complement: a sum overflowed where both terms have the sign that the sum has not.
        if (((total ^ added) & (term ^ added)) < 0).any():
            raise _SlowPathError
        total = added
    if lot is None:
        return total, Decimal(1).scaleb(-places)
    step = int(lot.scaleb(places, EXACT))
    if step > INT64_MAX:
        raise _SlowPathError
    if step != 1:
        whole = total // step
        if (whole * step != total).any():
            raise _SlowPathError
        total = whole
    return total, lot


def _decimals(column: Any) -> Any:
    """A column as decimals; text, and floats by their shortest text, on 18 places or, where needed, on 38."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _number_or_text(column)
    if column.null_count:
        raise _SlowPathError
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.decimal128(38, 0))
    if pa.types.is_decimal(column.type):
        return column
    column = _text_column(column)
    if pc.all(pc.match_substring_regex(column, NARROW)).as_py():
        try:
            return pc.cast(column, pa.decimal128(38, 18))
        except pa.ArrowInvalid:
            pass
    if not pc.all(pc.match_substring_regex(column, WIDE)).as_py():
        raise _SlowPathError
    return pc.cast(column, pa.decimal256(2 * DIGITS, DIGITS))


def _places(column: Any) -> int:
    """The fewest decimal places that hold every value: a cast that would lose a digit stops at the first."""
    low, high = 0, max(int(column.type.scale), 0)
    while low < high:
        middle = (low + high) // 2
        if _rescaled(column, middle) is None:
            low = middle + 1
        else:
            high = middle
    return low


def _rescaled(column: Any, places: int) -> Any:
    """Decimals with so many places, as wide as they are; None where a digit would be lost."""
    import pyarrow as pa
    import pyarrow.compute as pc

    wide = pa.types.is_decimal256(column.type)
    try:
        return pc.cast(column, pa.decimal256(2 * DIGITS, places) if wide else pa.decimal128(DIGITS, places))
    except pa.ArrowInvalid:
        return None


def _integers(column: Any, places: int) -> npt.NDArray[np.int64]:
    """Decimals in units of ``10**-places``, out of the two's complement words in which they are stored."""
    import pyarrow as pa

    column = _rescaled(column, places)
    if column is None:
        raise _SlowPathError
    width = 4 if pa.types.is_decimal256(column.type) else 2
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    words = np.frombuffer(column.buffers()[1], "<i8")[width * column.offset : width * (column.offset + len(column))]
    words = words.reshape(len(column), width)
    # The lowest word is the number where all others repeat its sign.
    if (words[:, 1:] != words[:, :1] >> 63).any():
        raise _SlowPathError
    return np.ascontiguousarray(words[:, 0]).astype(np.int64, copy=False)


def _lots_by_row(
    columns: Sequence[list[str | None]], lot: Decimal | None, refuse: Refuse
) -> tuple[npt.NDArray[np.int64], Decimal]:
    """The sums of columns of text in lots, and the lot, value by value: the first one at fault is named."""
    totals: list[Decimal] = []
    finest = 0
    for row, texts in enumerate(zip(*columns, strict=True)):
        total = Decimal(0)
        for number, text in enumerate(texts):
            value = _decimal(text, number, row, refuse)
            finest = max(finest, -_exponent(value))
            total = EXACT.add(total, value)
        totals.append(total)
    step = Decimal(1).scaleb(-finest) if lot is None else lot
    out = np.empty(len(totals), np.int64)
    for row, total in enumerate(totals):
        whole = EXACT.to_integral_value(EXACT.divide(total, step))
        if EXACT.multiply(whole, step) != total:
            raise refuse(-1, row, format(total, "f"), f"is between lots of {step:f}")
        if abs(whole) > INT64_MAX:
            raise refuse(-1, row, format(total, "f"), f"leaves int64 in lots of {step:f}; give a coarser lot")
        out[row] = int(whole)
    return out, step


def _decimal(text: str | None, number: int, row: int, refuse: Refuse) -> Decimal:
    """The exact number of a text in the column of that number; refused where it is none, or too long."""
    if text is None:
        raise refuse(number, row, None, "must not be missing")
    if not NUMBER.fullmatch(text):
        raise refuse(number, row, text, "must be finite" if NOT_FINITE.fullmatch(text) else "must be a number")
    value = Decimal(text)
    if value and (value.adjusted() >= DIGITS or -_exponent(value) > DIGITS):
        raise refuse(number, row, text, f"must have at most {DIGITS} digits before the point and after it")
    return value


def _exponent(value: Decimal) -> int:
    """The power of ten of the last digit that is not 0."""
    if not value:
        return 0
    digits, exponent = value.as_tuple()[1:]
    assert isinstance(exponent, int)
    return exponent + len(digits) - len("".join(map(str, digits)).rstrip("0"))


def _float_column(column: Any, number: int, refuse: Refuse) -> npt.NDArray[np.float64]:
    """One column as float64, each value rounded once and finite; `number` is that of the column, for `refuse`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = _number_or_text(column)
    floats: npt.NDArray[np.float64] | None = None
    if not column.null_count:
        try:
            if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
                cast = pc.cast(column, pa.float64(), safe=False)
            else:
                cast = pc.cast(_text_column(column), pa.float64())
            floats = np.ascontiguousarray(cast.to_numpy(), np.float64)
        except pa.ArrowInvalid:
            floats = None
    if floats is None:
        texts = _texts(column)
        for row, text in enumerate(texts):
            if text is None or not NUMBER.fullmatch(text):
                _decimal(text, number, row, refuse)
        floats = np.array([float(text or "nan") for text in texts])
    bad = np.flatnonzero(~np.isfinite(floats))
    if bad.size:
        row = int(bad[0])
        raise refuse(number, row, _texts(column[row : row + 1])[0], "must be finite")
    return floats


def _number_or_text(column: Any) -> Any:
    """Dictionary-encoded columns as what they encode; half floats as floats, which have a shortest text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = decoded(column)
    return pc.cast(column, pa.float32()) if pa.types.is_float16(column.type) else column


def _text_column(column: Any) -> Any:
    """A column as text without blanks around it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def _texts(column: Any) -> list[str | None]:
    """A column as a list of text, None where a value is missing."""
    texts: list[str | None] = _text_column(_number_or_text(column)).to_pylist()
    return texts
