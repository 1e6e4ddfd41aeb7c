"""Ranking scores of one market in plain NumPy: the twin of ``_score.pyx``.

Every function below is the documented floating-point expression of one rule, written once more and bit for bit the same.
"""

from __future__ import annotations

import numpy as np

__all__ = ["RULES", "Source"]


def binance(c):
    """``U/E`` where U >= 0, else ``(U/N)·(E/N)``."""
    u, n, e = c.unrealized_pnl, c.notional, c.equity
    return np.where(e <= 0, -np.inf, np.where(u >= 0, u / e, (u / n) * (e / n)))


def binance_portfolio(c):
    """As ``binance``, with the equity of the whole account."""
    u, n, e = c.unrealized_pnl, c.notional, c.account_equity
    return np.where(e <= 0, -np.inf, np.where(u >= 0, u / e, (u / n) * (e / n)))


def binance_2019(c):
    """``max(0, U)/max(1, WB)·R``; R = 0 where E <= 0, else MM/E."""
    u, wb, e, mm = c.unrealized_pnl, c.balance, c.equity, c.maintenance_margin
    gain = np.where(u <= 0, 0.0, u)
    base = np.where(wb < c.one, c.one, wb)
    return (gain / base) * np.where(e <= 0, 0.0, mm / e)


def bitmex(c):
    """``p·L`` where U >= 0, else ``p/L``; p = U/abs(EV) (0 where U = 0), L = N/D, D = MV - BV (E where no BV is given)."""
    u, n, ev = c.unrealized_pnl, c.notional, c.entry_value
    d = c.equity if c.bankruptcy_value is None else c.margin_to_bankruptcy
    p = np.where(u == 0, 0.0, u / np.abs(ev))
    leverage = n / d
    return np.where(d <= 0, -np.inf, np.where(u >= 0, p * leverage, p / leverage))


def hyperliquid(c, literal=False):
    """``r·(N/E)`` where U > 0, else -inf; r = mark/entry of a long, entry/mark (literal: mark/entry) of a short."""
    u, n, e, mv, ev = c.unrealized_pnl, c.notional, c.equity, c.mark_value, c.entry_value
    up = np.ones(len(mv), bool) if literal else c.quantity > 0
    mark_over_entry = up != c.inverse
    ratio = np.where(mark_over_entry, mv / ev, ev / mv)
    score = ratio * (n / e)
    return np.where((e <= 0) | (u <= 0), -np.inf, score)


def hyperliquid_literal(c):
    """``hyperliquid`` with mark/entry for longs and shorts alike."""
    return hyperliquid(c, literal=True)


def roi(c):
    """``U/abs(EV)``, 0 where U = 0."""
    u, ev = c.unrealized_pnl, c.entry_value
    return np.where(u == 0, 0.0, u / np.abs(ev))


def column(c):
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
    """Columns of one market at one mark price, and the rule that scores them."""

    def __init__(
        self,
        rule,
        *,
        quantity,
        score=None,
        entry_value=None,
        unit_value=0.0,
        inverse=False,
        one=1.0,
        equity=None,
        account_equity=None,
        balance=None,
        maintenance_margin=None,
        bankruptcy_value=None,
    ):
        self.rule = RULES[rule]
        self.signed = np.asarray(quantity)
        self.quantity = self.signed.astype(np.float64)
        self.score = score
        self.inverse = inverse
        self.one = one
        for name, values in (
            ("equity", equity),
            ("account_equity", account_equity),
            ("balance", balance),
            ("maintenance_margin", maintenance_margin),
            ("bankruptcy_value", bankruptcy_value),
        ):
            setattr(self, name, None if values is None else np.asarray(values).astype(np.float64))
        if entry_value is not None:
            with np.errstate(all="ignore"):
                self._derive(np.asarray(entry_value), unit_value, bankruptcy_value)

    def _derive(self, entry_value, unit_value, bankruptcy_value):
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

    def __len__(self):
        return len(self.quantity)

    def scores(self, out, side, winners, absent):
        """Write the scores of the rows of `side` (+1 long, -1 short, 0 both), `absent` for all others.

        With `winners`, rows with U <= 0 score -inf.
        """
        with np.errstate(all="ignore"):
            score = self.rule(self)
        score[self.quantity == 0 if side == 0 else ~(self.quantity * side > 0)] = absent
        if winners:
            score[(self.unrealized_pnl <= 0) & (score > -np.inf)] = -np.inf
        out[:] = score
