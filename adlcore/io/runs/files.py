"""What a run needs of the disk beyond one file: temporary names that the next writer knows, folders, and one writer.

The files themselves are written by :mod:`adlcore._support.files`. No link in the folder is followed: what is new is
made anew, and of what is removed only the name goes.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from ..._support import files
from ..._support.files import Sink
from ..._support.members import READ, stat_member
from ...errors import AdlError

__all__ = [
    "lock_folder",
    "refuse_foreign",
    "remove_folder",
    "fill_folder",
    "temporary_name",
    "open_temporary",
]


@contextlib.contextmanager
def open_temporary(path: Path, temporary: str | None = None) -> Iterator[Sink]:
    """A file that is written under a temporary name first, its own or this; what a writer left there goes."""
    beside = path.with_name(temporary_name(path.name) if temporary is None else temporary)
    files.remove(beside)
    with files.write_beside(path, beside, files.plain_file(path)) as sink:
        yield sink


@contextlib.contextmanager
def fill_folder(folder: Path) -> Iterator[Callable[[str], contextlib.AbstractContextManager[Sink]]]:
    """A folder that is filled beside its name, and takes it when all of it is on the disk. Neither must be there."""
    temporary = folder.with_name(temporary_name(folder.name))
    files.change(temporary, os.mkdir, temporary)
    opened = os.open(temporary, READ | getattr(os, "O_DIRECTORY", 0))
    names: list[str] = []

    def create(name: str) -> contextlib.AbstractContextManager[Sink]:
        names.append(name)
        return files.open_new(temporary / name, within=opened)

    try:
        yield create
        files.change(temporary, os.fsync, opened)
        stat_member(temporary, folder=True)  # still
        files.change(folder, os.rename, temporary, folder)
        files.sync_folder(folder.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_folder(temporary, names)
        raise
    finally:
        os.close(opened)


def remove_folder(path: Path, names: Collection[str]) -> None:
    """Remove a folder that holds nothing but files of these names, if it is there; what is no folder goes as a file.

    Raises
    ------
    AdlError
        Where it holds anything else. Then all of it stays.
    """
    if path.is_symlink() or not path.is_dir():
        files.remove(path)
        return
    opened = os.open(path, READ | getattr(os, "O_DIRECTORY", 0))
    try:
        # In the folder that was opened: whoever puts another one, or a link, in its place loses nothing there.
        for name in refuse_foreign(path, names, opened):
            files.change(path / name, os.unlink, name, dir_fd=opened)
    finally:
        os.close(opened)
    files.change(path, os.rmdir, path)


def refuse_foreign(path: Path, names: Collection[str], opened: int | None = None) -> list[str]:
    """What a folder holds, which must be files of these names, or links under them; `opened` is the folder."""
    members = sorted(os.listdir(path if opened is None else opened))
    for name in members:
        place = path / name
        if name not in names:
            raise AdlError(f"{place} is not of this run: must be moved elsewhere", argument="path", value=str(place))
        if stat.S_ISDIR(os.stat(place if opened is None else name, dir_fd=opened, follow_symlinks=False).st_mode):
            stat_member(place)
    return members


def temporary_name(name: str) -> str:
    """What is written for a name stands under this one until it is whole."""
    return f".{name}.new"


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Be the one writer of a folder; the lock is the system's, so it ends with the process.

    Raises
    ------
    AdlError
        Where somebody else writes it now, or the system has no such lock.
    """
    try:
        import fcntl  # which Windows has not
    except ImportError:
        message = "runs are written on POSIX systems alone, whose locks end with the process: must be one of them"
        raise AdlError(message, argument="path", value=str(folder)) from None

    opened = os.open(folder, os.O_RDONLY | os.O_NONBLOCK)  # for who names a pipe
    try:
        try:
            files.change(folder, fcntl.flock, opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{folder} is being written by another writer: must be left to it until it ends"
            raise AdlError(message, argument="path", value=str(folder)) from None
        yield
    finally:
        os.close(opened)
