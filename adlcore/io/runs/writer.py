"""Runs: the passes of a clearing house in a folder that can be left at any moment and gone on with."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..._support import files
from ..._support.extras import require
from ..._support.members import stat_member
from ..._support.options import read_path
from ...clearing import ClearingHouse, Events, Snapshot
from ...errors import AdlError
from ..snapshots import write_files
from .files import fill_folder, lock_folder
from .folder import AFTER, BEFORE, LOG, command_line, refuse_occupied, refuse_strange, remove_temporary
from .log import LoggedPass, append_pass, write_head
from .manifest import opening_manifest, read_manifest, sealed_manifest, write_manifest
from .parquet_files import Vocabulary, write_tables
from .passes import Inputs, PassMaker, event_difference, refuse_non_house, refuse_other_house, vocabulary_of
from .reader import Run, load_part, open_log, open_run, refuse_numbers
from .repair import repair_advice
from .versions import name_versions, refuse_other_numbers

__all__ = ["record", "resume"]

#: What is called after each pass: its number, its events, and the house as it is then.
OnPass = Callable[[int, Events, ClearingHouse], object]


def record(
    path: str | os.PathLike[str],
    house: ClearingHouse,
    passes: Iterable[Inputs],
    *,
    configuration: Mapping[str, Any] | None = None,
    on_pass: OnPass | None = None,
) -> Run:
    """Make passes with a house, and keep everything that happens in a folder.

    Parameters
    ----------
    path : path
        Of the folder: not there yet, or empty. Its parent must be there. It may be a link to a folder; no link
        in it is ever followed, by this or anything else that reads or writes a run.
    house : ClearingHouse
        As it is before the first pass. Nobody else may change it until the run ends.
    passes : iterable of Inputs
        What each pass is given. It is asked for the next when the pass before was made, so a generator may
        change the house's order book before it yields.
    configuration : mapping, optional
        What JSON can hold; it is kept in the manifest, to know again what this was a run of. A report reads
        "rule", "funds" and "time_unit" of it: see :func:`adlcore.report.write`.
    on_pass : callable, optional
        Called with number, events and house after each pass is on the disk.

    Returns
    -------
    Run
        Sealed.

    Raises
    ------
    AdlError
        If the folder holds anything, another writer has it, the house refuses a pass (the message says
        which), or was changed by somebody else; without pyarrow.
    OSError
        Where the disk is full or the folder cannot be written; the file is named.

    Notes
    -----
    Whatever ends it early, a ``kill -9``, a full disk or an error of a pass, leaves the passes that were
    complete, and :func:`resume` goes on behind them. A pass is complete when its record batch is: each is
    appended to ``events.arrow`` and synchronized. All else is written beside its name, synchronized and
    renamed. At the end ``events.parquet``, ``passes.parquet``, ``marks.parquet`` and ``after/`` are
    written, then the manifest that says ``sealed``: with it the run is whole, and ``events.arrow`` goes.
    The same run gives the same files, byte for byte with the same libraries, stopped on its way or not. A
    folder in which not even the manifest came to stand counts as empty: it is recorded into again.

    One pass is held in memory at a time, and of a pass with few events the wait for the disk takes most of
    the time. The system's lock on the folder keeps a second writer out; it needs a POSIX system. A power
    failure, too, leaves what was synchronized; where a file system then has other bytes in place of the pass that
    was being written, they are refused as altered.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "10"},
    ... )
    >>> passes = [adl.io.Inputs(1, {"X": "9.9"}), adl.io.Inputs(2, {"X": "8.5"})]
    >>> def house():
    ...     return adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = pathlib.Path(parent, "crash")
    ...     run = adl.io.record(folder, house(), passes, configuration={"rule": "binance"})
    ...     adl.io.verify(folder, house(), passes)
    <Run 'crash', sealed: 2 passes, 7 events>
    """
    require("pyarrow.parquet", "recording runs")
    folder = read_path("path", path)
    refuse_non_house(house)
    _refuse_not_callable(on_pass)
    manifest = opening_manifest(house, {} if configuration is None else configuration)
    vocabulary = vocabulary_of(house)
    if not folder.is_dir():
        if folder.exists():
            raise AdlError(f"{folder} is a file: must be a folder, or not be there", argument="path", value=str(folder))
        with contextlib.suppress(FileExistsError):  # another writer was faster: the lock tells who it is
            files.change(folder, os.mkdir, folder)
        files.sync_folder(folder.parent)
    with lock_folder(folder):
        refuse_occupied(folder)
        write_manifest(folder, manifest)
        return _go_on(folder, manifest, vocabulary, PassMaker(house, passes), on_pass)


def resume(
    path: str | os.PathLike[str], house: ClearingHouse, passes: Iterable[Inputs], *, on_pass: OnPass | None = None
) -> Run:
    """Go on with a run that was stopped, and seal it.

    Parameters
    ----------
    path : path
        Of the folder.
    house : ClearingHouse
        As it was before the first pass.
    passes : iterable of Inputs
        The same as then, from the first on.
    on_pass : callable, optional
        As in :func:`record`; it is called for every pass, those that were on the disk already among them.

    Returns
    -------
    Run
        Sealed. One that was sealed before is returned as it is; `passes` is not asked then.

    Raises
    ------
    AdlError
        If the folder is no run, another writer has it, it was altered, or `house` and `passes` are not
        those that it was recorded with: the first difference is named, and all passes are as before. Where
        :func:`repair` would make it one that can be gone on with, what it would drop is said. If a link, or anything
        else that is no plain file, stands under one of the names that a run uses, or ``events.arrow`` is a file of
        several names: what is appended would stand under the others, too. If it was made by a version of adlcore
        that knows other kinds or causes of events: that one seals it.
    OSError
        As :func:`record`.

    Notes
    -----
    The complete passes are made again in memory, compared event by event, and not written again. What
    a writer that was stopped left of a pass is cut off, and the next pass takes its place.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> contract = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))
    >>> snapshot = adl.Snapshot.build([contract], {"account": ["ann"], "balance": ["9"]}, [], {"X": 2})
    >>> passes = [adl.io.Inputs(time, {"X": "2.5"}) for time in (1, 2)]
    >>> def stopped():
    ...     yield passes[0]
    ...     raise KeyboardInterrupt
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = pathlib.Path(parent, "quiet")
    ...     try:
    ...         adl.io.record(folder, adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()]), stopped())
    ...     except KeyboardInterrupt:
    ...         print(adl.io.open_run(folder))
    ...     adl.io.resume(folder, adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()]), passes)
    <Run 'quiet', open: 1 pass, 0 events>
    <Run 'quiet', sealed: 2 passes, 0 events>
    """
    require("pyarrow.parquet", "resuming runs")
    folder = read_path("path", path)
    refuse_non_house(house)
    _refuse_not_callable(on_pass)
    with lock_folder(folder):
        manifest = read_manifest(folder)
        # Whatever is refused is refused before the first write.
        refuse_strange(folder)
        with name_versions(folder, manifest):
            refuse_other_house(folder, manifest, house)
        if manifest["status"] == "sealed":
            _clean(folder)
            return open_run(folder)
        open_log(folder, manifest)  # which refuses numbers that mean something else
        refuse_other_numbers(folder, manifest)
        with name_versions(folder, manifest):
            return _go_on(folder, manifest, vocabulary_of(house), PassMaker(house, passes), on_pass)


def _refuse_not_callable(on_pass: OnPass | None) -> None:
    """Refuse what cannot be called after a pass."""
    if on_pass is not None and not callable(on_pass):
        raise AdlError.at("on_pass", None, on_pass, "must be callable, or None")


def _go_on(
    folder: Path, manifest: dict[str, Any], vocabulary: Vocabulary, maker: PassMaker, on_pass: OnPass | None
) -> Run:
    """From wherever a writer was stopped to the sealed run."""
    remove_temporary(folder)
    # Before any pass is made: afterwards the house holds other books.
    _keep_books(folder, BEFORE, maker.house.snapshot(), manifest)
    log, events = open_log(folder, manifest), 0
    for logged in log:
        new_pass = maker.make_again(logged)
        if (error := event_difference(log.path, logged, new_pass)) is not None:
            raise repair_advice(folder, log, error, end=log.start, kept_passes=new_pass.number, kept_events=events)
        events += len(new_pass.events)
        if on_pass is not None:
            on_pass(new_pass.number, new_pass.events, maker.house)
    if log.damage is not None:
        error = log.damage.error(log.path)
        raise repair_advice(folder, log, error, end=log.end, kept_passes=log.passes, kept_events=events)
    with files.Sink.append(log.path, log.end) as file:
        if not log.end:
            write_head(file)
            files.sync_folder(folder)  # the file is there: now its name is, too
        while maker.next_inputs() is not None:
            new_pass = maker.make()
            append_pass(file, new_pass)  # on the disk before anybody is told
            if on_pass is not None:
                on_pass(new_pass.number, new_pass.events, maker.house)
    _seal(folder, manifest, vocabulary, maker)
    return open_run(folder)


def _seal(folder: Path, manifest: dict[str, Any], vocabulary: Vocabulary, maker: PassMaker) -> None:
    """Write everything that is there at the end from what is on the disk; the manifest says so, and the log goes.

    In this order, so that a writer may be stopped anywhere: until the manifest says that the run is whole, the log is
    there to make all of it again.
    """
    log, state = open_log(folder, manifest), maker.house.state()
    last = bytes.fromhex(manifest["opening"]["digest"])

    def checked() -> Iterator[LoggedPass]:
        nonlocal last
        for logged in log:
            refuse_numbers(log.path, logged, vocabulary)
            last = logged.digest
            yield logged
        log.refuse_damage()
        if (log.passes, last) != (maker.number, state.digest):
            message = f"{log.path} was altered: has {log.passes} passes, must have the {maker.number} that were made"
            raise AdlError(message, argument="path", value=str(log.path))

    hashes = write_tables(folder, checked(), vocabulary)
    sealed = sealed_manifest(manifest, maker.house, maker.number, hashes)
    _keep_books(folder, AFTER, state.snapshot, sealed)
    write_manifest(folder, sealed)
    _clean(folder)


def _keep_books(folder: Path, name: str, snapshot: Snapshot, manifest: dict[str, Any]) -> None:
    """Write the books before or after; where they are already, they must be these."""
    if stat_member(folder / name, folder=True) is not None:
        try:
            load_part(folder, name, manifest)
        except AdlError as error:
            message = f"{error}; {command_line('resume --repair', folder)} (adlcore.io.repair) puts it aside"
            raise AdlError(message, argument=error.argument, row=error.row, value=error.value) from None
        return
    with fill_folder(folder / name) as create:
        write_files(snapshot, create)


def _clean(folder: Path) -> None:
    """Remove what a sealed run does not need."""
    files.remove(folder / LOG)
    remove_temporary(folder)
    files.sync_folder(folder)
