"""The log of a run: every byte counts, and what was altered is named."""

import json
import shutil

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore._support import files
from adlcore.clearing.events import FIELD_PLACE, FIELDS, KINDS
from adlcore.io import open_run
from adlcore.io.runs import log as run_log
from support.refusals import refused_with
from support.run_logs import LOG, assert_same_columns, columns, cuts, ends, forge_log, with_byte, written
from support.run_worlds import TEN, TWO, tree

#: Where what stands before the first pass ends, and each pass.
EDGES = ends(TEN.log)

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


def said(call) -> str | None:
    """What a call is refused with, if it is."""
    try:
        call()
    except adl.AdlError as error:
        return str(error)
    return None


def blamed(place: int, edges: list[int]) -> str:
    """What holds a byte."""
    number = sum(edge <= place for edge in edges) - 1
    return "what stands before the first pass" if number < 0 else f"pass {number}"


def test_every_byte_of_a_log_counts(copied):
    folder, log = copied("two-3"), TWO.log
    edges = ends(log)
    for place in range(len(log)):
        written(folder / LOG, with_byte(log, place, log[place] ^ 1 << place % 8))
        refused_with(lambda: open_run(folder), f"{LOG} was altered: {blamed(place, edges)} ")


@given(st.lists(st.tuples(st.integers(0, len(TEN.log) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_altered_bytes_of_a_log_are_refused_everywhere(kept, tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("altered") / "run"
    shutil.copytree(kept / "ten-4", folder)
    data = TEN.log
    for place, value in changes:
        data = with_byte(data, place, value)
    written(folder / LOG, data)
    before = tree(folder)
    if data == TEN.log:
        assert_same_columns(TEN.verify(folder).events(), columns(TEN.events))
        return
    first = next(place for place in range(len(data)) if data[place] != TEN.log[place])
    for call in (lambda: open_run(folder), lambda: TEN.verify(folder), lambda: TEN.resume(folder)):
        refused_with(call, f"{LOG} was altered: {blamed(first, EDGES)} ")
    assert tree(folder) == before


@given(st.integers(0, len(TEN.log)), st.integers(0, len(TEN.log)), st.binary(max_size=200))
def test_bytes_that_are_lost_or_put_in_show_no_pass_that_was_not_there(kept, tmp_path_factory, one, other, data):
    folder = tmp_path_factory.mktemp("lost") / "run"
    shutil.copytree(kept / "ten-4", folder)
    written(folder / LOG, TEN.log[: min(one, other)] + data + TEN.log[max(one, other) :])
    if (error := said(lambda: open_run(folder))) is not None:
        assert f"{LOG} was altered: " in error
        return
    found = open_run(folder)
    count = len(found.passes()["pass"])
    assert count <= sum(edge <= min(one, other) for edge in EDGES) or data == TEN.log[min(one, other) : max(one, other)]
    assert_same_columns(
        found.events(),
        {name: column[columns(TEN.events)["pass"] < count] for name, column in columns(TEN.events).items()},
    )
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_a_head_of_another_schema_is_refused(copied):
    folder = copied("ten-0")
    with pa.OSFile(str(folder / LOG), "wb") as file, pa.ipc.new_stream(file, pa.schema([("x", pa.int64())])) as writer:
        writer.write_batch(pa.record_batch([pa.array([1])], names=["x"]))
    refused_with(lambda: open_run(folder), "what stands before the first pass has no check")
    for schema in (pa.schema([("x", pa.int64())]), run_log._schema().with_metadata({"adlcore.run": "9"})):
        marked = schema.with_metadata({**(schema.metadata or {}), b"check": run_log.CHECK_SIGN + run_log.EMPTY})
        written(folder / LOG, b"".join(run_log._with_check([marked.serialize()])))
        refused_with(
            lambda: open_run(folder), "what stands before the first pass is not of schema 1, which this adlcore reads"
        )


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"pass": 5},
            "says that it is pass 5 from event 13 on, of 0 events: must be pass 0 from event 13 on, of 0 events",
        ),
        ({"first": 4}, "says that it is pass 0 from event 4 on"),
        ({"events": 1}, "of 1 events: must be pass 0"),
        ({"events": None}, "cannot be read: "),
        ({"time": 2**70}, "cannot be read: "),
        ({"time": "noon"}, "cannot be read: "),
        ({"digest": "xy"}, "cannot be read: "),
        ({"digest": None}, "cannot be read: "),
        ({"digest": "00" * 32}, "has events whose rolling hash is "),
        ({"marks": [1]}, "cannot be read: "),
        ({"marks": {"X": 3}}, "cannot be read: an input is no text"),
    ],
)
def test_a_forged_pass_that_cannot_be_is_refused(copied, monkeypatch, told, words):
    folder, dumps = copied("ten-1"), json.dumps
    monkeypatch.setattr(json, "dumps", lambda given, **more: dumps({**given, **told}, **more))
    forge_log(folder, lambda *_: None)
    monkeypatch.undo()
    refused_with(lambda: open_run(folder), f"{LOG} was altered: pass 0 ", words, row=0)


@given(st.integers(-1, 3), st.lists(st.tuples(st.integers(8, 4000), st.integers(0, 255)), min_size=1, max_size=4))
def test_forged_bytes_with_a_check_that_fits_are_refused_or_say_nothing(kept, tmp_path_factory, number, changes):
    folder = tmp_path_factory.mktemp("forged") / "run"
    shutil.copytree(kept / "ten-4", folder)
    start, end = [0, *EDGES][number + 1 : number + 3]
    message = TEN.log[start:end]
    check = run_log.CHECK_PATTERN.search(message)
    message = message[: check.start(1)] + run_log.EMPTY + message[check.end() :]
    for place, value in changes:
        if place < len(message) and not check.start() <= place < check.end():
            message = with_byte(message, place, value)
    data = TEN.log[:start] + b"".join(run_log._with_check([message])) + TEN.log[end:]
    written(folder / LOG, data)
    if (error := said(lambda: TEN.verify(folder))) is not None:
        assert data != TEN.log
        assert LOG in error or "as it was recorded" in error or "passes end after" in error
        return
    run = open_run(folder)
    assert_same_columns(run.events(), columns(TEN.events))
    assert_same_columns(run.marks(), open_run(kept / "ten-4").marks())


@pytest.mark.parametrize("world", [TWO, TEN], ids=["two", "ten"])
def test_a_log_that_is_cut_at_any_byte_ends_with_its_last_complete_pass(tmp_path, world):
    path, log, house = tmp_path / "events.arrow", world.log, world.house()
    opening, places = house.state(), ends(world.log)
    given = list(run_log.PassLog(written(path, log), opening.sequence, opening.digest))
    assert [each.table.tolist() for each in given] == [each.table.tolist() for each in world.events]
    made = [
        run_log.NewPass(each.number, each.inputs, events, each.digest)
        for each, events in zip(given, world.events, strict=True)
    ]
    for cut in cuts(log, 1 if world is TWO else 7):
        found = run_log.PassLog(written(path, log[:cut]), opening.sequence, opening.digest)
        whole = sum(place <= cut for place in places)
        assert [each.number for each in found] == list(range(whole - 1))
        assert (found.end, found.damage) == (places[whole - 1] if whole else 0, None)
        # What is appended there makes it whole again.
        if cut % 5 == 0 or cut in places:
            with files.Sink.append(path, found.end) as file:
                if not found.end:
                    run_log.write_head(file)
                for each in made[found.passes :]:
                    run_log.append_pass(file, each)
            assert path.read_bytes() == log


#: Numbers that stand for a word.
NAMED = ("kind", "contract", "asset", "party", "cause")


def bytes_of(number: int, event: int, field: str) -> int:
    """Where a number of an event stands in the log."""
    count = len(TEN.events[number])
    return EDGES[number + 1] - 8 * count * (len(FIELDS) - FIELD_PLACE[field]) + 8 * event


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("number", "event"), [(1, 0), (1, 37), (2, 8)])
def test_the_first_bad_event_of_a_log_is_named(copied, number, event, field):
    folder, events = copied("ten-4"), TEN.events[number]
    name, place = "fund" if field == "party" else field, bytes_of(number, event, field)
    known = int(events.table[event, FIELD_PLACE[field]])
    assert int.from_bytes(TEN.log[place : place + 8], "little", signed=True) == known
    data = with_byte(TEN.log, place + 4, TEN.log[place + 4] ^ 1)
    written(folder / LOG, with_byte(data, bytes_of(number, len(events) - 1, "cause") + 4, 1) if event < 8 else data)
    stands = known ^ 1 << 32
    if field == "link" and stands >= 0:
        stands += events.first
    must = events.columns()[name][event].item() if field in NAMED and known >= 0 else known
    if field == "link":
        must = known + events.first if known >= 0 else -1
    told = f"event {events.first + event} has {name} {stands}, must be {must!r}"
    words = f"{LOG} was altered: pass {number} holds other bytes than were written"
    refused_with(lambda: open_run(folder), words, row=number)
    refused_with(lambda: TEN.verify(folder), f"{words}: {told}", row=number)


def test_a_bad_word_is_named_as_one(copied):
    folder, place = copied("ten-4"), bytes_of(1, 0, "kind")
    assert KINDS[TEN.log[place]] == "liquidation-started"
    written(folder / LOG, with_byte(TEN.log, place, KINDS.index("adl-notice")))
    first = TEN.events[1].first
    refused_with(lambda: TEN.verify(folder), f"event {first} has kind 'adl-notice', must be 'liquidation-started'")
