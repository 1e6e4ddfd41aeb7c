"""Section 4: fund balances in time."""

from __future__ import annotations

import math

from ..._support.wording import amount, counted, listed, quantity
from ..facts.fund_cash import FundCash
from ..facts.run_facts import Facts
from ..facts.timeline import kept_points
from ..figures import run_figures
from ..page.blocks import Drawn, Section, nothing
from ..page.html_tables import Column, numbers, table, texts
from . import refused
from .time import MOST_POINTS

__all__ = ["section"]

TITLE = "Fund balances in time"

#: Figures, one for each asset, and lines of one at most.
MOST_ASSETS, MOST_FUNDS = 6, 8


def section(facts: Facts) -> Section:
    """The funds."""
    known = [fund for fund in facts.funds if fund.asset >= 0]
    if not known or not len(facts.record.number):
        return Section("funds", TITLE, "No fund took part.", [nothing("No event and no configuration names a fund.")])
    blocks: list[str | Drawn] = []
    still = 0
    for asset in dict.fromkeys(fund.asset for fund in known):
        mine = [fund for fund in known if fund.asset == asset]
        moving = [fund for fund in mine if fund.moved]
        still += len(mine) - len(moving)
        if moving and len(blocks) < MOST_ASSETS:
            blocks.append(_drawn(facts, asset, moving))
    if not blocks:
        blocks.append(nothing("No fund's cash moved."))
    blocks.append(_table(facts, known))
    if len(facts.refusals):
        blocks += [
            drawn for asset in dict.fromkeys(fund.asset for fund in known) if (drawn := refused.drawn(facts, asset))
        ]
        blocks.append(refused.listing(facts))
    return Section("funds", TITLE, _headline(facts, known), blocks)


def _drawn(facts: Facts, asset: int, funds: list[FundCash]) -> Drawn:
    at, times = facts.in_time
    kept = kept_points(len(at), MOST_POINTS)
    listed_asset = facts.run.assets[asset]
    shown = sorted(funds, key=lambda fund: -int(abs(fund.cash[-1] - fund.cash[0])))[:MOST_FUNDS]
    symbols = [contract.symbol for contract in facts.run.contracts]
    drawn = run_figures.fund(shown, listed_asset, at, times, kept, symbols)
    caption = f"Cash at the end of each pass, in {listed_asset.name}."
    if any(fund.took for fund in shown):
        caption += " Dotted: with what the positions that it took over gained or lost at the marks."
    if any(fund.opening is None for fund in shown):
        caption += " Opening balances are not in the run: what is shown is the change since the start."
    if any(fund.triggers for fund in shown):
        caption += " Triangles: its trigger was turned on, or off."
    if len(shown) < len(funds):
        caption += f" Shown: the {len(shown)} that moved most of {len(funds)}."
    if len(kept) < len(at):
        caption += f" Shown: {len(kept):,} of {len(at):,} points of each."
    return Drawn(f"fund-{asset}", [("", drawn, caption)], 260)


def _headline(facts: Facts, funds: list[FundCash]) -> str:
    parts = []
    for fund in sorted((f for f in funds if f.moved), key=lambda f: f.opening is None)[:3]:
        asset = facts.run.assets[fund.asset]
        before, after = int(fund.cash[0]), int(fund.cash[-1])
        name = f"{fund.name} fund" if fund.name == asset.name else f"fund {fund.name}"
        if fund.opening is None:
            parts.append(f"the cash of the {name} changed by {amount(asset, after - before, plus=True)} {asset.name}")
        elif before == after:
            parts.append(f"the {name} holds {amount(asset, after)} {asset.name} of cash, as at the start")
        else:
            word = "rose" if after > before else "fell"
            parts.append(f"the {name} {word} from {amount(asset, before)} to {amount(asset, after)} {asset.name}")
    if not parts:
        return "No fund's cash moved."
    text = listed(parts)
    changes = sum(len(fund.triggers) for fund in funds)
    more = f"; {counted(changes, 'change')} of triggers" if changes else ""
    return f"{text[0].upper()}{text[1:]}{more}."


def _table(facts: Facts, funds: list[FundCash]) -> str:
    assets = [facts.run.assets[fund.asset] for fund in funds]

    def column(title: str, quanta: list[int | None], plus: bool = False) -> Column:
        pairs = list(zip(assets, quanta, strict=True))
        cells = ["–" if q is None else amount(asset, q, plus=plus) if q else "0" for asset, q in pairs]
        return numbers(title, cells, [math.nan if q is None else q / asset.quanta_per_unit for asset, q in pairs])

    def known(values: list[int]) -> list[int | None]:
        return [None if f.opening is None else value for f, value in zip(funds, values, strict=True)]

    columns: list[Column] = [texts("fund", [fund.name for fund in funds]), texts("asset", [a.name for a in assets])]
    columns.append(column("cash before", known([int(fund.cash[0]) for fund in funds])))
    columns.append(column("lowest", known([int(fund.cash.min()) for fund in funds])))
    columns.append(column("cash after", known([int(fund.cash[-1]) for fund in funds])))
    columns.append(column("change", [int(fund.cash[-1] - fund.cash[0]) for fund in funds], plus=True))
    columns.append(column("with inventory", known([round(float(fund.equity[-1])) for fund in funds])))
    columns.append(texts("holds at the end", [_held(facts, fund) for fund in funds], "wide"))
    note = "In units of the asset of each fund. With inventory: with what the positions it holds gained."
    return table("Funds", columns, note)


def _held(facts: Facts, fund: FundCash) -> str:
    held = [
        f"{quantity(contract, int(lots))} {contract.symbol}"
        for contract, lots in zip(facts.run.contracts, fund.lots.tolist(), strict=True)
        if lots
    ]
    return ", ".join(held[:8]) + (f" and {len(held) - 8} more" if len(held) > 8 else "") if held else "none"
