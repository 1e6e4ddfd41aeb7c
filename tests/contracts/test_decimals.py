"""Numbers as people write them, read exactly, and whole numbers of steps of a grid."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.contracts import decimals
from support.refusals import refused_for as refused

MOST, LEAST = 2**63 - 1, -(2**63)


steps = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**6), st.integers(-18, 12)
)


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("0.1", "0.1"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (np.float32(0.1), "0.1"),
        (np.str_("0.1"), "0.1"),
        (np.array(0.1), "0.1"),
        (np.int8(-3), "-3"),
        ("1_000", "1000"),
        ("1e3", "1000"),
        (" 5 ", "5"),
        (-0.0, "0"),
        ("-0e-999999", "0"),
        (2**70, str(2**70)),
        (5e-59, "5E-59"),
    ],
)
def test_a_number_is_read_as_it_is_written(value, exact):
    found = decimals.exact_decimal(value, "x")
    assert found == Decimal(exact)
    assert not found.is_signed() or found < 0


@pytest.mark.parametrize("value", ["", "x", None, [], [1], np.array([1.0, 2.0]), 1j])
def test_what_is_no_number_is_refused(value):
    refused(lambda: decimals.exact_decimal(value, "x"), "x", "must be a number")


@pytest.mark.parametrize("value", [math.nan, -math.inf, "nan", "1e61", 1e-61, "0." + "1" * 130])
def test_what_no_exact_arithmetic_holds_is_refused_by_its_row(value):
    error = refused(lambda: decimals.exact_decimal(value, "x", 3), "x", "x[3] is ", "must ")
    assert error.row == 3


def test_one_value_has_one_text():
    for text in ("0.10", "0.1", "1e-1", "+.1", "00.100"):
        assert decimals.canonical(Decimal(text)) == "0.1"
    for text in ("0", "-0", "0.000", "0e-30"):
        assert decimals.canonical(Decimal(text)) == "0"
    assert decimals.canonical(Decimal("1E+3")) == "1000"
    # Longer than the 28 digits of Python's default context.
    assert decimals.canonical(Decimal("1" * 40 + ".5")) == "1" * 40 + ".5"


@given(steps, steps)
def test_sums_and_products_are_exact(a, b):
    assert Fraction(decimals.EXACT.multiply(a, b)) == Fraction(a) * Fraction(b)
    assert Fraction(decimals.EXACT.add(a, b)) == Fraction(a) + Fraction(b)


@given(st.integers(-(10**10), 10**10), st.integers(0, 8))
def test_floats_never_pass_through_binary(digits, places):
    # Of at most 15 digits a float keeps every one; most of these lie between two floats.
    number = Decimal(digits).scaleb(-places)
    assert adl.Asset("X", 8).quanta(float(number)) == digits * 10 ** (8 - places)
    assert adl.Contract("X", lot=float(Decimal(1).scaleb(-places))).lots(float(number)) == digits


@pytest.mark.parametrize(
    ("call", "argument", "grid", "below", "above"),
    [
        (lambda: adl.Contract("X", lot="0.010").lots("1.005"), "quantity", "lots of 0.010", "1.000", "1.010"),
        (lambda: adl.Contract("X", lot="3").lots(-4), "quantity", "lots of 3", "-6", "-3"),
        (lambda: adl.Contract("X", tick="0.5").ticks(0.3), "price", "ticks of 0.5", "0.0", "0.5"),
        (lambda: adl.Contract("X", tick="5").ticks("58001"), "price", "ticks of 5", "58000", "58005"),
        (lambda: adl.Asset("X", 2).quanta("-0.015"), "amount", "quanta of 0.01", "-0.02", "-0.01"),
        (lambda: adl.Asset("X", 0).quanta(0.5), "amount", "quanta of 1", "0", "1"),
        (lambda: adl.Asset("X").quanta("1e-9"), "amount", "quanta of 0.00000001", "0.00000000", "0.00000001"),
    ],
)
def test_what_lies_between_steps_is_refused_with_both_neighbours(call, argument, grid, below, above):
    refused(call, argument, f"is between {grid}: {below} or {above} would do")


@pytest.mark.parametrize(
    ("read", "write", "argument"),
    [
        (adl.Contract("X", lot="0.001").lots, adl.Contract("X", lot="0.001").decimal, "quantity"),
        (adl.Contract("X", tick="0.001").ticks, adl.Contract("X", tick="0.001").price, "price"),
        (adl.Asset("X", 3).quanta, adl.Asset("X", 3).decimal, "amount"),
    ],
)
def test_the_ends_of_int64(read, write, argument):
    assert read(write(MOST)) == MOST
    error = refused(lambda: read(write(MOST + 1)), argument, "9223372036854775.807", "-9223372036854775.808", "int64")
    assert error.value == "9223372036854775.808"
    refused(lambda: read("1e50"), argument, "int64")
    if argument != "price":
        assert read(write(LEAST)) == LEAST
        refused(lambda: read(write(LEAST - 1)), argument, "int64")


@pytest.mark.parametrize("steps", [1.0, "1", None, Decimal(1), np.float64(2)])
def test_only_whole_numbers_are_printed(steps):
    refused(lambda: adl.Contract("X").decimal(steps), "lots", "whole number")
    refused(lambda: adl.Contract("X", tick=1).price(steps), "ticks", "whole number")
    refused(lambda: adl.Asset("X").decimal(steps), "quanta", "whole number")
