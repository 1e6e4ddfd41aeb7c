"""``adlcore rank``: who stands where in the queue."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import typer

from .._support.arrays import Int64Array1D
from ..market.market import Market
from ..market.selection_values import submarket
from ..ranking.rules import RankingRule
from . import _inputs, _options, _tables, _terms
from ._json import print_json, records
from ._screen import Screen
from ._tables import Column

__all__ = ["rank"]


def rank(
    file: _options.FileArgument,
    *,
    mark: _options.MarkOption,
    rule: _options.RuleOption = "binance",
    side: Annotated[str | None, typer.Option("--side", help="long or short; else both.", show_default=False)] = None,
    top: Annotated[int, typer.Option("--top", min=0, help="Rows a side; 0 shows all.")] = 20,
    short: _options.ShortOption = "mirrored",
    columns: _options.ColumnsOption = None,
    lot: _options.LotOption = None,
    kind: _options.KindOption = "linear",
    multiplier: _options.MultiplierOption = "1",
    settle: _options.SettleOption = "USDT",
    as_json: _options.JsonOption = False,
) -> None:
    """Show the front of the queue: who would be deleveraged first, and why."""
    ranking_rule = RankingRule(rule, short=short)
    _inputs.check_side(side)
    positions, market = _inputs.load_market(
        file, ranking_rule, mark, columns, lot, kind=kind, multiplier=multiplier, settle=settle
    )
    ranks = market.rank(ranking_rule)
    indicator = market.indicator(ranking_rule)
    wanted = _inputs.SIDES if side is None else {side: _inputs.SIDES[side]}
    queues = {}
    for name, sign in wanted.items():
        rows = np.flatnonzero(market.quantity * sign > 0)
        front = rows[ranks[rows] <= top] if top else rows
        queues[name] = (len(rows), front[np.argsort(ranks[front])])
    if as_json:
        listed = {name: _records(market, ranking_rule, rows, indicator) for name, (_, rows) in queues.items()}
        grid = {"mark": format(market.mark_price, "f"), "lot": format(positions.lot, "f")}
        counts = {name: count for name, (count, _) in queues.items()}
        print_json({"file": positions.path, "rule": ranking_rule.name, **grid, "positions": counts, "queue": listed})
        return
    out = _tables.console()
    for number, (name, (count, rows)) in enumerate(queues.items()):
        if number:
            out.print()
        shown = f"the first {len(rows):,} of {count:,}" if len(rows) < count else f"all {count:,}" if count else "none"
        out.titled(f"{name.capitalize()}s", f", by {ranking_rule.name} at mark {market.mark_price}: {shown}")
        if len(rows):
            out.print()
            _print(out, market, ranking_rule, rows, indicator)


def _print(out: Screen, market: Market, rule: RankingRule, rows: Int64Array1D, indicator: Any) -> None:
    """The table of the front of one queue."""
    picked = submarket(market, rows)
    quantity = [market.contract.decimal(lots) for lots in picked.quantity.tolist()]
    labels = rows if picked.account is None else picked.account
    heading = "row" if picked.account is None else "account"
    price = [f"{value:.8g}" for value in picked.entry_price.tolist()]
    pnl = [_tables.money(value) for value in picked.unrealized_pnl.tolist()]
    _tables.print_table(
        out,
        [
            Column("place", [f"{place:,}" for place in range(1, len(rows) + 1)]),
            Column(heading, [str(value) for value in labels.tolist()], right=False, least=10),
            Column("quantity", quantity),
            Column("entry", price, drop=6),
            Column("PnL", pnl, drop=5),
            *_terms.term_columns(_terms.ratio_columns(picked, rule), len(rows)),
            Column("score", [_tables.score(value) for value in picked.score(rule).tolist()]),
            Column("light", [_tables.lights(level, out) for level in indicator[rows].tolist()], right=False, drop=2),
        ],
    )


def _records(market: Market, rule: RankingRule, rows: Int64Array1D, indicator: Any) -> list[dict[str, Any]]:
    """The front of one queue for machines; quantities are decimal text."""
    picked = submarket(market, rows)
    fields: dict[str, list[Any]] = {
        "account": (rows if picked.account is None else picked.account).tolist(),
        "row": rows.tolist(),
        "place": list(range(1, len(rows) + 1)),
        "score": picked.score(rule).tolist(),
        **{ratio.name: values.tolist() for ratio, values in _terms.ratio_columns(picked, rule).items()},
        "quantity": [market.contract.decimal(lots) for lots in picked.quantity.tolist()],
        "entry_price": picked.entry_price.tolist(),
        "unrealized_pnl": picked.unrealized_pnl.tolist(),
        "indicator": indicator[rows].tolist(),
    }
    return records(fields)
