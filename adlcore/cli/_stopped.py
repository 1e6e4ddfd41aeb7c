"""Runs that were stopped, on the command line: what is there, and the command that goes on from there."""

from __future__ import annotations

from pathlib import Path

from .. import io
from .._support.extras import needs
from .._support.members import member
from .._support.wording import counted
from ..errors import AdlError
from ..io import Run
from ..io.runs.folder import LOG, command, is_blank, work_left
from ..io.runs.manifest import read_manifest
from ..io.runs.reader import open_log
from ..io.runs.versions import made_by
from . import _screen
from ._crashes import crash_of, told_hash, told_how_to_go_on, watched
from ._pass_bar import PassBar

__all__ = ["repair", "resume", "stopped_run"]


def stopped_run(folder: Path) -> Run:
    """A run as its manifest tells it, whatever else is there by now, and however that looks.

    Raises
    ------
    AdlError
        Where it was stopped before the manifest stood: the commands that begin it again are named.
    """
    needs("pyarrow.parquet", "resuming runs")
    if folder.is_dir() and is_blank(folder):
        again = f"{command('demo --out', folder)}, or {command('simulate SCENARIO --out', folder)}"
        message = f"{folder} holds no run yet: must be begun again with the command that was stopped, {again}"
        raise AdlError(message, argument="RUN", value=str(folder))
    return Run(folder, read_manifest(folder))


def resume(run: Run) -> None:
    """Go on with a run, and tell how far it had come."""
    folder = run.path
    if run.sealed:
        if work_left(folder) or member(folder / LOG) is not None:  # its writer was stopped while it put things away
            io.resume(folder, crash_of(run).house, ())
        _screen.write(f"{folder}: sealed already, nothing to do")
        _screen.write(f"made by {made_by(run.manifest)}")
        return
    before = sum(1 for _ in open_log(folder, run.manifest))
    crash = crash_of(run)
    try:
        with told_how_to_go_on(folder), PassBar(crash, "resuming") as bar:
            found = io.resume(folder, crash.house, crash.passes(), on_pass=bar)
    except AdlError as error:
        if not (error.argument or "").startswith("passes"):
            raise
        # The passes are those of the scenario in the manifest, so it is the log that was altered.
        told = f"{error}; {command('resume --repair', folder)} keeps the passes before it and puts aside the rest"
        raise AdlError(told, argument=error.argument, row=error.row, value=error.value) from None
    after = len(found.passes()["pass"])
    _screen.write(f"{folder}: {before} of {after} passes were complete; {after - before} made now, sealed")
    _screen.write(f"made by {made_by(found.manifest)}")
    _screen.write(told_hash(found.manifest["hashes"]["digest"]))


def repair(run: Run) -> None:
    """Put aside what is no sound pass of a run, and tell what that was."""
    crash = crash_of(run)
    with PassBar(crash, "repairing") as bar:
        found = io.repair(run.path, crash.house, watched(crash, bar))
    if not found.put_aside:
        _screen.write(f"{run.path}: nothing to repair")
        return
    kept = _in_passes(found.kept_passes, found.kept_events)
    dropped = _in_passes(found.dropped_passes, found.dropped_events)
    aside = ", ".join(path.name for path in found.put_aside)
    _screen.write(f"{run.path}: {kept} kept; {dropped}, {found.dropped_bytes:,} bytes dropped, put aside as {aside}")
    if found.reason is not None:
        _screen.write(found.reason)


def _in_passes(passes: int, events: int) -> str:
    """So many passes, and their events."""
    return f"{counted(passes, 'pass', 'passes', plain=True)} ({counted(events, 'event', plain=True)})"
