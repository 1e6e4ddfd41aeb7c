"""Text from outside that is shown: so that each of its characters is seen."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["call_text", "one_line", "visible", "visible_json"]

#: Reprs that are longer are broken into lines.
REPR_COLUMNS = 80

#: Characters of what another library says that an error repeats.
MOST_REPEATED = 200

#: Printable to Python, and yet drawn as nothing or as blank: joiners, fillers, selectors of variants, empty Braille.
BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def visible(text: str) -> str:
    r"""A text in which every character is seen: what is not printable is escaped as in Python.

    That is whatever moves a cursor, turns the direction of writing around, ends a line or has no width: control and
    format characters, separators other than the space, halves of surrogate pairs, and what Unicode has not assigned.
    A backslash stays one, so a text that is visible stays as it is.

    Examples
    --------
    >>> print(visible("ann\x1b[2J\u202e\n"), visible("Ćao"))
    ann\x1b[2J\u202e\n Ćao
    """
    return _escaped(text, lambda character: character.encode("unicode_escape").decode())


def visible_json(text: str) -> str:
    r"""JSON on one line, which says the same, in characters that are seen.

    Examples
    --------
    >>> print(visible_json('"\x7f\u202e\U000e0001"'))
    "\u007f\u202e\udb40\udc01"
    """
    return _escaped(text, _json_escape)


def call_text(name: str, terms: list[str]) -> str:
    """A call as its repr shows it: as many terms on a line as fit, those that follow below the first."""
    lines = [f"{name}({terms[0]}"]
    for term in terms[1:]:
        # One column for the comma or the bracket that follows.
        if len(lines[-1]) + 2 + len(term) + 1 <= REPR_COLUMNS:
            lines[-1] += f", {term}"
        else:
            lines.append(" " * (len(name) + 1) + term)
    return ",\n".join(lines) + ")"


def one_line(error: BaseException) -> str:
    """What another library says of a file, as a part of one line.

    Examples
    --------
    >>> one_line(ValueError("no  table"))
    'no table'
    """
    return " ".join(str(error).split())[:MOST_REPEATED]


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    """A text in which whatever is not seen is written as `escape` has it."""
    if text.isprintable() and not BLANK.search(text):
        return text
    return "".join(
        character if character.isprintable() and not BLANK.match(character) else escape(character) for character in text
    )


def _json_escape(character: str) -> str:
    """A character in units of 16 bits, as JSON writes it."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
