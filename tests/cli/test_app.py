"""The application: its help, its version, and one line on stderr with exit code 2 for whatever is wrong."""

import subprocess
import sys

import pytest

import adlcore as adl
from adlcore.cli._app import COMMANDS
from support.commands import EQUITY


def test_help_and_version(good):
    assert good("--version") == f"adlcore {adl.__version__}\n"
    for arguments in ((), ("--help",), ("-h",)):
        out = good(*arguments)
        listed = [words[1] for line in out.splitlines() if len(words := line.split()) > 2]
        names = [command.__name__ for command in COMMANDS]
        assert [name for name in listed if name in names] == names
        assert "scenario" in listed
    for command in ("rank", "deleverage", "demo"):
        assert "--json" in good(command, "--help")


def test_as_a_process(file):
    command = [sys.executable, "-m", "adlcore.cli"]
    done = subprocess.run([*command, "rank", "absent.csv", "--mark", "1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: No such file or directory: absent.csv\n"
    done = subprocess.run([*command, "rank", str(file), "--mark", "22", EQUITY], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("module", ["typer", "rich"])
def test_without_the_extra_one_line_names_it(run, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = run("demo")
    assert (code, out) == (2, "")
    assert err == f"error: the command line ({module}) needs the 'cli' extra: pip install 'adlcore[cli]'\n"


def test_what_is_no_command_is_refused(bad):
    assert "No such command" in bad("bogus")
    assert "No such option" in bad("--bogus")
