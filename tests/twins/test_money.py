"""The kernels of money equal their twins on Python integers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from support import zoo
from support.money_twins import (
    BOTH,
    BOTTOM,
    EDGES,
    LAWS,
    TOP,
    column,
    columns,
    fast,
    ints,
    plain,
    positives,
    roundings,
    same_answer,
)
from support.twins import refusal


def test_roundings_are_named_alike():
    assert fast.ROUNDINGS == plain.ROUNDINGS
    assert list(LAWS) == list(plain.ROUNDINGS)


@given(st.lists(ints, max_size=70))
def test_exact_sum(values):
    assert fast.exact_sum(column(values)) == plain.exact_sum(column(values)) == sum(values)


@pytest.mark.parametrize("end", [TOP, BOTTOM, -1])
def test_exact_sum_of_long_columns(end):
    assert fast.exact_sum(np.full(100_000, end)) == 100_000 * end


@given(st.lists(st.tuples(ints, st.integers(0, 5)), max_size=60), st.integers(6, 9))
def test_group_sums(rows, groups):
    values, group = columns(rows, 2)
    totals = dict.fromkeys(range(groups), 0)
    for value, k in rows:
        totals[k] += value
    answer, out = same_answer("group_sums", values, group, length=groups)
    assert answer == next((k for k, total in totals.items() if not BOTTOM <= total <= TOP), -1)
    assert out == (list(totals.values()) if answer == -1 else None)


@pytest.mark.parametrize(
    "values", [[TOP, 1, -1], [BOTTOM, -1, 1], [TOP, TOP, BOTTOM, BOTTOM, 2], [BOTTOM] * 5 + [TOP] * 5]
)
def test_only_the_total_of_a_group_counts(values):
    group = column([2] * len(values) + [0])
    assert same_answer("group_sums", column([*values, 5]), group, length=4) == (-1, [5, 0, sum(values), 0])
    assert same_answer("group_sums", column([*values, 5]), group[::-1].copy(), length=4) is not None


def test_the_lowest_group_that_leaves_int64():
    values = column([TOP, 1, BOTTOM, -1, TOP, TOP, TOP, TOP])
    assert same_answer("group_sums", values, column([3, 3, 2, 2, 0, 1, 1, 1]), length=5) == (1, None)
    # Round twice and back to where it looks harmless modulo 2^64.
    assert same_answer("group_sums", column([TOP, TOP, 2]), column([0, 0, 0]), length=1) == (0, None)


@pytest.mark.parametrize("n", zoo.BORDERS)
def test_group_sums_of_long_columns(n):
    rng = np.random.default_rng(n)
    for low, high in ((-100, 100), (BOTTOM, TOP)):
        same_answer("group_sums", rng.integers(low, high, n), rng.integers(0, 50, n), length=50)
        same_answer("group_sums", rng.integers(low, high, n), np.sort(rng.integers(0, n + 1, n)), length=n + 1)


@pytest.mark.parametrize("bad", [-1, 4, BOTTOM, TOP, 2**32])
def test_a_group_that_is_not_there(bad):
    refusal = same_answer("group_sums", column([1, 2, TOP]), column([3, bad, bad]), length=4)
    assert refusal == ("group", 1, bad, "must be from 0 to 3")
    assert same_answer("group_sums", column([1]), column([0]), length=0) == ("group", 0, 0, "must be from 0 to -1")
    assert same_answer("group_sums", column([]), column([]), length=0) == (-1, [])


@given(st.lists(st.tuples(ints, ints, ints), max_size=30), roundings)
def test_multiply_divide(rows, rounding):
    a, b, c = columns(rows, 3)
    for n in range(len(rows) + 1):
        same_answer("multiply_divide", a[:n], b[:n], c[:n], rounding, length=n)
    for row in range(len(rows)):  # those behind a row at fault
        same_answer("multiply_divide", a[row : row + 1], b[row : row + 1], c[row : row + 1], rounding, length=1)


@pytest.mark.parametrize("rounding", sorted(plain.ROUNDINGS.values()))
def test_multiply_divide_of_every_three_edges(rounding):
    few = column([0, 1, -1, 2, 3, -3, 2**32 + 1, -(2**62), 2**53 - 1, TOP, -TOP, BOTTOM])
    a, b = (axis.ravel() for axis in np.meshgrid(few, few))
    for c in few:
        for row in range(len(a)):
            same_answer("multiply_divide", a[row : row + 1], b[row : row + 1], column([c]), rounding, length=1)


@BOTH
@pytest.mark.parametrize("name", LAWS)
def test_roundings_are_those_of_fractions(kernels, name):
    tops = column([*range(-30, 31), 10**18 + 1, -(10**18) - 1, TOP, BOTTOM])
    for divisor in (1, 2, 3, 4, 5, 7, 10, -2, -4, -7):
        out = np.empty(len(tops), np.int64)
        fits = tops[:-1] if divisor == -1 else tops
        assert kernels.multiply_divide(fits, column([1]), column([divisor]), kernels.ROUNDINGS[name], out) == -1
        assert out.tolist() == [LAWS[name](Fraction(top, divisor)) for top in fits.tolist()]


@given(ints, ints, ints, st.integers(0, 40), roundings, st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_one_value_stands_for_all_rows(a, b, c, n, rounding, single):
    rng = np.random.default_rng(n)
    many = [value + rng.integers(0, 2, n) * (-1 if value > 0 else 1) for value in (a, b, c)]
    given_columns = [column([value]) if one else rows for value, one, rows in zip((a, b, c), single, many, strict=True)]
    spread = [np.full(n, value) if one else rows for value, one, rows in zip((a, b, c), single, many, strict=True)]
    answer = same_answer("multiply_divide", *given_columns, rounding, length=n)
    assert answer == same_answer("multiply_divide", *spread, rounding, length=n)


def test_quotients_at_the_ends_of_int64():
    for a, b, c, wanted in (
        (BOTTOM, 1, 1, BOTTOM), (BOTTOM, -1, 1, None), (BOTTOM, -1, -1, BOTTOM), (BOTTOM, BOTTOM, BOTTOM, BOTTOM),
        (BOTTOM, BOTTOM, -TOP, None), (TOP, TOP, TOP, TOP), (TOP, BOTTOM, TOP, BOTTOM), (TOP, 2, 1, None),
        (2**62, 4, -2, BOTTOM), (2**62, 4, 2, None), (1, 1, 0, None), (0, 0, 0, None), (0, BOTTOM, BOTTOM, 0),
    ):  # fmt: skip
        answer = same_answer("multiply_divide", column([a]), column([b]), column([c]), 0, length=1)
        assert answer == ((0, None) if wanted is None else (-1, [wanted]))


def test_a_quotient_that_rounding_would_bring_to_two_to_the_64():
    part = column([2**66 // 9])  # 9·part/4 lies between 2^64 - 1 and 2^64
    for rounding in plain.ROUNDINGS.values():
        for nine in (9, -9):
            assert same_answer("multiply_divide", column([nine]), part, column([4]), rounding, length=1) == (0, None)


@BOTH
def test_a_quotient_between_an_end_and_the_next_number(kernels):
    part = (2**65 + 1) // 33  # -33·part/4 is -2^63 - 1/4
    for name, wanted in (("half-even", -1), ("toward-zero", -1), ("up", -1), ("down", 0)):
        out = column([7])
        assert (
            kernels.multiply_divide(column([-part]), column([33]), column([4]), kernels.ROUNDINGS[name], out) == wanted
        )
        assert wanted == 0 or out[0] == BOTTOM


@BOTH
def test_v31_dydx_bankruptcy_quote_rounds_up(kernels):
    # dydxprotocol/v4-chain:protocol/x/clob/keeper/liquidations_test.go l.2473: 1 BTC (1e8 quantums) and -13 USDC, close
    # 21347 of them: 2775.11, rounded up; the short pays 2775.
    out = np.empty(2, np.int64)
    up = kernels.ROUNDINGS["up"]
    assert kernels.multiply_divide(column([13_000_000, -13_000_000]), column([21347]), column([10**8]), up, out) == -1
    assert out.tolist() == [2776, -2775]


@BOTH
@pytest.mark.parametrize("bad", [-1, 4])
def test_roundings_that_are_none(kernels, bad):
    one = column([1])
    for call in (lambda: kernels.multiply_divide(one, one, one, bad, one.copy()),
                 lambda: kernels.value_ticks(one, one, 1, 1, False, bad, one.copy())):  # fmt: skip
        assert refusal(call) == ("rounding", None, bad, "must be one of ROUNDINGS")


@BOTH
def test_lengths_are_checked(kernels):
    one, two, three = column([1]), column([1, 2]), column([1, 2, 3])
    for name, call in (
        ("group", lambda: kernels.group_sums(two, one, three)),
        ("value", lambda: kernels.multiply_divide(two, one, one, 0, three)),
        ("numerator", lambda: kernels.multiply_divide(one, two, one, 0, three)),
        ("denominator", lambda: kernels.multiply_divide(one, one, column([]), 0, three)),
        ("ticks", lambda: kernels.fill_values(two, one, two, 1, 1, False, two)),
        ("group", lambda: kernels.fill_values(two, two, three, 1, 1, False, two)),
        ("out", lambda: kernels.fill_values(two, two, two, 1, 1, False, three)),
        ("lots", lambda: kernels.value_ticks(two, one, 1, 1, False, 0, two)),
        ("out", lambda: kernels.value_ticks(two, two, 1, 1, False, 0, one)),
    ):
        assert refusal(call)[0] == name


units = st.one_of(st.integers(1, 12), st.sampled_from([10**8, 10**10, 2**31, 2**40, 2**62, TOP]), positives)


@given(st.lists(st.tuples(ints, ints), max_size=30), units, units, st.booleans(), roundings)
@example([(BOTTOM, BOTTOM), (BOTTOM, 1), (BOTTOM, -1), (TOP, -1), (1, BOTTOM), (-1, BOTTOM)], TOP, 1, False, 0)
@example([(BOTTOM, BOTTOM), (BOTTOM, 1), (BOTTOM, -1), (TOP, -1), (1, BOTTOM), (-1, BOTTOM)], 1, TOP, True, 3)
def test_value_ticks(rows, numerator, denominator, inverse, rounding):
    value, lots = columns(rows, 2)
    answer, out = same_answer("value_ticks", value, lots, numerator, denominator, inverse, rounding, length=len(rows))
    assert answer is None
    law = list(LAWS.values())[rounding]
    for (v, q), price in zip(rows, out, strict=True):
        if q == 0:
            assert price == 0
        elif inverse and v * q >= 0:
            assert price == TOP
        else:
            exact = Fraction(-q * numerator, denominator * v) if inverse else Fraction(v * denominator, q * numerator)
            assert price == min(max(law(exact), BOTTOM), TOP)


@pytest.mark.parametrize("inverse", [False, True])
def test_value_ticks_of_every_two_edges(inverse):
    value, lots = (axis.ravel() for axis in np.meshgrid(column(EDGES), column(EDGES)))
    for numerator, denominator in ((1, 1), (TOP, 1), (1, TOP), (TOP, TOP - 1), (10**10, 7)):
        for rounding in plain.ROUNDINGS.values():
            same_answer("value_ticks", value, lots, numerator, denominator, inverse, rounding, length=len(value))


@pytest.mark.parametrize("inverse", [False, True])
@given(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**9), st.integers(1, 50))
def test_the_price_of_a_value_is_that_it_was_made_of(inverse, q, tick, numerator, denominator):
    """Up and down enclose the price of a rounded value; where the value is exact they are it."""
    for lots in (q, -q):
        exact = (
            Fraction(-numerator * lots, denominator * tick)
            if inverse
            else Fraction(numerator * tick * lots, denominator)
        )
        if exact.denominator == 1 and abs(exact) <= TOP:
            for rounding in plain.ROUNDINGS.values():
                arguments = column([exact.numerator]), column([lots]), numerator, denominator
                assert same_answer("value_ticks", *arguments, inverse, rounding, length=1) == (None, [tick])
