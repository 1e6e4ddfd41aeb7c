"""Runs in folders: what is recorded is read again, and gone on with from any byte."""

import copy
import json
import os
import shutil
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore.clearing import ClearingHouse
from adlcore.io import Inputs, open_run, record, resume, verify
from support import house_draws, margin_oracle
from support.refusals import refused_with
from support.run_logs import assert_same_columns, columns, cuts, ends, written
from support.run_worlds import CONFIGURATION, TEN, TWO, Stop, tree

#: Of how many bytes one is a place to cut before everything is made and sealed again; 1 takes some minutes.
EVERY = int(os.environ.get("ADLCORE_CUTS", "48"))


pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


# There and back -------------------------------------------------------------------------------------------------------


def test_prices_are_kept_exactly_however_they_are_given(tmp_path):
    from decimal import Decimal

    given = [Inputs(1, {"X": Decimal("84.50")}, oracle={}), Inputs(2, {"X": 84.1}), Inputs(3, {"X": "1_00"})]
    run = record(tmp_path / "run", TEN.house(), [Inputs(time + 900, *rest) for time, *rest in given])
    assert run.marks()["price"].tolist() == ["84.5", "84.1", "100"]


def test_a_run_without_passes(tmp_path):
    run = TEN.record(tmp_path / "run", [])
    assert (run.sealed, run.before, run.after) == (True, TEN.house().snapshot(), TEN.house().snapshot())
    assert_same_columns(run.events(), {name: column[:0] for name, column in columns(TEN.events).items()})
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
        assert_same_columns(run.events(), columns([alone]))
        assert run.marks()["name"].tolist() == [contract.symbol]
        verify(run.path, house(), given)


def test_the_same_run_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        assert tree(TEN.record(tmp_path / name).path) == TEN.tree


@given(margin_oracle.crowd_columns(), house_draws.venues(), st.data())
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
    assert_same_columns(open_run(folder).events(), columns(events))
    run = resume(folder, house(), passes)
    assert_same_columns(run.events(), columns(events))
    assert run.after == alone.snapshot()
    assert verify(folder, house(), passes).manifest["hashes"]["after"] == alone.hash


def _stopping(passes):
    yield from passes
    raise Stop


# One after the other --------------------------------------------------------------------------------------------------


def test_every_pass_is_told_when_a_run_is_resumed(copied):
    told = []
    TEN.resume(copied("ten-2"), on_pass=lambda number, events, house: told.append((number, len(events), house.time)))
    assert told == [(0, 0, 900), (1, 72, 1000), (2, 9, 1500), (3, 0, 2000)]


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


def test_a_run_that_is_cut_at_any_byte_is_gone_on_with(kept, tmp_path):
    log, places, whole_columns = TWO.log, ends(TWO.log), columns(TWO.events)
    for cut in cuts(log, EVERY):
        folder = tmp_path / str(cut)
        shutil.copytree(kept / "two-3", folder)
        written(folder / "events.arrow", log[:cut])
        seen = whole_columns["pass"] < sum(place <= cut for place in places) - 1
        assert_same_columns(TWO.verify(folder).events(), {name: column[seen] for name, column in whole_columns.items()})
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
    refused_with(lambda: open_run(folder), "has not begun: has no before yet; adlcore.io.resume begins it")
    assert tree(TEN.resume(folder).path) == TEN.tree
