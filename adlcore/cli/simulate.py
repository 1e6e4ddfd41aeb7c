"""``adlcore simulate``: a scenario made to happen and kept; ``adlcore scenario init``: one to begin with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from .._text import visible
from ..errors import AdlError
from . import _common, _screen

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
    document = happened(given, _folder(given.name) if out is None else out, with_report, as_json)
    if as_json:
        _common.print_json(document)


def _folder(name: str) -> Path:
    """Below the current folder, whatever the name is."""
    folder = Path(f"adlcore-{name}")
    if folder.parts != (folder.name,) or visible(folder.name) != folder.name:
        raise AdlError.at("name", None, name, "must be a name that a folder can have, or be given --out FOLDER")
    return folder


def scenario(
    action: Annotated[str, typer.Argument(metavar="init", help="init: write a commented scenario.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")] = Path("scenario.toml"),
) -> None:
    """Write a scenario with every key, its value, and what it means."""
    from ..lab import scenarios

    if action != "init":
        raise AdlError.at("scenario", None, action, "must be init")
    with open(out, "x", encoding="utf-8") as file:
        file.write(scenarios.template())
    _screen.write(f"{out} written: adlcore simulate {os.fspath(out)}")
