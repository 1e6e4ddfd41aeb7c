"""How files get to the disk: one writer for all, whole and synchronised or not there.

What somebody names is replaced when all of it is on the disk where it is a plain file, and written to where it is
anything else: a device, a pipe and a descriptor that is open already, ``/dev/stdout`` say, keep what they are and get
the bytes as they come. Of a link the target is replaced. Errors of the system name the path as it was given.

Every call that changes something passes through :func:`change`, so that a test can make any one of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeAlias, TypeVar, cast

from ..errors import AdlError
from .members import APPEND, NEW, refuse_shared, stat_member
from .options import read_path

__all__ = [
    "Destination",
    "Sink",
    "change",
    "open_new",
    "descriptor_of",
    "is_open_file",
    "is_stream",
    "plain_file",
    "remove",
    "open_replacement",
    "sync_folder",
    "keep_ownership",
    "work_stem",
    "write_beside",
]

#: Where something can be written: the path of a file, or a file that is open for bytes.
Destination: TypeAlias = str | os.PathLike[str] | BinaryIO

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

#: Folders whose names are the descriptors of this process.
DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
#: More links than any system follows.
MOST_LINKS = 64
#: Of the name of a file or folder, so much is in the name of the one that is written beside it.
NAME_SHOWN = 32
#: Bytes that are held back until they are worth a call.
MOST_HELD = 2**16

#: Of what is there already, and stays: a terminal must not become that of the process.
OPENED = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)

#: What of a file has to be on the disk: its bytes and its length. Where the system knows no better, all of it.
_sync_file = getattr(os, "fdatasync", os.fsync)


def change(path: Path, call: Callable[Arguments, Result], *given: Arguments.args, **named: Arguments.kwargs) -> Result:
    """Make one call that changes something on the disk; an error of the system names the path."""
    try:
        return call(*given, **named)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None


# Files that are written -----------------------------------------------------------------------------------------------


class Sink(io.RawIOBase):
    """A file that is written: what zipfile, NumPy and pyarrow take for one.

    Python's own buffered files do not do: they write what they hold when they are closed, after an error, too. What
    was being written would then follow what was written of it before.

    Parameters
    ----------
    path : Path
        Of the file, for errors.
    descriptor : int
        Open for writing; it is closed with the file.
    seekable : bool, default True
        Without it bytes go on from where the descriptor is, and those that went are counted, for formats that ask.
    """

    def __init__(self, path: Path, descriptor: int, *, seekable: bool = True) -> None:
        self.path, self._descriptor, self._seekable = path, descriptor, seekable
        self._held, self._written = bytearray(), 0

    @classmethod
    def new(cls, path: Path, *, mode: int = 0o666, within: int | None = None) -> Sink:
        """A file that must not be there yet; `within` is the open folder of it, whatever its path leads to by now."""
        return cls(path, change(path, os.open, path if within is None else path.name, NEW, mode, dir_fd=within))

    @classmethod
    def append(cls, path: Path, end: int) -> Sink:
        """A file of which so many bytes are kept, and that goes on there.

        Raises
        ------
        AdlError
            If it is no plain file, or has another name, too.
        """
        stat_member(path)  # before it is opened: that may do something to a device
        sink = cls(path, change(path, os.open, path, APPEND, 0o666))
        try:
            found = os.fstat(sink.fileno())
            refuse_shared(path, found)
            if found.st_size > end:
                change(path, os.truncate, sink.fileno(), end)
                sink.sync()
        except BaseException:
            sink.close()
            raise
        return sink

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seekable

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: Any) -> int:
        """Write all of it; little is held back until there is more, or until it is flushed."""
        view = memoryview(data).cast("B")
        if len(self._held) + len(view) <= MOST_HELD:
            self._held += view
        else:
            self.flush()
            self._put(view)
        return len(view)

    def flush(self) -> None:
        """Write what is held back."""
        if self._held:
            held, self._held = self._held, bytearray()
            self._put(memoryview(held))

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        self.flush()
        change(self.path, _sync_file, self._descriptor)

    def tell(self) -> int:
        return self.seek(0, os.SEEK_CUR) if self._seekable else self._written + len(self._held)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if not self._seekable:
            raise io.UnsupportedOperation("seek")
        self.flush()
        return os.lseek(self._descriptor, offset, whence)

    def close(self) -> None:
        """Close the file; what was not flushed is lost."""
        if not self.closed:
            self._held.clear()
            try:
                super().close()
            finally:
                os.close(self._descriptor)

    def _put(self, view: memoryview) -> None:
        while view:
            written = change(self.path, os.write, self._descriptor, view)
            self._written += written
            view = view[written:]


@contextlib.contextmanager
def open_new(path: Path, *, within: int | None = None) -> Iterator[Sink]:
    """A new file, as :meth:`Sink.new` makes it, all of which is on the disk in the end."""
    with Sink.new(path, within=within) as sink:
        yield sink
        sink.sync()


@contextlib.contextmanager
def write_beside(target: Path, work: Path, there: os.stat_result | None) -> Iterator[Sink]:
    """A file that is written under the name of `work`, and takes its own when all of it is on the disk.

    `there` is known of the plain file that it replaces: who may read and write that one may do so with this one.
    Nothing may stand under the name of `work`. Where it fails, what was there is still there, and nothing beside it.
    """
    sink = Sink.new(work, mode=0o666 if there is None else 0o600)
    try:
        with sink:
            if there is not None:
                keep_ownership(sink.fileno(), there)
            yield sink
            sink.sync()
        change(target, os.replace, work, target)
        sync_folder(target.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(work)
        raise


def plain_file(path: Path) -> os.stat_result | None:
    """What is known of a plain file; None where there is nothing, or anything else."""
    with contextlib.suppress(FileNotFoundError):
        found = os.lstat(path)
        return found if stat.S_ISREG(found.st_mode) else None
    return None


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where folders can be opened and waited for."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        change(folder, os.fsync, opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
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
            stat_member(path)
        change(path, os.unlink, path)


def work_stem(target: Path) -> str:
    """How the name of what is written beside a file or folder begins, however long its own is."""
    return f".{target.name[:NAME_SHOWN]}."


def keep_ownership(descriptor: int, there: os.stat_result) -> None:
    """Who may read and write a file or folder stays as it was, as far as the system lets one say so.

    A folder keeps what it says of the owners and names of what is in it, too.
    """
    if hasattr(os, "fchown") and (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, there.st_uid, there.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(there.st_mode) & (0o7777 if stat.S_ISDIR(there.st_mode) else 0o777))


# Destinations that somebody names -------------------------------------------------------------------------------------


def is_open_file(destination: object) -> bool:
    """Whether this is no path but a file that is open."""
    return callable(getattr(destination, "write", None))


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """The descriptor of this process that a path leads to, as ``/dev/stdout`` leads to 1."""
    try:
        return _descriptor(_followed(read_path("path", path)))
    except OSError:
        return None


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path is of what is written to instead of being replaced: a device, a pipe, an open descriptor."""
    if descriptor_of(path) is not None:
        return True
    try:
        kind = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


@contextlib.contextmanager
def open_replacement(destination: Destination, *, new: bool = False, follow: bool = True) -> Iterator[BinaryIO]:
    """What is written here becomes the file of that name, or goes to what cannot be replaced.

    Parameters
    ----------
    destination : path or binary file
        A file that is open is written to, and stays open.
    new : bool
        A plain file must not be there.
    follow : bool
        Without it a link is replaced itself, and so is whatever else bears the name, but for a folder: where the name
        is not one that somebody asked for.

    Raises
    ------
    OSError
        Where it cannot be written, with the path as it was given. What was there is still there, and nothing beside it.
    """
    if is_open_file(destination):
        if isinstance(destination, io.TextIOBase):
            raise AdlError.at("path", None, destination, "must be a path, or a file that is open for bytes")
        file = cast(BinaryIO, destination)
        yield file
        file.flush()
        return
    named = read_path("path", destination)
    try:
        with _opened(named, new, follow) as sink:
            yield cast(BinaryIO, sink)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(named)) from None


def _opened(named: Path, new: bool, follow: bool) -> contextlib.AbstractContextManager[Sink]:
    """The file for a path, by what is there."""
    target = _followed(named) if follow else named
    if follow and (descriptor := _descriptor(target)) is not None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # what was printed before comes before
        return _stream(named, os.dup(descriptor))
    try:
        there = os.stat(named) if follow else os.lstat(named)
    except FileNotFoundError:
        return _plain(target, None, new)
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(named))
    if follow and not stat.S_ISREG(there.st_mode):
        return _stream(named, os.open(named, OPENED))
    return _plain(target, plain_file(target), new)


def _followed(path: Path) -> Path:
    """Where a chain of links ends, or the descriptor of this process that it leads to; nothing may be there."""
    for _ in range(MOST_LINKS):
        if _descriptor(path) is not None:
            return path
        try:
            link = os.readlink(path)
        except FileNotFoundError:
            return path
        except OSError as error:
            if error.errno != errno.EINVAL:  # which is said of what is no link
                raise
            return path
        path = path.parent / link
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(path))


def _descriptor(path: Path) -> int | None:
    """The descriptor of this process that a path is the name of."""
    if not (path.name.isascii() and path.name.isdecimal()):
        return None
    parent = os.path.realpath(path.parent)
    own = any(os.path.isdir(folder) and parent == os.path.realpath(folder) for folder in DESCRIPTORS)
    return int(path.name) if own else None


@contextlib.contextmanager
def _plain(target: Path, there: os.stat_result | None, new: bool) -> Iterator[Sink]:
    """A file that is written beside its name."""
    if new:
        os.close(change(target, os.open, target, NEW, 0o666))  # from here on the name is taken
    try:
        work = target.with_name(f"{work_stem(target)}{secrets.token_hex(8)}.new")
        with write_beside(target, work, there) as sink:
            yield sink
    except BaseException:
        if new:
            with contextlib.suppress(OSError):
                os.unlink(target)
        raise


@contextlib.contextmanager
def _stream(path: Path, descriptor: int) -> Iterator[Sink]:
    """A file that writes to a descriptor, and closes it."""
    with Sink(path, descriptor, seekable=False) as sink:
        yield sink
        sink.flush()
