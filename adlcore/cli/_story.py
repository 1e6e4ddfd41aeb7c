"""A crash told in a few lines: the facts that its report is made of, in fewer words."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from .._support.text import visible
from .._support.wording import amount_text, counted, listed, percent, short
from ..clearing.closings import BOOK, FUND, INVENTORY, LEGS, USERS, VALUATION_TEXT, VAULT
from ..report.facts.bearers import Bearers
from ..report.facts.closings import STAGE_WORDS, share_of_stage
from ..report.facts.concentration import gini, top_share
from ..report.facts.fund_cash import FundCash
from ..report.facts.prices import View
from ..report.facts.refusals import TRIGGER_CAUSES
from ..report.facts.run_facts import Facts
from ..report.sections import insurance, story
from ._pass_bar import PassBar
from ._screen import Screen
from ._tables import FIXED_SPACE

__all__ = ["print_story"]

#: Words for what happened, as wide as the widest of them.
HEAD = 13
#: Funds that are named one by one.
MOST_FUNDS = 4

#: Where nothing stayed uncovered.
EVERYTHING = "nothing: every position found a taker, every shortfall was paid"


def print_story(out: Screen, facts: Facts, bar: PassBar, run: Path, report: Path | None) -> None:
    """Who was liquidated, who took the positions, who was deleveraged, and that nothing was lost."""
    record = facts.record
    notional = [facts.closings.by_stage(view) for view in facts.views]
    closed = listed(story.amounts_text(facts, [float(each.sum()) for each in notional]))
    how = "".join(f"; {view.note}" for view in facts.views if view.note)
    _line(out, "liquidated", f"{counted(len(facts.liquidated), 'wallet')}; {closed} closed, {VALUATION_TEXT}{how}")
    refused = [(record.parties[each.party], each.cause, each.refusal_count) for each in facts.refusals.series(record)]
    done = {
        BOOK: "filled by immediate-or-cancel orders",
        LEGS: "netted with each other",
        VAULT: "taken",
        INVENTORY: "netted with what they held",
        FUND: f"taken over; {counted(record.tally('cover'), 'payment')} for shortfalls",
        USERS: f"in {counted(record.tally('adl-notice'), 'fill')}, each told to its user",
    }
    for stage, words in enumerate(STAGE_WORDS):
        if stage in story.ALWAYS_SHOWN or any(each[stage] for each in notional):
            values = listed(story.amounts_text(facts, [float(each[stage]) for each in notional]))
            share = ""
            if len(notional) == 1 and notional[0].any():
                share = f" ({percent(share_of_stage(notional[0], stage))})"
            _line(out, f"  {words.line}", f"{values}{share} {done[stage]}")
        if stage == FUND and refused:
            _line(out, "  refused", _refusals(refused))
    bearing = [_bearers(view, each) for view, each in zip(facts.views, facts.bearers, strict=True) if len(each)]
    _line(out, "who bore it", "; ".join(bearing) or "nobody")
    covered = not facts.debts and not len(facts.uncovered.event)
    _line(out, "uncovered", EVERYTHING if covered else insurance.headline(facts))
    _line(out, "marks", f"{_marks(facts)}; {counted(record.tally('order-cancelled'), 'open order')} cancelled")
    _line(out, "funds", "; ".join(_fund(facts, fund) for fund in facts.funds if fund.asset >= 0))
    _line(out, "audit", f"conserved exactly at each of {_passes(facts)}: money, open interest, funds")
    rows = len(facts.run.before.positions)
    speed = f"{short(rows * len(record.pass_number) / bar.seconds)} positions re-margined a second"
    _line(out, "speed", f"{bar.events:,} events in {bar.seconds:.1f} s; {speed}")
    _line(out, "run", shown(run) if report is None else f"{shown(run)}; report {shown(report)}")


def shown(path: Path) -> str:
    """A path below the current folder as such."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else f".{os.sep}{relative}"


def _line(out: Screen, head: str, text: str) -> None:
    unbroken = visible(text).replace(" %", f"{FIXED_SPACE}%")
    lines = textwrap.wrap(unbroken, max(out.width - HEAD - 1, HEAD), break_long_words=False, break_on_hyphens=False)
    for number, line in enumerate(lines):
        out.titled(f"{'' if number else head:<{HEAD}}", f" {line.replace(FIXED_SPACE, ' ')}")


def _passes(facts: Facts) -> str:
    marks = len(facts.record.pass_number)
    return "the one mark" if marks == 1 else counted(marks, "mark")


def _marks(facts: Facts) -> str:
    """How many marks there were, and from when to when."""
    times = facts.record.pass_time.tolist()
    between = f", {facts.clock.between(times[0], times[-1])}" if times else ""
    return f"{counted(len(times), 'mark')}{between}"


def _refusals(refused: Sequence[tuple[str, str, int]]) -> str:
    """Which funds refused, how often, and why more than half of the times; of each fund and cause the number."""
    funds, causes = Counter[str](), Counter[str]()
    for fund, cause, count in refused:
        funds[fund] += count
        causes[cause] += count
    most: list[tuple[str, int]] = []
    for cause, count in causes.most_common():
        if 2 * sum(counts for _, counts in most) <= causes.total():
            most.append((cause, count))
    named = ", ".join(f"{fund} {count:,}" for fund, count in funds.most_common(MOST_FUNDS))
    more = f" and {len(funds) - MOST_FUNDS:,} more" if len(funds) > MOST_FUNDS else ""
    shares = ["all" if count == funds.total() else percent(count / funds.total()) for _, count in most]
    why = [f"{share} because {TRIGGER_CAUSES[cause].reason}" for share, (cause, _) in zip(shares, most, strict=True)]
    return f"{counted(funds.total(), 'time')} ({named}{more}): {', '.join(why)}"


def _bearers(view: View, each: Bearers) -> str:
    """How unequally ADL was borne."""
    where = "" if view.is_total else f" in {view.unit}"
    users = each.per_user
    top = f"the largest {percent(top_share(users, 1))}"
    if each.one_percent > 1:
        top += f", the top 1 % {percent(top_share(users, each.one_percent))}"
    return f"{counted(len(users), 'user')}{where}: {top} (Gini {gini(users):.2f})"


def _fund(facts: Facts, fund: FundCash) -> str:
    """The cash of a fund, before and after."""
    asset = facts.run.assets[fund.asset]
    name = fund.name if fund.name == asset.name else f"{fund.name} ({asset.name})"
    return (
        f"{name} {amount_text(int(fund.cash[0]), asset.decimals)} to {amount_text(int(fund.cash[-1]), asset.decimals)}"
    )
