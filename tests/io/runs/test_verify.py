"""Runs that somebody altered: said in words, by pass and event, and never believed."""

from __future__ import annotations

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing.events import CAUSES, FIELDS, KINDS, PLACE
from adlcore.io import open_run
from adlcore.io.runs import log as run_log
from adlcore.io.runs import parquet_files
from support.run_logs import altered, columns, ends, forge, same, written
from support.run_worlds import TEN, TWO, refused, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]

LOG = "events.arrow"
EDGES = ends(TEN.log)

#: Numbers that stand for a word.
NAMED = ("kind", "contract", "asset", "party", "cause")


def said(call) -> str | None:
    """What a call is refused with, if it is."""
    try:
        call()
    except adl.AdlError as error:
        return str(error)
    return None


# The log of an open run -----------------------------------------------------------------------------------------------


def blamed(place: int, edges: list[int]) -> str:
    """What holds a byte."""
    number = sum(edge <= place for edge in edges) - 1
    return "what stands before the first pass" if number < 0 else f"pass {number}"


def test_every_byte_of_a_log_counts(copied):
    folder, log = copied("two-3"), TWO.log
    edges = ends(log)
    for place in range(len(log)):
        written(folder / LOG, altered(log, place, log[place] ^ 1 << place % 8))
        refused(lambda: open_run(folder), f"{LOG} was altered: {blamed(place, edges)} ")


@given(st.lists(st.tuples(st.integers(0, len(TEN.log) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_altered_bytes_of_a_log_are_refused_everywhere(kept, tmp_path_factory, changes):
    folder = tmp_path_factory.mktemp("altered") / "run"
    shutil.copytree(kept / "ten-4", folder)
    data = TEN.log
    for place, value in changes:
        data = altered(data, place, value)
    written(folder / LOG, data)
    before = tree(folder)
    if data == TEN.log:
        same(TEN.verify(folder).events(), columns(TEN.events))
        return
    first = next(place for place in range(len(data)) if data[place] != TEN.log[place])
    for call in (lambda: open_run(folder), lambda: TEN.verify(folder), lambda: TEN.resume(folder)):
        refused(call, f"{LOG} was altered: {blamed(first, EDGES)} ")
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
    same(
        found.events(),
        {name: column[columns(TEN.events)["pass"] < count] for name, column in columns(TEN.events).items()},
    )
    assert tree(TEN.resume(folder).path) == TEN.tree


def bytes_of(number: int, event: int, field: str) -> int:
    """Where a number of an event stands in the log."""
    count = len(TEN.events[number])
    return EDGES[number + 1] - 8 * count * (len(FIELDS) - PLACE[field]) + 8 * event


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("number", "event"), [(1, 0), (1, 37), (2, 8)])
def test_the_first_bad_event_of_a_log_is_named(copied, number, event, field):
    folder, events = copied("ten-4"), TEN.events[number]
    name, place = "fund" if field == "party" else field, bytes_of(number, event, field)
    known = int(events.table[event, PLACE[field]])
    assert int.from_bytes(TEN.log[place : place + 8], "little", signed=True) == known
    data = altered(TEN.log, place + 4, TEN.log[place + 4] ^ 1)
    written(folder / LOG, altered(data, bytes_of(number, len(events) - 1, "cause") + 4, 1) if event < 8 else data)
    stands = known ^ 1 << 32
    if field == "link" and stands >= 0:
        stands += events.first
    must = events.columns()[name][event].item() if field in NAMED and known >= 0 else known
    if field == "link":
        must = known + events.first if known >= 0 else -1
    told = f"event {events.first + event} has {name} {stands}, must be {must!r}"
    words = f"{LOG} was altered: pass {number} holds other bytes than were written"
    refused(lambda: open_run(folder), words, row=number)
    refused(lambda: TEN.verify(folder), f"{words}: {told}", row=number)


def test_a_bad_word_is_named_as_one(copied):
    folder, place = copied("ten-4"), bytes_of(1, 0, "kind")
    assert KINDS[TEN.log[place]] == "liquidation-started"
    written(folder / LOG, altered(TEN.log, place, KINDS.index("adl-notice")))
    first = TEN.events[1].first
    refused(lambda: TEN.verify(folder), f"event {first} has kind 'adl-notice', must be 'liquidation-started'")


def test_altered_inputs_are_no_events(copied):
    folder = copied("ten-4")
    place = TEN.log.index(b'"oracle":{"X":"81"}') + len(b'"oracle":{"X":"8')
    written(folder / LOG, altered(TEN.log, place, ord("2")))
    refused(lambda: TEN.verify(folder), "pass 1 holds other bytes than were written: not in its events, but in what")


def test_a_head_of_another_schema_is_refused(copied):
    folder = copied("ten-0")
    with pa.OSFile(str(folder / LOG), "wb") as file, pa.ipc.new_stream(file, pa.schema([("x", pa.int64())])) as writer:
        writer.write_batch(pa.record_batch([pa.array([1])], names=["x"]))
    refused(lambda: open_run(folder), "what stands before the first pass has no check")
    for schema in (pa.schema([("x", pa.int64())]), run_log._schema().with_metadata({"adlcore.run": "9"})):
        marked = schema.with_metadata({**(schema.metadata or {}), b"check": run_log.MARK + run_log.EMPTY})
        written(folder / LOG, b"".join(run_log._checked([marked.serialize()])))
        refused(
            lambda: open_run(folder), "what stands before the first pass is not of schema 1, which this adlcore reads"
        )


# A log that was written by somebody else ------------------------------------------------------------------------------


def test_a_forged_log_that_is_not_chained_is_refused(copied):
    folder = copied("ten-4")

    def change(number, table):
        if number == 2:
            table[3, PLACE["lots"]] += 1

    forge(folder, change, chained=False)
    refused(lambda: open_run(folder), "was altered: pass 2 has events whose rolling hash is ", "must be ", row=2)
    first = TEN.events[2].first
    lots = int(TEN.events[2].lots[3])
    words = f"event {first + 3} has lots {lots + 1}, must be {lots}"
    refused(lambda: TEN.verify(folder), "pass 2 has events whose rolling hash is ", words)


def test_a_forged_log_is_not_what_the_house_makes(copied):
    folder, first = copied("ten-4"), TEN.events[1].first
    lots = TEN.events[1].lots

    def change(number, table):
        if number == 1:
            table[[20, 40], PLACE["lots"]] += 7

    forge(folder, change)
    assert open_run(folder).events()["lots"][20] == lots[20] + 7
    told = f"event {first + 20} has lots {lots[20] + 7}, must be {lots[20]}"
    words = f"{LOG}: pass 1 is not what house and passes make: {told}"
    for call in (lambda: TEN.verify(folder), lambda: TEN.resume(folder)):
        refused(call, words, row=1)


@pytest.mark.parametrize(
    ("field", "value", "must"),
    [
        ("kind", len(KINDS), f"must be from 0 to {len(KINDS) - 1}"),
        ("kind", -1, f"must be from 0 to {len(KINDS) - 1}"),
        ("cause", len(CAUSES), f"must be from 0 to {len(CAUSES) - 1}"),
        ("wallet", 10, "must be from -1 to 9"),
        ("wallet", -2, "must be from -1 to 9"),
        ("wallet", 2**62, "must be from -1 to 9"),
        ("contract", 3, "must be from -1 to 2"),
        ("asset", 2, "must be from -1 to 1"),
        ("party", 6, "must be from -1 to 5"),
        ("row", 13, "must be a row of `before`, or -1"),
        ("row", -(2**63), "must be a row of `before`, or -1"),
        ("link", 72, "must be another event of the pass, or -1"),
        ("link", -2, "must be another event of the pass, or -1"),
    ],
)
def test_a_forged_number_that_stands_for_nothing_is_refused(copied, field, value, must):
    folder, first = copied("ten-4"), TEN.events[1].first

    def change(number, table):
        if number == 1:
            table[30, PLACE[field]] = value

    forge(folder, change)
    run = open_run(folder)
    words = f"{LOG} was altered: event {first + 30} of pass 1 has the {field} {value}: {must}"
    refused(run.events, words, argument=field, row=first + 30, value=value)
    refused(lambda: TEN.verify(folder), f"event {first + 30} has {'fund' if field == 'party' else field} ")


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
    forge(folder, lambda *_: None)
    monkeypatch.undo()
    refused(lambda: open_run(folder), f"{LOG} was altered: pass 0 ", words, row=0)


@given(st.integers(-1, 3), st.lists(st.tuples(st.integers(8, 4000), st.integers(0, 255)), min_size=1, max_size=4))
def test_forged_bytes_with_a_check_that_fits_are_refused_or_say_nothing(kept, tmp_path_factory, number, changes):
    folder = tmp_path_factory.mktemp("forged") / "run"
    shutil.copytree(kept / "ten-4", folder)
    start, end = [0, *EDGES][number + 1 : number + 3]
    message = TEN.log[start:end]
    check = run_log.CHECK.search(message)
    message = message[: check.start(1)] + run_log.EMPTY + message[check.end() :]
    for place, value in changes:
        if place < len(message) and not check.start() <= place < check.end():
            message = altered(message, place, value)
    data = TEN.log[:start] + b"".join(run_log._checked([message])) + TEN.log[end:]
    written(folder / LOG, data)
    if (error := said(lambda: TEN.verify(folder))) is not None:
        assert data != TEN.log
        assert LOG in error or "as it was recorded" in error or "passes end after" in error
        return
    run = open_run(folder)
    same(run.events(), columns(TEN.events))
    same(run.marks(), open_run(kept / "ten-4").marks())


# The files of a sealed run --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["events.parquet", "passes.parquet", "marks.parquet"])
def test_a_table_that_is_not_there_is_missed(copied, name):
    folder = copied("two-sealed")
    run = open_run(folder)
    (folder / name).unlink()
    refused(getattr(run, name.removesuffix(".parquet")), f"was altered: has no {name}")
    refused(lambda: TWO.verify(folder), f"was altered: has no {name}")


def rewrite(path, change, **options) -> None:
    """A table with something else in it, in a sound Parquet file."""
    table = change(pq.read_table(path))
    path.unlink()
    pq.write_table(table, path, **options)


def other_cell(name, row, value):
    """A change of one cell."""

    def change(table):
        field = table.schema.field(name)
        cells = table.column(name).to_pylist()
        cells[row] = value
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        column = pa.array(cells, kind)
        column = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
        return table.set_column(table.column_names.index(name), field, column)

    return change


@pytest.mark.parametrize("row", [0, 43, 74])
@pytest.mark.parametrize("name", parquet_files.TYPES["events.parquet"])
def test_the_first_bad_event_of_a_sealed_run_is_named(copied, name, row):
    folder, known = copied("ten-sealed"), columns(TEN.events)
    value = "nobody" if known[name].dtype.kind in "UO" else 77_777
    rewrite(folder / "events.parquet", other_cell(name, row, value), compression="zstd")
    number, sequence, must = known["pass"][row], known["sequence"][row], known[name].tolist()[row]
    words = f"pass {number} is not what house and passes make: event {sequence} has {name} {value!r}, must be {must!r}"
    refused(lambda: TEN.verify(folder), f"events.parquet was altered: {words}", row=number)


def test_events_that_went_or_came_are_named(copied):
    folder, known = copied("ten-sealed"), columns(TEN.events)
    before = (folder / "events.parquet").read_bytes()
    for change, words in (
        (
            lambda table: table.slice(1),
            "pass 1 is not what house and passes make: event 13 has sequence 14, must be 13",
        ),
        (
            lambda table: table.slice(0, 76),
            f"pass 2 is not what house and passes make: it ends before event {known['sequence'][76]}",
        ),
        (lambda table: table.slice(0, 0), "pass 1 is not what house and passes make: it ends before event 13"),
        (lambda table: pa.concat_tables([table, table.slice(0, 1)]), "has 1 event or more behind the last pass"),
        (lambda table: table.slice(0, 81), "its SHA-256 is "),
        (lambda table: table.drop_columns(["cause"]), "has the columns sequence, "),
        (
            lambda table: table.set_column(0, "sequence", table["time"].cast(pa.int32())),
            "'sequence' is of type int32: must be int64",
        ),
    ):
        rewrite(folder / "events.parquet", change)
        refused(lambda: TEN.verify(folder), words, "events.parquet")
        written(folder / "events.parquet", before)
    TEN.verify(folder)


def test_an_empty_cell_is_no_event(copied):
    folder = copied("ten-sealed")

    def nothing(table):
        field = table.schema.field("lots").with_nullable(True)
        cells = table.column("lots").to_pylist()
        cells[5] = None
        return table.set_column(table.column_names.index("lots"), field, pa.array(cells, pa.int64()))

    rewrite(folder / "events.parquet", nothing)
    refused(lambda: TEN.verify(folder), "event 18 has lots None, must be ")


@pytest.mark.parametrize("part", ["before", "after"])
def test_books_of_another_run_are_refused(copied, part):
    folder = copied("ten-sealed")
    shutil.rmtree(folder / part)
    refused(lambda: TEN.verify(folder), f"ten-sealed was altered: has no {part}")
    adl.io.save(TWO.house().snapshot(), folder / part)
    refused(lambda: getattr(open_run(folder), part), f"{part} is of another run: its hash is ")
    refused(lambda: TEN.verify(folder), f"{part} is of another run: its hash is ")


@pytest.mark.parametrize("count", [0, 2])
def test_an_open_run_with_the_books_of_another_is_not_gone_on_with(copied, count):
    folder = copied(f"ten-{count}")
    shutil.rmtree(folder / "before")
    adl.io.save(TWO.house().snapshot(), folder / "before")
    before = tree(folder)
    for call in (lambda: TEN.verify(folder), lambda: TEN.resume(folder), open_run(folder).events):
        refused(call, "before is of another run: its hash is ")
    assert tree(folder) == before


def test_tables_of_another_run_are_refused(copied):
    folder, other = copied("ten-sealed"), copied("two-sealed")
    for name in ("events.parquet", "passes.parquet", "marks.parquet"):
        before = (folder / name).read_bytes()
        written(folder / name, (other / name).read_bytes())
        refused(lambda: TEN.verify(folder), name)
        written(folder / name, before)
    TEN.verify(folder)


# The manifest ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [2, 0, "1", None, [1]])
def test_an_unknown_schema_is_refused_by_name(copied, schema):
    folder = copied("ten-sealed")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))
    for call in (lambda: open_run(folder), lambda: TEN.resume(folder), lambda: TEN.verify(folder)):
        refused(call, f"is a run of schema {schema}: this adlcore reads schema 1", value=schema)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "manifest.json cannot be read as JSON"),
        ("{", "manifest.json cannot be read as JSON"),
        ("[" * 100_000, "manifest.json cannot be read as JSON"),
        ("[]", "manifest.json is no run's: must have a schema and a status"),
        ("{}", "manifest.json is no run's: must have a schema and a status"),
        ('{"schema": 1, "adlcore": "0.1.0", "hash": "0"}', "manifest.json is no run's"),
        ('{"schema": 1, "status": "open"}', "manifest.json was altered: its check does not fit its bytes"),
        ('{"schema": 1, "status": "open", "check": 5}', "manifest.json was altered"),
    ],
)
def test_a_broken_manifest_is_refused(copied, text, words):
    folder = copied("ten-4")
    (folder / "manifest.json").write_text(text)
    for call in (lambda: open_run(folder), lambda: TEN.resume(folder), lambda: TEN.verify(folder)):
        refused(call, words)
    assert (folder / "manifest.json").read_text() == text


def test_a_forged_manifest_that_lacks_something_is_refused(copied):
    from adlcore.io.runs import manifest as run_manifest

    folder = copied("ten-4")
    manifest = run_manifest.read_manifest(folder)
    for key in manifest:
        if key not in ("schema", "status"):
            run_manifest.write_manifest(folder, {name: value for name, value in manifest.items() if name != key})
            refused(lambda: open_run(folder), f"manifest.json has no {key!r}")
    for part in ("names", "opening", "hashes", "counts"):
        run_manifest.write_manifest(folder, {**manifest, part: {}})
        refused(lambda: open_run(folder), f"manifest.json: {part} has no ")
    for opening in ({"digest": "xy"}, {"sequence": "1"}, {"digest": 3}):
        run_manifest.write_manifest(folder, {**manifest, "opening": {**manifest["opening"], **opening}})
        refused(lambda: open_run(folder), "manifest.json")


def test_numbers_of_another_version_are_not_guessed(copied):
    from adlcore.io.runs import manifest as run_manifest

    folder = copied("ten-4")
    manifest = run_manifest.read_manifest(folder)
    names = {**manifest["names"], "kinds": list(KINDS[:-1])}
    run_manifest.write_manifest(folder, {**manifest, "names": names})
    assert len(open_run(folder).events()["kind"]) == 81
    for part, other in (("kinds", [*KINDS[1:], KINDS[0]]), ("causes", [*CAUSES, "luck"])):
        run_manifest.write_manifest(folder, {**manifest, "adlcore": "9.9", "names": {**manifest["names"], part: other}})
        words = (
            f"was recorded by adlcore 9.9, whose {part} of events have other numbers: must be sealed by that version"
        )
        refused(lambda: open_run(folder), words)
        refused(lambda: TEN.resume(folder), words)
