"""Crashes on the command line: made, kept and made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from .. import io, report
from .._extras import needs
from ..errors import AdlError
from ..io import Inputs, Run
from ..lab import scenarios
from ..lab.crash import Crash
from . import _story, _tables
from ._pass_bar import PassBar

__all__ = ["REPORT", "crash_of", "happened", "watched"]

#: The name of a report in the folder of its run.
REPORT = "report.html"
#: The key of the scenario in the configuration of a run.
SCENARIO = "scenario"
#: The key of marks that were read from a file.
MARKS = "marks"


def happened(given: scenarios.Scenario, folder: Path, with_report: bool, quiet: bool) -> dict[str, Any]:
    """Record a crash and, unless `quiet`, tell it; the same as a document."""
    if with_report:
        needs("plotly", "a report")  # now, and not when the run stands
    crash = Crash.of(given)
    before = {name: fund.balance for name, fund in crash.house.funds.items()}
    with PassBar(crash, given.name) as bar:
        run = io.record(folder, crash.house, crash.passes(), configuration=_configuration(crash), on_pass=bar)
    written = None
    if with_report:
        written = folder / REPORT
        report.write(run, written)
    after = {name: fund.balance for name, fund in crash.house.funds.items()}
    if not quiet:
        console = _tables.console()
        _announce(console, crash, run)
        _story.print_story(console, run, bar, before, after, written)
    found = bar.outcome
    return {
        "run": str(run.path),
        "report": None if written is None else str(written),
        "scenario": given.name,
        "seed": given.seed,
        "hash": crash.house.hash,
        "passes": len(crash.marks),
        "events": bar.events,
        "counts": dict(found.counts),
        "liquidated_wallets": len(found.liquidated),
        "notional": dict(found.notional),
        "funds": {name: {"before": before[name], "after": after[name]} for name in after},
        "seconds": bar.seconds,
    }


def _configuration(crash: Crash) -> dict[str, Any]:
    """What the manifest of a run says, so that it can be made again, and what its report asks of it."""
    held = crash.house.funds.items()
    funds = [{"name": name, "asset": fund.asset, "balance": format(fund.balance, "f")} for name, fund in held]
    found = {SCENARIO: crash.scenario.fields(), "rule": crash.scenario.venue.rule, "funds": funds}
    # A file of marks may be gone when the run is made again.
    return found if crash.scenario.shock.marks is None else {**found, MARKS: crash.marks}


def _announce(console: Console, crash: Crash, run: Run) -> None:
    """How large the venue was, and how far it fell."""
    wallets, positions = len(run.before.wallets), len(run.before.positions)
    listed = _tables.counted(len(run.contracts), "contract")
    first = crash.scenario.contracts[0]
    prices = [marks[first.symbol] for _, marks in crash.marks if first.symbol in marks]
    low = min(prices, key=float, default=first.price)
    moved = f"{first.symbol} {float(low) / float(first.price) - 1:+.0%} in {_tables.counted(len(crash.marks), 'mark')}"
    console.print(f"[bold]{wallets:,} wallets, {positions:,} positions, {listed}[/]; {moved}")


def crash_of(run: Run) -> Crash:
    """The crash that a run is of, as it was before the first pass."""
    fields = run.configuration.get(SCENARIO)
    if not isinstance(fields, dict):
        must = "must name the scenario that it is of: only runs that simulate made can be made again here"
        raise AdlError.at("RUN", None, str(run.path), must)
    given = run.configuration.get(MARKS)
    marks = None if given is None else [(int(time), dict(prices)) for time, prices in given]
    return Crash.of(scenarios.read(fields), marks=marks)


def watched(crash: Crash, bar: PassBar) -> Iterator[Inputs]:
    """The passes of a crash; the bar moves on when the next one is asked for."""
    for given in crash.passes():
        yield given
        bar.advance(crash.house)
