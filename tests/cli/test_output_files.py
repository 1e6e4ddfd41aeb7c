"""What a command writes: to standard output or in place of a file, and never over what it reads."""

import os
import subprocess
import sys

import pytest

import adlcore as adl
from support.disk_faults import environment

ROWS = "user,quantity,entry_price,equity\nalice,-28.53,28.885,295.72\ncarol,-448.17,27.884,8648.07\n"


CLOSE = ("--mark", "22", "--quantity", "5")


def shell(folder, line, *arguments):
    """What a shell makes of a line in which "$@" is the command line with these arguments."""
    tool = [sys.executable, "-c", "from adlcore.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *tool],
        cwd=folder,
        env={**environment(), "COLUMNS": "80"},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def positions(tmp_path):
    """A file of positions, in a folder of its own."""
    (tmp_path / "p.csv").write_text(ROWS)
    return tmp_path


@pytest.mark.parametrize("out", ["-", "/dev/stdout", "link.csv"])
@pytest.mark.parametrize(
    "line", ['{ echo head; "$@"; echo tail; }', '{ echo head; "$@"; echo tail; } > all; /bin/cat all']
)
def test_standard_output_gets_the_file_and_nothing_else(good, positions, out, line):
    (positions / "link.csv").symlink_to("/dev/stdout")
    told = good("deleverage", positions / "p.csv", *CLOSE, "--out", positions / "plain.csv")
    expected = (positions / "plain.csv").read_bytes()
    code, stdout, stderr = shell(positions, line, "deleverage", "p.csv", *CLOSE, "--out", out)
    assert (code, stdout) == (0, b"head\n" + expected + b"tail\n")
    called = "standard output" if out == "-" else out
    assert stderr.decode().replace(f"to {called}", f"to {positions / 'plain.csv'}") == told


def test_standard_output_is_for_one_document(bad, positions):
    for out in ("-", "/dev/stdout"):
        said = bad("deleverage", positions / "p.csv", *CLOSE, "--out", out, "--json")
        assert said.endswith("must be a file: standard output is for --json")


def test_a_report_on_standard_output_is_the_page(kept, tmp_path):
    plain = tmp_path / "plain.html"
    adl.report.write(adl.io.open_run(kept / "ten-sealed"), plain)
    code, stdout, stderr = shell(tmp_path, '"$@"', "report", kept / "ten-sealed", "--out", "-")
    assert (code, stderr) == (0, b"standard output: written\n")
    assert stdout == plain.read_bytes()
    code, stdout, stderr = shell(tmp_path, '"$@"', "report", kept / "ten-sealed", "--out", "/dev/null")
    assert (code, stdout, stderr) == (0, b"/dev/null: written\n", b"")
    assert os.listdir(tmp_path) == ["plain.html"]


def test_a_report_does_not_replace_what_it_is_made_of(bad, good, copied, tmp_path):
    folder = copied("ten-sealed")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (tmp_path / "soft").symlink_to(next(iter(sorted(folder.glob("events.*")))))
    os.link(folder / "manifest.json", tmp_path / "hard")
    for out in (folder / "manifest.json", tmp_path / "soft", tmp_path / "hard"):
        assert bad("report", folder, "--out", out).endswith("must not be the file that is read")
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "MiB" in good("report", folder, "--out", folder / "report.html")
    assert "MiB" in good("report", folder, "--out", folder / "report.html")


def test_a_link_in_a_run_is_no_place_for_its_report(bad, copied, tmp_path):
    folder, victim = copied("ten-sealed"), tmp_path / "victim"
    victim.write_bytes(b"mine")
    (folder / "report.html").symlink_to(victim)
    assert bad("report", folder) == f"{folder / 'report.html'} is a symbolic link: must be a plain file"
    assert victim.read_bytes() == b"mine"
    assert (folder / "report.html").is_symlink()


def test_errors_of_files_are_one_line(bad, kept, tmp_path):
    run = kept / "ten-sealed"
    (tmp_path / "folder").mkdir()
    assert bad("report", run, "--out", tmp_path / "folder") == f"Is a directory: {tmp_path / 'folder'}"
    assert bad("report", run, "--out", tmp_path / "no/x.html") == f"No such file or directory: {tmp_path / 'no/x.html'}"
    assert bad("report", run, "--out", tmp_path / ("x" * 256)).startswith("File name too long: ")
    assert os.listdir(tmp_path) == ["folder"]
