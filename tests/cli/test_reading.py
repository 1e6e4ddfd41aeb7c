"""Hostile files for every command, by bytes and by what they say: each ends with 0, or with 2 and a line that says why.

The suite draws the same few each time; ``ci/search.sh`` draws others.
"""

import contextlib
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import adlcore as adl
from support.hostile import (
    CELLS,
    NAMES,
    SCENARIO,
    SOME,
    altered_bytes,
    altered_table,
    altered_tree,
    assert_command_sound,
    beside,
    forge_manifest,
    is_small,
    read_a_run,
    toml,
)

pytestmark = pytest.mark.usefixtures("terminal", "unsynchronized")


# Bytes ----------------------------------------------------------------------------------------------------------------


@given(st.data())
@pytest.mark.parametrize("file", ["p.csv", "p.tsv", "p.parquet"])
def test_bytes_of_positions(there, file, data):
    with beside(there, file) as folder:
        path = folder / file
        path.write_bytes(data.draw(altered_bytes(path.read_bytes())))
        assert_command_sound("rank", path, "--mark", "9")
        assert_command_sound(
            "deleverage", path, "--mark", "9", "--quantity", "1", "--columns", "account=user", "--json"
        )


@given(st.data())
@pytest.mark.parametrize("file", ["books", "books.npz"])
def test_bytes_of_a_snapshot(there, file, data):
    with beside(there, file) as folder:
        path = folder / file
        part = path if path.is_file() else data.draw(st.sampled_from(sorted(path.iterdir())))
        part.write_bytes(data.draw(altered_bytes(part.read_bytes())))
        assert_command_sound("margin", path)
        assert_command_sound("explain", path, "--account", "ann", "--contract", "X")


@SOME
@given(st.data())
@pytest.mark.parametrize("name", ["run", "open"])
def test_bytes_of_a_run(there, name, data):
    with beside(there, name) as folder:
        files = sorted(path for path in (folder / name).rglob("*") if path.is_file())
        part = data.draw(st.sampled_from(files))
        part.write_bytes(data.draw(altered_bytes(part.read_bytes())))
        read_a_run(folder / name)


@given(st.data())
@pytest.mark.parametrize("file", ["c.toml", "marks.csv", "marks.parquet"])
def test_bytes_of_a_scenario(there, file, data):
    with beside(there, "c.toml", "marks.csv", "marks.parquet") as folder:
        scenario = folder / "c.toml"
        if file != "c.toml":
            scenario.write_text(f'{SCENARIO}marks = "{file}"\n')
        path = folder / file
        path.write_bytes(data.draw(altered_bytes(path.read_bytes())))
        assume(is_small(scenario))
        assert_command_sound("simulate", scenario, "--out", folder / "out", "--no-report")


# Contents -------------------------------------------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(NAMES, st.sampled_from(["user", "size", "entry_price", "equity", "side"])), min_size=1, max_size=6
    ),
    st.data(),
)
def test_cells_of_positions(there, header, data):
    import csv

    rows = data.draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=3))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.csv")
        with open(path, "w", encoding="utf-8", newline="", errors="replace") as file:
            csv.writer(file).writerows([header, *rows])
        assert_command_sound("rank", path, "--mark", "9")


ARRAYS = st.sampled_from(
    [
        *(pa.array([1, None]), pa.array([True, False]), pa.array([b"\xff", b"1"]), pa.array(["\u202e\x1b", "1"])),
        *(pa.array([[1], []]), pa.array([{"a": 1}, None]), pa.nulls(2), pa.array([1, 2], pa.timestamp("us"))),
        *(pa.array([1, 2], pa.duration("ns")), pa.array([float("nan"), float("inf")]), pa.array([1e308, 5e-324])),
        *(pa.array([2**63 - 1, -(2**63)]), pa.array([2**64 - 1, 0], pa.uint64())),
        *(pa.array(["x", "x"]).dictionary_encode(), pa.array(["-1", "2"])),
        *(pa.array([10**30, -(10**30)], pa.decimal128(38, 2)), pa.array(np.array([1.5, 2], np.float16))),
    ]
)


@given(
    st.dictionaries(
        st.sampled_from(["user", "size", "entry_price", "equity", "side", "tie", "a.b", "\u202e"]), ARRAYS, min_size=1
    )
)
def test_columns_of_parquet(there, columns):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "p.parquet")
        pq.write_table(pa.table(columns), path)
        assert_command_sound("rank", path, "--mark", "9")
        assert_command_sound("deleverage", path, "--mark", "9", "--quantity", "1", "--json")


@given(st.data())
def test_values_of_a_scenario(there, data):
    from adlcore.lab import scenarios

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "c.toml")
        import tomllib

        fields = tomllib.loads(data.draw(st.sampled_from([SCENARIO, scenarios.template()])))
        fields["wallets"] |= {"count": 30, "positions": 40}
        fields["shock"] |= {"passes": 3}
        path.write_text(toml(data.draw(altered_tree(fields))), encoding="utf-8", errors="replace")
        assume(is_small(path))
        assert_command_sound("simulate", path, "--out", Path(folder, "out"), "--no-report")


@SOME
@given(st.data())
@pytest.mark.parametrize("name", ["run", "open"])
def test_manifests_of_runs_that_are_forged(there, name, data):
    with beside(there, name) as folder:
        path = folder / name / "manifest.json"
        values = data.draw(altered_tree(json.loads(path.read_bytes())))
        fields = values.get("configuration") if isinstance(values, dict) else None
        (folder / "c.toml").write_text(
            toml(fields.get("scenario", {}) if isinstance(fields, dict) else {}), errors="replace"
        )
        assume(is_small(folder / "c.toml"))
        forge_manifest(path, values)
        read_a_run(folder / name)


@given(st.data())
def test_manifests_of_snapshots_that_are_forged(there, data):
    with beside(there, "books") as folder:
        path = folder / "books" / "manifest.json"
        forge_manifest(path, data.draw(altered_tree(json.loads(path.read_bytes()))))
        assert_command_sound("margin", folder / "books")


@given(st.data())
def test_tables_of_snapshots_that_are_forged(there, data):
    """Every hash fits; what the tables say may be anything."""
    from adlcore.io import snapshots

    with beside(there, "books") as folder:
        books = folder / "books"
        for name in data.draw(st.lists(st.sampled_from(sorted(snapshots.FILES)), min_size=1, max_size=2)):
            path = books / f"{name}.parquet"
            pq.write_table(data.draw(altered_table(pq.read_table(path))), path, write_page_checksum=True)
        values = json.loads((books / "manifest.json").read_bytes())
        for name in values["files"]:
            values["files"][name] = hashlib.sha256((books / name).read_bytes()).hexdigest()
        with contextlib.suppress(adl.AdlError):
            tables = {table: snapshots._read(books, table) for table in snapshots.FILES}
            values["hash"] = adl.Snapshot(**snapshots._arguments(tables), check=False).hash
        forge_manifest(books / "manifest.json", values)
        assert_command_sound("margin", books)
        assert_command_sound("margin", books, "--json")
        assert_command_sound("explain", books, "--account", "ann", "--contract", "X", "--mark", "9")


@SOME
@given(st.data())
def test_tables_of_runs_that_are_forged(there, data):
    with beside(there, "run") as folder:
        run = folder / "run"
        name = data.draw(st.sampled_from(["events.parquet", "passes.parquet", "marks.parquet"]))
        pq.write_table(data.draw(altered_table(pq.read_table(run / name))), run / name, write_page_checksum=True)
        values = json.loads((run / "manifest.json").read_bytes())
        values["files"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
        forge_manifest(run / "manifest.json", values)
        read_a_run(run)


def test_what_is_drawn_reaches_the_commands(there):
    """As they are, all files are read: what is refused above is refused for what was done to it."""
    assert assert_command_sound("rank", there / "p.csv", "--mark", "9") == 0
    assert assert_command_sound("margin", there / "books") == 0
    assert assert_command_sound("verify", there / "run") == assert_command_sound("verify", there / "open") == 0
    with beside(there, "run", "open") as folder:
        for name in ("run", "open"):
            path = folder / name / "manifest.json"
            forge_manifest(path, json.loads(path.read_bytes()))
            assert assert_command_sound("report", folder / name, "--out", folder / "page.html") == 0
            assert assert_command_sound("resume", folder / name) == 0
    assert np.isfinite(adl.read_positions(there / "p.parquet").columns["equity"]).all()
