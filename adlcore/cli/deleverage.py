"""``adlcore deleverage``: who is closed against a bankrupt position."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from .._support.arrays import Int64Array1D
from .._support.wording import counted
from ..errors import AdlError
from ..io.selections import writable_suffix, write_selection
from ..market.market import Market
from ..market.selection_values import closed_notional, realized_pnl
from ..ranking.rules import RankingRule
from ..ranking.selection import Selection
from . import _inputs, _options, _output, _tables, _terms
from ._json import print_json, records
from ._screen import Screen
from ._tables import Column

__all__ = ["deleverage"]


class _SelectionReport:
    """A selection and what is told of it."""

    def __init__(
        self, market: Market, rule: RankingRule, selection: Selection, target_lots: int, price: str | None
    ) -> None:
        self.market, self.rule, self.selection = market, rule, selection
        self.target_lots, self.price = target_lots, price
        self.accounts = selection.columns()["account"]
        self.ratios = _terms.ratio_columns(market, rule, selection.index)
        self.indicator = market.indicator(rule)[selection.index]
        self.notional = closed_notional(market, selection)
        self.realized = None if price is None else realized_pnl(market, selection, price)


def deleverage(
    file: _options.FileArgument,
    *,
    quantity: Annotated[
        str,
        typer.Option(
            "--quantity",
            metavar="SIZE",
            help="The bankrupt position: a long, above 0, is closed against shorts; a short, below 0, against longs.",
            show_default=False,
        ),
    ],
    mark: _options.MarkOption,
    price: Annotated[
        str | None, typer.Option("--price", metavar="PRICE", help="Where they are closed: realized PnL is told.")
    ] = None,
    rule: _options.RuleOption = "binance",
    short: _options.ShortOption = "mirrored",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the fills: .csv, .jsonl or .parquet; - prints CSV."),
    ] = None,
    escape_formulas: Annotated[
        bool, typer.Option("--escape-formulas", help="In .csv: no account is a formula to a sheet that opens it.")
    ] = False,
    top: Annotated[int, typer.Option("--top", min=0, help="Rows of the table; 0 shows all.")] = 100,
    eligible: Annotated[str, typer.Option("--eligible", help="all, or winners: only rows in profit.")] = "all",
    max_counterparties: Annotated[
        int | None, typer.Option("--max-counterparties", min=0, metavar="N", help="Close at most so many.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="ACCOUNT", help="Pass over an account; may be repeated.")
    ] = None,
    columns: _options.ColumnsOption = None,
    lot: _options.LotOption = None,
    kind: _options.KindOption = "linear",
    multiplier: _options.MultiplierOption = "1",
    settle: _options.SettleOption = "USDT",
    as_json: _options.JsonOption = False,
) -> None:
    """List who is closed against a bankrupt position, how much of each, and why."""
    ranking_rule = RankingRule(rule, short=short)
    _inputs.check_decimal("quantity", quantity, positive=False)
    if price is not None:
        _inputs.check_decimal("price", price)
    if escape_formulas and (out is None or writable_suffix(_output.destination(out)) != ".csv"):
        raise AdlError.at("escape-formulas", None, True, "must be for --out FILE.csv: no formula stands elsewhere")
    if out is not None:
        writable_suffix(_output.destination(out))
        _output.refuse_input(out, file)
        if as_json and _output.is_stdout(out):
            raise AdlError.at("out", None, str(out), "must be a file: standard output is for --json")
    positions, market = _inputs.load_market(
        file, ranking_rule, mark, columns, lot, kind=kind, multiplier=multiplier, settle=settle
    )
    target_lots = market.contract.lots(quantity)
    excluded = _excluded_rows(market, exclude)
    selection = market.deleverage(
        target_lots, ranking_rule, eligible=eligible, max_counterparties=max_counterparties, exclude=excluded
    )
    report = _SelectionReport(market, ranking_rule, selection, target_lots, price)
    if out is not None:
        write_selection(
            _output.destination(out), selection, market.contract, report.realized, escape_formulas=escape_formulas
        )
    if as_json:
        print_json({"file": positions.path, **_document(report), "out": out and str(out)})
        return
    screen = _tables.console(to_stderr=_output.is_stdout(out))
    side, other = ("short", "longs") if target_lots < 0 else ("long", "shorts")
    title = f"A bankrupt {side} of {market.contract.decimal(abs(target_lots))}"
    screen.titled(title, f" against {other}, by {ranking_rule.name} at mark {market.mark_price}")
    screen.print()
    if len(selection):
        _print_counterparties(screen, report, top)
        if 0 < top < len(selection):
            _tables.hint(screen, f"... and {len(selection) - top:,} more: --top 0 shows all, --out FILE writes all")
        screen.print()
    _print_summary(screen, report)
    if out is not None:
        screen.print(
            f"{'written':<16}{counted(len(selection), 'row', plain=True)} to {_output.output_name(out)}", soft_wrap=True
        )


def _excluded_rows(market: Market, accounts: list[str] | None) -> Int64Array1D | None:
    """The rows of accounts that are passed over."""
    if not accounts:
        return None
    if market.account is None:
        raise AdlError("exclude: the file has no account column; give columns 'account=...'", argument="exclude")
    numbered = market.account.dtype.kind == "i"
    try:
        return np.concatenate([market.rows(int(account) if numbered else account) for account in accounts])
    except ValueError as error:
        raise AdlError(f"exclude: {error}", argument="exclude") from None


def _print_counterparties(screen: Screen, report: _SelectionReport, top: int) -> None:
    """The table of counterparties, as many rows of it as are wanted."""
    selection, contract = report.selection, report.market.contract
    shown = len(selection) if not top else min(top, len(selection))
    heading = "row" if report.market.account is None else "account"
    realized = []
    if report.realized is not None:
        realized = [Column("realized PnL", [_tables.money(v) for v in report.realized[:shown].tolist()], drop=1)]
    levels = report.indicator[:shown].tolist()
    _tables.print_table(
        screen,
        [
            Column("place", [f"{place:,}" for place in selection.place[:shown].tolist()]),
            Column(heading, [str(v) for v in report.accounts[:shown].tolist()], right=False, least=10),
            Column("score", [_tables.score(v) for v in selection.score[:shown].tolist()]),
            *_terms.term_columns(report.ratios, shown),
            Column("closed", [contract.decimal(lots) for lots in selection.quantity[:shown].tolist()]),
            Column("left", [contract.decimal(lots) for lots in selection.left[:shown].tolist()], drop=2),
            *realized,
            Column("light", [_tables.lights(level, screen) for level in levels], right=False, drop=5),
        ],
    )


def _print_summary(screen: Screen, report: _SelectionReport) -> None:
    """What was filled in all, of how many counterparties, and what that is worth."""
    selection, contract = report.selection, report.market.contract
    settle = contract.settle.name
    part = f", {len(selection) - 1:,} in full and 1 in part" if selection.partial >= 0 else ", all in full"
    lines = {
        "filled": f"{contract.decimal(selection.filled)} of {contract.decimal(abs(report.target_lots))}",
        "shortfall": contract.decimal(selection.shortfall),
        "counterparties": f"{len(selection):,}{part if len(selection) else ''}",
        "closed notional": f"{_tables.money(report.notional)} {settle} at the mark",
    }
    if report.realized is not None:
        lines["realized PnL"] = f"{_tables.money(float(report.realized.sum()))} {settle} at {report.price}"
    for name, text in lines.items():
        style = "bold red" if name == "shortfall" and selection.shortfall else None
        screen.print(f"{name:<16}{text}", style=style, soft_wrap=True)


def _document(report: _SelectionReport) -> dict[str, Any]:
    """The selection for machines: quantities are decimal text on the lot's grid."""
    selection, contract = report.selection, report.market.contract
    fields: dict[str, list[Any]] = {
        "account": report.accounts.tolist(),
        "row": selection.index.tolist(),
        "place": selection.place.tolist(),
        "score": selection.score.tolist(),
        **{ratio.name: values.tolist() for ratio, values in report.ratios.items()},
        "closed": [contract.decimal(lots) for lots in selection.quantity.tolist()],
        "left": [contract.decimal(lots) for lots in selection.left.tolist()],
        "realized_pnl": [None] * len(selection) if report.realized is None else report.realized.tolist(),
        "indicator": report.indicator.tolist(),
    }
    return {
        "rule": report.rule.name,
        "mark": format(report.market.mark_price, "f"),
        "price": report.price,
        "lot": format(contract.lot, "f"),
        "quantity": contract.decimal(report.target_lots),
        "filled": contract.decimal(selection.filled),
        "shortfall": contract.decimal(selection.shortfall),
        "counterparties": len(selection),
        "closed_notional": report.notional,
        "realized_pnl": None if report.realized is None else float(report.realized.sum()),
        "settle": contract.settle.name,
        "fills": records(fields),
    }
