"""The story in some ten numbers, and the sums for each asset."""

from __future__ import annotations

import numpy as np

from ..._support.arrays import Float64Array1D
from ..._support.wording import amount_text, counted, listed, money, percent, short
from ...clearing.closings import BOOK, FUND, USERS, VALUATION_TEXT
from ..facts.closings import STAGE_WORDS, share_of_stage
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

__all__ = ["ALWAYS_SHOWN", "amounts_text", "section"]

#: Stages that are told even where they took nothing.
ALWAYS_SHOWN = (BOOK, FUND, USERS)


def section(facts: Facts) -> Section:
    """The numbers of the run, why funds refused, and the sums by asset."""
    blocks: list[Block] = [Cards(_cards(facts)), *map(Paragraph, refusal_sentences(facts))]
    if len(facts.record):
        blocks.append(_by_asset(facts))
    else:
        blocks.append(empty_note("There are no events: every pass was quiet."))
    return Section("story", "The story", _headline(facts), blocks)


def amounts_text(facts: Facts, values: list[float]) -> list[str]:
    """An amount of each view, in words, without views that have none."""
    return [f"{short(value)} {view.unit}" for view, value in zip(facts.views, values, strict=True) if value] or [
        f"0 {facts.views[0].unit}" if facts.views else "0"
    ]


def _headline(facts: Facts) -> str:
    """How many were liquidated, how much of them was closed, and how much of that by auto-deleveraging."""
    wallets = len(facts.liquidated)
    if not wallets:
        return "Nobody was liquidated."
    notional = [facts.closings.by_stage(view) for view in facts.views]
    text = f"{counted(wallets, 'wallet')} {_were(wallets)} liquidated"
    if not any(each.any() for each in notional):
        return f"{text}, and none of their positions was closed."
    text += f", and {listed(amounts_text(facts, [float(each.sum()) for each in notional]))} of their positions closed"
    users = len(np.unique(np.concatenate([b.accounts[b.user] for b in facts.bearers]))) if facts.bearers else 0
    if not users:
        return f"{text}; nobody was deleveraged."
    if len(notional) == 1:
        share = f": {percent(share_of_stage(notional[0], USERS))} of that"
    else:
        share = f": {listed(amounts_text(facts, [float(each[USERS]) for each in notional]))} of that"
    return f"{text}{share} against {counted(users, 'other user')} by auto-deleveraging."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _cards(facts: Facts) -> list[Card]:
    """A number each: those liquidated, what each stage took, who bore it, what stayed open, the funds, the audit."""
    record, run = facts.record, facts.run
    notional = [facts.closings.by_stage(view) for view in facts.views]
    healthy = len(np.unique(record.wallet[record.of("healthy")]))
    note = f"of {len(run.before.wallets):,}; {counted(healthy, 'wallet')} turned healthy on the way"
    cards = [Card("Wallets liquidated", [f"{len(facts.liquidated):,}"], note)]
    for stage, words in enumerate(STAGE_WORDS):
        if stage in ALWAYS_SHOWN or any(each[stage] for each in notional):
            values = amounts_text(facts, [float(each[stage]) for each in notional])
            cards.append(Card(words.card, values, _share_of_what_was_closed(notional, stage), accent=stage == USERS))
    notices = record.tally("adl-notice")
    rows = record.of("adl-notice")
    users = facts.accounts_of(np.unique(record.wallet[rows]))
    positions = len(np.unique(record.row[rows]))
    note = f"{counted(positions, 'position')}, {counted(notices, 'notice')}; of {facts.account_count:,} users"
    cards.append(Card("Counterparties", [counted(users, "user")], note))
    owed = [f"{amount_text(q, run.assets[a].decimals)} {run.assets[a].name}" for a, q in enumerate(facts.owed()) if q]
    uncovered = [facts.uncovered_at_end.total(view) for view in facts.views]
    note = f"{listed(owed)} of debts unpaid" if owed else "no debt was left unpaid"
    cards.append(Card("Positions left uncovered", amounts_text(facts, uncovered), note))
    cancelled = record.tally("order-cancelled")
    cards.append(Card("Orders cancelled", [f"{cancelled:,}"], f"of {len(run.before.orders):,} open at the start"))
    cards += _fund_cards(facts)
    audit = facts.conservation
    sound = f"{counted(audit.movements, 'movement')} of two legs that sum to 0"
    answer, note = ("exactly", sound) if audit.holds else ("no", audit.problems[0])
    cards.append(Card("Conserved", [answer], note))
    return cards


def _share_of_what_was_closed(notional: list[Float64Array1D], stage: int) -> str:
    """The share of a stage in what was closed, where there is one unit."""
    if len(notional) != 1 or not notional[0].any():
        return "notional"
    return f"{percent(share_of_stage(notional[0], stage))} of what was closed"


def _fund_cards(facts: Facts) -> list[Card]:
    """Cash of the funds before and after; of at most three, the others are in their own section."""
    cards = []
    known = [fund for fund in facts.funds if fund.asset >= 0]
    for fund in sorted(known, key=lambda each: not each.has_moved)[:3]:
        asset = facts.run.assets[fund.asset]
        before, after = int(fund.cash[0]), int(fund.cash[-1])
        label = f"Insurance fund {fund.name}"
        if fund.opening is None:
            value = f"{amount_text(after - before, asset.decimals, signed=True)} {asset.name}"
            cards.append(Card(label, [value], "change of its cash; the opening balance is not in the run"))
        else:
            value = f"{amount_text(after, asset.decimals)} {asset.name}"
            cards.append(Card(label, [value], f"cash at the end; {amount_text(before, asset.decimals)} at the start"))
    return cards


def _by_asset(facts: Facts) -> TableBlock:
    """Every sum for each settle asset, exact, and all of them together where that can be."""
    assets = facts.run.assets
    codes = facts.settle_assets()
    quanta = facts.closings.quanta(len(assets))
    uncovered = np.zeros(len(assets))
    np.add.at(uncovered, facts.uncovered_at_end.asset, facts.uncovered_at_end.quanta)
    audit = facts.conservation
    rows: list[tuple[str, list[float]]] = [
        (f"closed: {words.plural}", [float(q) for q in each]) for words, each in zip(STAGE_WORDS, quanta, strict=True)
    ]
    rows.append(("left uncovered", uncovered.tolist()))
    rows.append(("received by one leg", [float(q) for q in audit.received]))
    rows.append(("given by the other", [float(q) for q in audit.given]))
    rows.append(("sum of all legs", [float(r + g) for r, g in zip(audit.received, audit.given, strict=True)]))
    moved = ("received", "given", "sum")
    kept = [(name, values) for name, values in rows if name.startswith(moved) or any(values[code] for code in codes)]
    columns = [text_column("notional, and money moved", [name for name, _ in kept])]
    for asset, values in ((assets[code], [values[code] for _, values in kept]) for code in codes):
        columns.append(amount_column(asset.name, [round(value) for value in values], [asset.decimals] * len(values)))
    if len(codes) > 1 and len(facts.views) == 1:
        view = facts.views[0]
        notional = [*facts.closings.by_stage(view).tolist(), facts.uncovered_at_end.total(view)]
        all_rows = dict(zip([name for name, _ in rows], [*notional, np.nan, np.nan, np.nan], strict=True))
        values = [all_rows[name] for name, _ in kept]
        columns.append(number_column(f"all, in {view.unit}", [money(value) for value in values], values))
    note = f"Notional is what was closed, {VALUATION_TEXT}; what is left uncovered is worth its mark."
    if facts.views and facts.views[0].note:
        note += f" In the last column {facts.views[0].note}."
    return TableBlock("Sums by settle asset", columns, note)
