"""``adlcore demo``: a crash of 100,000 accounts, told in a few lines, and what it teaches of funds and books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ..clearing.closings import BASIS, BOOK, FUND, STAGES, USERS
from . import _common, _tables
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
    out: _common.OutOption = None,
    with_report: _common.ReportOption = True,
    as_json: _common.JsonOption = False,
) -> None:
    """Crash a venue: prices fall 30 % in an hour, and every event is kept, counted and drawn."""
    from ..lab import comparisons, scenarios
    from ._crashes import happened

    given = scenarios.read({"name": "demo", "seed": seed, "wallets": {"count": accounts, "positions": 2 * accounts}})
    document = happened(given, _free(Path(FOLDER)) if out is None else out, with_report, as_json)
    compared = comparisons.variants(max(accounts // COMPARED_SHARE, COMPARED_LEAST), seed=seed)
    outcomes = {variant.name: comparisons.outcome(variant.scenario) for variant in compared}
    if as_json:
        document["compared"] = {
            name: {
                "liquidated_wallets": len(found.liquidated),
                "closed": {"unit": found.unit, **dict(zip(STAGES, found.closed.tolist(), strict=True))},
                "deleveraged_share": found.deleveraged_share,
            }
            for name, found in outcomes.items()
        }
        _common.print_json(document)
        return
    _print_compared(_tables.console(), compared, outcomes)


def _free(folder: Path) -> Path:
    """The folder, or with a number behind it where it is there already."""
    number, free = 1, folder
    while free.exists():
        number += 1
        free = folder.with_name(f"{folder.name}-{number}")
    return free


def _print_compared(out: Screen, compared: list[Variant], outcomes: dict[str, Outcome]) -> None:
    """The same fall of one coin of four, with one thing changed at a time."""
    from .._support.wording import short

    out.print()
    out.titled("One coin of four falls 30 %", "; each fund is 3 % of what it answers for:")
    out.print()
    rows = [outcomes[variant.name] for variant in compared]
    share = [found.deleveraged_share for found in rows]
    against = [None if not variant.against else outcomes[variant.against].deleveraged_share for variant in compared]
    change = [
        "" if base is None else f"{value / base - 1:+.0%}" if base else "-"
        for value, base in zip(share, against, strict=True)
    ]
    columns = [
        _tables.Column("", [variant.name for variant in compared], right=False),
        _tables.Column("book", [f"{found.share(BOOK):.0%}" for found in rows]),
        _tables.Column("fund", [f"{found.share(FUND):.0%}" for found in rows]),
        _tables.Column("ADL", [f"{found.share(USERS):.0%}" for found in rows]),
        _tables.Column(f"in {rows[0].unit}", [short(float(found.closed[USERS])) for found in rows]),
        _tables.Column("of all", [f"{each:.1%}" for each in share]),
        _tables.Column("change", [Text(cell, "bold") for cell in change]),
    ]
    _tables.print_table(out, columns)
    out.print()
    what = f'ADL in {rows[0].unit} is {BASIS}; "of all" is its share of the coin\'s open interest, in lots.'
    _tables.say(out, what)
    for variant, cell in zip(compared, change, strict=True):
        if variant.lesson:
            _tables.say(out, f'{cell} against "{variant.against}": {variant.lesson}.')
