"""The wallets nearest to liquidation, and the prices of what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._support.arrays import Float64Array1D, Int64Array1D
from ...contracts.decimals import Number
from ..snapshot.snapshot import Snapshot
from .margin_state import MarginState, margin_state

__all__ = ["NearestWallets", "nearest_wallets"]


@dataclass(frozen=True, eq=False)
class NearestWallets:
    """Wallets by margin ratio, the highest first, and their positions.

    Attributes
    ----------
    snapshot : Snapshot
    state : MarginState
    holders : int
        Wallets that hold positions, those that are left out too.
    wallets : int64[k]
        Rows of the wallets.
    of : int64[m]
        For each of their positions, where its wallet stands in `wallets`.
    rows, code : int64[m]
        Rows of the positions and of their contracts.
    liquidation, bankruptcy : float64[m]
        Prices.

    Examples
    --------
    >>> found = nearest_wallets(Snapshot.build([], {"account": ["ann"]}, [], {}))
    >>> found.holders, len(found.rows)
    (0, 0)
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


def nearest_wallets(
    snapshot: Snapshot, *, account: Any = None, top: int | None = None, taker_fee: Number = 0
) -> NearestWallets:
    """The wallets with the highest margin ratios; of equal ones that with less equity first, then the earlier row.

    Parameters
    ----------
    snapshot : Snapshot
    account : optional
        Only wallets of this account.
    top : int, optional
        So many wallets at most; 0 or none for all that hold positions.
    taker_fee : decimal string or number, default 0
        Fee of the closing trade, in liquidation and bankruptcy prices.

    Returns
    -------
    NearestWallets

    Raises
    ------
    AdlError
        For a contract without margin tiers that somebody holds.

    Notes
    -----
    O(wallets log wallets + positions), and the prices of the positions of `top` wallets.

    Examples
    --------
    >>> import adlcore as adl
    >>> found = nearest_wallets(
    ...     adl.Snapshot.build(
    ...         [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...         wallets={"account": ["ann", "bob", "cyd"], "balance": ["30", "20", "9"]},
    ...         positions={
    ...             "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...         },
    ...         marks={"X": "10"},
    ...     )
    ... )
    >>> found.holders, found.wallets, found.liquidation.round(4)
    (2, array([1, 0]), array([11.4286,  7.3684]))
    """
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
    rows = rows[np.argsort(place[positions.wallet[rows]], kind="stable")]
    of, each = place[positions.wallet[rows]], state.positions
    prices = each.liquidation_price(rows, taker_fee=taker_fee), each.bankruptcy_price(rows, taker_fee=taker_fee)
    return NearestWallets(snapshot, state, len(wallets), chosen, of, rows, snapshot.contract_of(rows), *prices)
