"""``adlcore demo``: a crash of 100,000 accounts, told in a few lines, and what it teaches of funds and books."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..clearing.closings import BOOK, FUND, STAGES, USERS, VALUATION_TEXT
from . import _options, _tables
from ._json import print_json
from ._screen import Screen

if TYPE_CHECKING:
    from ..lab.comparisons import Variant
    from ..lab.outcome import Outcome

__all__ = ["demo"]

FOLDER = "adlcore-demo"
#: The crashes that are compared are smaller than the one that is told.
COMPARED_SHARE, COMPARED_LEAST = 5, 1000


def demo(
    accounts: Annotated[
        int, typer.Option("--accounts", min=100, max=10**6, metavar="N", help="Wallets in the crash.")
    ] = 100_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same crash.")] = 7,
    out: _options.OutOption = None,
    with_report: _options.ReportOption = True,
    as_json: _options.JsonOption = False,
) -> None:
    """Crash a venue: prices fall 30 % in an hour, and every event is kept, counted and drawn."""
    # Late: pydantic, for scenarios, is slow to import.
    from ..lab import comparisons, scenarios
    from ._recording import record_crash

    given = scenarios.read({"name": "demo", "seed": seed, "wallets": {"count": accounts, "positions": 2 * accounts}})
    document = record_crash(given, _free(Path(FOLDER)) if out is None else out, with_report, as_json)
    compared = comparisons.variants(max(accounts // COMPARED_SHARE, COMPARED_LEAST), seed=seed)
    outcomes = {variant.name: comparisons.crash_outcome(variant.scenario) for variant in compared}
    if as_json:
        document["compared"] = {
            name: {
                "liquidated_wallets": len(found.liquidated),
                "closed": {"unit": found.unit, **dict(zip(STAGES, found.closed.tolist(), strict=True))},
                "deleveraged_share": found.deleveraged_share,
            }
            for name, found in outcomes.items()
        }
        print_json(document)
        return
    _print_compared(_tables.console(), compared, outcomes)


def _free(folder: Path) -> Path:
    """The folder, or with a number behind it where it is there already."""
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _change(share: float) -> str:
    return "-" if isnan(share) else f"{share:+.0%}"


def _print_compared(out: Screen, compared: list[Variant], outcomes: dict[str, Outcome]) -> None:
    """The same fall of one coin of four, with one thing changed at a time."""
    from .._support.wording import short

    out.print()
    out.titled("One coin of four falls 30 %", "; each fund is 3 % of what it answers for:")
    out.print()
    rows = [outcomes[variant.name] for variant in compared]
    change = [
        _change(found.change_from(outcomes[variant.against])) if variant.against else ""
        for variant, found in zip(compared, rows, strict=True)
    ]
    columns = [
        _tables.Column("", [variant.name for variant in compared], right=False),
        _tables.Column("book", [f"{found.share(BOOK):.0%}" for found in rows]),
        _tables.Column("fund", [f"{found.share(FUND):.0%}" for found in rows]),
        _tables.Column("ADL", [f"{found.share(USERS):.0%}" for found in rows]),
        _tables.Column(f"in {rows[0].unit}", [short(float(found.closed[USERS])) for found in rows]),
        _tables.Column("of all", [f"{found.deleveraged_share:.1%}" for found in rows]),
        _tables.Column("change", [Text(cell, "bold") for cell in change]),
    ]
    _tables.print_table(out, columns)
    out.print()
    what = f'ADL in {rows[0].unit} is {VALUATION_TEXT}; "of all" is its share of the coin\'s open interest, in lots.'
    _tables.say(out, what)
    for variant, cell in zip(compared, change, strict=True):
        if variant.lesson:
            _tables.say(out, f'{cell} against "{variant.against}": {variant.lesson}.')
