"""``adlcore resume``: a run that was stopped, gone on with from the last pass that was complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from .. import io
from .._support.extras import require
from .._support.members import stat_member
from .._support.wording import counted
from ..errors import AdlError
from ..io import Run
from ..io.runs.folder import LOG, command_line, is_blank, temporary_names_left
from ..io.runs.manifest import read_manifest
from ..io.runs.reader import open_log
from ..io.runs.repair import Repair
from ..io.runs.versions import made_by
from . import _options
from ._screen import print_lines

__all__ = ["resume"]


def resume(
    run: _options.RunArgument,
    repair: Annotated[
        bool, typer.Option("--repair", help="First put aside what was altered, and say what that is.")
    ] = False,
) -> None:
    """Go on with a run that was stopped, from the last pass that was complete."""
    # Late: pydantic, for scenarios, is slow to import.
    from ._crash_runs import advise_resume, crash_of, hash_line, passes_with_bar, remake_crash
    from ._pass_bar import PassBar

    there = _stopped_run(run)
    if repair:
        with remake_crash(there, "repairing") as (crash, bar):
            repaired = io.repair(run, crash.house, passes_with_bar(crash, bar))
        print_lines(f"{run}: {_what_was_put_aside(repaired)}")
        if repaired.reason is not None:
            print_lines(repaired.reason)
    if there.sealed:
        # Its writer was stopped while it put things away.
        if temporary_names_left(run) or stat_member(run / LOG) is not None:
            io.resume(run, crash_of(there).house, ())
        print_lines(f"{run}: sealed already, nothing to do")
        print_lines(f"made by {made_by(there.manifest)}")
        return
    before = sum(1 for _ in open_log(run, there.manifest))
    crash = crash_of(there)
    with _repair_named(run), advise_resume(run), PassBar(crash, "resuming") as bar:
        resumed = io.resume(run, crash.house, crash.passes(), on_pass=bar)
    after = len(resumed.passes()["pass"])
    print_lines(f"{run}: {before} of {after} passes were complete; {after - before} made now, sealed")
    print_lines(f"made by {made_by(resumed.manifest)}")
    print_lines(hash_line(resumed.manifest["hashes"]["digest"]))


def _stopped_run(folder: Path) -> Run:
    """A run as its manifest tells it, whatever else is there by now, and however that looks.

    Raises
    ------
    AdlError
        Where it was stopped before the manifest stood: the commands that begin it again are named.
    """
    require("pyarrow.parquet", "resuming runs")
    if folder.is_dir() and is_blank(folder):
        again = f"{command_line('demo --out', folder)}, or {command_line('simulate SCENARIO --out', folder)}"
        message = f"{folder} holds no run yet: must be begun again with the command that was stopped, {again}"
        raise AdlError(message, argument="RUN", value=str(folder))
    return Run(folder, read_manifest(folder))


def _what_was_put_aside(repaired: Repair) -> str:
    """What a repair kept, and what it took away."""
    if not repaired.put_aside:
        return "nothing to repair"
    kept = _in_passes(repaired.kept_passes, repaired.kept_events)
    dropped = _in_passes(repaired.dropped_passes, repaired.dropped_events)
    aside = ", ".join(path.name for path in repaired.put_aside)
    return f"{kept} kept; {dropped}, {repaired.dropped_bytes:,} bytes dropped, put aside as {aside}"


def _in_passes(passes: int, events: int) -> str:
    """So many passes, and their events."""
    return f"{counted(passes, 'pass', 'passes', plain=True)} ({counted(events, 'event', plain=True)})"


@contextmanager
def _repair_named(folder: Path) -> Iterator[None]:
    """Where a pass is not as it was made, the command that keeps those before it is named."""
    try:
        yield
    except AdlError as error:
        if not (error.argument or "").startswith("passes"):
            raise
        # The passes are those of the scenario in the manifest, so it is the log that was altered.
        advice = (
            f"{error}; {command_line('resume --repair', folder)} keeps the passes before it and puts aside the rest"
        )
        raise AdlError(advice, argument=error.argument, row=error.row, value=error.value) from None
