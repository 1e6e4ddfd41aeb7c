"""Two implementations of a kernel side by side: what both write and return, and what one refuses."""

import numpy as np
import pytest

from support import zoo

TOP, BOTTOM = zoo.INT64_MAX, -(2**63)


def column(values, dtype=np.int64) -> np.ndarray:
    return np.array(values, dtype)


def alike(twins, call, *blanks):
    """What ``call(twin, *columns)`` returns and writes into copies of columns: the same of both twins, to the bit."""
    outs = [[blank.copy() for blank in blanks] for _ in twins]
    answer, other = (call(twin, *out) for twin, out in zip(twins, outs, strict=True))
    assert answer == other
    for one, two in zip(*outs, strict=True):
        np.testing.assert_array_equal(one, two)
    return answer, outs[0]


def refusal(call) -> tuple:
    """The facts that a kernel refuses with."""
    with pytest.raises(ValueError) as caught:
        call()
    return caught.value.args
