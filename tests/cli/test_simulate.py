"""``adlcore simulate``: a crash told, kept and reported, the same from the same scenario and seed."""

import json
import re
import shutil

import adlcore as adl
from support.commands import contents, fits


def test_simulate_tells_the_crash_and_writes_its_report(good, at, small):
    out = good("simulate", "small.toml")
    assert fits(out)
    assert len(out.splitlines()) <= 18
    words = ("liquidated", "order book", "refused", "deleveraged", "uncovered", "conserved exactly")
    for word in (*words, "re-margined a second"):
        assert word in out
    assert "./adlcore-small/report.html" in out
    page = (at / "adlcore-small" / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    run = adl.io.open_run("adlcore-small")
    assert run.sealed
    liquidated = len(set(run.events()["wallet"][run.events()["kind"] == "liquidation-started"].tolist()))
    assert re.search(rf"liquidated +{liquidated:,} wallets", out)


def test_a_scenario_and_a_seed_give_one_run_to_the_byte(good, at, small):
    given = [
        json.loads(good("simulate", "small.toml", "--out", name, "--seed", seed, "--no-report", "--json"))
        for name, seed in (("one", 4), ("two", 4), ("three", 5))
    ]
    assert given[0]["hash"] == given[1]["hash"] != given[2]["hash"]
    files = [path.relative_to(at / "one") for path in sorted((at / "one").rglob("*")) if path.is_file()]
    assert files
    for path in files:
        assert (at / "one" / path).read_bytes() == (at / "two" / path).read_bytes()


def test_simulate_overwrites_nothing(bad, at, small, small_run):
    shutil.copytree(small_run, at / "there")
    before = contents(at / "there")
    assert "there" in bad("simulate", "small.toml", "--out", "there")
    assert contents(at / "there") == before


def test_errors_of_a_scenario_are_one_line(bad, at):
    (at / "bad.toml").write_text("[shock]\nfall = 30\n")
    assert bad("simulate", "bad.toml") == "shock.fall is 30: must be less than 1"
    assert bad("simulate", "none.toml") == "No such file or directory: none.toml"
