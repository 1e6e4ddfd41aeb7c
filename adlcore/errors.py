"""The errors that adlcore raises.

Every refusal is an :class:`AdlError`, which is a :class:`ValueError`. Its message names the
argument, the row and the value at fault and says what would be right; the same facts are
attributes, so that a service can log them as fields. A message is of bounded length, whatever
the value was.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from ._support.text import visible

__all__ = [
    "AdlError",
    "BrokenSnapshotError",
    "MissingExtraError",
    "OpenInterestWarning",
    "keyed",
    "shorten_message",
    "value_text",
]

#: The longest message, in characters; a longer one loses its middle.
LONGEST_MESSAGE = 2000

#: A value is shown in at most so many characters.
LONGEST_VALUE = 160

#: Of a text that is longer, so many characters are shown of its beginning, and of its end, where a path has its name.
SHOWN_HEAD, SHOWN_TAIL = 40, 32

#: An int of at most so many bits is shown digit by digit.
SHOWN_BITS = 400


class AdlError(ValueError):
    """Bad input: nothing was computed and nothing was changed.

    Parameters
    ----------
    message : str
        One sentence that names argument, row and value, and what would be right.
    argument : str, optional
        The name of the argument, column or option at fault.
    row : int, optional
        The first row at fault, counted from 0.
    value : object, optional
        The value that was found there. In a pickle, one that cannot be pickled is the text that shows it.
    must : str, optional
        What would be right, as the message says it.

    Examples
    --------
    >>> error = AdlError.at("equity", 3, float("nan"), "must be a number")
    >>> print(error)
    equity[3] is nan: must be a number
    >>> error.argument, error.row
    ('equity', 3)
    """

    def __init__(
        self,
        message: str,
        *,
        argument: str | None = None,
        row: int | None = None,
        value: Any = None,
        must: str | None = None,
    ) -> None:
        super().__init__(shorten_message(visible(message)))
        self.argument = argument
        self.row = row
        self.value = value
        self.must = must

    @classmethod
    def at(cls, argument: str, row: int | None, value: Any, must: str) -> AdlError:
        """Build the error for one value: ``argument[row] is value: must ...``; a long value is shown shortened."""
        found = _scalar(value)
        place = argument if row is None else f"{argument}[{row}]"
        return cls(f"{place} is {value_text(found)}: {must}", argument=argument, row=row, value=found, must=must)

    def placed(self, argument: str, row: int | None, value: Any) -> AdlError:
        """The same complaint about a value as its owner knows it: the cell of a table, the row before a sort."""
        return AdlError.at(argument, row, value, self.must or str(self))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        value = self.value
        try:
            pickle.dumps(value, protocol)
        except Exception:  # what a value raises there is its own affair: the error must come through
            value = value_text(value)
        return _rebuild, (type(self), str(self), self.argument, self.row, value, self.must)


class MissingExtraError(AdlError, ImportError):
    """An optional dependency is not installed; the message gives the command that installs it, `argument` the extra.

    One that is installed, and too old or broken, is an :class:`AdlError` that says so.

    Examples
    --------
    >>> told = "reading Parquet needs the 'files' extra: pip install 'adlcore[files]'"
    >>> error = MissingExtraError(told, argument="files")
    >>> print(error)
    reading Parquet needs the 'files' extra: pip install 'adlcore[files]'
    >>> error.argument
    'files'
    """


class BrokenSnapshotError(AdlError):
    """Rows of a snapshot that cannot be: the message names the first, `problems` every one.

    Parameters
    ----------
    problems : sequence of AdlError
        At least one, each with argument, row and value.

    Examples
    --------
    >>> faults = [AdlError.at("positions.wallet", row, 9, "must be a row of the wallets, 0 to 1") for row in (0, 4)]
    >>> error = BrokenSnapshotError(faults)
    >>> print(error)
    positions.wallet[0] is 9: must be a row of the wallets, 0 to 1; and 1 more
    >>> [(problem.argument, problem.row) for problem in error.problems]
    [('positions.wallet', 0), ('positions.wallet', 4)]
    """

    def __init__(self, problems: Sequence[AdlError]) -> None:
        first, more = problems[0], len(problems) - 1
        message = f"{first}; and {more:,} more" if more else str(first)
        super().__init__(message, argument=first.argument, row=first.row, value=first.value)
        self.problems = tuple(problems)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class OpenInterestWarning(UserWarning):
    """The longs and shorts of a contract differ: someone's position is missing from a snapshot.

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("error", OpenInterestWarning)  # to have it raised
    >>> warnings.simplefilter("default", OpenInterestWarning)
    """


def value_text(value: object) -> str:
    """A value as a message shows it: its repr in at most 160 characters, whatever it is.

    Examples
    --------
    >>> value_text("X"), value_text(2**64)
    ("'X'", '18446744073709551616')
    >>> value_text("9" * 5000)
    "'9999999999999999999999999999999999999999'...'99999999999999999999999999999999' of 5,000 characters"
    >>> value_text(10**5000)
    'a whole number of 16,610 bits'
    """
    if isinstance(value, int) and int.bit_length(value) > SHOWN_BITS:
        return f"a whole number of {int.bit_length(value):,} bits"
    if isinstance(value, str | bytes | bytearray) and len(value) > LONGEST_VALUE - 2:
        unit = "characters" if isinstance(value, str) else "bytes"
        return f"{value[:SHOWN_HEAD]!r}...{value[-SHOWN_TAIL:]!r} of {len(value):,} {unit}"[:LONGEST_VALUE]
    try:
        text = repr(value)
    except Exception:  # a repr of somebody else's, or a whole number inside with too many digits
        text = f"a {type(value).__name__} that cannot be shown"
    text = " ".join(text.split()) if "\n" in text else text  # a table of several rows: a message is one line
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + "..."


def keyed(argument: str, key: object) -> str:
    """The entry of a mapping as errors call it.

    Examples
    --------
    >>> keyed("marks", "BTCUSDT")
    "marks['BTCUSDT']"
    """
    return f"{argument}[{value_text(key)}]"


def _scalar(value: Any) -> Any:
    """NumPy's scalars as Python's own; anything else as it is."""
    try:
        return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
    except Exception:  # an `item` of somebody else's
        return value


def shorten_message(message: str) -> str:
    """A message that is not too long; one that is keeps its beginning, and its end, which says what would be right."""
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2 - 2
    return f"{message[:half]}...{message[-half:]}"


def from_kernel(error: ValueError) -> AdlError:
    """Turn a kernel's ``ValueError(argument, row, value, must)`` into the public error.

    Kernels import nothing of the package, so they raise plain tuples of facts.
    """
    argument, row, value, must = error.args
    return AdlError.at(argument, row, value, must)


def _rebuild(
    kind: type[AdlError], message: str, argument: str | None, row: int | None, value: Any, must: str | None
) -> AdlError:
    return kind(message, argument=argument, row=row, value=value, must=must)
