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
        assert kernels.find_liquidatable(kernels.Wallets(sums, inclusive), out) is (2 in wanted)
        assert out.tolist() == wanted
        out[:] = 9
        hangs = kernels.find_liquidatable_among(kernels.Wallets(sums, inclusive), lots(chosen), out)
        assert hangs is any(wanted[k] == 2 for k in held)
        assert out.tolist() == some


@BOTH
def test_verdicts_at_the_border(kernels):
    sums = lots([[5, 5], [4, 5], [6, 5], [0, 0], [-1, 0], [-1, 5], [0, 1], [BOTTOM, TOP], [TOP, TOP]])
    out = np.empty(len(sums), np.uint8)
    assert kernels.find_liquidatable(kernels.Wallets(sums, True), out) is True
    assert out.tolist() == [1, 1, 0, 0, 2, 1, 1, 1, 1]
    assert kernels.find_liquidatable(kernels.Wallets(sums, False), out) is True
    assert out.tolist() == [0, 1, 0, 0, 2, 1, 1, 1, 0]
    some = lots([0, 8, 8, -1, 9, TOP, BOTTOM])
    assert kernels.find_liquidatable_among(kernels.Wallets(sums, True), some, out) is False
    assert out.tolist() == [1, 1, 0, 0, 2, 1, 1, 1, 1]


@BOTH
def test_sums_and_verdicts_of_different_lengths_are_refused(kernels):
    wallets, out = kernels.Wallets(np.zeros((2, 2), np.int64), True), np.zeros(3, np.uint8)
    for call in (
        lambda: kernels.find_liquidatable(wallets, out),
        lambda: kernels.find_liquidatable_among(wallets, lots([0, 0]), out),
    ):
        assert refusal(call) == ("verdicts", None, 3, "must have 2 rows")
    wide = np.zeros((2, 3), np.int64)
    assert refusal(lambda: kernels.Wallets(wide, True)) == ("sums", None, 3, "must have two columns")


@given(
    st.lists(st.tuples(wild, wild), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-2, 22), st.integers(-1, 1)), max_size=30),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.sampled_from([1, -1]),
    st.tuples(st.booleans(), st.booleans()),
    st.booleans(),
    st.data(),
)
def test_counterparties_of_a_side_are_as_documented(sums, rows, out, side, who, inclusive, data):
    table, gone = lots(sums).reshape(-1, 2), np.array(out[: len(rows)], np.uint8)
    quantity, wallet = lots([q for q, _, _ in rows]), lots([w for _, w, _ in rows])
    cost, pnl, (winners, losers) = 100 + np.arange(len(rows)), lots([u for _, _, u in rows]), who
    wanted = []
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(rows))] * 2)))
    for row, (q, w, u) in enumerate(rows[:last]):
        if row < first or q * side <= 0 or not 0 <= w < len(sums) or not (winners if u > 0 else losers):
            continue
        equity, margin = sums[w]
        fails = (margin > 0 and (equity < margin or (inclusive and equity == margin))) or equity <= 0
        wanted.append((row, q, 100 + row, equity, margin, int(fails or out[row])))
    for kernels in (fast, plain):
        candidates, wallets = kernels.Candidates(quantity, cost, pnl, wallet, gone), kernels.Wallets(table, inclusive)
        which = winners * kernels.WINNERS | losers * kernels.LOSERS
        found, barred = np.full((5, last - first), 7, np.int64), np.full(last - first, 7, np.uint8)
        count = kernels.list_counterparties(candidates, wallets, first, last, side, which, found, barred)
        assert list(zip(*(column[:count].tolist() for column in (*found, barred)), strict=True)) == wanted


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 513, 1024, 1025, 4097])
def test_counterparties_around_block_borders(rows):
    rng = np.random.default_rng(rows)
    columns = [rng.integers(low, high, rows + 9) for low, high in ((-3, 4), (-99, 100), (-1, 2), (-1, 41))]
    table, gone = rng.integers(-5, 50, (40, 2)), rng.integers(0, 2, rows + 9).astype(np.uint8)
    for side in (1, -1):
        for which in (plain.WINNERS, plain.LOSERS, plain.WINNERS | plain.LOSERS):
            answers = []
            for kernels in (fast, plain):
                candidates, wallets = kernels.Candidates(*columns, gone), kernels.Wallets(table, True)
                found, barred = np.full((5, rows), 7), np.full(rows, 7, np.uint8)
                count = kernels.list_counterparties(candidates, wallets, 5, 5 + rows, side, which, found, barred)
                answers.append((found[:, :count].tolist(), barred[:count].tolist()))
            assert answers[0] == answers[1]


@BOTH
def test_candidates_and_counterparties_of_different_lengths_are_refused(kernels):
    two, three, mask = lots([1, 1]), lots([1, 1, 1]), np.zeros(2, np.uint8)
    for name, columns in (
        ("entry_value", (two, three, two, two, mask)),
        ("pnl", (two, two, three, two, mask)),
        ("wallet", (two, two, two, three, mask)),
        ("barred", (two, two, two, two, mask[:1])),
    ):
        assert refusal(lambda columns=columns: kernels.Candidates(*columns))[0] == name
    rows, wallets = kernels.Candidates(two, two, two, two, mask), kernels.Wallets(lots([[1, 1]]), True)
    found = np.zeros((5, 2), np.int64)
    for name, first, last, out, barred in (
        ("last", -1, 2, found, mask),
        ("last", 2, 1, found, mask),
        ("last", 0, 3, found, mask),
        ("columns", 0, 2, found[:4], mask),
        ("columns", 0, 1, found, mask[:1]),
        ("barred", 0, 2, found, mask[:1]),
    ):
        arguments = first, last, 1, 3, out, barred
        assert refusal(lambda some=arguments: kernels.list_counterparties(rows, wallets, *some))[0] == name


@BOTH
def test_wide_quantities_have_a_side_too(kernels):
    for side, place in ((1, 0), (-1, 1)):
        found, barred = np.zeros((5, 2), np.int64), np.ones(2, np.uint8)
        books, wallets = lots([TOP, BOTTOM]), kernels.Wallets(lots([[9, 1]]), True)
        rows = kernels.Candidates(books, books, lots([0, 1]), lots([0, 0]), np.zeros(2, np.uint8))
        which = kernels.WINNERS | kernels.LOSERS
        assert kernels.list_counterparties(rows, wallets, 0, 2, side, which, found, barred) == 1
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
        count = kernels.list_rows(lots(owners), np.array(wanted, np.uint8), rows, marked)
        assert (rows[:count].tolist(), marked.tolist()) == (found, marks)


@BOTH
def test_rows_and_marks_of_different_lengths_are_refused(kernels):
    two, three, mask = lots([0, 0]), lots([0, 0, 0]), np.zeros(2, np.uint8)
    assert refusal(lambda: kernels.list_rows(two, mask, three, mask)) == ("rows", None, 3, "must have 2 rows")
    assert refusal(lambda: kernels.list_rows(two, mask, two, mask[:1])) == ("marked", None, 1, "must have 2 rows")
