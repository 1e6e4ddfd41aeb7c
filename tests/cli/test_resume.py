"""The commands about crashes: simulate, scenario, demo, verify, resume, query and report."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.cells import cell_len

import adlcore as adl
from adlcore.io import Inputs
from adlcore.lab import scenarios

pytestmark = [pytest.mark.usefixtures("terminal"), pytest.mark.files]

SMALL = """\
name = "small"
seed = 3
[wallets]
count = 300
positions = 600
[shock]
passes = 5
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run and the scenario that it is of."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "small.toml").write_text(SMALL)
    from adlcore.cli import main

    with pytest.raises(SystemExit) as left:
        main(["simulate", str(folder / "small.toml"), "--out", str(folder / "run"), "--json"])
    assert left.value.code == 0
    return folder / "run"


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A current folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fits(text, width=80):
    return all(cell_len(line) <= width for line in text.splitlines())


# simulate -------------------------------------------------------------------------------------------------------------


def test_simulate_tells_the_crash_and_writes_its_report(good, at):
    (at / "small.toml").write_text(SMALL)
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


def test_the_terminal_says_which_funds_refused_and_why(kept):
    from adlcore.cli import _story

    events = adl.io.open_run(kept).events()
    told = events["kind"] == "take-over-refused"
    refused = Counter(zip(events["fund"][told].tolist(), events["cause"][told].tolist(), strict=True))
    assert refused.total() > 0
    assert set(_story.REASONS) == {"depleted", "net-notional", "drawdown", "drawdown-on"}
    told = _story._refusals([(*key, count) for key, count in refused.items()])
    assert "because the fund's net notional would have been above its cap" in told
    assert (
        _story._refusals([("A", "depleted", 1)])
        == "1 time (A 1): all because the fund's equity would have been below 0"
    )
    told = "21 times (F 6, E 5, D 4, C 3 and 2 more): all because the fund had fallen beyond its drawdown"
    assert _story._refusals([(name, "drawdown-on", count) for count, name in enumerate("ABCDEF", 1)]) == told
    halves = _story._refusals([("A", "depleted", 1), ("A", "drawdown", 1)])
    assert halves == (
        "2 times (A 2): 50.0 % because the fund's equity would have been below 0, "
        "50.0 % because the fund's equity would have fallen beyond its drawdown"
    )
    most = _story._refusals([("A", "depleted", 1), ("A", "drawdown", 3)])
    assert most == "4 times (A 4): 75.0 % because the fund's equity would have fallen beyond its drawdown"


def test_the_terminal_says_one_time_once(good, at):
    (at / "one.toml").write_text(SMALL.replace("passes = 5", "passes = 1"))
    out = good("simulate", "one.toml", "--no-report")
    assert "1 mark, 00:01:00; " in out
    assert "00:01:00 to" not in out


@pytest.mark.parametrize(("marks", "told"), [(1, "the one mark"), (2, "2 marks"), (61, "61 marks"), (101, "101 marks")])
def test_marks_are_counted_in_words(marks, told):
    from adlcore.cli import _story

    assert _story._passes(SimpleNamespace(record=SimpleNamespace(number=range(marks)))) == told


def test_who_stops_a_run_is_told_how_to_go_on(run, good, at, monkeypatch):
    from adlcore.lab.crash import Crash

    (at / "small.toml").write_text(SMALL)
    passes = Crash.passes

    def stopped(crash):
        for number, given in enumerate(passes(crash)):
            if number == 2:
                raise KeyboardInterrupt
            yield given

    with monkeypatch.context() as patched:
        patched.setattr(Crash, "passes", stopped)
        code, _, told = run("simulate", "small.toml", "--out", "cut one")
        assert code == 130
        assert told == "stopped: adlcore resume 'cut one' goes on from the last pass that was complete\n"
        assert run("resume", "cut one")[::2] == (130, told)
    assert "2 of 5 passes were complete; 3 made now, sealed" in good("resume", "cut one")


def test_a_scenario_and_a_seed_give_one_run_to_the_byte(good, at):
    (at / "small.toml").write_text(SMALL)
    given = [
        json.loads(good("simulate", "small.toml", "--out", name, "--seed", seed, "--no-report", "--json"))
        for name, seed in (("one", 4), ("two", 4), ("three", 5))
    ]
    assert given[0]["hash"] == given[1]["hash"] != given[2]["hash"]
    files = [path.relative_to(at / "one") for path in sorted((at / "one").rglob("*")) if path.is_file()]
    assert files
    for path in files:
        assert (at / "one" / path).read_bytes() == (at / "two" / path).read_bytes()


def test_simulate_overwrites_nothing(bad, at, kept):
    (at / "small.toml").write_text(SMALL)
    shutil.copytree(kept, at / "there")
    before = {path: path.read_bytes() for path in (at / "there").rglob("*") if path.is_file()}
    assert "there" in bad("simulate", "small.toml", "--out", "there")
    assert before == {path: path.read_bytes() for path in (at / "there").rglob("*") if path.is_file()}


def test_errors_of_a_scenario_are_one_line(bad, at):
    (at / "bad.toml").write_text("[shock]\nfall = 30\n")
    assert bad("simulate", "bad.toml") == "shock.fall is 30: must be less than 1"
    assert bad("simulate", "none.toml") == "No such file or directory: none.toml"


# scenario -------------------------------------------------------------------------------------------------------------


def test_scenario_init_writes_a_template_that_loads_and_overwrites_nothing(good, bad, at):
    assert good("scenario", "init") == "scenario.toml written: adlcore simulate scenario.toml\n"
    assert scenarios.load("scenario.toml") == scenarios.Scenario()
    assert bad("scenario", "init") == "File exists: scenario.toml"
    assert "unit" in bad("scenario", "unit")


def test_scenario_init_takes_the_path(good, bad, at):
    assert good("scenario", "init", "my.toml") == "my.toml written: adlcore simulate my.toml\n"
    assert scenarios.load("my.toml") == scenarios.Scenario()
    assert not (at / "scenario.toml").exists()
    (at / "my.toml").write_text("seed = 1\n")
    assert bad("scenario", "init", "my.toml") == "File exists: my.toml"
    assert (at / "my.toml").read_text() == "seed = 1\n"
    assert good("scenario", "init", "a crash.toml").endswith("adlcore simulate 'a crash.toml'\n")
    assert bad("scenario", "init", "none/my.toml") == "No such file or directory: none/my.toml"
    assert bad("scenario", "init", at).startswith("Is a directory: ")
    assert "--out" in bad("scenario", "init", "--out", "other.toml")


def test_scenario_init_prints_to_standard_output(good, at):
    assert good("scenario", "init", "-") == scenarios.template()
    assert not list(at.iterdir())
    assert "init" in good("scenario")
    assert "FILE" in good("scenario", "init", "--help")


# demo -----------------------------------------------------------------------------------------------------------------


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


# verify and resume ----------------------------------------------------------------------------------------------------


def test_verify_makes_a_run_again(good, kept):
    out = good("verify", kept)
    assert "sealed, 5 passes" in out
    assert "all as they were made" in out
    assert adl.io.open_run(kept).manifest["hashes"]["digest"] in out
    assert f"made by adlcore {adl.__version__}, numpy {np.__version__}" in out


def test_a_run_of_a_file_of_marks_is_made_again_without_it(good, at):
    (at / "marks.csv").write_text("time,BTCUSDT,BTCUSD\n1,55000,55000\n2,48000,48000\n")
    (at / "own.toml").write_text('[wallets]\ncount = 200\npositions = 400\n[shock]\nmarks = "marks.csv"\n')
    good("simulate", "own.toml", "--out", "own", "--no-report")
    (at / "marks.csv").unlink()
    assert "2 passes" in good("verify", "own")


def test_verify_names_the_first_bad_event(bad, kept, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    altered = tmp_path / "altered"
    shutil.copytree(kept, altered)
    table = pq.read_table(altered / "events.parquet")
    amounts = table["amount"].to_pylist()
    amounts[7] += 1
    place = table.column_names.index("amount")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array(amounts)), altered / "events.parquet")
    told = bad("verify", altered)
    assert "amount" in told
    assert str(table["sequence"][7]) in told


def test_resume_goes_on_from_the_last_complete_pass(good, kept, tmp_path):
    whole = adl.io.open_run(kept)
    scenario = scenarios.read(whole.configuration["scenario"])
    from adlcore.lab.crash import Crash

    crash = Crash.of(scenario)

    def stops():
        for number, given in enumerate(crash.passes()):
            if number == 3:
                raise KeyboardInterrupt
            yield given

    with pytest.raises(KeyboardInterrupt):
        adl.io.record(tmp_path / "cut", crash.house, stops(), configuration=whole.configuration)
    out = good("resume", tmp_path / "cut")
    assert "3 of 5 passes were complete; 2 made now, sealed" in out
    assert whole.manifest["hashes"]["digest"] in out
    again = good("resume", tmp_path / "cut")
    assert "nothing to do" in again
    for told in (out, again):
        assert f"made by adlcore {adl.__version__}, numpy {np.__version__}" in told


def test_runs_of_other_houses_cannot_be_made_again_here(bad, tmp_path):
    house = adl.ClearingHouse(
        adl.Snapshot.build(
            [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))],
            {"account": ["ann"], "balance": ["9"]},
            [],
            {"X": 2},
        ),
        venue=[adl.clearing.Uncovered()],
    )
    adl.io.record(tmp_path / "own", house, [Inputs(1, {"X": "3"})])
    assert "must name the scenario" in bad("verify", tmp_path / "own")
    for command in ("verify", "resume", "report"):
        assert "none" in bad(command, tmp_path / "none")


def test_a_run_is_no_snapshot_and_a_snapshot_no_run(run, bad, kept):
    for command in (("margin",), ("explain", "--account", "1", "--contract", "BTCUSDT")):
        told = bad(*command, kept)
        assert told == f"{kept} is a run: must be a snapshot, as {kept / 'before'} and {kept / 'after'}"
    for part in ("before", "after"):
        code, out, _ = run("margin", kept / part)
        assert (code, "300 wallets" in out) == (0, True)
        for command in ("verify", "resume", "report"):
            told = bad(command, kept / part)
            assert f"{kept / part} is a snapshot, must be a run as adlcore.io.record makes it" in told


def test_the_bar_counts_what_it_sees_and_says_when(monkeypatch):
    import io

    from rich.console import Console

    from adlcore.cli._pass_bar import PassBar
    from adlcore.lab.crash import Crash

    crash = Crash.of(scenarios.read({"wallets": {"count": 300, "positions": 600}, "shock": {"passes": 3}}))
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    with PassBar(crash, "verifying", console) as bar:
        for number, given in enumerate(crash.passes()):
            events = crash.house.mark(given.marks, given.time, index_prices=given.index_prices)
            if number < 2:
                bar(number, events, crash.house)
                assert bar.told.startswith(f"verifying: 00:0{number + 1}:00, BTCUSDT ")
                assert bar.told.endswith(" liquidated")
            else:
                bar.advance(crash.house)
                assert bar.told.startswith("verifying: 00:03:00, BTCUSDT ")
                assert "liquidated" not in bar.told


# query and report -----------------------------------------------------------------------------------------------------


def test_query_asks_in_sql(good, bad, kept):
    events = adl.io.open_run(kept).events()
    out = good("query", kept, "select kind, count(*) as n from events group by kind order by n desc, kind limit 3")
    assert fits(out)
    assert out.splitlines()[0].split() == ["kind", "n"]
    kinds = dict(zip(*(column.tolist() for column in _counted(events["kind"])), strict=True))
    for line in out.splitlines()[2:]:
        kind, number = line.split()
        assert kinds[kind] == int(number)
    found = json.loads(good("query", kept, "select count(*) as n from positions_before", "--json"))
    assert found == {"columns": ["n"], "rows": [[len(adl.io.open_run(kept).before.positions)]]}
    assert "nosuch" in bad("query", kept, "select * from nosuch")


def _counted(column):
    import numpy as np

    return np.unique(column, return_counts=True)


def test_report_is_one_file(good, kept, tmp_path):
    assert good("report", kept, "--out", tmp_path / "page.html").startswith(f"{tmp_path / 'page.html'}: ")
    pages = [Path(path).read_text(encoding="utf-8") for path in (tmp_path / "page.html", kept / "report.html")]
    assert pages[0] == pages[1]


@pytest.fixture
def stopped(kept, at):
    """A run that was stopped after as many passes as one asks for, beside nothing else."""
    from adlcore.lab.crash import Crash

    whole = adl.io.open_run(kept)

    def after(count, name="cut", configuration=None):
        crash = Crash.of(scenarios.read(whole.configuration["scenario"]))

        def stops():
            for number, given in enumerate(crash.passes()):
                if number == count:
                    raise KeyboardInterrupt
                yield given

        with pytest.raises(KeyboardInterrupt):
            adl.io.record(name, crash.house, stops(), configuration=configuration or whole.configuration)
        return Path(name)

    return after


@pytest.mark.parametrize("through", ["cut", "link", "../{}/cut", "cut/sub/.."])
def test_a_report_is_not_put_where_a_run_goes_on(good, bad, stopped, at, through):
    folder = stopped(2)
    (at / "link").symlink_to(folder)
    (folder / "sub").mkdir()
    parts = ("after", "events.parquet", "passes.parquet", "marks.parquet")
    names = [*parts, *(f".{name}.new" for name in (*parts, "manifest.json", "before", "events.arrow.dropped"))]
    names += ["events.arrow.dropped", "events.arrow.dropped.2", "after.dropped", "before.dropped.3", "before/x.html"]
    for name in names:
        out = Path(through.format(at.name), name)
        told = bad("report", "cut", "--out", out)
        assert told == f"out is {str(out)!r}: must be cut/report.html, or another name that the run does not use"
    (at / "page.html").symlink_to(folder / "marks.parquet")
    assert "must be cut/report.html" in bad("report", "cut", "--out", "page.html")
    for out in (folder / "report.html", folder / "mine.html", at / "after"):
        good("report", "cut", "--out", out)
    assert "3 made now, sealed" in good("resume", "cut")


def test_commands_can_be_typed_whatever_the_name_is(good, bad, stopped, at):
    (at / "small.toml").write_text(SMALL)
    stopped(2, "-w")
    told = bad("simulate", "small.toml", "--out", "-w")
    assert "adlcore resume ./-w goes on with it" in told
    assert "3 made now" in good("resume", "./-w")
    assert good("scenario", "init", "--", "-x.toml") == "-x.toml written: adlcore simulate ./-x.toml\n"
    assert good("scenario", "init", "./-x y.toml").endswith("adlcore simulate './-x y.toml'\n")


def test_a_run_without_passes_has_no_hash_and_that_is_said(good, stopped):
    folder = stopped(0)
    out = good("verify", folder)
    assert out.splitlines()[-1] == "no pass was made, so there is no hash of events"
    assert "open, 0 passes, 0 events" in out


def test_a_sealed_run_without_passes_has_no_hash_either(good, kept, at):
    from adlcore.lab.crash import Crash

    given = {**adl.io.open_run(kept).configuration, "marks": []}
    house = Crash.of(scenarios.read(given["scenario"])).house

    def stops():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        adl.io.record("none", house, stops(), configuration=given)
    for command in ("resume", "verify"):
        assert good(command, "none").splitlines()[-1] == "no pass was made, so there is no hash of events"


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        (5, "configuration.marks is 5: must be a list of times and prices"),
        ([3], "configuration.marks[0] is 3: must be a time and a mapping"),
        ([[1, {}], [2]], "configuration.marks[1] is [2]: must be a time and a mapping"),
        ([[1, [["BTCUSDT", "3"]]]], "must be a time and a mapping of contracts to prices"),
        ([["x", {}]], "configuration.marks[0] is 'x': must be a whole number"),
        ([[1, {"BTCUSDT": "x"}]], "configuration.marks[0]['BTCUSDT'] is 'x': must be a number"),
        ([[1, {"BTCUSDT": []}]], "configuration.marks[0]['BTCUSDT'] is []: must be a number"),
    ],
)
def test_marks_of_a_configuration_that_are_none_are_named(bad, stopped, kept, marks, words):
    configuration = {**adl.io.open_run(kept).configuration, "marks": marks}
    folder = stopped(1, configuration=configuration)
    for command in ("verify", "resume"):
        assert words in bad(command, folder)


def test_a_damaged_manifest_leads_in_no_circle(bad, stopped, at):
    folder = stopped(1)
    (at / "small.toml").write_text(SMALL)
    for data in (b"", (folder / "manifest.json").read_bytes()[:200]):
        (folder / "manifest.json").write_bytes(data)
        told = bad("simulate", "small.toml", "--out", folder)
        assert "its manifest.json is damaged" in told
        assert "nothing in it can be gone on with: must be moved elsewhere" in told
        assert "resume" not in told
        assert "cannot be read as JSON" in bad("resume", "--repair", folder)
