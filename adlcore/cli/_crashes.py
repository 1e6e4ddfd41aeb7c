"""Crashes on the command line: made, kept and made again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import io, report
from .._support.extras import needs
from .._support.members import member
from .._support.options import a_list
from .._support.wording import counted
from ..clearing.closings import STAGES
from ..contracts.decimals import positive_decimal, whole_number
from ..errors import AdlError, keyed
from ..io import Inputs, Run
from ..io.manifests import MANIFEST
from ..io.runs.folder import command
from ..io.runs.manifest import read_manifest
from ..lab import scenarios
from ..lab.crash import TIME_UNIT, Crash
from ..report.facts.bearers import Bearers
from ..report.facts.concentration import gini, top_share
from ..report.facts.fund_cash import FundCash
from ..report.facts.prices import View
from ..report.facts.run_facts import Facts
from . import _story, _tables
from ._pass_bar import PassBar
from ._screen import Screen, complain

__all__ = ["REPORT", "crash_of", "happened", "told_hash", "told_how_to_go_on", "watched"]

#: The name of a report in the folder of its run.
REPORT = "report.html"
#: The key of the scenario in the configuration of a run.
SCENARIO = "scenario"
#: The key of marks that were read from a file.
MARKS = "marks"


def happened(given: scenarios.Scenario, folder: Path, with_report: bool, quiet: bool) -> dict[str, Any]:
    """Record a crash and, unless `quiet`, tell it; the same as a document."""
    _refuse_run(folder)
    if with_report:
        for package in ("plotly", "jinja2"):
            needs(package, "a report")  # now, and not when the run stands
    crash = Crash.of(given)
    with told_how_to_go_on(folder), PassBar(crash, given.name) as bar:
        run = io.record(folder, crash.house, crash.passes(), configuration=_configuration(crash), on_pass=bar)
    facts, written = Facts(run), None
    if with_report:
        written = folder / REPORT
        member(written)  # in a run's folder no link is followed
        report.write(facts, written)
    if not quiet:
        console = _tables.console()
        _announce(console, crash, facts)
        _story.print_story(console, facts, bar, run.path, written)
    return {
        "run": str(run.path),
        "report": None if written is None else str(written),
        "scenario": given.name,
        "seed": given.seed,
        "hash": crash.house.hash,
        "passes": len(crash.marks),
        "events": bar.events,
        "counts": facts.record.counts(),
        "liquidated_wallets": len(facts.liquidated),
        "closed": [_closed(facts, view) for view in facts.views],
        "borne": [_borne(view, each) for view, each in zip(facts.views, facts.bearers, strict=True)],
        "funds": {
            fund.name: {"before": _decimal(facts, fund, 0), "after": _decimal(facts, fund, -1)} for fund in facts.funds
        },
        "seconds": bar.seconds,
    }


@contextlib.contextmanager
def told_how_to_go_on(folder: Path) -> Iterator[None]:
    """Who stops a run is told what goes on with it; of one that has not begun there is nothing to tell."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder / MANIFEST).exists():
            complain("stopped", f"{command('resume', folder)} goes on from the last pass that was complete")
        raise


def _refuse_run(folder: Path) -> None:
    """Refuse a folder that holds a run, with the command that does something with it."""
    if str(folder) == "-":
        raise AdlError.at("out", None, "-", "must be a folder: a run is several files")
    try:
        run = Run(folder, read_manifest(folder))
    except (AdlError, OSError):
        return  # whatever is there is refused, or filled, when the run is recorded
    if run.sealed:
        told = f"holds a whole run already: {command('report', folder)} writes its report"
    else:
        told = f"holds a run that was stopped: {command('resume', folder)} goes on with it"
    raise AdlError(f"{folder} {told}; another one must go elsewhere", argument="--out", value=str(folder))


def _closed(facts: Facts, view: View) -> dict[str, Any]:
    """What each stage took of positions in liquidation, in one unit, and what nobody took at the end."""
    stages = dict(zip(STAGES, facts.stage_worth(view).tolist(), strict=True))
    return {"unit": view.unit, "how": view.note, **stages, "left uncovered": facts.left_worth(view)}


def _borne(view: View, each: Bearers) -> dict[str, Any]:
    """How it was shared by those who were deleveraged."""
    users = each.per_user
    return {
        **{"unit": view.unit, "users": len(users), "notional": float(users.sum())},
        **{"largest": top_share(users, 1), "top_one_percent": top_share(users, each.one_percent), "gini": gini(users)},
    }


def _decimal(facts: Facts, fund: FundCash, place: int) -> str:
    """The cash of a fund before the first pass or after the last."""
    return facts.run.assets[fund.asset].decimal(int(fund.cash[place]))


def _configuration(crash: Crash) -> dict[str, Any]:
    """What the manifest of a run says, so that it can be made again, and what its report asks of it."""
    held = crash.house.funds.items()
    funds = [{"name": name, "asset": fund.asset, "balance": format(fund.balance, "f")} for name, fund in held]
    said = {"rule": crash.scenario.venue.rule, "time_unit": TIME_UNIT, "funds": funds}
    found = {SCENARIO: crash.scenario.fields(), **said}
    # A file of marks may be gone when the run is made again.
    return found if crash.scenario.shock.marks is None else {**found, MARKS: crash.marks}


def _announce(console: Screen, crash: Crash, facts: Facts) -> None:
    """How large the venue was, and how far it fell."""
    run = facts.run
    wallets, positions = len(run.before.wallets), len(run.before.positions)
    listed = counted(len(run.contracts), "contract")
    first = crash.scenario.contracts[0]
    prices = [marks[first.symbol] for _, marks in crash.marks if first.symbol in marks]
    low = min(prices, key=float, default=first.price)
    moved = f"{first.symbol} {float(low) / float(first.price) - 1:+.0%} in {counted(len(crash.marks), 'mark')}"
    console.titled(f"{wallets:,} wallets, {positions:,} positions, {listed}", f"; {moved}")


def crash_of(run: Run) -> Crash:
    """The crash that a run is of, as it was before the first pass."""
    fields = run.configuration.get(SCENARIO)
    if not isinstance(fields, dict):
        must = "must name the scenario that it is of: only runs that simulate made can be made again here"
        raise AdlError.at("RUN", None, str(run.path), must)
    given = run.configuration.get(MARKS)
    return Crash.of(scenarios.read(fields), marks=None if given is None else _marks(given))


def _marks(given: Any) -> list[tuple[int, dict[str, str]]]:
    """The marks of a configuration: time and prices of each pass."""
    place, must = f"configuration.{MARKS}", "must be a time and a mapping of contracts to prices"
    found = []
    for row, each in enumerate(a_list(place, given, "must be a list of times and prices")):
        if not isinstance(each, list) or len(each) != 2 or not isinstance(each[1], dict):
            raise AdlError.at(place, row, each, must)
        for symbol, price in each[1].items():
            positive_decimal(price, keyed(f"{place}[{row}]", symbol))
        found.append((whole_number(each[0], place, row), each[1]))
    return found


def told_hash(digest: str) -> str:
    """The rolling hash of the events of a run, in a sentence; a house that made no pass yet has none."""
    return f"hash of the events {digest}" if digest else "no pass was made, so there is no hash of events"


def watched(crash: Crash, bar: PassBar) -> Iterator[Inputs]:
    """The passes of a crash; the bar moves on when the next one is asked for."""
    for given in crash.passes():
        yield given
        bar.advance(crash.house)
