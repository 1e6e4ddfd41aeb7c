"""Options whose numbers are none that people use: a short line on stderr and exit code 2, never a traceback."""

from __future__ import annotations

import pytest

import adlcore as adl
from adlcore.cli._app import run

NUMBERS = ["9" * 5000, "-" + "9" * 100_000, "1e1000000", "1e-1000000", "0." + "3" * 5000, "1e" + "9" * 50, "9" * 30]

CSV = "account,size,entryPx,equity\n1,-5,10,9\n2,4,11,8\n"


@pytest.fixture
def files(tmp_path):
    """A table of positions, a snapshot, a folder that is none of either."""
    x = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))
    (tmp_path / "p.csv").write_text(CSV)
    snapshot = adl.Snapshot.build(
        [x],
        [{"account": 1, "balance": "12"}, {"account": 2, "balance": "100"}],
        [
            {"account": 1, "contract": "X", "quantity": "10", "entry_price": "10"},
            {"account": 2, "contract": "X", "quantity": "-10", "entry_price": "10"},
        ],
        {"X": "10"},
    )
    snapshot.to_npz(tmp_path / "s.npz")
    return tmp_path


RANK, DELEVERAGE = ("rank", "p.csv", "--mark", "9"), ("deleverage", "p.csv", "--mark", "9", "--quantity", "1")
EXPLAIN = ("explain", "s.npz", "--account", "1", "--contract", "X")

#: Commands that take a number last.
COMMANDS = {
    "rank --mark": ("rank", "p.csv", "--mark"),
    "rank --lot": (*RANK, "--lot"),
    "rank --multiplier": (*RANK, "--multiplier"),
    "rank --top": (*RANK, "--top"),
    "rank --settle": (*RANK, "--settle"),
    "deleverage --quantity": ("deleverage", "p.csv", "--mark", "9", "--quantity"),
    "deleverage --price": (*DELEVERAGE, "--price"),
    "deleverage --exclude": (*DELEVERAGE, "--exclude"),
    "deleverage --max-counterparties": (*DELEVERAGE, "--max-counterparties"),
    "margin --taker-fee": ("margin", "s.npz", "--taker-fee"),
    "margin --account": ("margin", "s.npz", "--account"),
    "explain --mark": (*EXPLAIN, "--mark"),
    "explain --add-margin": (*EXPLAIN, "--add-margin"),
    "explain --reduce": (*EXPLAIN, "--reduce"),
    "explain --account": ("explain", "s.npz", "--contract", "X", "--account"),
    "demo --accounts": ("demo", "--accounts"),
}

#: What a number of 30 digits is no fault for: it is all rows there are, a name, or a large price.
TAKEN = {
    "rank --settle",
    "rank --top",
    "deleverage --max-counterparties",
    "rank --mark",
    "rank --multiplier",
    "deleverage --price",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_option_that_is_no_number_of_people_is_refused_in_a_line(files, monkeypatch, capsys, command):
    monkeypatch.chdir(files)
    for number in NUMBERS:
        code = run([*COMMANDS[command], number])
        told = capsys.readouterr().err
        if code == 0:
            assert command in TAKEN
            assert len(number) < 100
            continue
        assert code == 2, number
        assert told.startswith("error: ")
        assert told.count("\n") == 1
        assert len(told) < 2100
