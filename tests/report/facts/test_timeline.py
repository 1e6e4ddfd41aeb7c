"""Passes on an axis of time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.report.facts import timeline
from adlcore.report.facts.run_facts import Facts
from support import report_worlds


@given(st.integers(1, 60), st.integers(1, 12), st.randoms(use_true_random=False))
def test_bars_hold_every_pass_once(passes, most, random):
    values = np.array([[random.randrange(100)] for _ in range(passes)], float)
    at = np.cumsum([random.randrange(1, 9) for _ in range(passes + 1)])
    made = timeline.bars(at, values, most)
    assert len(made.sums) <= most
    assert made.sums.sum() == values.sum()
    if passes > 1:
        edges = [*(made.middle - made.width / 2).tolist(), float(made.middle[-1] + made.width[-1] / 2)]
        assert edges == pytest.approx([*at[made.first].tolist(), at[-1]])


@given(st.integers(1, 500), st.integers(2, 100))
def test_points_that_are_kept_begin_and_end_where_all_do(count, most):
    kept = timeline.kept_points(count, most)
    assert len(kept) == min(count, most)
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert (np.diff(kept) > 0).all()


def test_times_that_fall_are_refused_and_those_at_the_ends_of_int64_have_places():
    """A difference of two of them may not fit int64."""
    _, run = report_worlds.crash()
    passes = run.passes()
    time = np.asarray(passes["time"], np.int64)

    def facts(times):
        run.passes = lambda: {**passes, "time": times}
        return Facts(run)

    with pytest.raises(adl.AdlError, match=r"passes.time\[1\] is -9223372036854775808: must not be before that of"):
        facts(np.concatenate([time[:1], [-(2**63)], time[2:]])).record
    ends = np.concatenate([[-(2**63)], time[1:-1], [2**63 - 1]])
    at, _ = facts(ends).pass_axis
    assert at.tolist() == sorted(at.tolist())
