"""``adlcore scenario init``: a scenario to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._support import files
from ..io.runs.folder import command_line
from . import _output
from ._screen import print_lines

__all__ = ["scenario"]

scenario = typer.Typer(name="scenario", help="Write a scenario to begin with.")


@scenario.callback(invoke_without_command=True)
def _scenario(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print_lines(context.get_help())


@scenario.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet; - prints it.")] = Path(
        "scenario.toml"
    ),
) -> None:
    """Write a scenario with every key, its value, and what it means."""
    from ..lab import scenarios  # late: pydantic is slow to import

    with files.open_replacement(_output.destination(file), new=True) as opened:
        opened.write(scenarios.template().encode())
    if not _output.is_stdout(file):
        print_lines(f"{file} written: {command_line('simulate', file)}")
