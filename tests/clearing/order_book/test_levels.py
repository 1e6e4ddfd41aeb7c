"""The levels of one book: what is read of them, and what cannot be."""

from fractions import Fraction

import numpy as np
import pytest

from adlcore.clearing import DepthLadder
from adlcore.clearing.order_book.levels import (
    ASKS,
    BIDS,
    consumed_at,
    consumed_lots,
    level_range,
    level_ticks,
    read_book,
    resting_levels,
    restored_side,
)
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

TOP = 2**63 - 1


@pytest.mark.parametrize(
    ("levels", "argument", "words"),
    [
        ([], "levels", ("dict of symbols",)),
        ({"": {}}, "levels", ("keys",)),
        ({5: {}}, "levels", ("5",)),
        ({"X": []}, "X", ("bids, asks",)),
        ({"X": {"bid": ([1], [1])}}, "X", ("'bid'",)),
        ({"X": {"bids": 5}}, "X.bids", ("(ticks, lots)",)),
        ({"X": {"bids": ([1], [1], [1])}}, "X.bids", ("(ticks, lots)",)),
        ({"X": {"bids": ([2, 1], [1])}}, "X.bids.lots", ("1 rows", "must have 2")),
        ({"X": {"bids": ([2, 2], [1, 1])}}, "X.bids.ticks", ("[1] is 2", "below")),
        ({"X": {"asks": ([2, 3, 1], [1, 1, 1])}}, "X.asks.ticks", ("[2] is 1", "above")),
        ({"X": {"bids": ([1, 0], [1, 1])}}, "X.bids.ticks", ("[1] is 0",)),
        ({"X": {"asks": ([1, 2], [1, 0])}}, "X.asks.lots", ("[1] is 0",)),
        ({"X": {"asks": ([1.0], [1])}}, "X.asks.ticks", ("float64",)),
        ({"X": {"asks": (["1"], [1])}}, "X.asks.ticks", ("dtype",)),
        ({"X": {"asks": ([1, 2], [TOP, 1])}}, "X.asks.lots", ("[1] is 1", "int64")),
        ({"X": {"bids": ([5], [1]), "asks": ([5], [1])}}, "X.asks.ticks", ("[0] is 5", "best bid, 5")),
    ],
)
def test_levels_that_are_none(levels, argument, words):
    refused(lambda: DepthLadder(levels), argument, *words)


def test_lots_must_fit_in_the_parts_of_the_refill():
    sides = {"bids": ([5], [TOP])}
    refused(lambda: read_book("X", sides, Fraction(1, 3)), "X.bids.lots", "1/3")
    assert read_book("X", sides, Fraction(3)).sides[BIDS].lots.tolist() == [TOP]


def test_arrays_are_copied():
    ticks, lots = np.array([100, 99]), np.array([5, 6])
    book = read_book("X", {"bids": (ticks, lots)}, Fraction(0))
    ticks[0], lots[0] = 1, 1
    assert [column.tolist() for column in resting_levels(book, BIDS, None)] == [[100, 99], [5, 6]]


@pytest.mark.parametrize(
    ("which", "worst", "within"),
    [(BIDS, 100, [100]), (BIDS, 99, [100, 99]), (BIDS, 1, [100, 99]), (ASKS, 101, []), (ASKS, 104, [102, 104])],
)
@pytest.mark.parametrize("shift", [0, 7, -98, 2**40])
def test_a_limit_reaches_the_levels_within_it_and_none_below_a_tick(which, worst, within, shift):
    side = read_book("X", {"bids": ([100, 99], [5, 6]), "asks": ([102, 104], [7, 8])}, Fraction(0)).sides[which]
    first, last = level_range(side, shift, which, worst + shift)
    assert level_ticks(side.keys[first:last], shift, which).tolist() == [p + shift for p in within if p + shift >= 1]


def test_what_was_taken_comes_back_a_refill_a_level_and_millisecond():
    side = restored_side(np.array([-9, -8]), np.array([5, 5]), np.array([7, 2]), 10)
    assert consumed_at(side, Fraction(2), 12).tolist() == [3, 0]
    assert consumed_at(side, Fraction(2), None).tolist() == [7, 2]
    refused(lambda: consumed_at(side, Fraction(2), 9), "time", "the last fill, 10")
    assert consumed_lots(np.array([0, 1, 3, 4]), 3).tolist() == [0, 1, 1, 2]
