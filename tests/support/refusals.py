"""What is refused, as tables: a row is what is given, and the whole message of the error."""

import math
import pickle
import re
from contextlib import contextmanager

import pytest

import adlcore as adl

NAN, INF = math.nan, math.inf

#: Endings that many messages share.
FINITE, ABOVE_0, NOT_BELOW_0 = "must be finite", "must be above 0", "must be 0 or above"
NUMBER = "must be a number or a decimal string such as '0.001'"


def refused(call, message: str, row: int | None = None) -> adl.AdlError:
    """The error of a call: it says just this in one line, and its attributes and those of a copy say the same.

    A row is given where the message does not begin with ``argument[row]``.
    """
    with pytest.raises(adl.AdlError) as caught:
        call()
    error = caught.value
    assert str(error) == message
    assert isinstance(error, ValueError)
    assert len(message.splitlines()) == 1
    place = re.match(r"([\w.]+)\[(\d+)\] ", message)
    assert error.row == (row if place is None else int(place[2]))
    if place is not None:
        assert error.argument == place[1]
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
    """A test for each row of a table, named by its number and its last cell."""
    return pytest.mark.parametrize(names.split(), rows, ids=[f"{number}: {row[-1]}" for number, row in enumerate(rows)])


def table(*rows):
    """A test for each row of a table of calls and messages."""

    @cases("call message", rows)
    def test(call, message):
        refused(call, message)

    return test


@contextmanager
def unchanged(house):
    """State, hash and books are as before, and the house goes on as if it had not been asked."""
    state, before, shown = house.state(), house.hash, repr(house)
    yield
    assert house.state() is state
    assert (house.hash, repr(house)) == (before, shown)
    assert house.audit() == []


def refuses(house, call, message):
    """The error, from a house that stays as it was."""
    with unchanged(house):
        return refused(call, message)


def refused_for(call, argument: str, *words: str) -> adl.AdlError:
    """The error of a call, which must name the argument and say these words."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    assert caught.value.argument == argument
    for word in words:
        assert word in str(caught.value), str(caught.value)
    return caught.value


def fails_at(path, call, kind: type[OSError] = OSError, match: str | None = None) -> OSError:
    """The error of a call that the system refuses, which must name this path."""
    with pytest.raises(kind, match=match) as caught:
        call()
    assert str(caught.value.filename) == str(path)
    return caught.value


def refused_at(call, argument: str | None = None, row: int | None = None, words: str | tuple[str, ...] = ()):
    """The error of a call, which must name argument and row, as attributes and in its message, and say these words."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    error = caught.value
    if argument is not None:
        assert error.argument == argument, str(error)
        assert error.row == row, str(error)
        assert argument.split(".")[0] in str(error)
    if row is not None:
        assert f"[{row}]" in str(error)
    for word in (words,) if isinstance(words, str) else words:
        assert word in str(error), str(error)
    assert len(str(error).splitlines()) == 1
    return error


def refused_with(call, *words: str, **facts) -> adl.AdlError:
    """The error of a call, which must say these words in one line, and have these attributes."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    for word in words:
        assert word in str(caught.value), str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert {name: getattr(caught.value, name) for name in facts} == facts
    return caught.value


def refused_soundly(call, *words: str) -> None:
    """A call is refused by an error that is sound and says these words."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)
    sound(caught.value)


def sound(error):
    """A message of bounded length, that pickles."""
    assert len(str(error)) <= 2000
    assert len(repr(error)) <= 4100
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert (type(again), str(again), again.argument, again.row) == (
            type(error),
            str(error),
            error.argument,
            error.row,
        )


def refused_file(path, columns=None, **options):
    """The message and the error of a file that cannot be read."""
    with pytest.raises(adl.AdlError) as caught:
        adl.read_positions(path, columns, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message, caught.value
