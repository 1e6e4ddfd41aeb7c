"""Where everything that a run writes goes to the disk: files that are whole or not there, and one writer a folder.

No link in the folder is followed: what is new is made anew, and of what is removed only the name goes. Every call
that changes something passes through :func:`change`, so that a test can make any one of them fail.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ..._support.files import take_over
from ..._support.members import APPEND, NEW, READ, member, refuse_shared
from ...errors import AdlError

__all__ = [
    "Sink",
    "appending",
    "change",
    "locked",
    "make_folder",
    "move",
    "refuse_foreign",
    "remove",
    "remove_folder",
    "replaced",
    "replaced_folder",
    "sync_folder",
    "work_name",
]

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

#: What of a file has to be on the disk: its bytes and its length. Where the system knows no better, all of it.
_sync_file = getattr(os, "fdatasync", os.fsync)

#: Bytes that are held back until they are worth a call.
MOST_HELD = 2**16


def change(path: Path, call: Callable[Arguments, Result], *given: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Make one call that changes something on the disk; an error of the system names the path."""
    try:
        return call(*given, **named)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None


class Sink:
    """A file that is written from its start to its end, or on from an end: what pyarrow takes for a file.

    Parameters
    ----------
    path : Path
        Created, and it must not be there; or, with `end`, cut there and gone on with.
    end : int, optional
        Bytes that are kept.
    within : int, optional
        The open folder in which the file is created, whatever its path leads to by now.
    there : os.stat_result, optional
        Of the file that it will replace: who may read and write that one may do so with this one.

    Raises
    ------
    AdlError
        If what is gone on with is no plain file, or has another name, too.
    """

    def __init__(
        self, path: Path, end: int | None = None, within: int | None = None, there: os.stat_result | None = None
    ) -> None:
        self.path, self.closed, self._held = path, False, bytearray()
        if end is None:
            mode = 0o666 if there is None else 0o600
            self._file = change(path, os.open, path if within is None else path.name, NEW, mode, dir_fd=within)
            if there is not None:
                take_over(self._file, there)
            return
        member(path)  # before it is opened: that may do something to a device
        self._file = change(path, os.open, path, APPEND, 0o666)
        try:
            found = os.fstat(self._file)
            refuse_shared(path, found)
            if found.st_size > end:
                change(path, os.truncate, self._file, end)
                self.sync()
        except BaseException:
            self.close()
            raise

    def write(self, data: Any) -> int:
        """Write all of it; little is held back until there is more, or until :meth:`sync`."""
        view = memoryview(data).cast("B")
        if len(self._held) + len(view) <= MOST_HELD:
            self._held += view
        else:
            self._put_held()
            self._put(view)
        return len(view)

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self._put_held()
        change(self.path, _sync_file, self._file)

    def flush(self) -> None:
        """Nothing: :meth:`sync` is what counts."""

    def close(self) -> None:
        """Close the file; what was not synchronized may be lost."""
        if not self.closed:
            self.closed = True
            os.close(self._file)

    def _put_held(self) -> None:
        if self._held:
            held, self._held = self._held, bytearray()
            self._put(memoryview(held))

    def _put(self, view: memoryview) -> None:
        while view:
            view = view[change(self.path, os.write, self._file, view) :]


@contextlib.contextmanager
def appending(path: Path, end: int) -> Iterator[Sink]:
    """A file that is cut at `end` and gone on with."""
    sink = Sink(path, end)
    try:
        yield sink
    finally:
        sink.close()


@contextlib.contextmanager
def replaced(path: Path, beside: str | None = None) -> Iterator[Sink]:
    """A file that is written under another name, `beside` its own, which it takes when all of it is on the disk.

    Who may read and write one that it replaces may do so with it.
    """
    work = _work(path) if beside is None else path.with_name(beside)
    remove(work)
    sink = Sink(work, there=_plain(path))
    try:
        yield sink
        sink.sync()
        sink.close()
        change(path, os.rename, work, path)
        sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(work)
        raise
    finally:
        sink.close()


def _plain(path: Path) -> os.stat_result | None:
    """What is known of a plain file; None where there is nothing, or anything else, which just loses its name."""
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path)
        return found if stat.S_ISREG(found.st_mode) else None
    return None


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Callable[[str], contextlib.AbstractContextManager[Sink]]]:
    """A folder that is filled beside its name, and takes it when all of it is on the disk. Neither must be there."""
    work = _work(folder)
    make_folder(work)
    opened = os.open(work, READ | getattr(os, "O_DIRECTORY", 0))
    names: list[str] = []

    @contextlib.contextmanager
    def create(name: str) -> Iterator[Sink]:
        names.append(name)
        sink = Sink(work / name, within=opened)
        try:
            yield sink
            sink.sync()
        finally:
            sink.close()

    try:
        yield create
        change(work, os.fsync, opened)
        member(work, folder=True)  # still
        change(folder, os.rename, work, folder)
        sync_folder(folder.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove_folder(work, names)
        raise
    finally:
        os.close(opened)


def make_folder(path: Path) -> None:
    """Make a folder."""
    change(path, os.mkdir, path)


def move(path: Path, target: Path) -> None:
    """Give a file or a folder another name in its folder."""
    change(path, os.rename, path, target)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        change(folder, os.fsync, opened)
    finally:
        os.close(opened)


def remove(path: Path) -> None:
    """Remove a file if it is there; of a link, the link.

    Raises
    ------
    AdlError
        Where it is a folder.
    """
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISDIR(os.lstat(path).st_mode):
            member(path)
        change(path, os.unlink, path)


def remove_folder(path: Path, names: Collection[str]) -> None:
    """Remove a folder that holds nothing but files of these names, if it is there; what is no folder goes as a file.

    Raises
    ------
    AdlError
        Where it holds anything else. Then all of it stays.
    """
    if path.is_symlink() or not path.is_dir():
        remove(path)
        return
    opened = os.open(path, READ | getattr(os, "O_DIRECTORY", 0))
    try:
        # In the folder that was opened: whoever puts another one, or a link, in its place loses nothing there.
        for name in refuse_foreign(path, names, opened):
            change(path / name, os.unlink, name, dir_fd=opened)
    finally:
        os.close(opened)
    change(path, os.rmdir, path)


def refuse_foreign(path: Path, names: Collection[str], opened: int | None = None) -> list[str]:
    """What a folder holds, which must be files of these names, or links under them; `opened` is the folder."""
    held = sorted(os.listdir(path if opened is None else opened))
    for name in held:
        place = path / name
        if name not in names:
            raise AdlError(f"{place} is not of this run: must be moved elsewhere", argument="path", value=str(place))
        if stat.S_ISDIR(os.stat(place if opened is None else name, dir_fd=opened, follow_symlinks=False).st_mode):
            member(place)
    return held


def work_name(name: str) -> str:
    """What is written for a name stands under this one until it is whole."""
    return f".{name}.new"


def _work(path: Path) -> Path:
    return path.with_name(work_name(path.name))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the one writer of a folder; the lock is the system's, so it ends with the process.

    Raises
    ------
    AdlError
        Where somebody else writes it now.
    """
    import fcntl

    opened = os.open(folder, os.O_RDONLY | os.O_NONBLOCK)  # for who names a pipe
    try:
        try:
            change(folder, fcntl.flock, opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{folder} is being written by another writer: must be left to it until it ends"
            raise AdlError(message, argument="path", value=str(folder)) from None
        yield
    finally:
        os.close(opened)
