"""Ranks, quantiles and indicators of a column of scores."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import zoo

INF = math.inf
some_scores = st.lists(st.one_of(zoo.score_values, st.just(math.nan)), max_size=50)


def test_an_example_by_hand():
    score = [0.5, 2.0, math.nan, 2.0, -INF, 1.0]
    assert adl.rank(score).tolist() == [4, 1, 0, 2, 5, 3]
    np.testing.assert_array_equal(adl.quantile(score), [2 / 5, 1.0, math.nan, 1.0, math.nan, 3 / 5])
    assert adl.indicator(score).tolist() == [2, 5, 0, 5, 0, 3]
    assert adl.indicator(score, levels=2).tolist() == [1, 2, 0, 2, 0, 2]
    assert adl.indicator(score, weights=[1, 2, 9, 3, 2, 2]).tolist() == [2, 5, 0, 3, 0, 2]
    assert [adl.rank(score).dtype, adl.quantile(score).dtype, adl.indicator(score).dtype] == ["i8", "f8", "i1"]


@given(some_scores, st.data())
def test_ranks_are_the_places_of_the_total_order(values, data):
    score = np.array(values, np.float64)
    tie = data.draw(st.lists(st.integers(-2, 2), min_size=len(values), max_size=len(values)))
    for ranks in (None, tie):
        counted = [r for r in range(len(values)) if not math.isnan(values[r])]
        counted.sort(key=lambda r: (-values[r], 0 if ranks is None else ranks[r], r))
        expected = np.zeros(len(values), np.int64)
        expected[counted] = np.arange(1, len(counted) + 1)
        np.testing.assert_array_equal(adl.rank(score, tie=ranks), expected)


@given(some_scores)
def test_a_quantile_is_the_share_of_rows_at_or_below(values):
    counted = [v for v in values if not math.isnan(v)]
    for found, value in zip(adl.quantile(values).tolist(), values, strict=True):
        if math.isnan(value) or value == -INF:
            assert math.isnan(found)
        else:
            assert found == sum(v <= value for v in counted) / len(counted)


@given(some_scores, st.integers(1, 127))
def test_levels_by_count_are_the_ceiling_of_levels_times_quantile(values, levels):
    counted = [v for v in values if not math.isnan(v)]
    for found, value in zip(adl.indicator(values, levels=levels).tolist(), values, strict=True):
        if math.isnan(value) or value == -INF:
            assert found == 0
        else:
            assert found == math.ceil(Fraction(levels * sum(v <= value for v in counted), len(counted)))
            assert 1 <= found <= levels


def front_levels(score, weights, levels):
    """levels + 1 - ceil(levels·W_front/W) by fractions; weights are exact."""
    rank = adl.rank(score)
    whole = sum(Fraction(w) for w, r in zip(weights, rank, strict=True) if r)
    found = []
    for own, value in zip(rank.tolist(), score, strict=True):
        front = sum(Fraction(w) for w, r in zip(weights, rank.tolist(), strict=True) if 0 < r <= own)
        part = max(math.ceil(levels * front / whole), 1) if whole else 1
        found.append(0 if own == 0 or value == -INF else levels + 1 - part)
    return found


@given(
    st.lists(st.tuples(st.one_of(zoo.score_values, st.just(math.nan)), zoo.lot_values), max_size=30),
    st.integers(1, 127),
)
def test_levels_by_lots_are_exact(rows, levels):
    score, weights = [row[0] for row in rows], [row[1] for row in rows]
    found = adl.indicator(score, levels=levels, weights=np.array(weights, np.int64))
    assert found.tolist() == front_levels(score, weights, levels)


@given(st.lists(st.tuples(zoo.score_values, st.integers(0, 2**20)), max_size=30))
def test_levels_by_floats_agree_with_lots_where_every_sum_is_exact(rows):
    score, weights = [row[0] for row in rows], np.array([row[1] for row in rows], np.int64)
    for levels in (1, 4, 64):
        by_lots = adl.indicator(score, levels=levels, weights=weights)
        np.testing.assert_array_equal(adl.indicator(score, levels=levels, weights=weights / 8), by_lots)


@pytest.mark.parametrize("levels", [1, 2, 3, 5, 7, 127])
def test_levels_by_lots_are_exact_up_to_the_end_of_int64(levels):
    third = zoo.INT64_MAX // 3
    for weights in ([2**62, 2**62 - 1], [2**62 - 1, 2**62], [third, third, third + 1], [zoo.INT64_MAX - 1, 1]):
        score = [-float(k) for k in range(len(weights))]
        assert adl.indicator(score, levels, weights).tolist() == front_levels(score, weights, levels)


def test_levels_by_floats_near_the_end_of_float64_are_levels():
    weights = [1e308, 1e307, 5e306]
    score = [3.0, 2.0, 1.0]
    for levels in (1, 5, 127):
        assert adl.indicator(score, levels, weights).tolist() == front_levels(score, weights, levels)


def test_levels_hold_equal_weight_by_quantity_and_equally_many_rows_by_count():
    score = -np.arange(10.0)
    assert adl.indicator(score).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert adl.indicator(score, weights=np.full(10, 7)).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert adl.indicator(score, weights=[91, 1, 1, 1, 1, 1, 1, 1, 1, 1]).tolist() == [1] * 10
    assert adl.indicator(score, weights=[0] * 9 + [5]).tolist() == [5] * 9 + [1]
    assert adl.indicator(score, weights=[0] * 10).tolist() == [5] * 10


def test_count_and_quantity_differ_even_for_equal_weights():
    # docs/rules.md §3: both are as documented, on one row of one.
    assert adl.indicator([1.0], levels=5).tolist() == [5]
    assert adl.indicator([1.0], levels=5, weights=[3]).tolist() == [1]


@given(some_scores, st.data())
def test_the_order_of_rows_does_not_matter_beyond_ties(values, data):
    score = np.array(values, np.float64)
    order = np.array(data.draw(st.permutations(range(len(values)))), np.int64)
    np.testing.assert_array_equal(adl.quantile(score[order]), adl.quantile(score)[order])
    np.testing.assert_array_equal(adl.indicator(score[order]), adl.indicator(score)[order])
    rows = np.arange(len(values))
    np.testing.assert_array_equal(adl.rank(score[order], tie=rows[order]), adl.rank(score)[order])


@given(some_scores)
def test_a_higher_score_never_stands_behind(values):
    score = np.array(values, np.float64)
    rank, quantile, levels = adl.rank(score), adl.quantile(score), adl.indicator(score)
    shown = np.flatnonzero(score > -INF)
    for a in shown.tolist():
        for b in shown.tolist():
            if score[a] > score[b]:
                assert rank[a] < rank[b]
                assert quantile[a] > quantile[b]
                assert levels[a] >= levels[b]
            elif score[a] == score[b]:
                assert quantile[a] == quantile[b]
                assert levels[a] == levels[b]


def test_the_front_of_the_queue_is_1_and_shows_every_light(scores):
    best = scores.max(initial=-INF)
    if best > -INF:
        front = int(np.flatnonzero(scores == best)[0])
        assert adl.rank(scores)[front] == 1
        assert adl.quantile(scores)[front] == 1.0
        for levels in (1, 5, 127):
            assert adl.indicator(scores, levels=levels)[front] == levels
    assert sorted(adl.rank(scores).tolist()) == list(range(1, len(scores) + 1))


def test_rows_that_are_not_counted_change_nothing(scores):
    mixed = np.repeat(scores, 2)
    mixed[1::2] = np.nan
    for function, none in ((adl.rank, 0), (adl.quantile, np.nan), (adl.indicator, 0)):
        np.testing.assert_array_equal(function(mixed)[::2], function(scores))
        np.testing.assert_array_equal(function(mixed)[1::2], np.full(len(scores), none))
    weights = np.repeat(zoo.sizes("small lots", len(scores)), 2)
    lights = adl.indicator(mixed, weights=weights)[::2]
    np.testing.assert_array_equal(lights, adl.indicator(scores, weights=weights[::2]))


def test_the_share_of_rows_at_minus_infinity_counts_but_has_no_quantile():
    score = [1.0, -INF, -INF, 2.0]
    np.testing.assert_array_equal(adl.quantile(score), [0.75, math.nan, math.nan, 1.0])
    assert adl.rank(score).tolist() == [2, 3, 4, 1]
    assert adl.indicator(score).tolist() == [4, 0, 0, 5]


def test_every_layout_gives_the_same(scores):
    expected = adl.rank(scores), adl.quantile(scores), adl.indicator(scores)
    for form in zoo.layouts(scores).values():
        for function, wanted in zip((adl.rank, adl.quantile, adl.indicator), expected, strict=True):
            np.testing.assert_array_equal(function(form), wanted)


def test_integers_are_scores():
    assert adl.rank([3, 1, 2]).tolist() == [1, 3, 2]
    assert adl.quantile(np.array([3, 1], np.int8)).tolist() == [1.0, 0.5]


def test_the_inputs_are_never_modified(scores):
    tie, weights = np.arange(len(scores)), np.ones(len(scores), np.int64)
    before = [column.tobytes() for column in (scores, tie, weights)]
    adl.rank(scores, tie=tie)
    adl.quantile(scores)
    adl.indicator(scores, weights=weights)
    assert [column.tobytes() for column in (scores, tie, weights)] == before


def test_a_large_column_is_ranked_as_by_a_stable_sort():
    score = zoo.score_zoo(50_000)["eight values"]
    order = np.argsort(-score, kind="stable")
    assert adl.rank(score)[order].tolist() == list(range(1, 50_001))
    assert set(adl.indicator(score).tolist()) <= {1, 2, 3, 4, 5}
    shares = np.searchsorted(np.sort(score), score, side="right") / 50_000
    np.testing.assert_array_equal(adl.quantile(score), shares)
    np.testing.assert_array_equal(adl.indicator(score), np.ceil(np.round(shares * 50_000).astype(int) * 5 / 50_000))


def test_by_weight_a_lower_tie_stands_in_front():
    assert adl.indicator([1.0, 1.0], weights=[10, 90], tie=[2, 1]).tolist() == [1, 1]
    assert adl.indicator([1.0, 1.0], weights=[10, 90], tie=[1, 2]).tolist() == [5, 1]
    columns = {"quantity": [-10, -90], "entry_price": [3.0, 3.0], "equity": [10.0, 90.0], "tie": [2, 1]}
    assert adl.Market("X", mark_price=2, **columns).indicator("binance", by="quantity").tolist() == [1, 1]
