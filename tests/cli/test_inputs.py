"""Files of positions and snapshots as commands read them: what is wrong with one is told in a line that names it."""

import sys

import pytest

import adlcore as adl
from adlcore.cli._reading_bar import ReadingBar
from adlcore.lab import crowd
from support.commands import EQUITY

HEAD = "quantity,entry_price,equity\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent.csv", None, "No such file or directory: "),
        ("absent.parquet", None, "No such file or directory: "),
        ("p.xlsx", "x", "has suffix '.xlsx'"),
        ("p.csv", "", "p.csv is empty"),
        ("p.csv", HEAD, "p.csv has a header and no rows"),
        ("p.csv", HEAD + "-1,2,3\n-1,2\n", "p.csv, line 3 has 2 fields: must have 3"),
        ("p.csv", HEAD + "-1,2,3\n\n-1,2,x\n", "p.csv, line 4: equity is 'x': must be a number"),
        ("p.csv", HEAD + "-1,2,nan\n", "p.csv, line 2: equity is 'nan': must be finite"),
        ("p.csv", HEAD + "-1,2,3\n-1,0,3\n", "p.csv, line 3: entry_price[1] is 0.0: must be a finite price above 0"),
        ("p.csv", HEAD + "-9e18,2,3\n-9e18,2,3\n", "p.csv, line 3: quantity[1] is -9000000000000000000: makes the sum"),
        ("p.csv", "size,price\n1,2\n", "no column that is known as entry_price"),
        ("p.csv", "entry_price,equity\n1,2\n", "no column that is known as quantity"),
        ("p.parquet", "", "p.parquet is empty"),
        ("p.parquet", "nothing of the kind", "cannot be read as Parquet"),
    ],
)
def test_bad_files(bad, tmp_path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    for command in (("rank",), ("deleverage", "--quantity", "1")):
        assert words in bad(*command, path, "--mark", "1")
        assert words in bad(*command, path, "--mark", "1", "--json")


def test_a_folder_is_no_file(bad, tmp_path):
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert "Is a directory" in bad("rank", folder, "--mark", "1")


def test_without_pyarrow_one_line_names_the_extra(bad, file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'adlcore[files]'" in bad("rank", file, "--mark", "22", EQUITY)


def test_the_bar_is_given_to_the_reader(file, good, monkeypatch):
    seen = []
    monkeypatch.setattr(ReadingBar, "__call__", lambda self, *step: seen.append(step))
    good("rank", file, "--mark", "22", EQUITY)
    assert seen[-1] == (file.stat().st_size,) * 2


def test_unbalanced_open_interest_is_one_line_on_stderr(run, saved):
    with pytest.warns(adl.OpenInterestWarning):
        snapshot = adl.Snapshot.build(
            [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
            {"account": ["ann"], "balance": ["9"]},
            [{"account": "ann", "contract": "X", "quantity": 1, "entry_price": 1}],
            {"X": 1},
        )
    code, out, err = run("margin", saved(snapshot))
    assert (code, err.count("\n")) == (0, 1)
    assert err.startswith("warning: positions.quantity is 1: the longs and shorts of X must be equal")
    assert "ann" in out


def test_accounts_that_are_numbers(bad, good, saved):
    asked = ("margin", saved(crowd.snapshot(10, 1)), "--account")
    good(*asked, "1")
    must = "must be an account of this snapshot"
    assert bad(*asked, "ann") == f"account is 'ann': {must}, where they are numbers"
    assert "where they are numbers" in bad(*asked, "9" * 5_000)
    assert bad(*asked, "-77") == f"account is '-77': {must}"
