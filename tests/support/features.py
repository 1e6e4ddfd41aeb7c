"""What needs an optional package, and what does not: every feature, tried where packages are missing.

    python tests/support/features.py FOLDER [PACKAGE ...]

tries each feature without the packages that are named, and says what came of it. A feature that needs a package that
is not there must be refused by a MissingExtraError, or a line of the command line, with the extra's name and the
command that installs it; every other one must work. FOLDER holds what a call that lacked no package has kept there.
"""

import contextlib
import importlib
import importlib.util
import io
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

#: The packages that are optional, and the extra of each: by hand, beside the table of the package.
EXTRAS = {
    "pyarrow": "files",
    "jinja2": "report",
    "plotly": "report",
    "pydantic": "lab",
    "duckdb": "query",
    "typer": "cli",
    "rich": "cli",
}

SCENARIO = 'name = "small"\nseed = 3\n[wallets]\ncount = 300\npositions = 600\n[shock]\npasses = 3\n'
POSITIONS = "account,quantity,entry_price,equity\nann,-5,3,10\nbob,5,2,10\n"
MARKS = {"time": [1, 2], "symbol": ["SOLUSDT", "SOLUSDT"], "price": ["90", "80"]}


class Feature(NamedTuple):
    """What is done, and the packages that it needs, in the order in which it asks for them."""

    call: Callable[[], Any]
    needs: tuple[str, ...] = ()


def library(kept: Path, made: Path) -> dict[str, Feature]:
    """What is called from Python."""
    import numpy as np

    import adlcore as adl
    from adlcore.io.selections import write_selection

    contract = adl.Contract("SOLUSDT", lot="0.01", tick="0.1", tiers=adl.MarginTiers([0], [0.05]))
    snapshot = adl.Snapshot.build(
        contracts=[contract],
        wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
        positions=[
            {"account": "ann", "contract": "SOLUSDT", "quantity": "1", "entry_price": "100"},
            {"account": "bob", "contract": "SOLUSDT", "quantity": "-1", "entry_price": "100"},
        ],
        marks={"SOLUSDT": "100"},
    )
    market = adl.margin_state(snapshot).market("SOLUSDT")
    selection = market.deleverage(market.contract.lots("0.5"), "binance")
    marks = [adl.io.Inputs(1, {"SOLUSDT": "85"})]

    def house() -> Any:
        return adl.ClearingHouse(snapshot, venue=adl.venues.BINANCE_USDM)

    events = house().mark({"SOLUSDT": "85"}, time=1)
    Words, one = adl.clearing.events.Words, np.zeros(1, int)
    given = {"pass": [1], "kind": Words(("mark",), one), "name": Words(("SOLUSDT",), one), "price": ["85"]}
    run = SimpleNamespace(
        before=snapshot,
        contracts=snapshot.contracts,
        assets=snapshot.assets,
        configuration={},
        manifest={},
        event_codes=lambda: events.codes() | {"pass": np.ones(len(events), int)},
        passes=lambda: {"pass": [1], "time": [1], "events": [len(events)]},
        mark_codes=lambda: given,
    )

    def names() -> None:
        wings = [adl.clearing, adl.io, adl.lab, adl.report, adl.venues]
        assert all(hasattr(holder, name) for holder in (adl, *wings) for name in holder.__all__)

    def archive() -> None:
        snapshot.to_npz(made / "venue.npz")
        assert adl.io.load(made / "venue.npz") == snapshot

    def lines() -> None:
        adl.io.write_events(events, made / "events.jsonl")
        assert len(adl.io.read_events(made / "events.jsonl")["kind"]) == len(events)

    def texts() -> None:
        for suffix in ("csv", "jsonl"):
            write_selection(made / f"fills.{suffix}", selection, contract)

    def crash() -> None:
        crashes = importlib.import_module("adlcore.lab.crash")
        scenarios = importlib.import_module("adlcore.lab.scenarios")
        crashes.Crash.of(scenarios.load(kept / "small.toml"))

    def read_marks() -> None:
        marks_of = importlib.import_module("adlcore.io.marks")
        assert len(marks_of.read_marks(kept / "marks.csv", {"SOLUSDT": None})) == 2

    files, plots, pages = ("pyarrow",), ("plotly",), ("plotly", "jinja2")
    return {
        "every public name": Feature(names),
        "a queue": Feature(lambda: market.queue("long", "binance").take(1)),
        "a market made up": Feature(lambda: adl.lab.synthetic.market(50)),
        "a venue made up": Feature(lambda: adl.lab.crowd.snapshot(wallets=50, positions=80)),
        "a snapshot as .npz": Feature(archive),
        "events as JSON lines": Feature(lines),
        "a selection as text": Feature(texts),
        "reading positions, CSV": Feature(lambda: adl.read_positions(kept / "positions.csv"), files),
        "reading positions, Parquet": Feature(lambda: adl.read_positions(kept / "positions.parquet"), files),
        "writing a selection, Parquet": Feature(
            lambda: write_selection(made / "fills.parquet", selection, contract), files
        ),
        "writing events, Arrow": Feature(lambda: adl.io.write_events(events, made / "events.arrow"), files),
        "writing events, Parquet": Feature(lambda: adl.io.write_events(events, made / "events.parquet"), files),
        "reading events, Arrow": Feature(lambda: adl.io.read_events(kept / "events.arrow"), files),
        "reading events, Parquet": Feature(lambda: adl.io.read_events(kept / "events.parquet"), files),
        "saving a snapshot": Feature(lambda: adl.io.save(snapshot, made / "venue"), files),
        "loading a snapshot": Feature(lambda: adl.io.load(kept / "venue"), files),
        "recording": Feature(lambda: adl.io.record(made / "run", house(), marks), files),
        "opening a run": Feature(lambda: adl.io.open_run(kept / "run"), files),
        "resuming": Feature(lambda: adl.io.resume(kept / "run", house(), marks), files),
        "verifying": Feature(lambda: adl.io.verify(kept / "run", house(), marks), files),
        "reading marks": Feature(read_marks, files),
        "a plot of a queue": Feature(lambda: adl.report.plot_queue(market, "binance"), plots),
        "a plot of events": Feature(lambda: adl.report.plot_events(events), plots),
        "a report": Feature(lambda: adl.report.write(run, made / "report.html"), pages),
        "a scenario": Feature(crash, ("pydantic",)),
    }


def commands(kept: Path, made: Path) -> dict[str, Feature]:
    """The command lines."""
    bare, run = ("rich", "typer"), str(kept / "simulated")
    # A newer typer reads options by pydantic.
    listed = metadata.requires("typer") if importlib.util.find_spec("typer") else None
    cli = (*bare, "pydantic") if any(name.startswith("pydantic") for name in listed or ()) else bare
    columns = ["--columns", "equity=equity", "--mark", "2.5"]

    def line(*arguments: object) -> Callable[[], None]:
        return lambda: _command([str(argument) for argument in arguments])

    crash, pages = (*cli, "pydantic", "pyarrow"), ("plotly", "jinja2")
    return {
        "adlcore --version": Feature(line("--version"), bare),
        "adlcore --help": Feature(line("--help"), bare),
        "adlcore query --help": Feature(line("query", "--help"), cli),
        "adlcore rank": Feature(line("rank", kept / "positions.csv", *columns), (*cli, "pyarrow")),
        "adlcore deleverage": Feature(
            line("deleverage", kept / "positions.csv", *columns, "--quantity", 1), (*cli, "pyarrow")
        ),
        "adlcore margin": Feature(line("margin", kept / "venue.npz"), cli),
        "adlcore margin, folder": Feature(line("margin", kept / "venue"), (*cli, "pyarrow")),
        "adlcore explain": Feature(
            line("explain", kept / "venue.npz", "--account", "bob", "--contract", "SOLUSDT"), cli
        ),
        "adlcore scenario init": Feature(line("scenario", "init", made / "scenario.toml"), (*cli, "pydantic")),
        "adlcore simulate": Feature(
            line("simulate", kept / "small.toml", "--out", made / "simulated"), (*crash, *pages)
        ),
        "adlcore simulate --no-report": Feature(
            line("simulate", kept / "small.toml", "--out", made / "plain", "--no-report"), crash
        ),
        "adlcore demo": Feature(
            line("demo", "--accounts", 100, "--out", made / "demo", "--no-report", "--json"), crash
        ),
        "adlcore verify": Feature(line("verify", run), crash),
        "adlcore resume": Feature(line("resume", run), crash),
        "adlcore report": Feature(line("report", run, "--out", made / "again.html"), (*cli, "pyarrow", *pages)),
        "adlcore query": Feature(line("query", run, "select 1"), (*cli, "duckdb", "pyarrow")),
    }


def _command(arguments: list[str]) -> None:
    """Run a command line; what it complains of is raised."""
    from adlcore.cli import main

    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as left:
            code = left.code
    if code == 2 and err.getvalue().startswith("error: ") and err.getvalue().count("\n") == 1:
        raise _ComplaintError(err.getvalue().removeprefix("error: ").rstrip("\n"))
    assert (code, err.getvalue()) == (0, "")


class _Hiding:
    """A finder of modules that does not find some packages."""

    def __init__(self, finder: Any, hidden: tuple[str, ...]) -> None:
        self._finder, self._hidden = finder, hidden

    def find_spec(self, name: str, *rest: Any) -> Any:
        return None if name.partition(".")[0] in self._hidden else self._finder.find_spec(name, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)


class _ComplaintError(Exception):
    """The line that a command ends with."""


def outcome(feature: Feature, absent: set[str]) -> str | None:
    """What is wrong with what came of a feature, if anything is."""
    from adlcore import MissingExtraError

    lacks = {EXTRAS[package] for package in feature.needs if package in absent}
    try:
        feature.call()
    except (MissingExtraError, _ComplaintError) as error:
        ends = [f" needs the {extra!r} extra: pip install 'adlcore[{extra}]'" for extra in lacks]
        return None if any(str(error).endswith(end) for end in ends) else f"is refused: {error}"
    except BaseException as error:
        return f"raises {type(error).__name__}: {error}"
    return f"works without {', '.join(sorted(absent & set(feature.needs)))}" if lacks else None


def main(folder: str, *blocked: str) -> int:
    """Try everything; the number of features that did something else than they should."""
    sys.meta_path = [_Hiding(finder, blocked) for finder in sys.meta_path]
    absent = {name for name in EXTRAS if name in blocked or importlib.util.find_spec(name) is None}
    kept, made = Path(folder), Path(folder, "-".join(["without", *sorted(absent)]) if absent else ".")
    made.mkdir(exist_ok=True)
    (kept / "small.toml").write_text(SCENARIO, encoding="utf-8")
    (kept / "positions.csv").write_text(POSITIONS, encoding="utf-8")
    rows = zip(*MARKS.values(), strict=True)
    (kept / "marks.csv").write_text("".join(f"{','.join(map(str, row))}\n" for row in [tuple(MARKS), *rows]))
    if "pyarrow" not in absent:
        from pyarrow import csv, parquet

        parquet.write_table(csv.read_csv(kept / "positions.csv"), kept / "positions.parquet")
    for name in ("venue", "run", "simulated") if made != kept else ():
        (kept / name).mkdir(exist_ok=True)
    features = library(kept, made) | commands(kept, made)
    wrong = 0
    for name, feature in features.items():
        told = outcome(feature, absent)
        wrong += told is not None
        print(f"{name}: {told or 'as it should'}")
    print(f"{len(features)} features without {', '.join(sorted(absent)) or 'nothing'}: {wrong} wrong")
    return wrong


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]) and 1)
