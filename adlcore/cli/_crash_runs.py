"""The crash that a run is of: what the run keeps of it, and the crash made again from that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._support.options import read_list
from ..contracts.decimals import positive_decimal, whole_number
from ..errors import AdlError, keyed
from ..io import Inputs, Run
from ..io.manifests import MANIFEST
from ..io.marks import Marks, TimedMarks
from ..io.runs.folder import command_line
from ..lab import scenarios
from ..lab.crash import TIME_UNIT, Crash
from ._pass_bar import PassBar
from ._screen import complain

__all__ = ["configuration_of", "crash_of", "hash_line", "remake_crash", "advise_resume", "passes_with_bar"]

#: The key of the scenario in the configuration of a run.
SCENARIO = "scenario"
#: The key of marks that were read from a file.
MARKS = "marks"


def configuration_of(crash: Crash) -> dict[str, Any]:
    """What the manifest of a run says, so that it can be made again, and what its report asks of it."""
    funds = [
        {"name": name, "asset": fund.asset, "balance": format(fund.balance, "f")}
        for name, fund in crash.house.funds.items()
    ]
    scenario = crash.scenario
    configuration = {SCENARIO: scenario.fields(), "rule": scenario.venue.rule, "time_unit": TIME_UNIT, "funds": funds}
    # A file of marks may be gone when the run is made again.
    return configuration if scenario.shock.marks is None else {**configuration, MARKS: crash.marks}


def crash_of(run: Run) -> Crash:
    """The crash that a run is of, as it was before the first pass."""
    fields = run.configuration.get(SCENARIO)
    if not isinstance(fields, dict):
        must = "must name the scenario that it is of: only runs that simulate made can be made again here"
        raise AdlError.at("RUN", None, str(run.path), must)
    marks = run.configuration.get(MARKS)
    return Crash.of(scenarios.read(fields), marks=None if marks is None else _read_marks(marks))


def _read_marks(entries: Any) -> Marks:
    """The marks of a configuration: time and prices of each pass."""
    place, must = f"configuration.{MARKS}", "must be a time and a mapping of contracts to prices"
    marks = []
    for row, entry in enumerate(read_list(place, entries, "must be a list of times and prices")):
        if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[1], dict):
            raise AdlError.at(place, row, entry, must)
        time, prices = entry
        for symbol, price in prices.items():
            positive_decimal(price, keyed(f"{place}[{row}]", symbol))
        marks.append(TimedMarks(whole_number(time, place, row), prices))
    return marks


@contextmanager
def remake_crash(run: Run, activity: str) -> Iterator[tuple[Crash, PassBar]]:
    """The crash that a run is of, and a bar that says what is done with its passes."""
    crash = crash_of(run)
    with PassBar(crash, activity) as bar:
        yield crash, bar


def passes_with_bar(crash: Crash, bar: PassBar) -> Iterator[Inputs]:
    """The passes of a crash; the bar moves on when the next one is asked for."""
    for inputs in crash.passes():
        yield inputs
        bar.advance(crash.house)


@contextmanager
def advise_resume(folder: Path) -> Iterator[None]:
    """Who stops a run is told what goes on with it; of one that has not begun there is nothing to tell."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder / MANIFEST).exists():
            complain("stopped", f"{command_line('resume', folder)} goes on from the last pass that was complete")
        raise


def hash_line(digest: str) -> str:
    """The rolling hash of the events of a run, in a sentence; a house that made no pass yet has none."""
    return f"hash of the events {digest}" if digest else "no pass was made, so there is no hash of events"
