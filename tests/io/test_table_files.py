"""Files that are not what they should be: whatever they hold, one line says what is wrong, and where."""

from unittest.mock import Mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import adlcore as adl
from adlcore.lab import scenarios
from adlcore.lab.crash import Crash
from support.arrow import as_text
from support.hostile import toml
from support.refusals import refused

pytestmark = [pytest.mark.usefixtures("terminal"), pytest.mark.files]


# Parquet --------------------------------------------------------------------------------------------------------------

BAD = [b"1", b"\xff\xfe", b"3"]
GOOD = {"size": [-1, -2, -3], "entry_price": ["9", "9", "9"], "equity": [4.0, 4.0, 4.0], "account": ["a", "b", "c"]}


@pytest.mark.parametrize("column", [*GOOD, "side"])
@pytest.mark.parametrize("kind", ["text", "dictionary", "binary"])
def test_text_of_parquet_that_is_no_utf8_is_named_with_its_row(bad, tmp_path, column, kind):
    codes = pa.array([0, 1, 2], pa.int32())
    held = {
        "text": as_text(BAD),
        "dictionary": pa.DictionaryArray.from_arrays(codes, as_text(BAD)),
        "binary": pa.array(BAD, pa.binary()),
    }
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({**GOOD, column: held[kind]}), path)
    name = "quantity" if column == "size" else column
    shown = f"{name} (column 'size')" if column == "size" else name
    told = f"{path}, row 1 (counted from 0): {shown} is b'\\xff\\xfe': must be text in UTF-8"
    error = refused(lambda: adl.read_positions(path), told, row=1)
    assert (error.argument, error.value) == (name, b"\xff\xfe")
    for command in (("rank", path), ("deleverage", path, "--quantity", "1")):
        assert bad(*command, "--mark", "1") == told


@pytest.mark.parametrize("array", [pa.nulls(3), [[1]] * 3, [{"a": 1}] * 3, pa.array([[]] * 3, pa.list_(pa.null()))])
def test_columns_that_have_no_text_are_refused(tmp_path, array):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({**GOOD, "equity": array}), path)
    with pytest.raises(adl.AdlError, match=r"equity \(column 'equity'\) has type .*: must be numbers or text"):
        adl.read_positions(path)


def test_bytes_that_are_text_are_text(tmp_path):
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({**GOOD, "account": [b"a", b"b", b"c"], "size": [b"-1", b"-2", b"-3"]}), path)
    read = adl.read_positions(path).columns
    assert (read["account"].tolist(), read["quantity"].tolist()) == (["a", "b", "c"], [-1, -2, -3])


# Scenarios ------------------------------------------------------------------------------------------------------------

LISTED = {"symbol": "X", "price": "100", "tick": "0.1"}
COIN = {**LISTED, "symbol": "B", "kind": "inverse", "settle": "BTC"}
BTC = [{"name": "BTC", "index": "X", "haircut": "0.1"}]


def small(**parts):
    """A scenario of few wallets in one contract."""
    given = {"contracts": [LISTED], "assets": [], "funds": [{"asset": "USDT", "balance": "10"}]}
    given |= {"wallets": {"count": 40, "positions": 80}, "shock": {"passes": 2}}
    for name, value in parts.items():
        given[name] = {**given[name], **value} if isinstance(given.get(name), dict) else value
    return given


def said_by_both(bad, folder, fields, call):
    """What the library refuses a scenario for, and the command in the same words."""
    with pytest.raises(adl.AdlError) as caught:
        call(small(**fields))
    (folder / "c.toml").write_text(toml(small(**fields)))
    assert bad("simulate", folder / "c.toml", "--out", folder / "run") == str(caught.value)
    return str(caught.value)


VALUES = [
    ({"contracts": [{**LISTED, "price": "x"}]}, "contracts[0]: price is 'x': must be a number"),
    ({"contracts": [{**LISTED, "price": "0"}]}, "contracts[0]: price is '0': must be above 0"),
    ({"contracts": [{**LISTED, "price": "nan"}]}, "contracts[0]: price is 'nan': must be finite"),
    ({"contracts": [{**LISTED, "price": "1e999"}]}, "contracts[0]: price is '1e999': must"),
    ({"contracts": [LISTED, {**COIN, "price": "x"}], "assets": BTC}, "contracts[1]: price is 'x': must be a number"),
    ({"contracts": [LISTED, {**COIN, "price": "0"}], "assets": BTC}, "contracts[1]: price is '0': must be above 0"),
    (
        {"contracts": [LISTED, {**COIN, "tier_floors": ["0", "x"]}], "assets": BTC},
        "contracts[1]: tier_floors[1] is 'x'",
    ),
    ({"contracts": [LISTED, {**COIN, "tier_floors": ["0", "1e99"]}], "assets": BTC}, "contracts[1]: tier_floors[1] is"),
    ({"contracts": [{**LISTED, "tier_rates": ["x"]}]}, "contracts[0]: "),
    ({"contracts": [{**LISTED, "tick": "x"}]}, "contracts[0]: tick is 'x': must be a number"),
    ({"contracts": [{**LISTED, "lot": "-1"}]}, "contracts[0]: lot is '-1': must be above 0"),
    ({"contracts": [{**LISTED, "multiplier": "inf"}]}, "contracts[0]: multiplier is 'inf': must be finite"),
    ({"contracts": [{**LISTED, "popularity": 5e-324}]}, "contracts[0].popularity is 5e-324: must be greater than"),
    ({"contracts": [{**LISTED, "popularity": 1e308}]}, "contracts[0].popularity is 1e+308: must be less than"),
    ({"contracts": [{**LISTED, "beta": float("nan")}]}, "contracts[0].beta is nan: must be"),
    ({"assets": [{**BTC[0], "haircut": "x"}]}, "assets[0].haircut is 'x': must be a number"),
    ({"assets": [{**BTC[0], "haircut": "1.1"}]}, "assets[0].haircut is '1.1': must be a share, from 0 to 1"),
    ({"assets": [{**BTC[0], "haircut": "nan"}]}, "assets[0].haircut is 'nan': must be finite"),
    ({"wallets": {"loan_rate": "x"}}, "wallets.loan_rate is 'x': must be a number"),
    ({"wallets": {"loan_rate": "-1"}}, "wallets.loan_rate is '-1': must be a share"),
    ({"funds": [{"balance": "x"}]}, "funds[0].balance is 'x': must be a number"),
    ({"venue": {"book_portion": "x"}}, "venue: portion is 'x': must"),
    ({"venue": {"liquidation_fee": "2"}}, "venue: fee is '2': must be a share"),
    (
        {"depth": {"growth": 10, "levels": 1000}},
        "depth: growth is 10.0: must lie within 1e±100 to the power of the levels, 1000",
    ),
    ({"depth": {"of_open_interest": 1e308}}, "depth.of_open_interest is 1e+308: must be less than"),
    (
        {"shock": {"step": 10**18, "passes": 10}},
        "shock: step is 1000000000000000000: must fit int64 times the passes, 10",
    ),
    ({"shock": {"step": 10**30}}, "shock: step is 1000000000000000000000000000000: must fit int64 times the passes, 2"),
]


@pytest.mark.parametrize(("fields", "told"), VALUES, ids=[told for _, told in VALUES])
def test_values_of_a_scenario_are_refused_by_their_keys(bad, tmp_path, fields, told):
    assert said_by_both(bad, tmp_path, fields, scenarios.read).startswith(told)
    assert not (tmp_path / "run").exists()


MADE = [
    ({"funds": [{"ratio": 1e308}]}, "funds.ratio is 1e+308: must make a balance that fits int64"),
    ({"wallets": {"worth_median": 1e300, "largest": 1e308}}, "must lie within 1e+1"),
    ({"wallets": {"leverages": []}}, "leverages"),
    ({"wallets": {"slack": 1e308}}, "must lie within 1e+1"),
    ({"wallets": {"leverages": [5e-324]}}, "must lie within 1e+1"),
    ({"contracts": [{**LISTED, "price": "1e50"}]}, "must"),
    ({"contracts": [{**LISTED, "price": "1e-50"}]}, "must"),
    ({"contracts": [{**LISTED, "multiplier": "1e40"}]}, "must"),
]


@pytest.mark.parametrize(("fields", "told"), MADE, ids=[str(fields) for fields, _ in MADE])
def test_values_of_a_scenario_that_make_no_books(bad, tmp_path, fields, told):
    assert told in said_by_both(bad, tmp_path, fields, lambda scenario: Crash.of(scenarios.read(scenario)))


def test_wallets_of_several_assets_hold_one_where_there_is_no_other():
    crash = Crash.of(scenarios.read(small(wallets={"modes": {"multi-asset": 0.5, "portfolio": 0.5}})))
    snapshot = crash.house.snapshot()
    snapshot.validate()
    assert len(snapshot.balances.wallet) == len(snapshot.wallets)
    for given in crash.passes():
        crash.house.mark(given.marks, given.time)
        assert crash.house.audit() == []


@pytest.mark.parametrize("name", ["../x", "a/b", "/tmp/x", "x\u202e", "x\ny", "x/.."])
def test_a_name_is_no_way_out_of_the_folder(bad, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adlcore-a").mkdir()
    (tmp_path / "c.toml").write_text(toml(small(name=name)))
    assert "must be a name that a folder can have, or be given --out FOLDER" in bad("simulate", "c.toml")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["adlcore-a", "c.toml"]


# One place ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(tmp_path):
    """A file of positions that nothing is wrong with."""
    path = tmp_path / "p.csv"
    path.write_text("user,size,entry_price,equity\nann,-1,10,4\n")
    return path


class OddError(Exception):
    """An error that nobody has met yet."""


#: What libraries raise, and what is told of it.
RAISED = [
    (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid\nstart\u202e"), r"invalid start\u202e"),
    (pa.ArrowInvalid("of\nseveral lines"), "ArrowInvalid: of several lines"),
    (OSError("of pyarrow, without a number"), "OSError: of pyarrow, without a number"),
    (OverflowError("too large"), "OverflowError: too large"),
    (ZeroDivisionError(), "cannot be read: ZeroDivisionError"),
    (RecursionError("maximum"), "RecursionError: maximum"),
    (MemoryError(), "cannot be read: MemoryError"),
    (KeyError("hash"), "KeyError: 'hash'"),
    (TypeError("\x1b[2J"), r"TypeError: \x1b[2J"),
    (OddError("odd"), "OddError: odd"),
]


@pytest.mark.parametrize(("error", "told"), RAISED, ids=[type(error).__name__ for error, _ in RAISED])
@pytest.mark.parametrize(
    ("reader", "words"),
    [
        ("adlcore.cli._inputs.read_positions", ("rank", "FILE", "--mark", "1")),
        ("adlcore.io.positions.Market", ("deleverage", "FILE", "--mark", "1", "--quantity", "1")),
        ("adlcore.io.snapshots.load", ("margin", "FILE")),
        ("adlcore.io.snapshots.load", ("explain", "FILE", "--account", "ann", "--contract", "X")),
        ("adlcore.lab.scenarios.load", ("simulate", "FILE")),
        ("adlcore.io.open_run", ("verify", "FILE")),
        ("adlcore.cli.resume.read_manifest", ("resume", "FILE")),
        ("adlcore.io.open_run", ("query", "FILE", "select 1")),
        ("adlcore.io.open_run", ("report", "FILE")),
    ],
    ids=lambda each: each if isinstance(each, str) else each[0],
)
def test_whatever_comes_out_of_a_reader_is_one_line(bad, rows, monkeypatch, reader, words, error, told):
    monkeypatch.setattr(reader, Mock(side_effect=error))
    line = bad(*(rows if word == "FILE" else word for word in words))
    assert line.startswith(f"{rows} cannot be read: ")
    assert told in line


def test_what_fails_elsewhere_is_a_fault_of_this_program_and_keeps_its_traceback(run, rows, monkeypatch):
    monkeypatch.setattr(adl.Market, "rank", Mock(side_effect=OddError("a fault")))
    with pytest.raises(OddError):
        run("rank", rows, "--mark", "1")


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [(KeyboardInterrupt, 130, ""), (MemoryError, 2, "error: this needs more memory than there is\n")],
)
def test_an_interruption_is_none_of_them(run, rows, monkeypatch, error, code, told):
    stops = Mock(side_effect=error)
    monkeypatch.setattr(adl.Market, "rank", stops)
    assert run("rank", rows, "--mark", "1") == (code, "", told)
    if error is KeyboardInterrupt:  # not of the file either
        monkeypatch.setattr("adlcore.cli._inputs.read_positions", stops)
        monkeypatch.setattr("adlcore.io.open_run", stops)
        assert run("rank", rows, "--mark", "1") == run("verify", rows) == (code, "", told)


def test_a_file_that_is_not_there_is_named_by_the_system(bad, tmp_path):
    for command in ("margin", "simulate", "verify", "report"):
        assert bad(command, tmp_path / "none") == f"No such file or directory: {tmp_path / 'none'}"
