"""A run whose log was altered: the passes that prove themselves stay, what follows them is put aside."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from ..._support import files
from ..._support.extras import require
from ..._support.members import open_member, stat_member
from ..._support.options import read_path
from ..._support.wording import counted
from ...clearing import ClearingHouse, Snapshot
from ...errors import AdlError
from ..manifests import hash_error
from .files import lock_folder, open_temporary, temporary_name
from .folder import AFTER, BEFORE, DROPPED, LOG, command_line, refuse_strange
from .log import LoggedPass, PassLog
from .manifest import read_manifest
from .parquet_files import TABLES
from .passes import Inputs, PassMaker, event_difference, input_difference, refuse_non_house, refuse_other_house
from .reader import load_part, load_users, open_log
from .versions import name_versions, refuse_other_numbers

__all__ = ["Repair", "repair_advice", "repair"]


class Repair(NamedTuple):
    """What a repair kept of a run, and what it took away.

    Attributes
    ----------
    kept_passes, kept_events : int
    dropped_passes, dropped_events : int
        As far as they can be told apart: bytes that are no pass count as bytes alone.
    dropped_bytes : int
    reason : str or None
        What is wrong with the first thing that was dropped.
    put_aside : tuple of Path
        Where all of it is now.

    Examples
    --------
    >>> Repair(3, 66, 1, 9, 4096, "pass 3 holds other bytes than were written", ()).kept_passes
    3
    """

    kept_passes: int
    kept_events: int
    dropped_passes: int
    dropped_events: int
    dropped_bytes: int
    reason: str | None
    put_aside: tuple[Path, ...]


def repair(path: str | os.PathLike[str], house: ClearingHouse, passes: Iterable[Inputs]) -> Repair:
    """Make a run that was altered one that :func:`resume` goes on with.

    Parameters
    ----------
    path, house, passes
        As :func:`resume`. A recorded pass that they do not make is dropped, so they must be the right ones.

    Returns
    -------
    Repair
        What was kept, what was dropped, and where it is now.

    Raises
    ------
    AdlError
        If the folder is no run, another writer has it, `house` is not as it was then, or the manifest was altered:
        nothing proves what it says. If the run was made by a version of adlcore that knows other kinds or causes of
        events. If it is sealed and was altered: it is not opened again, for the log that it was made of is gone. If
        the house refuses a pass.
    OSError
        As :func:`record`.

    Notes
    -----
    The passes that are kept are the longest beginning of ``events.arrow`` of which each has the bytes that were
    written, the place and the rolling hash that it must have, and is what house and passes make. What follows is
    copied to a file of this name with ``.dropped`` behind it, and then cut off; where such a file is there already,
    a number follows. ``before/`` and ``after/`` are put aside in the same way where they are not what the house
    holds before the first pass, and after the last: they are written again. What a writer that was stopped left of
    a pass is no damage; :func:`resume` cuts it.

    A repair that is stopped is made again: nothing is cut before its copy is on the disk.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> contract = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))
    >>> snapshot = adl.Snapshot.build([contract], {"account": ["ann"], "balance": ["9"]}, [], {"X": 2})
    >>> def house():
    ...     return adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
    >>> passes = [adl.io.Inputs(time, {"X": "2.5"}) for time in (1, 2)]
    >>> def stopped():
    ...     yield passes[0]
    ...     raise KeyboardInterrupt
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = pathlib.Path(parent, "quiet")
    ...     try:
    ...         adl.io.record(folder, house(), stopped())
    ...     except KeyboardInterrupt:
    ...         with open(folder / "events.arrow", "ab") as file:
    ...             _ = file.write(b"no pass")
    ...     repaired = adl.io.repair(folder, house(), passes)
    ...     adl.io.resume(folder, house(), passes)
    <Run 'quiet', sealed: 2 passes, 0 events>
    >>> repaired.kept_passes, repaired.dropped_bytes, repaired.put_aside[0].name
    (1, 7, 'events.arrow.dropped')
    """
    require("pyarrow.parquet", "repairing runs")
    folder = read_path("path", path)
    refuse_non_house(house)
    with lock_folder(folder):
        manifest = read_manifest(folder)
        refuse_strange(folder)
        with name_versions(folder, manifest):
            refuse_other_house(folder, manifest, house)
        if manifest["status"] == "sealed":
            _refuse_altered_seal(folder, manifest)
            counts = manifest["counts"]
            return Repair(counts["passes"], counts["events"], 0, 0, 0, None, ())
        log, maker = open_log(folder, manifest), PassMaker(house, passes)
        refuse_other_numbers(folder, manifest)  # none of its passes would be made again as it is
        before = maker.house.snapshot()  # now, for each pass that is made again moves the house on
        events, error = 0, None
        for logged in log:
            if (error := _difference(log, logged, maker)) is not None:
                break
            events += len(logged.table)
        count, end = (log.passes, log.end) if error is None else (log.passes - 1, log.start)
        if error is None and log.damage is not None:
            error = log.damage.error(log.path)
        aside = _put_aside(folder, BEFORE, before)
        if stat_member(folder / AFTER, folder=True) is not None:
            while maker.next_inputs() is not None:
                maker.make()
            aside += _put_aside(folder, AFTER, maker.house.snapshot())
        if error is None:
            return Repair(count, events, 0, 0, 0, None, aside)
        tail = log.tail(end)  # before it is cut off
        return Repair(
            kept_passes=count,
            kept_events=events,
            dropped_passes=tail.passes,
            dropped_events=tail.events,
            dropped_bytes=tail.size,
            reason=str(error),
            put_aside=(*aside, _cut(log, end)),
        )


def _difference(log: PassLog, logged: LoggedPass, maker: PassMaker) -> AdlError | None:
    """Make the next pass, whatever was recorded; what to raise where that is another one."""
    inputs = maker.next_inputs()
    error = input_difference(logged, inputs, maker.number)
    if inputs is not None:
        new_pass = maker.make()
        error = error or event_difference(log.path, logged, new_pass)
    return error


def repair_advice(
    folder: Path, log: PassLog, error: AdlError, *, end: int, kept_passes: int, kept_events: int
) -> AdlError:
    """An error of a run that was altered, with what a repair of it would keep and drop; `end` is where it would cut."""
    tail = log.tail(end)
    kept = f"{counted(kept_passes, 'pass', 'passes', plain=True)} ({counted(kept_events, 'event', plain=True)})"
    dropped = f"{tail.size:,} bytes" + (f", {counted(tail.passes, 'pass', 'passes')} among them" if tail.passes else "")
    command = f"{command_line('resume --repair', folder)} (adlcore.io.repair, with its own house and passes)"
    advice = f"{command} keeps {kept} and drops {dropped}"
    return AdlError(f"{error}; {advice}", argument=error.argument, row=error.row, value=error.value)


def _refuse_altered_seal(folder: Path, manifest: dict[str, Any]) -> None:
    """Refuse a sealed run that is not as it was written."""
    try:
        for name in TABLES:
            if (error := hash_error(folder / name, manifest["files"].get(name, ""))) is not None:
                raise error
        for part in (BEFORE, AFTER):
            load_part(folder, part, manifest)
    except AdlError as error:
        must = "must be recorded again, in another folder: a sealed run is not repaired, for its log is gone"
        raise AdlError(f"{error}; {must}", argument="path", value=str(folder)) from None


def _put_aside(folder: Path, part: str, expected: Snapshot) -> tuple[Path, ...]:
    """Give books another name that are there and cannot be read, or are not the expected ones."""
    if stat_member(folder / part, folder=True) is None:
        return ()
    with contextlib.suppress(AdlError):
        if load_users(folder / part).hash == expected.hash:
            return ()
    free = _free_name(folder / part)
    files.change(folder / part, os.rename, folder / part, free)
    files.sync_folder(folder)
    return (free,)


def _free_name(path: Path, digest: str | None = None) -> Path:
    """The first name for what is put aside that is free, or has these bytes since a repair that was stopped."""
    number, free = 1, path.with_name(path.name + DROPPED)
    while os.path.lexists(free) and not (digest is not None and _has_hash(free, digest)):
        number += 1
        free = path.with_name(f"{path.name}{DROPPED}.{number}")
    return free


def _has_hash(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and hash_error(path, digest) is None


def _cut(log: PassLog, end: int) -> Path:
    """Copy what stands behind the passes that are kept, then cut it off."""
    with open_member(log.path) as file:
        file.seek(end)
        free = _free_name(log.path, hashlib.file_digest(file, "sha256").hexdigest())
        file.seek(end)
        if stat_member(free) is None:
            with open_temporary(free, temporary_name(LOG + DROPPED)) as copy:
                shutil.copyfileobj(file, copy)
    with files.Sink.append(log.path, end):
        return free
