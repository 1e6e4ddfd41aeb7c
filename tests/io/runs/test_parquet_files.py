"""The Parquet files of a sealed run: plain tables, in full row groups."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.io import open_run, read_events, verify
from adlcore.io.runs import parquet_files
from support.run_logs import assert_same_columns, columns
from support.run_worlds import TEN, tree

pytestmark = [pytest.mark.usefixtures("unsynchronized"), pytest.mark.files]


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
    assert_same_columns(
        read_events(kept / "ten-sealed" / "events.parquet"), {name: found[name] for name in found if name != "pass"}
    )
    table = pq.read_table(kept / "ten-sealed" / "events.parquet")
    assert {name for name in table.column_names if pa.types.is_dictionary(table.schema.field(name).type)} == {
        *("kind", "contract", "asset", "fund", "cause")
    }
    assert pq.ParquetFile(kept / "ten-sealed" / "events.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_row_groups_are_full_whatever_passes_they_come_from(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_files, "ROW_GROUP_ROWS", 7)
    run = TEN.record(tmp_path / "run")
    for table, rows in (("events.parquet", 81), ("passes.parquet", 4), ("marks.parquet", 9)):
        groups = pq.ParquetFile(run.path / table).metadata
        sizes = [groups.row_group(k).num_rows for k in range(groups.num_row_groups)]
        assert sizes == [7] * (rows // 7) + [rows % 7] * (rows % 7 > 0)
    assert_same_columns(run.events(), open_run(kept / "ten-sealed").events())
    assert_same_columns(run.marks(), open_run(kept / "ten-sealed").marks())
    verify(run.path, TEN.house(), TEN.passes)
    again = TEN.resume(TEN.stop(tmp_path / "again", 2))
    assert tree(again.path) == tree(run.path)
