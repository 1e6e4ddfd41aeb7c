"""How a file that somebody names is written: a plain one is replaced when all is on the disk, anything else written to.

A device, a pipe and a descriptor that is open already, ``/dev/stdout`` say, keep what they are: they get the bytes as
they come. Of a link the target is replaced. Errors of the system name the path as it was given.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from ..errors import AdlError
from .members import NEW
from .options import a_path

__all__ = ["Destination", "descriptor_of", "is_open_file", "is_stream", "replaced", "take_over", "work_stem"]

#: Where something can be written: the path of a file, or a file that is open for bytes.
Destination: TypeAlias = str | os.PathLike[str] | BinaryIO

#: Folders whose names are the descriptors of this process.
DESCRIPTORS = ("/dev/fd", "/proc/self/fd")
#: More links than any system follows.
MOST_LINKS = 64
#: Of the name of a file or folder, so much is in the name of the one that is written beside it.
NAME_SHOWN = 32

#: Of what is there already, and stays: a terminal must not become that of the process.
OPENED = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


def is_open_file(destination: object) -> bool:
    """Whether this is no path but a file that is open."""
    return callable(getattr(destination, "write", None))


def descriptor_of(path: str | os.PathLike[str]) -> int | None:
    """The descriptor of this process that a path leads to, as ``/dev/stdout`` leads to 1."""
    try:
        return _descriptor(_followed(a_path("path", path)))
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
def replaced(destination: Destination, *, new: bool = False, follow: bool = True) -> Iterator[BinaryIO]:
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
    named = a_path("path", destination)
    try:
        with _opened(named, new, follow) as file:
            yield file
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(named)) from None


def _opened(named: Path, new: bool, follow: bool) -> contextlib.AbstractContextManager[BinaryIO]:
    """The file for a path, by what is there."""
    target = _followed(named) if follow else named
    if follow and (descriptor := _descriptor(target)) is not None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()  # what was printed before comes before
        return _stream(os.dup(descriptor))
    try:
        there = os.stat(named) if follow else os.lstat(named)
    except FileNotFoundError:
        return _plain(target, None, new)
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(named))
    if follow and not stat.S_ISREG(there.st_mode):
        return _stream(os.open(named, OPENED))
    there = os.lstat(target)
    return _plain(target, there if stat.S_ISREG(there.st_mode) else None, new)


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
def _plain(target: Path, there: os.stat_result | None, new: bool) -> Iterator[BinaryIO]:
    """A file that is written beside its name, and takes it when all of it is on the disk."""
    mode = 0o666 if there is None else 0o600
    if new:
        os.close(os.open(target, NEW, mode))  # from here on the name is taken
    work = target.with_name(f"{work_stem(target)}{secrets.token_hex(8)}.new")
    try:
        descriptor = os.open(work, NEW, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                if there is not None:
                    take_over(descriptor, there)
                yield file
                file.flush()
                os.fsync(descriptor)
            os.replace(work, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(work)
            raise
    except BaseException:
        if new:
            with contextlib.suppress(OSError):
                os.unlink(target)
        raise
    _sync_folder(target.parent)


def work_stem(target: Path) -> str:
    """How the name of what is written beside a file or folder begins, however long its own is."""
    return f".{target.name[:NAME_SHOWN]}."


def take_over(descriptor: int, there: os.stat_result) -> None:
    """Who may read and write a file or folder stays as it was, as far as the system lets one say so.

    A folder keeps what it says of the owners and names of what is in it, too.
    """
    if hasattr(os, "fchown") and (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, there.st_uid, there.st_gid)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, stat.S_IMODE(there.st_mode) & (0o7777 if stat.S_ISDIR(there.st_mode) else 0o777))


def _sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where folders can be opened and waited for."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(opened)


@contextlib.contextmanager
def _stream(descriptor: int) -> Iterator[BinaryIO]:
    """A file that writes to a descriptor, and closes it."""
    with io.BufferedWriter(_Stream(descriptor)) as file:
        yield cast(BinaryIO, file)


class _Stream(io.RawIOBase):
    """Bytes that go on from where they are; how many went is counted, for formats that ask where they stand."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._written = descriptor, 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        written = os.write(self._descriptor, data)
        self._written += written
        return written

    def tell(self) -> int:
        return self._written

    def close(self) -> None:
        if not self.closed:
            try:
                super().close()
            finally:
                os.close(self._descriptor)
