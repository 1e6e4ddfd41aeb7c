"""Where everything that a run writes goes to the disk: files that are whole or not there, and one writer a folder.

Every call that changes something passes through :func:`change`, so that a test can make any one of them fail.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ...errors import AdlError

__all__ = [
    "Sink",
    "appending",
    "change",
    "locked",
    "make_folder",
    "remove",
    "remove_work",
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
        Created; or, with `end`, cut there and gone on with.
    end : int, optional
        Bytes that are kept.
    """

    def __init__(self, path: Path, end: int | None = None) -> None:
        self.path, self.closed, self._held = path, False, bytearray()
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if end is None else os.O_APPEND)
        self._file = change(path, os.open, path, flags, 0o666)
        try:
            if end is not None and os.fstat(self._file).st_size > end:
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
def replaced(path: Path) -> Iterator[Sink]:
    """A file that is written beside its name, and takes it when all of it is on the disk."""
    work = _work(path)
    sink = Sink(work)
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


@contextlib.contextmanager
def replaced_folder(folder: Path) -> Iterator[Callable[[str], contextlib.AbstractContextManager[Sink]]]:
    """A folder that is filled beside its name, and takes it when all of it is on the disk. It must not be there."""
    work = _work(folder)
    remove(work)
    make_folder(work)

    @contextlib.contextmanager
    def create(name: str) -> Iterator[Sink]:
        sink = Sink(work / name)
        try:
            yield sink
            sink.sync()
        finally:
            sink.close()

    try:
        yield create
        sync_folder(work)
        change(folder, os.rename, work, folder)
        sync_folder(folder.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(work)
        raise


def make_folder(path: Path) -> None:
    """Make a folder."""
    change(path, os.mkdir, path)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        change(folder, os.fsync, opened)
    finally:
        os.close(opened)


def remove(path: Path) -> None:
    """Remove a file, or a folder of files, if it is there."""
    if path.is_dir():
        for entry in sorted(path.iterdir()):
            change(entry, os.unlink, entry)
        change(path, os.rmdir, path)
    elif path.exists():
        change(path, os.unlink, path)


def remove_work(folder: Path, names: tuple[str, ...]) -> None:
    """Remove what writers of these names left beside them when they were stopped."""
    for name in names:
        remove(_work(folder / name))


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

    opened = os.open(folder, os.O_RDONLY)
    try:
        try:
            change(folder, fcntl.flock, opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"{folder} is being written by another writer: must be left to it until it ends"
            raise AdlError(message, argument="path", value=str(folder)) from None
        yield
    finally:
        os.close(opened)
