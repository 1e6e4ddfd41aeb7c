"""Ratios as people write them, read exactly: fractions, decimals and floats."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from adlcore.contracts.ratios import exact_ratio, ratio_text
from support.refusals import refused_for as refused


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("2/3", Fraction(2, 3)),
        (" -2/3 ", Fraction(-2, 3)),
        ("1_0/30", Fraction(1, 3)),
        (2 / 3, Fraction(2, 3)),
        (np.float64(2 / 3), Fraction(2, 3)),
        (-1 / 3, Fraction(-1, 3)),
        (1 / 7, Fraction(1, 7)),
        (999 / 1000, Fraction(999, 1000)),
        (1 / 997, Fraction(1, 997)),
        (0.1, Fraction(1, 10)),
        (0.0125, Fraction(1, 80)),
        (0.1 + 0.2, Fraction("0.30000000000000004")),
        # 1001 is too large a denominator, 0.6666666667 has too few digits.
        (1 / 1001, Fraction(repr(1 / 1001))),
        (0.6666666667, Fraction(6666666667, 10**10)),
        (1e15 / 3, Fraction(repr(1e15 / 3))),
        (5, Fraction(5)),
        (Decimal("0.30"), Fraction(3, 10)),
        (Fraction(22, 7), Fraction(22, 7)),
        ("1e-3", Fraction(1, 1000)),
        (0, Fraction(0)),
        (-0.0, Fraction(0)),
    ],
)
def test_exact_ratio(value, exact):
    read = exact_ratio(value, "ratio")
    assert type(read) is Fraction
    assert read == exact
    assert exact_ratio(ratio_text(read), "ratio") == read


@pytest.mark.parametrize(
    "value", ["", "a", "1/0", "1/2/3", "1.5/2", float("nan"), float("inf"), None, [1], "1e99", Fraction(1, 10**130), 1j]
)
def test_what_is_no_ratio(value):
    assert refused(lambda: exact_ratio(value, "below"), "below", "must").value is value


@given(st.integers(-999, 999), st.integers(1, 1000))
@example(1, 909)
@example(639, 77)
def test_a_quotient_of_small_numbers_is_that_fraction(top, bottom):
    quotient = top / bottom
    digits = len(Decimal(repr(quotient)).normalize().as_tuple().digits)
    # Some periods end by chance: 1/909 is 0.0011001100110011, of 14 digits, and read as a decimal.
    wanted = Fraction(top, bottom) if digits >= 15 else Fraction(repr(quotient))
    assert exact_ratio(quotient, "ratio") == wanted
    assert exact_ratio(f"{top}/{bottom}", "ratio") == Fraction(top, bottom)


@given(st.fractions() | st.decimals(-(10**9), 10**9, places=12).map(Fraction))
def test_the_text_of_a_ratio_is_the_ratio(ratio):
    assume(abs(ratio.numerator) < 10**60)
    assert Fraction(ratio_text(ratio)) == ratio
    rest = ratio.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    assert ("/" in ratio_text(ratio)) == (rest != 1)
