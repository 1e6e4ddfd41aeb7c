"""Where one position stands: the margin of its wallet, its prices, and its place in the queue."""

from __future__ import annotations

import numpy as np

from ...contracts import Asset
from ...market.columns import MONEY_COLUMNS
from ...market.explanation import Explanation
from ...market.liquidation_prices import distance
from ...market.market import Market
from ...market.selection_values import submarket
from ...ranking.rules import RankingRule
from ..snapshot.snapshot import Snapshot
from .margin_state import margin_state

__all__ = ["Standing"]


class Standing:
    """A position in one snapshot: its wallet, its prices, its place in the queue.

    What is of the position has its default once it is closed. Money is in quanta: of the wallet's asset, and of
    the settle asset where it is of the position.

    Parameters
    ----------
    snapshot : Snapshot
    row : int or None
        Of the position; None where it is closed.
    wallet, code : int
        Rows of its wallet and of its contract.
    rule : RankingRule

    Attributes
    ----------
    rule : RankingRule
        By which the queue is ordered.
    contract : Contract
    asset : Asset
        The wallet's asset, or numeraire.
    mark_price : Decimal
    equity, maintenance_margin, free_margin : int
        Of the wallet.
    margin_ratio : float
    liquidatable : bool
    quantity : int
        In lots.
    entry_price : float
    unrealized_pnl : int
    liquidation_prices : tuple of float
        One, or the lower and the upper where the wallet holds both sides of the contract.
    bankruptcy_price : float
    ahead : int
        Lots of its side that are closed before it; those of liquidatable wallets are not.
    why : Explanation or None
        Its place among all positions of its side.
    in_units : Market or None
        The position as a market of one row, with money in units.

    Raises
    ------
    AdlError
        For a contract without margin tiers that somebody holds, and a rule whose columns are not there.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tiers=adl.MarginTiers([0], ["0.05"]))],
    ...     wallets={"account": ["ann", "bob"], "balance": ["30", "20"]},
    ...     positions={
    ...         "account": ["ann", "bob"], "contract": ["X", "X"], "quantity": [10, -10], "entry_price": [10, 10]
    ...     },
    ...     marks={"X": "9"},
    ... )
    >>> found = Standing(snapshot, 1, 1, 0, adl.RankingRule("binance"))
    >>> found.unrealized_pnl, found.ahead, [round(price, 4) for price in found.liquidation_prices]
    (1000000000, 0, [11.4286])
    """

    def __init__(self, snapshot: Snapshot, row: int | None, wallet: int, code: int, rule: RankingRule) -> None:
        state, mark = margin_state(snapshot), snapshot.marks[code]
        assert mark is not None  # of a contract that somebody holds, or held
        self.rule, self.contract, self.mark_price = rule, snapshot.contracts[code], mark
        self.asset: Asset = snapshot.assets[int(snapshot.wallets.asset[wallet])]
        self.equity, self.maintenance_margin, self.free_margin = (
            int(column[wallet]) for column in (state.equity, state.maintenance_margin, state.free_margin)
        )
        self.margin_ratio, self.liquidatable = float(state.margin_ratio[wallet]), bool(state.liquidatable[wallet])
        self.quantity = self.unrealized_pnl = self.ahead = 0
        self.entry_price = self.bankruptcy_price = float("nan")
        self.liquidation_prices: tuple[float, ...] = ()
        self.why: Explanation | None = None
        self.in_units: Market | None = None
        if row is None:
            return
        part, each = snapshot.rows(code), state.positions
        self.quantity, self.unrealized_pnl = int(snapshot.positions.quantity[row]), int(each.unrealized_pnl[row])
        in_wallet = snapshot.positions.quantity[part][snapshot.positions.wallet[part] == wallet]
        roots = ("lower", "upper") if np.count_nonzero(in_wallet) > 1 else ("nearest",)
        self.liquidation_prices = tuple(float(each.liquidation_price([row], root=root)[0]) for root in roots)
        self.bankruptcy_price = float(each.bankruptcy_price([row])[0])
        market, place = state.market(self.contract), row - part.start
        self.in_units = _in_units(market, place)
        self.entry_price = float(self.in_units.entry_price[0])
        self.why = market.explain(place, rule)
        # Rows of wallets that are liquidatable themselves are nobody's counterparty.
        queue = np.flatnonzero(~state.liquidatable[market.tie] | (np.arange(len(market)) == place))
        self.ahead = int(submarket(market, queue).explain(int(np.searchsorted(queue, place)), rule).ahead)

    @property
    def distances(self) -> list[float]:
        """How far the mark is from each liquidation price, as :func:`adlcore.market.liquidation_prices.distance`."""
        return [distance(price, float(self.mark_price)) for price in self.liquidation_prices]


def _in_units(market: Market, place: int) -> Market:
    """One row of a market, its money in units of the settle asset."""
    row = submarket(market, np.array([place]))
    quanta = market.contract.settle.quanta_per_unit
    money = {name: getattr(row, name) / quanta for name in MONEY_COLUMNS if getattr(row, name) is not None}
    return Market(row.contract, mark_price=row.mark_price, quantity=row.quantity, leverage=row.leverage, **money)
