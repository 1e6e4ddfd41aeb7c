"""Paths of mark prices through a crash that is made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from .._support.arrays import Float64Array1D
from ..contracts import Contract
from ..io.marks import Marks, TimedMarks
from .portable import exponential, logarithm, total

__all__ = ["PricePath", "fall_marks"]


@dataclass(frozen=True)
class PricePath:
    """A contract and how it moves with the market.

    Attributes
    ----------
    contract : Contract
    price : str
        Before the crash.
    follows : str
        The symbol whose path it shares, or its own; contracts of one path move alike.
    beta : float
        Its fall is ``(1 - fall)**beta``.
    noise : float
        Sigma of its own log return over the whole crash.

    Examples
    --------
    >>> from adlcore import Contract
    >>> PricePath(Contract("ETHUSDT", tick="0.01"), "2500", "BTCUSDT", 1.1, 0.0).follows
    'BTCUSDT'
    """

    contract: Contract
    price: str
    follows: str
    beta: float
    noise: float


def fall_marks(
    paths: Sequence[PricePath],
    rng: np.random.Generator,
    *,
    passes: int,
    step: int,
    fall: float,
    jumps: int,
    jump_share: float,
    rebound: float,
) -> Marks:
    """A fall of all contracts together, with sudden steps that all of them take at once.

    Parameters
    ----------
    paths : sequence of PricePath
    rng : numpy.random.Generator
    passes : int
        Marks, `step` apart in the time of the house; the first at `step`.
    step : int
    fall : float
        How far a contract with beta 1 falls at the low: 0.3 is 30 %.
    jumps : int
        Sudden steps, at random passes; so many as there is room for.
    jump_share : float
        Share of the fall that jumps make; the rest is even.
    rebound : float
        Share of the fall that is made good again in the last quarter.

    Returns
    -------
    list of TimedMarks
        Every contract at every pass, on its ticks and at least one.

    Notes
    -----
    ``log(P_k/P_0) = beta·log(1 - fall)·s_k + noise·B_k``: s rises from 0 to 1 at the low, which is the
    last pass before the rebound, and B is a Brownian bridge of the path, 0 at both ends.
    O(passes·contracts).

    Examples
    --------
    >>> btc = PricePath(Contract("BTCUSDT", tick="0.1"), "60000", "BTCUSDT", 1.0, 0.0)
    >>> rng = np.random.default_rng(7)
    >>> marks = fall_marks([btc], rng, passes=3, step=60, fall=0.3, jumps=0, jump_share=0.0, rebound=0.0)
    >>> [(time, prices["BTCUSDT"]) for time, prices in marks]
    [(60, '53274.2'), (120, '47302.4'), (180, '42000.0')]
    """
    # The same path for the same seed: first the numbers of the fall are drawn, then a bridge for each path.
    share_at_pass = _fall_shares(rng, passes, jumps, jump_share, rebound)
    bridges: dict[str, Float64Array1D] = {}
    for path in paths:
        if path.follows not in bridges:
            bridges[path.follows] = _bridge(rng, passes)
    marks = [TimedMarks((number + 1) * step, {}) for number in range(passes)]
    for path in paths:
        logs = path.beta * logarithm(1 - fall) * share_at_pass + path.noise * bridges[path.follows]
        prices = float(path.price) * exponential(logs)
        for timed, price in zip(marks, prices.tolist(), strict=True):
            timed.prices[path.contract.symbol] = _on_ticks(path.contract, price)
    return marks


def _fall_shares(
    rng: np.random.Generator, passes: int, jumps: int, jump_share: float, rebound: float
) -> Float64Array1D:
    """How much of the fall is there at each pass: 1 at the low."""
    low = passes if not rebound else max(1, passes - passes // 4)
    down = np.full(low, (1 - jump_share) / low if jumps else 1 / low)
    if jumps:
        number = min(jumps, low)
        weight = rng.exponential(1.0, number)
        down[rng.choice(low, number, replace=False)] += jump_share * weight / total(weight)
    up = np.full(passes - low, -rebound / max(passes - low, 1))
    return np.asarray(np.cumsum(np.concatenate([down, up])))


def _bridge(rng: np.random.Generator, passes: int) -> Float64Array1D:
    """A random walk of unit variance that ends where it began."""
    walk = np.cumsum(rng.standard_normal(passes)) / np.sqrt(passes)
    return np.asarray(walk - walk[-1] * np.arange(1, passes + 1) / passes)


def _on_ticks(contract: Contract, price: float) -> str:
    """The nearest price on the contract's ticks, at least one; without any on a fine grid."""
    tick = contract.tick or Decimal("1e-8")
    ticks = max(1, int((Decimal(repr(price)) / tick).to_integral_value()))
    return contract.price(ticks) if contract.tick is not None else format(ticks * tick, "f")
