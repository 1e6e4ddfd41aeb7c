"""Orders that were cancelled, by cause and contract."""

from __future__ import annotations

import numpy as np

from ..._support.arrays import Int64Array1D
from ..._support.wording import amount_text, counted, listed
from ...clearing.events import CAUSES
from ..facts.record import exact_sums_by_code
from ..facts.run_facts import Facts
from ..figures.orders_plot import order_figure
from ..page.blocks import Figure, Plot, Section, TableBlock, empty_note, number_column, text_column

__all__ = ["section"]

TITLE = "Orders cancelled"

#: Contracts that the figure has at most.
MOST_CONTRACTS = 20

WORDS = {
    "liquidation": "of wallets in liquidation",
    "deleveraging": "of counterparties that were deleveraged",
    "request": "at their owners' request",
}


def section(facts: Facts) -> Section:
    """Which open orders were cancelled, and why."""
    record, contracts = facts.record, facts.run.contracts
    event = np.flatnonzero(record.of("order-cancelled"))
    if not len(event):
        return Section("orders", TITLE, "No order was cancelled.", [empty_note("Nothing to show.")])
    causes = np.unique(record.cause[event])
    column = np.searchsorted(causes, record.cause[event])
    counts = np.zeros((len(contracts), len(causes)), np.int64)
    np.add.at(counts, (record.contract[event], column), 1)
    names = [CAUSES[cause] for cause in causes.tolist()]
    order = [code for code in np.argsort(-counts.sum(axis=1), kind="stable").tolist() if counts[code].any()]
    shown = order[:MOST_CONTRACTS]
    drawn = order_figure([contracts[code].symbol for code in shown], names, counts[shown])
    caption = f"Open orders that were cancelled, by contract and cause; {counted(len(event), 'order')}."
    if len(shown) < len(order):
        caption += f" Shown: the {len(shown)} contracts with most of {len(order)}."
    total = counts.sum(axis=0).tolist()
    reasons = sorted(((n, WORDS.get(name, f"by {name}")) for n, name in zip(total, names, strict=True)), reverse=True)
    headline = f"{counted(len(event), 'open order')} {'was' if len(event) == 1 else 'were'} cancelled: "
    headline += f"{listed([f'{n:,} {words}' for n, words in reasons])}."
    figure = Figure("orders-plot", [Plot("", drawn, caption)], 120 + 30 * len(shown))
    return Section("orders", TITLE, headline, [figure, _orders(facts, event, order, names, counts)])


def _orders(facts: Facts, event: Int64Array1D, order: list[int], names: list[str], counts: np.ndarray) -> TableBlock:
    """A row for each contract, those with most first; a column for each cause."""
    record, contracts = facts.record, facts.run.contracts
    released = exact_sums_by_code(record.amount[event], record.contract[event], len(contracts))
    columns = [text_column("contract", [contracts[code].symbol for code in order])]
    for place, name in enumerate(names):
        values = counts[order, place].tolist()
        columns.append(number_column(f"by {name}", [f"{n:,}" for n in values], values))
    total = counts[order].sum(axis=1).tolist()
    columns.append(number_column("orders", [f"{n:,}" for n in total], total))
    cells = [amount_text(released[code], contracts[code].settle.decimals) for code in order]
    keys = [released[code] / contracts[code].settle.quanta_per_unit for code in order]
    columns.append(number_column("margin released", cells, keys))
    columns.append(text_column("asset", [contracts[code].settle.name for code in order]))
    return TableBlock("Cancelled orders", columns)
