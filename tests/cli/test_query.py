"""The command query: what it answers, how that looks, and that SQL reaches the tables of the run and nothing else."""

import json
import os
import re
from collections import Counter

import duckdb
import pytest

import adlcore as adl
from adlcore.clearing.snapshot.tables import MODES
from adlcore.cli import query as command
from support.commands import contents, fits

#: What no answer may hold, and names of files that hold it.
SECRET = "open-sesame-4711"
PLANTED = ("secret.txt", "secret.csv", "secret.json", "secret.parquet", "secret.db", "secret.sql")


@pytest.fixture
def kept(kept):
    """A sealed run."""
    return kept / "ten-sealed"


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A current folder with files of which nothing may come out, and a home."""
    for name in ("here", "home"):
        (tmp_path / name).mkdir()
    for name in PLANTED:
        (tmp_path / "here" / name).write_text(f"a,b\n{SECRET},1\n")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PASSWORD", SECRET)
    return tmp_path


def one(good, run, sql):
    """The one value of an answer."""
    found = json.loads(good("query", run, sql, "--json"))
    ((value,),) = found["rows"]
    return value


# What is refused, or harmless -----------------------------------------------------------------------------------------

#: Statements that want something else than the tables of the run.
HOSTILE = (
    *("select * from read_text('secret.txt')", "select content from read_blob('secret.txt')"),
    *("from READ_TEXT('secret.txt')", "from system.main.read_text('secret.txt')"),
    *("with q as (from read_text('secret.txt')) from q", "select (select content from read_text('secret.txt'))"),
    "select kind from events where kind in (select content from read_text('secret.txt'))",
    "select 1 order by (select content from read_text('secret.txt'))",
    *("select 1 limit (select count(*) from glob('*'))", "summarize from read_csv('secret.csv')"),
    *("describe from read_csv('secret.csv')", "describe 'secret.csv'", "explain select * from read_csv('secret.csv')"),
    *("explain analyze copy (select 1) to 'out.csv'", "explain copy (select 1) to 'out.csv'"),
    *("select * from read_csv('secret.csv')", "select * from read_csv_auto('secret.csv')"),
    *("select * from sniff_csv('secret.csv')", "select * from read_json('secret.json')"),
    *("select * from read_ndjson_objects('secret.json')", "select * from read_parquet('secret.parquet')"),
    *("select * from parquet_schema('secret.parquet')", "select * from parquet_metadata('secret.parquet')"),
    *("select * from glob('*')", "select * from 'secret.csv'", "select * from 'secret.parquet'"),
    *('select * from "secret.csv"', "from 'secret.*'", "from 'https://127.0.0.1:9/secret.csv'"),
    *("from 's3://bucket/secret.parquet'", "from query('from ''secret.csv''')", "from query_table('secret.csv')"),
    *("from json_execute_serialized_sql(json_serialize_sql('from ''secret.csv'''))", "copy events to 'out.csv'"),
    *("copy events to 'out.parquet' (format parquet)", "copy (select 1) to '/dev/stdout'"),
    *("create table copied as from events", "copy events from 'secret.csv'", "export database 'out'"),
    *("import database 'out'", "attach 'out.db'", "attach 'secret.db' as secret (read_only)"),
    *("attach ':memory:' as other", "install httpfs", "force install 'secret.sql'", "load 'secret.db'"),
    *("set enable_external_access = true", "set lock_configuration = false", "set temp_directory = 'spill'"),
    *("reset temp_directory", "set python_enable_replacements = true", "set file_search_path = '/'"),
    *("set log_query_path = 'log.txt'", "set global secret_directory = 'secrets'", "pragma enable_profiling"),
    *("pragma profiling_output = 'profile.json'", "pragma database_list"),
    "pragma add_parquet_key('k', '0123456789112345')",
    "call enable_logging(storage = 'file', storage_path = 'logs')",
    *("from enable_logging('QueryLog', storage = 'file', storage_path = 'logs')", "from duckdb_extensions()"),
    *("from duckdb_secrets()", "from duckdb_settings()", "from pandas_scan(null)"),
    *("from arrow_scan(null, null, null)", "from python_map_function(null, null)"),
    "create secret (type s3, key_id 'x', secret 'y')",
    "create persistent secret p (type http, extra_http_headers map {'a': 'b'})",
    *("create macro f() as table from 'secret.csv'", "create view v as from 'secret.csv'", "drop view events"),
    *("insert into events select * from events", "update events set lots = 0", "delete from events", "checkpoint"),
    *("vacuum", "begin", "use main", "prepare p as select 1", "execute p", "deallocate p", ".import secret.csv t"),
    *(".shell touch out", ".read secret.sql", "select getenv('PASSWORD')", "select getvariable('PASSWORD')"),
    *("select $PASSWORD", "select ?", "from columns", "from tables", "from there", "from database", "from sys"),
    "select * from SECRET",
)


@pytest.mark.parametrize("sql", HOSTILE)
def test_sql_reads_and_writes_nothing_but_the_tables(run, kept, at, sql):
    before = contents(at), contents(kept)
    code, out, err = run("query", kept, sql)
    assert (code, err.count("\n")) in ((0, 0), (2, 1)), err
    assert err.startswith("error: ") or code == 0
    assert SECRET not in out.replace(sql, "") + err.replace(sql, "")
    assert (contents(at), contents(kept)) == before


#: Those of them that are statements which read, and reach DuckDB where every function may stand for a table.
REACHING = [sql for sql in HOSTILE if re.match(r"(select|from|with|summarize|describe)\b", sql) and "_scan(" not in sql]
REACHING = [sql for sql in REACHING if not re.search("enable_logging|python_map_function", sql)]  # some versions abort


@pytest.mark.parametrize("sql", REACHING)
def test_duckdb_itself_is_locked(run, kept, at, sql, monkeypatch):
    monkeypatch.setattr(command, "TABLE_FUNCTIONS", Everything())
    before = contents(at)
    code, out, err = run("query", kept, sql)
    assert (code, err.count("\n")) in ((0, 0), (2, 1)), err
    assert SECRET not in out.replace(sql, "") + err.replace(sql, "")
    assert contents(at) == before


class Everything(tuple):
    """A list of all names."""

    def __contains__(self, name):
        return True


def test_what_is_locked(good, bad, kept):
    values = {name: one(good, kept, f"select current_setting('{name}')") for name in command.DATABASE_CONFIG}
    assert values.pop("temp_directory") == ""
    assert set(values.values()) == {False}
    assert one(good, kept, "select current_setting('lock_configuration')") is True
    assert "'read_text' is no table of a run" in bad("query", kept, "from read_text('x')")


def test_no_variable_of_python_is_a_table(bad, kept, monkeypatch):
    import pyarrow as pa

    monkeypatch.setattr(command, "planted", pa.table({"a": [SECRET]}), raising=False)
    assert "planted" in bad("query", kept, "select * from planted")


def test_what_does_not_fit_the_memory_is_not_written_to_a_folder(kept, at):
    large = "select hash(a), count(*) from range(3000000) t(a) group by 1 order by 2"
    with (
        duckdb.connect(":memory:", config={**command.DATABASE_CONFIG, "memory_limit": "20MB"}) as database,
        pytest.raises(duckdb.Error, match="Out of Memory"),
    ):
        database.execute(large).fetchall()
    assert not [path for path in (at / "here").iterdir() if path.name not in PLANTED]


NO_STATEMENT = ["", " ", ";", ";;", "\n", " -- nothing", "/* nothing */", "; -- nothing"]
SEVERAL = ["select 1; select 2", "select 1; drop view events", "select 1;; copy events to 'x'"]


@pytest.mark.parametrize("sql", NO_STATEMENT + SEVERAL)
def test_one_statement_is_asked(bad, kept, at, sql):
    assert bad("query", kept, sql).endswith(command.READING)
    assert sorted(os.listdir()) == sorted(PLANTED)


@pytest.mark.parametrize(
    "sql", ["select 1;", "select 1 ;;\n", "select 1 -- one", "select 1; -- one; two", "select 1; /* ; */", "(select 1)"]
)
def test_what_stands_behind_a_statement_is_nothing(good, kept, sql):
    assert one(good, kept, sql) == 1


def test_a_semicolon_may_stand_inside(good, kept):
    assert one(good, kept, "select 'a;b' -- ;c';") == "a;b"
    assert one(good, kept, """select 1 as "x;y" """) == 1


@pytest.mark.parametrize(
    "sql",
    [
        *("selec 1", "select", "select nosuch from events", "select * from nosuch", "select 1 +", "select ("),
        *("select error('told' || chr(10) || 'twice')", "select 1::int8 + 9223372036854775807", "select 'x'::int"),
        *("select '\udcff'", f"select {'(' * 20000}1{')' * 20000}", f"select {'not ' * 20000}true"),
        *(f"select 1{'+1' * 20000}", "pivot events on kind", "explain (format json) select 1", "explain"),
    ],
    ids=lambda sql: ascii(sql[:30]),
)
def test_what_cannot_be_answered_is_one_line(bad, kept, sql):
    assert "SQL" in bad("query", kept, sql)


# Answers --------------------------------------------------------------------------------------------------------------


def test_the_tables_of_a_run(good, kept):
    there = adl.io.open_run(kept)
    found = json.loads(good("query", kept, "show tables", "--json"))
    parts = [
        f"{part}_{name}" for part in ("balances", "orders", "positions", "wallets") for name in ("after", "before")
    ]
    assert sorted(name for (name,) in found["rows"]) == sorted(["contracts", "events", "marks", "passes", *parts])
    assert one(good, kept, "select count(*) from events") == len(there.events()["kind"])
    assert one(good, kept, "select sum(wallet) from positions_before") == int(there.before.positions.wallet.sum())
    sql = """select account, mode, contract, p.quantity from positions_before p join wallets_before using (wallet)
        order by p.row"""
    before = there.before
    held = [
        [before.wallets.account[wallet].item(), MODES[before.wallets.mode[wallet]], before.contracts[code].symbol, lots]
        for wallet, code, lots in zip(
            *(c.tolist() for c in (before.positions.wallet, before.position_contract, before.positions.quantity)),
            strict=True,
        )
    ]
    assert json.loads(good("query", kept, sql, "--json"))["rows"] == held
    sql = "select distinct asset from balances_before union select distinct contract from orders_before order by 1"
    names = {asset.name for asset in there.assets} | {contract.symbol for contract in there.contracts}
    assert {name for (name,) in json.loads(good("query", kept, sql, "--json"))["rows"]} <= names
    described = good("query", kept, "describe events")
    assert "sequence" in described
    assert "BIGINT" in described


#: A value of each type: as a cell, and in JSON.
VALUES = (
    ("1::tinyint", "1", 1),
    ("170141183460469231731687303715884105727::hugeint", str(2**127 - 1), 2**127 - 1),
    ("1.5::double", "1.5", 1.5),
    ("'nan'::double", "nan", None),
    ("'-inf'::float", "-inf", None),
    ("true", "True", True),
    ("null", "", None),
    ("'text'", "text", "text"),
    ("''", "", ""),
    ("123456789012345678901234567890.12::decimal(38, 2)", "123456789012345678901234567890.12", ...),
    ("date '2020-02-29'", "2020-02-29", ...),
    ("date '290000-01-01'", "290000-01-01", ...),
    ("date '0044-03-15 (BC)'", "0044-03-15 (BC)", ...),
    ("'infinity'::date", "infinity", ...),
    ("timestamp '290000-01-01 12:00:00'", "290000-01-01 12:00:00", ...),
    ("time '12:00:00'", "12:00:00", ...),
    ("timetz '12:00:00+15:59'", "12:00:00+15:59", ...),
    ("interval '3 months 2 days'", "3 months 2 days", ...),
    (r"'\xFF\x00a'::blob", r"\xFF\x00a", ...),
    ("'101'::bit", "101", ...),
    ("'00000000-0000-0000-0000-000000000001'::uuid", "00000000-0000-0000-0000-000000000001", ...),
    ("'a'::enum('a', 'b')", "a", ...),
    ("[1, 2, null]", "[1, 2, NULL]", [1, 2, None]),
    ("{'a': 1, 'b': 'x'}", "{'a': 1, 'b': x}", {"a": 1, "b": "x"}),
    ("[{'a': 'nan'::double}]", "[{'a': nan}]", [{"a": None}]),
    ("array_value(1, 2)", "[1, 2]", [1, 2]),
    ("[date '290000-01-01']", "[290000-01-01]", ...),
    ("map {1: 'x'}", "{1=x}", ...),
    ("union_value(a := 1)", "1", ...),
)


@pytest.mark.parametrize(("value", "cell", "document"), VALUES, ids=[value for value, _, _ in VALUES])
def test_every_type_has_a_cell_and_is_json(good, kept, value, cell, document):
    shown = good("query", kept, f"select {value} as x").splitlines()[2:]
    assert [line.strip().replace("'x'", "x") for line in shown] == ([cell] if cell or shown else [])
    found = json.loads(good("query", kept, f"select {value} as x", "--json"), parse_constant=pytest.fail)
    assert found == {"columns": ["x"], "rows": [[cell if document is ... else document]]}


def test_characters_that_cannot_be_seen_reach_no_terminal(good, kept):
    out = good("query", kept, "select chr(27) || '[31m' || chr(0) || chr(10) || 'x' as \"a\x1b[2Jb\"")
    assert not set(out) & {"\x1b", "\0"}
    assert len(out.splitlines()) == 3
    assert one(good, kept, "select chr(27) || chr(0)") == "\x1b\0"


def test_columns_of_one_name_stay(good, kept):
    sql = "select 1 as a, 'x' as a, date '2020-01-01' as a, a.a as \"A\" from (select 2 as a) as a"
    assert json.loads(good("query", kept, sql, "--json")) == {
        "columns": ["a", "a", "a", "A"],
        "rows": [[1, "x", "2020-01-01", 2]],
    }
    assert good("query", kept, sql).splitlines()[0].split() == ["a", "a", "a", "A"]


def test_rows_come_in_the_order_that_was_asked_for(good, kept):
    sql = "select date '2020-01-01' + a::int as d from range(50000) t(a) order by (a * 7919) % 50021"
    rows = json.loads(good("query", kept, sql, "--json"))["rows"]
    import datetime

    first = datetime.date(2020, 1, 1).toordinal()
    order = sorted(range(50000), key=lambda a: a * 7919 % 50021)
    assert [day for (day,) in rows] == [str(datetime.date.fromordinal(first + a)) for a in order]


def test_an_answer_of_many_columns_fits_the_terminal(good, kept):
    out = good("query", kept, "select * from events").splitlines()
    columns = list(adl.io.open_run(kept).events())
    shown = out[0].split()
    assert fits("\n".join(out))
    assert 4 <= len(shown) < len(columns)
    assert shown == columns[: len(shown)]
    assert f"{len(shown)} of {len(columns)} columns fit: name those you need, or --json" in out
    document = json.loads(good("query", kept, "select * from events", "--json"))
    assert document["columns"] == columns
    narrow = good("query", kept, "select kind, account from events")
    assert "columns fit" not in narrow


def test_a_thousand_columns_are_no_more_work_than_fit(good, kept):
    out = good("query", kept, "select " + ", ".join(f"{n} as c{n}" for n in range(1000)))
    assert fits(out)
    assert " of 1,000 columns fit" in out


def test_long_text_is_cut_in_its_middle(good, kept):
    out = good("query", kept, "select repeat('x', 500) || 'end' as told, 1 as n")
    assert fits(out)
    assert "…" in out
    assert "end  1" in out


def test_a_hundred_rows_are_shown_unless_asked_for_more(good, bad, kept):
    sql = "select a from range(1000000000) t(a)"
    out = good("query", kept, sql)
    assert out.split("\n")[-3:] == ["99", "the first 100 rows: --top 0 shows all", ""]
    assert len(good("query", kept, "select a from range(100) t(a)").splitlines()) == 102
    assert len(good("query", kept, "select a from range(101) t(a)", "--top", 0).splitlines()) == 103
    assert good("query", kept, sql, "--top", 1).splitlines()[-1] == "the first 1 row: --top 0 shows all"
    assert len(json.loads(good("query", kept, "select a from range(101) t(a)", "--json"))["rows"]) == 101
    assert "--top" in bad("query", kept, sql, "--top", -1)


def test_no_rows_are_a_heading(good, kept):
    assert good("query", kept, "select kind, lots from events where false").split() == ["kind", "lots", "─" * 10]


def test_explain_prints_the_plan(good, kept):
    for sql in ("explain select kind from events", " EXPLAIN\nselect kind from events;"):
        out = good("query", kept, sql)
        assert "kind" in out
        assert len(out.splitlines()) > 3
    assert "Total Time" in good("query", kept, "explain analyze select 1")


def test_query_asks_in_sql(good, bad, kept):
    events = adl.io.open_run(kept).events()
    out = good("query", kept, "select kind, count(*) as n from events group by kind order by n desc, kind limit 3")
    assert fits(out)
    assert out.splitlines()[0].split() == ["kind", "n"]
    counted = {kind: int(number) for kind, number in map(str.split, out.splitlines()[2:])}
    assert counted.items() <= Counter(events["kind"].tolist()).items()
    found = json.loads(good("query", kept, "select count(*) as n from positions_before", "--json"))
    assert found == {"columns": ["n"], "rows": [[len(adl.io.open_run(kept).before.positions)]]}
    assert "nosuch" in bad("query", kept, "select * from nosuch")
