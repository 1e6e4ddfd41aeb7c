"""The command line: ``adlcore rank``, ``deleverage``, ``margin``, ``explain``, ``demo``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .._extras import needs
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
            needs(package, f"the command line ({package})")
    except AdlError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    from ._app import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
