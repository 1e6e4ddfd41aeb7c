"""Hostile files, names and options, drawn for every command: each ends with 0, or with 2 and one line that says why.

The suite draws the same few each time; ``ci/search.sh`` draws others.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore._text import visible

pytest.importorskip("typer", reason="the command line needs the cli extra")
pytest.importorskip("rich", reason="the command line needs the cli extra")
pytest.importorskip("plotly", reason="the report needs the cli extra")
pytest.importorskip("duckdb", reason="query needs the query extra")
pa = pytest.importorskip("pyarrow", reason="the command line needs the cli extra")
pq = pytest.importorskip("pyarrow.parquet")
pytestmark = [pytest.mark.usefixtures("terminal", "unsynchronized"), pytest.mark.files]

from adlcore.cli import main  # noqa: E402
from adlcore.io.manifests import encoded  # noqa: E402

#: What takes long, a run made again, is drawn less often.
SOME = settings(max_examples=max(4, settings.default.max_examples // 5))

#: What a library below says of itself, where no reader knew what is wrong.
FOREIGN = re.compile(r"cannot be read: [A-Z]\w*(Error|Exception|Iteration|Overflow|Warning)\b")

#: No command prints more of files as small as these.
MOST_PRINTED = 200_000


def called(*words) -> tuple[int, str, str]:
    """A command line, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return (0 if left.value.code is None else left.value.code), *texts


def keeps_to_it(*words) -> int:
    """What holds for every command line, whatever is given; the exit code."""
    code, out, err = called(*words)
    assert code in (0, 2), (words, err)
    assert {character for character in out + err if character != visible(character)} <= {"\n"}, words
    lines = err.splitlines()
    assert [line[:7] for line in lines if not line.startswith("warning: ")] == ["error: "] * (code == 2), (words, err)
    assert not err or err.endswith("\n")
    assert not FOREIGN.search(err), (words, err)
    assert "Traceback" not in out + err
    assert len(out) < MOST_PRINTED
    assert all(len(line) < 3000 for line in lines)
    if code == 2:
        assert out == "", words
    return code


# What is drawn --------------------------------------------------------------------------------------------------------

NAMES = st.one_of(
    st.text(max_size=12),
    st.text("\x1b[]m\u202e\u2066\u200b\x00\x07\r\n\t\\'\"<>&%{}=+-@,;:/. a1", max_size=12),
    st.sampled_from(["", " ", "0", "-0", "nan", "null", "ann", "bob", "[bold]", "=1+1", "\ud800", "９", "é" * 300]),
)
NUMBERS = st.one_of(
    st.sampled_from(
        ["nan", "inf", "-inf", "1e999", "-1e999", "1e-999", "0", "-0", "", " ", "1_0", "٣", "１", "0x1", "1/3"]
    ),
    st.sampled_from(
        ["9" * 30, "9" * 5000, "1e50", "1e-50", "1e19", "-1", "0.1", "5e-324", "1e308", "1,5", "1 000", "True"]
    ),
    st.floats().map(repr),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    NAMES,
)
SMALL = st.integers(-3, 12).map(str)


@st.composite
def altered(draw, data: bytes) -> bytes:
    """Bytes of which some are others, are missing, or are there twice."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(found)))
        stop = min(len(found), start + draw(st.sampled_from([0, 1, 1, 2, 7, 60])))
        how = draw(st.sampled_from(["flip", "cut", "end", "twice", "put"]))
        if how == "flip":
            for place in range(start, stop):
                found[place] ^= draw(st.integers(1, 255))
        elif how == "cut":
            del found[start:stop]
        elif how == "end":
            del found[start:]
        elif how == "twice":
            found[start:start] = found[start:stop]
        else:
            found[start:start] = draw(st.binary(max_size=8))
    return bytes(found)


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """Files as they should be: positions, a snapshot in both forms, a scenario, marks, and runs."""
    folder = tmp_path_factory.mktemp("there")
    rows = {"user": ["ann", "bob", "cyd"], "size": ["-1.5", "-2", "3"], "entry_price": [10.0, 9.5, 8.0]}
    rows |= {"equity": [4.5, 5.0, 9.0], "leverage": [1, 2, 3]}
    pq.write_table(pa.table(rows), folder / "p.parquet")
    lines = [list(rows), *zip(*rows.values(), strict=True)]
    for suffix, sign in (("csv", ","), ("tsv", "\t")):
        (folder / f"p.{suffix}").write_text("".join(sign.join(map(str, line)) + "\n" for line in lines))
    books = adl.Snapshot.build(
        [adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0, 1000], ["0.05", "0.1"]))],
        [{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
        [
            {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
            {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
        ],
        {"X": "10"},
    )
    adl.io.save(books, folder / "books")
    books.to_npz(folder / "books.npz")
    (folder / "marks.csv").write_text("time,X\n1,90\n2,70\n3,75\n")
    pq.write_table(pa.table({"time": [1, 2], "symbol": ["X", "X"], "price": ["90", "70"]}), folder / "marks.parquet")
    (folder / "c.toml").write_text(SCENARIO)
    assert called("simulate", folder / "c.toml", "--out", folder / "run", "--no-report")[0] == 0
    stopped(folder / "open", folder / "run")
    return folder


SCENARIO = """\
name = "c"
seed = 3
contracts = [{symbol = "X", price = "100", tick = "0.1", lot = "0.01"}]
assets = [{name = "BTC", index = "X", haircut = "0.1"}]
funds = [{asset = "USDT", balance = "1000"}]
[wallets]
count = 30
positions = 50
worth_median = 60.0
[venue]
rule = "binance"
[depth]
levels = 5
[shock]
passes = 3
"""


def stopped(target, sealed):
    """The same run, stopped after two passes."""
    from adlcore.lab import scenarios
    from adlcore.lab.crash import Crash

    whole = adl.io.open_run(sealed)
    crash = Crash.of(scenarios.read(whole.configuration["scenario"]))

    def passes():
        for number, inputs in enumerate(crash.passes()):
            if number == 2:
                raise KeyboardInterrupt
            yield inputs

    with pytest.raises(KeyboardInterrupt):
        adl.io.record(target, crash.house, passes(), configuration=whole.configuration)


@contextlib.contextmanager
def beside(source: Path, *names: str):
    """A folder of its own with copies."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            copy = shutil.copytree if (source / name).is_dir() else shutil.copy
            copy(source / name, Path(folder, name))
        yield Path(folder)


# Options --------------------------------------------------------------------------------------------------------------


def options(**values):
    """Some of the options of a command, with whatever value."""
    return st.fixed_dictionaries({}, optional=values).map(
        lambda given: [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    )


COLUMNS = st.one_of(
    NAMES,
    st.lists(
        st.tuples(
            st.sampled_from(["equity", "quantity", "account", "side", "tie", "leverage", "entry_price", "x", ""]),
            st.sampled_from(["=", "=", "==", "+", ""]),
            st.sampled_from(["equity", "size", "user", "size+equity", "size + size", "+", "leverage", "x", ""]),
        ).map("".join),
        max_size=3,
    ).map(",".join),
)
FILE = {
    "rule": st.one_of(st.sampled_from(adl.RankingRule.names()), NAMES),
    "short": st.one_of(st.sampled_from(["mirrored", "literal"]), NAMES),
    "columns": COLUMNS,
    "lot": NUMBERS,
    "kind": st.one_of(st.sampled_from(["linear", "inverse", "quanto"]), NAMES),
    "multiplier": NUMBERS,
    "settle": NAMES,
    "top": st.one_of(SMALL, NUMBERS),
}
POSITIONS = st.sampled_from(["p.csv", "p.tsv", "p.parquet"])
SIDES = st.one_of(st.sampled_from(["long", "short"]), NAMES)
MARK = st.one_of(st.sampled_from(["9", "9.5"]), NUMBERS)
JSON = st.sampled_from([[], ["--json"]])


@given(POSITIONS, MARK, options(**FILE, side=SIDES), JSON)
def test_options_of_rank(there, file, mark, more, as_json):
    keeps_to_it("rank", there / file, "--mark", mark, *more, *as_json)


@given(
    POSITIONS,
    MARK,
    st.one_of(st.sampled_from(["1", "-1", "99"]), NUMBERS),
    options(**FILE, price=NUMBERS, eligible=NAMES, max_counterparties=SMALL, exclude=NAMES),
    st.one_of(st.none(), st.sampled_from(["f.csv", "f.jsonl", "f.parquet", "no/f.csv", ".", ".csv"]), NAMES),
    JSON,
)
def test_options_of_deleverage(there, file, mark, quantity, more, out, as_json):
    with beside(there, file) as folder:
        # A name may be a path of anywhere: only the last part of it is asked for.
        wanted = (
            []
            if out is None
            else ["--out", folder / Path(out.replace("\x00", "")).name if out[:3] != "no/" else folder / out]
        )
        keeps_to_it("deleverage", folder / file, "--mark", mark, "--quantity", quantity, *more, *wanted, *as_json)


@given(
    st.sampled_from(["books", "books.npz"]),
    options(top=st.one_of(SMALL, NUMBERS), account=NAMES, taker_fee=NUMBERS),
    JSON,
)
def test_options_of_margin(there, file, more, as_json):
    keeps_to_it("margin", there / file, *more, *as_json)


@given(
    st.one_of(st.sampled_from(["ann", "bob"]), NAMES),
    st.one_of(st.just("X"), NAMES),
    options(
        side=SIDES,
        wallet=SMALL,
        rule=FILE["rule"],
        short=FILE["short"],
        mark=NUMBERS,
        add_margin=NUMBERS,
        reduce=NUMBERS,
    ),
    JSON,
)
def test_options_of_explain(there, account, contract, more, as_json):
    keeps_to_it("explain", there / "books", "--account", account, "--contract", contract, *more, *as_json)


@given(
    st.lists(
        st.one_of(NAMES, st.sampled_from(["--out", "--json", "--seed", "--top", "-h", "--", "--mark", "1"])),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.parametrize(
    "command",
    ["rank", "deleverage", "margin", "explain", "demo", "simulate", "scenario", "verify", "resume", "query", "report"],
)
def test_words_that_a_command_does_not_know(there, command, words):
    assume("-h" not in words)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        assume(command != "scenario" or words[:1] != ["init"])
        keeps_to_it(command, *(word.replace("/", "") for word in words), "--nosuch")
        keeps_to_it(command, *(f"no{word.replace('/', '')}" for word in words))


@given(st.one_of(st.text(max_size=40), st.text("select'\"*();-/,\n\\$1", max_size=20)), JSON)
def test_sql(there, text, as_json):
    keeps_to_it("query", there / "run", text.replace("\x00", ""), *as_json)


@SOME
@given(NAMES, NAMES, JSON)
def test_sql_that_gives_names_back(there, name, value, as_json):
    quoted, told = (text.replace("\x00", "").encode(errors="replace").decode() for text in (name, value))
    quoted, told = quoted.replace('"', '""') or "x", told.replace("'", "''")
    assert keeps_to_it("query", there / "run", f"select '{told}' as \"{quoted}\", 1", *as_json) == 0


# Bytes ----------------------------------------------------------------------------------------------------------------


@given(st.data())
@pytest.mark.parametrize("file", ["p.csv", "p.tsv", "p.parquet"])
def test_bytes_of_positions(there, file, data):
    with beside(there, file) as folder:
        path = folder / file
        path.write_bytes(data.draw(altered(path.read_bytes())))
        keeps_to_it("rank", path, "--mark", "9")
        keeps_to_it("deleverage", path, "--mark", "9", "--quantity", "1", "--columns", "account=user", "--json")


@given(st.data())
@pytest.mark.parametrize("file", ["books", "books.npz"])
def test_bytes_of_a_snapshot(there, file, data):
    with beside(there, file) as folder:
        path = folder / file
        part = path if path.is_file() else data.draw(st.sampled_from(sorted(path.iterdir())))
        part.write_bytes(data.draw(altered(part.read_bytes())))
        keeps_to_it("margin", path)
        keeps_to_it("explain", path, "--account", "ann", "--contract", "X")


def read_a_run(folder: Path) -> None:
    """All that reads a run, and then what goes on with it."""
    keeps_to_it("query", folder, "select * from events limit 3")
    keeps_to_it("report", folder, "--out", folder.parent / "page.html")
    keeps_to_it("verify", folder)
    keeps_to_it("resume", folder)


@SOME
@given(st.data())
@pytest.mark.parametrize("name", ["run", "open"])
def test_bytes_of_a_run(there, name, data):
    with beside(there, name) as folder:
        files = sorted(path for path in (folder / name).rglob("*") if path.is_file())
        part = data.draw(st.sampled_from(files))
        part.write_bytes(data.draw(altered(part.read_bytes())))
        read_a_run(folder / name)


def is_small(path: Path) -> bool:
    """Whether a scenario, if it is one, makes a crash that does not take long."""
    from adlcore.lab import scenarios

    try:
        given = scenarios.load(path)
    except (adl.AdlError, OSError):
        return True
    of_wallets = given.wallets.count <= 200 and given.wallets.positions <= 500
    return of_wallets and given.shock.passes <= 10 and given.depth.levels <= 50


@given(st.data())
@pytest.mark.parametrize("file", ["c.toml", "marks.csv", "marks.parquet"])
def test_bytes_of_a_scenario(there, file, data):
    with beside(there, "c.toml", "marks.csv", "marks.parquet") as folder:
        scenario = folder / "c.toml"
        if file != "c.toml":
            scenario.write_text(f'{SCENARIO}marks = "{file}"\n')
        path = folder / file
        path.write_bytes(data.draw(altered(path.read_bytes())))
        assume(is_small(scenario))
        keeps_to_it("simulate", scenario, "--out", folder / "out", "--no-report")


# Contents -------------------------------------------------------------------------------------------------------------

CELLS = st.one_of(NUMBERS, NAMES)


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
        keeps_to_it("rank", path, "--mark", "9")


ARRAYS = st.sampled_from(
    [
        pa.array([1, None]),
        pa.array([True, False]),
        pa.array([b"\xff", b"1"]),
        pa.array(["\u202e\x1b", "1"]),
        pa.array([[1], []]),
        pa.array([{"a": 1}, None]),
        pa.nulls(2),
        pa.array([1, 2], pa.timestamp("us")),
        pa.array([1, 2], pa.duration("ns")),
        pa.array([float("nan"), float("inf")]),
        pa.array([1e308, 5e-324]),
        pa.array([2**63 - 1, -(2**63)]),
        pa.array([2**64 - 1, 0], pa.uint64()),
        pa.array(["x", "x"]).dictionary_encode(),
        pa.array(["-1", "2"]),
        pa.array([10**30, -(10**30)], pa.decimal128(38, 2)),
        pa.array([1.5, 2], pa.float16()),
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
        keeps_to_it("rank", path, "--mark", "9")
        keeps_to_it("deleverage", path, "--mark", "9", "--quantity", "1", "--json")


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 40),
        st.sampled_from([2**63, -(2**63), 10**30, 1e308, 5e-324, float("nan"), float("inf"), -0.0]),
        st.floats(),
        NUMBERS,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=2)),
    max_leaves=4,
)


@st.composite
def replaced(draw, tree):
    """A tree of JSON with something else in one of its places, or without it."""
    if isinstance(tree, dict | list) and tree and draw(st.integers(0, 5)):
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        key = draw(st.sampled_from(keys))
        copy = dict(tree) if isinstance(tree, dict) else list(tree)
        if draw(st.integers(0, 9)):
            copy[key] = draw(replaced(copy[key]))
        else:
            del copy[key]
        return copy
    return draw(VALUES)


@given(st.data())
def test_values_of_a_scenario(there, data):
    from adlcore.lab import scenarios

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "c.toml")
        import tomllib

        fields = tomllib.loads(data.draw(st.sampled_from([SCENARIO, scenarios.template()])))
        fields["wallets"] |= {"count": 30, "positions": 40}
        fields["shock"] |= {"passes": 3}
        path.write_text(toml(data.draw(replaced(fields))), encoding="utf-8", errors="replace")
        assume(is_small(path))
        keeps_to_it("simulate", path, "--out", Path(folder, "out"), "--no-report")


def toml(value):
    """A mapping as TOML has it, what TOML has not as its nearest."""

    def told(value):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{text(name)} = {told(held)}" for name, held in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(told, value)) + "]"
        if isinstance(value, bool) or value is None:
            return str(bool(value)).lower()
        return text(value) if isinstance(value, str) else repr(value)

    def text(name):
        return '"' + "".join(f"\\U{ord(each):08x}" for each in name) + '"'

    fields = value if isinstance(value, dict) else {"name": value}
    return "".join(f"{text(name)} = {told(held)}\n" for name, held in fields.items())


def forge(path: Path, values) -> None:
    """A manifest that knows its own bytes, whatever it says."""
    held = {name: value for name, value in values.items() if name != "check"} if isinstance(values, dict) else values
    path.write_bytes(encoded(held) if isinstance(held, dict) else json.dumps(held).encode())


@SOME
@given(st.data())
@pytest.mark.parametrize("name", ["run", "open"])
def test_manifests_of_runs_that_are_forged(there, name, data):
    with beside(there, name) as folder:
        path = folder / name / "manifest.json"
        values = data.draw(replaced(json.loads(path.read_bytes())))
        fields = values.get("configuration") if isinstance(values, dict) else None
        (folder / "c.toml").write_text(
            toml(fields.get("scenario", {}) if isinstance(fields, dict) else {}), errors="replace"
        )
        assume(is_small(folder / "c.toml"))
        forge(path, values)
        read_a_run(folder / name)


@given(st.data())
def test_manifests_of_snapshots_that_are_forged(there, data):
    with beside(there, "books") as folder:
        path = folder / "books" / "manifest.json"
        forge(path, data.draw(replaced(json.loads(path.read_bytes()))))
        keeps_to_it("margin", folder / "books")


@st.composite
def another(draw, table):
    """A table with other cells in one column, of the same type where that can be."""
    name = draw(st.sampled_from(table.column_names))
    place, kind = table.column_names.index(name), table.schema.field(name).type
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    odd = {
        "int64": st.one_of(st.integers(-3, 12), st.sampled_from([2**63 - 1, -(2**63), 10**17])),
        "string": CELLS.map(lambda text: text.encode(errors="replace").decode()),
        "double": st.floats(),
    }.get(str(plain))
    if odd is None or not len(table):
        return table.slice(0, draw(st.integers(0, len(table))))
    cells = table.column(name).to_pylist()
    for _ in range(draw(st.integers(1, 3))):
        cells[draw(st.integers(0, len(cells) - 1))] = draw(odd)
    return table.set_column(place, table.schema.field(name), pa.array(cells, plain).cast(kind))


@given(st.data())
def test_tables_of_snapshots_that_are_forged(there, data):
    """Every hash fits; what the tables say may be anything."""
    from adlcore.io import snapshots

    with beside(there, "books") as folder:
        books = folder / "books"
        for name in data.draw(st.lists(st.sampled_from(sorted(snapshots.FILES)), min_size=1, max_size=2)):
            path = books / f"{name}.parquet"
            pq.write_table(data.draw(another(pq.read_table(path))), path, write_page_checksum=True)
        values = json.loads((books / "manifest.json").read_bytes())
        for name in values["files"]:
            values["files"][name] = hashlib.sha256((books / name).read_bytes()).hexdigest()
        with contextlib.suppress(adl.AdlError):
            tables = {table: snapshots._read(books, table) for table in snapshots.FILES}
            values["hash"] = adl.Snapshot(**snapshots._arguments(tables), check=False).hash
        forge(books / "manifest.json", values)
        keeps_to_it("margin", books)
        keeps_to_it("margin", books, "--json")
        keeps_to_it("explain", books, "--account", "ann", "--contract", "X", "--mark", "9")


@SOME
@given(st.data())
def test_tables_of_runs_that_are_forged(there, data):
    with beside(there, "run") as folder:
        run = folder / "run"
        name = data.draw(st.sampled_from(["events.parquet", "passes.parquet", "marks.parquet"]))
        pq.write_table(data.draw(another(pq.read_table(run / name))), run / name, write_page_checksum=True)
        values = json.loads((run / "manifest.json").read_bytes())
        values["files"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
        forge(run / "manifest.json", values)
        read_a_run(run)


def test_what_is_drawn_reaches_the_commands(there):
    """As they are, all files are read: what is refused above is refused for what was done to it."""
    assert keeps_to_it("rank", there / "p.csv", "--mark", "9") == 0
    assert keeps_to_it("margin", there / "books") == 0
    assert keeps_to_it("verify", there / "run") == keeps_to_it("verify", there / "open") == 0
    with beside(there, "run", "open") as folder:
        for name in ("run", "open"):
            path = folder / name / "manifest.json"
            forge(path, json.loads(path.read_bytes()))
            assert keeps_to_it("report", folder / name, "--out", folder / "page.html") == 0
            assert keeps_to_it("resume", folder / name) == 0
    assert np.isfinite(adl.read_positions(there / "p.parquet").columns["equity"]).all()
