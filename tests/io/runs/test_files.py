"""What a run needs of the disk beyond one file: folders that are whole or not there, names of work, one writer."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from adlcore._support import files as disk
from adlcore.io.runs import files
from support.disk_faults import Death, die, steps
from support.refusals import refused
from support.run_worlds import tree

pytestmark = pytest.mark.plain


def fill(folder):
    """Fill a folder with two files."""
    with files.replaced_folder(folder) as create:
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


def test_a_file_is_written_under_its_name_of_work(tmp_path, monkeypatch):
    path, work = tmp_path / "file", tmp_path / files.work_name("file")

    def write():
        with files.written(path) as file:
            file.write(b"whole")

    path.write_bytes(b"before")
    for at, name in enumerate(steps(monkeypatch, write)[:-2]):
        path.write_bytes(b"before")
        die(monkeypatch, write, at, "death")
        assert path.read_bytes() == b"before", name
        assert set(os.listdir(tmp_path)) <= {path.name, work.name}
    work.write_bytes(b"left")  # by a writer that was stopped
    write()
    assert tree(tmp_path) == {"file": b"whole"}


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


def test_a_folder_has_one_writer(tmp_path):
    told = f"{tmp_path} is being written by another writer: must be left to it until it ends"
    with files.locked(tmp_path):
        refused(lambda: files.locked(tmp_path).__enter__(), told)
    with pytest.raises(Death), files.locked(tmp_path):
        raise Death
    with files.locked(tmp_path):
        pass


def test_a_system_without_such_locks_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fcntl", None)
    told = "runs are written on POSIX systems alone, whose locks end with the process: must be one of them"
    refused(lambda: files.locked(tmp_path).__enter__(), told)
