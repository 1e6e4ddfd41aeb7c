"""Ranking scores of one market in plain NumPy: the twin of ``score.pyx``.

Every function below is the documented floating-point expression of one rule, written once more and
bit for bit the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..numbers.money import same_length

Array = npt.NDArray[Any]

__all__ = ["READ", "RULES", "Source"]


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
    base = np.where(wb < c.quanta_per_unit, c.quanta_per_unit, wb)
    return (gain / base) * np.where(e <= 0, 0.0, mm / e)


def bitmex(c: Source) -> Array:
    """``p·L`` where U >= 0, else ``p/L``; p = U/abs(EV), 0 where U = 0; L = N/D, D = MV - BV, or E without a BV."""
    u, n, ev = c.unrealized_pnl, c.notional, c.entry_value
    d = c.margin_to_bankruptcy if "bankruptcy_value" in c.columns else c.equity
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
    return c.score.copy()


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


#: What a rule must have, and what it may have, as in ``score.pyx``.
READ: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "column": (("score",), ("entry_value",)),
    "binance": (("entry_value", "equity"), ()),
    "binance-portfolio": (("entry_value", "account_equity"), ()),
    "binance-2019": (("entry_value", "balance", "equity", "maintenance_margin"), ()),
    "bitmex": (("entry_value", "equity"), ("bankruptcy_value",)),
    "hyperliquid": (("entry_value", "equity"), ()),
    "hyperliquid-literal": (("entry_value", "equity"), ()),
    "roi": (("entry_value",), ()),
}


class Source:
    """The columns of a market at one mark price, and the rule that scores them."""

    unrealized_pnl: Array
    mark_value: Array
    notional: Array
    margin_to_bankruptcy: Array
    #: As float64; a rule reads those that it needs, and they are there.
    entry_value: Array
    equity: Array
    account_equity: Array
    balance: Array
    maintenance_margin: Array
    bankruptcy_value: Array
    score: Array

    def __init__(
        self,
        rule: str,
        quantity: Array,
        columns: dict[str, Array],
        *,
        value_per_lot: float = 0.0,
        inverse: bool = False,
        quanta_per_unit: float = 1.0,
    ) -> None:
        _check_columns(rule, columns)
        for name, column in columns.items():
            same_length(name, len(column), len(quantity))
            setattr(self, name, column.astype(np.float64))
        self.rule, self.columns = RULES[rule], columns
        self.signed, self.quantity = quantity, quantity.astype(np.float64)
        self.value_per_lot, self.inverse, self.quanta_per_unit = value_per_lot, inverse, quanta_per_unit
        if "entry_value" in columns:
            with np.errstate(all="ignore"):
                self._derive(columns["entry_value"], columns.get("bankruptcy_value"))

    def _derive(self, entry_value: Array, bankruptcy_value: Array | None) -> None:
        """Mark value, unrealized PnL and notional; differences of int64 quanta are taken in int64."""
        mark_value = self.quantity * self.value_per_lot
        if entry_value.dtype == np.int64:
            mark_value = np.rint(mark_value).astype(np.int64)
        self.unrealized_pnl = (mark_value - entry_value).astype(np.float64)
        if bankruptcy_value is not None:
            self.margin_to_bankruptcy = (mark_value - bankruptcy_value).astype(np.float64)
        self.mark_value = mark_value.astype(np.float64)
        self.notional = np.abs(self.mark_value)

    def __len__(self) -> int:
        return len(self.quantity)

    def scores(self, out: Array, side: int, winners_only: bool, absent: float) -> None:
        """Write the scores of the rows of `side` (+1 long, -1 short, 0 both), `absent` for all others.

        With `winners_only`, rows with U <= 0 score -inf.
        """
        same_length("out", len(out), len(self))
        self.check_winners(winners_only)
        with np.errstate(all="ignore"):
            score = self.rule(self)
        score[self.quantity == 0 if side == 0 else ~(self.quantity * side > 0)] = absent
        if winners_only:
            score[(self.unrealized_pnl <= 0) & (score > -np.inf)] = -np.inf
        out[:] = score

    def check_winners(self, winners_only: bool) -> None:
        """Refuse to look for winners where nothing says who is one."""
        if winners_only and "entry_value" not in self.columns:
            raise ValueError("entry_value", None, None, "must be given: without it nobody is known to win")


def _check_columns(rule: str, columns: dict[str, Array]) -> None:
    """Refuse a rule that is not computed, and columns that are not those that it reads."""
    if rule not in RULES:
        raise ValueError("rule", None, rule, "must be a rule that the kernel computes")
    needed, optional = READ[rule]
    for name in needed:
        if name not in columns:
            raise ValueError(name, None, None, f"must be given: the rule {rule!r} reads it")
    for name in columns:
        if name not in needed and name not in optional:
            raise ValueError("columns", None, name, f"must be a column that the rule {rule!r} reads")
