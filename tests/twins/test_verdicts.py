"""Who is liquidatable: the kernel equals its twin and the documented verdicts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore._kernels.reference.margin import verdicts as plain
from support.twins import BOTTOM, TOP, refusal
from support.twins import column as lots

fast = pytest.importorskip("adlcore._kernels.compiled.margin.verdicts", reason="the compiled kernels are not built")

BOTH = pytest.mark.parametrize("kernels", [fast, plain], ids=["compiled", "plain"])
wild = st.one_of(st.integers(-3, 3), st.sampled_from([TOP, TOP - 1, BOTTOM, BOTTOM + 1]), st.integers(BOTTOM, TOP))


@given(st.lists(st.tuples(wild, wild), max_size=40), st.booleans(), st.lists(st.integers(-3, 45), max_size=9))
def test_verdicts_are_as_documented(rows, inclusive, chosen):
    sums = lots(rows).reshape(-1, 2)
    wanted = []
    for equity, margin in rows:
        if margin > 0:
            wanted.append(int(equity < margin or (inclusive and equity == margin)))
        else:
            wanted.append(2 if equity < 0 else 0)
    held = [k for k in chosen if 0 <= k < len(rows)]
    some = [wanted[k] if k in held else 9 for k in range(len(rows))]
    for kernels in (fast, plain):
        out = np.full(len(rows), 9, np.uint8)
        assert kernels.of_all(sums, inclusive, out) is (2 in wanted)
        assert out.tolist() == wanted
        out[:] = 9
        assert kernels.of_some(sums, lots(chosen), inclusive, out) is any(wanted[k] == 2 for k in held)
        assert out.tolist() == some


@BOTH
def test_verdicts_at_the_border(kernels):
    sums = lots([[5, 5], [4, 5], [6, 5], [0, 0], [-1, 0], [-1, 5], [0, 1], [BOTTOM, TOP], [TOP, TOP]])
    out = np.empty(len(sums), np.uint8)
    assert kernels.of_all(sums, True, out) is True
    assert out.tolist() == [1, 1, 0, 0, 2, 1, 1, 1, 1]
    assert kernels.of_all(sums, False, out) is True
    assert out.tolist() == [0, 1, 0, 0, 2, 1, 1, 1, 0]
    assert kernels.of_some(sums, lots([0, 8, 8, -1, 9, TOP, BOTTOM]), True, out) is False
    assert out.tolist() == [1, 1, 0, 0, 2, 1, 1, 1, 1]


def test_sums_and_verdicts_of_different_lengths_are_refused():
    sums, wide, two = np.zeros((2, 2), np.int64), np.zeros((2, 3), np.int64), lots([0, 0])
    out = np.zeros(3, np.uint8)
    for call in (
        lambda: fast.of_all(sums, True, out),
        lambda: fast.of_all(wide, True, out[:2]),
        lambda: fast.of_some(sums, two, True, out),
        lambda: fast.of_some(wide, two, True, out[:2]),
    ):
        assert refusal(call)[0] == "out"


@given(
    st.lists(st.tuples(wild, wild), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 22), st.integers(-1, 1)), max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sampled_from([1, -1]),
    st.tuples(st.booleans(), st.booleans()),
    st.booleans(),
)
def test_counterparties_of_a_side_are_as_documented(sums, rows, out, side, who, inclusive):
    table, gone = lots(sums).reshape(-1, 2), np.array(out[: len(rows)], np.uint8)
    quantity, wallet = lots([q for q, _, _ in rows]), lots([w for _, w, _ in rows])
    cost, pnl, (winners, losers) = 100 + np.arange(len(rows)), lots([u for _, _, u in rows]), who
    wanted = []
    for place, (q, w, u) in enumerate(rows):
        if q * side <= 0 or not 0 <= w < len(sums) or not (winners if u > 0 else losers):
            continue
        equity, margin = sums[w]
        fails = (margin > 0 and (equity < margin or (inclusive and equity == margin))) or equity <= 0
        wanted.append((place, q, 100 + place, equity, margin, int(fails or out[place])))
    for kernels in (fast, plain):
        found, barred = np.full((5, len(rows)), 7, np.int64), np.full(len(rows), 7, np.uint8)
        count = kernels.of_side(quantity, cost, pnl, side, *who, wallet, table, gone, inclusive, found, barred)
        assert list(zip(*(column[:count].tolist() for column in (*found, barred)), strict=True)) == wanted


@BOTH
def test_wide_quantities_have_a_side_too(kernels):
    for side, place in ((1, 0), (-1, 1)):
        found, barred = np.zeros((5, 2), np.int64), np.ones(2, np.uint8)
        books, sums = lots([TOP, BOTTOM]), lots([[9, 1]])
        out = lots([0, 0]), sums, np.zeros(2, np.uint8)
        assert kernels.of_side(books, books, lots([0, 1]), side, True, True, *out, True, found, barred) == 1
        assert found[:, 0].tolist() == [place, *[(TOP, BOTTOM)[place]] * 2, 9, 1]
        assert barred[0] == 0


@given(
    st.lists(st.integers(-2, 12), max_size=40),
    st.lists(st.booleans(), max_size=10),
    st.lists(st.booleans(), min_size=40, max_size=40),
)
def test_rows_of_wallets_are_those_of_a_loop(owners, wanted, before):
    found = [row for row, wallet in enumerate(owners) if 0 <= wallet < len(wanted) and wanted[wallet]]
    marks = [int(before[row] or row in found) for row in range(len(owners))]
    for kernels in (fast, plain):
        rows, marked = np.full(len(owners), 7), np.array(before[: len(owners)], np.uint8)
        count = kernels.rows_of(lots(owners), np.array(wanted, np.uint8), rows, marked)
        assert (rows[:count].tolist(), marked.tolist()) == (found, marks)
