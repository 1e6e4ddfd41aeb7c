"""``adlcore margin``: which wallets are nearest to liquidation, and what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.text import Text

from .._support.arrays import Float64Array1D, Int64Array1D
from .._support.wording import counted
from ..clearing import MarginState, Snapshot, margin_state
from ..clearing.snapshot.tables import MODES
from ..market.liquidation_prices import read_fee
from . import _common, _tables
from ._screen import Screen
from ._tables import Column

__all__ = ["margin"]

#: Marks in the lines above the table; the column has them all where it is wide enough.
MARKS = 12

#: Modes as a narrow column has them.
SHORT_MODES = ("cross", "isol.", "multi", "portf.")


@dataclass(frozen=True)
class Listing:
    """Wallets in the order in which they are shown, and their positions.

    Attributes
    ----------
    wallets : int64[k]
        Rows of the wallets.
    of : int64[m]
        For each position shown, where its wallet stands in `wallets`.
    rows, code : int64[m]
        Rows of the positions and of their contracts.
    liquidation, bankruptcy : float64[m]
        Prices.
    """

    snapshot: Snapshot
    state: MarginState
    holders: int
    wallets: Int64Array1D
    of: Int64Array1D
    rows: Int64Array1D
    code: Int64Array1D
    liquidation: Float64Array1D
    bankruptcy: Float64Array1D

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot, account: Any, top: int, taker_fee: str) -> Listing:
        """The wallets with the highest margin ratios; of one account, where one is given."""
        state = margin_state(snapshot)
        positions = snapshot.positions
        held = np.flatnonzero(positions.quantity != 0)
        wallets = np.unique(positions.wallet[held])
        if account is not None:
            wallets = wallets[snapshot.wallets.account[wallets] == account]
        order = np.lexsort((state.equity[wallets], -state.margin_ratio[wallets]))
        chosen = wallets[order][: top or None]
        place = np.full(len(snapshot.wallets), -1)
        place[chosen] = np.arange(len(chosen))
        rows = held[place[positions.wallet[held]] >= 0]
        of = place[positions.wallet[rows]]
        order = np.argsort(of, kind="stable")
        rows, of = rows[order], of[order]
        code = np.searchsorted(snapshot.start, rows, side="right") - 1
        each = state.positions
        prices = each.liquidation_price(rows, taker_fee=taker_fee), each.bankruptcy_price(rows, taker_fee=taker_fee)
        return cls(snapshot, state, len(wallets), chosen, of, rows, code, *prices)

    def mark(self, code: int) -> str:
        """The mark price of a contract that somebody holds."""
        return format(self.snapshot.marks[code], "f")


def margin(
    snapshot: _common.SnapshotArgument,
    *,
    top: Annotated[int, typer.Option("--top", min=0, help="Wallets; 0 shows all that hold positions.")] = 20,
    account: Annotated[str | None, typer.Option("--account", help="Only wallets of this account.")] = None,
    taker_fee: Annotated[
        str, typer.Option("--taker-fee", metavar="SHARE", help="Of the closing trade, in liquidation prices.")
    ] = "0",
    as_json: _common.JsonOption = False,
) -> None:
    """List the wallets nearest to liquidation, and the prices at which that happens."""
    with _common.as_option("taker-fee", taker_fee):
        read_fee(taker_fee)
    read = _common.load_snapshot(snapshot)
    wanted = None if account is None else _common.account_of(read, account)
    listing = Listing.of_snapshot(read, wanted, top, taker_fee)
    if as_json:
        _common.print_json(_document(listing, str(snapshot)))
        return
    out = _tables.console()
    _print_head(out, listing, _tables.label(snapshot))
    if len(listing.rows):
        out.print()
        _print(out, listing)
    if len(listing.wallets) < listing.holders:
        rest = listing.holders - len(listing.wallets)
        out.print(f"... and {rest:,} more: --top 0 shows all", style="dim", soft_wrap=True)


def _print_head(out: Screen, listing: Listing, name: str) -> None:
    snapshot, assets = listing.snapshot, _assets(listing)
    count = int(np.count_nonzero(listing.state.liquidatable))
    line = Text.assemble((name, "bold"), f": {counted(len(snapshot.wallets), 'wallet', plain=True)}, ")
    line.append(f"{counted(len(snapshot.positions), 'position', plain=True)} in ")
    line.append(f"{counted(len(snapshot.contracts), 'contract', plain=True)}, ")
    line.append(f"{count:,} liquidatable (!)" if count else "none liquidatable", "bold red" if count else "")
    out.print(line, soft_wrap=True)
    codes = np.unique(listing.code).tolist()
    marks = [f"{snapshot.contracts[code].symbol} {listing.mark(code)}" for code in codes[:MARKS]]
    if len(codes) > MARKS:
        marks.append(f"and {len(codes) - MARKS:,} more")
    if marks:
        _tables.say(out, "marks: " + ", ".join(mark.replace(" ", _tables.KEPT) for mark in marks))
    if len(assets) == 1:
        _tables.say(out, f"money in {assets[0]}")


def _assets(listing: Listing) -> list[str]:
    """The assets that the wallets shown are in."""
    snapshot = listing.snapshot
    return [snapshot.assets[code].name for code in np.unique(snapshot.wallets.asset[listing.wallets]).tolist()]


def _print(out: Screen, listing: Listing) -> None:
    """A row for each position; what is the wallet's stands in the first of its rows."""
    snapshot, state = listing.snapshot, listing.state
    wallets = snapshot.wallets
    equity, kept, ratio = state.equity, state.maintenance_margin, state.margin_ratio
    names = ("account", "mode", "asset", "equity", "maint.", "ratio %")
    cells: dict[str, list[str]] = {name: [] for name in names}
    for row in listing.wallets.tolist():
        asset = snapshot.assets[int(wallets.asset[row])]
        values = (
            *(str(wallets.account[row]), SHORT_MODES[int(wallets.mode[row])], asset.name),
            *(_tables.amount(asset, int(equity[row])), _tables.amount(asset, int(kept[row]))),
            _tables.percent(ratio[row]) if np.isfinite(ratio[row]) else "inf",
        )
        for name, value in zip(names, values, strict=True):
            cells[name].append(value)
    first = np.diff(listing.of, prepend=-1) > 0
    once = {
        name: [column[place] if new else "" for place, new in zip(listing.of.tolist(), first.tolist(), strict=True)]
        for name, column in cells.items()
    }
    failed = state.liquidatable[listing.wallets][listing.of]
    contracts = [snapshot.contracts[code] for code in listing.code.tolist()]
    marks = [listing.mark(code) for code in listing.code.tolist()]
    lots = snapshot.positions.quantity[listing.rows].tolist()
    prices = listing.liquidation.tolist(), listing.bankruptcy.tolist()
    liquidation, bankruptcy = (list(map(_tables.price, contracts, column)) for column in prices)
    columns = [
        Column("account", once["account"], right=False, least=8),
        Column("mode", once["mode"], right=False, drop=5),
        Column("asset", once["asset"], right=False, drop=4),
        Column("equity", once["equity"], drop=3),
        Column("maint.", once["maint."], drop=7),
        Column("ratio %", once["ratio %"]),
        Column("contract", [contract.symbol for contract in contracts], right=False),
        Column("quantity", [contract.decimal(held) for contract, held in zip(contracts, lots, strict=True)], drop=2),
        Column("mark", marks, drop=8),
        Column("liq. price", liquidation),
        Column("away %", [_tables.shift(p, float(m)) for p, m in zip(prices[0], marks, strict=True)], drop=1),
        Column("bankr.", bankruptcy, drop=6),
    ]
    if len(_assets(listing)) == 1:
        del columns[2]
    if failed.any():  # told without colours too
        columns.insert(0, Column("", ["!" if bad and new else "" for bad, new in zip(failed, first, strict=True)]))
    _tables.print_table(out, columns, ["bold red" if bad else "" for bad in failed.tolist()])


def _document(listing: Listing, path: str) -> dict[str, Any]:
    """The same for machines; quantities, prices that are given and money are decimal text."""
    snapshot, state = listing.snapshot, listing.state
    wallets, positions = snapshot.wallets, snapshot.positions
    equity, kept, ratio, failed = state.equity, state.maintenance_margin, state.margin_ratio, state.liquidatable
    found = []
    for row in listing.wallets.tolist():
        asset = snapshot.assets[int(wallets.asset[row])]
        found.append(
            {
                "account": wallets.account[row],
                "wallet": row,
                "mode": MODES[int(wallets.mode[row])],
                "asset": asset.name,
                "equity": asset.decimal(int(equity[row])),
                "maintenance_margin": asset.decimal(int(kept[row])),
                "margin_ratio": float(ratio[row]),
                "liquidatable": bool(failed[row]),
                "positions": [],
            }
        )
    places = zip(listing.of, listing.rows, listing.code, listing.liquidation, listing.bankruptcy, strict=True)
    for place, row, code, liquidation, bankruptcy in places:
        contract, mark = snapshot.contracts[code], listing.mark(code)
        found[place]["positions"].append(
            {
                "row": row,
                "contract": contract.symbol,
                "quantity": contract.decimal(int(positions.quantity[row])),
                "mark": mark,
                "liquidation_price": (price := _common.price_or_none(liquidation)),
                "distance": price and price / float(mark) - 1,
                "bankruptcy_price": _common.price_or_none(bankruptcy),
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
        "nearest": found,
    }
