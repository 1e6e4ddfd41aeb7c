"""``adlcore simulate``: a scenario made to happen, and every event of it kept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .._support.text import visible
from ..errors import AdlError
from . import _options
from ._json import print_json

__all__ = ["simulate"]


def simulate(
    file: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A TOML file; adlcore scenario init writes one.")],
    out: _options.OutOption = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="Instead of the seed in the file.")] = None,
    with_report: _options.ReportOption = True,
    as_json: _options.JsonOption = False,
) -> None:
    """Make a crash happen and keep every event of it: who was liquidated, who paid, who was deleveraged."""
    # Late: pydantic, for scenarios, is slow to import.
    from ..lab import scenarios
    from ._recording import record_crash

    scenario = scenarios.load(file)
    if seed is not None:
        scenario = scenario.model_copy(update={"seed": seed})
    folder = _folder(scenario.name) if out is None else out
    document = record_crash(scenario, folder, with_report=with_report, quiet=as_json)
    if as_json:
        print_json(document)


def _folder(name: str) -> Path:
    """Below the current folder, whatever the name is."""
    folder = Path(f"adlcore-{name}")
    if folder.parts != (folder.name,) or visible(folder.name) != folder.name:
        raise AdlError.at("name", None, name, "must be a name that a folder can have, or be given --out FOLDER")
    return folder
