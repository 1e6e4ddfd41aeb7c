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

__all__ = ["Refuse", "read_floats", "read_lots"]

#: Builds the error for a value: part of the sum, row, value, what it must be.
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


def read_lots(parts: Sequence[Any], lot: Decimal | None, refuse: Refuse) -> tuple[npt.NDArray[np.int64], Decimal]:
    """Read columns of exact decimals and add them row by row, in whole lots.

    Parameters
    ----------
    parts : sequence of pyarrow arrays
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
        return _lots_by_column(parts, lot)
    except (_SlowPathError, pa.ArrowException):
        return _lots_by_row([_texts(part) for part in parts], lot, refuse)


def read_floats(parts: Sequence[Any], refuse: Refuse) -> npt.NDArray[np.float64]:
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
    columns = [_float_column(part, number, refuse) for number, part in enumerate(parts)]
    with np.errstate(over="ignore"):
        total = sum(columns[1:], columns[0])
    bad = np.flatnonzero(~np.isfinite(total))
    if bad.size:
        row = int(bad[0])
        values = "+".join(repr(float(column[row])) for column in columns)
        raise refuse(-1, row, values, "must have a finite sum")
    return total


def _lots_by_column(parts: Sequence[Any], lot: Decimal | None) -> tuple[npt.NDArray[np.int64], Decimal]:
    decimals = [_decimals(part) for part in parts]
    places = max(_places(column) for column in decimals)
    if lot is not None:
        places = max(places, -_exponent(lot))
        if places > DIGITS:
            raise _SlowPathError
    total = _integers(decimals[0], places)
    for column in decimals[1:]:
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


def _decimals(part: Any) -> Any:
    """A column as decimals; text, and floats by their shortest text, on 18 places or, where needed, on 38."""
    import pyarrow as pa
    import pyarrow.compute as pc

    part = _plain(part)
    if part.null_count:
        raise _SlowPathError
    if pa.types.is_integer(part.type):
        return pc.cast(part, pa.decimal128(38, 0))
    if pa.types.is_decimal(part.type):
        return part
    text = _text_column(part)
    if pc.all(pc.match_substring_regex(text, NARROW)).as_py():
        try:
            return pc.cast(text, pa.decimal128(38, 18))
        except pa.ArrowInvalid:
            pass
    if not pc.all(pc.match_substring_regex(text, WIDE)).as_py():
        raise _SlowPathError
    return pc.cast(text, pa.decimal256(2 * DIGITS, DIGITS))


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
    words = 4 if pa.types.is_decimal256(column.type) else 2
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    stored = np.frombuffer(flat.buffers()[1], "<i8")[words * flat.offset : words * (flat.offset + len(flat))]
    stored = stored.reshape(len(flat), words)
    low = stored[:, 0]
    if (stored[:, 1:] != (low >> 63)[:, None]).any():
        raise _SlowPathError
    return np.ascontiguousarray(low).astype(np.int64, copy=False)


def _lots_by_row(
    parts: Sequence[list[str | None]], lot: Decimal | None, refuse: Refuse
) -> tuple[npt.NDArray[np.int64], Decimal]:
    """The same, value by value: names the first one at fault."""
    totals: list[Decimal] = []
    finest = 0
    for row, texts in enumerate(zip(*parts, strict=True)):
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


def _float_column(part: Any, number: int, refuse: Refuse) -> npt.NDArray[np.float64]:
    import pyarrow as pa
    import pyarrow.compute as pc

    part = _plain(part)
    column: npt.NDArray[np.float64] | None = None
    if not part.null_count:
        try:
            if pa.types.is_integer(part.type) or pa.types.is_floating(part.type):
                cast = pc.cast(part, pa.float64(), safe=False)
            else:
                cast = pc.cast(_text_column(part), pa.float64())
            column = np.ascontiguousarray(cast.to_numpy(), np.float64)
        except pa.ArrowInvalid:
            column = None
    if column is None:
        texts = _texts(part)
        for row, text in enumerate(texts):
            if text is None or not NUMBER.fullmatch(text):
                _decimal(text, number, row, refuse)
        column = np.array([float(text or "nan") for text in texts])
    bad = np.flatnonzero(~np.isfinite(column))
    if bad.size:
        row = int(bad[0])
        raise refuse(number, row, _texts(part[row : row + 1])[0], "must be finite")
    return column


def _plain(part: Any) -> Any:
    """Dictionary-encoded columns as what they encode; half floats as floats, which have a shortest text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(part.type):
        part = pc.cast(part, part.type.value_type)
    return pc.cast(part, pa.float32()) if pa.types.is_float16(part.type) else part


def _text_column(part: Any) -> Any:
    """A column as text without blanks around it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.utf8_trim_whitespace(pc.cast(part, pa.string()))


def _texts(part: Any) -> list[str | None]:
    texts: list[str | None] = _text_column(_plain(part)).to_pylist()
    return texts
