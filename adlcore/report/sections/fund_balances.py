"""Fund balances in time."""

from __future__ import annotations

from ..._support.wording import amount_text, counted, grouped, listed
from ..facts.fund_cash import FundCash
from ..facts.run_facts import Facts
from ..facts.timeline import kept_points
from ..figures.fund_balances_plot import fund_figure
from ..page.blocks import Block, Figure, Plot, Section, TableBlock, TableColumn, amount_column, empty_note, text_column
from . import refused
from .time import MOST_POINTS

__all__ = ["section"]

TITLE = "Fund balances in time"

#: Figures, one for each asset, and lines of one at most.
MOST_ASSETS, MOST_FUNDS = 6, 8


def section(facts: Facts) -> Section:
    """The cash of the funds in time, what each holds, and why it refused positions."""
    known = [fund for fund in facts.funds if fund.asset >= 0]
    if not known or not len(facts.record.pass_number):
        return Section(
            "funds", TITLE, "No fund took part.", [empty_note("No event and no configuration names a fund.")]
        )
    blocks: list[Block] = []
    still = 0
    for asset in dict.fromkeys(fund.asset for fund in known):
        mine = [fund for fund in known if fund.asset == asset]
        moving = [fund for fund in mine if fund.has_moved]
        still += len(mine) - len(moving)
        if moving and len(blocks) < MOST_ASSETS:
            blocks.append(_cash(facts, asset, moving))
    if not blocks:
        blocks.append(empty_note("No fund's cash moved."))
    blocks.append(_funds(facts, known))
    if len(facts.refusals):
        blocks += [
            drawn
            for asset in dict.fromkeys(fund.asset for fund in known)
            if (drawn := refused.refusal_figure_block(facts, asset))
        ]
        blocks.append(refused.refusal_table(facts))
    return Section("funds", TITLE, _headline(facts, known), blocks)


def _cash(facts: Facts, asset: int, funds: list[FundCash]) -> Figure:
    """The cash of the funds of an asset in time, those that moved most first."""
    at, time_axis = facts.pass_axis
    kept = kept_points(len(at), MOST_POINTS)
    listed_asset = facts.run.assets[asset]
    shown = sorted(funds, key=lambda fund: -int(abs(fund.cash[-1] - fund.cash[0])))[:MOST_FUNDS]
    symbols = [contract.symbol for contract in facts.run.contracts]
    drawn = fund_figure(shown, listed_asset, at, time_axis, kept, symbols)
    caption = f"Cash at the end of each pass, in {listed_asset.name}."
    if any(fund.held_inventory for fund in shown):
        caption += " Dotted: with what the positions that it took over gained or lost at the marks."
    if any(fund.opening is None for fund in shown):
        caption += " Opening balances are not in the run: what is shown is the change since the start."
    if any(fund.triggers for fund in shown):
        caption += " Triangles: its trigger was turned on, or off."
    if len(shown) < len(funds):
        caption += f" Shown: the {len(shown)} that moved most of {len(funds)}."
    if len(kept) < len(at):
        caption += f" Shown: {len(kept):,} of {len(at):,} points of each."
    return Figure(f"fund-{asset}", [Plot("", drawn, caption)], 260)


def _headline(facts: Facts, funds: list[FundCash]) -> str:
    """What became of the cash of three funds, those with a known opening first."""
    parts = []
    for fund in sorted((f for f in funds if f.has_moved), key=lambda f: f.opening is None)[:3]:
        asset = facts.run.assets[fund.asset]
        before, after = int(fund.cash[0]), int(fund.cash[-1])
        name = refused.fund_label(fund.name, asset.name)
        if fund.opening is None:
            change = amount_text(after - before, asset.decimals, signed=True)
            parts.append(f"the cash of the {name} changed by {change} {asset.name}")
        elif before == after:
            parts.append(f"the {name} holds {amount_text(after, asset.decimals)} {asset.name} of cash, as at the start")
        else:
            word = "rose" if after > before else "fell"
            start = amount_text(before, asset.decimals)
            parts.append(f"the {name} {word} from {start} to {amount_text(after, asset.decimals)} {asset.name}")
    if not parts:
        return "No fund's cash moved."
    text = listed(parts)
    changes = sum(len(fund.triggers) for fund in funds)
    more = f"; {counted(changes, 'change')} of triggers" if changes else ""
    return f"{text[0].upper()}{text[1:]}{more}."


def _funds(facts: Facts, funds: list[FundCash]) -> TableBlock:
    """A row for each fund; its balances are none where the opening is not known."""
    assets = [facts.run.assets[fund.asset] for fund in funds]
    decimals = [asset.decimals for asset in assets]

    def known(title: str, values: list[int]) -> TableColumn:
        quanta = [None if f.opening is None else value for f, value in zip(funds, values, strict=True)]
        return amount_column(title, quanta, decimals)

    columns = [
        text_column("fund", [fund.name for fund in funds]),
        text_column("asset", [asset.name for asset in assets]),
        known("cash before", [int(fund.cash[0]) for fund in funds]),
        known("lowest", [int(fund.cash.min()) for fund in funds]),
        known("cash after", [int(fund.cash[-1]) for fund in funds]),
        amount_column("change", [int(fund.cash[-1] - fund.cash[0]) for fund in funds], decimals, signed=True),
        known("with inventory", [round(float(fund.equity[-1])) for fund in funds]),
        text_column("holds at the end", [_inventory(facts, fund) for fund in funds], "wide"),
    ]
    note = "In units of the asset of each fund. With inventory: with what the positions it holds gained."
    return TableBlock("Funds", columns, note)


def _inventory(facts: Facts, fund: FundCash) -> str:
    """What a fund holds at the end, eight contracts of it at most."""
    held = [
        f"{grouped(contract.decimal(int(lots)))} {contract.symbol}"
        for contract, lots in zip(facts.run.contracts, fund.lots.tolist(), strict=True)
        if lots
    ]
    return ", ".join(held[:8]) + (f" and {len(held) - 8} more" if len(held) > 8 else "") if held else "none"
