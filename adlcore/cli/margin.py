"""``adlcore margin``: which wallets are nearest to liquidation, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Annotated, Any

import numpy as np
import typer
from rich.text import Text

from .._support.wording import counted
from ..clearing.margin.nearest_wallets import NearestWallets, nearest_wallets
from ..clearing.snapshot.tables import MODES
from ..market.liquidation_prices import distance, read_fee
from . import _inputs, _options, _tables
from ._json import price_or_none, print_json
from ._screen import Screen
from ._tables import Column

__all__ = ["margin"]

#: Marks in the lines above the table; the column has them all where it is wide enough.
MARKS = 12

#: Modes as a narrow column has them.
SHORT_MODES = ("cross", "isol.", "multi", "portf.")


def margin(
    snapshot: _options.SnapshotArgument,
    *,
    top: Annotated[int, typer.Option("--top", min=0, help="Wallets; 0 shows all that hold positions.")] = 20,
    account: Annotated[str | None, typer.Option("--account", help="Only wallets of this account.")] = None,
    taker_fee: Annotated[
        str, typer.Option("--taker-fee", metavar="SHARE", help="Of the closing trade, in liquidation prices.")
    ] = "0",
    as_json: _options.JsonOption = False,
) -> None:
    """List the wallets nearest to liquidation, and the prices at which that happens."""
    with _inputs.as_option("taker-fee", taker_fee):
        read_fee(taker_fee)
    read = _inputs.load_snapshot(snapshot)
    wanted = None if account is None else _inputs.account_of(read, account)
    listing = nearest_wallets(read, account=wanted, top=top, taker_fee=taker_fee)
    if as_json:
        print_json(_document(listing, str(snapshot)))
        return
    out = _tables.console()
    _print_head(out, listing, _tables.label(snapshot))
    if len(listing.rows):
        out.print()
        _print(out, listing)
    if rest := listing.holders - len(listing.wallets):
        _tables.hint(out, f"... and {rest:,} more: --top 0 shows all")


def _print_head(out: Screen, listing: NearestWallets, name: str) -> None:
    """How large the snapshot is, the marks, and the asset where there is one only."""
    snapshot, assets = listing.snapshot, _assets(listing)
    count = int(np.count_nonzero(listing.state.liquidatable))
    line = Text.assemble((name, "bold"), f": {counted(len(snapshot.wallets), 'wallet', plain=True)}, ")
    line.append(f"{counted(len(snapshot.positions), 'position', plain=True)} in ")
    line.append(f"{counted(len(snapshot.contracts), 'contract', plain=True)}, ")
    line.append(f"{count:,} liquidatable (!)" if count else "none liquidatable", "bold red" if count else "")
    out.print(line, soft_wrap=True)
    codes = np.unique(listing.code).tolist()
    marks = [f"{snapshot.contracts[code].symbol} {_mark(listing, code)}" for code in codes[:MARKS]]
    if len(codes) > MARKS:
        marks.append(f"and {len(codes) - MARKS:,} more")
    if marks:
        _tables.say(out, "marks: " + ", ".join(mark.replace(" ", _tables.FIXED_SPACE) for mark in marks))
    if len(assets) == 1:
        _tables.say(out, f"money in {assets[0]}")


def _mark(listing: NearestWallets, code: int) -> str:
    """The mark price of a contract that somebody holds."""
    return format(listing.snapshot.marks[code], "f")


def _assets(listing: NearestWallets) -> list[str]:
    """The assets that the wallets shown are in."""
    snapshot = listing.snapshot
    return [snapshot.assets[code].name for code in np.unique(snapshot.wallets.asset[listing.wallets]).tolist()]


def _print(out: Screen, listing: NearestWallets) -> None:
    """A row for each position; what is the wallet's stands in the first of its rows."""
    snapshot, state = listing.snapshot, listing.state
    wallets = snapshot.wallets
    of = listing.wallets[listing.of]
    first = (np.diff(listing.of, prepend=-1) > 0).tolist()

    def once(cells: Iterable[str]) -> list[str]:
        return [cell if new else "" for cell, new in zip(cells, first, strict=True)]

    assets = [snapshot.assets[code] for code in wallets.asset[of].tolist()]
    equity, maintenance_margin = (
        map(_tables.amount, assets, column[of].tolist()) for column in (state.equity, state.maintenance_margin)
    )
    ratios = (_tables.percent(ratio) if isfinite(ratio) else "inf" for ratio in state.margin_ratio[of].tolist())
    failed = state.liquidatable[of]
    contracts = [snapshot.contracts[code] for code in listing.code.tolist()]
    marks = [_mark(listing, code) for code in listing.code.tolist()]
    lots = snapshot.positions.quantity[listing.rows].tolist()
    prices = listing.liquidation.tolist(), listing.bankruptcy.tolist()
    liquidation, bankruptcy = (list(map(_tables.price, contracts, column)) for column in prices)
    columns = [
        Column("account", once(map(str, wallets.account[of].tolist())), right=False, least=8),
        Column("mode", once(SHORT_MODES[mode] for mode in wallets.mode[of].tolist()), right=False, drop=5),
        Column("asset", once(asset.name for asset in assets), right=False, drop=4),
        Column("equity", once(equity), drop=3),
        Column("maint.", once(maintenance_margin), drop=7),
        Column("ratio %", once(ratios)),
        Column("contract", [contract.symbol for contract in contracts], right=False),
        Column(
            "quantity", [contract.decimal(quantity) for contract, quantity in zip(contracts, lots, strict=True)], drop=2
        ),
        Column("mark", marks, drop=8),
        Column("liq. price", liquidation),
        Column("away %", [_tables.shift(p, float(m)) for p, m in zip(prices[0], marks, strict=True)], drop=1),
        Column("bankr.", bankruptcy, drop=6),
    ]
    if len(_assets(listing)) == 1:
        del columns[2]
    if failed.any():  # told without colours too
        columns.insert(0, Column("", once("!" if bad else "" for bad in failed.tolist())))
    _tables.print_table(out, columns, ["bold red" if bad else "" for bad in failed.tolist()])


def _document(listing: NearestWallets, path: str) -> dict[str, Any]:
    """The listing for machines; quantities, prices that are given and money are decimal text."""
    snapshot, state = listing.snapshot, listing.state
    wallets, positions = snapshot.wallets, snapshot.positions
    equity, ratio, failed = state.equity, state.margin_ratio, state.liquidatable
    nearest = []
    for row in listing.wallets.tolist():
        asset = snapshot.assets[int(wallets.asset[row])]
        nearest.append(
            {
                "account": wallets.account[row],
                "wallet": row,
                "mode": MODES[int(wallets.mode[row])],
                "asset": asset.name,
                "equity": asset.decimal(int(equity[row])),
                "maintenance_margin": asset.decimal(int(state.maintenance_margin[row])),
                "margin_ratio": float(ratio[row]),
                "liquidatable": bool(failed[row]),
                "positions": [],
            }
        )
    places = zip(listing.of, listing.rows, listing.code, listing.liquidation, listing.bankruptcy, strict=True)
    for place, row, code, liquidation, bankruptcy in places:
        contract, mark = snapshot.contracts[code], _mark(listing, code)
        nearest[place]["positions"].append(
            {
                "row": row,
                "contract": contract.symbol,
                "quantity": contract.decimal(int(positions.quantity[row])),
                "mark": mark,
                "liquidation_price": price_or_none(liquidation),
                "distance": distance(liquidation, float(mark)),
                "bankruptcy_price": price_or_none(bankruptcy),
            }
        )
    return {
        "snapshot": path,
        "hash": snapshot.hash,
        "marks": {symbol: mark and format(mark, "f") for symbol, mark in state.marks.items()},
        "wallets": len(wallets),
        "positions": len(positions),
        "liquidatable": int(np.count_nonzero(state.liquidatable)),
        "holders": listing.holders,
        "nearest": nearest,
    }
