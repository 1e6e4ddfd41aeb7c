"""``adlcore simulate``: a scenario made to happen and kept; ``adlcore scenario init``: one to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._support import files
from .._support.text import visible
from ..errors import AdlError
from ..io.runs.folder import command
from . import _inputs, _output, _screen

__all__ = ["scenario", "simulate"]


def simulate(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A TOML file; adlcore scenario init writes one.")],
    out: _inputs.OutOption = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the seed in the file.")] = None,
    with_report: _inputs.ReportOption = True,
    as_json: _inputs.JsonOption = False,
) -> None:
    """Make a crash happen and keep every event of it: who was liquidated, who paid, who was deleveraged."""
    from ..lab import scenarios
    from ._recording import happened

    given = scenarios.load(file)
    if seed is not None:
        given = given.model_copy(update={"seed": seed})
    document = happened(given, _folder(given.name) if out is None else out, with_report, as_json)
    if as_json:
        _inputs.print_json(document)


def _folder(name: str) -> Path:
    """Below the current folder, whatever the name is."""
    folder = Path(f"adlcore-{name}")
    if folder.parts != (folder.name,) or visible(folder.name) != folder.name:
        raise AdlError.at("name", None, name, "must be a name that a folder can have, or be given --out FOLDER")
    return folder


scenario = typer.Typer(name="scenario", help="Write a scenario to begin with.")


@scenario.callback(invoke_without_command=True)
def _scenario(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        _screen.write(context.get_help())


@scenario.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet; - prints it.")] = Path(
        "scenario.toml"
    ),
) -> None:
    """Write a scenario with every key, its value, and what it means."""
    from ..lab import scenarios

    with files.replaced(_output.destination(file), new=True) as opened:
        opened.write(scenarios.template().encode())
    if not _output.is_stdout(file):
        _screen.write(f"{file} written: {command('simulate', file)}")
