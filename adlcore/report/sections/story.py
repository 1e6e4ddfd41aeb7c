"""The story in some ten numbers, and the sums for each asset."""

from __future__ import annotations

import numpy as np

from ..._support.arrays import Float64Array1D
from ..._support.wording import amount_text, counted, listed, money, percent, short
from ...clearing.closings import STAGES, USERS, VALUATION_TEXT
from ..facts.run_facts import Facts
from ..page.blocks import (
    Block,
    Card,
    Cards,
    Paragraph,
    Section,
    TableBlock,
    amount_column,
    empty_note,
    number_column,
    text_column,
)
from .refused import refusal_sentences

__all__ = ["section", "amounts_text"]

#: What each of ``STAGES`` but the last did, as the head of a number; and each of them as what closed.
TAKEN = (
    "Filled by the order book",
    "Netted with own legs",
    "Taken by vaults",
    "Taken over by funds",
    "Netted with funds",
)
CLOSED = ("order book", "own opposite legs", "backstop vaults", "insurance funds", "inventory of funds", "other users")


def section(facts: Facts) -> Section:
    """The story."""
    blocks: list[Block] = [Cards(_cards(facts)), *map(Paragraph, refusal_sentences(facts))]
    if len(facts.record):
        blocks.append(_by_asset(facts))
    else:
        blocks.append(empty_note("There are no events: every pass was quiet."))
    return Section("story", "The story", _headline(facts), blocks)


def amounts_text(facts: Facts, values: list[float]) -> list[str]:
    """An amount of each view, in words, without views that have none."""
    pairs = list(zip(facts.views, values, strict=True))
    told = [f"{short(value)} {view.unit}" for view, value in pairs if value]
    return told or [f"0 {facts.views[0].unit}" if facts.views else "0"]


def _headline(facts: Facts) -> str:
    wallets = len(facts.liquidated)
    if not wallets:
        return "Nobody was liquidated."
    closed = [facts.stage_worth(view) for view in facts.views]
    text = f"{counted(wallets, 'wallet')} {_were(wallets)} liquidated"
    if not any(stage.any() for stage in closed):
        return f"{text}, and none of their positions was closed."
    text += f", and {listed(amounts_text(facts, [float(stage.sum()) for stage in closed]))} of their positions closed"
    users = len(np.unique(np.concatenate([b.accounts[b.user] for b in facts.bearers]))) if facts.bearers else 0
    if not users:
        return f"{text}; nobody was deleveraged."
    if len(closed) == 1:
        share = f": {percent(float(closed[0][USERS] / closed[0].sum()))} of that"
    else:
        share = f": {listed(amounts_text(facts, [float(stage[USERS]) for stage in closed]))} of that"
    return f"{text}{share} against {counted(users, 'other user')} by auto-deleveraging."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _cards(facts: Facts) -> list[Card]:
    record, run = facts.record, facts.run
    worth = [facts.stage_worth(view) for view in facts.views]
    stages = [amounts_text(facts, [float(each[stage]) for each in worth]) for stage in range(len(STAGES))]
    taken = [any(each[stage] for each in worth) for stage in range(len(STAGES))]
    healthy = len(np.unique(record.wallet[record.of("healthy")]))
    note = f"of {len(run.before.wallets):,}; {counted(healthy, 'wallet')} turned healthy on the way"
    found = [Card("Wallets liquidated", [f"{len(facts.liquidated):,}"], note)]
    for stage, label in enumerate(TAKEN):
        if taken[stage] or stage in (0, 3):
            found.append(Card(label, stages[stage], _share_of(worth, stage)))
    found.append(Card("Deleveraged", stages[USERS], _share_of(worth, USERS), accent=True))
    notices = record.tally("adl-notice")
    rows = record.of("adl-notice")
    users = facts.accounts_of(np.unique(record.wallet[rows]))
    positions = len(np.unique(record.row[rows]))
    note = f"{counted(positions, 'position')}, {counted(notices, 'notice')}; of {facts.everyone:,} users"
    found.append(Card("Counterparties", [counted(users, "user")], note))
    owed = [f"{amount_text(q, run.assets[a].decimals)} {run.assets[a].name}" for a, q in enumerate(facts.owed()) if q]
    left = [facts.left_worth(view) for view in facts.views]
    note = f"{listed(owed)} of debts unpaid" if owed else "no debt was left unpaid"
    found.append(Card("Positions left uncovered", amounts_text(facts, left), note))
    cancelled = record.tally("order-cancelled")
    found.append(Card("Orders cancelled", [f"{cancelled:,}"], f"of {len(run.before.orders):,} open at the start"))
    found += _fund_cards(facts)
    audit = facts.conservation
    sound = f"{counted(audit.movements, 'movement')} of two legs that sum to 0"
    what, note = ("exactly", sound) if audit.holds else ("no", audit.problems[0])
    found.append(Card("Conserved", [what], note))
    return found


def _share_of(worth: list[Float64Array1D], stage: int) -> str:
    """The share of a stage in what was closed, where there is one unit."""
    total = float(worth[0].sum()) if len(worth) == 1 else 0.0
    return f"{percent(float(worth[0][stage]) / total)} of what was closed" if total else "notional"


def _fund_cards(facts: Facts) -> list[Card]:
    """Cash of the funds before and after; of at most three, the others are in their own section."""
    found = []
    moved = [fund for fund in facts.funds if fund.asset >= 0]
    for fund in sorted(moved, key=lambda each: not each.moved)[:3]:
        asset = facts.run.assets[fund.asset]
        before, after = int(fund.cash[0]), int(fund.cash[-1])
        label = f"Insurance fund {fund.name}"
        if fund.opening is None:
            value = f"{amount_text(after - before, asset.decimals, signed=True)} {asset.name}"
            found.append(Card(label, [value], "change of its cash; the opening balance is not in the run"))
        else:
            value = f"{amount_text(after, asset.decimals)} {asset.name}"
            found.append(Card(label, [value], f"cash at the end; {amount_text(before, asset.decimals)} at the start"))
    return found


def _by_asset(facts: Facts) -> TableBlock:
    """Every sum for each settle asset, exact, and all of them together where that can be."""
    record, assets = facts.record, facts.run.assets
    codes = facts.settle_assets()
    quanta = facts.closings.quanta(record, len(assets))
    left = np.zeros(len(assets))
    np.add.at(left, facts.settle[record.contract[facts.left.event]], facts.left.quanta)
    audit = facts.conservation
    rows: list[tuple[str, list[float]]] = [
        (f"closed: {name}", [float(q) for q in quanta[s]]) for s, name in enumerate(CLOSED)
    ]
    rows.append(("left uncovered", left.tolist()))
    rows.append(("received by one leg", [float(q) for q in audit.received]))
    rows.append(("given by the other", [float(q) for q in audit.given]))
    rows.append(("sum of all legs", [float(r + g) for r, g in zip(audit.received, audit.given, strict=True)]))
    kept = [row for row in rows if row[0].startswith(("received", "given", "sum")) or any(row[1][a] for a in codes)]
    columns = [text_column("notional, and money moved", [name for name, _ in kept])]
    for asset, values in ((assets[code], [values[code] for _, values in kept]) for code in codes):
        columns.append(amount_column(asset.name, [round(value) for value in values], [asset.decimals] * len(values)))
    if len(codes) > 1 and len(facts.views) == 1:
        view = facts.views[0]
        worth = [*facts.stage_worth(view).tolist(), facts.left_worth(view)]
        all_rows = dict(zip([name for name, _ in rows], [*worth, np.nan, np.nan, np.nan], strict=True))
        values = [all_rows[name] for name, _ in kept]
        columns.append(number_column(f"all, in {view.unit}", [money(value) for value in values], values))
    note = f"Notional is what was closed, {VALUATION_TEXT}; what is left uncovered is worth its mark."
    if facts.views and facts.views[0].note:
        note += f" In the last column {facts.views[0].note}."
    return TableBlock("Sums by settle asset", columns, note)
