"""The suite itself: what it draws is the same every time, a search draws anew, and what is left out is counted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.files

TESTS = Path(__file__).parent
ROOT = TESTS.parent

DRAWN = """
import hashlib, os
from pathlib import Path
from hypothesis import given, strategies as st

everything = st.tuples(st.integers(), st.floats(), st.text(), st.sampled_from(range(99)), st.permutations(range(9)))
found = []


@given(st.lists(everything))
def test_draws(value):
    found.append(repr(value))
    Path(os.environ["DRAWN"]).write_text(f"{len(found)} {hashlib.sha256(repr(found).encode()).hexdigest()}")
"""


def drawn(folder: Path, *more: str, **environment: str) -> str:
    """How many examples a law is given in a process of its own, and which."""
    folder.mkdir(parents=True)
    (folder / "test_draws.py").write_text(DRAWN)
    (folder / "conftest.py").write_text((TESTS / "conftest.py").read_text() + "\n" + "\n".join(more))
    (folder / "zoo.py").write_text((TESTS / "zoo.py").read_text())
    told = {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "DRAWN": str(folder / "drawn"),
    }
    known = {
        name: value for name, value in os.environ.items() if not name.startswith(("ADLCORE_", "HYPOTHESIS_", "PYTEST_"))
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        os.devnull,
        "--rootdir",
        str(folder),
        ".",
    ]
    if "ADLCORE_SEED" in environment:
        command.append(f"--hypothesis-seed={environment['ADLCORE_SEED']}")
    done = subprocess.run(
        command,
        cwd=folder,
        env={**known, **told, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ADLCORE_SEED" in environment or not list(folder.parent.rglob(".hypothesis"))
    return (folder / "drawn").read_text()


def test_the_suite_draws_the_same_wherever_it_lies_and_whatever_is_imported(tmp_path):
    first = drawn(tmp_path / "here" / "a", PYTHONHASHSEED="1")
    assert first.startswith("25 ")
    imports = "import adlcore.cli, adlcore.report, adlcore.clearing, adlcore.lab.scenarios, random; random.seed(5)"
    assert drawn(tmp_path / "there" / "tests" / "b", imports, PYTHONHASHSEED="2", CI="1") == first


def test_a_search_draws_what_its_seed_says(tmp_path):
    one, again, other = (
        drawn(tmp_path / str(place) / "a", ADLCORE_SEED=seed, ADLCORE_EXAMPLES="40") for place, seed in enumerate("778")
    )
    assert one.startswith("40 ")
    assert one == again != other


def test_what_is_left_out_is_counted_with_workers_as_without():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests/test_house_faults.py",
        "-k",
        "nothing_of_the_kind",
    ]
    told = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    found = []
    for workers in ("0", "2"):
        done = subprocess.run(
            [*command, "-n", workers], cwd=ROOT, env=told, capture_output=True, text=True, timeout=300, check=False
        )
        found.append(re.findall(r"\d+ deselected in", done.stdout))
    assert found[0] == found[1]
    assert len(found[0]) == 1
