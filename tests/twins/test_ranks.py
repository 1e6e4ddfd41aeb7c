"""Order, ranks and quantiles equal their twins in plain NumPy, bit for bit."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore._kernels.reference.ranking import ranks as plain
from support import zoo
from support.twins import alike, refusal

fast = pytest.importorskip("adlcore._kernels.compiled.ranking.ranks", reason="the compiled kernels are not built")


def everything(score, tie=None):
    """Both twins agree on every function of a column."""
    alike((fast, plain), lambda twin, ranks: twin.rank(score, ranks, tie), np.full(len(score), 7, np.int64))
    alike((fast, plain), lambda twin, shares: twin.quantile(score, shares), np.full(len(score), 7.0))


def test_the_zoo(scores):
    tie = np.random.default_rng(1).integers(-3, 3, len(scores))
    for column in (scores, zoo.with_nan(scores)):
        everything(column)
        everything(column, tie)


@pytest.mark.parametrize("n", zoo.BORDERS)
def test_block_borders(n):
    rng = np.random.default_rng(n)
    tie = rng.integers(-(2**63), zoo.INT64_MAX, n)
    for score in (rng.standard_normal(n), rng.integers(0, 8, n) / 4, np.full(n, 0.5)):
        everything(score, tie)
        everything(zoo.with_nan(score))


@pytest.mark.parametrize("n", [20_000, 100_000, 300_000])
@pytest.mark.parametrize("shape", sorted(set(zoo.score_zoo()) - {"empty", "one", "one -inf"}))
def test_long_columns(n, shape):
    everything(zoo.score_zoo(n)[shape], np.random.default_rng(n).integers(0, 5, n) if n == 20_000 else None)


def test_nans_of_both_signs_are_not_counted():
    score = np.array([1.0, np.nan, -np.nan, -1.0, np.copysign(np.nan, -1.0)])
    everything(score)


@pytest.mark.parametrize("twin", [fast, plain], ids=["compiled", "plain"])
@pytest.mark.parametrize("rows", [0, 2, 4])
def test_lengths_are_checked(twin, rows):
    score, other = np.ones(3), np.zeros(rows, np.int64)
    for name, call in (
        ("out", partial(twin.rank, score, other)),
        ("tie", partial(twin.rank, score, np.zeros(3, np.int64), other)),
        ("out", partial(twin.quantile, score, other.astype(float))),
    ):
        assert refusal(call) == (name, None, rows, "must have 3 rows")


some_scores = st.one_of(zoo.score_values, st.just(float("nan")))
some_ties = st.one_of(st.integers(-2, 2), st.integers(-(2**63), zoo.INT64_MAX))


@given(st.lists(st.tuples(some_scores, some_ties), max_size=60))
def test_any_rows(rows):
    score = np.array([row[0] for row in rows], np.float64)
    everything(score)
    everything(score, np.array([row[1] for row in rows], np.int64))
