"""The ways out to a terminal: whatever is printed goes through here, and is text, whoever wrote it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from .._support.text import visible

__all__ = ["Screen", "complain", "print_lines"]


class Screen(Console):
    """A console without markup, on which every character is seen: an account's name can neither move nor paint.

    A text is made visible before it is laid out, so that columns keep their widths. Whatever comes some other way
    is made visible where it is printed.

    Parameters
    ----------
    stderr : bool
        Whether it is stderr, or stdout.
    """

    def __init__(self, *, stderr: bool = False, **more: Any) -> None:
        super().__init__(stderr=stderr, highlight=False, markup=False, emoji=False, **more)

    def render_str(self, text: str, **how: Any) -> Text:
        """One line of text as it stands."""
        return super().render_str(visible(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The pieces of a line; of those that are no control of the console's own, every character is seen."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(_lines(text), style)

    def titled(self, title: str, rest: str) -> None:
        """Print a line that begins in bold."""
        self.print(Text.assemble((visible(title), "bold"), visible(rest)), soft_wrap=True)


def print_lines(text: str, file: TextIO | None = None) -> None:
    """Print lines as they stand, on stdout where no file is given."""
    out = sys.stdout if file is None else file
    out.write(_lines(text) + "\n")


def complain(kind: str, message: str) -> None:
    """Print an error or a warning: one line on stderr."""
    print_lines(visible(f"{kind}: {' '.join(message.split())}"), sys.stderr)


def _lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))
