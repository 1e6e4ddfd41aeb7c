"""What a build compiles: kernels whose files or circumstances changed, and no others, however the last one ended."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest

pytestmark = [pytest.mark.compiler, pytest.mark.plain]

SETUP = Path(__file__).parents[2] / "setup.py"
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")

FILES = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools>=77", "Cython>=3.1"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "adlcore"
        version = "0"
        [tool.setuptools.packages.find]
        include = ["adlcore*"]
        """,
    "adlcore/__init__.py": "",
    "adlcore/_kernels/__init__.py": "",
    "adlcore/_kernels/compiled/__init__.py": "",
    "adlcore/_kernels/compiled/subject/__init__.py": "",
    "adlcore/_kernels/compiled/include/number.h": "#define ADL_NUMBER 1",
    "adlcore/_kernels/compiled/subject/shared.pxd": """
        cdef extern from "number.h":
            int NUMBER "ADL_NUMBER"
        """,
    "adlcore/_kernels/compiled/subject/one.pyx": """
        from .shared cimport NUMBER
        def answer(): return NUMBER
        """,
    "adlcore/_kernels/compiled/subject/two.pyx": "def answer(): return 2",
}

#: A compiler that writes down what it compiles, edits or dies where it is told to, and takes no time to optimize.
COMPILER = """#!/bin/sh
case "$* " in
  *--version*) echo "${COMPILER_VERSION:-1}"; exit ;;
  *" -c "*) for argument; do case "$argument" in *.c)
    name=$(basename "$argument" .c)
    echo "$name" >>"$COMPILED"
    [ "$name" != one ] || [ -z "$EDITS" ] || echo "$WITH" >"$EDITS"
    [ "$name" != "$DIES_AT" ] || exit 1
  esac; done ;;
esac
exec gcc "$@" -O0
"""


class Tree:
    """A small project that is built by this one's setup.py."""

    def __init__(self, folder: Path, compiler: Path):
        self.folder, self.compiler = folder, compiler
        self.kernels, self.log = folder / "adlcore" / "_kernels" / "compiled" / "subject", folder / "compiled"

    def write(self):
        """Write its files."""
        self.folder.mkdir()
        shutil.copy(SETUP, self.folder)
        for name, text in FILES.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")

    def run(self, code: str, **environment: str) -> subprocess.CompletedProcess:
        """Run code in the project's folder, without the switches that the suite itself may run under."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(("ADLCORE_", "PYTHON"))}
        told = known | {"CC": str(self.compiler), "COMPILED": str(self.log), "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            [sys.executable, "-c", code],
            cwd=self.folder,
            env=told | environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def build(self, before: str = "", call: str = "", fails: bool = False, **environment: str) -> list[str]:
        """Build in place; the names of the kernels that were compiled."""
        self.log.write_text("", encoding="utf-8")
        run = "import runpy, sys; sys.argv = ['setup.py', 'build_ext', '--inplace']; runpy.run_path('setup.py')"
        done = self.run(f"{before}\n{call or run}", **environment)
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return sorted(self.log.read_text(encoding="utf-8").split())

    def answers(self) -> list[int]:
        """What the kernels beside their sources answer."""
        code = "from adlcore._kernels.compiled.subject import one, two; print([one.answer(), two.answer()])"
        done = self.run(code)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A project that was built once; not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    compiler = folder / "compiler"
    compiler.write_text(COMPILER, encoding="utf-8")
    compiler.chmod(0o755)
    tree = Tree(folder / "project", compiler)
    tree.write()
    assert tree.build() == ["one", "two"]
    return tree


@pytest.fixture
def tree(built, tmp_path):
    """A copy of it."""
    shutil.copytree(built.folder, tmp_path / "project")
    return Tree(tmp_path / "project", built.compiler)


@pytest.mark.parametrize(
    ("name", "line", "compiled", "answers"),
    [
        ("two.pyx", "def answer(): return 22", ["two"], [1, 22]),
        ("../include/number.h", "#define ADL_NUMBER 11", ["one"], [11, 2]),
        ("shared.pxd", 'cdef extern from "number.h":\n    int NUMBER "ADL_NUMBER + 30"', ["one"], [31, 2]),
        ("one.pxd", "cdef int nothing", ["one"], [1, 2]),
        ("../include/idle.h", "#define ADL_IDLE", [], [1, 2]),
    ],
)
def test_what_changed_is_compiled_and_what_names_it(tree, name, line, compiled, answers):
    assert tree.build() == []
    (tree.kernels / name).write_text(line + "\n", encoding="utf-8")
    os.utime(tree.kernels / name, (0, 0))  # no time of a file is asked
    assert tree.build() == compiled
    assert tree.answers() == answers
    for path in tree.kernels.parent.rglob("*"):
        path.touch()
    assert tree.build() == []


@pytest.mark.parametrize(
    ("before", "environment"),
    [
        ("", {"ADLCORE_NO_CLONES": "1"}),
        ("", {"ADLCORE_TRACE": "1"}),
        ("", {"ADLCORE_SAFE": "1"}),
        ("", {"CFLAGS": "-DSOMETHING"}),
        ("", {"LDFLAGS": "-Wl,--as-needed"}),
        ("", {"CPATH": "/nowhere"}),
        ("", {"COMPILER_VERSION": "2"}),
        ("import Cython; Cython.__version__ += '.1'", {}),
        ("import sys; sys.version += ' '", {}),
        ("from pathlib import Path; Path('setup.py').open('a').write('#')", {}),
    ],
)
def test_other_circumstances_compile_everything(tree, before, environment):
    assert tree.build(before, **environment) == ["one", "two"]
    before = "" if "setup.py" in before else before
    assert tree.build(before, **environment) == []


def test_everything_is_compiled_where_that_is_asked_for(tree):
    force = "import runpy, sys; sys.argv = ['setup.py', 'build_ext', '--force']; runpy.run_path('setup.py')"
    assert tree.build(call=force) == ["one", "two"]


def test_an_editable_install_compiles_what_changed(tree):
    call = "import setuptools.build_meta as m; print(m.build_editable('.'))"
    assert tree.build(call=call) == []
    (tree.kernels / "two.pyx").write_text("def answer(): return 3\n", encoding="utf-8")
    assert tree.build(call=call) == ["two"]
    assert tree.build(call=call) == []
    assert tree.answers() == [1, 3]


def test_a_build_that_failed_is_gone_on_with(tree):
    (tree.kernels / "../include/number.h").write_text("#define ADL_NUMBER 5\n", encoding="utf-8")
    (tree.kernels / "two.pyx").write_text("def answer(): return 6\n", encoding="utf-8")
    assert "one" in tree.build(DIES_AT="one", fails=True)  # its C is newer than its library now
    assert "one" in tree.build(DIES_AT="one", fails=True)
    assert "one" in tree.build()
    assert tree.build() == []
    assert tree.answers() == [5, 6]


def test_what_is_edited_while_it_is_compiled_is_compiled_again(tree):
    (tree.kernels / "one.pxd").write_text("cdef int nothing\n", encoding="utf-8")
    header = str(tree.kernels / "../include/number.h")
    assert tree.build(EDITS=header, WITH="#define ADL_NUMBER 8") == ["one"]
    assert tree.build() == ["one"]
    assert tree.build() == []
    assert tree.answers() == [8, 2]


@pytest.mark.parametrize("suffix", ["", ".key"])
@pytest.mark.parametrize("share", [0, 0.5])
def test_half_of_what_is_kept_is_compiled_again(tree, suffix, share):
    path = tree.folder / "build" / "kernels" / "subject" / f"two{SUFFIX}{suffix}"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert tree.build() == ["two"]
    assert tree.answers() == [1, 2]


def test_what_lies_beside_the_sources_is_never_trusted(tree):
    for name in ("one", "two"):
        (tree.kernels / f"{name}{SUFFIX}").write_bytes(b"half of it")
    (tree.kernels / "two.c").write_text("nonsense", encoding="utf-8")
    assert tree.build() == []
    assert tree.answers() == [1, 2]
    (tree.kernels / f"one{SUFFIX}").unlink()
    assert tree.build() == []
    assert tree.answers() == [1, 2]


def test_what_was_made_of_a_removed_kernel_is_removed(tree):
    made = [path for path in tree.folder.rglob("two*") if "temp." not in str(path)]
    assert {path.suffix for path in made} == {".pyx", ".c", ".so", ".key"}
    (tree.kernels / "two.pyx").unlink()
    assert tree.build() == []
    assert [path for path in made if path.exists()] == []
