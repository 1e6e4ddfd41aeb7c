"""Numbers as people write them, read exactly.

A decimal string is taken at its word, a float by its shortest decimal. Nothing here passes through
binary: what lies on a grid becomes a whole number of its steps and back without loss.
"""

from __future__ import annotations

import math
import operator
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Rounded
from fractions import Fraction
from typing import Any

import numpy as np

from .._support.arrays import INT64_LIMITS, INT64_MAX, MOST_BITS
from ..errors import AdlError

__all__ = [
    "EXACT",
    "MOST_DIGITS",
    "Number",
    "canonical",
    "exact_decimal",
    "is_whole",
    "last_digit",
    "positional_text",
    "positive_decimal",
    "steps_text",
    "whole_number",
    "whole_steps",
]

#: Sums and products of decimals here come out whole; one that would be rounded raises.
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, Inexact])

#: Prices, multipliers and lots lie far inside; beyond it exact fractions would grow without bound.
MOST_DIGITS = 60

#: What takes larger numbers, by what they are counted in.
WIDER = {"quanta": "an asset of fewer decimals", "lots": "a larger lot", "ticks": "a larger tick"}

#: A text that is longer is none of the numbers that people use; it is not read to find out.
LONGEST_TEXT = 1000

#: No decimal that is taken has more digits; counting them so costs no tuple of them.
SHORT = Context(prec=3 * MOST_DIGITS + 1, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Rounded])

#: What may be given where an exact decimal is meant; a float is read by its shortest decimal.
Number = str | int | float | Decimal


def exact_decimal(value: Number, argument: str, row: int | None = None) -> Decimal:
    """Read a number as an exact finite decimal; a float by its shortest representation.

    Raises
    ------
    AdlError
        If `value` is not a finite number, or one that is larger or finer than any that people use.

    Examples
    --------
    >>> exact_decimal(0.1, "price"), exact_decimal("1_000.50", "price")
    (Decimal('0.1'), Decimal('1000.50'))
    """
    try:
        read = _as_written(value)
        number = None if _is_too_long(read) else Decimal(read)
    except (InvalidOperation, TypeError, ValueError, OverflowError):
        raise AdlError.at(argument, row, value, "must be a number or a decimal string such as '0.001'") from None
    if number is None:
        raise AdlError.at(argument, row, value, f"must have at most {MOST_DIGITS} digits before the point")
    if not number.is_finite():
        raise AdlError.at(argument, row, value, "must be finite")
    # Zeros may carry any sign and exponent.
    return bounded(number, argument, row, value) if number else Decimal(0)


def bounded(number: Decimal, argument: str, row: int | None, value: object) -> Decimal:
    """Refuse a finite decimal whose exact products would grow without bound."""
    if number and abs(number.adjusted()) > MOST_DIGITS:
        raise AdlError.at(argument, row, value, f"must lie between 1e-{MOST_DIGITS} and 1e{MOST_DIGITS}")
    try:
        fine = -_exponent(SHORT.plus(number)) > 2 * MOST_DIGITS
    except Rounded:
        fine = True
    if fine:
        raise AdlError.at(argument, row, value, f"must have at most {2 * MOST_DIGITS} decimals")
    return number


def _is_too_long(number: str | int | Decimal) -> bool:
    """Whether reading a number, or writing it out, costs more than any that people use is worth."""
    if isinstance(number, int):
        return number.bit_length() > MOST_BITS
    return isinstance(number, str) and len(number) > LONGEST_TEXT


def _exponent(number: Decimal) -> int:
    """The power of ten of the last digit of a finite decimal."""
    return int(number.as_tuple().exponent)


def _as_written(value: object) -> str | int | Decimal:
    """NumPy's scalars become the numbers they hold, every float its shortest decimal; else as it is."""
    if isinstance(value, np.floating):
        # Of its own precision: float32's 0.1 is not float64's.
        return str(value)
    item = getattr(value, "item", None)
    number = item() if callable(item) else value
    if isinstance(number, float):
        return repr(number)
    if isinstance(number, str):
        return number.replace("_", "")
    if isinstance(number, int | Decimal) and not isinstance(number, bool):
        return number
    raise TypeError


def positive_decimal(value: Number, argument: str, row: int | None = None) -> Decimal:
    """Read a number as an exact decimal above zero."""
    number = exact_decimal(value, argument, row)
    if number <= 0:
        raise AdlError.at(argument, row, value, "must be above 0")
    return number


def last_digit(value: Number) -> Decimal:
    """One unit of the last digit that a number is printed with; 1 where that is left of the point.

    Examples
    --------
    >>> last_digit("16300.0"), last_digit(0.005), last_digit(1300)
    (Decimal('0.1'), Decimal('0.001'), Decimal('1'))
    """
    return Decimal(1).scaleb(max(-MOST_DIGITS, min(0, _exponent(Decimal(_as_written(value))))))


def positional_text(number: Decimal) -> str:
    """A decimal without an exponent."""
    return format(number, "f")


def canonical(number: Decimal) -> str:
    """The one text of a decimal's value: no exponent, no trailing zeros.

    Examples
    --------
    >>> canonical(Decimal("0.10")), canonical(Decimal("1E+3"))
    ('0.1', '1000')
    """
    return positional_text(number.normalize(EXACT)) if number else "0"


def whole_steps(value: Number, argument: str, step: Decimal, noun: str) -> int:
    """A number as a whole number of steps of a grid, exactly; `noun` is what the steps are called.

    Raises
    ------
    AdlError
        If it lies between two steps (the message names both) or is more steps than an int64 holds.

    Examples
    --------
    >>> whole_steps("1.25", "quantity", Decimal("0.01"), "lots")
    125
    >>> whole_steps("1.255", "quantity", Decimal("0.01"), "lots")
    Traceback (most recent call last):
    adlcore.errors.AdlError: quantity is '1.255': is between lots of 0.01: 1.25 or 1.26 would do
    """
    steps = Fraction(exact_decimal(value, argument)) / Fraction(step)
    if not -INT64_MAX - 1 <= steps <= INT64_MAX:
        low, high = steps_text(-INT64_MAX - 1, noun, step), steps_text(INT64_MAX, noun, step)
        must = f"must lie between {low} and {high}, as many {noun} of {positional_text(step)} as an int64 holds"
        must += f"; {WIDER[noun]} holds more" if noun in WIDER else ""
        raise AdlError.at(argument, None, value, must)
    if steps.denominator != 1:
        low, high = (steps_text(side(steps), noun, step) for side in (math.floor, math.ceil))
        must = f"is between {noun} of {positional_text(step)}: {low} or {high} would do"
        raise AdlError.at(argument, None, value, must)
    return int(steps)


def steps_text(steps: int, argument: str, step: Decimal) -> str:
    """A whole number of steps as a plain decimal, exactly, with the decimals of the step.

    Raises
    ------
    AdlError
        If `steps` is not a whole number.

    Examples
    --------
    >>> steps_text(-125, "lots", Decimal("0.010"))
    '-1.250'
    """
    return positional_text(EXACT.multiply(Decimal(whole_number(steps, argument, wide=True)), step))


def is_whole(value: object) -> bool:
    """Whether this is an int that fits int64, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool) and -INT64_MAX - 1 <= value <= INT64_MAX


def whole_number(value: Any, argument: str, row: int | None = None, *, wide: bool = False) -> int:
    """An int, or what is one, such as a NumPy integer; it must fit int64, but where it is `wide`, as sums are.

    Raises
    ------
    AdlError
        If it is none, a truth value among them, or does not fit.

    Examples
    --------
    >>> whole_number(np.int64(3), "levels")
    3
    >>> whole_number(2**63, "time")
    Traceback (most recent call last):
    adlcore.errors.AdlError: time is 9223372036854775808: must lie between -9223372036854775808 and
        9223372036854775807 (int64)
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise AdlError.at(argument, row, value, "must be a whole number") from None
    if isinstance(value, bool):
        raise AdlError.at(argument, row, value, "must be a whole number, not a truth value")
    if number.bit_length() > MOST_BITS:
        raise AdlError.at(argument, row, value, f"must have at most {MOST_BITS} bits")
    if not wide and not -INT64_MAX - 1 <= number <= INT64_MAX:
        raise AdlError.at(argument, row, value, INT64_LIMITS)
    return number
