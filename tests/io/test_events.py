"""Events in files: what is written is read again, and nothing that is damaged is taken for whole."""

import json

import numpy as np
import pyarrow as pa
import pytest

from adlcore.clearing import ClearingHouse, Uncovered
from adlcore.io import read_events, write_events
from support import ten_wallets
from support.arrow import store, stored
from support.house_books import build_house, fund, linear, snapshot
from support.refusals import refused_at
from support.run_logs import assert_same_columns

pytestmark = pytest.mark.files

STATE = ten_wallets.house().state()
SUFFIXES = ("jsonl", "arrow", "parquet")


@pytest.fixture(scope="module")
def tables():
    """The events of four calls, one after the other."""
    house = ClearingHouse.from_state(STATE, ten_wallets.venue(), ten_wallets.ladder())
    return [
        house.mark(**ten_wallets.DOWN),
        house.deposit(ten_wallets.DAN, "0.3"),
        house.funding({}, 2000),
        house.funding({"X": "0.01"}, 2001),
    ]


@pytest.fixture(params=SUFFIXES)
def path(request, tmp_path):
    """Where to write, in each format."""
    return tmp_path / f"events.{request.param}"


def joined(tables):
    """The columns of several tables."""
    parts = [table.columns() for table in tables]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def files(folder) -> list[str]:
    """What a folder holds."""
    return sorted(entry.name for entry in folder.iterdir())


# There and back -------------------------------------------------------------------------------------------------------


def test_events_are_read_as_they_were_written(path, tables):
    write_events(tables[0], path)
    assert_same_columns(read_events(path), tables[0].columns())
    assert files(path.parent) == [path.name]


def test_several_tables_are_one(path, tables):
    assert [len(table) > 0 for table in tables] == [True, True, False, True]
    write_events(tables, str(path))
    assert_same_columns(read_events(str(path)), joined(tables))
    write_events(iter(tables[:2]), path)
    assert_same_columns(read_events(path), joined(tables[:2]))


@pytest.mark.parametrize("given", [[], "empty"])
def test_no_events_at_all(path, tables, given):
    write_events(tables[2] if given == "empty" else [], path)
    found = read_events(path)
    assert list(found) == list(tables[0].columns())
    assert {len(column) for column in found.values()} == {0}


def test_accounts_may_be_numbers_or_any_text(path):
    """Whole numbers stay so; text may hold quotes, line ends and letters of all kinds."""
    for accounts in (["7", "9"], ['a"b\n', "zoë ✓"]):
        labels = [int(account) if account.isdigit() else account for account in accounts]
        wallets = [(account, "cross", 10) for account in labels]
        house = build_house(snapshot([linear("X")], wallets, [], {"X": "1"}), [Uncovered()], [fund(5)])
        events = [house.deposit(0, 1), house.fund_deposit("USDT", 2), house.withdraw(1, 1)]
        write_events(events, path)
        assert_same_columns(read_events(path), joined(events))
        assert read_events(path)["account"].tolist()[::2] == labels


def test_the_ends_of_int64_are_kept(path):
    house = build_house(snapshot([linear("X")], [0], [], {"X": "1"}), [Uncovered()])
    most = 2**63 - 1
    write_events(house.deposit(0, most, time=most), path)
    found = read_events(path)
    assert (found["amount"].tolist(), found["time"].tolist()) == ([most], [most])


def test_json_lines_are_plain(tmp_path, tables):
    write_events(tables[0], path := tmp_path / "events.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == tables[0].rows()
    assert b"\r" not in path.read_bytes()


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_the_digest_is_in_the_file(tmp_path, tables, suffix):
    """That of these events, from the first of them."""
    write_events(tables, path := tmp_path / f"events.{suffix}")
    table = stored(path)
    digest = b""
    for events in tables:
        digest = events.digest(digest)
    assert table.schema.metadata[b"digest"].decode() == digest.hex()
    assert table.column_names == list(tables[0].columns())


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["events.txt", "events", "events.csv", "events.parquet.gz", ".parquet", "events.JSONL"]
)
def test_other_suffixes(tmp_path, tables, name):
    path = tmp_path / name
    words = (name, "must end in one of .jsonl, .arrow, .parquet")
    refused_at(lambda: write_events(tables[0], path), "path", None, words)
    refused_at(lambda: read_events(path), "path", None, words)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("order", "row"), [((1, 0), 1), ((0, 0), 1), ((0, 3), 1), ((0, 1, 0), 2), ((0, 1, 2, 3, 3), 4), ((3, 2), 1)]
)
def test_tables_that_do_not_follow_each_other(path, tables, order, row):
    given = [tables[place] for place in order]
    after = given[row - 1].first + len(given[row - 1])
    words = (str(given[row].first), f"must begin with sequence {after}, after those before")
    refused_at(lambda: write_events(given, path), "events", row, words)
    assert files(path.parent) == []


@pytest.mark.parametrize(("given", "row", "kind"), [([None], 0, "NoneType"), (["events"], 0, "str")])
def test_what_is_no_table(path, given, row, kind):
    refused_at(lambda: write_events(given, path), "events", row, (kind, "must be Events"))


def test_a_table_among_others_that_is_none(path, tables):
    refused_at(lambda: write_events([tables[0], tables[1].columns()], path), "events", 1, ("dict", "must be Events"))


def test_a_file_that_is_not_there(path):
    with pytest.raises(FileNotFoundError):
        read_events(path)


# Damage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.97, 0.999])
@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_files_that_were_cut(tmp_path, tables, suffix, share):
    """At any place: it is no whole file of events."""
    write_events(tables, path := tmp_path / f"events.{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    refused_at(lambda: read_events(path), "path", None, "must be a whole file of events")


def test_json_lines_that_were_cut(tmp_path, tables):
    """In the middle of a line, which is named; what was cut behind a line is not seen."""
    write_events(tables[0], path := tmp_path / "events.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:7]) + lines[7][:50])
    refused_at(lambda: read_events(path), "path", 7, "must be an event as JSON")


@pytest.mark.parametrize(
    "line", [b"{}", b"[]", b"7", b"null", b"", b"event", b'{"sequence": 1}', b'"sequence"', b"{'sequence': 1}"]
)
def test_lines_that_are_no_events(tmp_path, tables, line):
    write_events(tables[0], path := tmp_path / "events.jsonl")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:3], line, *lines[3:]]) + b"\n")
    refused_at(lambda: read_events(path), "path", 3, "must be an event as JSON")


@pytest.mark.parametrize("suffix", ["arrow", "parquet"])
def test_tables_that_lack_a_column(tmp_path, suffix):
    path = tmp_path / f"events.{suffix}"
    store(pa.table({"sequence": [1], "time": [2]}), path)
    refused_at(lambda: read_events(path), "path", None, "must have the column kind")


@pytest.mark.parametrize(("one", "other"), [("arrow", "parquet"), ("parquet", "arrow"), ("jsonl", "arrow")])
def test_a_file_under_the_wrong_suffix(tmp_path, tables, one, other):
    write_events(tables, tmp_path / f"events.{one}")
    (tmp_path / f"events.{one}").rename(path := tmp_path / f"events.{other}")
    refused_at(lambda: read_events(path), "path", None, "must be a whole file of events")


# Overwriting ----------------------------------------------------------------------------------------------------------


def test_what_was_there_stays_where_events_are_refused(path, tables):
    write_events(tables[0], path)
    before = path.read_bytes()
    refused_at(lambda: write_events([tables[1], tables[0]], path), "events", 1)
    refused_at(lambda: write_events([tables[1], None], path), "events", 1)
    assert path.read_bytes() == before
    assert files(path.parent) == [path.name]


def test_what_was_there_stays_where_writing_is_interrupted(tmp_path, tables, monkeypatch):
    """Half of the lines are out when it happens."""
    write_events(tables[0], path := tmp_path / "events.jsonl")
    before = path.read_bytes()
    right, count = json.dumps, iter(range(20))

    def dumps(*given, **terms):
        if next(count) == 10:
            raise KeyboardInterrupt
        return right(*given, **terms)

    monkeypatch.setattr(json, "dumps", dumps)
    with pytest.raises(KeyboardInterrupt):
        write_events(tables[0], path)
    assert path.read_bytes() == before
    assert files(tmp_path) == ["events.jsonl"]
