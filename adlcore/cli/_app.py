"""The application: its commands, in the order of the help, and one policy of errors for all of them.

How to add a command: write ``cli/NAME.py`` with a function whose docstring is its help, taking what others take from
:mod:`~adlcore.cli._options`; read with `_inputs`, print by `_screen`, `_tables` and `_json` alone, compute nothing;
add it to `COMMANDS`, and its test as in ``tests/cli``. What only it needs and is slow to import is imported
in the function: ``adlcore --version`` waits for all that stands above.

Whatever goes wrong is a line on stderr and exit code 2, never a traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from .._support.extras import PACKAGES, fault_of
from .._version import __version__
from ..errors import AdlError, shorten_message
from ._reading import guard_command
from ._screen import complain, print_lines
from .deleverage import deleverage
from .demo import demo
from .explain import explain
from .margin import margin
from .query import query
from .rank import rank
from .report import report
from .resume import resume
from .scenario import scenario
from .simulate import simulate
from .verify import verify

__all__ = ["app", "run"]

#: As the help lists them. One under `guard_command` reads what its first argument names until it ends: whatever a
#: library makes of that file is a fault of the file.
COMMANDS: tuple[Callable[..., None], ...] = (
    *(rank, deleverage, margin, explain, demo),
    *(
        guard_command(simulate),
        guard_command(verify),
        guard_command(resume),
        guard_command(query),
        guard_command(report),
    ),
)

app = typer.Typer(
    name="adlcore",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(scenario)


def _version(wanted: bool) -> None:
    if wanted:
        print_lines(f"adlcore {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def adlcore(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Who is auto-deleveraged on a perpetual-futures market, how much, and in which order."""
    if context.invoked_subcommand is None:
        print_lines(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run a command; the exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="replace")  # a label that the terminal cannot show is no reason to fail
    try:
        command = typer.main.get_command(app)
        code: Any = command.main(list(arguments), prog_name="adlcore", standalone_mode=False)
    except BrokenPipeError:
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename is not None else ""
        return _complain(f"{error.strerror or error}{where}")
    except AdlError as error:
        return _complain(str(error))
    except ImportError as error:  # of a package that another one loads late, as typer does with pydantic
        if (package := (error.name or "").partition(".")[0]) not in PACKAGES:
            raise
        return _complain(str(fault_of(package, "the command line", error)))
    except MemoryError:
        return _complain("this needs more memory than there is")
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:
        # Usage errors are of the click that typer brings with it, or of click itself where typer is older.
        told = getattr(error, "format_message", None)
        if told is None:
            raise
        return _complain(told())
    return code if isinstance(code, int) else 0


def _open_closed_streams() -> None:
    """Let what a caller has closed lead nowhere: Python has None there, and a file may come to have the descriptor."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _complain(message: str) -> int:
    # A message of the parser of options repeats what it was given, however long that is.
    complain("error", shorten_message(message))
    return 2
