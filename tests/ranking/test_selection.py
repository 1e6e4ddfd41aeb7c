"""Laws of `select`: what is promised of any selection, on any input."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from support import zoo

TAKES_ALL = 2**62


def test_an_example_by_hand():
    s = adl.select([0.5, 2.0, 1.0, 2.0, -np.inf, 3.0], [10, 10, 10, 10, 99, 0], 35)
    assert s.index.tolist() == [1, 3, 2, 0]
    assert s.quantity.tolist() == [10, 10, 10, 5]
    assert s.score.tolist() == [2.0, 2.0, 1.0, 0.5]
    assert s.place.tolist() == [1, 2, 3, 4]
    assert s.left.tolist() == [0, 0, 0, 5]
    assert s.delta.tolist() == [-10, -10, -10, -5]
    assert (s.partial, s.filled, s.shortfall, len(s)) == (3, 35, 0, 4)


@given(zoo.queues(), st.data())
@settings(max_examples=4 * settings.default.max_examples)
def test_equals_the_documented_list(queue, data):
    score, size, tie = queue
    target = data.draw(zoo.targets_of(size))
    limit = data.draw(st.sampled_from([None, 0, 1, 5]))
    s = adl.select(score, size, target, tie=tie, max_counterparties=limit)
    chosen, filled = zoo.naive(score, size, target, tie=tie, limit=limit)
    assert zoo.pairs(s) == chosen
    assert s.filled == filled
    assert s.shortfall == target - filled
    assert s.score.tolist() == score[s.index].tolist()
    assert s.place.tolist() == list(range(1, len(chosen) + 1))


@pytest.mark.parametrize("limit", [None, 0, 1, 3, 200])
def test_equals_the_documented_list_on_the_zoo(scores, size_kind, limit):
    size = zoo.sizes(size_kind, len(scores))
    for target in zoo.targets(size)[::2]:
        s = adl.select(scores, size, target, max_counterparties=limit)
        assert (zoo.pairs(s), s.filled) == zoo.naive(scores, size, target, limit=limit)


@given(zoo.queues(dtype="int64"), st.data())
def test_lots_are_conserved_exactly(queue, data):
    score, size, tie = queue
    target = data.draw(zoo.targets_of(size))
    s = adl.select(score, size, target, tie=tie)
    closed = sum(s.quantity.tolist())
    assert closed == s.filled
    assert closed + s.shortfall == target
    assert all(q > 0 for q in s.quantity.tolist())
    assert (s.quantity + s.left).tolist() == size[s.index].tolist()
    if s.shortfall:
        assert set(s.index.tolist()) == set(np.flatnonzero((score > -np.inf) & (size > 0)).tolist())


@given(zoo.queues(), st.data())
def test_at_most_one_row_is_closed_in_part_and_it_is_the_last(queue, data):
    score, size, tie = queue
    s = adl.select(score, size, data.draw(zoo.targets_of(size)), tie=tie)
    in_part = np.flatnonzero(s.quantity < size[s.index]).tolist()
    assert in_part == ([] if s.partial < 0 else [s.partial])
    assert s.partial in (-1, len(s) - 1)
    assert np.flatnonzero(s.left).tolist() == in_part
    if s.partial >= 0:
        assert s.left[s.partial] == size[s.index[s.partial]] - s.quantity[s.partial]


@given(zoo.queues(), st.data())
def test_the_threshold_splits_exactly(queue, data):
    score, size, tie = queue
    s = adl.select(score, size, data.draw(zoo.targets_of(size)), tie=tie)
    inside = set(s.index.tolist())
    stands = [r for r in range(len(size)) if size[r] > 0 and score[r] > -np.inf]
    keys = {r: (-score[r], 0 if tie is None else tie[r], r) for r in stands}
    front = [keys[r] for r in stands if r in inside]
    rest = [keys[r] for r in stands if r not in inside]
    assert not front or not rest or max(front) < min(rest)
    assert [keys[r] for r in s.index.tolist()] == sorted(front)


@given(zoo.queues(dtype="int64"), st.data())
def test_a_smaller_target_selects_a_prefix(queue, data):
    score, size, tie = queue
    a, b = sorted(data.draw(st.tuples(zoo.targets_of(size), zoo.targets_of(size))))
    small, large = (adl.select(score, size, target, tie=tie) for target in (a, b))
    assert small.index.tolist() == large.index[: len(small)].tolist()
    assert small.quantity[:-1].tolist() == large.quantity[: max(len(small) - 1, 0)].tolist()
    assert not len(small) or small.quantity[-1] <= large.quantity[len(small) - 1]


@given(zoo.queues(), st.data())
def test_the_order_of_rows_does_not_matter_beyond_ties(queue, data):
    score, size, _ = queue
    rank_of_row = np.arange(len(size))
    order = np.array(data.draw(st.permutations(range(len(size)))), np.int64)
    target = data.draw(zoo.targets_of(size))
    # A tie that names the row makes the order total without the row.
    straight = adl.select(score, size, target, tie=rank_of_row)
    shuffled = adl.select(score[order], size[order], target, tie=rank_of_row[order])
    assert order[shuffled.index].tolist() == straight.index.tolist()
    assert shuffled.quantity.tolist() == straight.quantity.tolist()
    assert adl.select(score, size, target).index.tolist() == straight.index.tolist()


@given(zoo.queues(), st.data())
def test_only_the_order_of_scores_counts_not_their_values(queue, data):
    score, size, _ = queue
    target = data.draw(zoo.targets_of(size))
    places = np.where(score > -np.inf, -adl.rank(score).astype(float), -np.inf)
    one = adl.select(score, size, target)
    other = adl.select(places, size, target)
    assert zoo.pairs(one) == zoo.pairs(other)


@given(zoo.queues(), st.data())
def test_row_order_is_the_same_set(queue, data):
    score, size, tie = queue
    target = data.draw(zoo.targets_of(size))
    limit = data.draw(st.sampled_from([None, 2]))
    s = adl.select(score, size, target, tie=tie, max_counterparties=limit)
    r = adl.select(score, size, target, tie=tie, max_counterparties=limit, ordered=False)
    assert r.index.tolist() == sorted(s.index.tolist())
    by_row = np.argsort(s.index)
    for name in ("quantity", "score", "place", "left"):
        assert getattr(r, name).tolist() == getattr(s, name)[by_row].tolist(), name
    assert (r.filled, r.shortfall) == (s.filled, s.shortfall)
    assert (r.partial < 0) == (s.partial < 0)
    if s.partial >= 0:
        assert r.index[r.partial] == s.index[s.partial]
    assert (s.ordered, r.ordered) == (True, False)


@given(zoo.queues(), st.data())
def test_at_most_so_many_counterparties(queue, data):
    score, size, tie = queue
    target, limit = data.draw(zoo.targets_of(size)), data.draw(st.integers(0, 8))
    free = adl.select(score, size, target, tie=tie)
    s = adl.select(score, size, target, tie=tie, max_counterparties=limit)
    assert zoo.pairs(s) == zoo.pairs(free)[:limit]
    assert s.shortfall == target - s.filled
    if len(free) <= limit:
        zoo.same_selection(s, free)
    else:
        assert s.partial == -1


@given(zoo.queues(), st.data())
def test_excluded_rows_are_as_if_they_were_not_there(queue, data):
    score, size, tie = queue
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(size), max_size=len(size))), bool)
    target = data.draw(zoo.targets_of(size))
    by_mask = adl.select(score, size, target, tie=tie, exclude=mask)
    by_rows = adl.select(score, size, target, tie=tie, exclude=np.flatnonzero(mask)[::-1])
    zoo.same_selection(by_mask, by_rows)
    kept = np.flatnonzero(~mask)
    removed = adl.select(score[kept], size[kept], target, tie=None if tie is None else tie[kept])
    assert kept[removed.index].tolist() == by_mask.index.tolist()
    assert removed.quantity.tolist() == by_mask.quantity.tolist()
    assert removed.filled == by_mask.filled
    assert not set(by_mask.index.tolist()) & set(np.flatnonzero(mask).tolist())


def test_excluding_a_row_twice_is_excluding_it():
    s = adl.select([3.0, 2.0, 1.0], [1, 1, 1], 2, exclude=[0, 0, 0])
    assert s.index.tolist() == [1, 2]
    assert adl.select([3.0, 2.0], [1, 1], 1, exclude=[]).index.tolist() == [0]


def test_a_nan_score_of_a_row_that_cannot_be_chosen_is_no_error():
    score = [np.nan, 2.0, np.nan]
    assert adl.select(score, [0, 5, 3], 4, exclude=[2]).index.tolist() == [1]


@pytest.mark.parametrize("shape", ["random", "eight values", "all equal", "ascending"])
def test_every_number_of_threads_gives_the_same(shape, lots_or_floats):
    n = 70_000
    size = zoo.sizes("small lots" if lots_or_floats == "int64" else "lognormal", n)
    score = zoo.score_zoo(n)[shape]
    for target in (size[:9].sum(), size[: n // 3].sum()):
        for ordered in (True, False):
            one = adl.select(score, size, target, ordered=ordered)
            for threads in (2, 3, np.int64(8)):
                zoo.same_selection(adl.select(score, size, target, ordered=ordered, threads=threads), one)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_more_threads_than_rows(threads):
    assert adl.select([1.0], [5], 3, threads=threads).quantity.tolist() == [3]
    assert adl.select([], [], 3, threads=threads).shortfall == 3


def test_every_layout_gives_the_same(scores, lots_or_floats):
    size = zoo.sizes("zeros among" if lots_or_floats == "int64" else "float zeros among", len(scores))
    target = size.sum() // 2
    tie = np.arange(len(scores))[::-1] % 3
    columns = {"score": scores, "quantity": size, "tie": tie}
    expected = adl.select(**columns, target=target, exclude=np.arange(len(scores)) % 5 == 0)
    for name, column in columns.items():
        for form in zoo.layouts(column).values():
            found = adl.select(**{**columns, name: form}, target=target, exclude=range(0, len(scores), 5))
            zoo.same_selection(found, expected)


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "u1", "u2", "u4", "u8", ">i8", ">i2"])
def test_every_integer_dtype_is_lots(dtype):
    s = adl.select([1.0, 2.0, 3.0], np.array([7, 8, 9], dtype), 12)
    assert s.quantity.dtype == np.int64
    assert zoo.pairs(s) == [(2, 9), (1, 3)]


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f8", "g"])
def test_every_float_dtype_is_float64(dtype):
    s = adl.select(np.array([1, 2, 3], dtype), np.array([7, 8, 9], dtype), 12.5)
    assert s.quantity.dtype == np.float64
    assert zoo.pairs(s) == [(2, 9.0), (1, 3.5)]


def test_the_inputs_are_never_modified(scores, size_kind):
    size = zoo.sizes(size_kind, len(scores))
    tie, mask = np.arange(len(scores)), np.arange(len(scores)) % 3 == 0
    before = [column.copy() for column in (scores, size, tie, mask)]
    for ordered in (True, False):
        adl.select(scores, size, zoo.targets(size)[-2], tie=tie, exclude=mask, ordered=ordered, threads=2)
    for column, copy in zip((scores, size, tie, mask), before, strict=True):
        assert column.tobytes() == copy.tobytes()
        assert column.flags.writeable


def test_the_result_does_not_share_memory_with_the_inputs():
    score, size = np.array([2.0, 1.0]), np.array([5, 5])
    s = adl.select(score, size, 7)
    assert not any(np.shares_memory(a, b) for a in (s.index, s.quantity, s.score) for b in (score, size))


# Edges ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0, 5, TAKES_ALL])
def test_empty_columns_select_nothing(target):
    for size in (np.empty(0, np.int64), np.empty(0), []):
        s = adl.select([], size, target)
        assert (len(s), s.filled, s.shortfall, s.partial) == (0, 0, target, -1)
        assert s.index.dtype == np.int64


@pytest.mark.parametrize(("dtype", "kind"), [(np.int64, int), (np.float64, float)])
def test_what_nothing_fills_is_in_the_unit_of_the_quantities(dtype, kind):
    """In lots no digit of a target is lost, where it is beyond what a float holds."""
    for scores in ([], [-np.inf, -np.inf]):
        s = adl.select(scores, np.array([3] * len(scores), dtype), 2**53 + 1)
        assert (len(s), type(s.filled), type(s.shortfall)) == (0, kind, kind)
        assert s.shortfall == kind(2**53 + 1)


def test_a_target_of_0_selects_nothing(scores, size_kind):
    s = adl.select(scores, zoo.sizes(size_kind, len(scores)), 0)
    assert (len(s), s.filled, s.shortfall, s.partial) == (0, 0, 0, -1)


@pytest.mark.parametrize("target", [TAKES_ALL, zoo.INT64_MAX, 2**63, 10**30])
def test_a_target_beyond_the_side_fills_what_there_is(target):
    s = adl.select([1.0, 2.0, -np.inf], [3, 4, 5], target)
    assert zoo.pairs(s) == [(1, 4), (0, 3)]
    assert (int(s.filled), int(s.shortfall), s.partial) == (7, target - 7, -1)


def test_lots_up_to_the_end_of_int64_are_exact():
    size = np.array([2**62, 2**62 - 2, 1])
    s = adl.select([3.0, 2.0, 1.0], size, zoo.INT64_MAX)
    assert zoo.pairs(s) == [(0, 2**62), (1, 2**62 - 2), (2, 1)]
    s = adl.select([3.0, 2.0, 1.0], size, zoo.INT64_MAX - 2)
    assert zoo.pairs(s)[-1] == (1, 2**62 - 3)


@pytest.mark.parametrize("target", [5, 5.0, np.int64(5), np.float64(5.0), np.int8(5), Fraction(5), np.array(5)])
def test_every_kind_of_number_is_a_target(target):
    assert adl.select([1.0, 2.0], [3, 4], target).quantity.tolist() == [4, 1]
    assert adl.select([1.0, 2.0], [3.0, 4.0], target).quantity.tolist() == [4.0, 1.0]


def test_zeros_of_both_signs_are_one_score():
    s = adl.select([0.0, -0.0, 0.0, -0.0], [1, 1, 1, 1], 3)
    assert s.index.tolist() == [0, 1, 2]
    s = adl.select([0.0, -0.0, 0.0, -0.0], [1, 1, 1, 1], 3, tie=[4, 3, 2, 1])
    assert s.index.tolist() == [3, 2, 1]


def test_what_is_left_of_a_row_is_exact_beyond_2_to_the_53():
    for ordered in (True, False):
        s = adl.select([1.0], [2**53 + 2], 1, ordered=ordered)
        assert s.left.tolist() == [2**53 + 1]
