"""A file of positions, a small crash, and runs of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import adlcore as adl
from support import hostile
from support.commands import POSITIONS, SMALL


@pytest.fixture
def file(tmp_path):
    """A file of positions, alone in its folder."""
    path = tmp_path / "avax.csv"
    path.write_text(POSITIONS)
    return path


@pytest.fixture
def saved(tmp_path):
    """Where a snapshot is saved."""

    def save(snapshot):
        adl.io.save(snapshot, tmp_path / "venue")
        return tmp_path / "venue"

    return save


@pytest.fixture
def in_ascii():
    """What a command prints where the terminal has no Unicode."""

    def printed(*words):
        environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
        command = [sys.executable, "-m", "adlcore.cli", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    return printed


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A current folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def small(at):
    """A scenario in it, as small.toml."""
    (at / "small.toml").write_text(SMALL)


@pytest.fixture(scope="session")
def there(tmp_path_factory):
    """Files of every kind, as they should be; not to be changed."""
    folder = tmp_path_factory.mktemp("there")
    hostile.make_files(folder)
    return folder


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """The run of a small crash, and its report; not to be changed."""
    from adlcore.cli import main

    folder = tmp_path_factory.mktemp("small")
    (folder / "small.toml").write_text(SMALL)
    with pytest.raises(SystemExit) as left:
        main(["simulate", str(folder / "small.toml"), "--out", str(folder / "run"), "--json"])
    assert left.value.code == 0
    return folder / "run"


@pytest.fixture
def stopped(small_run, at):
    """A run that was stopped after as many passes as one asks for, in the current folder."""
    from adlcore.cli._crash_runs import crash_of

    whole = adl.io.open_run(small_run)

    def after(count, name="cut", configuration=None):
        crash = crash_of(whole)

        def stops():
            for number, given in enumerate(crash.passes()):
                if number == count:
                    raise KeyboardInterrupt
                yield given
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            adl.io.record(name, crash.house, stops(), configuration=configuration or whole.configuration)
        return Path(name)

    return after
