"""Positions whose scores under ``binance`` have a given shape, the same for the same seed.

The side that is closed is the shorts, every second row or so; a shape is the order of their scores by row. Scores are
U/E, so a shape is made by choosing the equity: E = U / score. Where scores must be equal they are powers of two, which
makes the division exact.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

import adlcore as adl

ROWS = (10**2, 10**3, 10**4, 10**5, 10**6, 10**7)
SHARES = (0.001, 0.01, 0.3)
SHAPES = ("random", "ascending", "descending", "equal", "eight", "whale")

#: How a selection is asked for, and the rules that need no more than equity.
ORDERS, RULES = ("ordered", "unordered"), ("binance", "bitmex", "hyperliquid", "roi")

#: float64 throughout; int64 quantity with money in float64; int64 throughout.
KINDS = ("float64", "lots", "quanta")

MARK = "100"
FLOATS = adl.Contract("BENCH")
LOTS = adl.Contract("BENCH", lot="0.001", settle=adl.Asset("USDT", decimals=6))

#: The largest size to run, for a quick look on a small machine.
MOST = int(os.environ.get("ADLCORE_BENCH_ROWS", "10_000_000"))


@dataclass(frozen=True)
class Columns:
    """The columns of one market."""

    contract: adl.Contract
    quantity: np.ndarray
    entry_value: np.ndarray
    equity: np.ndarray

    def market(self) -> adl.Market:
        """Refers to the columns."""
        return adl.Market(
            self.contract, mark_price=MARK, quantity=self.quantity, entry_value=self.entry_value, equity=self.equity
        )

    def target(self, share: float) -> int | float:
        """The bankrupt long that takes this share of the shorts."""
        side = -self.quantity[self.quantity < 0].sum().item()
        return max(1, round(side * share)) if isinstance(side, int) else side * share

    def entry_price(self) -> np.ndarray:
        """Average entry prices, in float64."""
        per_lot = float(self.contract.units_per_lot)
        if self.entry_value.dtype == np.int64:
            per_lot *= self.contract.settle.quanta_per_unit
        return self.entry_value / (self.quantity * per_lot)

    def read(self) -> tuple:
        """What R times: NumPy reads the columns once."""
        return self.quantity.sum(), self.entry_value.sum(), self.equity.sum()


def make(rows: int, shape: str = "random", kind: str = "float64", seed: int = 0) -> Columns:
    """Columns of `rows` positions; half of those of shape random or whale lose, in the other shapes all win."""
    rng = np.random.default_rng([seed, rows])
    size = np.exp(rng.standard_normal(rows))
    side = np.where(rng.random(rows) < 0.5, -1.0, 1.0)
    side[0] = -1.0
    if kind != "float64":
        size = np.rint(size * 1000.0) + 1.0
    if shape == "whale":
        whale = rng.choice(np.flatnonzero(side < 0))
        size[whale] = max(np.rint(size[side < 0].sum() - size[whale]), 1.0)
    contract = FLOATS if kind == "float64" else LOTS
    quantity = side * size
    mark_value = quantity * contract.value_per_lot(MARK)
    gain = np.exp(rng.standard_normal(rows) - 3.0).clip(1e-3, 0.9)
    scores = _scores(rng, rows, shape)
    if scores is None:
        gain *= np.where(rng.random(rows) < 0.5, -1.0, 1.0)
    entry_value = mark_value - np.abs(mark_value) * gain
    if kind == "quanta":
        quanta = contract.settle.quanta_per_unit
        mark_value, entry_value = np.rint(mark_value * quanta), np.rint(entry_value * quanta)
    if scores is None:
        equity = np.abs(mark_value) * np.exp(rng.standard_normal(rows) - 1.5)
    else:
        equity = (mark_value - entry_value) / scores
    if kind != "float64":
        quantity = quantity.astype(np.int64)
    if kind == "quanta":
        entry_value, equity = entry_value.astype(np.int64), np.rint(equity).astype(np.int64)
    return Columns(contract, quantity, entry_value, equity)


def _scores(rng: np.random.Generator, rows: int, shape: str) -> np.ndarray | None:
    """The scores that a shape asks for; None where they fall as they like."""
    if shape == "ascending":
        return np.arange(1, rows + 1) / rows
    if shape == "descending":
        return np.arange(rows, 0, -1) / rows
    if shape == "equal":
        return np.full(rows, 0.25)
    if shape == "eight":
        return 0.5 ** rng.integers(1, 9, rows)
    return None


def scored(columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Scores and sizes for ``adl.select``: a quantity of 0 where a row does not stand on the side that is closed."""
    score = columns.market().score("binance")
    return score, np.where(columns.quantity < 0, -columns.quantity, 0)
