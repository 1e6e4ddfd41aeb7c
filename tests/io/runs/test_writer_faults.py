"""Runs on disks that fail, in processes that are killed: what was complete is there, and the end is the same."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from adlcore._support import files
from adlcore.io import open_run
from support.disk_faults import KILLS, NAMING, die, environment, steps, steps_that_fail
from support.run_worlds import LONG, TEN, TWO, Stop, tree

pytestmark = pytest.mark.files


TESTS = Path(__file__).parents[2]


WAYS = [("error", TWO), ("half", TWO), ("death", TEN)]


@pytest.mark.usefixtures("unsynchronized")
@pytest.mark.parametrize(("how", "world"), WAYS, ids=["error", "half", "death"])
def test_a_run_survives_a_failure_of_any_call(tmp_path, monkeypatch, how, world):
    names = steps(monkeypatch, lambda: world.record(tmp_path / "plain"))
    assert tree(tmp_path / "plain") == world.tree
    assert {"mkdir", "open", "write", "fdatasync", "fsync", *NAMING, "unlink", "flock"} - set(names) <= {"fdatasync"}
    assert sum(map(names.count, NAMING)) == 7
    for at, name in steps_that_fail(names, how):
        folder = tmp_path / str(at)
        die(monkeypatch, lambda folder=folder: world.record(folder), at, how)
        assert tree(world.go_on(folder).path) == world.tree, name
        shutil.rmtree(folder)


@pytest.mark.usefixtures("unsynchronized")
@pytest.mark.parametrize(("how", "world"), WAYS, ids=["error", "half", "death"])
def test_a_resumed_run_survives_a_failure_of_any_call(tmp_path, monkeypatch, how, world):
    log = world.log  # made here, or its calls would be counted below

    def left(folder):
        """In the middle of the third pass, and of a folder that was being written."""
        world.stop(folder, 2)
        with open(folder / "events.arrow", "ab") as file:
            file.write(log[file.tell() : file.tell() + 700])
        (folder / ".after.new").mkdir()
        (folder / ".after.new" / "wallets.parquet").write_bytes(b"half")
        return folder

    left(tmp_path / "plain")
    names = steps(monkeypatch, lambda: world.resume(tmp_path / "plain"))
    assert tree(tmp_path / "plain") == world.tree
    assert {"truncate", "rmdir"} <= set(names)
    for at, name in steps_that_fail(names, how):
        folder = left(tmp_path / str(at))
        die(monkeypatch, lambda folder=folder: world.resume(folder), at, how)
        run = open_run(folder)
        assert run.sealed or len(run.passes()["pass"]) >= 2, name
        assert tree(world.resume(folder).path) == world.tree, name
        shutil.rmtree(folder)


def test_every_pass_is_on_the_disk_before_it_is_told(tmp_path, monkeypatch):
    names, change = [], files.change

    def noted(path, call, *given, **named):
        names.append((Path(path).name, call.__name__))
        return change(path, call, *given, **named)

    monkeypatch.setattr(files, "change", noted)
    TEN.record(tmp_path / "run", on_pass=lambda number, *_: names.append(("told", number)))
    told = [place for place, (name, _) in enumerate(names) if name == "told"]
    for place in told:
        assert names[place - 1][0] == "events.arrow"
        assert names[place - 1][1].endswith("sync")
        assert names[place - 2] == ("events.arrow", "write")
    # Every name is synchronized before it is given, and the folder after.
    for place, (_, call) in enumerate(names):
        if call in NAMING:
            assert names[place - 1][1].endswith("sync")
            assert names[place + 1] == ("run", "fsync")
    sealed = max(place for place, step in enumerate(names) if step[1] in NAMING)
    assert [step for step in names[sealed + 1 :] if "sync" not in step[1]] == [("events.arrow", "unlink")]


# Processes ------------------------------------------------------------------------------------------------------------


def killed(folder: Path, rng: random.Random) -> int:
    """Make the long run in a process, or go on with it, and kill that after some pass; what it ended with."""
    what = "resume" if (folder / "manifest.json").exists() else "record"
    after, more = rng.randrange(-1, len(LONG.passes)), rng.uniform(0, 0.012)
    command = [sys.executable, str(TESTS / "support" / "run_worlds.py"), what, str(folder)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= after:
                break
        time.sleep(more)
        process.send_signal(signal.SIGKILL)
        process.stdout.read()
        return process.wait()


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_that_is_killed_ends_as_one_that_was_not(tmp_path, seed):
    rng, folder = random.Random(seed), tmp_path / "run"
    for _ in range(1 + seed % 2):
        assert killed(folder, rng) in (0, -signal.SIGKILL)
        if (folder / "before").exists():
            open_run(folder)
    run = LONG.go_on(folder)
    assert run.sealed
    assert tree(folder) == LONG.tree


def python(code: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """Run code in a process of its own, which must end well; `before` starts it."""
    command = [*before, sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done


FULL = """
import errno, os, resource, shutil, sys
from pathlib import Path
from support.run_worlds import TEN, open_run, tree
from adlcore._support import files

files._sync_file = os.fsync = lambda file: None  # nobody pulls a plug here
parent, most = Path(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]
failed = set()
for limit in range(100, 14_000, 700):
    folder = parent / str(limit)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        TEN.record(folder)
    except OSError as error:
        assert error.errno == errno.EFBIG, error
        failed.add(Path(error.filename).name)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    if (folder / "before").exists():
        open_run(folder)
    TEN.go_on(folder)
    assert tree(folder) == TEN.tree, limit
    shutil.rmtree(folder)

    TEN.stop(folder, 4)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        TEN.resume(folder)
    except OSError as error:
        failed.add(Path(error.filename).name)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert open_run(folder).sealed or len(open_run(folder).passes()["pass"]) == 4
    TEN.resume(folder)
    assert tree(folder) == TEN.tree, limit
    shutil.rmtree(folder)
print(*sorted(failed))
"""


def test_a_file_that_may_not_grow_stops_a_run_that_goes_on_later(tmp_path):
    failed = python(FULL, tmp_path).stdout.split()
    assert {".manifest.json.new", "events.arrow", ".events.parquet.new"} <= set(failed)


SMALL_DISK = """
import errno, os, subprocess, sys
from pathlib import Path
from support.run_worlds import CONFIGURATION, LONG, Inputs, RunWorld, open_run, tree

parent, elsewhere = map(Path, sys.argv[1:])
mark = {name: "70." + "1" * 50 for name in "XYI"}
world = RunWorld(LONG.house, tuple(Inputs(900 + n, mark) for n in range(1500)))
try:
    world.record(parent / "run")
except OSError as error:
    assert error.errno == errno.ENOSPC, error
    assert Path(error.filename) == parent / "run" / "events.arrow"
else:
    raise AssertionError("there was room")
assert os.statvfs(parent).f_bavail == 0
many = len(open_run(parent / "run").passes()["pass"])
assert many > 300, many
before = tree(parent / "run")
for _ in range(2):
    try:
        world.resume(parent / "run")
    except OSError as error:
        assert error.errno == errno.ENOSPC
    assert len(open_run(parent / "run").passes()["pass"]) == many
try:
    (parent / "other").mkdir()
    world.record(parent / "other")
except OSError as error:
    assert error.errno == errno.ENOSPC
assert [name for name in tree(parent) if name.startswith("other")] == []
subprocess.run(["mount", "-o", "remount,size=32m", str(parent)], check=True)
world.resume(parent / "run")
world.record(elsewhere / "run")
assert tree(parent / "run") == tree(elsewhere / "run")
print(many)
"""


@pytest.mark.tmpfs
def test_a_full_disk_stops_a_run_that_goes_on_when_there_is_room(tmp_path):
    (tmp_path / "disk").mkdir()
    # A mount of its own, gone with the process; only root may, or whoever is root in a namespace of users.
    alone = ("unshare", "--mount", *(() if os.geteuid() == 0 else ("--user", "--map-root-user")))
    mount = f'mount -t tmpfs -o size=1m none "{tmp_path}/disk" && exec "$@"'
    python(SMALL_DISK, tmp_path / "disk", tmp_path, before=(*alone, "sh", "-c", mount, "sh"))
    assert os.listdir(tmp_path / "disk") == []


READ_ONLY = """
import errno, os, sys
from pathlib import Path
from support.run_worlds import TEN, open_run, tree

parent = Path(sys.argv[1])
TEN.record(parent / "first")  # everything is imported now
TEN.stop(parent / "open", 2)
for path in (parent / "empty", parent):
    path.mkdir(exist_ok=True)
before = tree(parent)
for path in (parent / "empty", parent / "first", parent / "open", parent):
    path.chmod(0o555)
if os.geteuid() == 0:  # whom nothing stops
    os.setgid(65534)
    os.setuid(65534)

def refused(call, path):
    try:
        call()
    except PermissionError as error:
        assert Path(error.filename) == path, error.filename
    else:
        raise AssertionError(path)

refused(lambda: TEN.record(parent / "new"), parent / "new")
refused(lambda: TEN.record(parent / "empty"), parent / "empty" / ".manifest.json.new")
refused(lambda: TEN.resume(parent / "open"), parent / "open" / "events.arrow")
assert tree(parent) == before
assert len(open_run(parent / "open").events()["time"]) == 72
assert TEN.verify(parent / "open").sealed is False
assert TEN.verify(parent / "first").sealed
TEN.resume(parent / "first")
assert tree(parent) == before
"""


def test_a_folder_that_may_not_be_written_is_read_and_left_alone():
    # Not in pytest's folder, which nobody else may enter.
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        try:
            python(READ_ONLY, parent)
        finally:
            for path in (Path(parent), *Path(parent).iterdir()):
                path.chmod(0o755)


def test_a_generator_that_fails_is_no_fault_of_the_disk(tmp_path):
    with pytest.raises(Stop):
        TEN.record(tmp_path / "run", TEN.until(1))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["before", "events.arrow", "manifest.json"]
