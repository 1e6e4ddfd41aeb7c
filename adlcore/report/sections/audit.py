"""The audit of the run's own events, and its manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..._support.wording import counted
from ..facts.run_facts import Facts
from ..facts.times import Clock
from ..page.blocks import (
    Block,
    Details,
    Section,
    TableBlock,
    TableColumn,
    amount_column,
    empty_note,
    number_column,
    text_column,
)

__all__ = ["section"]

#: Characters of the configuration that are printed at most.
MOST_TEXT = 20_000

#: Parts of the manifest that are not printed: the configuration has a place of its own, names are of the format.
UNPRINTED = ("configuration", "names")

#: What it calls the time of the house before the first pass.
OPENED = "opening, time"


def section(facts: Facts) -> Section:
    """The audit and the manifest."""
    audit = facts.conservation
    if audit.holds:
        headline = f"Conserved exactly: {_movements(audit.movements)}, and nothing was lost or made."
    else:
        headline = f"Not conserved: {audit.problems[0]}."
    blocks = [_legs(facts)]
    if audit.problems:
        blocks.append(TableBlock("What does not hold", [text_column("difference", audit.problems, "wide")]))
    blocks.append(_manifest(facts.run.manifest, facts.clock))
    if facts.run.configuration:
        blocks.append(_configuration(facts.run.configuration))
    return Section("audit", "The audit and the manifest", headline, blocks)


def _movements(count: int) -> str:
    """That legs sum to 0, in words, of so many movements."""
    if not count:
        return "there were no movements"
    if count == 1:
        return "the two legs of the one movement sum to 0"
    return f"the two legs of each of {count:,} movements sum to 0"


def _legs(facts: Facts) -> Block:
    """For each asset what was received, what was given, and their sum, in whole quanta."""
    audit, assets = facts.conservation, facts.run.assets
    rows = [code for code in range(len(assets)) if audit.legs[code] or audit.outside[code]]
    if not rows:
        return empty_note("No money moved.")
    listed = [assets[code] for code in rows]

    def column(title: str, quanta: tuple[int, ...]) -> TableColumn:
        return amount_column(title, [quanta[code] for code in rows], [asset.decimals for asset in listed], signed=True)

    total = tuple(r + g for r, g in zip(audit.received, audit.given, strict=True))
    columns = [
        text_column("asset", [asset.name for asset in listed]),
        number_column("legs", [f"{audit.legs[code]:,}" for code in rows], [audit.legs[code] for code in rows]),
        column("received", audit.received),
        column("given", audit.given),
        number_column("sum, in quanta", [f"{total[code]:,}" for code in rows], [total[code] for code in rows]),
        column("from outside", audit.outside),
    ]
    wrong = [c.symbol for c, lots in zip(facts.run.contracts, audit.lots, strict=True) if lots]
    lots = f"The lots of all legs sum to 0 in {counted(len(audit.lots), 'contract')}."
    if wrong:
        lots = f"The lots of all legs do not sum to 0 in {', '.join(wrong)}."
    note = f"Added up from {counted(len(facts.record), 'event')}, as whole numbers. {lots}"
    return TableBlock("Legs of all movements", columns, note)


def _manifest(manifest: Mapping[str, Any], clock: Clock) -> Block:
    """What the manifest says, hashes above all."""
    rows = list(_flat("", {name: value for name, value in manifest.items() if name not in UNPRINTED}))
    rows = [(name, _time(value, clock) if name == OPENED else value) for name, value in rows]
    if not rows:
        return empty_note("The run has no manifest.")
    return TableBlock(
        "Manifest",
        [text_column("what", [name for name, _ in rows]), text_column("value", [value for _, value in rows], "wide")],
    )


def _time(value: str, clock: Clock) -> str:
    """A time as it stands there, and as it is told; a house that was never told one stands at 0, which is no date."""
    known = value.removeprefix("-").isdecimal() and clock.unit is not None and not (clock.has_dates and int(value) == 0)
    return f"{value} ({clock.when(int(value))})" if known else value


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each value of nested mappings, with the names that lead to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{prefix}, {name}" if prefix else str(name), inner)
    else:
        yield prefix, value if isinstance(value, str) else json.dumps(value, default=str)


def _configuration(configuration: Any) -> Details:
    """The configuration as text, cut where it is long."""
    text = json.dumps(configuration, indent=2, ensure_ascii=False, default=str)
    more = f"\n… {len(text) - MOST_TEXT:,} characters more" if len(text) > MOST_TEXT else ""
    return Details("Configuration", f"{text[:MOST_TEXT]}{more}".split("\n"))
