"""What is said about packages and machines: versions, platforms, workflows, and imports that some platform lacks."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import adlcore as adl

pytestmark = [pytest.mark.files, pytest.mark.plain]

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PACKAGE = Path(adl.__file__).parent

#: Modules of the standard library that some platform lacks, and names of `os` that do.
POSIX_ALONE = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty", "curses", "readline"}
POSIX_NAMES = {
    "O_DIRECTORY",
    "O_NOFOLLOW",
    "O_CLOEXEC",
    "O_NONBLOCK",
    "fdatasync",
    "fork",
    "sysconf",
    "getuid",
    "geteuid",
}


def project() -> dict:
    """The project's own description."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_stands_once():
    assert project()["project"]["dynamic"] == ["version"]
    assert adl.__version__ == importlib.metadata.version("adlcore")


def test_every_supported_python_gets_a_wheel():
    named = [line.rsplit(" ", 1)[1] for line in project()["project"]["classifiers"] if ":: 3." in line]
    built = project()["tool"]["cibuildwheel"]["build"].split()
    assert {f"cp{version.replace('.', '')}-*" for version in named} <= set(built)
    assert {"cp314-*", "cp314t-*", "cp315-*", "cp315t-*"} <= set(built)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_only_call_the_scripts(path):
    text = path.read_text(encoding="utf-8")
    for command in re.findall(r"^\s*-?\s*run: *(.*)$", text, re.MULTILINE):
        script = re.fullmatch(r"(?:sudo )?bash (\.?ci/[\w.]+)(?: [\w./-]+)*", command)
        assert script, command
        assert (ROOT / script[1]).is_file()
    used = set(re.findall(r"uses: ([\w.-]+/[\w.-]+)@", text))
    assert used <= {
        "actions/checkout",
        "actions/download-artifact",
        "actions/upload-artifact",
        "pypa/cibuildwheel",
        "pypa/gh-action-pypi-publish",
    }
    assert "secrets." not in text


def test_only_a_published_release_is_uploaded():
    text = (ROOT / ".github" / "workflows" / "wheels.yml").read_text(encoding="utf-8")
    jobs = dict(re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", text.split("\njobs:\n", 1)[1], re.MULTILINE))
    assert set(jobs) == {"sdist", "wheels", "publish"}
    publishing = {name for name, job in jobs.items() if "gh-action-pypi-publish" in job or "id-token" in job}
    assert publishing == {"publish"}
    for line in (
        "if: github.event_name == 'release'",
        "environment: pypi",
        "id-token: write",
        "needs: [sdist, wheels]",
    ):
        assert f"    {line}" in jobs["publish"]


def lines_outside_functions(tree: ast.Module) -> list[ast.AST]:
    """Every node that runs at import."""
    found, ahead = [], [tree]
    while ahead:
        node = ahead.pop()
        found.append(node)
        ahead += [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        ]
    return found


def test_nothing_that_a_platform_lacks_is_named_at_import():
    for path in PACKAGE.rglob("*.py"):
        for node in lines_outside_functions(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names} & POSIX_ALONE
            elif isinstance(node, ast.ImportFrom):
                names = {node.module} & POSIX_ALONE
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
                names = {node.attr} & POSIX_NAMES
            else:
                continue
            assert not names, f"{path}: {names}"


WITHOUT_POSIX = """
import os, sys
for name in %r: sys.modules[name] = None
for name in %r: vars(os).pop(name, None)
import importlib, pkgutil, adlcore
for module in pkgutil.walk_packages(adlcore.__path__, "adlcore."):
    if not module.name.endswith("__main__"): importlib.import_module(module.name)
"""


def test_every_module_can_be_imported_where_posix_is_not():
    pytest.importorskip("typer", reason="modules of the command line need the cli extra")
    modules = sorted(POSIX_ALONE - {"posix"})
    code = f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); {{}}"
    # What others need of these is imported before they are taken away.
    before = "import numpy, pyarrow, plotly, pydantic, typer, rich.console, concurrent.futures, multiprocessing"
    script = code.format(before) + WITHOUT_POSIX % (modules, sorted(POSIX_NAMES))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
