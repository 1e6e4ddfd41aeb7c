"""The command line: a file for each command, and what they share."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .._support.extras import require
from ..errors import AdlError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process: 0, or 2 with one line on stderr where something is wrong.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without it those of the process.

    Examples
    --------
    >>> main(["--version"])
    Traceback (most recent call last):
    SystemExit: 0
    """
    try:
        for package in ("rich", "typer"):  # the command line is nothing without either
            require(package, f"the command line ({package})")
    except AdlError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    try:
        from ._app import run
    except KeyboardInterrupt:  # as in a command: importing them takes half a second
        sys.exit(130)
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
