"""Why funds refused: sentences, a figure for each asset, and a table; for the story and the section on funds."""

from __future__ import annotations

import numpy as np

from ...clearing.events import CAUSES
from .. import figures
from ..facts import Facts
from ..parts import Drawn
from ..refusals import LOOKED_AT, Series
from ..tables import Column, numbers, table, texts
from ..timeline import kept_points
from ..wording import amount, counted, price, quantity
from .time import MOST_POINTS

__all__ = ["drawn", "listing", "reasons"]

#: Rows of the table, lines of a figure, and funds of the sentences at most.
MOST_ROWS, MOST_LINES, MOST_TOLD = 100, 4, 3

#: Why a fund refused, in the words of a sentence: of what, and of a value and its bound.
SUBJECTS = {"depleted": "equity", "net-notional": "net notional", "drawdown": "drawdown", "drawdown-on": "drawdown"}
WORDS = {
    "depleted": "it would have been left with {value}, which is below 0",
    "net-notional": "its net notional would have been {value}, above the {bound} that its equity would allow then",
    "drawdown": "it would have been left with {value}, and less than {bound} turns its trigger on",
    "drawdown-on": "its trigger was on: it had last seen {value}, and turns off from {bound} on",
}


def reasons(facts: Facts) -> list[str]:
    """A sentence for each fund that refused most, about its most frequent reason."""
    refused, record = facts.refusals, facts.record
    told: dict[int, list[Series]] = {}
    for each in refused.series(record):
        told.setdefault(each.party, []).append(each)
    found = []
    for party, mine in list(told.items())[:MOST_TOLD]:
        first, name = mine[0], record.parties[party]
        events = refused.event[record.party[refused.event] == party]
        asset = facts.run.assets[int(record.asset[events[0]])]
        contracts = [facts.run.contracts[code].symbol for code in np.unique(record.contract[events]).tolist()]
        of = contracts[0] if len(contracts) == 1 else f"{len(contracts):,} contracts"
        passes = len(np.unique(record.place[events]))
        furthest = first.furthest[int(np.argmax(refused.beyond[first.furthest]))]
        values = {
            "value": f"{amount(asset, int(refused.value[furthest]))} {asset.name}",
            "bound": f"{amount(asset, int(refused.bound[furthest]))} {asset.name}",
        }
        share = "" if len(mine) == 1 else f" ({first.times:,} of {sum(each.times for each in mine):,} times)"
        event = int(refused.event[furthest])
        where = f"pass {int(record.number[record.place[event]]):,}"
        symbol = f", for {facts.run.contracts[int(record.contract[event])].symbol}" if len(contracts) > 1 else ""
        found.append(
            f"The {_called(name, asset.name)} refused positions in {of} in {counted(passes, 'pass', 'passes')}"
            f"{', mostly' * (len(mine) > 1)} because of its {SUBJECTS[first.cause]}{share}: at the furthest, in "
            f"{where}{symbol}, {WORDS[first.cause].format(**values)}."
        )
    return found


def _called(name: str, asset: str) -> str:
    return f"{name} fund" if name == asset else f"fund {name}"


def drawn(facts: Facts, asset: int) -> Drawn | None:
    """What the triggers of an asset's funds looked at in time, and the bounds; None where none of them refused."""
    refused, record = facts.refusals, facts.record
    at, times = facts.in_time
    every = [each for each in refused.series(record) if record.asset[refused.event[each.furthest[0]]] == asset]
    if not every:
        return None
    lines = []
    for each in every[:MOST_LINES]:
        shown = each.furthest[kept_points(len(each.furthest), MOST_POINTS)]
        place = record.place[refused.event[shown]]
        name = _called(record.parties[each.party], facts.run.assets[asset].name)
        lines.append(
            figures.Compared(*(name, *LOOKED_AT[each.cause]), at[place + 1], refused.value[shown], refused.bound[shown])
        )
    listed_asset = facts.run.assets[asset]
    caption = (
        f"What funds looked at when they refused a position, and the bound, in {listed_asset.name}: of each pass the "
        "refusal that was furthest beyond its bound. Passes without a point refused nothing."
    )
    if len(lines) < len(every):
        caption += f" Shown: the {len(lines)} reasons that there were most of, of {len(every)}."
    if any(len(each.furthest) > MOST_POINTS for each in every[:MOST_LINES]):
        caption += f" Shown: {MOST_POINTS:,} points of each at most."
    figure = figures.refused(lines, listed_asset, times, (int(at[0]), int(at[-1])))
    return Drawn(f"refused-{asset}", [("", figure, caption)], 280)


def listing(facts: Facts) -> str:
    """A table of the refusals: those furthest beyond their bounds for each asset, then in time."""
    refused, record, run = facts.refusals, facts.record, facts.run
    unit = np.array([asset.quanta_per_unit for asset in run.assets], float)
    size = refused.beyond / unit[record.asset[refused.event]]
    shown = np.sort(np.argsort(-size, kind="stable")[:MOST_ROWS])
    events = refused.event[shown]
    contracts = [run.contracts[code] for code in record.contract[events].tolist()]
    assets = [run.assets[code] for code in record.asset[events].tolist()]
    lots, ticks, place = (column[events].tolist() for column in (record.lots, record.price, record.place))
    number = record.number[record.place[events]].tolist()
    causes = [CAUSES[code] for code in record.cause[events].tolist()]

    def money(title: str, quanta: list[int]) -> Column:
        pairs = list(zip(assets, quanta, strict=True))
        return numbers(title, [amount(a, q) if q else "0" for a, q in pairs], [q / a.quanta_per_unit for a, q in pairs])

    columns: list[Column] = [
        numbers("pass", [f"{n:,}" for n in number], place),
        texts("fund", [record.parties[code] for code in record.party[events].tolist()]),
        texts("contract", [contract.symbol for contract in contracts]),
        texts("must hold", [f"{LOOKED_AT[cause][0]} {'≤' if cause == 'net-notional' else '≥'}" for cause in causes]),
        money("value", refused.value[shown].tolist()),
        money("bound", refused.bound[shown].tolist()),
        texts("asset", [asset.name for asset in assets]),
        texts("first refused", run.before.wallets.account[record.wallet[events]].tolist()),
        numbers(
            "quantity",
            [quantity(c, n) for c, n in zip(contracts, lots, strict=True)],
            [n * float(c.lot) for c, n in zip(contracts, lots, strict=True)],
        ),
        numbers(
            "at",
            [price(c, n) for c, n in zip(contracts, ticks, strict=True)],
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
    return table(caption, columns, note)
