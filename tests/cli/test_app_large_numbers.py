"""Options whose numbers are none that people use: a short line on stderr and exit code 2, never a traceback."""

import pytest

from adlcore.cli._app import run
from adlcore.lab import crowd

NUMBERS = ["9" * 5000, "-" + "9" * 100_000, "1e1000000", "1e-1000000", "0." + "3" * 5000, "1e" + "9" * 50, "9" * 30]

CSV = "account,size,entryPx,equity\n1,-5,10,9\n2,4,11,8\n"


@pytest.fixture
def files(tmp_path):
    """A table of positions and a snapshot, in which accounts are numbers."""
    (tmp_path / "p.csv").write_text(CSV)
    crowd.snapshot(10, 1).to_npz(tmp_path / "s.npz")
    return tmp_path


RANK, DELEVERAGE = "rank p.csv --mark 9", "deleverage p.csv --mark 9 --quantity 1"
EXPLAIN = "explain s.npz --contract BTCUSDT"

#: Commands that take a number last. Of the first one of 30 digits is no fault: it is all rows there are, a name, or a
#: large price.
TAKEN = (
    *("rank p.csv --mark", f"{RANK} --multiplier", f"{RANK} --top", f"{RANK} --settle"),
    *(f"{DELEVERAGE} --price", f"{DELEVERAGE} --max-counterparties"),
)
COMMANDS = (
    *(*TAKEN, f"{RANK} --lot", "deleverage p.csv --mark 9 --quantity", f"{DELEVERAGE} --exclude"),
    *("margin s.npz --taker-fee", "margin s.npz --account", "demo --accounts", f"{EXPLAIN} --account"),
    *(f"{EXPLAIN} --account 3 {option}" for option in ("--mark", "--add-margin", "--reduce")),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_is_no_number_of_people_is_refused_in_a_line(files, monkeypatch, capsys, command):
    monkeypatch.chdir(files)
    for number in NUMBERS:
        code = run([*command.split(), number])
        told = capsys.readouterr().err
        if code == 0:
            assert command in TAKEN
            assert len(number) < 100
            continue
        assert code == 2, number
        assert told.startswith("error: ")
        assert told.count("\n") == 1
        assert len(told) < 2100
