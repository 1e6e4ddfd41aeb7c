"""A crash told in ten lines."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape

from ..clearing import Snapshot
from ..io import Run
from ..lab.outcome import Outcome
from ..report.concentration import gini, top_share
from . import _tables
from ._pass_bar import PassBar

__all__ = ["print_story"]

#: Words for what happened, as wide as the widest of them.
HEAD = 13
MILLION = 10**6
#: Funds that are named one by one.
MOST_FUNDS = 4

#: Why funds refuse, by the cause of their events.
REASONS = {
    "depleted": "their equity would be below 0",
    "net-notional": "their net notional would be above its cap",
    "drawdown": "their equity would fall beyond their drawdown",
    "drawdown-on": "they have fallen beyond their drawdown",
}


def print_story(
    out: Console,
    run: Run,
    bar: PassBar,
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
    report: Path | None,
) -> None:
    """Who was liquidated, who took the positions, who was deleveraged, and that nothing was lost.

    `before` and `after` are the balances of the funds.
    """
    found, counts = bar.outcome, bar.outcome.counts
    size = _tables.usd(found.closed)
    _line(out, "liquidated", f"{len(found.liquidated):,} wallets; {size} closed, at the prices before the crash:")
    _line(out, "  order book", f"{_part(found, 'book-fill')} filled by immediate-or-cancel orders")
    _line(out, "  funds", f"{_part(found, 'take-over')} taken over; {counts['cover']:,} shortfalls paid")
    if found.refused:
        _line(out, "  refused", _refusals(found))
    _line(out, "  deleveraged", f"{_part(found, 'adl-fill')} in {counts['adl-notice']:,} fills, each told to its user")
    _line(out, "who bore it", _bearers(run.before, found))
    left = f"{counts['uncovered-lots']:,} positions left open for a mark, {counts['uncovered-money']:,} debts unpaid"
    _line(out, "uncovered", left)
    _line(out, "orders", f"{counts['order-cancelled']:,} cancelled")
    moves = [f"{name} {_amount(before[name])} to {_amount(after[name])}" for name in after]
    _line(out, "funds", "; ".join(moves))
    _line(out, "audit", f"conserved exactly at each of {_passes(run)}: money, open interest, funds")
    rows = len(run.before.positions)
    speed = f"{rows * len(run.passes()['pass']) / bar.seconds / MILLION:,.1f} m positions re-margined a second"
    _line(out, "speed", f"{bar.events:,} events in {bar.seconds:.1f} s; {speed}")
    _line(out, "run", shown(run.path))
    if report is not None:
        _line(out, "report", shown(report))


def shown(path: Path) -> str:
    """A path below the current folder as such."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else f".{os.sep}{relative}"


def _line(out: Console, head: str, text: str) -> None:
    lines = textwrap.wrap(text, max(out.width - HEAD - 1, HEAD), break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        out.print(f"[bold]{'' if number else head:<{HEAD}}[/] {escape(line)}", soft_wrap=True)


def _part(found: Outcome, kind: str) -> str:
    return f"{_tables.usd(found.notional[kind])} ({found.share(kind):.0%})"


def _refusals(found: Outcome) -> str:
    """Which funds refused, how often, and mostly why."""
    funds, causes = Counter[str](), Counter[str]()
    for (fund, cause), count in found.refused.items():
        funds[fund] += count
        causes[cause] += count
    (cause, most), *_ = causes.most_common(1)
    listed = ", ".join(f"{fund} {count:,}" for fund, count in funds.most_common(MOST_FUNDS))
    more = f" and {len(funds) - MOST_FUNDS:,} more" if len(funds) > MOST_FUNDS else ""
    times = _tables.counted(funds.total(), "time")
    return f"{times} ({listed}{more}): {most / funds.total():.0%} because {REASONS[cause]}"


def _passes(run: Run) -> str:
    return _tables.counted(len(run.passes()["pass"]), "mark").replace("1 mark", "the one mark")


def _bearers(snapshot: Snapshot, found: Outcome) -> str:
    """How unequally ADL was borne."""
    _, account = np.unique(snapshot.wallets.account, return_inverse=True)
    borne = np.bincount(account, found.borne)
    borne = borne[borne > 0]
    if not len(borne):
        return "nobody"
    top = f"the largest {top_share(borne, 1):.1%}, the top 1% {top_share(borne, max(1, len(borne) // 100)):.1%}"
    return f"{_tables.counted(len(borne), 'user')}: {top} (Gini {gini(borne):.2f})"


def _amount(balance: Decimal) -> str:
    return f"{balance:,.0f}" if balance >= 1000 else f"{balance:,.2f}"
