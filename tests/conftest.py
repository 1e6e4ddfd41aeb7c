"""How the suite runs: the same every time or as a search, what tests share, and command lines run in this process."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers

from support import zoo

#: Of the search: the seed of all that it draws, and the time at which it ends.
SEED, UNTIL = os.environ.get("ADLCORE_SEED"), os.environ.get("ADLCORE_UNTIL")

FOLDER = Path(__file__).parent.parent

# Hypothesis also draws constants that it finds in the package's modules, in those that are imported by then: what is
# drawn would depend on the order of tests, and on the name of the folder that the repository lies in.
providers._get_local_constants = lambda: providers._local_constants

# Its tables of Unicode are kept beside what pytest keeps: a run leaves one folder behind, not two.
os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(FOLDER / ".pytest_cache" / "hypothesis"))

# The suite is the same every time. `ci/search.sh` draws anew; ADLCORE_EXAMPLES=2000 draws more of each.
settings.register_profile(
    "adlcore",
    deadline=None,
    max_examples=int(os.environ.get("ADLCORE_EXAMPLES", "25")),
    derandomize=SEED is None,
    database=None if SEED is None else DirectoryBasedExampleDatabase(FOLDER / ".hypothesis" / "examples"),
    print_blob=SEED is not None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("adlcore")


#: Folders whose tests print or keep what the kernels gave, whichever they are.
KEEPING = (FOLDER / "tests" / "cli", FOLDER / "tests" / "report")


def pytest_itemcollected(item):
    """Mark what twins and sanitizers leave out."""
    if any(map(item.path.is_relative_to, KEEPING)):
        item.add_marker(pytest.mark.files)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """A search takes the tests in another order each time, so that one that ends early has begun with others."""
    if SEED is not None:
        random.Random(SEED).shuffle(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """When the time of a search is over, what has begun ends, and nothing else begins."""
    if UNTIL is not None and time.time() > float(UNTIL):
        pytest.skip("the time of the search is over")


@pytest.fixture(scope="session")
def october10():
    """The folder of the rows of 10 October 2025, for tests of that marker."""
    return Path(os.environ["ADLCORE_OCTOBER10"])


@pytest.fixture(params=sorted(zoo.score_zoo()))
def scores(request):
    """Every score column of the zoo."""
    return zoo.score_zoo()[request.param].copy()


@pytest.fixture(params=zoo.SIZE_KINDS)
def size_kind(request):
    """Every kind of size column of the zoo; `zoo.sizes` makes it at a length."""
    return request.param


@pytest.fixture(params=["int64", "float64"])
def lots_or_floats(request):
    """The two dtypes of a quantity."""
    return request.param


@pytest.fixture
def terminal(monkeypatch):
    """80 columns and no colours, whatever runs the tests."""
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def run(terminal, capsys):
    """Run a command line in this process: exit code, stdout, stderr."""
    from adlcore.cli import main

    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return left.value.code, out, err

    return call


@pytest.fixture
def good(run):
    """Run a command line that must succeed: stdout."""

    def call(*arguments):
        code, out, err = run(*arguments)
        assert (code, err) == (0, "")
        return out

    return call


@pytest.fixture
def bad(run):
    """Run a command line that must be refused: the one line on stderr."""

    def call(*arguments):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("error: ")
        assert err.endswith("\n")
        assert err.count("\n") == 1
        assert "Traceback" not in err
        return err[len("error: ") : -1]

    return call


@pytest.fixture
def unsynchronized(monkeypatch):
    """Runs do not wait for the disk: that takes most of their time, and nobody pulls a plug here."""
    from adlcore._support import files

    change, waits = files.change, {os.fsync, getattr(os, "fdatasync", os.fsync)}

    def without(path, call, *given, **named):
        return None if call in waits else change(path, call, *given, **named)

    monkeypatch.setattr(files, "change", without)


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """Sealed runs, and ones that were left after some passes; not to be changed."""
    from support.run_worlds import TEN, TWO

    parent = tmp_path_factory.mktemp("runs")
    for name, world in (("ten", TEN), ("two", TWO)):
        world.record(parent / f"{name}-sealed")
        for count in range(len(world.passes) + 1):
            world.stop(parent / f"{name}-{count}", count)
    return parent


@pytest.fixture
def copied(kept, tmp_path):
    """Copies of them, to be changed."""

    def copy_of(name):
        shutil.copytree(kept / name, tmp_path / name)
        return tmp_path / name

    return copy_of


@pytest.fixture
def impatient():
    """What waits for the other end of a pipe ends at last."""

    def over(*_):
        raise TimeoutError("waits for somebody")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
