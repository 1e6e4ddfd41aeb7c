"""Runs as they are read: open or sealed, what was recorded and nothing else."""

import pickle

import pytest

from adlcore.io import open_run
from support.refusals import refused_with
from support.run_logs import assert_same_columns, columns, cuts, ends, written
from support.run_worlds import CONFIGURATION, TEN, TWO

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


TABLES = ["events.parquet", "marks.parquet", "passes.parquet"]


def digests(world, count: int) -> list[str]:
    """The rolling hash after each pass."""
    digest, found = world.house().state().digest, []
    for each in world.events[:count]:
        digest = each.digest(digest) if len(each) else digest
        found.append(digest.hex())
    return found


@pytest.mark.parametrize("count", range(len(TEN.passes) + 1))
def test_an_open_run_shows_its_complete_passes(kept, count):
    run, events = open_run(kept / f"ten-{count}"), TEN.events[:count]
    assert (run.sealed, run.after, run.manifest["status"]) == (False, None, "open")
    assert run.before == TEN.house().snapshot()
    assert_same_columns(
        run.events(), columns(events) if count else {name: column[:0] for name, column in columns(TEN.events).items()}
    )
    passes = run.passes()
    assert list(passes) == ["pass", "time", "first", "events", "digest"]
    assert passes["pass"].tolist() == list(range(count))
    assert passes["time"].tolist() == [each.time for each in TEN.passes[:count]]
    assert passes["first"].tolist() == [each.first for each in events]
    assert passes["events"].tolist() == [len(each) for each in events]
    assert passes["digest"].tolist() == digests(TEN, count)
    assert repr(run) == (
        f"<Run 'ten-{count}', open: {count} pass{'es' * (count != 1)}, {sum(map(len, events))} events>"
    )


def test_a_sealed_run_shows_everything(kept):
    run, house = open_run(str(kept / "ten-sealed")), TEN.house()
    for each in TEN.passes:
        house.mark(each.marks, each.time, index_prices=each.index_prices, oracle=each.oracle)
    assert (run.sealed, run.path, run.configuration) == (True, kept / "ten-sealed", CONFIGURATION)
    assert (run.before, run.after) == (TEN.house().snapshot(), house.snapshot())
    assert (run.contracts, run.assets) == (run.before.contracts, run.before.assets)
    assert_same_columns(run.events(), columns(TEN.events))
    assert run.passes()["digest"].tolist() == digests(TEN, 4)
    hashes = run.manifest["hashes"]
    assert (hashes["before"], hashes["after"]) == (TEN.house().hash, house.hash)
    assert hashes["digest"] == house.state().digest.hex() == digests(TEN, 4)[-1]
    assert sorted(path.name for path in run.path.iterdir()) == ["after", "before", "manifest.json", *TABLES][
        :2
    ] + sorted(["manifest.json", *TABLES])
    assert repr(run) == "<Run 'ten-sealed', sealed: 4 passes, 81 events>"
    assert pickle.loads(pickle.dumps(run)).after == run.after
    with pytest.raises(AttributeError, match="a Run is immutable: path cannot be set"):
        run.path = "elsewhere"


def test_open_and_sealed_runs_show_the_same(kept):
    one, other = open_run(kept / "ten-sealed"), open_run(kept / "ten-4")
    assert_same_columns(one.events(), other.events())
    assert_same_columns(one.passes(), other.passes())
    assert_same_columns(one.marks(), other.marks())


def test_marks_are_what_passes_were_given(kept):
    marks = open_run(kept / "ten-sealed").marks()
    assert list(marks) == ["pass", "time", "kind", "name", "price"]
    assert list(zip(*(column.tolist() for column in marks.values()), strict=True)) == [
        (0, 900, "mark", "X", "99"),
        *[(1, 1000, "mark", name, price) for name, price in (("I", "80"), ("X", "80"), ("Y", "50"))],
        *[(1, 1000, "index", "BTC", "80"), (1, 1000, "oracle", "X", "81")],
        *[(3, 2000, "mark", "X", "70.5"), (3, 2000, "mark", "Y", "66"), (3, 2000, "index", "BTC", "70")],
    ]


def test_a_run_that_is_cut_at_any_byte_is_shown(copied):
    folder, places = copied("two-3"), ends(TWO.log)
    for cut in cuts(TWO.log, 5):
        written(folder / "events.arrow", TWO.log[:cut])
        whole = sum(place <= cut for place in places)
        assert open_run(folder).passes()["pass"].tolist() == list(range(whole - 1))


def test_a_reader_of_a_run_that_is_sealed_meanwhile_is_told(copied):
    folder = copied("ten-3")
    run = open_run(folder)
    TEN.resume(folder)
    assert len(run.passes()["pass"]) == 3
    refused_with(run.events, "ten-3 was sealed or altered since it was opened: must be opened again")
    assert open_run(folder).sealed


def test_a_reader_keeps_what_it_saw(copied):
    folder = copied("ten-3")
    log = (folder / "events.arrow").read_bytes()
    (folder / "events.arrow").write_bytes(log[: ends(log)[1]])
    run = open_run(folder)
    (folder / "events.arrow").write_bytes(log)
    assert len(run.passes()["pass"]) == 1
    assert len(run.events()["pass"]) == 0
    assert set(run.marks()["pass"].tolist()) == {0}
