"""Disks that fail at any call, and processes that die there."""

import errno
import os
from pathlib import Path

import pytest

import adlcore as adl
from adlcore._support import files

TESTS = Path(__file__).parents[1]

CHANGE = files.change

#: How often a run is killed; `ci/kill_runs.sh` does it more often.
KILLS = int(os.environ.get("ADLCORE_KILLS", "4"))


#: Calls by which what was written beside its name takes it: a file, and a folder.
NAMING = ("replace", "rename")


class Death(BaseException):
    """What nobody catches: from here on nothing reaches the disk, as after a kill."""


class Disk:
    """The calls that change something, one of which fails.

    Parameters
    ----------
    at : int
        Which one, from 0; -1 for none.
    how : {"error", "half", "death"}
        An error of the system; one after half of the bytes are written; the end of the process.
    """

    def __init__(self, at: int, how: str) -> None:
        self.at, self.how, self.calls, self.names = at, how, 0, []

    def change(self, path, call, *given, **named):
        number, self.calls = self.calls, self.calls + 1
        self.names.append(call.__name__)
        if number == self.at or (number > self.at >= 0 and self.how == "death"):
            if call is os.write and self.how != "error" and number == self.at:
                call(given[0], given[1][: len(given[1]) // 2])
            if self.how == "death":
                raise Death
            return CHANGE(path, self._fail, errno.ENOSPC)
        # Nobody pulls a plug here.
        return None if "sync" in call.__name__ else CHANGE(path, call, *given, **named)

    @staticmethod
    def _fail(number: int) -> None:
        raise OSError(number, os.strerror(number))


def steps(monkeypatch, run) -> list[str]:
    """The calls that a run makes which nothing happens to."""
    disk = Disk(-1, "error")
    with monkeypatch.context() as patch:
        patch.setattr(files, "change", disk.change)
        run()
    return disk.names


def die(monkeypatch, call, at: int, how: str) -> None:
    """Make a call whose `at`-th step fails, then stop failing."""
    with monkeypatch.context() as patch:
        patch.setattr(files, "change", Disk(at, how).change)
        with pytest.raises(Death if how == "death" else OSError) as caught:
            call()
        if how != "death":
            assert caught.value.errno == errno.ENOSPC
            assert caught.value.filename


def steps_that_fail(names: list[str], how: str) -> list[tuple[int, str]]:
    """Number and name of each call; only what writes can fail in the middle."""
    return [(at, name) for at, name in enumerate(names) if how != "half" or name == "write"]


def environment() -> dict[str, str]:
    """That of a process which finds this package and the tests."""
    paths = [str(Path(adl.__file__).parent.parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
