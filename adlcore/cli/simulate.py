"""``adlcore simulate``: a scenario made to happen and kept; ``adlcore scenario init``: one to begin with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from .. import _files
from . import _common, _output, _tables

__all__ = ["scenario", "simulate"]


def simulate(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A TOML file; adlcore scenario init writes one.")],
    out: _common.OutOption = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the seed in the file.")] = None,
    with_report: _common.ReportOption = True,
    as_json: _common.JsonOption = False,
) -> None:
    """Make a crash happen and keep every event of it: who was liquidated, who paid, who was deleveraged."""
    from ..lab import scenarios
    from ._crashes import happened

    given = scenarios.load(file)
    if seed is not None:
        given = given.model_copy(update={"seed": seed})
    document = happened(given, Path(f"adlcore-{given.name}") if out is None else out, with_report, as_json)
    if as_json:
        _common.print_json(document)


scenario = typer.Typer(name="scenario", help="Write a scenario to begin with.")


@scenario.callback(invoke_without_command=True)
def _scenario(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@scenario.command()
def init(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is not there yet; - prints it.")] = Path(
        "scenario.toml"
    ),
) -> None:
    """Write a scenario with every key, its value, and what it means."""
    from ..lab import scenarios

    with _files.replaced(_output.destination(file), new=True) as opened:
        opened.write(scenarios.template().encode())
    if not _output.is_stdout(file):
        typer.echo(f"{_tables.label(file)} written: adlcore simulate {_tables.label(shlex.quote(str(file)))}")
