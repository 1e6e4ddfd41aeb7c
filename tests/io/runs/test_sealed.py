"""The files of a sealed run beside its passes made again: the first difference is named."""

import hashlib

import pyarrow as pa
import pytest

from adlcore.io import open_run
from adlcore.io.runs import parquet_files
from adlcore.io.runs.manifest import read_manifest, write_manifest
from support.arrow import other_cell, store, stored
from support.refusals import refused_with
from support.run_logs import columns, written
from support.run_worlds import TEN, TWO

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


@pytest.mark.parametrize("name", ["events.parquet", "passes.parquet", "marks.parquet"])
def test_a_table_that_is_not_there_is_missed(copied, name):
    folder = copied("two-sealed")
    run = open_run(folder)
    (folder / name).unlink()
    refused_with(getattr(run, name.removesuffix(".parquet")), f"was altered: has no {name}")
    refused_with(lambda: TWO.verify(folder), f"was altered: has no {name}")


def rewrite(path, change, **options) -> None:
    """A table with something else in it, in a sound Parquet file."""
    store(change(stored(path)), path, **options)


@pytest.mark.parametrize("row", [0, 43, 74])
@pytest.mark.parametrize("name", parquet_files.TYPES["events.parquet"])
def test_the_first_bad_event_of_a_sealed_run_is_named(copied, name, row):
    folder, known = copied("ten-sealed"), columns(TEN.events)
    value = "nobody" if known[name].dtype.kind in "UO" else 77_777
    rewrite(folder / "events.parquet", other_cell(name, row, value), compression="zstd")
    number, sequence, must = known["pass"][row], known["sequence"][row], known[name].tolist()[row]
    words = f"pass {number} is not what house and passes make: event {sequence} has {name} {value!r}, must be {must!r}"
    refused_with(lambda: TEN.verify(folder), f"events.parquet was altered: {words}", row=number)


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
        refused_with(lambda: TEN.verify(folder), words, "events.parquet")
        written(folder / "events.parquet", before)
    TEN.verify(folder)


def test_an_empty_cell_is_no_event(copied):
    folder = copied("ten-sealed")
    rewrite(folder / "events.parquet", other_cell("lots", 5, None))
    refused_with(lambda: TEN.verify(folder), "event 18 has lots None, must be ")


def test_tables_of_another_run_are_refused(copied):
    folder, other = copied("ten-sealed"), copied("two-sealed")
    for name in ("events.parquet", "passes.parquet", "marks.parquet"):
        before = (folder / name).read_bytes()
        written(folder / name, (other / name).read_bytes())
        refused_with(lambda: TEN.verify(folder), name)
        written(folder / name, before)
    TEN.verify(folder)


@pytest.mark.parametrize(
    ("table", "column", "value", "told"),
    [
        ("marks.parquet", "kind", "made\u202e", r"kind is 'made\u202e': must be one of mark, index, oracle"),
        ("passes.parquet", "digest", "xyz", "digest[0] is 'xyz': must be hexadecimal"),
    ],
)
def test_texts_of_a_sealed_run_that_no_pass_has(copied, table, column, value, told):
    folder = copied("two-sealed")
    rewrite(folder / table, other_cell(column, 0, value))
    manifest = read_manifest(folder)
    digest = hashlib.sha256((folder / table).read_bytes()).hexdigest()
    write_manifest(folder, {**manifest, "files": {**manifest["files"], table: digest}})
    assert str(refused_with(lambda: TWO.verify(folder))) == f"{folder}/{table}: {told}"
