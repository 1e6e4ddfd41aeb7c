"""What if: a snapshot after its mark moved, margin was added, or a part of a position was closed."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._support.arrays import INT64_MAX
from ..clearing import Snapshot
from ..clearing.snapshot import archive
from ..clearing.snapshot.tables import VALUED
from ..contracts.decimals import canonical, positive_decimal
from ..errors import AdlError
from . import _inputs

__all__ = ["what_if"]


def what_if(
    snapshot: Snapshot, row: int, wallet: int, code: int, mark: str | None, add_margin: str | None, reduce: str | None
) -> tuple[Snapshot, int | None, int]:
    """The snapshot after it all, the position's row there, and what the closed part realizes in quanta."""
    contract, realized, left = snapshot.contracts[code], 0, row
    if mark is not None:
        terms = archive.terms(snapshot)
        terms["marks"][code] = canonical(positive_decimal(mark, "mark"))
        snapshot = Snapshot(**archive.arguments(terms, archive.parts(snapshot)), check=False)
    if add_margin is not None:
        with _inputs.as_option("add-margin", add_margin):
            asset = snapshot.assets[int(snapshot.wallets.asset[wallet])]
            snapshot = snapshot.deposit(wallet, add_margin, asset.name)
    if reduce is None:
        return snapshot, left, realized
    positions = snapshot.positions
    held, cost = int(positions.quantity[row]), int(positions.entry_value[row])
    with _inputs.as_option("reduce", reduce):
        lots = contract.lots(reduce)
    if lots > abs(held):
        raise AdlError.at("reduce", None, reduce, f"must be at most what is held, {contract.decimal(abs(held))}")
    closed = lots if held > 0 else -lots
    # Toward zero; a position that is closed whole leaves no cost behind.
    released = abs(cost) * lots // abs(held) * (1 if cost > 0 else -1)
    price = snapshot.marks[code]
    assert price is not None  # a contract that somebody holds has a mark
    realized = round(closed * contract.exact_value_per_lot(price) * contract.settle.quanta_per_unit) - released
    if abs(realized) > INT64_MAX:
        raise AdlError.at("reduce", None, reduce, f"must realize what fits int64 quanta of {contract.settle}")
    columns = archive.parts(snapshot)
    for name, value in (("quantity", held - closed), ("entry_value", cost - released)):
        columns[f"positions.{name}"] = _changed(columns[f"positions.{name}"], row, value)
    if closed == held:
        columns |= {name: np.delete(column, row) for name, column in columns.items() if name.startswith("positions.")}
    _book(snapshot, columns, wallet, code, realized)
    # One side of a trade: open interest is out of balance, and the rest as sound as it was.
    after = Snapshot(**archive.arguments(archive.terms(snapshot), columns), check=False)
    return after, None if closed == held else row, realized


def _changed(column: Any, row: int, value: int) -> Any:
    """The column with another value in one row."""
    if abs(value) > INT64_MAX:
        raise AdlError.at("reduce", None, value, "must leave a balance that fits int64 quanta")
    fresh = column.copy()
    fresh[row] = value
    return fresh


def _book(snapshot: Snapshot, columns: dict[str, Any], wallet: int, code: int, realized: int) -> None:
    """Add what was realized to the wallet's balance, or to what it holds of the settle asset."""
    if snapshot.wallets.mode[wallet] < VALUED:
        columns["wallets.balance"] = _changed(
            columns["wallets.balance"], wallet, int(snapshot.wallets.balance[wallet]) + realized
        )
        return
    asset, held = int(snapshot.settle[code]), snapshot.balances
    place = np.flatnonzero((held.wallet == wallet) & (held.asset == asset))
    if len(place):
        amount = int(held.amount[place[0]]) + realized
        columns["balances.amount"] = _changed(columns["balances.amount"], int(place[0]), amount)
        return
    for name, value in {"wallet": wallet, "asset": asset, "amount": realized, "loan": 0}.items():
        columns[f"balances.{name}"] = np.append(columns[f"balances.{name}"], value)
