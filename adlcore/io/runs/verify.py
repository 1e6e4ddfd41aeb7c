"""Whether a run is what its house and passes make."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..._support.extras import require
from ..._support.options import read_path
from ...clearing import ClearingHouse
from ...errors import AdlError
from .folder import AFTER, BEFORE
from .manifest import read_manifest
from .parquet_files import EVENTS
from .passes import (
    Inputs,
    PassMaker,
    damage_error,
    event_difference,
    refuse_non_house,
    refuse_other_house,
    vocabulary_of,
)
from .reader import Run, load_part, open_log, open_run
from .sealed import SealedEvents, sealed_passes
from .versions import name_versions

__all__ = ["verify"]


def verify(path: str | os.PathLike[str], house: ClearingHouse, passes: Iterable[Inputs]) -> Run:
    """Make all passes of a run again, and compare everything.

    Parameters
    ----------
    path, house, passes
        As :func:`resume`. Of a run that is open, its complete passes are made.

    Returns
    -------
    Run

    Raises
    ------
    AdlError
        Where something differs: the pass is named, and the sequence number and column of the first event
        that does, with what stands there and what must. Of a run that another version of adlcore made, both
        versions are named, and how many kinds of events each knows.

    Notes
    -----
    Nothing is written. One pass is held in memory at a time. A run of another version is verified as any
    other: where both versions make the same of it, it is as it was made.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> contract = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))
    >>> snapshot = adl.Snapshot.build([contract], {"account": ["ann"], "balance": ["9"]}, [], {"X": 2})
    >>> nobody = [adl.clearing.Uncovered()]
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     folder = pathlib.Path(parent, "quiet")
    ...     run = adl.io.record(folder, adl.ClearingHouse(snapshot, venue=nobody), [adl.io.Inputs(1, {"X": "2.5"})])
    ...     adl.io.verify(folder, adl.ClearingHouse(snapshot, venue=nobody), [adl.io.Inputs(1, {"X": "2.6"})])
    Traceback (most recent call last):
    adlcore.errors.AdlError: passes[0].marks['X'] is '2.6': must be '2.5', as it was recorded
    """
    require("pyarrow.parquet", "verifying runs")
    folder = read_path("path", path)
    refuse_non_house(house)
    manifest = read_manifest(folder)
    with name_versions(folder, manifest):
        refuse_other_house(folder, manifest, house)
        maker = PassMaker(house, passes)
        verify_passes = _verify_sealed if manifest["status"] == "sealed" else _verify_open
        verify_passes(folder, manifest, maker)
    run = open_run(folder)
    if run.manifest["status"] != manifest["status"]:
        message = f"{folder} was sealed while it was verified: must be verified again"
        raise AdlError(message, argument="path", value=str(folder))
    for part in (BEFORE, AFTER) if run.sealed else (BEFORE,):
        load_part(folder, part, manifest)
    return run


def _verify_open(folder: Path, manifest: dict[str, Any], maker: PassMaker) -> None:
    """Refuse a log whose complete passes are not those that are made; of a damaged one the first bad event is named."""
    log = open_log(folder, manifest)
    for logged in log:
        if (error := event_difference(log.path, logged, maker.make_again(logged))) is not None:
            raise error
    if log.damage is not None:
        if log.damage.message is None or log.damage.number < 0 or maker.next_inputs() is None:
            raise log.damage.error(log.path)
        raise damage_error(log.path, log.damage, maker.make())


def _verify_sealed(folder: Path, manifest: dict[str, Any], maker: PassMaker) -> None:
    """Refuse tables that do not hold the passes that are made, and an end at which the house is another one."""
    files, hashes, house = manifest["files"], manifest["hashes"], maker.house
    with contextlib.closing(SealedEvents(folder / EVENTS, files.get(EVENTS, ""), vocabulary_of(house))) as events:
        for logged in sealed_passes(folder, files):
            new_pass = maker.make_again(logged)
            events.refuse_difference(new_pass)
            made = new_pass.events.time, new_pass.events.first, new_pass.digest
            if made != (logged.time, logged.first, logged.digest):
                message = f"{folder} is of another run: pass {logged.number} has another time, first event or digest"
                raise AdlError(message, argument="path", row=logged.number, value=str(folder))
        if maker.next_inputs() is not None:
            message = f"passes go on after {maker.number}: must end there, as the run does"
            raise AdlError(message, argument="passes", row=maker.number)
        events.refuse_tail()
    if house.hash != hashes["after"]:
        message = (
            f"{folder} is of another run: the house ends with the hash {house.hash}, the run with {hashes['after']}"
        )
        raise AdlError(message, argument="path", value=str(folder))
