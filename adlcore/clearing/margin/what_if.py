"""What if: a snapshot after its mark moved, margin was added, or a part of a position was closed."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from ..._support.arrays import INT64_MAX
from ..._support.options import is_count
from ...contracts.decimals import Number, canonical, exact_decimal, positive_decimal
from ...errors import AdlError
from ..snapshot.exact import read_cell
from ..snapshot.netted_row import NettedRow
from ..snapshot.snapshot import Snapshot
from ..snapshot.wallet_balances import balance_of, credit

__all__ = ["WhatIf", "what_if"]


class WhatIf(NamedTuple):
    """A snapshot after changes to one position and what it hangs on.

    Attributes
    ----------
    snapshot : Snapshot
        Nobody is on the other side of what was closed: open interest may be out of balance.
    row : int or None
        The position's row there; None where it was closed whole.
    realized_quanta : int
        What the part that was closed realized, in quanta of the settle asset.

    Examples
    --------
    >>> from adlcore.clearing.margin import WhatIf
    >>> WhatIf._fields
    ('snapshot', 'row', 'realized_quanta')
    """

    snapshot: Snapshot
    row: int | None
    realized_quanta: int


def what_if(
    snapshot: Snapshot,
    row: int,
    *,
    mark: Number | None = None,
    add_margin: Number | None = None,
    reduce: Number | None = None,
) -> WhatIf:
    """The snapshot if its mark were another, a wallet had more, or a position were smaller: in this order.

    Parameters
    ----------
    snapshot : Snapshot
    row : int
        Row of a position with lots.
    mark : decimal string or number, optional
        Another mark price of the position's contract.
    add_margin : decimal string or number, optional
        Units of the wallet's asset or numeraire that come into the wallet of the position.
    reduce : decimal string or number, optional
        So many contracts of the position are closed at the mark, without fees. Cost is released in
        proportion, toward zero.

    Returns
    -------
    WhatIf
        The snapshot after it all, the position's row there, and what closing realized.

    Raises
    ------
    AdlError
        For what is off its grid or not above 0, more than is held, and a balance that leaves int64. It names
        the argument.

    Notes
    -----
    O(positions) to copy what changes; margin is not computed. The snapshot that is asked stays as it is.

    Examples
    --------
    >>> import adlcore as adl
    >>> from adlcore.clearing.margin import what_if
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["120", "200"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [100, 100]
    ...     },
    ...     marks={"X": "100"},
    ... )
    >>> now, then = snapshot, what_if(snapshot, 0, mark="95", reduce="4")
    >>> then.realized_quanta, then.snapshot.positions.quantity.tolist()
    (-2000000000, [6, -10])
    >>> [adl.margin_state(each).margin_ratio[0].round(4).item() for each in (now, then.snapshot)]
    [0.4167, 0.4071]
    """
    _refuse_no_position(snapshot, row)
    wallet = int(snapshot.positions.wallet[row])
    code = int(snapshot.contract_of(np.array([row]))[0])
    if mark is not None:
        marks = list(snapshot.marks)
        marks[code] = exact_decimal(canonical(positive_decimal(mark, "mark")), "mark")
        snapshot = snapshot._with({"marks": tuple(marks)})
    if add_margin is not None:
        asset = snapshot.assets[int(snapshot.wallets.asset[wallet])]
        deposit = partial(snapshot.deposit, wallet, asset=asset.name)
        snapshot = read_cell("add_margin", None, add_margin, deposit)
    return WhatIf(snapshot, row, 0) if reduce is None else _reduced(snapshot, row, wallet, code, reduce)


def _refuse_no_position(snapshot: Snapshot, row: int) -> None:
    """Refuse what is no row of a position with lots."""
    if not isinstance(snapshot, Snapshot):
        raise AdlError.at("snapshot", None, type(snapshot).__name__, "must be a Snapshot")
    count = len(snapshot.positions)
    if not is_count(row, 0, count - 1):
        raise AdlError.at("row", None, row, f"must be a row of the positions, 0 to {count - 1}")
    if not snapshot.positions.quantity[row]:
        raise AdlError.at("row", None, row, "must be the row of a position with lots")


def _reduced(snapshot: Snapshot, row: int, wallet: int, code: int, reduce: Number) -> WhatIf:
    """A part of a position closed at the mark; the rest of the books is as sound as it was."""
    contract, positions = snapshot.contracts[code], snapshot.positions
    held, cost = int(positions.quantity[row]), int(positions.entry_value[row])
    if (lots := read_cell("reduce", None, reduce, contract.lots)) <= 0:
        raise AdlError.at("reduce", None, reduce, "must be above 0")
    if lots > abs(held):
        raise AdlError.at("reduce", None, reduce, f"must be at most what is held, {contract.decimal(abs(held))}")
    closed = lots if held > 0 else -lots
    left = NettedRow(held, cost)
    released = left.release(lots)
    price = snapshot.marks[code]
    assert price is not None  # a contract that somebody holds has a mark
    realized = round(closed * contract.exact_value_per_lot(price) * contract.settle.quanta_per_unit) - released
    if abs(realized) > INT64_MAX:
        raise AdlError.at("reduce", None, reduce, f"must realize what fits int64 quanta of {contract.settle}")
    asset = int(snapshot.settle[code])
    if abs(total := balance_of(snapshot, wallet, asset) + realized) > INT64_MAX:
        raise AdlError.at("reduce", None, total, "must leave a balance that fits int64 quanta")
    quantity, entry_value = positions.quantity.copy(), positions.entry_value.copy()
    quantity[row], entry_value[row] = left.lots, left.entry_value
    table, start = positions.replace(quantity=quantity, entry_value=entry_value), snapshot.start.copy()
    if closed == held:
        table = table.taken(np.delete(np.arange(len(table)), row))
        start[code + 1 :] -= 1
    changed = snapshot._with({"positions": table, "start": start})
    return WhatIf(credit(changed, wallet, asset, realized), None if closed == held else row, realized)
