"""``adlcore report``: what happened in a run, as one HTML file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import io
from .._support import files
from .._support.members import stat_member
from ..errors import AdlError
from ..io.runs.folder import is_own_name
from . import _options, _output
from ._screen import print_lines

__all__ = ["REPORT", "report"]

#: The name of a report in the folder of its run.
REPORT = "report.html"


def report(
    run: _options.RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The HTML file; - prints it. Without: report.html in the run."),
    ] = None,
) -> None:
    """Write what happened in a run as one HTML file that needs no network."""
    from .. import report as pages  # late: pages and their plots are slow to import

    there = io.open_run(run)
    if out is None:
        out = run / REPORT
        stat_member(out)  # nobody asked for what a link in a run leads to
        with files.open_replacement(out, follow=False) as file:
            pages.write(there, file)
    else:
        _output.refuse_input(out, *(path for path in run.rglob("*") if path.is_file() and path.name != REPORT))
        _refuse_own(run, out)
        pages.write(there, _output.destination(out))
    plain = out != _output.STDOUT and not files.is_stream(out)
    said = f"{out.stat().st_size / 2**20:.1f} MiB" if plain else "written"
    print_lines(f"{_output.output_name(out)}: {said}", sys.stderr if _output.is_stdout(out) else None)


def _refuse_own(run: Path, out: Path) -> None:
    """Refuse, in the folder of a run, what its writers use: they would come upon a page there and go no further."""
    if out == _output.STDOUT:
        return
    folder = Path(os.path.realpath(run))
    for place in (Path(os.path.realpath(out.parent), out.name), Path(os.path.realpath(out))):
        if place.is_relative_to(folder) and any(map(is_own_name, place.relative_to(folder).parts[:1])):
            must = f"must be {run / REPORT}, or another name that the run does not use"
            raise AdlError.at("out", None, str(out), must)
