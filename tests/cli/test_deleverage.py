"""``adlcore deleverage``: counterparties as a table, as JSON and as files, and what is refused."""

import csv
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from support.commands import EQUITY, fits, refused_lines, table_rows

FILLS = ["account", "row", "place", "score", "closed", "left", "realized_pnl"]
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
    for line in ("filled          495.09 of 1000.00", "shortfall       504.91", "counterparties  4, all in full"):
        assert line in out.splitlines()


def test_nothing_to_close(good, file):
    out = good("deleverage", file, "--quantity", "0", "--mark", "22.025", EQUITY)
    assert "counterparties  0\n" in out
    assert "──" not in out


def test_top_cuts_the_table_and_nothing_else(good, file):
    out = good("deleverage", file, *BASE, EQUITY, "--top", "1")
    assert len(table_rows(out)) == 1
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
    unpriced = json.loads(good("deleverage", file, *BASE, EQUITY, "--json"))["fills"]
    assert [fill["realized_pnl"] for fill in unpriced] == [None, None]


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


@pytest.mark.october10
def test_the_avax_batch_of_october_10(good, tmp_path, october10):
    columns = "quantity=position_size,entry_price=entry_price,equity=account_value_realtime+total_unrealized_pnl,"
    out = tmp_path / "fills.csv"
    arguments = ("--quantity", "84454.65", "--mark", "22.025", "--price", "22.075", "--out", out)
    text = good("deleverage", october10 / "avax_batch.csv", *arguments, "--columns", columns + "account=user10")
    assert fits(text[: text.index("written")])
    fills = read_fills(out)
    assert sum(Decimal(fill["closed"]) for fill in fills) == Decimal("84454.65")
    rows = table_rows(text)
    assert [row[1] for row in rows] == [fill["account"] for fill in fills]
    assert sum(Decimal(row[-4]) for row in rows) == Decimal("84454.65")


def test_a_failed_write_leaves_what_was_there(bad, file, tmp_path):
    out = tmp_path / "out" / "fills.csv"
    out.parent.mkdir()
    out.write_text("before")
    bad("deleverage", file, "--mark", "22", EQUITY, "--quantity", "0.001", "--out", out)
    assert out.read_text() == "before"
    assert list(out.parent.iterdir()) == [out]


test_bad_options = refused_lines(
    "file",
    "deleverage FILE --mark 22 --quantity 5 --columns=equity=cash+upnl",
    ("--price 1e400", "price is '1e400': must lie between"),
    ("--quantity 1e999999999", "quantity is '1e999999999': must lie between"),
    ("--quantity 1.005", "quantity is '1.005': is between lots of 0.01: 1.00 or 1.01 would do"),
    ("--quantity nan", "quantity is 'nan'"),
    ("--quantity many", "quantity is 'many'"),
    ("--price -1", "price is '-1': must be above 0"),
    ("--price x", "price is 'x'"),
    ("--eligible some", "eligible is 'some': must be 'all' or 'winners'"),
    ("--max-counterparties -1", "--max-counterparties"),
    ("--exclude mallory", "exclude: account is 'mallory'"),
    ("--columns account=,equity=cash --exclude alice", "exclude: the file has no account column"),
    ("--out fills.txt", "suffix '.txt': must be one of .csv, .jsonl, .parquet"),
    ("--out FOLDER/absent/fills.csv", "No such file or directory: "),
    ("--out FILE", "must not be the file that is read"),
)

test_what_is_needed = refused_lines("file", "deleverage FILE --mark 22", ("", "Missing option '--quantity'"))
