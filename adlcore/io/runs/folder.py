"""What the folder of a run holds: every name that a writer uses, what may stand under it, and where a run may begin.

The folder itself is the user's to name, be it through links. Nothing in it is followed: what stands under one of
these names must be a plain file, or a folder of plain files. Temporary names are a writer's own, and go when it begins.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

from ..._support.files import remove
from ..._support.members import refuse_shared, stat_member
from ...errors import AdlError
from ..manifests import MANIFEST, is_of_snapshot, read_json
from ..snapshots import FILE_NAMES, read_snapshot_manifest
from .files import refuse_foreign, remove_folder, temporary_name
from .manifest import SCHEMA, read_manifest
from .parquet_files import TABLES

__all__ = [
    "AFTER",
    "BEFORE",
    "DROPPED",
    "LOG",
    "command_line",
    "is_blank",
    "is_own_name",
    "refuse_strange",
    "refuse_occupied",
    "remove_temporary",
    "temporary_names_left",
]

#: What a run's folder holds beside the manifest and the tables.
BEFORE, AFTER, LOG = "before", "after", "events.arrow"
#: Behind a name: what a repair took away from there.
DROPPED = ".dropped"

#: Names of files that are written beside their names first, and of folders.
_FILES, _FOLDERS = (MANIFEST, *TABLES, LOG + DROPPED), (BEFORE, AFTER)


def command_line(name: str, path: Path) -> str:
    """A command on a run, or on another file or folder, as it can be typed."""
    text = os.fspath(path)
    # What begins with a dash would be an option, or standard output.
    return f"adlcore {name} {shlex.quote(f'./{text}' if text.startswith('-') else text)}"


def is_own_name(name: str) -> bool:
    """Whether what is called this in the folder of a run is the run's, or will be: its writers fill or remove it."""
    # A number follows where there is one already.
    aside = re.sub(rf"{re.escape(DROPPED)}(\.\d+)?\Z", "", name)
    temporary = {temporary_name(written) for written in (*_FILES, *_FOLDERS)}
    return name in {MANIFEST, *TABLES, *temporary} or aside in {LOG, *_FOLDERS}


def is_blank(folder: Path) -> bool:
    """Whether nothing is in a folder, or what a writer left there that was stopped before the manifest stood."""
    return set(os.listdir(folder)) <= {temporary_name(MANIFEST)}


def refuse_occupied(folder: Path) -> None:
    """Refuse a folder that holds anything; a manifest that did not come to stand is nothing."""
    if is_blank(folder):
        return
    names = sorted(set(os.listdir(folder)) - {temporary_name(MANIFEST)})
    if MANIFEST in names:
        if (error := _manifest_error(folder)) is not None:
            damage = f"its {MANIFEST} is damaged ({error}), so that nothing in it can be gone on with"
            message = f"{folder} is taken, and {damage}: must be moved elsewhere"
            raise AdlError(message, argument="path", value=str(folder))
        message = f"{folder} holds a run or a snapshot already: adlcore.io.resume goes on with a run"
        raise AdlError(message, argument="path", value=str(folder))
    message = f"{folder} holds {names[0]!r}, which is no run's: must be empty, or not be there"
    raise AdlError(message, argument="path", value=str(folder))


def _manifest_error(folder: Path) -> AdlError | None:
    """What is wrong with a manifest that is not as a run's or a snapshot's is written; another schema is no damage."""
    try:
        manifest = read_json(folder / MANIFEST)[1]
        if isinstance(manifest, dict) and manifest.get("schema") not in (None, SCHEMA):
            return None
        (read_snapshot_manifest if is_of_snapshot(manifest) else read_manifest)(folder)
    except AdlError as error:
        return error
    return None


def refuse_strange(folder: Path) -> None:
    """Refuse what a writer would come upon and must not touch, before anything is written.

    Raises
    ------
    AdlError
        Where a link, a folder, a pipe or a device stands under the name of a file, or anything but a folder of files
        under that of a folder; where a temporary folder of this run holds what no writer of it has put there; where
        the log has another name, too. The first is named.
    """
    for name in (MANIFEST, *TABLES):
        stat_member(folder / name)
    if (status := stat_member(folder / LOG)) is not None:
        refuse_shared(folder / LOG, status)
    for name in _FILES:
        if (temporary := folder / temporary_name(name)).is_dir() and not temporary.is_symlink():
            stat_member(temporary)
    for name in _FOLDERS:
        if stat_member(folder / name, folder=True) is not None:
            for inner in FILE_NAMES:
                stat_member(folder / name / inner)
        if (temporary := folder / temporary_name(name)).is_dir() and not temporary.is_symlink():
            refuse_foreign(temporary, FILE_NAMES)


def temporary_names_left(folder: Path) -> list[str]:
    """The names of what a writer that was stopped left beside what it wrote."""
    return sorted({temporary_name(name) for name in (*_FILES, *_FOLDERS)} & set(os.listdir(folder)))


def remove_temporary(folder: Path) -> None:
    """Remove what writers that were stopped left beside what they wrote; never what a link there leads to."""
    for name in _FILES:
        remove(folder / temporary_name(name))
    for name in _FOLDERS:
        remove_folder(folder / temporary_name(name), FILE_NAMES)
