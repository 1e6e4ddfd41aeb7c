"""The margin of every wallet equals its twin on Python integers, and what it notes is what it met."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.margin_passes import (
    BOTH,
    CHUNK,
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
    same_pass,
    wild,
)
from support.twins import BOTTOM, TOP, refusal
from support.twins import column as lots


def test_flags_are_named_alike():
    flags = fast.passes.ROW_OVERFLOW, fast.passes.SUM_OVERFLOW, fast.passes.STRAY_ROW
    assert flags == (ROW, SUM, STRAY) == (1, 2, 4)


# A pass over all


@given(books(), st.data())
def test_a_pass_over_any_books(found, data):
    met, whole = same_pass(found)
    assert met == 0
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found.balance)), max_size=4)))
    met, pieces = same_pass(found, cuts)
    assert met == 0
    assert alike(whole, pieces)


@given(books(wild, st.sampled_from(UNITS)), st.data())
def test_a_pass_over_books_at_the_ends_of_int64(found, data):
    met, whole = same_pass(found)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found.balance)), max_size=4)))
    in_pieces, pieces = same_pass(found, cuts)
    assert in_pieces & ROW == met & ROW
    if not met & ROW:
        assert in_pieces == met
        assert alike(whole, pieces)


@given(books(contracts=st.integers(1, 3)))
def test_rows_are_valued_and_summed_as_documented(found):
    _, (pnl, margin, sums) = found.full(fast)
    wanted = np.stack([found.balance, 0 * found.balance], axis=1)
    for k in range(len(found.unit)):
        tiers = slice(found.tier_start[k], found.tier_start[k + 1])
        lines = list(zip(found.rate[tiers].tolist(), found.amount[tiers].tolist(), strict=True))
        for i in range(found.start[k], found.start[k + 1]):
            worth = round(found.quantity.item(i) * found.unit.item(k))
            assert pnl[i] == worth - found.entry_value[i]
            assert margin[i] == max(0, *(round(abs(worth) * rate - amount) for rate, amount in lines), 0)
            wanted[found.slot[i]] += (pnl[i], margin[i])
    np.testing.assert_array_equal(sums, wanted)


@pytest.mark.parametrize("rows", [0, 1, 511, 512, 513, 1023, 1024, 1025, 4097])
def test_a_pass_around_block_borders(rows):
    for slots in (1, 3, 700):
        found = random_books(3, rows, slots, seed=rows)
        met, whole = same_pass(found)
        assert met == 0
        assert alike(same_pass(found, [slots // 3, slots // 3, slots // 2])[1], whole)


@pytest.mark.parametrize("slots", [CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_a_pass_around_chunk_borders(slots):
    found = random_books(3, 20_000, slots)
    near = random_books(2, 3_000, slots, seed=2, lowest=max(slots - 600, 0))
    for one in (found, near):
        met, whole = same_pass(one)
        assert met == 0
        for cuts in ([1], [slots - 1], [CHUNK - 2, CHUNK - 1], [CHUNK // 2, slots // 2 + CHUNK // 2]):
            in_pieces, pieces = one.full(fast, cuts)
            assert in_pieces == 0
            assert alike(whole, pieces)


def test_other_slots_and_their_rows_are_left_alone():
    found = random_books(2, 600, 40)
    for kernels in (fast, plain):
        pnl, margin, sums = found.blank()
        assert found.run(kernels, 10, 20, (pnl, margin, sums)) == 0
        outside = (found.slot < 10) | (found.slot >= 20)
        assert (pnl[outside] == 7).all()
        assert (margin[outside] == 7).all()
        assert (sums[:10] == 7).all()
        assert (sums[20:] == 7).all()
        assert not (sums[10:20] == 7).all(axis=1).any()
        assert found.run(kernels, 5, 5, (pnl, margin, sums)) == 0
        assert (sums[:10] == 7).all()


def test_without_contracts_a_sum_is_the_balance():
    found = build([], 3, [5, -6, TOP])
    met, (_, _, sums) = same_pass(found)
    assert (met, sums.tolist()) == (0, [[5, 0], [-6, 0], [TOP, 0]])


def test_read_only_columns_are_read():
    found = random_books(2, 600, 40)
    wanted = same_pass(found)
    for column in vars(found).values():
        column.flags.writeable = False
    for kernels in (fast, plain):
        met, out = found.full(kernels)
        assert met == wanted[0]
        assert alike(out, wanted[1])


# What a pass notes


@pytest.mark.parametrize("behind", [0, 1, 511, 512, 600])
@pytest.mark.parametrize(
    ("quantity", "entry", "unit", "noted"),
    [
        (2**62, 0, 1.0, ROW),
        (-(2**62), 0, 1.0, ROW),
        (2**62 - 1, 0, 1.0, ROW),  # as a float it is 2^62
        (2**62 - 512, 0, 1.0, 0),
        (2**61, 0, 2.0, ROW),
        (1, 0, 1e300, ROW),
        (TOP, 0, 1e280, ROW),
        (0, BOTTOM, 1.0, ROW),  # 0 less -2^63
        (-1, BOTTOM, 1.0, 0),
        (0, TOP, 1.0, 0),
        (-1, TOP, 1.0, 0),
        (-2, TOP, 1.0, ROW),
        (2**61, -(2**62) - 2**61, 1.0, ROW),
        (2**61, -(2**62) - 2**61 + 1, 1.0, 0),
    ],
)
def test_a_row_whose_value_or_gain_leaves_int64_is_noted(behind, quantity, entry, unit, noted):
    rows = [(0, 1, 1)] * behind
    for place in ([*rows, (1, quantity, entry)], [(0, quantity, entry), *rows]):
        met, _ = same_pass(one_contract(place, slots=2, unit=unit))
        assert met & ROW == noted


@pytest.mark.parametrize(
    ("balance", "gains", "noted"),
    [
        (TOP, [1], SUM),
        (TOP, [1, -1], SUM),  # it fits again at the end
        (TOP, [-1, 1], 0),
        (TOP - 5, [5], 0),
        (BOTTOM, [-1], SUM),
        (BOTTOM, [-1, 2], SUM),
        (BOTTOM + 5, [-5, 9], 0),
        (0, [2**62, 2**62, -1], SUM),
        (0, [2**62, 2**62 - 1, 0], 0),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_sum_that_leaves_int64_on_the_way_is_noted(balance, gains, noted, apart):
    # In one contract, or in one each: the order is the same.
    rows = [[(1, 0, -gain)] for gain in gains] if apart else [[(1, 0, -gain) for gain in gains]]
    found = build([(1.0, [], [], part) for part in rows], 3, [0, balance, 0])
    met, (_, _, sums) = same_pass(found)
    assert met == noted
    total = balance + sum(gains)
    assert sums[1, 0] == (total + 2**63) % 2**64 - 2**63


def test_a_sum_of_margins_that_leaves_int64_is_noted():
    # Half of nearly 2^62 each, entered at what they are worth: four fit.
    size = 2**62 - 512
    for rows, noted in ((3, 0), (4, 0), (5, SUM), (9, SUM)):
        found = build([(1.0, [0.5], [0.0], [(0, size, size)] * rows)], 1)
        met, (_, _, sums) = same_pass(found)
        assert met == noted
        total = rows * (size // 2)
        assert sums.tolist() == [[0, (total + 2**63) % 2**64 - 2**63]]


@pytest.mark.parametrize("stray", [-1, 3, 10**9, TOP, BOTTOM])
def test_a_slot_that_the_order_does_not_promise_is_noted_and_passed_over(stray):
    for first in (0, 1):
        found = one_contract([(1, 5, 2)] * 7, slots=3, balance=[10, 20, 30])
        found.slot[2] = stray
        outs = [found.blank() for _ in range(2)]
        for kernels, out in zip((fast, plain), outs, strict=True):
            assert found.run(kernels, first, 3, out) == STRAY
            assert out[2][1:].tolist() == [[20 + 6 * 3, 0], [30, 0]]
        assert alike(*outs)


# A new mark of one contract


@BOTH
@pytest.mark.parametrize(
    ("changed", "facts"),
    [
        ({"unit": np.ones(2)}, ("value_per_lot", None, 2, "must have 1 rows")),
        ({"tier_start": lots([0, 0, 0])}, ("tier_start", None, 3, "must have 2 rows")),
        ({"rate": np.ones(1)}, ("amount", None, 2, "must have 1 rows")),
        ({"entry_value": lots([1])}, ("entry_value", None, 1, "must have 2 rows")),
        ({"slot": lots([0, 0, 0])}, ("slot", None, 3, "must have 2 rows")),
        ({"pnl": lots([1])}, ("pnl", None, 1, "must have 2 rows")),
        ({"margin": lots([1, 1, 1])}, ("margin", None, 3, "must have 2 rows")),
        ({"balance": lots([1, 2, 3])}, ("sums", None, 2, "must have 3 rows of two")),
        ({"sums": np.zeros((2, 3), np.int64)}, ("sums", None, 2, "must have 2 rows of two")),
        ({"first": -1}, ("last", None, 2, "must be from first, -1, to 2")),
        ({"first": 2, "last": 1}, ("last", None, 1, "must be from first, 2, to 2")),
        ({"last": 3}, ("last", None, 3, "must be from first, 0, to 2")),
        ({"start": lots([0, 3])}, ("start", 1, 3, "must rise within 0 to 2")),
        ({"start": lots([3, 4])}, ("start", 0, 3, "must rise within 0 to 2")),
        ({"start": lots([-1, 2])}, ("start", 0, -1, f"must rise within 0 to {TOP}")),
        ({"start": lots([2, 1])}, ("start", 1, 1, f"must rise within 0 to {TOP}")),
        ({"tier_start": lots([0, 3])}, ("tier_start", 1, 3, "must rise within 0 to 2")),
        ({"tier_start": lots([-1, 2])}, ("tier_start", 0, -1, "must rise within 0 to 2")),
    ],
)
def test_a_pass_refuses_what_does_not_fit_together(kernels, changed, facts):
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2, tiers=2)
    out = dict(zip(("pnl", "margin", "sums"), found.blank(), strict=True))
    found = replace(found, **{name: value for name, value in changed.items() if hasattr(found, name)})
    written = tuple((out | changed)[name] for name in out)
    assert refusal(lambda: found.run(kernels, changed.get("first", 0), changed.get("last", 2), written)) == facts


def test_borders_that_are_written_to_while_they_are_held_are_refused():
    found = one_contract([(0, 1, 1), (1, 1, 1)], slots=2, tiers=2)
    contracts, rows, slots = found.holders(fast, found.blank())
    for column, place, value in ((found.start, 1, 3), (found.start, 0, -1), (found.tier_start, 1, 3)):
        before = column[place]
        column[place] = value
        for call in (
            lambda: fast.passes.run_full_pass(contracts, found.unit, rows, slots, 0, 2),
            lambda: fast.passes.move_mark(contracts, 0, 1.0, rows, slots),
        ):
            assert refusal(call)[1:3] == (place, value)
        column[place] = before
