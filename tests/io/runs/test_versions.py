"""Runs of another version: which one made them is said wherever a difference would be a riddle."""

import shutil

import pytest

import adlcore as adl
from adlcore.clearing.events import CAUSES, KINDS
from adlcore.clearing.stages import take_over
from adlcore.io.runs import manifest as run_manifest
from adlcore.io.runs import open_run
from adlcore.report.facts.run_facts import Facts
from support.refusals import refused_with
from support.run_worlds import TEN, TWO, tree

pytestmark = pytest.mark.files

#: What a version knew that did not tell refusals yet.
OLDER_KINDS, OLDER_CAUSES = KINDS[: KINDS.index("take-over-refused")], CAUSES[: CAUSES.index("depleted")]
BOTH = (
    f"was made by adlcore 0.0.9 with {len(OLDER_KINDS)} kinds and {len(OLDER_CAUSES)} causes of events, "
    f"and this is adlcore {adl.__version__} with {len(KINDS)} and {len(CAUSES)}"
)


@pytest.fixture
def older(monkeypatch):
    """Make a run as a version did that had no refusals among its events."""

    def made(work, *arguments):
        with monkeypatch.context() as patched:
            patched.setattr(take_over, "_log_refusal", lambda *arguments: None)
            for name, value in (("KINDS", OLDER_KINDS), ("CAUSES", OLDER_CAUSES), ("__version__", "0.0.9")):
                patched.setattr(run_manifest, name, value)
            return work(*arguments)

    return made


def test_new_kinds_and_causes_stand_behind_the_older_ones():
    assert KINDS[len(OLDER_KINDS) :] == ("take-over-refused", "take-over-bound")
    assert CAUSES[len(OLDER_CAUSES) :] == ("depleted", "net-notional", "drawdown", "drawdown-on")


def test_a_sealed_run_of_an_older_version_is_read_and_its_difference_is_explained(older, tmp_path):
    run = older(TEN.record, tmp_path / "ten")
    assert set(run.events()["kind"].tolist()) < set(OLDER_KINDS)
    assert len(Facts(open_run(run.path)).refusals) == 0
    error = refused_with(
        lambda: TEN.verify(run.path), f"{run.path} {BOTH}, which makes something else: ", "pass 1 is not"
    )
    assert error.argument == "path"


def test_a_stopped_run_of_an_older_version_is_left_to_that_version(older, tmp_path):
    folder = older(TEN.stop, tmp_path / "ten", 2)
    before = tree(folder)
    assert len(open_run(folder).passes()["pass"]) == 2
    refused_with(lambda: TEN.verify(folder), f"{folder} {BOTH}, which makes something else: ", "pass 1 is not")
    refused_with(lambda: TEN.resume(folder), f"{folder} {BOTH}: must be sealed by that version, or be made anew")
    assert tree(folder) == before


def test_a_run_of_an_older_version_that_refused_nobody_is_as_it_was_made(older, tmp_path):
    run = older(TWO.record, tmp_path / "two")
    assert run.manifest["names"]["kinds"] == list(OLDER_KINDS)
    assert TWO.verify(run.path).sealed
    assert TWO.resume(run.path).sealed


def test_a_house_that_hashes_otherwise_is_explained(older, tmp_path):
    folder = older(TEN.stop, tmp_path / "ten", 1)
    found = run_manifest.read_manifest(folder)
    run_manifest.write_manifest(folder, {**found, "hashes": {**found["hashes"], "before": "0" * 64}})
    for call in (lambda: TEN.verify(folder), lambda: TEN.resume(folder)):
        refused_with(call, f"{folder} {BOTH}, which makes something else: the house has the hash ", argument="house")


def test_what_the_caller_gives_wrongly_is_no_matter_of_versions(older, tmp_path):
    run = older(TEN.record, tmp_path / "ten")
    other = [TEN.passes[0]._replace(marks={"X": "98"}), *TEN.passes[1:]]
    error = refused_with(lambda: adl.io.verify(run.path, TEN.house(), other), "passes[0].marks['X'] is '98'")
    assert "0.0.9" not in str(error)


def test_another_version_with_the_same_events_goes_on(tmp_path):
    folder = TEN.stop(tmp_path / "ten", 2)
    found = run_manifest.read_manifest(folder)
    run_manifest.write_manifest(folder, {**found, "adlcore": "0.0.9"})
    shutil.copytree(folder, tmp_path / "copy")
    assert TEN.verify(folder).sealed is False
    assert TEN.resume(folder).manifest["adlcore"] == "0.0.9"
    run_manifest.write_manifest(
        tmp_path / "copy", {**found, "adlcore": "0.0.9", "hashes": {**found["hashes"], "before": "0" * 64}}
    )
    words = f"was made by adlcore 0.0.9, and this is adlcore {adl.__version__}, which makes something else: the house"
    refused_with(lambda: TEN.resume(tmp_path / "copy"), words)
