"""Who was bankrupt and who paid."""

from __future__ import annotations

from ..._support.arrays import Float64Array1D
from ..._support.wording import amount_text, counted, listed, money, percent
from ...clearing.closings import STAGES, USERS, VALUATION_TEXT
from ..facts.run_facts import Facts
from ..figures.waterfall_plot import FLOW_HEIGHT, flow_figure
from ..page.blocks import Block, Figure, Plot, Section, TableBlock, empty_note, number_column, text_column
from .story import amounts_text

__all__ = ["section"]


def section(facts: Facts) -> Section:
    """The waterfall."""
    blocks: list[Block] = []
    drawn = []
    symbols = [contract.symbol for contract in facts.run.contracts]
    for view in facts.views:
        taken = facts.taken(view)
        if taken.any():
            how = "; ".join(part for part in (VALUATION_TEXT, view.note) if part)
            caption = f"From positions in liquidation to who took their lots. Notional in {view.unit} ({how})."
            drawn.append(Plot(view.unit, flow_figure(symbols, taken, view.unit), caption))
    if drawn:
        blocks.append(Figure("flow", drawn, FLOW_HEIGHT, "Settle asset"))
        blocks.append(_contracts(facts))
    else:
        blocks.append(empty_note("No position in liquidation was closed."))
    blocks.append(_money(facts))
    return Section("waterfall", "Who was bankrupt and who paid", _headline(facts), blocks)


def _headline(facts: Facts) -> str:
    worth = [facts.stage_worth(view) for view in facts.views]
    left = [facts.left_worth(view) for view in facts.views]
    total = [float(each.sum()) + rest for each, rest in zip(worth, left, strict=True)]
    if not any(total):
        return "Nobody paid for anybody."
    if len(worth) > 1:
        parts = [
            f"{listed(amounts_text(facts, [float(each[s]) for each in worth]))} by {_who(s)}" for s in _present(worth)
        ]
        return f"Positions in liquidation were taken: {listed(parts)}."
    shares = [(float(worth[0][s]) / total[0], _who(s)) for s in _present(worth)]
    parts = [f"{percent(share)} went to {who}" for share, who in sorted(shares, reverse=True)]
    if left[0]:
        parts.append(f"{percent(left[0] / total[0])} is left uncovered")
    return f"Of {amounts_text(facts, total)[0]} of positions in liquidation {listed(parts)}."


def _present(worth: list[Float64Array1D]) -> list[int]:
    return [stage for stage in range(len(STAGES)) if any(each[stage] for each in worth)]


def _who(stage: int) -> str:
    names = ("the order book", "own opposite legs", "backstop vaults", "insurance funds", "the inventory of funds")
    return names[stage] if stage != USERS else "other users"


def _contracts(facts: Facts) -> TableBlock:
    """A row for each contract and side."""
    rows = []
    for view in facts.views:
        taken = facts.taken(view)
        for code, contract in enumerate(facts.run.contracts):
            for side, name in enumerate(("longs", "shorts")):
                if taken[code, side].any():
                    rows.append((contract.symbol, name, view.unit, taken[code, side]))
    rows.sort(key=lambda row: -float(row[3].sum()))
    stages = [*STAGES, "left uncovered"]
    present = [s for s in range(len(stages)) if any(row[3][s] for row in rows)]
    columns = [text_column("contract", [row[0] for row in rows]), text_column("side", [row[1] for row in rows])]
    if len(facts.views) > 1:
        columns.append(text_column("unit", [row[2] for row in rows]))
    unit = f", in {facts.views[0].unit}" if len(facts.views) == 1 else ""
    for s in present:
        values = [float(row[3][s]) for row in rows]
        columns.append(number_column(stages[s], [money(value) for value in values], values))
    values = [float(row[3].sum()) for row in rows]
    columns.append(number_column("all", [money(value) for value in values], values))
    return TableBlock(f"Notional of positions in liquidation{unit}", columns)


def _money(facts: Facts) -> Block:
    """Where money went beside positions: a row for each kind, a column for each asset."""
    assets = facts.run.assets
    unpaid, settled = facts.owed(), [0] * len(assets)
    for debt in facts.debts:
        settled[debt.asset] += debt.amount - debt.left
    realized = facts.money("adl-notice")
    rows = [
        ("fees of liquidation orders, to funds", facts.money("fee")),
        ("surplus of liquidation orders, to funds", facts.money("surplus")),
        ("what emptied wallets left, to funds", facts.money("fund-received", "settlement")),
        ("what emptied wallets left, to vaults", facts.money("vault-received")),
        ("shortfalls paid by funds", facts.money("fund-paid", "fund", "shortfall")),
        ("shortfalls paid by parents of funds", facts.money("fund-paid", "parent")),
        ("shortfalls that nobody has paid", unpaid),
        ("shortfalls left open and paid since", settled),
        ("profit or loss that deleveraged users realized", realized),
    ]
    shown = [code for code in range(len(assets)) if any(values[code] for _, values in rows)]
    kept = [(name, values) for name, values in rows if any(values)]
    if not kept:
        return empty_note("No fee, surplus or shortfall moved any money.")
    columns = [text_column("money", [name for name, _ in kept])]
    for code in shown:
        asset = assets[code]
        plus = [name.startswith("profit") for name, _ in kept]
        values = [values[code] if signed else abs(values[code]) for (_, values), signed in zip(kept, plus, strict=True)]
        cells = [
            amount_text(v, asset.decimals, signed=signed) if v else "0" for v, signed in zip(values, plus, strict=True)
        ]
        columns.append(number_column(asset.name, cells, [v / asset.quanta_per_unit for v in values]))
    return TableBlock("Money beside positions", columns, f"From {counted(len(facts.record), 'event')}, exact.")
