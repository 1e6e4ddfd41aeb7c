"""Ranking scores of one market in plain NumPy: the twin of ``score.pyx``.

Every function below is the documented floating-point expression of one rule, written once more and
bit for bit the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

__all__ = ["RULES", "Source"]


def binance(c: Source) -> Array:
    """``U/E`` where U >= 0, else ``(U/N)·(E/N)``."""
    u, n, e = c.unrealized_pnl, c.notional, c.equity
    return np.where(e <= 0, -np.inf, np.where(u >= 0, u / e, (u / n) * (e / n)))


def binance_portfolio(c: Source) -> Array:
    """As ``binance``, with the equity of the whole account."""
    u, n, e = c.unrealized_pnl, c.notional, c.account_equity
    return np.where(e <= 0, -np.inf, np.where(u >= 0, u / e, (u / n) * (e / n)))


def binance_2019(c: Source) -> Array:
    """``max(0, U)/max(1, WB)·R``; R = 0 where E <= 0, else MM/E."""
    u, wb, e, mm = c.unrealized_pnl, c.balance, c.equity, c.maintenance_margin
    gain = np.where(u <= 0, 0.0, u)
    base = np.where(wb < c.one, c.one, wb)
    return (gain / base) * np.where(e <= 0, 0.0, mm / e)


def bitmex(c: Source) -> Array:
    """``p·L`` where U >= 0, else ``p/L``; p = U/abs(EV), 0 where U = 0; L = N/D, D = MV - BV, or E without a BV."""
    u, n, ev = c.unrealized_pnl, c.notional, c.entry_value
    d = c.equity if c.bankruptcy_value is None else c.margin_to_bankruptcy
    p = np.where(u == 0, 0.0, u / np.abs(ev))
    leverage = n / d
    return np.where(d <= 0, -np.inf, np.where(u >= 0, p * leverage, p / leverage))


def hyperliquid(c: Source, literal: bool = False) -> Array:
    """``r·(N/E)`` where U > 0 (0 where N = 0), else -inf.

    r = mark/entry of a long, entry/mark (literal: mark/entry) of a short.
    """
    u, n, e, mv, ev = c.unrealized_pnl, c.notional, c.equity, c.mark_value, c.entry_value
    up = np.ones(len(mv), bool) if literal else c.quantity > 0
    mark_over_entry = up != c.inverse
    ratio = np.where(mark_over_entry, mv / ev, ev / mv)
    score = np.where(mv == 0, 0.0, ratio * (n / e))
    return np.where((e <= 0) | (u <= 0), -np.inf, score)


def hyperliquid_literal(c: Source) -> Array:
    """``hyperliquid`` with mark/entry for longs and shorts alike."""
    return hyperliquid(c, literal=True)


def roi(c: Source) -> Array:
    """``U/abs(EV)``, 0 where U = 0."""
    u, ev = c.unrealized_pnl, c.entry_value
    return np.where(u == 0, 0.0, u / np.abs(ev))


def column(c: Source) -> Array:
    """A given column of scores."""
    return np.array(c.score, np.float64)


RULES = {
    "column": column,
    "binance": binance,
    "binance-portfolio": binance_portfolio,
    "binance-2019": binance_2019,
    "bitmex": bitmex,
    "hyperliquid": hyperliquid,
    "hyperliquid-literal": hyperliquid_literal,
    "roi": roi,
}


class Source:
    """Columns of one market at one mark price, and the rule that scores them; it reads what it needs only."""

    unrealized_pnl: Array
    mark_value: Array
    entry_value: Array
    notional: Array
    margin_to_bankruptcy: Array

    def __init__(
        self,
        rule: str,
        *,
        quantity: Array,
        score: Array | None = None,
        entry_value: Array | None = None,
        unit_value: float = 0.0,
        inverse: bool = False,
        one: float = 1.0,
        equity: Array | None = None,
        account_equity: Array | None = None,
        balance: Array | None = None,
        maintenance_margin: Array | None = None,
        bankruptcy_value: Array | None = None,
    ) -> None:
        self.rule = RULES[rule]
        self.signed = np.asarray(quantity)
        self.quantity = self.signed.astype(np.float64)
        self.score = score
        self.inverse = inverse
        self.one = one
        self.equity = _widened(equity)
        self.account_equity = _widened(account_equity)
        self.balance = _widened(balance)
        self.maintenance_margin = _widened(maintenance_margin)
        self.bankruptcy_value = bankruptcy_value
        if entry_value is not None:
            with np.errstate(all="ignore"):
                self._derive(np.asarray(entry_value), unit_value, bankruptcy_value)

    def _derive(self, entry_value: Array, unit_value: float, bankruptcy_value: Array | None) -> None:
        """Mark value, entry value, unrealized PnL and notional; differences of int64 quanta are taken in int64."""
        mark_value = self.quantity * unit_value
        if entry_value.dtype == np.int64:
            mark_value = np.rint(mark_value).astype(np.int64)
        self.unrealized_pnl = (mark_value - entry_value).astype(np.float64)
        if bankruptcy_value is not None:
            self.margin_to_bankruptcy = (mark_value - np.asarray(bankruptcy_value)).astype(np.float64)
        self.mark_value = mark_value.astype(np.float64)
        self.entry_value = entry_value.astype(np.float64)
        self.notional = np.abs(self.mark_value)

    def __len__(self) -> int:
        return len(self.quantity)

    def scores(self, out: Array, side: int, winners: bool, absent: float) -> None:
        """Write the scores of the rows of `side` (+1 long, -1 short, 0 both), `absent` for all others.

        With `winners`, rows with U <= 0 score -inf.
        """
        with np.errstate(all="ignore"):
            score = self.rule(self)
        score[self.quantity == 0 if side == 0 else ~(self.quantity * side > 0)] = absent
        if winners:
            score[(self.unrealized_pnl <= 0) & (score > -np.inf)] = -np.inf
        out[:] = score


def _widened(values: Array | None) -> Any:
    return None if values is None else np.asarray(values).astype(np.float64)
