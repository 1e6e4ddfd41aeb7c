"""How the suite runs: one Hypothesis profile, and both implementations of the kernels where both are there."""

from __future__ import annotations

import os

import pytest
import zoo
from hypothesis import HealthCheck, settings

# ADLCORE_EXAMPLES=2000 searches longer.
IN_CI = bool(os.environ.get("CI"))

settings.register_profile(
    "adlcore",
    deadline=None,
    max_examples=int(os.environ.get("ADLCORE_EXAMPLES", "60")),
    derandomize=IN_CI,
    database=None if IN_CI else settings.default.database,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("adlcore")


@pytest.fixture(params=sorted(zoo.score_zoo()))
def scores(request):
    """Every score column of the zoo."""
    return zoo.score_zoo()[request.param]


@pytest.fixture(params=zoo.SIZE_KINDS)
def size_kind(request):
    """Every kind of size column of the zoo; `zoo.sizes` makes it at a length."""
    return request.param


@pytest.fixture(params=["int64", "float64"])
def lots_or_floats(request):
    """The two dtypes of a quantity."""
    return request.param
