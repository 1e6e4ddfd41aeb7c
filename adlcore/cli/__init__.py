"""The command line: ``adlcore rank``, ``deleverage``, ``margin``, ``explain``, ``demo``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

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
        import rich  # noqa: F401 - the command line is nothing without either
        import typer  # noqa: F401
    except ImportError as error:
        sys.exit(_missing(error))
    from ._app import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def _missing(error: ImportError) -> int:
    from ..errors import missing_extra

    print(f"error: {missing_extra('cli', f'the command line ({error.name})')}", file=sys.stderr)
    return 2
