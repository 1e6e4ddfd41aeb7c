"""The kernels of integer money beside their twin on Python integers: numbers, and what comes out of both."""

import math

import numpy as np
import pytest
from hypothesis import strategies as st

from adlcore._kernels.reference.numbers import money as plain
from support.twins import BOTTOM, TOP, column

fast = pytest.importorskip("adlcore._kernels.compiled.numbers.money", reason="the compiled kernels are not built")

EDGES = sorted(
    {0, 1, -1, 2, 3, -3, 10, 10**8, BOTTOM, TOP, BOTTOM + 1, TOP - 1}
    | {sign * (2**power + step) for power in (31, 32, 33, 52, 53, 61, 62) for step in (-1, 0, 1) for sign in (1, -1)}
)
ints = st.one_of(st.sampled_from(EDGES), st.integers(-9, 9), st.integers(-(10**6), 10**6), st.integers(BOTTOM, TOP))
positives = ints.map(lambda x: min(abs(x), TOP) or 1)
roundings = st.sampled_from(sorted(plain.ROUNDINGS.values()))
LAWS = {"half-even": round, "toward-zero": math.trunc, "up": math.ceil, "down": math.floor}
BOTH = pytest.mark.parametrize("kernels", [fast, plain], ids=["compiled", "plain"])


def columns(rows, width):
    return [column([row[place] for row in rows]) for place in range(width)]


def outcome(function, *arguments, length):
    """What a kernel returns, raises and writes; where it names a row the output means nothing."""
    out = np.full(length, 7, np.int64)
    try:
        answer = function(*arguments, out)
    except ValueError as error:
        return error.args
    return answer, out.tolist() if answer in (-1, None) else None


def same_answer(name, *arguments, length):
    """The outcome, alike in both."""
    one, other = (outcome(getattr(kernels, name), *arguments, length=length) for kernels in (fast, plain))
    assert one == other
    return one
