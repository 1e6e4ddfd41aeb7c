"""``adlcore demo``: a market made up, a whale gone bankrupt, and how long it takes to find who pays."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer
from rich.console import Console

from .. import _kernels
from .._arrays import Int64Array1D, NumberArray1D
from ..lab import synthetic
from ..market import Market
from ..ranking import RankingRule
from ..selection import Selection
from . import _common, _tables
from .deleverage import Closing, print_counterparties

__all__ = ["demo"]

RULE = RankingRule("binance")
SHOWN = 8
TRIALS, PATIENCE_SECONDS = 5, 1.0


def demo(
    positions: Annotated[int, typer.Option("--positions", min=2, metavar="N", help="Rows; 1_000_000 reads too.")] = 10
    ** 6,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same market.")] = 7,
    as_json: _common.JsonOption = False,
) -> None:
    """Make up a market, bankrupt a whale, and show who is closed and how fast that is found."""
    market = synthetic.market(positions, seed=seed)
    whale = int(synthetic.whale(market))
    own, selection = _timed(lambda: market.deleverage(whale, RULE))
    plain, answer = _timed(lambda: _with_numpy(market, whale))
    equal = _equal(selection, answer)
    closing = Closing.of(market, RULE, selection, None)
    if as_json:
        _common.print_json(_document(closing, seed, own, plain, equal))
        return
    out = _tables.console()
    _print_market(out, market)
    share = whale / -int(market.quantity[market.quantity < 0].sum())
    size = market.contract.decimal(whale)
    worth = _tables.decimal_point(float(whale * market.contract.exact_value_per_lot(market.mark_price)), 0)
    out.print(
        f"\n[bold]A long of {size} goes bankrupt[/]: {worth} {market.contract.settle}, {share:.1%} of open interest."
    )
    out.print(f"By {RULE.name} {len(selection):,} shorts are closed against it; the first of them:\n")
    if len(selection):
        print_counterparties(out, closing, SHOWN)
    out.print(f"\n{_concentration(selection)}\n")
    _print_times(out, own, plain, equal)


def _with_numpy(market: Market, target: int) -> tuple[Int64Array1D, NumberArray1D]:
    """What one would write without adlcore: the score, a stable sort, running sums."""
    rows = np.flatnonzero(market.quantity < 0)
    quantity, equity = market.quantity[rows], market.equity[rows]  # type: ignore[index]
    with np.errstate(all="ignore"):
        value = quantity * market.value_per_lot
        pnl = value - market.entry_value[rows]
        notional = np.abs(value)
        score = np.where(pnl >= 0, pnl / equity, (pnl / notional) * (equity / notional))
    score = np.where(equity <= 0, -np.inf, score)
    order = np.argsort(-score, kind="stable")
    order = order[score[order] > -np.inf]
    size = -quantity[order]
    sums = np.cumsum(size)
    last = int(np.searchsorted(sums, target))
    closed = size[: last + 1].copy()
    if last < len(sums):
        closed[-1] -= sums[last] - target
    return rows[order[: last + 1]], closed


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """The best of a few calls in seconds, and the answer."""
    best, spent, trials = float("inf"), 0.0, 0
    while trials < TRIALS and (trials < 2 or spent < PATIENCE_SECONDS):
        start = time.perf_counter()
        answer = call()
        seconds = time.perf_counter() - start
        best, spent, trials = min(best, seconds), spent + seconds, trials + 1
    return best, answer


def _equal(selection: Selection, answer: tuple[npt.NDArray[Any], npt.NDArray[Any]]) -> bool:
    return np.array_equal(selection.index, answer[0]) and np.array_equal(selection.quantity, answer[1])


def _print_market(out: Console, market: Market) -> None:
    notional = np.sort(market.notional)[::-1]
    front = max(1, len(notional) // 100)
    held = notional[:front].sum() / notional.sum()
    longs = int(np.count_nonzero(market.quantity > 0))
    settle = market.contract.settle
    out.print(f"[bold]{len(market):,} positions[/] of {market.contract.symbol} at mark {market.mark_price}", end="")
    out.print(f": {longs:,} longs, {len(market) - longs:,} shorts.")
    interest = _tables.decimal_point(float(notional.sum()) / 2, 0)
    out.print(f"Open interest {interest} {settle}; 1 % of the positions hold {held:.0%} of it.")


def _concentration(selection: Selection) -> str:
    """How few of the counterparties give most of what is closed."""
    size = np.sort(selection.quantity)[::-1]
    if not len(size):
        return "Nobody: every short is bankrupt too."
    ten = size[:10].sum() / size.sum()
    half = int(np.searchsorted(np.cumsum(size), size.sum() / 2)) + 1
    return f"The ten largest give {ten:.0%} of what is closed; {half:,} of {len(size):,} give half of it."


def _print_times(out: Console, own: float, plain: float, equal: bool) -> None:
    kernels = "" if _kernels.IMPLEMENTATION == "compiled" else f"({_kernels.IMPLEMENTATION} kernels)"
    out.print(f"[bold]{'market.deleverage':<18}[/]{1e3 * own:>10,.2f} ms  {kernels}".rstrip())
    out.print(f"{'plain NumPy':<18}{1e3 * plain:>10,.2f} ms  (score, stable argsort, cumsum)")
    same = "the same rows and quantities" if equal else "[bold red]the answers differ[/]"
    out.print(f"{'':<18}{plain / own:>10,.1f} times as long, {same}")


def _document(closing: Closing, seed: int, own: float, plain: float, equal: bool) -> dict[str, Any]:
    market, selection = closing.market, closing.selection
    return {
        "positions": len(market),
        "seed": seed,
        "mark": format(market.mark_price, "f"),
        "rule": RULE.name,
        "kernels": _kernels.IMPLEMENTATION,
        "quantity": market.contract.decimal(selection.filled + selection.shortfall),
        "filled": market.contract.decimal(selection.filled),
        "counterparties": len(selection),
        "closed_notional": closing.closed_notional,
        "seconds": own,
        "numpy_seconds": plain,
        "equal": equal,
    }
