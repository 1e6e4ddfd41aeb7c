"""A queue gives its rows prefix by prefix, and never one twice."""

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import zoo


def taken(queue, targets) -> list:
    """What successive takes give, in one list."""
    return [pair for target in targets for pair in zoo.pairs(queue.take(target))]


def merged(pairs) -> list:
    """The same with neighbours of one row added up."""
    found: list = []
    for row, closed in pairs:
        if found and found[-1][0] == row:
            found[-1] = (row, found[-1][1] + closed)
        else:
            found.append((row, closed))
    return found


def cuts(score, size, targets, tie=None) -> list:
    """For each target what the documented list gains when the cursor moves to the exact sum of the targets so far."""
    exact, before, slices = Fraction(0), {}, []
    for target in targets:
        exact += Fraction(target)
        chosen, _ = zoo.naive(score, size, int(exact) if size.dtype == np.int64 else float(exact), tie=tie)
        gained = [(row, closed - before.get(row, 0)) for row, closed in chosen]
        slices.append([(row, closed) for row, closed in gained if closed > 0])
        before = dict(chosen)
    return slices


def test_an_example_by_hand():
    queue = adl.Queue([0.5, 2.0, 1.0, 2.0], [10, 10, 10, 10], tie=[0, 1, 0, 0])
    first, second, third = queue.take(14), queue.take(3), queue.take(100)
    assert zoo.pairs(first) == [(3, 10), (1, 4)]
    assert (first.partial, first.left.tolist(), first.place.tolist()) == (1, [0, 6], [1, 2])
    assert zoo.pairs(second) == [(1, 3)]
    assert (second.partial, second.left.tolist(), second.place.tolist()) == (0, [3], [2])
    assert zoo.pairs(third) == [(1, 3), (2, 10), (0, 10)]
    assert (third.partial, third.place.tolist()) == (-1, [2, 3, 4])
    assert (third.filled, third.shortfall, queue.remaining) == (23, 77, 0)
    assert len(queue.take(1)) == 0


@given(zoo.queues(dtype="int64"), st.data())
def test_in_lots_two_takes_are_one_take_cut_in_two(columns, data):
    score, size, tie = columns
    a, b = data.draw(zoo.targets_of(size)), data.draw(zoo.targets_of(size))
    one, two = adl.Queue(score, size, tie=tie), adl.Queue(score, size, tie=tie)
    assert merged(taken(two, [a, b])) == zoo.pairs(one.take(a + b))
    assert one.remaining == two.remaining


@given(zoo.queues(dtype="int64"), st.data())
def test_in_lots_every_take_is_conserved(columns, data):
    score, size, tie = columns
    queue = adl.Queue(score, size, tie=tie)
    whole = sum(size[score > -np.inf].tolist())
    assert queue.remaining == whole
    for target in data.draw(st.lists(zoo.targets_of(size), max_size=6)):
        before = queue.remaining
        s = queue.take(target)
        assert sum(s.quantity.tolist()) == s.filled == min(target, before)
        assert s.shortfall == target - s.filled
        assert queue.remaining == before - s.filled
        assert s.score.tolist() == score[s.index].tolist()


@given(zoo.queues(), st.data())
def test_takes_cut_at_the_exact_sum_of_the_targets_so_far(columns, data):
    score, size, tie = columns
    targets = data.draw(st.lists(zoo.targets_of(size), max_size=6))
    queue = adl.Queue(score, size, tie=tie)
    for target, expected in zip(targets, cuts(score, size, targets, tie), strict=True):
        s = queue.take(target)
        assert zoo.pairs(s) == expected
        assert 0 <= s.filled <= target
        assert s.shortfall == target - s.filled


def test_a_row_whose_size_is_lost_in_the_rounding_is_still_closed():
    # 1e16 + 1.0 rounds to 1e16: the second row adds nothing to the float sum, yet it stands before the third.
    score, size = np.array([3.0, 2.0, 1.0]), np.array([1e16, 1.0, 5.0])
    queue = adl.Queue(score, size)
    assert zoo.pairs(queue.take(1e16)) == [(0, 1e16)]
    assert zoo.pairs(queue.take(6.0)) == [(1, 1.0), (2, 5.0)]
    assigned = adl.Queue(score, size).assign([1e16, 6.0])
    assert assigned["row"].tolist() == [0, 1, 2]


def test_float_targets_add_up_exactly():
    n = 40
    queue = adl.Queue(-np.arange(n, dtype=float), np.ones(n))
    got = [queue.take(0.1) for _ in range(100)]
    assert sum(len(s) for s in got) >= 100
    assert queue.remaining == n - math.fsum([0.1] * 100) == 30.0
    assert zoo.pairs(queue.take(1.0)) == [(10, 1.0)]


def test_float_takes_never_fill_more_than_there_is():
    queue = adl.Queue([2.0, 1.0], [0.1, 0.2])
    s = queue.take(0.5)
    assert s.filled == math.fsum([0.1, 0.2])
    assert s.shortfall == 0.5 - s.filled
    assert queue.remaining == 0.0
    assert queue.take(1.0).filled == 0.0


@given(zoo.queues(), st.data())
def test_assign_is_successive_takes(columns, data):
    score, size, tie = columns
    start = data.draw(zoo.targets_of(size))
    targets = np.array(data.draw(st.lists(zoo.targets_of(size), max_size=6)), size.dtype)
    one, two = adl.Queue(score, size, tie=tie), adl.Queue(score, size, tie=tie)
    one.take(start)
    two.take(start)
    slices = [two.take(target) for target in targets]
    found = one.assign(targets)
    expected = [(t, row, q) for t, s in enumerate(slices) for row, q in zoo.pairs(s)]
    assert list(zip(*(found[name].tolist() for name in ("target", "row", "quantity")), strict=True)) == expected
    assert (found["target"].dtype, found["row"].dtype) == (np.int64, np.int64)
    assert found["quantity"].dtype == size.dtype
    assert one.remaining == two.remaining
    assert zoo.pairs(one.take(1)) == zoo.pairs(two.take(1))


def test_assign_says_in_which_order_the_bankrupt_are_served():
    found = adl.Queue([3.0, 2.0, 1.0], [10, 10, 10]).assign([4, 0, 10, 50])
    assert found["target"].tolist() == [0, 2, 2, 3, 3]
    assert found["row"].tolist() == [0, 0, 1, 1, 2]
    assert found["quantity"].tolist() == [4, 6, 4, 6, 10]


def test_assigning_nothing_gives_empty_columns(lots_or_floats):
    queue = adl.Queue([1.0], np.array([5], lots_or_floats))
    found = queue.assign([])
    assert [len(column) for column in found.values()] == [0, 0, 0]
    assert found["quantity"].dtype == lots_or_floats
    assert queue.remaining == 5


def test_assign_takes_whole_floats_for_lots_and_lots_for_floats():
    assert adl.Queue([2.0, 1.0], [3, 3]).assign([4.0])["quantity"].tolist() == [3, 1]
    assert adl.Queue([2.0, 1.0], [3.0, 3.0]).assign([4])["quantity"].tolist() == [3.0, 1.0]


def test_places_continue_from_take_to_take():
    queue = adl.Queue(-np.arange(10.0), np.full(10, 2))
    assert queue.take(6).place.tolist() == [1, 2, 3]
    assert queue.take(3).place.tolist() == [4, 5]
    assert queue.take(3).place.tolist() == [5, 6]
    assert queue.take(0).place.tolist() == []


@pytest.mark.parametrize("shape", ["random", "eight values", "ascending", "all equal", "infinities"])
def test_takes_far_beyond_the_first_chunk(shape, lots_or_floats):
    n = 9_000
    score = zoo.score_zoo(n)[shape]
    size = zoo.sizes("small lots" if lots_or_floats == "int64" else "float whale", n)
    tie = np.arange(n) % 11
    order = np.lexsort((np.arange(n), tie, -score))
    order = order[score[order] > -np.inf]
    place = np.zeros(n, np.int64)
    place[order] = np.arange(1, len(order) + 1)
    queue = adl.Queue(score, size, tie=tie)
    rows: list = []
    for target in (size[order[:1000]].sum(), 10, size[order[1000:1100]].sum(), size[order[:6000]].sum(), 1e18):
        s = queue.take(min(int(target), 2**60))
        assert s.place.tolist() == place[s.index].tolist()
        rows += s.index.tolist()
    assert list(dict.fromkeys(rows)) == order.tolist()


@pytest.mark.parametrize("n", [1023, 1024, 1025, 4095, 4096, 4097, 8193])
def test_takes_that_end_at_the_border_of_a_chunk(n):
    score = -np.arange(n, dtype=float)
    queue = adl.Queue(score, np.ones(n, np.int64))
    rows: list = []
    for target in (1023, 1, 1, 2046, 1, 1, n):
        rows += queue.take(target).index.tolist()
    assert rows == list(range(n))


@given(zoo.queues(), st.data())
def test_excluded_rows_do_not_stand_in_the_queue(columns, data):
    score, size, tie = columns
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(size), max_size=len(size))), bool)
    targets = data.draw(st.lists(zoo.targets_of(size), max_size=3))
    kept = np.flatnonzero(~mask)
    without = adl.Queue(score[kept], size[kept], tie=None if tie is None else tie[kept])
    by_mask = adl.Queue(score, size, tie=tie, exclude=mask)
    by_rows = adl.Queue(score, size, tie=tie, exclude=np.flatnonzero(mask))
    assert by_mask.remaining == by_rows.remaining == without.remaining
    expected = [(int(kept[row]), closed) for row, closed in taken(without, targets)]
    assert taken(by_mask, targets) == taken(by_rows, targets) == expected


def test_a_nan_score_of_an_excluded_row_is_no_error_as_in_select():
    assert adl.Queue([1.0, np.nan], [1, 1], exclude=[1]).remaining == 1


def test_an_empty_queue_gives_nothing(lots_or_floats):
    for score, size in (([], np.empty(0, lots_or_floats)), ([-np.inf], np.ones(1, lots_or_floats))):
        queue = adl.Queue(score, size)
        assert queue.remaining == 0
        s = queue.take(5)
        assert (len(s), s.filled, s.shortfall, s.partial) == (0, 0, 5, -1)
        assert len(queue.assign([1, 2])["row"]) == 0


def test_taking_0_moves_nothing(lots_or_floats):
    queue = adl.Queue([1.0], np.array([5], lots_or_floats))
    s = queue.take(0)
    assert (len(s), s.filled, s.shortfall) == (0, 0, 0)
    assert queue.remaining == 5


def test_a_queue_of_all_of_int64():
    queue = adl.Queue([3.0, 2.0, 1.0], [2**62, 2**62 - 2, 1])
    assert queue.take(2**62 + 5).quantity.tolist() == [2**62, 5]
    assert queue.take(2**63 + 10).filled == 2**62 - 6
    assert queue.remaining == 0
    assert queue.take(zoo.INT64_MAX).shortfall == zoo.INT64_MAX


def test_a_queue_owns_its_scores_and_changes_no_input(lots_or_floats):
    score, size = np.array([1.0, 3.0, 2.0]), np.array([5, 5, 5], lots_or_floats)
    queue = adl.Queue(score, size, exclude=[0])
    queue.take(7)
    assert score.tolist() == [1.0, 3.0, 2.0]
    assert size.tolist() == [5, 5, 5]
    score[:] = 9.0
    assert queue.take(1).score.tolist() == [2.0]


def test_a_pickled_queue_goes_on_where_it_stood(lots_or_floats):
    n = 5000
    queue = adl.Queue(np.arange(n) % 97 / 3, np.full(n, 3, lots_or_floats), tie=np.arange(n)[::-1])
    queue.take(4000)
    copy = pickle.loads(pickle.dumps(queue))
    assert copy.remaining == queue.remaining
    for target in (5, 7000, 2, 10**6):
        zoo.same_selection(copy.take(target), queue.take(target))


def test_a_queue_over_a_market_knows_sides_and_labels():
    market = zoo.small_market(account=[f"user{n}" for n in range(9)])
    for side, rows in (("long", market.quantity < 0), ("short", market.quantity > 0)):
        queue = market.queue(side, "binance")
        s = queue.take(10**6)
        assert set(s.index.tolist()) <= set(np.flatnonzero(rows).tolist())
        assert np.all(market.quantity[s.index] + s.delta == 0)
        assert s.columns()["account"].tolist() == [f"user{n}" for n in s.index.tolist()]


@pytest.mark.parametrize("eligible", ["all", "winners"])
@pytest.mark.parametrize("side", [1, -1])
def test_a_queue_over_a_market_gives_what_deleverage_gives(side, eligible):
    market = zoo.small_market()
    for target in (1, 7, 11, 100):
        queue = market.queue(side, "binance", eligible=eligible, exclude=[5])
        one, other = market.deleverage(side * target, "binance", eligible=eligible, exclude=[5]), queue.take(target)
        zoo.same_selection(other, one)
        assert one.delta.tolist() == other.delta.tolist()
