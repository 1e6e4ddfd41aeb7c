"""Runs in folders: what is recorded is read again, and gone on with from any byte."""

from __future__ import annotations

import copy
import json
import os
import pickle
import shutil
import stat

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore._support import files
from adlcore.clearing import ClearingHouse
from adlcore.io import Inputs, open_run, read_events, record, resume, verify
from adlcore.io.runs import log as run_log
from adlcore.io.runs import parquet_files
from support import house_draws, margin_oracle, run_worlds
from support.run_logs import columns, ends, same
from support.run_worlds import CONFIGURATION, TEN, TWO, Stop, refused, tree

#: Of how many bytes one is a place to cut before everything is made and sealed again; 1 takes some minutes.
EVERY = int(os.environ.get("ADLCORE_CUTS", "48"))

TABLES = ["events.parquet", "marks.parquet", "passes.parquet"]


pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


def digests(world, count: int) -> list[str]:
    """The rolling hash after each pass."""
    digest, found = world.house().state().digest, []
    for each in world.events[:count]:
        digest = each.digest(digest) if len(each) else digest
        found.append(digest.hex())
    return found


# There and back -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(len(TEN.passes) + 1))
def test_an_open_run_shows_its_complete_passes(kept, count):
    run, events = open_run(kept / f"ten-{count}"), TEN.events[:count]
    assert (run.sealed, run.after, run.manifest["status"]) == (False, None, "open")
    assert run.before == TEN.house().snapshot()
    same(run.events(), columns(events) if count else {name: column[:0] for name, column in columns(TEN.events).items()})
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
    same(run.events(), columns(TEN.events))
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
    same(one.events(), other.events())
    same(one.passes(), other.passes())
    same(one.marks(), other.marks())


def test_marks_are_what_passes_were_given(kept):
    marks = open_run(kept / "ten-sealed").marks()
    assert list(marks) == ["pass", "time", "kind", "name", "price"]
    assert list(zip(*(column.tolist() for column in marks.values()), strict=True)) == [
        (0, 900, "mark", "X", "99"),
        *[(1, 1000, "mark", name, price) for name, price in (("I", "80"), ("X", "80"), ("Y", "50"))],
        *[(1, 1000, "index", "BTC", "80"), (1, 1000, "oracle", "X", "81")],
        *[(3, 2000, "mark", "X", "70.5"), (3, 2000, "mark", "Y", "66"), (3, 2000, "index", "BTC", "70")],
    ]


def test_prices_are_kept_exactly_however_they_are_given(tmp_path):
    from decimal import Decimal

    given = [Inputs(1, {"X": Decimal("84.50")}, oracle={}), Inputs(2, {"X": 84.1}), Inputs(3, {"X": "1_00"})]
    run = record(tmp_path / "run", TEN.house(), [Inputs(time + 900, *rest) for time, *rest in given])
    assert run.marks()["price"].tolist() == ["84.5", "84.1", "100"]


def test_a_run_without_passes(tmp_path):
    run = TEN.record(tmp_path / "run", [])
    assert (run.sealed, run.before, run.after) == (True, TEN.house().snapshot(), TEN.house().snapshot())
    same(run.events(), {name: column[:0] for name, column in columns(TEN.events).items()})
    assert {len(column) for table in (run.passes(), run.marks()) for column in table.values()} == {0}
    assert verify(run.path, TEN.house(), []).configuration == CONFIGURATION


def test_accounts_may_be_numbers_and_names_may_be_any_text(tmp_path):
    labels = {True: [7, 9], False: ['a"b§§', "ü\u2028" * 40]}
    for is_number, account in labels.items():
        contract = adl.Contract('§"="\\', tick=1, tiers=adl.MarginTiers([0], ["0.05"]))
        wallets = {"account": account, "balance": ["30", "900"]}
        held = [(account[0], "2", "100"), (account[1], "-2", "100")]
        rows = [dict(zip(("account", "quantity", "entry_price"), row, strict=True)) for row in held]
        rows = [{**row, "contract": contract.symbol} for row in rows]
        books = adl.Snapshot.build([contract], wallets, rows, {contract.symbol: 100})

        def house(books=books):
            return ClearingHouse(books, venue=[adl.clearing.Deleverage("binance")])

        given = [Inputs(1, {contract.symbol: "84"})]
        run = record(tmp_path / str(is_number), house(), given)
        alone = house().mark(given[0].marks, 1)
        same(run.events(), columns([alone]))
        assert run.marks()["name"].tolist() == [contract.symbol]
        verify(run.path, house(), given)


def test_other_tools_read_the_files(kept):
    stream = pa.ipc.open_stream(pa.OSFile(str(kept / "ten-4" / "events.arrow")))
    assert stream.schema.names == list(adl.clearing.events.FIELDS)
    for number, events in enumerate(TEN.events):
        batch, metadata = stream.read_next_batch_with_custom_metadata()
        told = json.loads(metadata[b"pass"])
        assert (told["pass"], told["first"], told["events"]) == (number, events.first, batch.num_rows)
        assert np.array_equal(np.stack([column.to_numpy() for column in batch.columns], axis=1), events.table)
    with pytest.raises(StopIteration):
        stream.read_next_batch()
    found = columns(TEN.events)
    same(read_events(kept / "ten-sealed" / "events.parquet"), {name: found[name] for name in found if name != "pass"})
    table = pq.read_table(kept / "ten-sealed" / "events.parquet")
    assert {name for name in table.column_names if pa.types.is_dictionary(table.schema.field(name).type)} == {
        *("kind", "contract", "asset", "fund", "cause")
    }
    assert pq.ParquetFile(kept / "ten-sealed" / "events.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_the_same_run_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        assert tree(TEN.record(tmp_path / name).path) == TEN.tree


def test_row_groups_are_full_whatever_passes_they_come_from(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "GROUP", 7)
    run = TEN.record(tmp_path / "run")
    for table, rows in (("events.parquet", 81), ("passes.parquet", 4), ("marks.parquet", 9)):
        groups = pq.ParquetFile(run.path / table).metadata
        sizes = [groups.row_group(k).num_rows for k in range(groups.num_row_groups)]
        assert sizes == [7] * (rows // 7) + [rows % 7] * (rows % 7 > 0)
    same(run.events(), open_run(kept / "ten-sealed").events())
    same(run.marks(), open_run(kept / "ten-sealed").marks())
    verify(run.path, TEN.house(), TEN.passes)
    again = TEN.resume(TEN.stop(tmp_path / "again", 2))
    assert tree(again.path) == tree(run.path)


@given(margin_oracle.venues(), house_draws.venues(), st.data())
@settings(max_examples=settings.default.max_examples // 2)
def test_any_run_is_read_as_it_was(tmp_path_factory, books, venue, data):
    snapshot = margin_oracle.snapshot(**books)
    funds, book = data.draw(house_draws.funds(snapshot)), data.draw(house_draws.books(snapshot))

    def house():
        return ClearingHouse(snapshot, funds, venue, copy.deepcopy(book))

    alone, passes, events = house(), [], []
    for time in range(3):
        factors = {
            s: mark * adl.contracts.decimals.Decimal(data.draw(house_draws.pick(house_draws.FACTORS)))
            for s, mark in alone.marks.items()
            if mark
        }
        passes.append(Inputs(time, {symbol: str(mark) for symbol, mark in factors.items()}))
        events.append(alone.mark(passes[-1].marks, time))
    folder = tmp_path_factory.mktemp("any") / "run"
    with pytest.raises(Stop):
        record(folder, house(), _stopping(passes))
    same(open_run(folder).events(), columns(events))
    run = resume(folder, house(), passes)
    same(run.events(), columns(events))
    assert run.after == alone.snapshot()
    assert verify(folder, house(), passes).manifest["hashes"]["after"] == alone.hash


def _stopping(passes):
    yield from passes
    raise Stop


# One after the other --------------------------------------------------------------------------------------------------


def test_the_next_pass_is_asked_for_when_the_one_before_was_made(tmp_path):
    house, seen = TEN.house(), []

    def passes():
        for number, each in enumerate(TEN.passes):
            seen.append(("asked", number, house.time))
            yield each

    def on_pass(number, events, given):
        assert given is house
        assert events == TEN.events[number]
        # It is on the disk by now.
        assert open_run(tmp_path / "run").passes()["pass"].tolist() == list(range(number + 1))
        seen.append(("made", number, house.time))

    record(tmp_path / "run", house, passes(), on_pass=on_pass)
    times = [each.time for each in TEN.passes]
    assert seen == [
        step
        for number, (before, after) in enumerate(zip([500, *times], times, strict=False))
        for step in (("asked", number, before), ("made", number, after))
    ]


class Shrinking:
    """An order book that a generator empties."""

    def __init__(self) -> None:
        self.lots = 10

    def ioc(self, contract, quantity, limit, time):
        lots = min(self.lots, abs(quantity))
        self.lots -= lots
        return [(lots, limit)] if lots else []


def shrinking():
    """A house whose order book vanishes before the second pass."""
    book = Shrinking()
    house = ClearingHouse.from_state(run_worlds.STATE, run_worlds.ten_wallets.venue(), book)

    def passes():
        yield Inputs(900, {"X": "80"})
        book.lots = 3
        yield Inputs(1000, {"X": "79"})
        yield Inputs(1001, {"X": "40"})

    return house, passes()


def test_a_generator_may_change_the_order_book(tmp_path):
    house, passes = shrinking()
    run = record(tmp_path / "run", house, passes)
    assert run.passes()["events"].tolist()[1] > 0
    plain, book = ClearingHouse.from_state(run_worlds.STATE, run_worlds.ten_wallets.venue(), Shrinking()), Shrinking()
    for each in shrinking()[1]:
        plain.mark(each.marks, each.time)
    assert plain.hash != run.manifest["hashes"]["after"] == house.hash
    assert book.lots == 10
    verify(run.path, *shrinking())


def test_every_pass_is_told_when_a_run_is_resumed(copied):
    told = []
    TEN.resume(copied("ten-2"), on_pass=lambda number, events, house: told.append((number, len(events), house.time)))
    assert told == [(0, 0, 900), (1, 72, 1000), (2, 9, 1500), (3, 0, 2000)]


def test_nobody_else_may_move_the_house(tmp_path):
    house = TEN.house()

    def passes():
        yield TEN.passes[0]
        house.deposit(run_worlds.ten_wallets.DAN, "0.3")
        yield TEN.passes[1]

    words = "the house was changed before pass 1: must be moved by the run alone"
    refused(lambda: record(tmp_path / "run", house, passes()), words, argument="house", row=1)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1
    house = TEN.house()
    moving = lambda *_: house.mark()  # noqa: E731
    refused(lambda: record(tmp_path / "other", house, TEN.passes, on_pass=moving), words)


def test_a_run_is_left_with_its_passes_where_a_deferred_call_moves_the_house(tmp_path):
    """Runs hold marks alone: the pass that was followed by a deposit is refused, and the ones before are kept."""
    house = TEN.house()
    house.on("adl-notice", lambda event: house.defer(lambda: house.fund_deposit("USDT", "1")))
    words = "the house was changed during pass 1, by a deferred call or another thread: a run holds marks alone"
    refused(lambda: record(tmp_path / "run", house, TEN.passes), words, argument="house", row=1)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 1
    assert TEN.resume(tmp_path / "run").sealed


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError, Stop])
@pytest.mark.parametrize("where", ["passes", "on_pass"])
def test_whatever_ends_a_run_leaves_its_complete_passes(tmp_path, failure, where):
    def passes():
        yield from TEN.passes[:2]
        if where == "passes":
            raise failure
        yield TEN.passes[2]

    def on_pass(number, *_):
        if number == 1 and where == "on_pass":
            raise failure

    with pytest.raises(failure):
        TEN.record(tmp_path / "run", passes(), on_pass=on_pass)
    assert len(open_run(tmp_path / "run").passes()["pass"]) == 2
    assert tree(TEN.resume(tmp_path / "run").path) == TEN.tree


# Cut anywhere ---------------------------------------------------------------------------------------------------------


def cuts(log: bytes, step: int) -> list[int]:
    """Where a log is cut: at every so many bytes, and around the ends of its passes."""
    near = {place + more for place in ends(log) for more in range(-2, 3)}
    return sorted({*range(0, len(log), step), len(log), *(cut for cut in near if cut <= len(log))})


@pytest.mark.parametrize("world", [TWO, TEN], ids=["two", "ten"])
def test_a_log_that_is_cut_at_any_byte_ends_with_its_last_complete_pass(tmp_path, world):
    path, log, house = tmp_path / "events.arrow", world.log, world.house()
    opening, places = house.state(), ends(world.log)
    given = list(run_log.PassLog(_written(path, log), opening.sequence, opening.digest))
    assert [each.table.tolist() for each in given] == [each.table.tolist() for each in world.events]
    made = [
        run_log.Made(each.number, each.inputs, events, each.digest)
        for each, events in zip(given, world.events, strict=True)
    ]
    for cut in cuts(log, 1 if world is TWO else 7):
        found = run_log.PassLog(_written(path, log[:cut]), opening.sequence, opening.digest)
        whole = sum(place <= cut for place in places)
        assert [each.number for each in found] == list(range(whole - 1))
        assert (found.end, found.damage) == (places[whole - 1] if whole else 0, None)
        # What is appended there makes it whole again.
        if cut % 5 == 0 or cut in places:
            with files.Sink.append(path, found.end) as file:
                if not found.end:
                    run_log.begin(file)
                for each in made[found.passes :]:
                    run_log.append(file, each)
            assert path.read_bytes() == log


def _written(path, data):
    """A new file: some systems wait for the disk when one is cut and filled again."""
    path.unlink(missing_ok=True)
    path.write_bytes(data)
    return path


def test_a_run_that_is_cut_at_any_byte_is_shown(copied):
    folder, places = copied("two-3"), ends(TWO.log)
    for cut in cuts(TWO.log, 5):
        _written(folder / "events.arrow", TWO.log[:cut])
        whole = sum(place <= cut for place in places)
        assert open_run(folder).passes()["pass"].tolist() == list(range(whole - 1))


def test_a_run_that_is_cut_at_any_byte_is_gone_on_with(kept, tmp_path):
    log, places, whole_columns = TWO.log, ends(TWO.log), columns(TWO.events)
    for cut in cuts(log, EVERY):
        folder = tmp_path / str(cut)
        shutil.copytree(kept / "two-3", folder)
        _written(folder / "events.arrow", log[:cut])
        seen = whole_columns["pass"] < sum(place <= cut for place in places) - 1
        same(TWO.verify(folder).events(), {name: column[seen] for name, column in whole_columns.items()})
        assert (folder / "events.arrow").read_bytes() == log[:cut]
        assert TWO.resume(folder).manifest["hashes"] == json.loads(TWO.tree["manifest.json"])["hashes"]
        assert tree(folder) == TWO.tree
        shutil.rmtree(folder)


@pytest.mark.parametrize("count", range(len(TEN.passes) + 1))
def test_a_run_that_was_left_is_gone_on_with(copied, count):
    run = TEN.resume(copied(f"ten-{count}"))
    assert run.sealed
    assert tree(run.path) == TEN.tree


def test_a_run_that_was_left_twice_is_gone_on_with(copied):
    folder = copied("ten-1")
    with pytest.raises(Stop):
        TEN.resume(folder, TEN.until(3))
    assert len(open_run(folder).passes()["pass"]) == 3
    with pytest.raises(Stop):
        TEN.resume(folder, TEN.until(4))
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_who_may_read_the_manifest_stays_when_a_run_is_sealed(copied):
    folder = copied("ten-2")
    (folder / "manifest.json").chmod(0o600)
    assert TEN.resume(folder).sealed
    assert stat.S_IMODE((folder / "manifest.json").stat().st_mode) == 0o600


def test_a_sealed_run_is_returned_as_it_is(copied):
    folder = copied("ten-sealed")
    (folder / "notes.txt").write_text("mine")
    before = tree(folder)

    def passes():
        raise AssertionError("asked")
        yield

    for make in (TEN.resume, TEN.resume):
        assert make(folder, passes()).sealed
        assert tree(folder) == before
    # A writer that was stopped between the manifest and the end left these.
    (folder / "events.arrow").write_bytes(TEN.log[:5000])
    (folder / ".manifest.json.new").write_bytes(b"{")
    assert open_run(folder).events()["pass"].max() == 2
    TEN.resume(folder)
    assert tree(folder) == before


def test_what_a_stopped_writer_left_beside_the_files_goes(copied):
    folder = copied("ten-2")
    (folder / ".after.new").mkdir()
    for name in (".after.new/wallets.parquet", ".events.parquet.new", ".marks.parquet.new", "events.parquet"):
        (folder / name).write_bytes(b"half")
    run = TEN.resume(folder)
    assert tree(run.path) == TEN.tree


def test_a_run_that_had_not_begun_is_begun(tmp_path, copied):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".manifest.json.new").write_bytes(b"{")
    assert tree(TEN.record(tmp_path / "run").path) == TEN.tree
    folder = copied("ten-0")
    shutil.rmtree(folder / "before")
    os.unlink(folder / "events.arrow")
    refused(lambda: open_run(folder), "has not begun: has no before yet; adlcore.io.resume begins it")
    assert tree(TEN.resume(folder).path) == TEN.tree


def test_a_reader_of_a_run_that_is_sealed_meanwhile_is_told(copied):
    folder = copied("ten-3")
    run = open_run(folder)
    TEN.resume(folder)
    assert len(run.passes()["pass"]) == 3
    refused(run.events, "ten-3 was sealed or altered since it was opened: must be opened again")
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
