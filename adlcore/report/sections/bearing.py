"""Who bore it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..._support.wording import amount_text, counted, grouped, listed, percent, ratio, short
from ..facts.bearers import Bearers, notice_ratios
from ..facts.concentration import gini, lorenz, top_share
from ..facts.prices import View
from ..facts.run_facts import Facts
from ..figures.bearing_plot import lorenz_figure
from ..page.blocks import (
    Block,
    Figure,
    Plot,
    Section,
    TableBlock,
    amount_column,
    empty_note,
    number_column,
    text_column,
)

__all__ = ["section"]

TITLE = "Who bore it"

#: Points of a Lorenz curve, and rows of the table, at most.
MOST_POINTS, MOST_ROWS = 400, 50


def section(facts: Facts) -> Section:
    """How the notional that was deleveraged was shared, and the largest notices."""
    borne = [(view, each) for view, each in zip(facts.views, facts.bearers, strict=True) if len(each)]
    if not borne:
        return Section("bearing", TITLE, "Nobody was auto-deleveraged.", [empty_note("No notice was sent.")])
    drawn = [_lorenz(view, each) for view, each in borne]
    blocks: list[Block] = [Figure("lorenz", drawn, 380, "Settle asset"), _shares(borne), _notices(facts, borne)]
    return Section("bearing", TITLE, _headline(borne), blocks)


def _headline(borne: list[tuple[View, Bearers]]) -> str:
    """How much was borne by how few, in each unit."""
    parts = []
    for view, each in borne:
        users = each.per_user
        total = f"{short(float(users.sum()))} {view.unit}"
        if len(users) == 1:
            parts.append(f"one user bore all {total}")
        elif len(users) <= 10:
            share = percent(top_share(users, 1))
            parts.append(f"{counted(len(users), 'user')} bore {total}, the one with most {share} of it")
        else:
            ten, all_of = percent(top_share(users, 10)), f"{len(users):,} deleveraged users"
            parts.append(f"ten of {all_of} bore {ten} of {total} (Gini {gini(users):.2f})")
    text = listed(parts)
    return f"{text[0].upper()}{text[1:]}."


def _lorenz(view: View, each: Bearers) -> Plot:
    """The Lorenz curve over the users that were closed."""
    users = each.per_user
    x, y = lorenz(users, MOST_POINTS)
    caption = (
        f"Lorenz curve of the notional that was deleveraged, in {view.unit}, over the {counted(len(users), 'user')} "
        f"that were closed, of {each.users:,}. Gini coefficient {gini(users):.3f}."
    )
    if len(x) < len(users) + 1:
        caption += f" Shown: {len(x):,} of {len(users) + 1:,} points."
    return Plot(view.unit, lorenz_figure(x, y, len(users)), caption)


class _Group(NamedTuple):
    """Those users with most, so many of them, and what they bore of all in a unit."""

    unit: str
    name: str
    users: int
    share: float
    notional: float


def _shares(borne: list[tuple[View, Bearers]]) -> TableBlock:
    """A row for each group of users with most, those of one unit together."""
    rows: list[_Group] = []
    for view, each in borne:
        users = each.per_user
        count = len(users)
        groups = [("the user with most", 1), ("all", count)]
        if count > 10:
            groups.insert(1, ("the ten with most", 10))
        if count >= 100:
            groups.insert(2, ("the top 1 %", each.one_percent))
        largest = np.sort(users)[::-1]
        rows += [_Group(view.unit, name, k, top_share(users, k), float(largest[:k].sum())) for name, k in groups]
    columns = [
        text_column("of the deleveraged users", [row.name for row in rows]),
        number_column("users", [f"{row.users:,}" for row in rows], [row.users for row in rows]),
        number_column("share", [percent(row.share) for row in rows], [row.share for row in rows]),
        number_column("notional", [f"{row.notional:,.2f}" for row in rows], [row.notional for row in rows]),
        text_column("unit", [row.unit for row in rows]),
    ]
    return TableBlock("How evenly it was shared", columns)


def _notice(facts: Facts, event: int) -> str:
    """What the user was told by the ``adl-notice`` that stands at a place of the record."""
    record = facts.record
    contract = facts.run.contracts[int(record.contract[event])]
    closed, at = abs(int(record.lots[event])), int(record.price[event])
    realized = amount_text(int(record.amount[event]), contract.settle.decimals, signed=True)
    return (
        f"closed {grouped(contract.decimal(closed))} {contract.symbol} at {grouped(contract.price(at))}; "
        f"realized {realized} {contract.settle.name}; "
        "no fee was charged; a new position may be opened at once"
    )


def _notices(facts: Facts, borne: list[tuple[View, Bearers]]) -> TableBlock:
    """A row for each of the largest notices, with the ratios that the user's score was made of."""
    record, run = facts.record, facts.run
    each = max(1, MOST_ROWS // len(borne))
    chosen = [(b.event[k], b.notional[k], view.unit) for view, b in borne for k in b.largest(each).tolist()]
    events = np.array([event for event, _, _ in chosen])
    ratios = notice_ratios(record, run, facts.prices, facts.margin_state(), facts.rule, events)
    contracts = [run.contracts[code] for code in record.contract[events].tolist()]
    lots, ticks, realized = (column[events].tolist() for column in (record.lots, record.price, record.amount))
    notional = [float(value) for _, value, _ in chosen]
    units = {unit for _, _, unit in chosen}
    unit = f", {next(iter(units))}" if len(units) == 1 else ""
    closed = [grouped(c.decimal(abs(n))) for c, n in zip(contracts, lots, strict=True)]
    prices = [grouped(c.price(n)) for c, n in zip(contracts, ticks, strict=True)]
    columns = [
        text_column("account", run.before.wallets.account[record.wallet[events]].tolist()),
        text_column("contract", [c.symbol for c in contracts]),
        text_column("side", ["long" if n < 0 else "short" for n in lots]),
        number_column(
            "pass",
            [f"{n:,}" for n in record.pass_number[record.pass_index[events]].tolist()],
            record.pass_index[events].tolist(),
        ),
        number_column("closed", closed, [abs(n) * float(c.lot) for c, n in zip(contracts, lots, strict=True)]),
        number_column("price", prices, [n * float(c.tick or 1) for c, n in zip(contracts, ticks, strict=True)]),
        number_column(f"notional{unit}", [f"{value:,.2f}" for value in notional], notional),
        amount_column("realized PnL", realized, [c.settle.decimals for c in contracts], signed=True),
        text_column("asset", [c.settle.name for c in contracts]),
        number_column("PnL ratio", [ratio(v) for v in ratios.pnl_ratio.tolist()], ratios.pnl_ratio.tolist()),
        number_column("eff. leverage", [ratio(v) for v in ratios.leverage.tolist()], ratios.leverage.tolist()),
        number_column("score", [ratio(v) for v in ratios.score.tolist()], ratios.score.tolist()),
        text_column("what the user was told", [_notice(facts, event) for event in events.tolist()], "long"),
    ]
    count = sum(len(b) for _, b in borne)
    caption = "Notices of auto-deleveraging"
    if len(chosen) < count:
        caption += f": the {len(chosen)} largest of {count:,}"
    note = (
        f"PnL ratio is U/N, effective leverage N/E, the score that of the rule {facts.rule.name}: of the position as "
        "it was before the first pass, at the marks of the pass."
    )
    return TableBlock(caption, columns, note)
