"""Why funds refused: sentences, a figure for each asset, and a table; for the story and the section on funds."""

from __future__ import annotations

from collections import Counter

import numpy as np

from ..._support.arrays import FLOAT64, INT64_MAX, Int64Array1D
from ..._support.wording import amount_text, counted, grouped, listed
from ...clearing.events import CAUSES
from ...contracts import Asset
from ..facts.refusals import TRIGGER_CAUSES, RefusalSeries
from ..facts.run_facts import Facts
from ..facts.timeline import kept_points
from ..figures.refused_plot import RefusalLine, refusal_figure
from ..page.blocks import Figure, Plot, TableBlock, amount_column, number_column, text_column
from .time import MOST_POINTS

__all__ = ["fund_label", "refusal_figure_block", "refusal_sentences", "refusal_table"]

#: Rows of the table, lines of a figure, and funds of the sentences at most.
MOST_ROWS, MOST_LINES, MOST_TOLD = 100, 4, 3


def refusal_sentences(facts: Facts) -> list[str]:
    """A sentence for each fund that refused most, about its most frequent reason, or all where none is most of them."""
    refused, record = facts.refusals, facts.record
    by_fund: dict[int, list[RefusalSeries]] = {}
    for each in refused.series(record):
        by_fund.setdefault(each.party, []).append(each)
    sentences = []
    for party, mine in list(by_fund.items())[:MOST_TOLD]:
        name = record.parties[party]
        events = refused.event[record.party[refused.event] == party]
        asset = facts.run.assets[int(record.asset[events[0]])]
        contracts = [facts.run.contracts[code].symbol for code in np.unique(record.contract[events]).tolist()]
        of = contracts[0] if len(contracts) == 1 else f"{len(contracts):,} contracts"
        passes = len(np.unique(record.pass_index[events]))
        why, causes = _main_cause(mine)
        places = np.concatenate([each.furthest for each in mine if each.cause in causes])
        symbol = "" if len(contracts) == 1 else ", for {}"
        sentences.append(
            f"The {fund_label(name, asset.name)} refused positions in {of} in {counted(passes, 'pass', 'passes')}"
            f"{why}: "
            f"{_at_the_furthest(facts, places, symbol)}."
        )
    return sentences


def _main_cause(mine: list[RefusalSeries]) -> tuple[str, list[str]]:
    """Of what a fund refused, in words, and the causes that they are about: one where it is above half, else all."""
    counts = Counter[str]()
    for each in mine:
        counts[TRIGGER_CAUSES[each.cause].subject] += each.refusal_count
    (subject, most), *others = counts.most_common()
    alike = [cause for cause, words in TRIGGER_CAUSES.items() if words.subject == subject]
    if not others:
        return f" because of its {subject}", alike
    if 2 * most > counts.total():
        return f", mostly because of its {subject} ({most:,} of {counts.total():,} times)", alike
    subjects = [f"its {each} ({counted(count, 'time')})" for each, count in counts.most_common()]
    return f" because of {listed(subjects)}", list(TRIGGER_CAUSES)


def _at_the_furthest(facts: Facts, places: Int64Array1D, symbol: str) -> str:
    """What a trigger looked at where it was furthest beyond its bound; at first, where no value would have done."""
    refused, record = facts.refusals, facts.record
    excess = np.nan_to_num(refused.excess[places], nan=-1.0)
    furthest = int(places[np.argmax(excess)]) if excess.max() >= 0 else int(places.min())
    event = int(refused.event[furthest])
    asset, cause = facts.run.assets[int(record.asset[event])], CAUSES[record.cause[event]]
    words, is_bounded = TRIGGER_CAUSES[cause], bool(np.isfinite(refused.finite_bound[furthest]))
    how, sentence = ("at the furthest", words.sentence) if is_bounded else ("at first", words.unbounded)
    value, bound = (_bound_text(asset, int(column[furthest])) for column in (refused.value, refused.bound))
    where = f"in pass {int(record.pass_number[record.pass_index[event]]):,}"
    of = symbol.format(facts.run.contracts[int(record.contract[event])].symbol)
    return f"{how}, {where}{of}, {sentence.format(value=value, bound=bound)}"


def _bound_text(asset: Asset, quanta: int) -> str:
    """An amount with its unit; at an end of int64 it may be beyond."""
    beyond = {INT64_MAX: " or more", -INT64_MAX - 1: " or less"}.get(quanta, "")
    return f"{amount_text(quanta, asset.decimals)} {asset.name}{beyond}"


def fund_label(name: str, asset: str) -> str:
    """A fund in a sentence, after an article; one that has the name of its asset is the fund of all its contracts."""
    return f"{name} fund" if name == asset else f"fund {name}"


def refusal_figure_block(facts: Facts, asset: int) -> Figure | None:
    """What the triggers of an asset's funds looked at in time, and the bounds; None where none of them refused."""
    refused, record = facts.refusals, facts.record
    at, time_axis = facts.pass_axis
    every = [each for each in refused.series(record) if record.asset[refused.event[each.furthest[0]]] == asset]
    if not every:
        return None
    lines = []
    for each in every[:MOST_LINES]:
        shown = each.furthest[kept_points(len(each.furthest), MOST_POINTS)]
        pass_index = record.pass_index[refused.event[shown]]
        name = fund_label(record.parties[each.party], facts.run.assets[asset].name)
        lines.append(
            RefusalLine(
                fund=name,
                looked_at=TRIGGER_CAUSES[each.cause].value,
                bound_name=TRIGGER_CAUSES[each.cause].bound,
                at=at[pass_index + 1],
                value=refused.value[shown].astype(FLOAT64),
                bound=refused.finite_bound[shown],
            )
        )
    listed_asset = facts.run.assets[asset]
    caption = (
        f"What funds looked at when they refused a position, and the bound, in {listed_asset.name}: of each pass the "
        "refusal that was furthest beyond its bound. Passes without a point refused nothing."
    )
    if len(lines) < len(every):
        caption += f" Shown: the {len(lines)} reasons that there were most of, of {len(every)}."
    if any(np.isnan(line.bound).any() for line in lines):
        caption += " A point without a bound: no value would have done."
    if any(len(each.furthest) > MOST_POINTS for each in every[:MOST_LINES]):
        caption += f" Shown: {MOST_POINTS:,} points of each at most."
    figure = refusal_figure(lines, listed_asset, time_axis, (int(at[0]), int(at[-1])))
    return Figure(f"refused-{asset}", [Plot("", figure, caption)], 280)


def refusal_table(facts: Facts) -> TableBlock:
    """A table of the refusals: those furthest beyond their bounds for each asset, then in time."""
    refused, record, run = facts.refusals, facts.record, facts.run
    unit = np.array([asset.quanta_per_unit for asset in run.assets], float)
    size = np.nan_to_num(refused.excess, nan=-1.0) / unit[record.asset[refused.event]]
    shown = np.sort(np.argsort(-size, kind="stable")[:MOST_ROWS])
    events = refused.event[shown]
    contracts = [run.contracts[code] for code in record.contract[events].tolist()]
    assets = [run.assets[code] for code in record.asset[events].tolist()]
    lots, ticks, pass_index = (column[events].tolist() for column in (record.lots, record.price, record.pass_index))
    number = record.pass_number[record.pass_index[events]].tolist()
    causes = [CAUSES[code] for code in record.cause[events].tolist()]
    decimals = [asset.decimals for asset in assets]
    known = np.isfinite(refused.finite_bound[shown]).tolist()
    bounds = [q if is_amount else None for q, is_amount in zip(refused.bound[shown].tolist(), known, strict=True)]
    columns = [
        number_column("pass", [f"{n:,}" for n in number], pass_index),
        text_column("fund", [record.parties[code] for code in record.party[events].tolist()]),
        text_column("contract", [contract.symbol for contract in contracts]),
        text_column("must hold", [f"{words.value} {words.sign}" for words in map(TRIGGER_CAUSES.__getitem__, causes)]),
        amount_column("value", refused.value[shown].tolist(), decimals),
        amount_column("bound", bounds, decimals, absent="none"),
        text_column("asset", [asset.name for asset in assets]),
        text_column("first refused", run.before.wallets.account[record.wallet[events]].tolist()),
        number_column(
            "quantity",
            [grouped(c.decimal(n)) for c, n in zip(contracts, lots, strict=True)],
            [n * float(c.lot) for c, n in zip(contracts, lots, strict=True)],
        ),
        number_column(
            "at",
            [grouped(c.price(n)) for c, n in zip(contracts, ticks, strict=True)],
            [n * float(c.tick or 1) for c, n in zip(contracts, ticks, strict=True)],
        ),
    ]
    caption = "Why funds refused"
    if len(shown) < len(refused):
        caption += f": the {len(shown)} furthest beyond their bounds of {len(refused):,}"
    note = (
        "Of each round, fund and contract the first position that was refused. Equity and net notional are what they "
        "would have been with it; its quantity is below 0 for a short; at: its bankruptcy price."
    )
    if not all(known):
        note += " Where the bound is none, no value would have done."
    return TableBlock(caption, columns, note)
