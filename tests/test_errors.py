"""Errors are short, in one line of text that is seen, and pickle whatever they are about."""

import os
import pickle
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from support.hostile_text import HOSTILE, hidden
from support.large import FRACTIONS, LARGE, Unshowable
from support.refusals import sound


@pytest.mark.parametrize(
    "value",
    [
        *(*LARGE.values(), *FRACTIONS.values(), np.zeros(10**6), {10**5000: [10**5000] * 100}, set(range(10**5))),
        *(lambda: None, open, Unshowable(), [Unshowable()], range(10**9), type("T", (), {}), (x for x in "ab")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_about_anything_is_short_and_pickles(value):
    error = adl.AdlError.at("x", 3, value, "must be a number")
    assert str(error).startswith("x[3] is ")
    assert str(error).endswith(": must be a number")
    assert len(str(error)) < 200
    sound(error)
    sound(error.placed("y", 4, value))


def test_a_long_message_keeps_both_ends():
    error = adl.AdlError("it " + "very " * 10**6 + "is: must not be")
    assert len(str(error)) <= 2000
    assert str(error).startswith("it very")
    assert str(error).endswith("is: must not be")
    assert str(adl.AdlError("x" * 2000)) == "x" * 2000


def test_what_does_not_pickle_is_kept_as_its_text():
    error = adl.AdlError.at("rule", None, lambda: None, "must be a name")
    again = pickle.loads(pickle.dumps(error))
    assert again.value.startswith("<function")
    assert pickle.loads(pickle.dumps(adl.AdlError.at("x", 0, {"a": [1]}, "must be b"))).value == {"a": [1]}


@pytest.mark.files
@pytest.mark.parametrize("name", HOSTILE)
def test_messages_of_errors_are_one_line_of_text(name):
    error = adl.AdlError(f"{name} is wrong", argument="x", value=name)
    assert not hidden(str(error))
    assert len(str(error).splitlines()) == 1
    assert error.value == name
    for call in (
        lambda: adl.read_positions(f"{name}.txt"),
        lambda: adl.read_positions("x.csv", lot=name),
        lambda: adl.RankingRule(name),
        lambda: adl.Contract(name, lot=0),
        lambda: adl.io.load(f"{os.devnull}{name}".replace("\x00", "")),
        lambda: adl.Market("X", mark_price=name, quantity=[1], entry_price=[1]),
        lambda: Decimal(1) and adl.Contract("X", kind=name),
    ):
        with pytest.raises((adl.AdlError, OSError)) as caught:
            call()
        if isinstance(caught.value, adl.AdlError):
            assert not hidden(str(caught.value))
