"""Members of a folder that adlcore fills: plain files and folders, which are opened as what they are.

A path that a user names may lead through links. What lies in a folder of ours may not: a link there leads to what is
not ours, a pipe waits for somebody, a device is no place for a file. So nothing here waits or makes a terminal its own,
and no link is followed, but by :func:`open_named`, whose path is a user's.
"""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from ..errors import AdlError

__all__ = ["APPEND", "NEW", "READ", "open_descriptor", "stat_member", "open_member", "open_named", "refuse_shared"]

#: How anything is opened; what a system does not know is left out there.
_SAFELY = 0
for _name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"):
    _SAFELY |= getattr(os, _name, 0)

#: For reading; for a file that must not be there yet; for one that is gone on with.
READ = os.O_RDONLY | _SAFELY
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _SAFELY

#: What a path may be, as errors call it.
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISREG, "a plain file"),
)


def stat_member(path: Path, *, folder: bool = False) -> os.stat_result | None:
    """What is known of a plain file, or of a folder; None where there is nothing.

    Raises
    ------
    AdlError
        Where something else is: a link is none of them, wherever it leads.
    """
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    _refuse_other(path, found, folder)
    return found


def open_descriptor(path: Path) -> int:
    """The descriptor of a plain file that is opened for reading.

    Raises
    ------
    AdlError
        Where something else is.
    OSError
        Where nothing is, or it cannot be opened.
    """
    _refuse_other(path, os.lstat(path), False)
    return _plain(path, os.open(path, READ))


def open_member(path: Path) -> BufferedReader:
    """A plain file, opened for reading; errors are those of :func:`open_descriptor`."""
    return open(open_descriptor(path), "rb")


def open_named(path: Path) -> BufferedReader:
    """A plain file that a user named, be it through links, opened for reading; errors are as above."""
    _refuse_other(path, os.stat(path), False)
    return open(_plain(path, os.open(path, READ & ~getattr(os, "O_NOFOLLOW", 0))), "rb")


def refuse_shared(path: Path, found: os.stat_result) -> None:
    """Refuse a file that has another name, too: what is written into it would stand under that one as well."""
    if found.st_nlink > 1:
        must = "must be a copy of its own, for what is appended would stand in the others, too"
        raise AdlError(f"{path} is a file of {found.st_nlink} names: {must}", argument="path", value=str(path))


def _plain(path: Path, number: int) -> int:
    """The descriptor of a plain file: by now that may be another than the one that was looked at."""
    try:
        _refuse_other(path, os.fstat(number), False)
    except BaseException:
        os.close(number)
        raise
    return number


def _refuse_other(path: Path, found: os.stat_result, folder: bool) -> None:
    if (stat.S_ISDIR if folder else stat.S_ISREG)(found.st_mode):
        return
    kind = next((name for test, name in _KINDS if test(found.st_mode)), "a device")
    must = f"must be {'a folder' if folder else 'a plain file'}"
    raise AdlError(f"{path} is {kind}: {must}", argument="path", value=str(path), must=must)
