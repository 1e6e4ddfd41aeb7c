"""What a selection closes of a market: the rows, what they realize, and what that is worth."""

from __future__ import annotations

import numpy as np

from .._support.arrays import Float64Array1D, Int64Array1D
from ..ranking.selection import Selection
from .columns import OPTIONAL_COLUMNS
from .market import Market

__all__ = ["closed_notional", "realized_pnl", "submarket"]


def submarket(market: Market, rows: Int64Array1D) -> Market:
    """Some rows of a market, as a market.

    Examples
    --------
    >>> market = Market("X", mark_price=2, quantity=[-5, -4, 3], entry_price=[3.0, 2.5, 2.0])
    >>> submarket(market, np.array([2, 0])).quantity.tolist()
    [3, -5]
    """
    held = {name: getattr(market, name) for name in OPTIONAL_COLUMNS if getattr(market, name) is not None}
    picked = {name: column[rows] for name, column in held.items()}
    return Market(market.contract, mark_price=market.mark_price, quantity=market.quantity[rows], **picked)


def closed_notional(market: Market, selection: Selection) -> float:
    """What a selection closes in all, at the mark, in units of the settle asset: exact, then rounded once.

    Examples
    --------
    >>> market = Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
    >>> closed_notional(market, market.deleverage(7, "binance"))
    14.0
    """
    return abs(float(int(selection.filled) * market.contract.exact_value_per_lot(market.mark_price)))


def realized_pnl(market: Market, selection: Selection, price: str) -> Float64Array1D:
    """What each counterparty realizes at a price, to the decimals of the settle asset.

    Parameters
    ----------
    market : Market
        As it was selected from: a row closed in part gives its share of the entry value.
    selection : Selection
    price : decimal string
        Where all of them are closed.

    Returns
    -------
    float64[k]

    Examples
    --------
    >>> market = Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
    >>> selection = market.deleverage(7, "binance")
    >>> selection.index, realized_pnl(market, selection, "2.25")
    (array([1, 0]), array([1.25, 1.5 ]))
    """
    contract, closed = market.contract, -selection.delta
    quantity, entry_value = market.quantity[selection.index], market.entry_value[selection.index]
    cost = np.where(closed == quantity, entry_value, entry_value * (closed / quantity))
    pnl: Float64Array1D = np.round(closed * contract.value_per_lot(price) - cost, contract.settle.decimals)
    return pnl + 0.0
