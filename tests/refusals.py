"""What is refused, as tables: a row is what is given, and the whole message of the error."""

from __future__ import annotations

import pickle
import re

import pytest

import adlcore as adl

#: Endings that many messages share.
FINITE, ABOVE_0, NOT_BELOW_0 = "must be finite", "must be above 0", "must be 0 or above"
NUMBER = "must be a number or a decimal string such as '0.001'"


def refused(call, message: str) -> adl.AdlError:
    """The error of a call: it says just this in one line, and its attributes and those of a copy say the same."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    error = caught.value
    assert str(error) == message
    assert isinstance(error, ValueError)
    assert len(message.splitlines()) == 1
    place = re.match(r"([\w.]+)\[(\d+)\] ", message)
    if place is not None:
        assert (error.argument, error.row) == (place[1], int(place[2]))
    elif error.argument not in (None, "path"):  # a path is there itself
        assert error.argument in message
    if error.must is not None:
        assert message.endswith(error.must)
        if message.startswith((f"{error.argument} is ", f"{error.argument}[")):
            assert message == said(error.argument, error.value, error.must, error.row)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.argument, copy.row) == (type(error), message, error.argument, error.row)
    return error


def said(argument: str, value: object, must: str, row: int | None = None) -> str:
    """The message of one value."""
    return f"{argument if row is None else f'{argument}[{row}]'} is {value!r}: {must}"


def cases(names: str, rows):
    """A test for each row of a table, by its last cell; the rows are as many as they were written."""
    rows = [row if isinstance(row, tuple) else (row,) for row in rows]
    return pytest.mark.parametrize(names.split(), rows, ids=[f"{number}: {row[-1]}" for number, row in enumerate(rows)])


def table(*rows):
    """A test for each row of a table of calls and messages."""

    @cases("call message", rows)
    def test(call, message):
        refused(call, message)

    return test
