"""Commands that are stopped anywhere: one of two commands always goes on, and the other one names it."""

import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from adlcore._support import files
from adlcore.clearing import Events
from adlcore.cli import main
from adlcore.io import open_run
from adlcore.io.runs import log as run_log
from adlcore.io.runs.manifest import read_manifest
from adlcore.io.runs.reader import open_log
from adlcore.io.runs.versions import made_by
from support.commands import small_crash
from support.disk_faults import KILLS, NAMING, Death, die, environment, steps, steps_that_fail
from support.run_worlds import TEN, tree

pytestmark = [pytest.mark.usefixtures("terminal"), pytest.mark.files]

#: Of how many calls one fails on the command line once a run has begun; where runs are killed often, each does.
STRIDE = 9 if KILLS < 9 else 1

SMALL = small_crash(40, 60, 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The scenario, and the folder of its run that nothing happened to."""
    parent = tmp_path_factory.mktemp("whole")
    (parent / "small.toml").write_text(SMALL)
    with pytest.raises(SystemExit) as left:
        main(simulate(parent / "run", parent))
    assert left.value.code == 0
    return parent


def simulate(folder: Path, parent: Path) -> list[str]:
    return ["simulate", str(parent / "small.toml"), "--out", str(folder), "--no-report", "--json"]


def gone_on_with(run, folder: Path, parent: Path) -> str:
    """Which of the two commands went on; each names what works where it does not."""
    code, _, told = run("resume", folder)
    if code == 0:
        return "resume"
    assert code == 2
    assert told.count("\n") == 1
    if folder.exists():
        assert f"adlcore simulate SCENARIO --out {shlex.quote(str(folder))}" in told
        assert f"adlcore demo --out {shlex.quote(str(folder))}" in told
    else:
        assert told == f"error: No such file or directory: {folder}\n"
    code, _, told = run(*simulate(folder, parent))
    assert (code, told) == (0, "")
    return "simulate"


@pytest.mark.usefixtures("unsynchronized")
@pytest.mark.parametrize("how", ["error", "half", "death"])
def test_a_simulation_that_is_stopped_at_any_call_ends_as_one_that_was_not(run, whole, tmp_path, monkeypatch, how):
    def begin(folder):
        if run(*simulate(folder, whole))[0] != 0:
            raise OSError(28, "No space left on device", "somewhere")

    names = steps(monkeypatch, lambda: begin(tmp_path / "plain"))
    known = tree(whole / "run")
    assert tree(tmp_path / "plain") == known
    # Until the log stands, whose folder takes its name before; then here and there: any call fails in another test.
    begun = [at for at, name in enumerate(names) if name in NAMING][1] + 6
    found = []
    for at, name in steps_that_fail(names, how):
        if at > begun and at % STRIDE:
            continue
        folder = tmp_path / f"a run {at}"
        die(monkeypatch, lambda folder=folder: begin(folder), at, how)
        if folder.exists() and (folder / "manifest.json").exists():
            code, _, told = run(*simulate(folder, whole))
            assert code == 2
            sealed = '"status": "sealed"' in (folder / "manifest.json").read_text()
            assert f"adlcore {'report' if sealed else 'resume'} {shlex.quote(str(folder))} " in told, name
        found.append(gone_on_with(run, folder, whole))
        assert tree(folder) == known, (at, name)
        shutil.rmtree(folder)
    assert set(found) == {"simulate", "resume"}
    assert found == sorted(found, reverse=True)


@pytest.mark.usefixtures("unsynchronized")
def test_a_beginning_that_ends_at_any_byte_is_begun_again_or_gone_on_with(run, whole, tmp_path, monkeypatch):
    manifests = []
    record = files.Sink.write

    def noted(sink, data):
        if sink.path.name == ".manifest.json.new":
            manifests.append(bytes(data))
        return record(sink, data)

    with monkeypatch.context() as patch:
        patch.setattr(files.Sink, "write", noted)
        run(*simulate(tmp_path / "plain", whole))
    known = tree(whole / "run")
    for cut in {0, 1, len(manifests[0]) // 2, len(manifests[0])}:
        folder = tmp_path / str(cut)
        folder.mkdir()
        (folder / ".manifest.json.new").write_bytes(manifests[0][:cut])
        assert gone_on_with(run, folder, whole) == "simulate"
        assert tree(folder) == known
    for cut in (0, 1, 100, 10_000):
        folder = tmp_path / f"before {cut}"
        folder.mkdir()
        (folder / "manifest.json").write_bytes(manifests[0])
        (folder / ".before.new").mkdir()
        (folder / ".before.new" / "wallets.parquet").write_bytes(known["before/wallets.parquet"][:cut])
        for command in ("verify", "report"):
            code, _, told = run(command, folder)
            assert (code, told.count("\n")) == (2, 1)
            assert f"adlcore resume {shlex.quote(str(folder))}" in told
        assert gone_on_with(run, folder, whole) == "resume"
        assert tree(folder) == known


@pytest.mark.usefixtures("unsynchronized")
def test_a_folder_with_anything_else_is_no_beginning(run, bad, whole, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / ".manifest.json.new").write_bytes(b"{")
    (folder / "notes.txt").write_text("mine")
    assert "holds 'notes.txt', which is no run's" in bad(*simulate(folder, whole))
    assert bad("resume", folder) == f"{folder} is no run: has no manifest.json"
    assert tree(folder) == {".manifest.json.new": b"{", "notes.txt": b"mine"}


def test_a_run_that_simulate_did_not_make_is_gone_on_with_elsewhere(bad, copied):
    folder = copied("ten-2")
    before = tree(folder)
    for option in ([], ["--repair"]):
        assert "only runs that simulate made can be made again here" in bad("resume", folder, *option)
    assert tree(folder) == before
    assert tree(TEN.resume(folder).path) == TEN.tree


# Repairs --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stopped(whole, tmp_path, monkeypatch):
    """A run of two passes that goes on."""
    folder = tmp_path / "stopped"
    seen = []
    change = files.change

    def ending(path, call, *given, **named):
        if Path(path).name == "events.arrow" and call is os.write:
            seen.append(path)
            if len(seen) > 3:  # the head and two passes
                raise Death
        return change(path, call, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(files, "change", ending)
        with pytest.raises(Death):
            main(simulate(folder, whole))
    assert len(open_run(folder).passes()["pass"]) == 2
    return folder


@pytest.mark.usefixtures("unsynchronized")
def test_a_tail_of_garbage_is_told_and_dropped(bad, good, whole, stopped):
    sound = (stopped / "events.arrow").read_bytes()
    (stopped / "events.arrow").write_bytes(sound + b"garbage")
    events = int(open_run(whole / "run").passes()["events"][:2].sum())
    told = bad("resume", stopped)
    assert "pass 2 does not begin as a pass does" in told
    assert f"adlcore resume --repair {stopped} " in told
    assert f"keeps 2 passes ({events:,} events) and drops 7 bytes" in told
    assert (stopped / "events.arrow").read_bytes() == sound + b"garbage"
    lines = good("resume", stopped, "--repair").splitlines()
    dropped = "0 passes (0 events), 7 bytes dropped, put aside as events.arrow.dropped"
    assert lines[0] == f"{stopped}: 2 passes ({events:,} events) kept; {dropped}"
    assert lines[1] == f"{stopped}/events.arrow was altered: pass 2 does not begin as a pass does"
    assert lines[2] == f"{stopped}: 2 of 3 passes were complete; 1 made now, sealed"
    assert tree(stopped) == {**tree(whole / "run"), "events.arrow.dropped": b"garbage"}
    assert good("resume", "--repair", stopped).splitlines() == [
        f"{stopped}: nothing to repair",
        f"{stopped}: sealed already, nothing to do",
        f"made by {made_by(open_run(stopped).manifest)}",
    ]


@pytest.mark.usefixtures("unsynchronized")
def test_an_altered_pass_is_told_and_made_again(bad, good, whole, stopped):
    log = bytearray((stopped / "events.arrow").read_bytes())
    log[-1] ^= 1
    (stopped / "events.arrow").write_bytes(log)
    assert ", 1 pass among them" in bad("resume", stopped)
    counts = open_run(whole / "run").passes()["events"].tolist()
    out = good("resume", "--repair", stopped)
    assert f"1 pass ({counts[0]:,} event{'s' * (counts[0] != 1)}) kept; 1 pass ({counts[1]:,} events), " in out
    assert "1 of 3 passes were complete; 2 made now, sealed" in out
    assert {name: data for name, data in tree(stopped).items() if name != "events.arrow.dropped"} == tree(whole / "run")


@pytest.mark.usefixtures("unsynchronized")
def test_a_forged_price_is_none_of_the_scenarios(bad, good, whole, stopped):
    log = list(open_log(stopped, read_manifest(stopped)))
    (stopped / "events.arrow").unlink()
    with files.Sink.append(stopped / "events.arrow", 0) as file:
        run_log.write_head(file)
        for each in log:
            marks = {**each.inputs["marks"], "BTCUSDT": "1"} if each.number == 1 else each.inputs["marks"]
            events = Events(each.table, each.first, each.time, run_log.NO_NAMES)
            run_log.append_pass(
                file, run_log.NewPass(each.number, {**each.inputs, "marks": marks}, events, each.digest)
            )
    told = bad("resume", stopped)
    assert "passes[1].marks['BTCUSDT'] is " in told
    assert f"; adlcore resume --repair {stopped} keeps the passes before it and puts aside the rest" in told
    assert ": 1 of 3 passes were complete; 2 made now, sealed" in good("resume", stopped, "--repair")
    assert {name: data for name, data in tree(stopped).items() if name != "events.arrow.dropped"} == tree(whole / "run")


@pytest.mark.usefixtures("unsynchronized")
def test_a_report_goes_through_no_link_in_a_run(bad, whole, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(whole / "run", folder)
    (tmp_path / "precious").write_bytes(b"precious")
    (folder / "report.html").symlink_to(tmp_path / "precious")
    assert bad("report", folder) == f"{folder}/report.html is a symbolic link: must be a plain file"
    assert (folder / "report.html").is_symlink()
    assert (tmp_path / "precious").read_bytes() == b"precious"


# Processes ------------------------------------------------------------------------------------------------------------


def adlcore(*arguments: object) -> subprocess.Popen:
    command = [sys.executable, "-m", "adlcore.cli", *map(str, arguments)]
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_command_that_is_killed_early_is_gone_on_with(run, whole, tmp_path, seed):
    """From the moment that its folder is there, in which nothing is at first."""
    rng, folder = random.Random(seed), tmp_path / "run"
    with adlcore(*simulate(folder, whole)) as process:
        while not folder.exists() and process.poll() is None:
            time.sleep(0.0005)
        time.sleep(rng.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with adlcore("resume", folder) as process:
        time.sleep(rng.uniform(0, 2) if seed % 2 else 0)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    if seed % 3 == 0 and (folder / "events.arrow").exists():
        with open(folder / "events.arrow", "ab") as file:
            file.write(b"garbage")
        assert run("resume", "--repair", folder)[0] == 0
    else:
        gone_on_with(run, folder, whole)
    left = {name: data for name, data in tree(folder).items() if name != "events.arrow.dropped"}
    assert left == tree(whole / "run")
