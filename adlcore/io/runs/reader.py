"""A run, for reading: sealed, or as far as it has come."""

from __future__ import annotations

import contextlib
import itertools
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import INT64
from ..._support.extras import require
from ..._support.members import stat_member
from ..._support.options import read_path
from ...clearing import Snapshot
from ...clearing.events import CAUSES, FIELDS, KINDS, Events, Words
from ...contracts import Asset, Contract
from ...errors import AdlError, OpenInterestWarning
from ..manifests import hash_error
from ..snapshots import load
from .folder import AFTER, BEFORE, LOG, command_line
from .log import LoggedPass, PassLog
from .manifest import MANIFEST, read_manifest
from .opening import OpeningDebt, OpeningFund, debts_at_opening, funds_at_opening
from .parquet_files import (
    EVENTS,
    MARKS,
    PASSES,
    CodedColumns,
    PassRow,
    RunTable,
    TextColumns,
    Vocabulary,
    code_columns,
    coded_columns,
    event_columns,
    mark_rows,
    text_columns,
)

__all__ = ["Run", "load_part", "load_users", "open_log", "open_run", "refuse_numbers"]


def open_run(path: str | os.PathLike[str]) -> Run:
    """Open a run for reading, whether it is sealed, goes on, or was stopped.

    Parameters
    ----------
    path : path
        Of the folder that :func:`record` made.

    Returns
    -------
    Run
        Of a run that is not sealed: the passes that are complete now.

    Raises
    ------
    AdlError
        If the folder is no run, is of a schema that this adlcore does not know, or was altered; if a link or
        anything else that is no plain file stands in it under the name of a file; without pyarrow.
    OSError
        Where it cannot be read.

    Notes
    -----
    O(1) for a sealed run; every byte of ``events.arrow`` is checked for another.

    Examples
    --------
    >>> import tempfile
    >>> import adlcore as adl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     adl.io.open_run(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    adlcore.errors.AdlError: ... is no run: has no manifest.json
    """
    require("pyarrow.parquet", "reading runs")
    folder = read_path("path", path)
    manifest = read_manifest(folder)
    if manifest["status"] == "sealed":
        return Run(folder, manifest)
    log = open_log(folder, manifest)
    # What is kept of each pass is small; its events are read again when they are asked for.
    passes = [PassRow.of(logged) for logged in log]
    log.refuse_damage()
    # Sealed while it was read: then the file was gone, or about to go.
    if (fresh := read_manifest(folder))["status"] == "sealed":
        return Run(folder, fresh)
    if stat_member(folder / BEFORE, folder=True) is None:
        begins = f"adlcore.io.resume begins it, as does {command_line('resume', folder)}"
        message = f"{folder} is a run that has not begun: has no {BEFORE} yet; {begins}"
        raise AdlError(message, argument="path", value=str(folder))
    return Run(folder, manifest, passes)


class Run:
    """A run on the disk. Immutable; what it shows of a run that goes on is what was there when it was opened.

    Attributes
    ----------
    path : Path
        Its folder.
    manifest : dict
        Schema, versions, status, configuration, hashes.

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
    >>> house = adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)
    >>> passes = [adl.io.Inputs(1, {"X": "9.9"}), adl.io.Inputs(2, {"X": "8.5"})]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = adl.io.record(pathlib.Path(folder, "crash"), house, passes)
    ...     run.sealed, run.before == snapshot, run.after == house.snapshot()
    ...     run.passes()["events"], run.marks()["price"]
    ...     sorted({account for account in run.events()["account"] if account is not None})
    (True, True, True)
    (array([0, 7]), array(['9.9', '8.5'], dtype='<U3'))
    ['ann', 'bob']
    """

    path: Path
    manifest: dict[str, Any]
    _pass_rows: tuple[PassRow, ...]

    def __init__(self, path: Path, manifest: dict[str, Any], pass_rows: Iterable[PassRow] = ()) -> None:
        self.__dict__.update(path=path, manifest=manifest, _pass_rows=tuple(pass_rows))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Run is immutable: {name} cannot be set")

    @property
    def configuration(self) -> dict[str, Any]:
        """What :func:`record` was told of the run."""
        return dict(self.manifest["configuration"])

    @property
    def sealed(self) -> bool:
        """Whether it is whole."""
        return bool(self.manifest["status"] == "sealed")

    @cached_property
    def before(self) -> Snapshot:
        """The users' books before the first pass; read when it is first asked for."""
        return load_part(self.path, BEFORE, self.manifest)

    @cached_property
    def after(self) -> Snapshot | None:
        """The users' books after the last pass; None while the run is open."""
        return load_part(self.path, AFTER, self.manifest) if self.sealed else None

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts of `before`."""
        return self.before.contracts

    @property
    def assets(self) -> tuple[Asset, ...]:
        """The assets of `before`."""
        return self.before.assets

    @cached_property
    def opening_funds(self) -> tuple[OpeningFund, ...] | None:
        """What each fund of the house held before the first pass; None where a run was recorded without it.

        Raises
        ------
        AdlError
            Where the manifest has funds that those books cannot have; this holds for `opening_debts`, too.
        """
        entries, place = self.manifest["opening"].get("funds"), f"{self.path / MANIFEST}: opening.funds"
        return None if entries is None else funds_at_opening(entries, self.before, place)

    @cached_property
    def opening_debts(self) -> tuple[OpeningDebt, ...] | None:
        """What wallets without positions owed before the first pass; None where a run was recorded without it."""
        entries, place = self.manifest["opening"].get("uncovered"), f"{self.path / MANIFEST}: opening.uncovered"
        return None if entries is None else debts_at_opening(entries, self.before, place)

    def events(self) -> TextColumns:
        """All events, as :meth:`Events.columns` has them, and the number of their ``pass``. O(events).

        Raises
        ------
        AdlError
            Where the file was altered; this holds for the other tables, too.
        """
        return event_columns(self._table(EVENTS)) if self.sealed else text_columns(self._logged_events(Events.columns))

    def event_codes(self) -> CodedColumns:
        """All events without ``account``; kinds, contracts, assets, funds and causes are numbers. O(events).

        Returns
        -------
        dict
            int64[n] columns; those of words are :class:`~adlcore.clearing.events.Words`: codes, and what they stand
            for. An empty text is either a word or the code -1.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import adlcore as adl
        >>> contract = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))
        >>> snapshot = adl.Snapshot.build([contract], {"account": ["ann"], "balance": ["9"]}, [], {"X": 2})
        >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     run = adl.io.record(pathlib.Path(parent, "quiet"), house, [adl.io.Inputs(1, {"X": "2.5"})])
        ...     run.event_codes()["kind"].codes, run.mark_codes()["name"]
        (array([], dtype=int64), Words(words=('X',), codes=array([0])))
        """
        return coded_columns(self._table(EVENTS)) if self.sealed else self._logged_events(Events.codes)

    def _logged_events(self, columns_of_pass: Callable[[Events], Mapping[str, Any]]) -> CodedColumns:
        """The events of a run that is not sealed."""
        vocabulary = Vocabulary(self.before, self.manifest["names"]["parties"])
        by_pass: list[CodedColumns] = []
        # A table without events has every column's type.
        nothing = np.zeros((0, len(FIELDS)), INT64)
        empty = LoggedPass(number=0, time=0, first=0, digest=b"", inputs={}, table=nothing)
        for logged in (*self._logged(), empty):
            refuse_numbers(self.path / LOG, logged, vocabulary)
            events = Events(logged.table, logged.first, logged.time, vocabulary.names)
            by_pass.append({**columns_of_pass(events), "pass": np.full(len(events), logged.number, INT64)})
        return {name: _join_passes([columns[name] for columns in by_pass]) for name in by_pass[0]}

    def passes(self) -> TextColumns:
        """A row for each pass: ``pass, time, first, events, digest``.

        ``first`` is the sequence number of its first event, ``events`` how many there are, ``digest`` the
        rolling hash of all events after it.
        """
        return text_columns(self._rows(PASSES))

    def marks(self) -> TextColumns:
        """A row for each price that a pass was given: ``pass, time, kind, name, price``.

        ``kind`` is ``mark``, ``index`` or ``oracle``; ``price`` is decimal text.
        """
        return text_columns(self._rows(MARKS))

    def mark_codes(self) -> CodedColumns:
        """A row for each price that a pass was given, with kinds and names as numbers, as in :meth:`event_codes`."""
        return self._rows(MARKS)

    def _rows(self, name: str) -> CodedColumns:
        """The columns of passes or marks."""
        if self.sealed:
            return coded_columns(self._table(name))
        marks = itertools.chain.from_iterable(map(mark_rows, self._logged()))
        return code_columns(name, self._pass_rows if name == PASSES else marks)

    def _table(self, name: str) -> Any:
        """A table of a sealed run, as Arrow has it."""
        path = self.path / name
        if (error := hash_error(path, self.manifest["files"].get(name, ""))) is not None:
            raise error
        with contextlib.closing(RunTable(path)) as file:
            return file.read()

    def _logged(self) -> Iterator[LoggedPass]:
        """The passes that were there when it was opened, again."""
        log, count = open_log(self.path, self.manifest), len(self._pass_rows)
        yield from itertools.islice(log, count)
        log.refuse_damage()
        if log.passes < count:
            message = f"{self.path} was sealed or altered since it was opened: must be opened again"
            raise AdlError(message, argument="path", value=str(self.path))

    def __repr__(self) -> str:
        passes, events = len(self._pass_rows), sum(row.events for row in self._pass_rows)
        if self.sealed:
            passes, events = self.manifest["counts"].values()
        counts = f"{passes:,} pass{'' if passes == 1 else 'es'}, {events:,} event{'' if events == 1 else 's'}"
        return f"<Run {self.path.name!r}, {self.manifest['status']}: {counts}>"


def open_log(folder: Path, manifest: dict[str, Any]) -> PassLog:
    """The passes of a run that is not sealed.

    Raises
    ------
    AdlError
        Where its numbers stand for something else than this adlcore's.
    """
    opening, names = manifest["opening"], manifest["names"]
    for name, known in (("kinds", KINDS), ("causes", CAUSES)):
        if names[name] != list(known[: len(names[name])]):
            reason = f"was recorded by adlcore {manifest['adlcore']}, whose {name} of events have other numbers"
            raise AdlError(f"{folder} {reason}: must be sealed by that version", argument="path", value=str(folder))
    return PassLog(folder / LOG, opening["sequence"], bytes.fromhex(opening["digest"]))


def load_part(folder: Path, name: str, manifest: dict[str, Any]) -> Snapshot:
    """The books before or after a run.

    Raises
    ------
    AdlError
        Where they are not there, were altered, or belong to another run.
    """
    if stat_member(folder / name, folder=True) is None:
        raise AdlError(f"{folder} was altered: has no {name}", argument="path", value=str(folder))
    books = load_users(folder / name)
    if books.hash != (expected := manifest["hashes"][f"{name}_snapshot"]):
        message = f"{folder / name} is of another run: its hash is {books.hash}, the manifest says {expected}"
        raise AdlError(message, argument="path", value=str(folder))
    return books


def load_users(folder: Path) -> Snapshot:
    """The users' books of a house, whose longs and shorts may differ: funds and the street hold what is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenInterestWarning)
        return load(folder)


def refuse_numbers(path: Path, logged: LoggedPass, vocabulary: Vocabulary) -> None:
    """Refuse a pass that has a number which can stand for nothing."""
    if (fault := vocabulary.fault(logged.table)) is not None:
        sequence = logged.first + fault.row
        place = f"event {sequence} of pass {logged.number}"
        message = f"{path} was altered: {place} has the {fault.column} {fault.number}: {fault.must}"
        raise AdlError(message, argument=fault.column, row=sequence, value=fault.number, must=fault.must)


def _join_passes(parts: list[npt.NDArray[Any] | Words]) -> npt.NDArray[Any] | Words:
    """Columns of passes, one after the other; words are the same in all."""
    if isinstance(first := parts[0], Words):
        return Words(first.words, np.concatenate([part.codes for part in parts if isinstance(part, Words)]))
    return np.concatenate([part for part in parts if not isinstance(part, Words)])
