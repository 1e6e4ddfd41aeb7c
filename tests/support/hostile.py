"""Hostile files, names and options as Hypothesis draws them, and what holds for every command line."""

import contextlib
import io
import json
import re
import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import settings
from hypothesis import strategies as st

import adlcore as adl
from adlcore._support.text import visible
from adlcore.cli import main
from adlcore.io.manifests import manifest_bytes

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


def assert_command_sound(*words) -> int:
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


# Files ----------------------------------------------------------------------------------------------------------------


def make_files(folder: Path) -> None:
    """Files as they should be: positions, a snapshot in both forms, a scenario, marks, and runs."""
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
    """A run of this scenario, stopped after two of its passes."""
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


def read_a_run(folder: Path) -> None:
    """All that reads a run, and then what goes on with it."""
    assert_command_sound("query", folder, "select * from events limit 3")
    assert_command_sound("report", folder, "--out", folder.parent / "page.html")
    assert_command_sound("verify", folder)
    assert_command_sound("resume", folder)


def is_small(path: Path) -> bool:
    """Whether a scenario, if it is one, makes a crash that does not take long."""
    from adlcore.lab import scenarios

    try:
        given = scenarios.load(path)
    except (adl.AdlError, OSError):
        return True
    of_wallets = given.wallets.count <= 200 and given.wallets.positions <= 500
    return of_wallets and given.shock.passes <= 10 and given.depth.levels <= 50


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
def altered_bytes(draw, data: bytes) -> bytes:
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


CELLS = st.one_of(NUMBERS, NAMES)
JSON = st.sampled_from([[], ["--json"]])

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
def altered_tree(draw, tree):
    """A tree of JSON with something else in one of its places, or without it."""
    if isinstance(tree, dict | list) and tree and draw(st.integers(0, 5)):
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        key = draw(st.sampled_from(keys))
        copy = dict(tree) if isinstance(tree, dict) else list(tree)
        if draw(st.integers(0, 9)):
            copy[key] = draw(altered_tree(copy[key]))
        else:
            del copy[key]
        return copy
    return draw(VALUES)


@st.composite
def altered_table(draw, table):
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


# Forgeries ------------------------------------------------------------------------------------------------------------


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


def forge_manifest(path: Path, values) -> None:
    """A manifest that knows its own bytes, whatever it says."""
    held = {name: value for name, value in values.items() if name != "check"} if isinstance(values, dict) else values
    path.write_bytes(manifest_bytes(held) if isinstance(held, dict) else json.dumps(held).encode())
