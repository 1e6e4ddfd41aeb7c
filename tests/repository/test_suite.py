"""The suite itself: what it draws is the same every time, a search draws anew, and what is left out is counted."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.files

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent

DRAWN = """
import hashlib, sys
from hypothesis import given, seed, settings, strategies as st
import conftest

everything = st.tuples(st.integers(), st.floats(), st.text(), st.sampled_from(range(99)), st.permutations(range(9)))
found = []


@given(st.lists(everything))
def draws(value):
    found.append(repr(value))


(draws if conftest.SEED is None else seed(int(conftest.SEED))(draws))()
print(len(found), hashlib.sha256(repr(found).encode()).hexdigest())
"""


def drawn(folder: Path, before: str = "", **environment: str) -> str:
    """How many examples a law is given in a process of its own, and which."""
    paths = (TESTS, ROOT, *filter(None, [os.environ.get("PYTHONPATH")]))
    known = {name: value for name, value in os.environ.items() if not name.startswith(("ADLCORE_", "HYPOTHESIS_"))}
    told = {**known, "PYTHONPATH": os.pathsep.join(map(str, paths)), **environment}
    command = [sys.executable, "-c", f"{before}\n{DRAWN}"]
    done = subprocess.run(command, cwd=folder, env=told, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert list(folder.iterdir()) == []
    return done.stdout


def test_the_suite_draws_the_same_whatever_is_imported(tmp_path):
    first = drawn(tmp_path, PYTHONHASHSEED="1")
    assert first.startswith("25 ")
    imports = "import adlcore.clearing, adlcore.lab.scenarios, random; random.seed(5)"
    assert drawn(tmp_path, imports, PYTHONHASHSEED="2", CI="1") == first


@pytest.mark.search
def test_a_search_draws_what_its_seed_says(tmp_path):
    one, again, other = (drawn(tmp_path, ADLCORE_SEED=seed, ADLCORE_EXAMPLES="40") for seed in "778")
    assert one.startswith("40 ")
    assert one == again != other


def test_what_is_left_out_is_counted_with_workers_as_without():
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "tests/clearing/snapshot/test_tables.py",
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
