"""Text from outside is text: whatever names accounts, contracts, files and options have, each character is seen."""

import ast
import csv
import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

import adlcore as adl
from adlcore._support.text import visible
from adlcore.cli import _reading_bar, _tables
from adlcore.cli._screen import Screen, complain
from adlcore.io.selections import write_selection
from support.hostile_text import HOSTILE, hidden
from support.pairs import ann_and_bob
from support.refusals import refused

pytestmark = [pytest.mark.usefixtures("terminal"), pytest.mark.files]

PACKAGE = Path(adl.__file__).parent


# One function ---------------------------------------------------------------------------------------------------------


# One way out ----------------------------------------------------------------------------------------------------------


def calls(tree: ast.AST):
    """The names of all that is called, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def test_nothing_prints_but_by_the_one_way_out():
    """A `Screen` or `write`; `print` only says that the libraries for these are missing."""
    other = {"print", "typer.echo", "typer.secho", "typer.style", "Console", "rich.print", "Text.from_markup"}
    other |= {"Text.from_ansi", "sys.stdout.write", "sys.stderr.write", "click.echo", "os.write", "input"}
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in calls(ast.parse(path.read_text(encoding="utf-8"))):
            if name in other:
                found.add((path.relative_to(PACKAGE).as_posix(), name))
    assert found == {("cli/__init__.py", "print")}


def test_a_column_of_progress_takes_no_markup():
    for path in (PACKAGE / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "TextColumn":
                assert [(each.arg, ast.unparse(each.value)) for each in node.keywords] == [("markup", "False")], path


@pytest.mark.parametrize("name", HOSTILE)
def test_a_screen_shows_text_whichever_way_it_comes(name, capsys):
    out = Screen(color_system=None, force_terminal=False)
    out.print(name)
    out.print(Text(name))
    table = Table()
    table.add_column(name)
    table.add_row(name)
    out.print(table)
    out.titled(name, name)
    complain("error", name)
    printed = capsys.readouterr()
    assert not hidden(printed.out)
    assert not hidden(printed.err)
    shown = " ".join(name.split()) if name.split() else ""
    assert printed.err.strip() == visible(f"error: {shown}").strip()
    assert printed.out.splitlines()[0] == visible(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_keeps_its_widths(name, capsys):
    columns = [_tables.Column(name, [name, "plain"], right=False), _tables.Column("n", ["1", "2"])]
    _tables.print_table(_tables.console(), columns)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert len({cell_len(line.rstrip()) for line in lines}) == 1
    assert lines[2].startswith(visible(name))


def test_a_bar_shows_the_name_of_a_file_as_text(capsys):
    screen = Screen(force_terminal=True, width=200, color_system=None, stderr=True)
    name = "".join(HOSTILE)
    clock = iter([0.0, 5.0, 5.0])
    with _reading_bar.ReadingBar(name, screen, lambda: next(clock)) as bar:
        bar(1, 4)
    printed = capsys.readouterr().err
    assert "\u202e" not in printed
    assert "\x1b]8" not in printed
    assert r"\x1b]8;;http://x" in printed
    progress = Progress(TextColumn("{task.description}", markup=False), console=screen)
    with progress:  # one that forgets to: it is laid out as it is, and printed as text
        progress.add_task("\x1b[31m\u202e[bold]   ")
    assert r"\x1b[31m\u" in capsys.readouterr().err


# Files that are written -----------------------------------------------------------------------------------------------


def closed(names):
    """A selection whose accounts have these names, and its contract."""
    count = len(names)
    columns = {"quantity": [-5] * count, "entry_price": np.linspace(3, 2, count), "equity": [1.0] * count}
    market = adl.Market("X", mark_price=1, **columns, account=np.array(names, object))
    return market.deleverage(5 * count, "binance"), market.contract


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", " =1", "=cmd|' /C calc'!A0", "＝1+1", '=HYPERLINK("http://x","y")')


def cells(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_labels_of_fills_are_seen_in_csv_and_exact_elsewhere(tmp_path):
    names = [f"{name}-{number}" for number, name in enumerate((*HOSTILE, *FORMULAS, 'a,"b"', "é", "日本"))]
    selection, contract = closed(names)
    for suffix in ("csv", "jsonl", "parquet"):
        write_selection(tmp_path / f"fills.{suffix}", selection, contract)
    in_order = [names[row] for row in selection.index.tolist()]
    found = cells(tmp_path / "fills.csv")
    assert [fill["account"] for fill in found] == [visible(name) for name in in_order]
    assert [names[int(fill["row"])] for fill in found] == in_order
    assert not hidden((tmp_path / "fills.csv").read_text(encoding="utf-8"))
    lines = (tmp_path / "fills.jsonl").read_bytes().decode().split("\n")[:-1]
    assert [json.loads(line)["account"] for line in lines] == in_order
    assert not hidden("\n".join(lines))
    assert pq.read_table(tmp_path / "fills.parquet")["account"].to_pylist() == in_order


def test_formulas_stay_what_they_are_unless_it_is_asked_for(tmp_path):
    names = [*FORMULAS, "\t=1", "plain", "a;=1+1", "'x", "１＋１"]
    selection, contract = closed(names)
    write_selection(tmp_path / "exact.csv", selection, contract)
    write_selection(tmp_path / "sheet.csv", selection, contract, escape_formulas=True)
    exact, sheet = cells(tmp_path / "exact.csv"), cells(tmp_path / "sheet.csv")
    assert [fill["account"] for fill in exact] == [visible(names[row]) for row in selection.index.tolist()]
    for before, after in zip(exact, sheet, strict=True):
        is_formula = before["account"] in FORMULAS
        assert after["account"] == ("'" if is_formula else "") + before["account"]
        assert {**before, "account": ""} == {**after, "account": ""}
    # A sheet that ends cells with another sign sees no formula either.
    assert '"a;=1+1",' in (tmp_path / "sheet.csv").read_text(encoding="utf-8")


def test_numbers_of_accounts_are_no_formulas(tmp_path):
    contract = adl.Contract("X")
    market = adl.Market(contract, mark_price=1, quantity=[-5], entry_price=[2], equity=[1], account=[-7])
    write_selection(tmp_path / "x.csv", market.deleverage(5, "binance"), contract, escape_formulas=True)
    assert cells(tmp_path / "x.csv")[0]["account"] == "-7"


def test_formulas_stand_in_csv_alone(tmp_path, good, bad):
    selection, contract = closed(["=1"])
    write = partial(write_selection, selection=selection, contract=contract)
    must = "escape_formulas is True: must be False for .jsonl, which no formula can stand in"
    refused(lambda: write(tmp_path / "x.jsonl", escape_formulas=True), must)
    refused(lambda: write(tmp_path / "x.csv", escape_formulas="no"), "escape_formulas is 'no': must be True or False")
    assert list(tmp_path.iterdir()) == []
    path = tmp_path / "p.csv"
    path.write_text("user,size,entry_price,equity\n=1+1,-1,25,4\n")
    asked = ("deleverage", path, "--quantity", "1", "--mark", "22", "--escape-formulas")
    must = "escape-formulas is True: must be for --out FILE.csv: no formula stands elsewhere"
    assert bad(*asked) == bad(*asked, "--out", tmp_path / "x.parquet") == must
    good(*asked, "--out", tmp_path / "x.csv")
    assert cells(tmp_path / "x.csv")[0]["account"] == "'=1+1"


def test_events_as_json_lines_come_back(tmp_path):
    names = ["\x7f\u202e", "\u2028\U000e0001"]
    books = {"account": names, "balance": ["9", "9"]}
    snapshot = adl.Snapshot.build([adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))], books, [], {"X": 2})
    house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
    adl.io.write_events([house.deposit(0, 1), house.deposit(1, 1)], tmp_path / "events.jsonl")
    assert not hidden((tmp_path / "events.jsonl").read_text(encoding="utf-8"))
    assert adl.io.read_events(tmp_path / "events.jsonl")["account"].tolist() == names


# Every command --------------------------------------------------------------------------------------------------------

TIERS = adl.MarginTiers([0], ["0.05"])


def books(name: str) -> adl.Snapshot:
    """Somebody, and somebody with a name, in a contract and an asset with that name."""
    contract = adl.Contract(f"S{name}", settle=adl.Asset(f"A{name}", 2), tick="0.01", tiers=TIERS)
    return ann_and_bob(contract, bob="100", accounts=(name, "bob"))


@pytest.mark.parametrize("name", [name for name in HOSTILE if "\x00" not in name and "/" not in name])
def test_commands_show_names_as_text(name, run, tmp_path):
    name = f"n{name}"
    rows = tmp_path / f"rows{name}.csv"
    with open(rows, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["user", "size", "entry_price", "equity"], [name, -1, 25, 4], ["bob", -1, 24, 4]])
    folder = tmp_path / f"books{name}"
    adl.io.save(books(name), folder)
    options = ("--account", name, "--contract", f"S{name}")
    ways = [
        ("rank", rows, "--mark", "22"),
        ("deleverage", rows, "--mark", "22", "--quantity", "1", "--out", tmp_path / f"{name}.csv"),
        ("deleverage", rows, "--mark", "22", "--quantity", "1", "--settle", name, "--price", "22"),
        ("margin", folder),
        ("margin", folder, "--account", name),
        ("explain", folder, *options),
        ("explain", folder, *options, "--mark", "9", "--add-margin", "1", "--reduce", "2"),
    ]
    for words in ways:
        code, out, err = run(*words)
        assert (code, err) == (0, ""), (words, err)
        assert not hidden(out), words
        code, out, _ = run(*words, "--json")
        assert code == 0
        assert not hidden(out)
        assert json.loads(out).get("account", name) == name
    fails = [
        ("rank", tmp_path / f"none{name}.csv", "--mark", "22"),
        ("rank", rows, "--mark", f"1{name}"),
        ("rank", rows, "--mark", "1", "--columns", f"equity={name}="),
        ("rank", rows, "--mark", "1", "--columns", f"eq{name}=x"),
        ("rank", rows, "--mark", "1", f"--{name}-x"),
        ("rank", rows, "--mark", "1", "--top", f"x{name}"),
        (f"r{name}ank",),
        ("explain", folder, "--account", f"no{name}", "--contract", "x"),
        ("explain", folder, "--account", name, "--contract", f"no{name}"),
        ("explain", folder, *options, "--side", "short"),
        ("explain", folder, *options, "--wallet", "9"),
        ("margin", tmp_path / f"none{name}"),
        ("simulate", tmp_path / f"none{name}"),
        ("scenario", f"x{name}"),
    ]
    fails += [(command, tmp_path / f"none{name}") for command in ("verify", "resume", "report")]
    fails += [("query", tmp_path / f"none{name}", "select 1")]
    for words in fails:
        code, out, err = run(*words)
        assert (code, out) == (2, ""), words
        assert err.startswith("error: ")
        assert err.count("\n") == 1, words
        assert not hidden(err), words


def test_colours_are_the_command_lines_own(run, tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = tmp_path / "p.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = [[name, -1, 25, 4] for name in HOSTILE if name.strip() and "\x00" not in name]
        csv.writer(file).writerows([["user", "size", "entry_price", "equity"], *rows])
    code, out, err = run("rank", path, "--mark", "22", "--top", "0")
    assert (code, err) == (0, "")
    assert "\x1b[1m" in out
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert not hidden(plain)
    assert "[bold red]x[/]" in plain
    assert r"\x9b31m" in plain


SCENARIO = """\
name = {name}
contracts = [{{symbol = {name}, price = "60000", tick = "0.1", lot = "0.001"}}]
assets = []
funds = [{{asset = "USDT", balance = "1000"}}]
wallets = {{count = 60, positions = 120}}
shock = {{passes = 2}}
"""


def test_a_crash_with_a_name_is_told_kept_and_asked_as_text(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "x".join(text for text in HOSTILE if "\x00" not in text and "/" not in text)
    path = tmp_path / "c.toml"
    path.write_text(SCENARIO.format(name='"' + "".join(f"\\U{ord(each):08x}" for each in name) + '"'), encoding="utf-8")
    folder = f"run{name[:20]}"
    ways = [
        ("simulate", path, "--out", folder),
        ("simulate", path, "--out", f"{folder}2", "--no-report", "--json"),
        ("verify", folder),
        ("resume", folder),
        ("report", folder, "--out", f"page{name[:20]}.html"),
        ("query", folder, "select distinct contract from events"),
        ("query", folder, "select chr(27) || '[2J' || chr(8238) as \"a\u202e\", '[bold]', 1"),
        ("query", folder, 'select chr(27) || chr(8238) || chr(127) as "a\u202e"', "--json"),
    ]
    for words in ways:
        code, out, err = run(*words)
        assert (code, err) == (0, ""), (words, err)
        assert not hidden(out), words
    assert json.loads(out) == {"columns": ["a\u202e"], "rows": [["\x1b\u202e\x7f"]]}
    for words in (("query", folder, "select \u202e\x1b[2J"), ("simulate", path, "--out", folder)):
        code, _, err = run(*words)
        assert code == 2
        assert not hidden(err)


@pytest.mark.parametrize(
    "text",
    [
        '"a\\u202e\\u001b" = 1',
        'name = "a\\u202e"\nseed = "\\u001b[2J"',
        'contracts = [{symbol = "a\\u202e", price = "1", tick = "0"}]',
        'contracts = [{symbol = "a\\u202e", price = "1", tick = "1", settle = "\\u001b"}]',
        'funds = [{asset = "\\u202e\\u001b", ratio = 0}]',
        '[wallets]\nmodes = {"\\u202e" = 1}',
        '[venue]\nrule = "\\u202e"',
        '[shock]\nmarks = "\\u202e\\u001b.csv"',
        "\u202e = = \x9b",
    ],
)
def test_errors_of_a_scenario_are_text(bad, tmp_path, text):
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    assert not hidden(bad("simulate", tmp_path / "c.toml"))


# Names that a column cannot hold --------------------------------------------------------------------------------------
