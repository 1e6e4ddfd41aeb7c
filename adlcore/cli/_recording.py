"""A crash made to happen: recorded as a run, told on the terminal, and summed up for machines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .. import io, report
from .._support.extras import require
from .._support.members import stat_member
from .._support.wording import counted
from ..clearing.closings import STAGES
from ..errors import AdlError
from ..io import Run
from ..io.runs.folder import command_line
from ..io.runs.manifest import read_manifest
from ..lab import scenarios
from ..lab.crash import Crash
from ..report.facts.bearers import Bearers
from ..report.facts.concentration import gini, top_share
from ..report.facts.fund_cash import FundCash
from ..report.facts.prices import View
from ..report.facts.run_facts import Facts
from . import _story, _tables
from ._crash_runs import advise_resume, configuration_of
from ._pass_bar import PassBar
from ._screen import Screen
from .report import REPORT

__all__ = ["record_crash"]


def record_crash(scenario: scenarios.Scenario, folder: Path, *, with_report: bool, quiet: bool) -> dict[str, Any]:
    """Record a crash and, unless `quiet`, tell it; the same as a document."""
    _refuse_run(folder)
    if with_report:
        for package in ("plotly", "jinja2"):
            require(package, "a report")  # now, and not when the run stands
    crash = Crash.of(scenario)
    with advise_resume(folder), PassBar(crash, scenario.name) as bar:
        run = io.record(folder, crash.house, crash.passes(), configuration=configuration_of(crash), on_pass=bar)
    facts, written = Facts(run), None
    if with_report:
        written = folder / REPORT
        stat_member(written)  # in a run's folder no link is followed
        report.write(facts, written)
    if not quiet:
        console = _tables.console()
        _announce(console, crash, facts)
        _story.print_story(console, facts, bar, run.path, written)
    return {
        "run": str(run.path),
        "report": None if written is None else str(written),
        "scenario": scenario.name,
        "seed": scenario.seed,
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


def _refuse_run(folder: Path) -> None:
    """Refuse a folder that holds a run, with the command that does something with it."""
    if str(folder) == "-":
        raise AdlError.at("out", None, "-", "must be a folder: a run is several files")
    try:
        run = Run(folder, read_manifest(folder))
    except (AdlError, OSError):
        return  # whatever is there is refused, or filled, when the run is recorded
    if run.sealed:
        advice = f"holds a whole run already: {command_line('report', folder)} writes its report"
    else:
        advice = f"holds a run that was stopped: {command_line('resume', folder)} goes on with it"
    raise AdlError(f"{folder} {advice}; another one must go elsewhere", argument="--out", value=str(folder))


def _closed(facts: Facts, view: View) -> dict[str, Any]:
    """What each stage took of positions in liquidation, in one unit, and what nobody took at the end."""
    stages = dict(zip(STAGES, facts.closings.by_stage(view).tolist(), strict=True))
    return {"unit": view.unit, "how": view.note, **stages, "left uncovered": facts.uncovered_at_end.total(view)}


def _borne(view: View, each: Bearers) -> dict[str, Any]:
    """How it was shared by those who were deleveraged."""
    users = each.per_user
    return {
        **{"unit": view.unit, "users": len(users), "notional": each.total},
        **{"largest": top_share(users, 1), "top_one_percent": top_share(users, each.one_percent), "gini": gini(users)},
    }


def _decimal(facts: Facts, fund: FundCash, pass_index: int) -> str:
    """The cash of a fund before the first pass or after the last."""
    return facts.run.assets[fund.asset].decimal(int(fund.cash[pass_index]))


def _announce(console: Screen, crash: Crash, facts: Facts) -> None:
    """How large the venue was, and how far it fell."""
    run = facts.run
    wallets, positions = len(run.before.wallets), len(run.before.positions)
    listed = counted(len(run.contracts), "contract")
    first = crash.scenario.contracts[0]
    moved = f"{first.symbol} {crash.lowest():+.0%} in {counted(len(crash.marks), 'mark')}"
    console.titled(f"{wallets:,} wallets, {positions:,} positions, {listed}", f"; {moved}")
