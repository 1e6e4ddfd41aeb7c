"""``adlcore demo``: a crash told in a few lines, and what it teaches."""

import json

import pytest

import adlcore as adl
from support.commands import fits


def test_demo_is_a_crash_told_in_ten_lines_and_what_it_teaches(good, at):
    out = good("demo", "--accounts", 2000)
    assert fits(out)
    assert len(out.splitlines()) <= 32
    assert out.startswith("2,000 wallets, ")
    assert "; BTCUSDT -30% in 60 marks" in out
    assert "conserved exactly" in out
    assert "coin-margined, a fund a coin" in out
    assert (at / "adlcore-demo" / "report.html").is_file()
    again = good("demo", "--accounts", 2000, "--no-report")
    assert "./adlcore-demo-2" in again
    first, second = (adl.io.open_run(name).manifest["hashes"] for name in ("adlcore-demo", "adlcore-demo-2"))
    assert first == second


def test_demo_in_json_shows_each_cause_by_itself(good, at):
    document = json.loads(good("demo", "--accounts", 2000, "--no-report", "--json", "--out", "crash"))
    compared = [found["closed"]["other users"] for found in document["compared"].values()]
    assert len(compared) == 4
    assert compared[0] < compared[1]
    assert compared[0] < compared[3]
    assert document["closed"][0]["other users"] > 0
    assert document["run"] == "crash"


@pytest.mark.parametrize("option", [("--accounts", "1"), ("--accounts", "many"), ("--seed", "-1")], ids=" ".join)
def test_bad_options(bad, option):
    assert option[0] in bad("demo", *option)
