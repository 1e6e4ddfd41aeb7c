"""What tests of commands share: files that commands read, and how what they print is looked at."""

from __future__ import annotations

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

#: A scenario of a small crash.
SMALL = """\
name = "small"
seed = 3
[wallets]
count = 300
positions = 600
[shock]
passes = 5
"""


def fits(text: str, width: int = 80) -> bool:
    """Whether every line fits the terminal."""
    return all(cell_len(line) <= width for line in text.splitlines())


def table_rows(text: str) -> list[list[str]]:
    """The words of each line of a table below its rule, up to the next blank line."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("──"))
    rows = lines[start + 1 :]
    return [line.split() for line in rows[: rows.index("") if "" in rows else None] if not line.startswith("...")]


def refuses(bad, file, arguments, words: str) -> None:
    """A command line on a file, as FILE in its folder FOLDER, is refused with these words, and nothing is written."""
    filled = [argument.replace("FILE", str(file)).replace("FOLDER", str(file.parent)) for argument in arguments]
    before = file.read_text()
    assert words in bad(*filled)
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]
