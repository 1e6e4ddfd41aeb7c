"""``adlcore explain``: the margin of one position, its place in the queue, and what would change them."""

from __future__ import annotations

from math import isnan
from typing import Annotated, Any

import numpy as np
import typer
from rich.text import Text

from ..clearing import Snapshot
from ..clearing.margin import what_if
from ..clearing.margin.standing import Standing
from ..clearing.snapshot.tables import MODES
from ..errors import AdlError
from ..market.explanation import Explanation
from ..ranking.rules import RankingRule
from . import _inputs, _options, _tables, _terms
from ._json import price_or_none, print_json
from ._screen import Screen
from ._tables import Column

__all__ = ["explain"]

OTHER = {"long": "short", "short": "long"}


def explain(
    snapshot: _options.SnapshotArgument,
    *,
    account: Annotated[str, typer.Option("--account", help="Whose position.", show_default=False)],
    contract: Annotated[str, typer.Option("--contract", help="In which contract.", show_default=False)],
    side: Annotated[
        str | None, typer.Option("--side", help="long or short, where the account holds both.", show_default=False)
    ] = None,
    wallet: Annotated[
        int | None,
        typer.Option("--wallet", metavar="ROW", help="Of which wallet, where several hold it.", show_default=False),
    ] = None,
    rule: _options.RuleOption = "binance",
    short: _options.ShortOption = "mirrored",
    mark: Annotated[
        str | None, typer.Option("--mark", metavar="PRICE", help="What if this were the mark?", show_default=False)
    ] = None,
    add_margin: Annotated[
        str | None,
        typer.Option(
            "--add-margin", metavar="AMOUNT", help="What if so much were added to the wallet?", show_default=False
        ),
    ] = None,
    reduce: Annotated[
        str | None,
        typer.Option(
            "--reduce",
            metavar="QUANTITY",
            help="What if so many contracts were closed at the mark, without fees?",
            show_default=False,
        ),
    ] = None,
    as_json: _options.JsonOption = False,
) -> None:
    """Explain a position: when it is liquidated, when it is deleveraged, and what would change that."""
    ranking_rule = RankingRule(rule, short=short)
    for name, text in (("mark", mark), ("add-margin", add_margin), ("reduce", reduce)):
        if text is not None:
            _inputs.check_decimal(name, text)
    read = _inputs.load_snapshot(snapshot)
    row = _row(read, _inputs.account_of(read, account), account, contract, side, wallet)
    wallet_row, code = int(read.positions.wallet[row]), read.code(contract)
    now = Standing(read, row, wallet_row, code, ranking_rule)
    then, realized = None, 0
    if (mark, add_margin, reduce) != (None, None, None):
        try:
            changed, changed_row, realized = what_if(read, row, mark=mark, add_margin=add_margin, reduce=reduce)
        except AdlError as error:
            raise error.placed(str(error.argument).replace("_", "-"), None, error.value) from None
        then = Standing(changed, changed_row, wallet_row, code, ranking_rule)
    if as_json:
        whose = {
            "account": read.wallets.account[wallet_row],
            "wallet": wallet_row,
            "mode": MODES[int(read.wallets.mode[wallet_row])],
        }
        changes = {"mark": mark, "add_margin": add_margin, "reduce": reduce}
        print_json({"snapshot": str(snapshot), **whose, **_document(now, then, changes, realized)})
        return
    out = _tables.console()
    _print_title(out, read, now, wallet_row)
    if then is not None:
        _print_question(out, now, then, add_margin, reduce, realized)
    out.print()
    _print(out, now, then)
    out.print()
    _print_words(out, now if then is None else then, then is not None)


def _row(snapshot: Snapshot, account: Any, text: str, symbol: str, side: str | None, wallet: int | None) -> int:
    """The one position row that is meant."""
    _inputs.check_side(side)
    code, positions = snapshot.code(symbol), snapshot.positions
    held = np.flatnonzero((snapshot.wallets.account[positions.wallet] == account) & (positions.quantity != 0))
    codes = snapshot.contract_of(held)
    rows = held[codes == code]
    if not len(rows):
        symbols = [snapshot.contracts[known].symbol for known in np.unique(codes).tolist()]
        must = f"must be one that {text} holds: {', '.join(symbols)}" if symbols else f"{text} holds no position"
        raise AdlError.at("contract", None, symbol, must)
    if side is not None:
        rows = rows[positions.quantity[rows] * _inputs.SIDES[side] > 0]
        if not len(rows):
            raise AdlError.at("side", None, side, f"must be {OTHER[side]}: {text} holds no {side} of {symbol}")
    found = ", ".join(f"{_side(int(positions.quantity[k]))} in wallet {positions.wallet[k]}" for k in rows.tolist())
    if wallet is not None:
        rows = rows[positions.wallet[rows] == wallet]
        if not len(rows):
            raise AdlError.at("wallet", None, wallet, f"must be a wallet that holds {text}'s {symbol}: {found}")
    if len(rows) > 1:
        raise AdlError.at("contract", None, symbol, f"must be told apart by --side or --wallet: {found}")
    return int(rows[0])


def _side(quantity: int) -> str:
    return "long" if quantity > 0 else "short"


# Telling it -----------------------------------------------------------------------------------------------------------


def _mark(standing: Standing) -> str:
    return format(standing.mark_price, "f")


def _print_title(out: Screen, snapshot: Snapshot, now: Standing, wallet: int) -> None:
    """Whose position it is, of what size, in what wallet."""
    contract, wallets = now.contract, snapshot.wallets
    whose = _tables.label(wallets.account[wallet])
    size = contract.decimal(abs(now.quantity))
    title = Text(f"{whose}: {_side(now.quantity)} {size} {_tables.label(contract.symbol)}", "bold")
    title.append(f", {MODES[int(wallets.mode[wallet])]} wallet in {_tables.label(now.asset)}", "not bold")
    if len(now.liquidation_prices) > 1:
        title.append(f", hedged by a {OTHER[_side(now.quantity)]}", "not bold")
    out.print(title, soft_wrap=True)


def _print_question(
    out: Screen, now: Standing, then: Standing, add_margin: str | None, reduce: str | None, realized: int
) -> None:
    """What the position would be if: the changes that are asked for, in a line."""
    changes = [f"mark {_mark(then)}"] if _mark(then) != _mark(now) else []
    if add_margin is not None:
        changes.append(f"{add_margin} {now.asset} added")
    if reduce is not None:
        settle = now.contract.settle
        changes.append(f"{reduce} closed at {_mark(then)}, realizing {_tables.amount(settle, realized)} {settle}")
    _tables.say(out, f"What if: {'; '.join(changes) or 'the mark as it is'}")


def _print(out: Screen, now: Standing, then: Standing | None) -> None:
    """What is, and beside it what would be."""
    shown = [now] if then is None else [now, then]
    tables = [_lines(standing, out, now) for standing in shown]
    columns = [Column("", list(tables[0]), right=False)]
    for heading, lines in zip(("now", "then"), tables, strict=False):
        columns.append(Column(heading, [lines.get(name, "-") for name in tables[0]]))
    styles = ["bold red" if name == "margin ratio" and shown[-1].liquidatable else "" for name in tables[0]]
    _tables.print_table(out, columns, styles)


def _lines(standing: Standing, out: Screen, first: Standing) -> dict[str, Any]:
    """What is told of a standing, by its name; of a position that is closed less than of others."""
    contract, asset = standing.contract, standing.asset
    margin_ratio, settle = standing.margin_ratio, contract.settle
    wallet = {
        "equity": _tables.amount(asset, standing.equity),
        "maintenance margin": _tables.amount(asset, standing.maintenance_margin),
        "margin ratio": f"{_tables.percent(margin_ratio)} %" if margin_ratio < float("inf") else "inf",
        "free margin": _tables.amount(asset, standing.free_margin),
    }
    why, row = standing.why, standing.in_units
    if why is None or row is None:
        return {"mark price": _mark(standing), "quantity": contract.decimal(0), **wallet}
    pnl = "unrealized PnL" if asset == settle else f"unrealized PnL ({settle})"
    lines: dict[str, Any] = {
        "mark price": _mark(standing),
        "quantity": contract.decimal(standing.quantity),
        "entry price": _tables.price(contract, standing.entry_price),
        pnl: _tables.amount(settle, standing.unrealized_pnl),
        **wallet,
    }
    pair = len(first.liquidation_prices) > 1
    names = ("liquidated below", "liquidated above") if pair else ("liquidation price",)
    for name, price, away in zip(names, standing.liquidation_prices, standing.distances, strict=False):
        lines[name] = _tables.price(contract, price)
        if not isnan(away):
            lines[name] += f" ({_tables.shift(price, float(standing.mark_price))} %)"
    lines["bankruptcy price"] = _tables.price(contract, standing.bankruptcy_price)
    lines["place in the queue"] = f"{why.rank:,} of {why.of:,} {why.side}s"
    lines["closed before it"] = contract.decimal(standing.ahead)
    lines["quantile"] = _tables.times(why.quantile)
    lines["light"] = _tables.lights(why.indicator, out)
    for ratio, values in _terms.ratio_columns(row, standing.rule).items():
        unit = " %" if ratio.write is _tables.percent else ""
        lines[ratio.name.replace("_", " ").replace("pnl", "PnL")] = ratio.write(float(values[0])) + unit
    lines[f"score by {why.rule}"] = _tables.score(why.score)
    return lines


def _print_words(out: Screen, standing: Standing, is_what_if: bool) -> None:
    """What it comes to, in sentences."""
    first = _liquidation(standing)
    _tables.say(out, f"Then {first[0].lower()}{first[1:]}" if is_what_if else first)
    if standing.why is not None:
        _tables.say(out, _place(standing, standing.why))


def _liquidation(standing: Standing) -> str:
    """When the wallet is liquidated."""
    contract = standing.contract
    if standing.liquidatable:
        return "The wallet is liquidatable: its equity is not above its maintenance margin."
    if standing.why is None:
        return "The position is closed."
    ways = []
    for price, away in zip(standing.liquidation_prices, standing.distances, strict=True):
        if not isnan(away):
            way = "falls" if price < float(standing.mark_price) else "rises"
            share = f"{abs(away):.2%}".replace("%", f"{_tables.FIXED_SPACE}%")
            ways.append(f"{way} {share} to {_tables.price(contract, price)}")
    if not ways:
        return f"No price of {contract.symbol} by itself has the wallet liquidated."
    return f"The wallet is liquidated if {contract.symbol} {' or '.join(ways)}."


def _place(standing: Standing, why: Explanation) -> str:
    """When the position is deleveraged."""
    failed = f"If a {OTHER[why.side]} goes bankrupt and the insurance fund cannot pay for it"
    if why.indicator == 0:
        reason = "its wallet has no equity" if standing.equity <= 0 else "it makes no profit"
        return f"By {why.rule} it is not deleveraged while {reason}."
    if standing.liquidatable:
        return "While its wallet is liquidatable, the position is nobody's counterparty."
    if not standing.ahead:
        return f"{failed}, this position is closed first."
    ahead = standing.contract.decimal(standing.ahead)
    return f"{failed}, {ahead} {standing.contract.symbol} of other {why.side}s go before this position."


def _document(now: Standing, then: Standing | None, changes: dict[str, str | None], realized: int) -> dict[str, Any]:
    """The position for machines, as it is and as it would be with the changes that are asked for."""
    settle = now.contract.settle
    return {
        "contract": now.contract.symbol,
        "side": _side(now.quantity),
        "asset": now.asset.name,
        "settle": settle.name,
        "rule": now.rule.name,
        "expression": now.rule.expression,
        "now": _fields(now),
        "what_if": None if then is None else {**changes, "realized_pnl": settle.decimal(realized)},
        "then": None if then is None else _fields(then),
    }


def _fields(standing: Standing) -> dict[str, Any]:
    """A standing for machines: quantities and money are decimal text."""
    contract, asset, why = standing.contract, standing.asset, standing.why
    fields: dict[str, Any] = {
        "mark": _mark(standing),
        "quantity": contract.decimal(standing.quantity),
        "equity": asset.decimal(standing.equity),
        "maintenance_margin": asset.decimal(standing.maintenance_margin),
        "margin_ratio": standing.margin_ratio,
        "liquidatable": standing.liquidatable,
        "free_margin": asset.decimal(standing.free_margin),
    }
    if why is None:
        return fields
    return {
        **fields,
        "entry_price": standing.entry_price,
        "unrealized_pnl": contract.settle.decimal(standing.unrealized_pnl),
        "liquidation_prices": [price_or_none(price) for price in standing.liquidation_prices],
        "distances": standing.distances,
        "bankruptcy_price": price_or_none(standing.bankruptcy_price),
        "queue": {
            **{"rank": why.rank, "of": why.of, "quantile": why.quantile, "indicator": why.indicator},
            **{"ahead": contract.decimal(standing.ahead), "score": why.score, "terms": why.terms},
        },
    }
