"""Exact ratios: shares and multiples that people write as fractions, decimals or floats."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ..errors import AdlError
from .decimals import EXACT, LONGEST_TEXT, MOST_DIGITS, Number, bounded, canonical, exact_decimal

__all__ = ["Exact", "Ratio", "exact_number", "exact_ratio", "ratio_text"]

#: What may be given where an exact ratio is meant.
Ratio = Number | Fraction

#: An exact number: a decimal, or a fraction that no decimal is.
Exact = Decimal | Fraction

#: No part of a fraction reaches this.
BEYOND = 10 ** (2 * MOST_DIGITS)
FEWER_DIGITS = f"must have at most {2 * MOST_DIGITS} digits above and below the line"

#: A float with at least so many digits is the fraction that it was rounded from, if there is one
#: with a denominator of at most this.
FRACTION_DIGITS = 15
FRACTION_DENOMINATOR = 1000

#: Below, no two such fractions are the same float.
ONE_FRACTION = 2.0**32


def exact_ratio(value: Ratio, argument: str, row: int | None = None) -> Fraction:
    """Read a ratio exactly: a fraction as text or number, a decimal, a float.

    Parameters
    ----------
    value : str, int, float, Decimal or Fraction
        ``"2/3"`` and ``Fraction(2, 3)`` are two thirds. A float is read by its shortest decimal;
        one of 15 and more digits that is p/q rounded, q at most 1000, is p/q: ``2/3`` is two thirds.
    argument : str
        What it is called where it is refused.
    row : int, optional
        Its place there.

    Raises
    ------
    AdlError
        If it is not a finite number, or one that is larger or finer than any that people use.

    Examples
    --------
    >>> exact_ratio("2/3", "below"), exact_ratio(2 / 3, "below"), exact_ratio(0.3, "below")
    (Fraction(2, 3), Fraction(2, 3), Fraction(3, 10))
    >>> exact_ratio(0.1 + 0.2, "below")
    Fraction(7500000000000001, 25000000000000000)
    """
    given = value
    if isinstance(value, str) and "/" in value:
        try:
            # A longer text is refused for its length before it is read.
            value = Fraction(value.replace("_", "")) if len(value) <= LONGEST_TEXT else Fraction(1, BEYOND)
        except (ValueError, ZeroDivisionError):
            raise AdlError.at(argument, row, given, "must be a fraction such as '2/3'") from None
    if isinstance(value, Fraction):
        if max(abs(value.numerator), value.denominator) >= BEYOND:
            raise AdlError.at(argument, row, given, FEWER_DIGITS)
        return value
    number = exact_decimal(value, argument, row)
    if isinstance(value, float) and abs(value) < ONE_FRACTION:
        digits = number.normalize(EXACT).as_tuple().digits
        near = Fraction(value).limit_denominator(FRACTION_DENOMINATOR)
        if len(digits) >= FRACTION_DIGITS and float(near) == value:
            return near
    return Fraction(number)


def exact_number(value: Ratio, argument: str, row: int | None = None) -> Exact:
    """Read a ratio exactly, as a decimal where it is one, with the digits that it was written with.

    Raises
    ------
    AdlError
        As :func:`exact_ratio`; for a decimal of more places than any that people use.

    Examples
    --------
    >>> exact_number("1/6", "rate"), exact_number("1/8", "rate")
    (Fraction(1, 6), Decimal('0.125'))
    """
    number = bounded_number(exact_ratio(value, argument, row), argument, row, value)
    if isinstance(value, Fraction) or (isinstance(value, str) and "/" in value):
        return number
    return exact_decimal(value, argument, row) if isinstance(number, Decimal) else number


def bounded_number(ratio: Fraction, argument: str, row: int | None, value: object) -> Exact:
    """A ratio as a decimal where it is one; one that is larger or finer than any that people use is refused."""
    largest = max(abs(ratio.numerator), ratio.denominator)
    text = ratio_text(ratio) if largest < BEYOND**2 else "/"
    if "/" not in text:
        return bounded(Decimal(text), argument, row, value)
    if largest >= BEYOND:
        raise AdlError.at(argument, row, value, FEWER_DIGITS)
    return ratio


def ratio_text(ratio: Fraction) -> str:
    """The one text of an exact ratio: a decimal where it ends, else a fraction.

    Examples
    --------
    >>> ratio_text(Fraction(-3, 10)), ratio_text(Fraction(2, 3))
    ('-0.3', '2/3')
    """
    rest, places = ratio.denominator, [0, 0]
    for which, prime in enumerate((2, 5)):
        while rest % prime == 0:
            rest, places[which] = rest // prime, places[which] + 1
    if rest != 1:
        return str(ratio)
    decimals = max(places)
    return canonical(EXACT.scaleb(Decimal(int(ratio * 10**decimals)), -decimals))
