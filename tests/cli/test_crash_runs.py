"""The crash that a run is of: made again from what the run keeps, or refused by what is wrong with that."""

import pytest

import adlcore as adl
from adlcore.io import Inputs
from adlcore.lab.crash import Crash


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


def test_a_run_is_no_snapshot_and_a_snapshot_no_run(run, bad, small_run):
    for command in (("margin",), ("explain", "--account", "1", "--contract", "BTCUSDT")):
        told = bad(*command, small_run)
        assert told == f"{small_run} is a run: must be a snapshot, as {small_run / 'before'} and {small_run / 'after'}"
    for part in ("before", "after"):
        code, out, _ = run("margin", small_run / part)
        assert (code, "300 wallets" in out) == (0, True)
        for command in ("verify", "resume", "report"):
            told = bad(command, small_run / part)
            assert f"{small_run / part} is a snapshot, must be a run as adlcore.io.record makes it" in told


def test_who_stops_a_run_is_told_how_to_go_on(run, good, small, monkeypatch):
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


def test_a_sealed_run_without_passes_has_no_hash_either(good, small_run, stopped):
    folder = stopped(0, configuration={**adl.io.open_run(small_run).configuration, "marks": []})
    for command in ("resume", "verify"):
        assert good(command, folder).splitlines()[-1] == "no pass was made, so there is no hash of events"


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
def test_marks_of_a_configuration_that_are_none_are_named(bad, stopped, small_run, marks, words):
    configuration = {**adl.io.open_run(small_run).configuration, "marks": marks}
    folder = stopped(1, configuration=configuration)
    for command in ("verify", "resume"):
        assert words in bad(command, folder)
