"""What adlcore gave when ``tests/recorded/make.sh`` was last run, it gives: a run, a snapshot, a demo's events."""

from pathlib import Path

import numpy as np
import pytest

import adlcore as adl
from adlcore.cli import main
from adlcore.cli._crash_runs import crash_of
from adlcore.lab import scenarios
from adlcore.lab.crash import Crash

pytestmark = pytest.mark.files

RECORDED = Path(__file__).parents[1] / "recorded"
RUN = RECORDED / "run"

#: Of these kinds the run has some.
KINDS = ("book-fill", "take-over", "take-over-refused", "adl-fill", "adl-notice", "cover", "fund-paid", "fund-received")


def same(one: dict, other: dict) -> bool:
    """Whether two tables have the same columns and cells."""
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_the_run_is_made_again_as_it_stands():
    run = adl.io.open_run(RUN)
    assert run.sealed
    assert set(run.events()["kind"].tolist()).issuperset(KINDS)
    crash = crash_of(run)
    assert adl.io.verify(RUN, crash.house, crash.passes()).manifest == run.manifest


def test_the_scenario_gives_the_run(tmp_path):
    """And so does drawing it anew."""
    crash = Crash.of(scenarios.load(RECORDED / "scenario.toml"))
    run, kept = adl.io.record(tmp_path / "run", crash.house, crash.passes()), adl.io.open_run(RUN)
    assert same(run.events(), kept.events())
    assert same(run.passes(), kept.passes())
    assert (run.before, run.after) == (kept.before, kept.after)
    assert run.manifest["hashes"]["digest"] == kept.manifest["hashes"]["digest"]


def test_the_snapshot_is_read_as_it_was_saved(tmp_path):
    snapshot = adl.io.load(RECORDED / "snapshot")
    assert snapshot == Crash.of(scenarios.load(RECORDED / "scenario.toml")).house.snapshot()
    adl.io.save(snapshot, tmp_path / "again")
    assert adl.io.load(tmp_path / "again") == snapshot
    assert snapshot.hash in (RECORDED / "snapshot" / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("accounts", ["2000", pytest.param("100000", marks=pytest.mark.search)])
def test_the_demo_has_the_events_that_it_had(tmp_path, capsys, accounts):
    known = dict(line.split() for line in (RECORDED / "demo.txt").read_text(encoding="utf-8").splitlines())
    with pytest.raises(SystemExit) as left:
        main(["demo", "--accounts", accounts, "--out", str(tmp_path / "demo"), "--no-report", "--json"])
    assert left.value.code == 0
    assert adl.io.open_run(tmp_path / "demo").manifest["hashes"]["digest"] == known[accounts]
