"""Folders of snapshots that are not as they were saved: what is wrong is named, and nothing of it is believed."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.io import manifests
from support.arrow import other_cell, store, stored
from support.refusals import fails_at
from support.saved_snapshots import NAMES, TABLES, assert_same_snapshot, everything

pytestmark = pytest.mark.files


def rewrite(path, change):
    """A table with something else in it, in a sound Parquet file that the manifest knows."""
    store(change(stored(path)), path)
    sign(path.parent)


def sign(folder, **changes):
    """A manifest that fits the files, sound in itself."""
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["check"]
    files = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in NAMES if name != "manifest.json"
    }
    (folder / "manifest.json").write_bytes(manifests.manifest_bytes({**manifest, "files": files, **changes}))


def said(call, words: str) -> adl.AdlError:
    """What a call is refused with."""
    with pytest.raises(adl.AdlError, match=words) as caught:
        call()
    return caught.value


@pytest.mark.parametrize(
    ("table", "name", "row", "value"),
    [
        ("wallets", "balance", 0, 600_000_000_002),
        ("wallets", "account", 0, "eve"),
        ("wallets", "mode", 5, 0),
        ("positions", "quantity", 0, 1501),
        ("positions", "wallet", 0, 99),
        ("positions", "contract", 0, -1),
        ("positions", "leverage", 0, 12.500000000000002),
        ("orders", "price", 0, 560_002),
        ("balances", "loan", 1, 0),
        ("contracts", "mark", 0, "57300"),
        ("contracts", "symbol", 0, "BTCUSDC"),
        ("contracts", "tier_rate", 0, ["0.004", "0.005", "0.02"]),
        ("assets", "haircut", 0, "0.01"),
        ("assets", "decimals", 3, 7),
    ],
)
def test_an_altered_cell_is_noticed(folder, table, name, row, value):
    rewrite(folder / f"{table}.parquet", other_cell(name, row, value))
    said(lambda: adl.io.load(folder), rf"venue was altered: .* {everything().hash}")


@pytest.mark.parametrize(
    ("table", "name", "value", "words"),
    [
        ("contracts", "lot", "x", "lot is 'x': must be a number"),
        ("contracts", "kind", "spot", "kind is 'spot': must be one of"),
        ("contracts", "mark", "-1", "is '-1': must be above 0"),
        ("contracts", "tier_floor", None, "floor is None: must be a sequence"),
        ("contracts", "symbol", None, r"contracts\.parquet: symbol\[0\] is empty: must not be"),
        ("assets", "haircut", "2", "must be a share"),
        ("assets", "decimals", 99, "decimals is 99"),
        ("wallets", "account", None, r"wallets\.parquet: account\[0\] is empty"),
        ("positions", "quantity", None, r"positions\.parquet: quantity\[0\] is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_named_with_its_folder(folder, table, name, value, words):
    rewrite(folder / f"{table}.parquet", other_cell(name, 0, value))
    assert str(said(lambda: adl.io.load(folder), words)).startswith(str(folder))


def test_rows_that_went_are_noticed(folder):
    for table in TABLES[2:]:
        before = (folder / f"{table}.parquet").read_bytes()
        rewrite(folder / f"{table}.parquet", lambda read: read.slice(1))
        said(lambda: adl.io.load(folder), "was altered")
        (folder / f"{table}.parquet").write_bytes(before)
        sign(folder)
    assert_same_snapshot(adl.io.load(folder), everything())


def test_a_forged_manifest_is_refused(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    for files in ({}, {**manifest["files"], "more.parquet": "0"}, [], None):
        sign(folder, files=files)
        said(lambda: adl.io.load(folder), r"manifest\.json: files ")
    sign(folder, more=1)
    said(lambda: adl.io.load(folder), r"manifest\.json has an unknown key 'more'")


def test_a_folder_from_before_the_manifest_knew_its_bytes_is_read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    former = {name: manifest[name] for name in ("schema", "adlcore", "hash")}
    (folder / "manifest.json").write_text(json.dumps(former, indent=2) + "\n")
    assert_same_snapshot(adl.io.load(folder), everything())
    (folder / "manifest.json").write_text(json.dumps(former, indent=1) + "\n")
    said(lambda: adl.io.load(folder), r"manifest\.json was altered: its check does not fit its bytes")


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_file_is_named(folder, table):
    (folder / f"{table}.parquet").unlink()
    words = rf"venue has no {table}\.parquet: must have contracts\.parquet, "
    assert said(lambda: adl.io.load(folder), words).value == f"{table}.parquet"


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_refused_by_name(folder, table):
    path = folder / f"{table}.parquet"
    before = pq.read_table(path)
    for name in before.column_names:
        rewrite(path, lambda _, name=name: before.drop_columns([name]))
        words = rf"{table}\.parquet has no column '{name}': must have "
        assert said(lambda: adl.io.load(folder), words).argument == name
        wrong = before.set_column(before.column_names.index(name), name, pa.array(np.zeros(len(before), np.int32)))
        rewrite(path, lambda _, wrong=wrong: wrong)
        said(lambda: adl.io.load(folder), rf"{table}\.parquet: column '{name}' is of type int32: must be ")
    rewrite(path, lambda _: before.append_column("extra", pa.array(np.zeros(len(before)))))
    said(lambda: adl.io.load(folder), rf"{table}\.parquet has a column 'extra' too many: must have ")


def test_what_is_no_table_is_refused(folder):
    for table in TABLES:
        (folder / f"{table}.parquet").write_bytes(b"PAR1 nothing of the kind PAR1")
        sign(folder)
        said(lambda: adl.io.load(folder), "cannot be read as Parquet, or was altered")


def test_text_may_be_large(folder):
    rewrite(folder / "wallets.parquet", lambda t: t.set_column(0, "account", t["account"].cast(pa.large_string())))
    assert_same_snapshot(adl.io.load(folder), everything())


@pytest.mark.parametrize("schema", [2, 0, "1", None, [1], True, 1.0])
def test_an_unknown_schema_is_refused_by_name(folder, schema):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))
    words = r"venue is a snapshot of schema .*: this adlcore reads schema 1"
    assert said(lambda: adl.io.load(folder), words).value == schema


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"manifest\.json cannot be read as JSON"),
        ("{", r"manifest\.json cannot be read as JSON"),
        ("[" * 100_000, r"manifest\.json cannot be read as JSON"),
        ("[]", r"manifest\.json has no 'schema': must be the manifest of a snapshot"),
        ("{}", r"manifest\.json has no 'schema'"),
        ('{"schema": 1}', r"manifest\.json has no 'hash': must have the SHA-256"),
        ('{"schema": 1, "hash": 5}', r"manifest\.json has no 'hash'"),
        ('{"schema": 1, "hash": "0"}', "was altered"),
    ],
)
def test_a_broken_manifest_is_refused(folder, text, words):
    (folder / "manifest.json").write_text(text)
    said(lambda: adl.io.load(folder), words)


def test_a_folder_without_a_manifest_is_no_snapshot(tmp_path):
    said(lambda: adl.io.load(tmp_path), r"is no snapshot: has no manifest\.json")


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"PK\x03\x04", "array"])
def test_a_file_that_is_no_snapshot_is_refused(tmp_path, content):
    path = tmp_path / "venue.npz"
    if content == "array":
        with open(path, "wb") as file:
            np.save(file, np.zeros(3))
    else:
        path.write_bytes(content)
    said(lambda: adl.io.load(path), r"venue\.npz is no snapshot: must be a folder that adlcore\.io\.save wrote")


def test_what_is_not_there_is_an_oserror(tmp_path):
    fails_at(tmp_path / "absent", lambda: adl.io.load(tmp_path / "absent"), FileNotFoundError)
