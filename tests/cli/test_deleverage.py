"""The command line: what it prints, what it writes, and one line on stderr with exit code 2 for whatever is wrong."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

import adlcore as adl

pytest.importorskip("typer", reason="the command line needs the cli extra")
pytest.importorskip("rich", reason="the command line needs the cli extra")
pa = pytest.importorskip("pyarrow", reason="the command line needs the cli extra")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = [pytest.mark.usefixtures("terminal"), pytest.mark.files]

from rich.cells import cell_len  # noqa: E402
from rich.console import Console  # noqa: E402

from adlcore.cli import _reading_bar, _tables  # noqa: E402

ROWS = """\
user,position_size,entry_price,cash,upnl
alice,-28.53,28.885,100,195.72
bob,-18.04,27.676,399.70,101.94
carol,-448.17,27.884,6022.24,2625.83
dave,100.5,30,5000,-801.49
erin,-0.35,48.838,61.32,9.38
"""
EQUITY = "--columns=equity=cash+upnl"
FILLS = ["account", "row", "place", "score", "closed", "left", "realized_pnl"]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "avax.csv"
    path.write_text(ROWS)
    return path


def fits(text, width=80):
    return all(cell_len(line) <= width for line in text.splitlines())


def table_rows(text):
    """The lines of a table below its rule, up to the next blank line."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("──"))
    rows = lines[start + 1 :]
    return [line.split() for line in rows[: rows.index("") if "" in rows else None]]


# rank -----------------------------------------------------------------------------------------------------------------


def test_rank_shows_both_sides(good, file):
    out = good("rank", file, "--rule", "binance", "--mark", "22.025", EQUITY)
    assert fits(out)
    assert "Longs, by binance at mark 22.025: all 1" in out
    shorts = out[out.index("Shorts") :]
    assert [row[1] for row in table_rows(shorts)] == ["alice", "carol", "bob", "erin"]
    assert "●●●●●" in shorts


def test_rank_side_and_top(good, file):
    out = good("rank", file, "--mark", "22.025", EQUITY, "--side", "short", "--top", "2")
    assert "Longs" not in out
    assert "the first 2 of 4" in out
    assert [row[:2] for row in table_rows(out)] == [["1", "alice"], ["2", "carol"]]
    assert len(table_rows(good("rank", file, "--mark", "22.025", EQUITY, "--side", "short", "--top", "0"))) == 4


def test_rank_agrees_with_the_library(good, file):
    document = json.loads(good("rank", file, "--mark", "22.025", EQUITY, "--json"))
    positions = adl.read_positions(file, "equity=cash+upnl")
    market = adl.Market(positions.contract("X"), mark_price="22.025", **positions.columns)
    assert document["positions"] == {"long": 1, "short": 4}
    assert (document["lot"], document["mark"], document["rule"]) == ("0.01", "22.025", "binance")
    for fill in document["queue"]["short"] + document["queue"]["long"]:
        told = market.explain(fill["row"], "binance")
        assert (fill["place"], fill["indicator"], fill["account"]) == (told.rank, told.indicator, told.account)
        assert fill["score"] == told.score
        assert fill["pnl_ratio"] == told.terms["pnl_ratio"]
        assert fill["effective_leverage"] == told.terms["effective_leverage"]
        assert Decimal(fill["quantity"]) == int(market.quantity[fill["row"]]) * positions.lot


def test_a_short_of_hyperliquid_may_be_taken_by_the_letter(good, file):
    positions = adl.read_positions(file, "equity=cash+upnl")
    market = adl.Market(positions.contract("X"), mark_price="22.025", **positions.columns)
    for short in ("mirrored", "literal"):
        words = ("--mark", "22.025", EQUITY, "--json", "--rule", "hyperliquid", "--short", short, "--side", "short")
        scores = [fill["score"] for fill in json.loads(good("rank", file, *words))["queue"]["short"]]
        told = market.score(adl.RankingRule("hyperliquid", short=short))[market.quantity < 0]
        assert [score for score in scores if score is not None] == sorted(told[told > -np.inf], reverse=True)


def test_a_side_without_positions_is_said_to_be_empty(good, tmp_path):
    path = tmp_path / "shorts.csv"
    path.write_text("quantity,entry_price,equity\n-1,2.0,5.0\n")
    assert "Longs, by binance at mark 1: none" in good("rank", path, "--mark", "1")


RULE_COLUMNS = {
    "binance": ["pnl_ratio", "effective_leverage"],
    "binance-portfolio": ["pnl_ratio", "account_leverage"],
    "binance-2019": ["gain_on_balance", "margin_ratio"],
    "bitmex": ["entry_return", "bankruptcy_leverage"],
    "hyperliquid": ["price_ratio", "effective_leverage"],
    "roi": ["entry_return"],
}


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_every_rule_shows_its_terms(good, tmp_path, rule):
    path = tmp_path / "all.csv"
    head = "quantity,entry_price,equity,account_equity,balance,maintenance_margin,bankruptcy_value"
    path.write_text(head + "\n-10,25,40,80,50,5,-260\n-10,24,40,80,50,6,-270\n10,20,90,90,50,5,130\n")
    document = json.loads(good("rank", path, "--mark", "22", "--rule", rule, "--json"))
    fills = document["queue"]["short"]
    names = list(fills[0])
    assert names[names.index("score") + 1 : names.index("quantity")] == RULE_COLUMNS[rule]
    for fill in fills + document["queue"]["long"]:
        first, *rest = (fill[name] for name in RULE_COLUMNS[rule])
        assert fill["score"] == pytest.approx(first * (rest[0] if rest else 1))
    assert fits(good("rank", path, "--mark", "22", "--rule", rule))


def test_scores_that_stand_last_are_null(good, tmp_path):
    path = tmp_path / "broke.csv"
    path.write_text("quantity,entry_price,equity\n-1,25,-4\n-1,25,4\n")
    fills = json.loads(good("rank", path, "--mark", "22", "--json"))["queue"]["short"]
    assert [fill["score"] for fill in fills] == [0.75, None]
    assert [fill["account"] for fill in fills] == [1, 0]
    text = good("rank", path, "--mark", "22", "--side", "short")
    assert "-inf" in text
    assert "○○○○○" in text
    assert " row " in text


# deleverage -----------------------------------------------------------------------------------------------------------

BASE = ("--quantity", "450.00", "--mark", "22.025")


def test_deleverage_prints_counterparties_and_a_summary(good, file):
    out = good("deleverage", file, *BASE, "--price", "22.075", EQUITY)
    assert fits(out)
    assert out.startswith("A bankrupt long of 450.00 against shorts, by binance at mark 22.025\n")
    rows = table_rows(out)
    assert [row[:2] for row in rows] == [["1", "alice"], ["2", "carol"]]
    assert rows[0][-4:] == ["28.53", "0.00", "194.29", "●●●●●"]
    assert sum(Decimal(row[-4]) for row in rows) == Decimal("450.00")
    assert rows[1][-3] == "26.70"
    assert "filled          450.00 of 450.00\n" in out
    assert "shortfall       0.00\n" in out
    assert "counterparties  2, 1 in full and 1 in part\n" in out
    assert "closed notional 9,911.25 USDT at the mark\n" in out
    assert "realized PnL    2,642.61 USDT at 22.075\n" in out


def test_a_short_is_closed_against_longs(good, file):
    out = good("deleverage", file, "--quantity", "-1_0", "--mark", "22.025", EQUITY)
    assert "A bankrupt short of 10.00 against longs" in out
    assert [row[1] for row in table_rows(out)] == ["dave"]


def test_a_shortfall_is_reported(good, file):
    out = good("deleverage", file, "--quantity", "1000", "--mark", "22.025", EQUITY)
    assert "filled          495.09 of 1000.00\n" in out
    assert "shortfall       504.91\n" in out
    assert "counterparties  4, all in full\n" in out


def test_nothing_to_close(good, file):
    out = good("deleverage", file, "--quantity", "0", "--mark", "22.025", EQUITY)
    assert "counterparties  0\n" in out
    assert "──" not in out


def test_top_cuts_the_table_and_nothing_else(good, file):
    out = good("deleverage", file, *BASE, EQUITY, "--top", "1")
    assert len(table_rows(out)) == 2
    assert "... and 1 more: --top 0 shows all" in out
    assert "filled          450.00 of 450.00\n" in out


def test_eligible_max_counterparties_and_exclude(good, file):
    def accounts(*options, mark="28"):
        document = json.loads(good("deleverage", file, "--quantity=100", "--mark", mark, EQUITY, "--json", *options))
        return [fill["account"] for fill in document["fills"]], document["shortfall"]

    assert accounts() == (["erin", "alice", "carol"], "0.00")
    assert accounts("--eligible", "winners") == (["erin", "alice"], "71.12")
    assert accounts("--max-counterparties", "1") == (["erin"], "99.65")
    assert accounts("--exclude", "alice", "--exclude", "carol") == (["erin", "bob"], "81.61")


def test_accounts_may_be_numbers(good, bad, tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"user": [7, 8], "qty": [-1, -2], "entry": [3.0, 4.0], "equity": [1.0, 1.0]}), path)
    base = ("deleverage", path, "--quantity", "3", "--mark", "2")
    document = json.loads(good(*base, "--exclude", "8", "--json"))
    assert [fill["account"] for fill in document["fills"]] == [7]
    assert "exclude: " in bad(*base, "--exclude", "x")


def test_contract_options(good, tmp_path):
    path = tmp_path / "inverse.csv"
    path.write_text("contracts,entry_price,equity\n-10,20000,1\n-20,40000,1\n")
    options = ("--kind", "inverse", "--multiplier", "100", "--settle", "BTC", "--price", "50000", "--lot", "5")
    document = json.loads(good("deleverage", path, "--quantity", "15", "--mark", "25000", *options, "--json"))
    assert (document["settle"], document["lot"]) == ("BTC", "5")
    # Shorts of an inverse contract win when the price falls: from 40,000 to 25,000.
    assert [fill["row"] for fill in document["fills"]] == [1]
    assert document["fills"][0]["realized_pnl"] == pytest.approx(15 * 100 * (1 / 50000 - 1 / 40000))
    assert document["closed_notional"] == 15 * 100 / 25000
    rejected = good("deleverage", path, "--quantity", "15", "--mark", "25000", *options)
    assert "0.06 BTC at the mark" in rejected


def test_deleverage_in_json(good, file):
    document = json.loads(good("deleverage", file, *BASE, "--price", "22.075", EQUITY, "--json"))
    fills = document.pop("fills")
    assert document == {
        "file": str(file),
        "rule": "binance",
        "mark": "22.025",
        "price": "22.075",
        "lot": "0.01",
        "quantity": "450.00",
        "filled": "450.00",
        "shortfall": "0.00",
        "counterparties": 2,
        "closed_notional": 9911.25,
        "realized_pnl": 2642.60853,
        "settle": "USDT",
        "out": None,
    }
    assert [fill["closed"] for fill in fills] == ["28.53", "421.47"]
    assert fills[0]["realized_pnl"] == 194.2893
    assert [
        fill["realized_pnl"] for fill in json.loads(good("deleverage", file, *BASE, EQUITY, "--json"))["fills"]
    ] == [
        None,
        None,
    ]


def read_fills(path):
    """A file of fills as rows of text and numbers."""
    if path.suffix == ".csv":
        with open(path, encoding="utf-8", newline="") as opened:
            return list(csv.DictReader(opened))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return pq.read_table(path).to_pylist()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("price", [None, "22.075"])
def test_fills_are_written(good, file, tmp_path, suffix, price):
    out = tmp_path / f"fills{suffix}"
    options = () if price is None else ("--price", price)
    text = good("deleverage", file, *BASE, EQUITY, "--out", out, *options)
    assert f"written         2 rows to {out}" in text
    fills = read_fills(out)
    assert [list(fill) for fill in fills] == [FILLS, FILLS]
    assert [str(fill["account"]) for fill in fills] == ["alice", "carol"]
    assert [int(fill["row"]) for fill in fills] == [0, 2]
    assert [int(fill["place"]) for fill in fills] == [1, 2]
    assert [str(fill["closed"]) for fill in fills] == ["28.53", "421.47"]
    assert [str(fill["left"]) for fill in fills] == ["0.00", "26.70"]
    score = [float(fill["score"]) for fill in fills]
    document = json.loads(good("deleverage", file, *BASE, EQUITY, "--json", *options))
    assert score == [fill["score"] for fill in document["fills"]]
    realized = [fill["realized_pnl"] for fill in fills]
    if price is None:
        assert realized == (["", ""] if suffix == ".csv" else [None, None])
    else:
        assert [float(value) for value in realized] == [fill["realized_pnl"] for fill in document["fills"]]


def test_fills_of_an_empty_selection_have_columns(good, file, tmp_path):
    for suffix in (".csv", ".jsonl", ".parquet"):
        out = tmp_path / f"none{suffix}"
        good("deleverage", file, "--quantity", "0", "--mark", "22", EQUITY, "--out", out, "--price", "22")
        assert read_fills(out) == []
    assert (tmp_path / "none.csv").read_text() == ",".join(FILLS) + "\n"
    assert pq.read_table(tmp_path / "none.parquet").column_names == FILLS


def test_written_fills_can_be_named_in_json(good, file, tmp_path):
    out = tmp_path / "fills.csv"
    document = json.loads(good("deleverage", file, *BASE, EQUITY, "--out", out, "--json"))
    assert document["out"] == str(out)
    assert len(read_fills(out)) == document["counterparties"]


def test_csv_and_parquet_give_the_same(good, file, tmp_path):
    from pyarrow import csv as pacsv

    path = tmp_path / "same.parquet"
    pq.write_table(pacsv.read_csv(file), path)
    first = json.loads(good("deleverage", file, *BASE, EQUITY, "--json"))
    second = json.loads(good("deleverage", path, *BASE, EQUITY, "--json"))
    assert first["fills"] == second["fills"]


def test_the_avax_batch_of_october_10(good, tmp_path):
    folder = next(
        (
            p / "shared/data/october10"
            for p in Path(__file__).resolve().parents
            if (p / "shared/data/october10").is_dir()
        ),
        None,
    )
    if folder is None:
        pytest.skip("shared/data/october10 is not beside the project")
    columns = "quantity=position_size,entry_price=entry_price,equity=account_value_realtime+total_unrealized_pnl,"
    out = tmp_path / "fills.csv"
    arguments = ("--quantity", "84454.65", "--mark", "22.025", "--price", "22.075", "--out", out)
    text = good("deleverage", folder / "avax_batch.csv", *arguments, "--columns", columns + "account=user10")
    assert fits(text[: text.index("written")])
    fills = read_fills(out)
    assert sum(Decimal(fill["closed"]) for fill in fills) == Decimal("84454.65")
    rows = table_rows(text)
    assert [row[1] for row in rows] == [fill["account"] for fill in fills]
    assert sum(Decimal(row[-4]) for row in rows) == Decimal("84454.65")


# What is refused ------------------------------------------------------------------------------------------------------

RANK = ("rank", "FILE", "--mark", "22", EQUITY)
CLOSE = ("deleverage", "FILE", "--mark", "22", "--quantity", "5", EQUITY)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("bogus",), "No such command"),
        (("--bogus",), "No such option"),
        (("rank",), "Missing argument 'FILE'"),
        (("rank", "FILE"), "Missing option '--mark'"),
        (("deleverage", "FILE", "--mark", "22"), "Missing option '--quantity'"),
        ((*RANK, "--top", "-1"), "--top"),
        ((*RANK, "--top", "x"), "--top"),
        ((*RANK, "--nope"), "No such option"),
        ((*RANK, "--side", "up"), "side is 'up': must be long or short"),
        ((*RANK, "--rule", "binanse"), "nearest: binance"),
        ((*RANK, "--mark", "0"), "mark is '0': must be above 0"),
        ((*RANK, "--mark", "nan"), "mark is 'nan': must be finite"),
        ((*RANK, "--mark", "x"), "mark is 'x': must be a number"),
        ((*RANK, "--mark", "1e999999999"), "mark is '1e999999999': must lie between"),
        ((*RANK, "--multiplier", "1e-999999999"), "multiplier is '1e-999999999': must lie between"),
        ((*RANK, "--lot", "1e999999999"), "lot is '1e999999999': must lie between"),
        ((*CLOSE, "--price", "1e400"), "price is '1e400': must lie between"),
        ((*CLOSE, "--quantity", "1e999999999"), "quantity is '1e999999999': must lie between"),
        ((*RANK, "--kind", "spot"), "kind is 'spot': must be one of linear, inverse, quanto"),
        ((*RANK, "--multiplier", "0"), "multiplier is '0': must be above 0"),
        ((*RANK, "--settle", ""), "settle is ''"),
        (
            (*RANK, "--lot", "0.1"),
            "avax.csv, line 2: quantity (column 'position_size') is '-28.53': is between lots of 0.1",
        ),
        ((*RANK, "--lot", "-1"), "lot is '-1': must be above 0"),
        ((*RANK, "--columns", "equity"), "must be NAME=COLUMN"),
        ((*RANK, "--columns", "equity=chash"), "no column 'chash' (for equity); nearest: cash"),
        ((*RANK, "--columns", "eqity=cash"), "nearest: equity"),
        ((*RANK, "--columns", "quantity=user"), "line 2: quantity (column 'user') is 'alice': must be a number"),
        (
            (*RANK, "--columns", ""),
            "no column that is known as equity, which the rule 'binance' needs: give columns 'equity=",
        ),
        ((*RANK, "--rule", "binance-2019"), "no column that is known as balance"),
        ((*CLOSE, "--quantity", "1.005"), "quantity is '1.005': is between lots of 0.01: 1.00 or 1.01 would do"),
        ((*CLOSE, "--quantity", "nan"), "quantity is 'nan'"),
        ((*CLOSE, "--quantity", "many"), "quantity is 'many'"),
        ((*CLOSE, "--price", "-1"), "price is '-1': must be above 0"),
        ((*CLOSE, "--price", "x"), "price is 'x'"),
        ((*CLOSE, "--eligible", "some"), "eligible is 'some': must be 'all' or 'winners'"),
        ((*CLOSE, "--max-counterparties", "-1"), "--max-counterparties"),
        ((*CLOSE, "--exclude", "mallory"), "exclude: account is 'mallory'"),
        (
            (*CLOSE, "--columns", "account=,equity=cash", "--exclude", "alice"),
            "exclude: the file has no account column",
        ),
        ((*CLOSE, "--out", "fills.txt"), "suffix '.txt': must be one of .csv, .jsonl, .parquet"),
        ((*CLOSE, "--out", "FOLDER/absent/fills.csv"), "No such file or directory: "),
        ((*CLOSE, "--out", "FILE"), "must not be the file that is read"),
        (("demo", "--accounts", "1"), "--accounts"),
        (("demo", "--accounts", "many"), "--accounts"),
        (("demo", "--seed", "-1"), "--seed"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(value).replace(EQUITY, "")[-50:],
)
def test_bad_options(bad, file, arguments, words):
    filled = [argument.replace("FILE", str(file)).replace("FOLDER", str(file.parent)) for argument in arguments]
    before = file.read_text()
    assert words in bad(*filled)
    assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


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


def test_a_failed_write_leaves_what_was_there(bad, file, tmp_path):
    out = tmp_path / "out" / "fills.csv"
    out.parent.mkdir()
    out.write_text("before")
    bad(*[argument.replace("FILE", str(file)) for argument in CLOSE], "--quantity", "0.001", "--out", out)
    assert out.read_text() == "before"
    assert list(out.parent.iterdir()) == [out]


def test_a_folder_is_no_file(bad, tmp_path):
    folder = tmp_path / "folder.csv"
    folder.mkdir()
    assert "Is a directory" in bad("rank", folder, "--mark", "1")


# How it looks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_labels_and_numbers_fit(good, tmp_path, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    path = tmp_path / "long.csv"
    rows = [f"0x{n:040x},-{n}58141.870001,{20000 + n}.12345678,{n}e6" for n in range(1, 30)]
    path.write_text("address,szi,entry_px,equity\n" + "\n".join(rows) + "\n")
    out = good("deleverage", path, "--quantity", "3000000", "--mark", "19000.5", "--price", "19000.5")
    assert fits(out[out.index("place") : out.index("filled")], width)
    assert [row[1][-2:] for row in table_rows(out)] == [fill["account"][-2:] for fill in _fills(good, path)]
    assert fits(good("rank", path, "--mark", "19000.5"), width)


def _fills(good, path):
    return json.loads(good("deleverage", path, "--quantity", "3000000", "--mark", "19000.5", "--json"))["fills"]


def test_numbers_are_never_cut(good, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    path = tmp_path / "narrow.csv"
    path.write_text("user,size,entry_price,equity\nsomebody-with-a-name,-123456789.123456789,25,4\n")
    out = good("deleverage", path, "--quantity", "123456789.123456789", "--mark", "22")
    assert "123456789.123456789" in out[: out.index("filled")]
    assert "…" in out


def test_labels_cannot_move_the_cursor_or_colour_the_table(good, tmp_path):
    path = tmp_path / "evil.csv"
    path.write_text('user,size,entry_price,equity\n"\x1b[2J[bold]x[/]\r",-1,25,4\n')
    out = good("rank", path, "--mark", "22", "--side", "short")
    assert "\x1b" not in out
    assert "\r" not in out
    assert r"\x1b[2J[bold]x[/]\r " in out


def test_a_terminal_without_unicode_gets_digits(file):
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    command = [sys.executable, "-m", "adlcore.cli", "rank", str(file), "--mark", "22", EQUITY, "--side", "short"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].split()[-1] in "12345"


def test_numbers_as_people_read_them():
    assert _tables.money(1234567.891) == "1,234,567.89"
    assert _tables.money(0.000123456789) == "0.000123457"
    assert _tables.money(0.0) == "0.00"
    assert _tables.money(float("nan")) == "nan"
    assert _tables.percent(0.12345) == "12.35"
    assert _tables.times(float("inf")) == "-"
    assert _tables.score(70096.2) == "70096"
    assert _tables.score(float("-inf")) == "-inf"


def test_help_and_version(good):
    assert good("--version") == f"adlcore {adl.__version__}\n"
    for arguments in ((), ("--help",), ("-h",)):
        out = good(*arguments)
        assert all(command in out for command in ("rank", "deleverage", "margin", "explain", "demo", "simulate"))
        assert all(command in out for command in ("scenario", "verify", "resume", "query", "report"))
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


def test_without_pyarrow_one_line_names_the_extra(bad, file, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'adlcore[files]'" in bad("rank", file, "--mark", "22", EQUITY)


# The bar --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "terminal", "shown"), [(5.0, True, True), (0.5, True, False), (5.0, False, False)])
def test_a_bar_appears_on_reads_over_a_second(seconds, terminal, shown):
    clock = iter([0.0, seconds / 2, *[seconds] * 10])
    console = Console(force_terminal=terminal, width=80, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    try:
        with _reading_bar.ReadingBar("big.csv", console, lambda: next(clock)) as bar:
            for done in range(5):
                bar(done, 4)
        assert ("reading big.csv" in console.export_text()) is shown
    finally:
        console.file.close()


def test_the_bar_is_given_to_the_reader(file, good, monkeypatch):
    seen = []
    monkeypatch.setattr(_reading_bar.ReadingBar, "__call__", lambda self, *step: seen.append(step))
    good("rank", file, "--mark", "22", EQUITY)
    assert seen[-1] == (file.stat().st_size,) * 2


def test_realized_pnl_is_exact_money_for_full_and_partial_closes(good, file):
    document = json.loads(good("deleverage", file, *BASE, "--price", "22.075", EQUITY, "--json"))
    entry = {"alice": Decimal("28.885"), "carol": Decimal("27.884")}
    for fill in document["fills"]:
        exact = (entry[fill["account"]] - Decimal("22.075")) * Decimal(fill["closed"])
        np.testing.assert_allclose(fill["realized_pnl"], float(exact), rtol=0, atol=1e-8)
