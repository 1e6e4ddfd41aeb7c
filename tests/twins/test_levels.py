"""Indicator levels equal their twins in plain NumPy, bit for bit."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore._kernels.reference.ranking import levels as plain
from support import zoo
from support.twins import alike, refusal

fast = pytest.importorskip("adlcore._kernels.compiled.ranking.levels", reason="the compiled kernels are not built")

LEVELS = (1, 2, 5, 100, 127)


BOTH = pytest.mark.parametrize("twin", [fast, plain], ids=["compiled", "plain"])


def by_count(score, levels):
    alike((fast, plain), lambda twin, out: twin.levels_by_count(score, levels, out), np.full(len(score), 7, np.int8))


def by_weight(score, weights, levels):
    for tie in (None, np.arange(len(score))[::-1] % 3):
        call = lambda twin, out, tie=tie: twin.levels_by_weight(score, weights, levels, out, tie)  # noqa: E731
        alike((fast, plain), call, np.full(len(score), 7, np.int8))


def test_the_zoo(scores):
    weights = [zoo.sizes(kind, len(scores)) for kind in ("small lots", "lognormal")]
    for column in (scores, zoo.with_nan(scores)):
        for levels in LEVELS:
            by_count(column, levels)
            for weight in weights:
                by_weight(column, weight, levels)


@pytest.mark.parametrize("n", [*zoo.BORDERS, 16_383, 16_384, 16_385])
def test_block_borders(n):
    rng = np.random.default_rng(n)
    for score in (rng.standard_normal(n), rng.integers(0, 8, n) / 4, np.full(n, 0.5)):
        for column in (score, zoo.with_nan(score)):
            by_count(column, 5)
            by_weight(column, rng.integers(0, 50, n), 5)


@pytest.mark.parametrize("n", [20_000, 100_000, 300_000])
@pytest.mark.parametrize("shape", sorted(set(zoo.score_zoo()) - {"empty", "one", "one -inf"}))
def test_long_columns(n, shape):
    score = zoo.score_zoo(n)[shape]
    for levels in (1, 2, 5, 16, 17) if n == 20_000 else (5,):
        by_count(score, levels)
        by_count(zoo.with_nan(score), levels)


@pytest.mark.parametrize("shape", ["random", "eight values", "infinities", "descending"])
def test_long_columns_by_weight(shape):
    n = 20_000
    rng = np.random.default_rng(n)
    by_weight(zoo.score_zoo(n)[shape], rng.integers(0, 2**40, n), 5)
    by_weight(zoo.score_zoo(n)[shape], rng.lognormal(0, 3, n), 5)


@pytest.mark.parametrize("period", [32, 64, 128, 1000])
def test_a_column_with_a_period_does_not_mislead_the_sample(period):
    step = np.arange(50_000)
    by_count(np.where(step % period == 0, 1e6, step / 7), 5)
    by_count(np.where(step % period == period - 1, -1e6, 0.0), 5)


@pytest.mark.parametrize("kind", zoo.SIZE_KINDS)
@pytest.mark.parametrize("n", [1, 33, 1025])
def test_every_kind_of_weight(kind, n):
    for levels in LEVELS:
        by_weight(zoo.score_zoo(n)["saw"], zoo.sizes(kind, n), levels)


@pytest.mark.parametrize("levels", [1, 3, 7, 127])
def test_weights_whose_sum_fills_int64(levels):
    top = zoo.INT64_MAX
    for weights in ([2**62, 2**62 - 1], [top], [1, top - 1], [2**62 - 1, 1, 2**62 - 1], [0, top, 0]):
        score = np.arange(len(weights), dtype=np.float64)
        by_weight(score, np.array(weights), levels)
        by_weight(-score, np.array(weights), levels)


some_scores = st.one_of(zoo.score_values, st.just(float("nan")))


@given(st.lists(st.tuples(some_scores, zoo.lot_values, zoo.nasty_sizes), max_size=60), st.integers(1, 127))
def test_any_rows(rows, levels):
    score = np.array([row[0] for row in rows], np.float64)
    by_count(score, levels)
    by_weight(score, np.array([row[1] for row in rows], np.int64), levels)
    by_weight(score, np.array([row[2] for row in rows], np.float64) / 256, levels)


@BOTH
@pytest.mark.parametrize("rows", [0, 2, 4])
def test_lengths_are_checked(twin, rows):
    score, out = np.ones(3), np.zeros(3, np.int8)
    for name, call in (
        ("out", partial(twin.levels_by_count, score, 5, np.zeros(rows, np.int8))),
        ("out", partial(twin.levels_by_weight, score, score, 5, np.zeros(rows, np.int8))),
        ("weights", partial(twin.levels_by_weight, score, np.ones(rows), 5, out)),
        ("tie", partial(twin.levels_by_weight, score, score, 5, out, np.zeros(rows, np.int64))),
    ):
        assert refusal(call) == (name, None, rows, "must have 3 rows")


@BOTH
@pytest.mark.parametrize("levels", [0, -1, 128])
def test_levels_that_are_none(twin, levels):
    score, out = np.ones(3), np.zeros(3, np.int8)
    facts = ("levels", None, levels, "must be a whole number from 1 to 127")
    assert refusal(partial(twin.levels_by_count, score, levels, out)) == facts
    assert refusal(partial(twin.levels_by_weight, score, score, levels, out)) == facts
