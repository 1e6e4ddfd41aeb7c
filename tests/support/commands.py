"""What tests of commands share: files that commands read, and how what they print is looked at."""

import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len

#: A file of positions, and where its equity is.
POSITIONS = """\
user,position_size,entry_price,cash,upnl
alice,-28.53,28.885,100,195.72
bob,-18.04,27.676,399.70,101.94
carol,-448.17,27.884,6022.24,2625.83
dave,100.5,30,5000,-801.49
erin,-0.35,48.838,61.32,9.38
"""
EQUITY = "--columns=equity=cash+upnl"


def small_crash(count: int, positions: int, passes: int) -> str:
    """A scenario of a small crash."""
    return f"""\
name = "small"
seed = 3
[wallets]
count = {count}
positions = {positions}
[shock]
passes = {passes}
"""


SMALL = small_crash(300, 600, 5)


def fits(text: str, width: int = 80) -> bool:
    """Whether every line fits the terminal."""
    return all(cell_len(line) <= width for line in text.splitlines())


def table_rows(text: str) -> list[list[str]]:
    """The words of each line of a table below its rule, up to the next blank line."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("──"))
    rows = lines[start + 1 :]
    return [line.split() for line in rows[: rows.index("") if "" in rows else None] if not line.startswith("...")]


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder, and what it holds."""
    return {path: path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def refused_lines(fixture: str, base: str, *rows: tuple[str, str]):
    """A test for each row of a table: options after a command line, and words of what is said.

    FILE is what the fixture gives, FOLDER is where that lies; nothing there is written.
    """

    @pytest.mark.parametrize(("options", "words"), rows, ids=[options or "none" for options, _ in rows])
    def test(bad, request, options, words):
        place = request.getfixturevalue(fixture)
        line = shlex.split(f"{base} {options}")
        line = [word.replace("FILE", str(place)).replace("FOLDER", str(place.parent)) for word in line]
        before = contents(place.parent)
        assert words in bad(*line)
        assert words in bad(*line, "--json")
        assert contents(place.parent) == before

    return test
