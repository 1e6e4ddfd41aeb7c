"""Prices and liquidations in time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..._support.wording import counted, moved, short
from ..facts.prices import View
from ..facts.run_facts import Facts
from ..facts.timeline import bars, kept_points
from ..figures.time_plot import price_figure, stage_figure
from ..page.blocks import Block, Figure, Plot, Section, empty_note

__all__ = ["MOST_BARS", "MOST_LINES", "MOST_POINTS", "section"]

#: Bars, lines, and points of a line that a figure has at most.
MOST_BARS, MOST_LINES, MOST_POINTS = 120, 8, 2_000


def section(facts: Facts) -> Section:
    """Marks of the contracts, and what each stage took pass by pass."""
    if not len(facts.record.pass_number):
        return Section("time", "Prices and liquidations in time", "The run has no passes.", [empty_note("No pass.")])
    blocks: list[Block] = [_prices(facts)]
    drawn = [_stages(facts, view) for view in facts.views if facts.closings.by_pass(view).any()]
    blocks.append(
        Figure("stages", drawn, 340, "Settle asset") if drawn else empty_note("No position in liquidation was closed.")
    )
    return Section("time", "Prices and liquidations in time", _headline(facts), blocks)


def _chosen(facts: Facts) -> list[int]:
    """Contracts that are drawn: those with most liquidated first, then as listed; with a price."""
    total = np.zeros(len(facts.run.contracts))
    for view in facts.views:
        total = np.maximum(total, facts.notional_by_side(view).sum(axis=(1, 2)))
    known = np.asarray(np.isfinite(facts.prices.mark).any(axis=0))
    order: list[int] = np.argsort(-total, kind="stable").tolist()
    return [code for code in order if known[code]][:MOST_LINES]


def _prices(facts: Facts) -> Figure:
    """A line of marks for each contract that is drawn."""
    at, time_axis = facts.pass_axis
    chosen = _chosen(facts)
    kept = kept_points(len(at), MOST_POINTS)
    symbols = [facts.run.contracts[code].symbol for code in chosen]
    drawn = price_figure(symbols, at[kept], time_axis, facts.prices.mark[kept][:, chosen])
    caption = f"Mark price of {counted(len(chosen), 'contract')}, 100 before the first pass."
    known = int(np.isfinite(facts.prices.mark).any(axis=0).sum())
    if len(chosen) < known:
        caption += f" Shown: the {len(chosen)} with most liquidated of {known:,}."
    if len(kept) < len(at):
        caption += f" Shown: {len(kept):,} of {len(at):,} points of each."
    return Figure("prices", [Plot("", drawn, caption)], 320)


def _stages(facts: Facts, view: View) -> Plot:
    """Bars of what each stage took, in the unit of a view."""
    at, time_axis = facts.pass_axis
    taken = bars(at, facts.closings.by_pass(view), MOST_BARS)
    by_pass, uncovered = facts.uncovered.by_pass(view), None
    if by_pass.any():
        uncovered = replace(taken, sums=by_pass[taken.last, None])
    each = "Each bar is a pass" if taken.passes == 1 else f"Each bar adds {taken.passes:,} passes up"
    caption = f"Notional of positions in liquidation by who took it, in {view.unit}. {each}."
    if uncovered is not None:
        caption += " Dots: what nobody had taken when the last pass of a bar ended."
    return Plot(view.unit, stage_figure(taken, uncovered, time_axis, view.unit), caption)


def _headline(facts: Facts) -> str:
    """The contract that moved most, and the pass that closed most."""
    record, marks = facts.record, facts.prices.mark
    with np.errstate(all="ignore"):
        change = marks[-1] / marks[0] - 1
    if not np.isfinite(change).any():
        return "No contract has a price before and after."
    most = int(np.nanargmax(np.abs(change)))
    contract, first, last = facts.run.contracts[most], float(marks[0, most]), float(marks[-1, most])
    alike = int(np.count_nonzero(np.sign(change) == np.sign(change[most])))
    text = f"{contract.symbol} {moved(first, last)}, from {first:,.10g} to {last:,.10g}"
    if alike > 1 and change[most]:
        word = "fell" if change[most] < 0 else "rose"
        everyone = f"All {alike:,}" if alike == int(np.isfinite(change).sum()) else f"{alike:,}"
        text = (
            f"{everyone} contracts {word}, {contract.symbol} most: by {100 * abs(change[most]):,.1f} %, to {last:,.10g}"
        )
    for view in facts.views:
        closed = facts.closings.by_pass(view).sum(axis=1)
        if closed.any():
            worst = int(np.argmax(closed))
            where = f"pass was number {int(record.pass_number[worst]):,}"
            at = f" ({facts.clock.when(int(record.pass_time[worst]))})" if facts.pass_axis.time_axis else ""
            return f"{text}; the worst {where}{at}, which closed {short(float(closed[worst]))} {view.unit}."
    return f"{text}; nothing was liquidated."
