"""A move of one contract to a new mark equals its twin, is what a fresh pass makes of it, and can be undone."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from support.margin_passes import (
    BOTH,
    ROW,
    STRAY,
    SUM,
    UNITS,
    alike,
    books,
    build,
    fast,
    one_contract,
    plain,
    random_books,
    small,
    tiers_of,
    wild,
)
from support.twins import BOTTOM, TOP, refusal
from support.twins import column as lots


@given(books(contracts=st.integers(1, 3)), st.sampled_from(UNITS[:7]), st.data())
def test_a_new_mark_is_a_fresh_pass_and_undoes_itself(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        before = [column.copy() for column in out]
        assert found.move(kernels, k, unit, out) == (found.start[k + 1] - found.start[k], 0)
        assert alike(out, found.at(k, unit).full(fast)[1])
        assert found.move(kernels, k, found.unit.item(k), out) == (found.start[k + 1] - found.start[k], 0)
        assert alike(out, before)


@given(books(wild, st.sampled_from(UNITS), st.integers(1, 3)), st.sampled_from(UNITS), st.data())
def test_a_new_mark_at_the_ends_of_int64(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    met, before = found.full(fast)
    if met & ROW:  # from columns that mean nothing in particular
        before = [column.copy() for column in found.blank()]
    outs = [[column.copy() for column in before] for _ in range(2)]
    (done, met), other = (found.move(kernels, k, unit, out) for kernels, out in zip((fast, plain), outs, strict=True))
    assert (done, met) == other
    assert alike(*outs)
    assert bool(met & ROW) == (done < found.start[k + 1] - found.start[k])


@given(books(wild, st.sampled_from(UNITS[:7]), st.integers(1, 3)), st.sampled_from(UNITS), st.data())
def test_a_new_mark_undoes_itself_though_sums_wrap_and_rows_do_not_fit(found, unit, data):
    k = data.draw(st.integers(0, len(found.unit) - 1))
    met, out = found.full(fast)
    assume(not met & ROW)
    before = [column.copy() for column in out]
    done, met = found.move(fast, k, unit, out)
    if not met & ROW:
        assert alike(out, found.at(k, unit).full(fast)[1])
    assert found.undo(fast, k, done, out)[0] == done
    assert alike(out, before)


@given(st.lists(st.tuples(st.integers(-2, 6), small), max_size=20), st.sampled_from(UNITS[:7]))
def test_a_new_mark_passes_over_rows_of_no_slot(rows, unit):
    found = build([(1.0, *tiers_of(3), [(slot, quantity, 5) for slot, quantity in rows])], 5)
    outs = [found.blank() for _ in range(2)]
    met = [found.move(kernels, 0, unit, out) for kernels, out in zip((fast, plain), outs, strict=True)]
    stray = any(not 0 <= slot < 5 for slot, _ in rows)
    assert met == [(len(rows), STRAY if stray else 0)] * 2
    assert alike(*outs)


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 513, 1024, 1025, 4097])
def test_a_new_mark_around_block_borders(rows):
    found = random_books(2, rows, 300, seed=rows)
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        assert found.move(kernels, 1, 1234.5, out) == (rows, 0)
        assert alike(out, found.at(1, 1234.5).full(fast)[1])


@pytest.mark.parametrize(("place", "done"), [(0, 0), (511, 0), (512, 512), (1023, 512), (1024, 1024)])
def test_a_row_that_does_not_fit_ends_a_new_mark_at_the_start_of_its_block(place, done):
    found = one_contract([(0, 1, 1)] * 1100)
    found.quantity[place] = 2**61
    for kernels in (fast, plain):
        _, out = found.full(kernels)
        before = [column.copy() for column in out]
        assert found.move(kernels, 0, 2.0, out) == (done, ROW)
        assert out[0][:done].tolist() == [1] * done
        assert found.undo(kernels, 0, done, out) == (done, 0)
        assert alike(out, before)


@BOTH
@pytest.mark.parametrize(("before", "change", "noted"), [(TOP, TOP, SUM), (TOP - 2, -TOP, 0), (BOTTOM, TOP - 1, 0)])
def test_a_change_that_leaves_int64_is_noted(kernels, before, change, noted):
    # To -2 from what no pass wrote; -2 less TOP wraps, and the sum alone would not tell.
    found = one_contract([(0, -2, 0)])
    out = lots([before]), lots([0]), lots([[0, 0]])
    assert found.move(kernels, 0, 1.0, out) == (1, noted)
    assert alike(out, ([-2], [0], [[change, 0]]))


# Shapes


@BOTH
def test_a_new_mark_refuses_what_does_not_fit_together(kernels):
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2)
    pnl, margin, sums = found.blank()
    for k in (-1, 1):
        assert refusal(lambda k=k: found.move(kernels, k, 1.0, (pnl, margin, sums)))[0] == "contract"
    beyond, bare = replace(found, start=lots([0, 3])), replace(found, balance=lots([]))
    assert refusal(lambda: beyond.move(kernels, 0, 1.0, (pnl, margin, sums)))[:3] == ("start", 1, 3)
    assert refusal(lambda: bare.move(kernels, 0, 1.0, (pnl, margin, sums[:0])))[0] == "sums"
