"""``adlcore verify``: a run made again, and the first event that is not as it was."""

import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import adlcore as adl


def test_verify_makes_a_run_again(good, small_run):
    out = good("verify", small_run)
    assert "sealed, 5 passes" in out
    assert "all as they were made" in out
    assert adl.io.open_run(small_run).manifest["hashes"]["digest"] in out
    assert f"made by adlcore {adl.__version__}, numpy {np.__version__}" in out


def test_a_run_of_a_file_of_marks_is_made_again_without_it(good, at):
    (at / "marks.csv").write_text("time,BTCUSDT,BTCUSD\n1,55000,55000\n2,48000,48000\n")
    (at / "own.toml").write_text('[wallets]\ncount = 200\npositions = 400\n[shock]\nmarks = "marks.csv"\n')
    good("simulate", "own.toml", "--out", "own", "--no-report")
    (at / "marks.csv").unlink()
    assert "2 passes" in good("verify", "own")


def test_verify_names_the_first_bad_event(bad, small_run, tmp_path):
    altered = tmp_path / "altered"
    shutil.copytree(small_run, altered)
    table = pq.read_table(altered / "events.parquet")
    amounts = table["amount"].to_pylist()
    amounts[7] += 1
    place = table.column_names.index("amount")
    pq.write_table(table.set_column(place, table.schema.field(place), pa.array(amounts)), altered / "events.parquet")
    told = bad("verify", altered)
    assert "amount" in told
    assert str(table["sequence"][7]) in told


def test_a_run_without_passes_has_no_hash_and_that_is_said(good, stopped):
    folder = stopped(0)
    out = good("verify", folder)
    assert out.splitlines()[-1] == "no pass was made, so there is no hash of events"
    assert "open, 0 passes, 0 events" in out
