"""Integer money equals its twin on Python integers, and both obey the laws of exact numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adlcore._kernels.reference import _money as plain
from support import zoo

fast = pytest.importorskip("adlcore._kernels._money", reason="the compiled kernels are not built")

TOP, BOTTOM = zoo.INT64_MAX, -(2**63)
EDGES = sorted(
    {0, 1, -1, 2, 3, -3, 10, 10**8, BOTTOM, TOP, BOTTOM + 1, TOP - 1}
    | {sign * (2**power + step) for power in (31, 32, 33, 52, 53, 61, 62) for step in (-1, 0, 1) for sign in (1, -1)}
)
ints = st.one_of(st.sampled_from(EDGES), st.integers(-9, 9), st.integers(-(10**6), 10**6), st.integers(BOTTOM, TOP))
positives = ints.map(lambda x: min(abs(x), TOP) or 1)
roundings = st.sampled_from(sorted(plain.ROUNDINGS.values()))
LAWS = {"half-even": round, "toward-zero": math.trunc, "up": math.ceil, "down": math.floor}
BOTH = pytest.mark.parametrize("kernels", [fast, plain], ids=["compiled", "plain"])


def column(values):
    return np.array(values, np.int64)


def columns(rows, width):
    return [column([row[place] for row in rows]) for place in range(width)]


def outcome(function, *arguments, length):
    """What a kernel returns, raises and writes; where it names a row the output means nothing."""
    out = np.full(length, 7, np.int64)
    try:
        answer = function(*arguments, out)
    except ValueError as error:
        return error.args
    return answer, out.tolist() if answer in (-1, None) else None


def same(name, *arguments, length):
    """The outcome, alike in both."""
    one, other = (outcome(getattr(kernels, name), *arguments, length=length) for kernels in (fast, plain))
    assert one == other
    return one


def test_roundings_are_named_alike():
    assert fast.ROUNDINGS == plain.ROUNDINGS
    assert list(LAWS) == list(plain.ROUNDINGS)


# Sums -------------------------------------------------------------------------------------------------


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
    answer, out = same("group_sums", values, group, length=groups)
    assert answer == next((k for k, total in totals.items() if not BOTTOM <= total <= TOP), -1)
    assert out == (list(totals.values()) if answer == -1 else None)


@pytest.mark.parametrize(
    "values", [[TOP, 1, -1], [BOTTOM, -1, 1], [TOP, TOP, BOTTOM, BOTTOM, 2], [BOTTOM] * 5 + [TOP] * 5]
)
def test_only_the_total_of_a_group_counts(values):
    group = column([2] * len(values) + [0])
    assert same("group_sums", column([*values, 5]), group, length=4) == (-1, [5, 0, sum(values), 0])
    assert same("group_sums", column([*values, 5]), group[::-1].copy(), length=4) is not None


def test_the_lowest_group_that_leaves_int64():
    values = column([TOP, 1, BOTTOM, -1, TOP, TOP, TOP, TOP])
    assert same("group_sums", values, column([3, 3, 2, 2, 0, 1, 1, 1]), length=5) == (1, None)
    # Round twice and back to where it looks harmless modulo 2^64.
    assert same("group_sums", column([TOP, TOP, 2]), column([0, 0, 0]), length=1) == (0, None)


@pytest.mark.parametrize("n", zoo.BORDERS)
def test_group_sums_of_long_columns(n):
    rng = np.random.default_rng(n)
    for low, high in ((-100, 100), (BOTTOM, TOP)):
        same("group_sums", rng.integers(low, high, n), rng.integers(0, 50, n), length=50)
        same("group_sums", rng.integers(low, high, n), np.sort(rng.integers(0, n + 1, n)), length=n + 1)


@pytest.mark.parametrize("bad", [-1, 4, BOTTOM, TOP, 2**32])
def test_a_group_that_is_not_there(bad):
    refusal = same("group_sums", column([1, 2, TOP]), column([3, bad, bad]), length=4)
    assert refusal == ("group", 1, bad, "must be from 0 to 3")
    assert same("group_sums", column([1]), column([0]), length=0) == ("group", 0, 0, "must be from 0 to -1")
    assert same("group_sums", column([]), column([]), length=0) == (-1, [])


# Products over quotients --------------------------------------------------------------------------------


@given(st.lists(st.tuples(ints, ints, ints), max_size=30), roundings)
def test_multiply_divide(rows, rounding):
    a, b, c = columns(rows, 3)
    for n in range(len(rows) + 1):
        same("multiply_divide", a[:n], b[:n], c[:n], rounding, length=n)
    for row in range(len(rows)):  # those behind a row at fault
        same("multiply_divide", a[row : row + 1], b[row : row + 1], c[row : row + 1], rounding, length=1)


@pytest.mark.parametrize("rounding", sorted(plain.ROUNDINGS.values()))
def test_multiply_divide_of_every_three_edges(rounding):
    few = column([0, 1, -1, 2, 3, -3, 2**32 + 1, -(2**62), 2**53 - 1, TOP, -TOP, BOTTOM])
    a, b = (axis.ravel() for axis in np.meshgrid(few, few))
    for c in few:
        for row in range(len(a)):
            same("multiply_divide", a[row : row + 1], b[row : row + 1], column([c]), rounding, length=1)


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
    answer = same("multiply_divide", *given_columns, rounding, length=n)
    assert answer == same("multiply_divide", *spread, rounding, length=n)


def test_quotients_at_the_ends_of_int64():
    for a, b, c, wanted in (
        (BOTTOM, 1, 1, BOTTOM), (BOTTOM, -1, 1, None), (BOTTOM, -1, -1, BOTTOM), (BOTTOM, BOTTOM, BOTTOM, BOTTOM),
        (BOTTOM, BOTTOM, -TOP, None), (TOP, TOP, TOP, TOP), (TOP, BOTTOM, TOP, BOTTOM), (TOP, 2, 1, None),
        (2**62, 4, -2, BOTTOM), (2**62, 4, 2, None), (1, 1, 0, None), (0, 0, 0, None), (0, BOTTOM, BOTTOM, 0),
    ):  # fmt: skip
        answer = same("multiply_divide", column([a]), column([b]), column([c]), 0, length=1)
        assert answer == ((0, None) if wanted is None else (-1, [wanted]))


def test_a_quotient_that_rounding_would_bring_to_two_to_the_64():
    part = column([2**66 // 9])  # 9·part/4 lies between 2^64 - 1 and 2^64
    for rounding in plain.ROUNDINGS.values():
        for nine in (9, -9):
            assert same("multiply_divide", column([nine]), part, column([4]), rounding, length=1) == (0, None)


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


# Values of fills ----------------------------------------------------------------------------------------

small = st.integers(-12, 12)
fill = st.one_of(
    st.tuples(small, st.integers(1, 12), st.integers(0, 1)),
    st.tuples(st.integers(-(10**6), 10**6), st.integers(1, 10**5), st.integers(0, 2)),
    st.tuples(ints, positives, st.integers(0, 1)),
)
units = st.one_of(st.integers(1, 12), st.sampled_from([10**8, 10**10, 2**31, 2**40, 2**62, TOP]), positives)


@pytest.mark.parametrize("inverse", [False, True])
@given(st.lists(fill, max_size=25), units, units)
def test_fill_values(inverse, rows, numerator, denominator):
    lots, ticks, group = columns(rows, 3)
    same("fill_values", lots, ticks, group, numerator, denominator, inverse, length=len(rows))


@pytest.mark.parametrize("inverse", [False, True])
@given(
    st.lists(st.tuples(small, st.integers(1, 12), st.integers(0, 1)), max_size=40), st.integers(1, 9), st.integers(1, 9)
)
def test_fill_values_of_small_numbers_where_ties_abound(inverse, rows, numerator, denominator):
    lots, ticks, group = columns(rows, 3)
    answer, out = same("fill_values", lots, ticks, group, numerator, denominator, inverse, length=len(rows))
    assert answer == -1
    worth, booked, last = Fraction(0), 0, None
    for (q, tick, k), value in zip(rows, out, strict=True):
        if k != last:
            worth, booked, last = Fraction(0), 0, k
        worth += (
            Fraction(-numerator * q, denominator * tick) if inverse else Fraction(numerator * tick * q, denominator)
        )
        booked += value
        assert booked == round(worth)


@given(st.lists(st.tuples(ints, positives), max_size=12), units, units, st.booleans())
def test_fill_values_row_by_row_at_the_ends_of_int64(rows, numerator, denominator, inverse):
    """Each row once as a group of its own, so that no fault hides another."""
    for q, tick in rows:
        same("fill_values", column([q]), column([tick]), column([0]), numerator, denominator, inverse, length=1)


@pytest.mark.parametrize("numerator", [1, 2, 5])
@pytest.mark.parametrize(
    "rows",
    [
        [(1, 3), (1, 6)],  # 1/2, made of parts that end nowhere
        [(-1, 3), (-1, 6)],
        [(1, 3), (1, 6), (1, 1)],  # 3/2
        [(1, 6), (1, 6), (1, 6)],
        [(-1, 6), (-1, 6), (-1, 6), (-6, 6)],
        [(1, 7), (-1, 7), (1, 3), (1, 6)],
        [(1, 3), (2, 3), (1, 6), (1, 3), (1, 2)],
    ],
)
def test_halves_made_of_thirds_are_rounded_exactly(rows, numerator):
    lots, ticks = columns(rows, 2)
    for times in (1, 3):  # between other groups, too
        group = np.repeat(np.arange(times), len(rows))
        arguments = np.tile(lots, times), np.tile(ticks, times), group, numerator, 1, True
        answer, out = same("fill_values", *arguments, length=len(group))
        worth = sum(Fraction(-numerator * q, tick) for q, tick in rows)
        assert answer == -1
        assert sum(out) == times * round(worth)


def test_only_what_64_bits_do_not_tell_is_redone(monkeypatch):
    redone = []
    monkeypatch.setattr(fast, "lcm", lambda *ticks: redone.append(ticks) or math.lcm(*ticks))
    lots, group = column([1, 1, -7, 1, 1]), column([0, 0, 1, 2, 2])
    for ticks, denominator, rows in (
        ([3, 7, 3, 5, 6], 1, 0),
        ([4, 4, 2, 8, 8], 1, 0),  # halves, but none in doubt
        ([3, 6, 3, 4, 4], 1, 2),
        ([3, 6, 3, 6, 3], 1, 4),
        ([3, 7, 3, 5, 6], TOP, 5),  # ticks times the denominator leave 64 bits
    ):
        redone.clear()
        assert same("fill_values", lots, column(ticks), group, 1, denominator, True, length=5)[0] == -1
        assert len(redone) == rows


def test_what_was_cut_off_is_seen_beside_a_half():
    # 1/2 + 1/(2^63 - 2) - 1/2^63: more than 1/2 by less than 2^-64.
    lots, ticks = column([-1, -1, 1]), column([1, 2**62 - 1, 2**62])
    assert same("fill_values", lots, ticks, lots * 0, 1, 2, True, length=3) == (-1, [0, 1, 0])
    assert same("fill_values", -lots, ticks, lots * 0, 1, 2, True, length=3) == (-1, [0, -1, 0])


def test_a_hair_beside_a_half():
    # Down to 2^-63: what 64 bits tell of it is in doubt by as much.
    for tick in (2**31 - 1, 2**62 - 57, TOP, TOP - 1):
        for hair in (1, -1):
            rows = [(1, 3), (1, 6), (hair, tick)]
            lots, ticks = columns(rows, 2)
            answer, out = same("fill_values", lots, ticks, column([4, 4, 4]), 1, 1, True, length=3)
            assert (answer, sum(out)) == (-1, -1 if hair > 0 else 0)


@pytest.mark.parametrize("inverse", [False, True])
@given(
    st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(1, 10**6)), max_size=8),
    st.lists(st.integers(1, 7), min_size=8, max_size=8),
    st.integers(1, 10**2),
    st.integers(1, 10**4),
)
def test_values_do_not_depend_on_how_a_quantity_is_cut(inverse, rows, cuts, numerator, denominator):
    pieces = []
    for (q, tick), parts in zip(rows, cuts, strict=False):
        shares = [q // parts] * (parts - 1)
        pieces += [(share, tick) for share in [*shares, q - sum(shares)]]
    totals = []
    for cut in (rows, pieces):
        lots, ticks = columns(cut, 2)
        answer, out = same("fill_values", lots, ticks, lots * 0, numerator, denominator, inverse, length=len(cut))
        assert answer == -1
        totals.append(sum(out))
    assert totals[0] == totals[1]


def test_four_lots_of_a_quarter_quantum_are_worth_one_together():
    # waterfall.md: sold at 0.25 to 0.28 they would be worth nothing one by one.
    ticks, lots = column([25, 26, 27, 28]), column([1, 1, 1, 1])
    assert same("fill_values", lots, ticks, column([0, 1, 2, 3]), 1, 100, False, length=4) == (-1, [0, 0, 0, 0])
    assert same("fill_values", lots, ticks, column([9, 9, 9, 9]), 1, 100, False, length=4) == (-1, [0, 1, 0, 0])
    assert same("fill_values", -lots, ticks, column([9, 9, 9, 9]), 1, 100, False, length=4) == (-1, [0, -1, 0, 0])


def test_a_group_that_returns_begins_anew():
    ticks, lots = column([1, 1, 1, 1]), column([1, 1, 1, 1])
    assert same("fill_values", lots, ticks, column([5, 6, 5, 5]), 1, 2, False, length=4) == (-1, [0, 0, 0, 1])


def test_where_values_of_fills_leave_int64():
    def linear(lots, ticks, numerator=1, denominator=1):
        arguments = column(lots), column(ticks), column([0] * len(lots)), numerator, denominator
        return same("fill_values", *arguments, False, length=len(lots))

    assert linear([TOP, 1, -1], [1, 1, 1]) == (1, None)
    assert linear([BOTTOM], [1]) == (-1, [BOTTOM])
    assert linear([BOTTOM, TOP, 1], [1, 1, 1]) == (-1, [BOTTOM, TOP, 1])
    assert linear([-1, -TOP], [1, 1]) == (-1, [-1, -TOP])
    assert linear([BOTTOM, TOP], [1, 2]) == (1, None)  # the difference
    assert linear([BOTTOM, BOTTOM], [TOP, TOP], 1, TOP) == (1, None)
    assert linear([BOTTOM, TOP, -TOP], [TOP, TOP, TOP], 1, TOP) == (-1, [BOTTOM, TOP, -TOP])
    assert linear([BOTTOM, -1], [2, 1], 1, 2) == (-1, [BOTTOM, 0])  # -2^63 - 1/2 is rounded to -2^63
    assert linear([TOP, 1, 1], [2, 1, 1], 1, 2) == (1, None)  # 2^63 - 1/2 to 2^63

    def inverse(lots, ticks, numerator=1, denominator=1):
        arguments = column(lots), column(ticks), column([0] * len(lots)), numerator, denominator
        return same("fill_values", *arguments, True, length=len(lots))

    assert inverse([TOP], [1]) == (-1, [-TOP])
    assert inverse([BOTTOM], [1]) == (0, None)
    assert inverse([BOTTOM, 2], [2, 4]) == (-1, [2**62, 0])
    assert inverse([TOP, 1, 1], [1, 1, 1]) == (2, None)
    assert inverse([TOP, BOTTOM], [1, 1]) == (1, None)
    assert inverse([TOP, -1], [1, 1], TOP, TOP) == (-1, [-TOP, 1])


def test_groups_behind_one_that_is_redone():
    lots = column([1, 1, 5, 7, 1, 1, TOP, TOP, 1])
    ticks = column([3, 6, 2, 3, 6, 3, 1, 1, 1])
    group = column([0, 0, 1, 1, 2, 2, 3, 3, 4])
    for n in range(len(lots) + 1):
        answer = same("fill_values", lots[:n], ticks[:n], group[:n], 1, 1, True, length=n)
        assert answer[0] == (-1 if n < 8 else 7)


@pytest.mark.parametrize("n", [1000, 4097])
@pytest.mark.parametrize("inverse", [False, True])
def test_long_columns_of_fills(n, inverse):
    rng = np.random.default_rng(n)
    for spread, lots in ((3, 10), (1000, 10**6)):
        group = np.sort(rng.integers(0, n // 8, n))
        arguments = rng.integers(-lots, lots, n), rng.integers(1, spread, n), group
        assert same("fill_values", *arguments, 10**7, 3, inverse, length=n)[0] == -1
        assert same("fill_values", *arguments, 1, 4, inverse, length=n)[0] == -1


@pytest.mark.parametrize("bad", [0, -1, BOTTOM])
@pytest.mark.parametrize("inverse", [False, True])
def test_ticks_below_one_are_refused(bad, inverse):
    refusal = ("ticks", 2, bad, "must be at least 1 tick")
    for group in ([0, 0, 0, 0], [0, 0, 1, 1]):
        arguments = column([1, 1, 1, 1]), column([3, 6, bad, 1]), column(group)
        assert same("fill_values", *arguments, 1, 1, inverse, length=4) == refusal
    # The first row at fault decides.
    arguments = column([BOTTOM, 1, 1, 1]), column([1, 6, bad, 1]), column([0, 0, 0, 0])
    assert same("fill_values", *arguments, 4, 1, inverse, length=4) == (0, None)


@BOTH
@pytest.mark.parametrize("bad", [0, -1, 2**63, 2**200, -(2**64)])
def test_numerators_and_denominators_that_are_no_positive_int64(kernels, bad):
    must = "must be from 1 to 9223372036854775807"
    one = column([1])
    for place, name in enumerate(("numerator", "denominator")):
        unit = [1, 1]
        unit[place] = bad
        with pytest.raises(ValueError) as caught:
            kernels.fill_values(one, one, one, *unit, False, one.copy())
        assert caught.value.args == (name, None, bad, must)
        with pytest.raises(ValueError) as caught:
            kernels.value_ticks(one, one, *unit, False, 0, one.copy())
        assert caught.value.args == (name, None, bad, must)


@BOTH
@pytest.mark.parametrize("bad", [-1, 4])
def test_roundings_that_are_none(kernels, bad):
    one = column([1])
    for call in (lambda: kernels.multiply_divide(one, one, one, bad, one.copy()),
                 lambda: kernels.value_ticks(one, one, 1, 1, False, bad, one.copy())):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            call()
        assert caught.value.args == ("rounding", None, bad, "must be one of ROUNDINGS")


def test_lengths_are_checked():
    one, two, three = column([1]), column([1, 2]), column([1, 2, 3])
    for name, call in (
        ("group", lambda: fast.group_sums(two, one, three)),
        ("a", lambda: fast.multiply_divide(two, one, one, 0, three)),
        ("b", lambda: fast.multiply_divide(one, two, one, 0, three)),
        ("c", lambda: fast.multiply_divide(one, one, column([]), 0, three)),
        ("ticks", lambda: fast.fill_values(two, one, two, 1, 1, False, two)),
        ("group", lambda: fast.fill_values(two, two, three, 1, 1, False, two)),
        ("out", lambda: fast.fill_values(two, two, two, 1, 1, False, three)),
        ("lots", lambda: fast.value_ticks(two, one, 1, 1, False, 0, two)),
        ("out", lambda: fast.value_ticks(two, two, 1, 1, False, 0, one)),
    ):
        with pytest.raises(ValueError) as caught:
            call()
        assert caught.value.args[0] == name


# Prices of values ---------------------------------------------------------------------------------------


@given(st.lists(st.tuples(ints, ints), max_size=30), units, units, st.booleans(), roundings)
@example([(BOTTOM, BOTTOM), (BOTTOM, 1), (BOTTOM, -1), (TOP, -1), (1, BOTTOM), (-1, BOTTOM)], TOP, 1, False, 0)
@example([(BOTTOM, BOTTOM), (BOTTOM, 1), (BOTTOM, -1), (TOP, -1), (1, BOTTOM), (-1, BOTTOM)], 1, TOP, True, 3)
def test_value_ticks(rows, numerator, denominator, inverse, rounding):
    value, lots = columns(rows, 2)
    answer, out = same("value_ticks", value, lots, numerator, denominator, inverse, rounding, length=len(rows))
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
            same("value_ticks", value, lots, numerator, denominator, inverse, rounding, length=len(value))


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
                assert same("value_ticks", *arguments, inverse, rounding, length=1) == (None, [tick])
