"""The tour of a newcomer: every command line in it prints what it shows."""

import contextlib
import doctest
import re
import shlex
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2]
#: The text that shows command lines and their outputs.
TOUR = next(path for path in (FOLDER / "docs" / "tour.md", FOLDER / "README.md") if path.exists())


def consoles():
    """Every command line of the text that shows its output, and that output."""
    for block in re.findall(r"^```console\n(.*?)^```", TOUR.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            if output.strip():
                yield shlex.split(line), output.rstrip().splitlines()


def test_the_tour_prints_what_its_command_lines_print(good, tmp_path):
    with contextlib.chdir(tmp_path):
        done = doctest.testfile(str(TOUR), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
        assert (done.failed, done.attempted > 20) == (0, True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["crash", "crash.html", "venue"]
        shown = list(consoles())
        assert [line[1] for line, _ in shown] == ["margin", "explain", "scenario"]
        for line, output in shown:
            assert line[0] == "adlcore"
            assert [text.rstrip() for text in good(*line[1:]).splitlines()] == output
