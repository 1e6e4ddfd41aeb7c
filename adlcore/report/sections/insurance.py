"""Insurance: what nobody took, and what nobody paid."""

from __future__ import annotations

import numpy as np

from ..._support.wording import amount_text, counted, grouped, listed, money
from ..facts.prices import absolute_value_per_lot
from ..facts.run_facts import Facts
from ..page.blocks import Section, TableBlock, amount_column, empty_note, number_column, text_column
from .story import amounts_text

__all__ = ["MOST_ROWS", "headline", "section"]

TITLE = "Insurance: what stayed uncovered"

#: Rows of a table at most; the largest.
MOST_ROWS = 100


def section(facts: Facts) -> Section:
    """Wallets that owe money, and positions that found no taker."""
    if not facts.debts and not len(facts.uncovered.event):
        text = "No wallet was left owing money, and no position was left without a taker."
        return Section("insurance", TITLE, headline(facts), [empty_note(text)])
    blocks = [
        _debts(facts) if facts.debts else empty_note("No wallet was left owing money."),
        _positions(facts) if len(facts.uncovered.event) else empty_note("No position was left without a taker."),
    ]
    return Section("insurance", TITLE, headline(facts), blocks)


def headline(facts: Facts) -> str:
    """What stayed uncovered, in a sentence."""
    if not facts.debts and not len(facts.uncovered.event):
        return "Nothing stayed uncovered: every position found a taker, and every shortfall was paid."
    assets = facts.run.assets
    owed = [f"{amount_text(q, assets[a].decimals)} {assets[a].name}" for a, q in enumerate(facts.owed()) if q]
    debtors = sum(debt.left > 0 for debt in facts.debts)
    money_part = (
        f"{counted(debtors, 'wallet')} {'owes' if debtors == 1 else 'owe'} {listed(owed)} that nobody has paid"
        if debtors
        else "no debt is open at the end"
    )
    count = len(facts.uncovered_at_end.event)
    if count:
        notional = listed(amounts_text(facts, [facts.uncovered_at_end.total(view) for view in facts.views]))
        lots = f"{counted(count, 'position')} worth {notional} {'has' if count == 1 else 'have'} no taker"
    else:
        lots = "no position is without a taker at the end"
    return f"{money_part[0].upper()}{money_part[1:]}, and {lots}."


def _debts(facts: Facts) -> TableBlock:
    """A row for each entry, those with most open first."""
    record, run = facts.record, facts.run
    order = sorted(facts.debts, key=lambda debt: (-debt.left / run.assets[debt.asset].quanta_per_unit, debt.event))
    shown = order[:MOST_ROWS]
    assets = [run.assets[debt.asset] for debt in shown]
    # An entry that was open when the run began is of no pass of it.
    made_in = [int(record.pass_number[record.pass_index[debt.event]]) if debt.event >= 0 else -1 for debt in shown]
    decimals = [asset.decimals for asset in assets]
    columns = [
        text_column("account", run.before.wallets.account[[debt.wallet for debt in shown]].tolist()),
        number_column("wallet", [f"{debt.wallet:,}" for debt in shown], [debt.wallet for debt in shown]),
        number_column("pass", [f"{n:,}" if n >= 0 else "before" for n in made_in], made_in),
        amount_column("owed at first", [debt.amount for debt in shown], decimals),
        amount_column("open at the end", [debt.left for debt in shown], decimals),
        text_column("asset", [asset.name for asset in assets]),
        text_column("state", ["open" if debt.left else "paid" for debt in shown]),
    ]
    return TableBlock(_caption("Wallets without positions that owe money", len(shown), len(order)), columns)


def _positions(facts: Facts) -> TableBlock:
    """A row for each position, those that are open at the end first, then those of most notional."""
    record, run = facts.record, facts.run
    event = facts.uncovered.event
    key = np.where(record.wallet[event] >= 0, record.row[event], -1 - record.party[event])
    # The last time that each row was named; how often says for how many passes it waited.
    _, back, times = np.unique(
        (key * len(run.contracts) + record.contract[event])[::-1], return_index=True, return_counts=True
    )
    last_named = len(event) - 1 - back
    notional = np.max([facts.uncovered.notional(view)[last_named] for view in facts.views], axis=0)
    ends = record.pass_index[event[last_named]] == len(record.pass_number) - 1
    order = np.lexsort((-notional, ~ends))
    shown = order[:MOST_ROWS]
    rows = event[last_named[shown]]
    contracts = [run.contracts[code] for code in record.contract[rows].tolist()]
    names = [
        str(run.before.wallets.account[wallet]) if wallet >= 0 else f"fund {record.parties[party]}"
        for wallet, party in zip(record.wallet[rows].tolist(), record.party[rows].tolist(), strict=True)
    ]
    lots = record.lots[rows].tolist()
    marks = facts.prices.mark[record.pass_index[rows] + 1, record.contract[rows]].tolist()
    values = [abs(n) * absolute_value_per_lot(c, mark) for c, n, mark in zip(contracts, lots, marks, strict=True)]
    last = record.pass_number[record.pass_index[rows]].tolist()
    columns = [
        text_column("account", names),
        text_column("contract", [c.symbol for c in contracts]),
        text_column("side", ["long" if n > 0 else "short" for n in lots]),
        number_column(
            "quantity",
            [grouped(c.decimal(abs(n))) for c, n in zip(contracts, lots, strict=True)],
            [abs(n) for n in lots],
        ),
        number_column("worth at the mark", [money(value) for value in values], values),
        text_column("asset", [c.settle.name for c in contracts]),
        number_column("passes", [f"{n:,}" for n in times[shown].tolist()], times[shown].tolist()),
        number_column("last in pass", [f"{n:,}" for n in last], last),
        text_column("state", ["open at the end" if each else "gone since" for each in ends[shown].tolist()]),
    ]
    caption = _caption("Positions that a pass left without a taker", len(shown), len(order))
    note = "Each is tried again in the next pass. Those that wait for the rest of an order are not among them."
    return TableBlock(caption, columns, note)


def _caption(caption: str, shown: int, count: int) -> str:
    """A caption that says how many of the rows are shown, where it is not all."""
    return caption if shown == count else f"{caption}: the {shown} largest of {count:,}"
