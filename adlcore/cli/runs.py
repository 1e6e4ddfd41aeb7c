"""``adlcore verify``, ``resume`` and ``report``: what one does with a run that is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import io
from .._support import files
from .._support.members import member
from .._support.wording import counted
from ..errors import AdlError
from ..io.runs.folder import is_own_name
from ..io.runs.versions import made_by
from . import _common, _output, _screen

__all__ = ["report", "resume", "verify"]


def verify(run: _common.RunArgument) -> None:
    """Make every pass of a run again and compare each event, balance and hash with what is kept."""
    from ._crashes import crash_of, told_hash, watched
    from ._pass_bar import PassBar

    crash = crash_of(io.open_run(run))
    with PassBar(crash, "verifying") as bar:
        found = io.verify(run, crash.house, watched(crash, bar))
    passes = found.passes()
    state = "sealed" if found.sealed else "open"
    made = counted(len(passes["pass"]), "pass", "passes", plain=True)
    events = counted(int(passes["events"].sum()), "event", plain=True)
    _screen.write(f"{run}: {state}, {made}, {events}: all as they were made")
    _screen.write(f"made by {made_by(found.manifest)}")
    # Of a run without a pass yet, the hash that it began with.
    digest = passes["digest"][-1] if len(passes["digest"]) else found.manifest["opening"]["digest"]
    _screen.write(told_hash(digest))


def resume(
    run: _common.RunArgument,
    repair: Annotated[
        bool, typer.Option("--repair", help="First put aside what was altered, and say what that is.")
    ] = False,
) -> None:
    """Go on with a run that was stopped, from the last pass that was complete."""
    from . import _stopped

    there = _stopped.stopped_run(run)
    if repair:
        _stopped.repair(there)
    _stopped.resume(there)


def report(
    run: _common.RunArgument,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="The HTML file; - prints it. Without: report.html in the run."),
    ] = None,
) -> None:
    """Write what happened in a run as one HTML file that needs no network."""
    from .. import report as pages
    from ._crashes import REPORT

    there = io.open_run(run)
    if out is None:
        out = run / REPORT
        member(out)  # nobody asked for what a link in a run leads to
        with files.replaced(out, follow=False) as file:
            pages.write(there, file)
    else:
        _output.refuse_input(out, *(path for path in run.rglob("*") if path.is_file() and path.name != REPORT))
        _refuse_own(run, out)
        pages.write(there, _output.destination(out))
    plain = out != _output.STDOUT and not files.is_stream(out)
    said = f"{out.stat().st_size / 2**20:.1f} MiB" if plain else "written"
    _screen.write(f"{_output.named(out)}: {said}", sys.stderr if _output.is_stdout(out) else None)


def _refuse_own(run: Path, out: Path) -> None:
    """Refuse, in the folder of a run, what its writers use: they would come upon a page there and go no further."""
    from ._crashes import REPORT

    if out == _output.STDOUT:
        return
    folder = Path(os.path.realpath(run))
    for place in (Path(os.path.realpath(out.parent), out.name), Path(os.path.realpath(out))):
        if place.is_relative_to(folder) and any(map(is_own_name, place.relative_to(folder).parts[:1])):
            must = f"must be {run / REPORT}, or another name that the run does not use"
            raise AdlError.at("out", None, str(out), must)
