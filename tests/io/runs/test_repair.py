"""Runs whose log was altered, repaired: every pass that proves itself is kept, and nothing is lost without a word."""

import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.events import FIELD_PLACE
from adlcore.io import open_run
from adlcore.io.runs import log as run_log
from adlcore.io.runs import manifest as run_manifest
from support.disk_faults import die, steps, steps_that_fail
from support.refusals import refused_with
from support.run_logs import ends, forge_log, with_byte, written
from support.run_worlds import TEN, TWO, RunWorld, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]

LOG, ASIDE = "events.arrow", "events.arrow.dropped"
EDGES = ends(TEN.log)


def repaired(world: RunWorld, folder) -> adl.io.Repair:
    return adl.io.repair(folder, world.house(), world.passes)


def passes_before(place: int, edges: list[int]) -> int:
    """How many passes end before a byte."""
    return max(0, sum(edge <= place for edge in edges) - 1)


def end_of(count: int, place: int, edges: list[int]) -> int:
    """Where the last of so many passes ends; where the head was altered there is nothing."""
    return edges[count] if place >= edges[0] else 0


def test_any_altered_byte_costs_its_pass_and_what_follows(kept_two, tmp_path):
    edges = ends(TWO.log)
    for place in sorted({*range(0, len(TWO.log), 211), *edges[:-1], len(TWO.log) - 1}):
        folder, log = tmp_path / str(place), with_byte(TWO.log, place, TWO.log[place] ^ 1 << place % 8)
        shutil.copytree(kept_two, folder)
        written(folder / LOG, log)
        count = passes_before(place, edges)
        end = end_of(count, place, edges)
        events = sum(map(len, TWO.events[:count]))
        dropped = f"keeps {count} pass{'es' * (count != 1)} ({events} event{'s' * (events != 1)}) and drops "
        refused_with(lambda folder=folder: TWO.resume(folder), f"adlcore resume --repair {folder} ", dropped)
        assert (folder / LOG).read_bytes() == log
        found = repaired(TWO, folder)
        assert (found.kept_passes, found.kept_events, found.dropped_bytes) == (count, events, len(log) - end)
        assert found.put_aside == (folder / ASIDE,)
        assert "was altered" in found.reason
        assert (folder / LOG).read_bytes() == log[:end]
        assert len(open_run(folder).passes()["pass"]) == count
        TWO.resume(folder)
        assert tree(folder) == {**TWO.tree, ASIDE: log[end:]}
        shutil.rmtree(folder)


@pytest.fixture
def kept_two(copied):
    return copied("two-3")


TAILS = {
    "text": b"no pass",
    "nothing": bytes(5000),
    "half a pass and nothing": TEN.log[EDGES[1] : EDGES[1] + 900] + bytes(9000),
    "the first pass again": TEN.log[EDGES[0] : EDGES[1]],
    "all of it again": TEN.log,
}


@pytest.mark.parametrize("count", [0, 2, 4])
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_garbage_behind_sound_passes_is_put_aside(copied, count, tail):
    folder = copied(f"ten-{count}")
    sound = (folder / LOG).read_bytes()
    if sound + tail == TEN.log[: len(sound + tail)]:  # the pass that is next, and no garbage
        return
    with open(folder / LOG, "ab") as file:
        file.write(tail)
    refused_with(
        lambda: TEN.resume(folder),
        f"(adlcore.io.repair, with its own house and passes) keeps {count} pass",
        f"and drops {len(tail):,} bytes",
    )
    found = repaired(TEN, folder)
    assert (found.kept_passes, found.dropped_bytes) == (count, len(tail))
    assert (folder / LOG).read_bytes() == sound
    TEN.resume(folder)
    assert tree(folder) == {**TEN.tree, ASIDE: tail}


def test_what_was_dropped_is_counted(copied):
    folder, place = copied("ten-4"), EDGES[0] + 5000
    assert passes_before(place, EDGES) == 1
    written(folder / LOG, with_byte(TEN.log, place, TEN.log[place] ^ 4))
    found = repaired(TEN, folder)
    assert found[:5] == (1, 0, 3, 81, len(TEN.log) - EDGES[1])


def test_what_a_stopped_writer_left_of_a_pass_is_no_damage(copied):
    folder = copied("ten-2")
    written(folder / LOG, TEN.log[: EDGES[3] - 1])
    assert repaired(TEN, folder) == (2, 72, 0, 0, 0, None, ())
    assert (folder / LOG).read_bytes() == TEN.log[: EDGES[3] - 1]
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_a_sound_run_has_nothing_to_repair(copied):
    for count in range(5):
        folder = copied(f"ten-{count}")
        before = tree(folder)
        assert repaired(TEN, folder).put_aside == ()
        assert tree(folder) == before
    folder = copied("ten-sealed")
    assert repaired(TEN, folder) == (4, 81, 0, 0, 0, None, ())
    assert tree(folder) == TEN.tree


def other_lots(number, table):
    """A pass that was written anew, with a check that fits."""
    if number == 1:
        table[[20, 40], FIELD_PLACE["lots"]] += 7


def test_passes_that_are_forged_are_those_that_are_not_made_again(copied):
    folder = copied("ten-4")
    forge_log(folder, other_lots)
    log = (folder / LOG).read_bytes()
    words = "pass 1 is not what house and passes make: event ", "keeps 1 pass (0 events) and drops "
    refused_with(lambda: TEN.resume(folder), *words, f"adlcore resume --repair {folder} ")
    found = repaired(TEN, folder)
    assert found[:5] == (1, 0, 3, 81, len(log) - EDGES[1])
    assert "pass 1 is not what house and passes make" in found.reason
    TEN.resume(folder)
    assert tree(folder) == {**TEN.tree, ASIDE: log[EDGES[1] :]}


def test_a_forged_input_is_one_that_was_not_given(copied, monkeypatch):
    folder, encoded = copied("ten-4"), run_log.pass_message
    other = {**TEN.passes[1].marks, "X": "79"}

    def forged(made):
        return encoded(made._replace(inputs={**made.inputs, "marks": other}) if made.number == 1 else made)

    monkeypatch.setattr(run_log, "pass_message", forged)
    forge_log(folder, lambda *_: None)
    monkeypatch.undo()
    refused_with(lambda: TEN.resume(folder), "passes[1].marks['X'] is '80': must be '79', as it was recorded")
    assert repaired(TEN, folder)[:2] == (1, 0)
    TEN.resume(folder)
    assert {name: data for name, data in tree(folder).items() if name != ASIDE} == TEN.tree


def test_a_pass_too_many_is_none_of_the_run(copied):
    folder = copied("ten-4")
    short = RunWorld(TEN.house, TEN.passes[:3])
    refused_with(lambda: short.resume(folder), "passes end after 3: must go on")
    assert repaired(short, folder)[:5] == (3, 81, 1, 0, len(TEN.log) - EDGES[3])
    short.resume(folder)
    assert {name: data for name, data in tree(folder).items() if name != ASIDE} == short.tree


def test_what_was_put_aside_before_stays(copied):
    folder = copied("ten-2")
    sound = (folder / LOG).read_bytes()
    for number, tail in enumerate([b"one", b"two", b"one", b"three"]):
        written(folder / LOG, sound + tail)
        name = repaired(TEN, folder).put_aside[0].name
        assert name == [ASIDE, f"{ASIDE}.2", ASIDE, f"{ASIDE}.3"][number]
    TEN.resume(folder)
    assert tree(folder) == {**TEN.tree, ASIDE: b"one", f"{ASIDE}.2": b"two", f"{ASIDE}.3": b"three"}


def test_names_that_are_taken_are_left_alone(copied, tmp_path):
    folder = copied("ten-2")
    (tmp_path / "precious").write_bytes(b"tail")
    (folder / ASIDE).symlink_to(tmp_path / "precious")
    os.mkfifo(folder / f"{ASIDE}.2")
    with open(folder / LOG, "ab") as file:
        file.write(b"tail")
    assert repaired(TEN, folder).put_aside == (folder / f"{ASIDE}.3",)
    assert (tmp_path / "precious").read_bytes() == b"tail"


@pytest.mark.parametrize("how", ["error", "half", "death"])
def test_a_repair_survives_a_failure_of_any_call(tmp_path, copied, monkeypatch, how):
    sound, tail = copied("ten-2"), b"no pass" * 20_000

    def left(folder):
        shutil.copytree(sound, folder)
        with open(folder / LOG, "ab") as file:
            file.write(tail)
        written(folder / "before" / "wallets.parquet", b"altered")
        return folder

    left(tmp_path / "plain")
    names = steps(monkeypatch, lambda: repaired(TEN, tmp_path / "plain"))
    assert {"replace", "open", "write", "truncate"} <= set(names)
    for at, name in steps_that_fail(names, how):
        folder = left(tmp_path / str(at))
        die(monkeypatch, lambda folder=folder: repaired(TEN, folder), at, how)
        assert repaired(TEN, folder).kept_passes == 2, name
        TEN.resume(folder)
        left_over = {name: data for name, data in tree(folder).items() if not name.startswith("before.dropped/")}
        assert left_over == {**TEN.tree, ASIDE: tail}, name
        assert (folder / "before.dropped" / "wallets.parquet").read_bytes() == b"altered"
        shutil.rmtree(folder)


@given(st.integers(0, len(TEN.log)), st.integers(0, len(TEN.log)), st.binary(max_size=300), st.integers(1, 5))
@settings(max_examples=settings.default.max_examples // 2)
def test_whatever_a_log_became_its_run_ends_as_it_would_have(kept, tmp_path_factory, one, other, data, times):
    """Bytes are lost, put in, or are others; what is kept and what is put aside are all of them."""
    folder = tmp_path_factory.mktemp("any") / "run"
    shutil.copytree(kept / "ten-4", folder)
    log = TEN.log[: min(one, other)] + data * times + TEN.log[max(one, other) :]
    written(folder / LOG, log)
    found = repaired(TEN, folder)
    aside = b"".join(path.read_bytes() for path in found.put_aside)
    assert (folder / LOG).read_bytes() + aside == log
    assert len(aside) == found.dropped_bytes
    assert (found.reason is None) == (not aside)
    before = sum(edge <= min(one, other) for edge in EDGES) - 1
    assert found.kept_passes >= min(4, before)
    TEN.resume(folder)
    assert {name: data for name, data in tree(folder).items() if name != ASIDE} == TEN.tree


@pytest.mark.parametrize("is_sound", [True, False])
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("part", ["before", "after"])
def test_books_that_are_not_those_of_the_run_are_written_again(copied, part, count, is_sound):
    folder = copied(f"ten-{count}")
    shutil.rmtree(folder / part, ignore_errors=True)
    shutil.copytree(copied("two-sealed") / part, folder / part)
    if not is_sound:
        (folder / part / "orders.parquet").write_bytes(b"altered")
    other = tree(folder / part)
    refused_with(lambda: TEN.resume(folder), f"{folder / part}", f"adlcore resume --repair {folder} ", " puts it aside")
    assert repaired(TEN, folder).put_aside == (folder / f"{part}.dropped",)
    TEN.resume(folder)
    assert tree(folder / f"{part}.dropped") == other
    shutil.rmtree(folder / f"{part}.dropped")
    assert tree(folder) == TEN.tree


def test_books_that_are_those_of_the_run_stay(copied):
    folder = copied("ten-1")
    shutil.copytree(copied("ten-sealed") / "after", folder / "after")
    assert repaired(TEN, folder) == (1, 0, 0, 0, 0, None, ())
    with open(folder / LOG, "ab") as file:
        file.write(b"garbage")
    assert repaired(TEN, folder).put_aside == (folder / ASIDE,)
    assert tree(TEN.resume(folder).path) == {**TEN.tree, ASIDE: b"garbage"}


@pytest.mark.parametrize("name", ["events.parquet", "marks.parquet", "passes.parquet", "after/wallets.parquet"])
def test_a_sealed_run_that_was_altered_is_not_opened_again(copied, name):
    folder = copied("ten-sealed")
    data = (folder / name).read_bytes()
    written(folder / name, with_byte(data, len(data) // 2, data[len(data) // 2] ^ 1))
    before = tree(folder)
    words = f"{folder / name} was altered", "must be recorded again, in another folder: a sealed run is not repaired"
    refused_with(lambda: repaired(TEN, folder), *words)
    assert tree(folder) == before


def test_what_is_no_damage_of_a_log_is_refused(copied):
    folder = copied("ten-2")
    with open(folder / LOG, "ab") as file:
        file.write(b"no pass")
    before = tree(folder)
    refused_with(lambda: repaired(TWO, folder), "the house has the hash ")
    refused_with(lambda: adl.io.repair(folder, None, TEN.passes), "house is 'NoneType': must be a ClearingHouse")
    refused_with(lambda: adl.io.repair(folder, TEN.house(), 3), "passes is 3: must be an iterable of Inputs")
    TEN.resume(
        copied("ten-1"), on_pass=lambda *_: refused_with(lambda: repaired(TEN, folder.parent / "ten-1"), "another")
    )
    assert tree(folder) == before
    manifest = run_manifest.read_manifest(folder)
    (folder / "manifest.json").write_bytes(b"{}")
    refused_with(lambda: repaired(TEN, folder), "manifest.json is no run's")
    run_manifest.write_manifest(folder, manifest)
    assert tree(folder) == before


def test_a_log_of_another_version_is_not_dropped(copied):
    folder = copied("ten-2")
    schema = run_log._schema().with_metadata({"adlcore.run": "9", b"check": run_log.CHECK_SIGN + run_log.EMPTY})
    written(folder / LOG, b"".join(run_log._with_check([schema.serialize()])) + TEN.log)
    before = tree(folder)
    for call in (lambda: repaired(TEN, folder), lambda: TEN.resume(folder)):
        error = refused_with(call, "what stands before the first pass is not of schema 1, which this adlcore reads")
        assert "--repair" not in str(error)
    assert tree(folder) == before
