"""What a run needs of the disk beyond one file: folders that are whole or not there, names of work, one writer."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from adlcore._support import files as disk
from adlcore.io import open_run
from adlcore.io.runs import files
from support.disk_faults import die, environment, steps
from support.refusals import fails_at, refused
from support.run_worlds import LONG, TEN, tree

pytestmark = pytest.mark.plain


def fill(folder):
    """Fill a folder with two files."""
    with files.fill_folder(folder) as create:
        for name in ("a", "b"):
            with create(name) as file:
                file.write(name.encode())


def test_a_folder_is_whole_or_not_there(tmp_path, monkeypatch):
    names = steps(monkeypatch, lambda: fill(tmp_path / "plain"))
    assert tree(tmp_path / "plain") == {"a": b"a", "b": b"b"}
    assert names.index("rename") > max(place for place, name in enumerate(names) if name == "write")
    for at, name in enumerate(names[:-1]):
        die(monkeypatch, lambda at=at: fill(tmp_path / str(at)), at, "error")
        assert not (tmp_path / str(at)).exists(), name
        assert sorted(os.listdir(tmp_path)) == ["plain"], name


def test_a_folder_of_others_is_not_removed(tmp_path):
    folder, precious = tmp_path / "folder", tmp_path / "folder" / "notes"
    folder.mkdir()
    (folder / "a").write_bytes(b"a")
    precious.write_bytes(b"mine")
    refused(lambda: files.remove_folder(folder, ["a"]), f"{precious} is not of this run: must be moved elsewhere")
    assert tree(folder) == {"a": b"a", "notes": b"mine"}
    files.remove_folder(folder, ["a", "notes"])
    files.remove_folder(folder, [])
    assert os.listdir(tmp_path) == []


def test_what_failed_is_not_written_when_the_file_is_closed(tmp_path, monkeypatch):
    """Half of a pass, and the whole of it behind that, would be no log."""

    def failing(path, call, *given, **named):
        if call is os.write:
            call(given[0], given[1][:3])
            raise OSError(errno.ENOSPC, "full", str(path))
        return change(path, call, *given, **named)

    change = disk.change
    with disk.Sink.append(tmp_path / "log", 0) as file, monkeypatch.context() as patch:
        patch.setattr(disk, "change", failing)
        file.write(b"a pass")
        with pytest.raises(OSError, match="full"):
            file.sync()
    assert (tmp_path / "log").read_bytes() == b"a p"


def test_a_system_without_such_locks_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    told = "runs are written on POSIX systems alone, whose locks end with the process: must be one of them"
    refused(lambda: files.lock_folder(tmp_path).__enter__(), told)


def test_a_second_writer_is_refused(tmp_path, copied):
    folder, words = tmp_path / "run", "is being written by another writer: must be left to it until it ends"
    tried = []

    def on_pass(number, *_):
        tried.append(refused(lambda: TEN.resume(folder), f"{folder} {words}").argument)
        tried.append(refused(lambda: TEN.record(folder), f"{folder} {words}").argument)
        assert len(open_run(folder).passes()["pass"]) == number + 1

    assert tree(TEN.record(folder, on_pass=on_pass).path) == TEN.tree
    assert tried == ["path"] * 8
    folder = copied("ten-2")
    refused(lambda: TEN.resume(folder, on_pass=lambda *_: TEN.resume(folder)), f"{folder} {words}")
    # The lock is gone with whoever had it.
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_a_system_that_locks_nothing_is_named(monkeypatch, tmp_path):
    def flock(*_):
        raise OSError(45, "Operation not supported")

    monkeypatch.setitem(sys.modules, "fcntl", SimpleNamespace(flock=flock, LOCK_EX=2, LOCK_NB=4))
    fails_at(tmp_path / "run", lambda: TEN.record(tmp_path / "run"), OSError, "Operation not supported")


TESTS = Path(__file__).parents[2]


def test_another_process_is_a_second_writer(tmp_path):
    folder, tried = tmp_path / "run", []
    command = [sys.executable, str(TESTS / "support" / "run_worlds.py"), "resume", str(folder)]

    def on_pass(number, *_):
        if number == 1:
            tried.append(
                subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60, check=False)
            )

    LONG.record(folder, on_pass=on_pass)
    assert tried[0].returncode == 1
    assert "run is being written by another writer: must be left to it until it ends" in tried[0].stderr
    assert tree(folder) == LONG.tree
