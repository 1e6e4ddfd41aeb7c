"""The account of an event: a label as Python has it, or None where a party is meant, in tables and in files."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.clearing import Deleverage, TakeOver, Uncovered
from adlcore.io import read_events, write_events
from adlcore.io.runs.manifest import read_manifest, write_manifest
from support.arrow import store, stored
from support.house_books import build_house, fund, linear, snapshot
from support.refusals import refused_for

SUFFIXES = (".jsonl", ".arrow", ".parquet")

#: Every whole number and every text may be a user's label: those that were said of parties, too.
LABELS = {"numbers": [-1, 0], "texts": ["", "None"]}


def house(labels):
    wallets = [(label, "cross", 10) for label in labels]
    return build_house(snapshot([linear("X")], wallets, [], {"X": "1"}), [Uncovered()], [fund(5)])


def calls(labels):
    """A deposit of each user beside one of the fund, which is no user's."""
    there = house(labels)
    return [there.deposit(0, 1), there.fund_deposit("USDT", 2), there.deposit(1, 3)]


@pytest.mark.parametrize("kind", LABELS)
def test_a_party_has_no_account(kind):
    labels = LABELS[kind]
    events = calls(labels)
    rows = [row for table in events for row in table.rows()]
    assert [(row["account"], row["wallet"], row["fund"]) for row in rows] == [
        (labels[0], 0, ""),
        (None, -1, "USDT"),
        (labels[1], 1, ""),
    ]
    for row, known in zip((rows[0], rows[2]), labels, strict=True):
        assert type(row["account"]) is type(known)
    for table in (*events, events[0].only("trade")):
        assert table.columns()["account"].dtype == object


@pytest.mark.parametrize("kind", LABELS)
def test_a_subscriber_is_told_none(kind):
    told = []
    there = house(LABELS[kind])
    there.on("fund-deposit", lambda event: told.append(event["account"]))
    there.on("deposit", lambda event: told.append(event["account"]))
    there.fund_deposit("USDT", 2)
    there.deposit(0, 1)
    assert told == [None, LABELS[kind][0]]


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_has_null_and_gives_none_again(tmp_path, kind, suffix):
    write_events(calls(LABELS[kind]), path := tmp_path / f"events{suffix}")
    account = read_events(path)["account"]
    assert account.dtype == object
    assert account.tolist() == [LABELS[kind][0], None, LABELS[kind][1]]
    if suffix == ".jsonl":
        assert json.loads(path.read_text().splitlines()[1])["account"] is None
    if suffix == ".parquet":
        column = pq.read_table(path)["account"]
        assert (column.type, column.null_count) == (pa.string() if kind == "texts" else pa.int64(), 1)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("which", [slice(1, 2), slice(0, 0)])
def test_a_file_without_any_account(tmp_path, suffix, which):
    """Of parties alone, or of nothing at all."""
    events = calls(LABELS["texts"])[which]
    write_events(events, path := tmp_path / f"events{suffix}")
    account = read_events(path)["account"]
    assert (account.dtype, account.tolist()) == (np.dtype(object), [None] * len(events))


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_before_are_read_the_same(tmp_path, kind, suffix):
    """They have -1 or an empty text where a party is meant."""
    write_events(calls(LABELS[kind]), path := tmp_path / f"events{suffix}")
    known = read_events(path)
    nobody = "" if kind == "texts" else -1
    if suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        lines[1]["account"] = nobody
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    else:
        table = stored(path)
        labels = [label if label is not None else nobody for label in table["account"].to_pylist()]
        store(table.set_column(table.column_names.index("account"), "account", pa.array(labels)), path)
    again = read_events(path)
    assert {name: column.tolist() for name, column in again.items()} == {
        name: column.tolist() for name, column in known.items()
    }


FALL = [adl.io.Inputs(1, {"X": "9"})]


def falling(labels):
    """A house in which the first of two users fails at that mark."""
    books = adl.Snapshot(
        [adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))],
        {"account": labels, "asset": "USDT", "balance": [12 * 10**8, 100 * 10**8]},
        {"contract": ["X"] * 2, "wallet": [0, 1], "quantity": [10, -10], "entry_value": [10**10, -(10**10)]},
        {"X": "10"},
    )
    return adl.ClearingHouse(books, [fund(5)], venue=[TakeOver(), Deleverage()])


@pytest.mark.parametrize("kind", LABELS)
def test_a_run_gives_none_again(tmp_path, kind):
    """While it goes on and when it is sealed, and what is queried is null."""
    labels = LABELS[kind]
    run = adl.io.record(tmp_path / "run", falling(labels), FALL)
    events = run.events()
    assert events["account"].dtype == object
    assert None in events["account"].tolist()
    assert set(events["account"].tolist()) <= {*labels, None}
    assert [account is None for account in events["account"]] == (events["wallet"] < 0).tolist()
    assert pq.read_table(tmp_path / "run" / "events.parquet")["account"].null_count == int((events["wallet"] < 0).sum())


@pytest.mark.parametrize("kind", LABELS)
def test_a_sealed_run_of_before_is_verified(tmp_path, kind):
    """With -1 or an empty text for parties; another label in their place is found."""
    none = "" if kind == "texts" else -1
    adl.io.record(tmp_path / "run", falling(LABELS[kind]), FALL)
    path = tmp_path / "run" / "events.parquet"
    table = pq.read_table(path)
    place = table.column_names.index("account")
    for label, is_right in ((none, True), ("x" if kind == "texts" else 7, False)):
        column = pc.fill_null(table["account"].cast(pa.string() if kind == "texts" else pa.int64()), label)
        if pa.types.is_dictionary(table["account"].type):
            column = column.dictionary_encode()
        pq.write_table(table.set_column(place, "account", column), path)
        manifest = read_manifest(tmp_path / "run")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        write_manifest(tmp_path / "run", {**manifest, "files": {**manifest["files"], "events.parquet": digest}})
        if is_right:
            assert adl.io.verify(tmp_path / "run", falling(LABELS[kind]), FALL).sealed
        else:
            with pytest.raises(adl.AdlError, match="has account"):
                adl.io.verify(tmp_path / "run", falling(LABELS[kind]), FALL)


# Values of files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "must"),
    [
        *((name, value, "whole number") for name in ("lots", "wallet") for value in ("5", 1.5, None, True, [1])),
        *(("amount", value, "must lie between") for value in (2**63, -(2**63) - 1, 2**200)),
        *(("kind", value, "must be text") for value in (5, None, ["deposit"])),
        *(("account", value, "whole number") for value in (1.5, True, ["ann"])),
        ("account", 2**63, "must lie between"),
    ],
)
def test_a_value_of_a_line_that_is_of_another_kind(tmp_path, name, value, must):
    """NumPy would cut 1.5 to 1, take True for 1, and call nothing "None"."""
    write_events(calls(LABELS["texts"]), path := tmp_path / "events.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[2][name] = value
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert refused_for(lambda: read_events(path), name, must).row == 2


@pytest.mark.parametrize("line", ['{"sequence": ' + "9" * 5000 + "}", "[" * 100_000, '{"sequence": 1e400}'])
def test_a_line_that_no_reader_takes(tmp_path, line):
    path = tmp_path / "events.jsonl"
    path.write_text(line + "\n")
    error = refused_for(lambda: read_events(path), "path", "path[0] is ", ": must be an event as JSON")
    assert len(str(error)) < 400


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_altered_bytes_are_read_or_refused(tmp_path, suffix):
    """Whatever they are: of text that is none, of buffers that end elsewhere, of numbers without end."""
    write_events(calls(LABELS["texts"]), path := tmp_path / f"events{suffix}")
    data, rng = path.read_bytes(), np.random.default_rng(7)
    refused = []
    for _ in range(200):
        altered = bytearray(data)
        for place in rng.integers(0, len(data), rng.integers(1, 4)).tolist():
            altered[place] = int(rng.integers(0, 256))
        path.write_bytes(altered)
        try:
            read_events(path)
        except adl.AdlError as error:
            refused.append(len(str(error)))
    assert len(refused) > 20
    assert max(refused) <= 2000


@pytest.mark.parametrize(
    ("name", "column", "words"),
    [
        ("lots", [1.0, 2.0, 3.0], "lots is 'double': must be int64"),
        ("lots", ["1", "2", "3"], "lots is 'string': must be int64"),
        ("lots", [1, None, 3], "lots[1] is None: must not be empty"),
        ("kind", [1, 2, 3], "kind is 'int64': must be text"),
        ("kind", ["a", None, "b"], "kind[1] is None: must not be empty"),
        ("account", [1.0, 2.0, 3.0], "account is 'double': must be int64"),
    ],
)
def test_a_column_of_another_kind(tmp_path, name, column, words):
    write_events(calls(LABELS["texts"]), path := tmp_path / "events.parquet")
    table = pq.read_table(path)
    pq.write_table(table.set_column(table.column_names.index(name), name, pa.array(column)), path)
    refused_for(lambda: read_events(path), name, words)
