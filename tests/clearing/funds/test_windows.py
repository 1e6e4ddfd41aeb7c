"""What a trigger remembers: the maximum over a window of time."""

import copy
import itertools
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore.clearing.funds.windows import Window
from support.refusals import refused_for as refused

pytestmark = pytest.mark.plain

steps = st.lists(st.tuples(st.integers(0, 6), st.integers(-20, 100)), min_size=1, max_size=30)


def test_time_does_not_run_backwards():
    window = Window().with_sample(5, 10, 100)
    refused(lambda: window.with_sample(5, 9, 100), "time", "9", "10")
    assert window.with_sample(5, 10, 100) == window
    refused(lambda: window.with_sample(1.5, 10, 100), "value", "whole number")
    refused(lambda: window.with_sample(1, "now", 100), "time", "whole number")


@given(steps, st.integers(1, 12))
def test_the_peak_is_the_maximum_of_the_window(taken, length):
    window, kept, time = Window(), [], 0
    for after, value in taken:
        time += after
        window = window.with_sample(value, time, length)
        kept.append((time, value))
        inside = [(t, v) for t, v in kept if time - t <= length]
        assert window.peak == max(v for _, v in inside)
        assert window.samples[-1] == (time, value)
        times, values = zip(*window.samples, strict=True)
        assert list(times) == sorted(times)
        assert all(a > b for a, b in itertools.pairwise(values))
        assert Window.from_fields(json.loads(json.dumps(window.fields()))) == window


def test_windows_are_copied_and_compared():
    window = Window(100).with_sample(100, 0, 9).with_sample(90, 1, 9)
    assert pickle.loads(pickle.dumps(window)) == window
    assert hash(copy.deepcopy(window)) == hash(window)
    state = window.__getstate__()
    with pytest.raises(ValueError, match="Window was pickled as version 9"):
        Window().__setstate__({**state, "version": 9})


@pytest.mark.parametrize(
    ("changed", "argument"),
    [
        ({"on": 1}, "on"),
        ({"opening": None}, "opening"),
        ({"samples": [[0, 5], [1, 5]]}, "samples"),
        ({"samples": [[1, 5], [0, 4]]}, "samples"),
        ({"samples": [[1, 5, 2]]}, "samples"),
        ({"samples": [5]}, "samples"),
        ({"samples": [[0, 1.5]]}, "samples"),
        ({"more": 1}, "window"),
    ],
)
def test_fields_that_are_no_window(changed, argument):
    refused(lambda: Window.from_fields({**Window().fields(), **changed}), argument)
