"""The command line where whoever calls it has closed one of its streams."""

import subprocess
import sys

import pytest

from support.hostile import beside


@pytest.fixture(scope="module")
def folder(there):
    """A run and a file of positions."""
    with beside(there, "run", "p.csv") as made:
        yield made


def closed(folder, words, stream):
    """A command that is started without stdout, or stderr; what came on the other one."""
    line = f'exec "$0" -m adlcore.cli {words} {stream}>&-'
    call = ["/bin/sh", "-c", line, sys.executable]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        *("--version", "--help", "rank p.csv --mark 10", "query run 'select 1'", "report run --out r.html"),
        "scenario init -",
    ],
)
@pytest.mark.parametrize("stream", [1, 2])
def test_what_cannot_be_said_is_no_failure(folder, words, stream):
    if (stream, words) == (1, "scenario init -"):
        words = "scenario init s.toml"
    found = closed(folder, words, stream)
    assert found.returncode == 0
    assert "Traceback" not in found.stderr


def test_what_is_wrong_has_its_code_without_a_word(folder):
    assert closed(folder, "rank absent.csv --mark 10", 2).returncode == 2


@pytest.mark.parametrize(
    "words", ["scenario init -", "report run --out -", "deleverage p.csv --quantity 1 --mark 10 --out -"]
)
def test_a_file_for_standard_output_needs_one(folder, words):
    found = closed(folder, words, 1)
    assert found.returncode == 2
    assert found.stderr == "error: Bad file descriptor: standard output\n"
