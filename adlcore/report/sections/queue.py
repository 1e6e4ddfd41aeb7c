"""The queue of each contract, at the marks of the pass with most auto-deleveraging in it."""

from __future__ import annotations

import numpy as np

from ..._support.wording import counted, grouped, percent
from ..facts.queues import QueueAt, busiest_moments, queue_at
from ..facts.run_facts import Facts
from ..figures.queue_plot import MOST_MARKERS, queue_figure
from ..page.blocks import Block, Figure, Paragraph, Plot, Section, empty_note

__all__ = ["MOST_CONTRACTS", "section"]

TITLE = "The queue"

#: Contracts that may be chosen; those with most that was deleveraged.
MOST_CONTRACTS = 12


def section(facts: Facts) -> Section:
    """The queue of each contract where most of it was deleveraged."""
    moments = busiest_moments(facts.record, len(facts.run.contracts))
    if not moments:
        text = "Nobody was auto-deleveraged, so nobody's place in a queue mattered."
        return Section("queue", TITLE, "No queue was touched.", [empty_note(text)])
    notional = [_deleveraged(facts, moment.contract) for moment in moments]
    order = np.argsort(-np.array(notional), kind="stable")[:MOST_CONTRACTS].tolist()
    state = facts.margin_state()
    queues = [queue_at(facts.record, facts.run, facts.prices, state, facts.rule, moments[k]) for k in order]
    drawn = [_queue_plot(facts, queue) for queue in queues]
    blocks: list[Block] = [Figure("queue-plot", drawn, 480, "Contract"), Paragraph(_method(facts))]
    if len(order) < len(moments):
        blocks.append(Paragraph(f"Shown: the {len(order)} contracts with most of it, of {len(moments)}."))
    return Section("queue", TITLE, _headline(facts, queues[0]), blocks)


def _deleveraged(facts: Facts, contract: int) -> float:
    """The notional of a contract that was closed against users; of views that cannot be compared, the largest."""
    sums = [0.0]
    for each in facts.bearers:
        # Units that cannot be compared become shares of their own total.
        total = 1.0 if len(facts.views) == 1 else float(each.notional.sum())
        notional = float(each.notional[facts.record.contract[each.event] == contract].sum())
        sums.append(notional * (1 / total) if total else 0.0)
    return max(sums)


def _queue_plot(facts: Facts, queue: QueueAt) -> Plot:
    """The plot of one queue, and what it shows of it."""
    contract = facts.run.contracts[queue.moment.contract]
    count = len(queue.positions)
    number = int(facts.record.pass_number[queue.moment.pass_index])
    side = "longs" if queue.moment.side > 0 else "shorts"
    shown = (
        f"all {count:,}"
        if count <= MOST_MARKERS
        else f"{MOST_MARKERS:,} of {count:,}, those closed first, then the largest"
    )
    caption = (
        f"{contract.symbol} {side} at the mark of pass {number:,}, {grouped(queue.mark)}: PnL in % of notional against "
        f"effective leverage (notional over equity); areas are notional in {contract.settle.name}. Shown: {shown}."
    )
    return Plot(contract.symbol, queue_figure(queue, contract.settle.name), caption)


def _headline(facts: Facts, queue: QueueAt) -> str:
    """The pass that deleveraged most of the first contract, and who was closed in it."""
    contract = facts.run.contracts[queue.moment.contract]
    number, lots = int(facts.record.pass_number[queue.moment.pass_index]), contract.decimal(queue.moment.lots)
    side = "longs" if queue.moment.side > 0 else "shorts"
    closed = int(np.count_nonzero(queue.now))
    at = (
        f" ({facts.clock.when(int(facts.record.pass_time[queue.moment.pass_index]))})"
        if facts.pass_axis.time_axis
        else ""
    )
    text = (
        f"{contract.symbol} was deleveraged most in pass {number:,}{at}: {grouped(lots)} "
        f"{contract.symbol} of {counted(closed, side[:-1], side)}, of {len(queue.positions):,} in the queue"
    )
    if earlier := int(np.count_nonzero(queue.earlier)):
        return f"{text}; earlier passes had closed {earlier:,} others of them."
    front = queue.positions.light == 5
    return f"{text}; {percent(float(queue.lots[front].sum() / queue.lots.sum()))} of that had five lights."


def _method(facts: Facts) -> str:
    """How the queues were ranked, and what is not in them."""
    return (
        f"Ranked by the rule {facts.rule.name}. Positions and balances are those before the first pass, moved "
        "to the marks of the pass that is shown: what earlier passes closed or paid is not in them, so a position may "
        "have stood elsewhere than here. Wallets that are liquidatable at these marks are nobody's counterparty and "
        "are left out. Five lights are the front of the queue."
    )
