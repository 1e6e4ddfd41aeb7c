"""The same job by other means: who stands against a bankrupt long under ``binance``, and how much is closed of each.

Every peer is prepared once on the columns, outside the clock, and then gives ``(rows, closed)`` in queue order.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from harness.columns import MARK, Columns

Answer = tuple[np.ndarray, np.ndarray]


@dataclass
class Peer:
    """One way to do it."""

    name: str
    prepare: Callable[[Columns, float], Callable[[], Answer]]
    note: str = ""
    #: What to change in the environment of a process of its own; None where it needs none.
    environment: dict[str, str] | None = None
    #: Whether a call uses up what was prepared.
    once: bool = False
    #: About how many seconds a call takes, by rows and rows closed; None where it is fast enough to just run.
    seconds: Callable[[int, int], float] | None = None


def unit_value(columns: Columns) -> float:
    return columns.contract.value_per_lot(MARK)


# adlcore --------------------------------------------------------------------------------------------------------------


def adlcore(threads: int):
    def prepare(columns, target):
        market = columns.market()

        def call():
            selection = market.deleverage(target, "binance", threads=threads)
            return selection.index, selection.quantity

        return call

    return prepare


# NumPy ----------------------------------------------------------------------------------------------------------------


def numpy_scores(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, scores and sizes of the shorts."""
    rows = np.flatnonzero(columns.quantity < 0)
    quantity, equity = columns.quantity[rows], columns.equity[rows]
    mark = quantity * unit_value(columns)
    pnl, notional = mark - columns.entry_value[rows], np.abs(mark)
    with np.errstate(all="ignore"):
        score = np.where(pnl >= 0, pnl / equity, (pnl / notional) * (equity / notional))
    score[equity <= 0] = -np.inf
    return rows, score, -quantity


def cut(rows: np.ndarray, size: np.ndarray, target: float) -> Answer:
    """The prefix of rows in queue order that covers the target."""
    sums = np.cumsum(size)
    count = min(int(np.searchsorted(sums, target)) + 1, len(rows))
    closed = size[:count].copy()
    closed[-1] -= max(sums[count - 1] - target, 0)
    return rows[:count], closed


def exact(columns: Columns, target: float) -> Answer:
    """What is right: a stable sort of every score, and sums that are rounded once."""
    rows, score, size = numpy_scores(columns)
    order = np.argsort(-score, kind="stable")
    rows, size = rows[order], size[order]
    if size.dtype == np.int64:
        return cut(rows, size, target)
    count = min(int(np.searchsorted(np.cumsum(size), target)) + 1, len(rows))
    while count > 1 and math.fsum(size[: count - 1]) >= target:
        count -= 1
    while count < len(rows) and math.fsum(size[:count]) < target:
        count += 1
    closed = size[:count].copy()
    closed[-1] = min(closed[-1], target - math.fsum(size[: count - 1]))
    return rows[:count], closed


def numpy_argsort(kind: str | None):
    def prepare(columns, target):
        def call():
            rows, score, size = numpy_scores(columns)
            order = np.argsort(-score, kind=kind)
            return cut(rows[order], size[order], target)

        return call

    return prepare


def partition(rows: np.ndarray, score: np.ndarray, size: np.ndarray, target: float) -> Answer:
    """The best k rows, k doubling until they cover the target; then they alone are sorted."""
    count = int(1.5 * target / size.mean()) + 64
    while True:
        top = np.arange(len(rows)) if count >= len(rows) else np.argpartition(score, len(rows) - count)[-count:]
        if count >= len(rows) or size[top].sum() >= target:
            break
        count *= 2
    top.sort()
    order = top[np.argsort(-score[top], kind="stable")]
    return cut(rows[order], size[order], target)


def numpy_argpartition(columns, target):
    return lambda: partition(*numpy_scores(columns), target)


def sorts_off() -> dict[str, str] | None:
    """The environment that turns NumPy's AVX-512 sorts off; None where this NumPy or this CPU has none."""
    umath = (np._core if hasattr(np, "_core") else np.core)._multiarray_umath
    name = "X86_V4" if "X86_V4" in umath.__cpu_dispatch__ else "AVX512_SKX"
    return {"NPY_DISABLE_CPU_FEATURES": name} if umath.__cpu_features__.get(name) else None


# polars ---------------------------------------------------------------------------------------------------------------


def polars(columns, target):
    import polars as pl

    frame = pl.DataFrame(
        {"quantity": columns.quantity, "entry_value": columns.entry_value, "equity": columns.equity}
    ).with_row_index("row")
    equity, pnl, notional = pl.col("equity"), pl.col("pnl"), pl.col("mark").abs()
    score = pl.when(pnl >= 0).then(pnl / equity).otherwise((pnl / notional) * (equity / notional))
    query = (
        frame.lazy()
        .filter((pl.col("quantity") < 0) & (equity > 0))
        .with_columns(mark=pl.col("quantity") * unit_value(columns))
        .with_columns(pnl=pl.col("mark") - pl.col("entry_value"))
        .select("row", score=score, size=-pl.col("quantity"))
        .sort("score", descending=True, maintain_order=True)
        .with_columns(sums=pl.col("size").cum_sum())
        .filter(pl.col("sums") - pl.col("size") < target)
        .select("row", closed=pl.col("size") - (pl.col("sums") - target).clip(lower_bound=0))
    )

    def call():
        found = query.collect()
        return found["row"].to_numpy(), found["closed"].to_numpy()

    return call


# numba ----------------------------------------------------------------------------------------------------------------


def numba_partition(columns, target):
    from harness.peers.compiled import scores

    value = unit_value(columns)

    def call():
        rows, score, size = scores(columns.quantity, columns.entry_value, columns.equity, value)
        return partition(rows, score, size, target)

    return call


def numba_heap(columns, target):
    from harness.peers.compiled import heap

    value = unit_value(columns)

    def call():
        rows, score, size = heap(columns.quantity, columns.entry_value, columns.equity, value, target)
        order = np.lexsort((rows, -score))
        return cut(rows[order], size[order], target)

    return call


# lrvx -----------------------------------------------------------------------------------------------------------------


def lrvx(columns, target):
    """An engine with accounts of its own: it closes winners whole until their gains cover the bankrupt's *deficit*.

    To give it as much to do, the bankrupt long is fed with a deficit that is what the true counterparties have gained.
    """
    import lrvx as package

    value = unit_value(columns)
    pnl = columns.quantity * value - columns.entry_value
    rows, closed = exact(columns, target)
    deficit = float((pnl[rows] * (closed / np.abs(columns.quantity[rows]))).clip(0).sum())
    # A lot is one unit there: prices are values of a lot.
    prices = (columns.entry_value / columns.quantity).tolist()
    sizes, wallets = columns.quantity.astype(np.float64).tolist(), (columns.equity - pnl).tolist()
    engine = package.LiquidationEngine()
    engine.add_tier(0.0, 0.0)
    engine.set_insurance_fund_capital(0.0)
    engine.set_liquidation_slippage_bps(0.0)
    engine.set_adl_enabled(True)
    engine.set_adl_ranking("binance")
    for row, (size, price, wallet) in enumerate(zip(sizes, prices, wallets, strict=True)):
        engine.open_position(row, 1, size, price, wallet)
    engine.open_position(len(sizes), 1, float(target), value + deficit / target, 0.0)

    def call():
        outcome = engine.on_mark(1, value)
        if outcome["liquidated"] != [len(sizes)]:
            raise RuntimeError("lrvx liquidated others than the bankrupt")
        found = np.array(outcome["adl_closed_out"], np.int64)
        return found, np.abs(columns.quantity[found])

    return call


DOUBLING = "argpartition: k doubles until the best k rows cover the target; then those k are sorted."
COMPILED = "numba: compiled before the clock starts; the heap keeps the covering prefix, ties by row."
LRVX = """\
lrvx: ranks winners of both sides together, by U*N/balance, and closes them whole until their gains pay
the bankrupt's deficit (here: what the true counterparties gained). Not timed: one open_position() a row."""


def all_peers() -> list[Peer]:
    """In the order of the table."""
    off = sorts_off()
    found = [
        Peer("adlcore, 1 thread", adlcore(1)),
        Peer("adlcore, 2 threads", adlcore(2)),
        Peer("NumPy argsort", numpy_argsort(None)),
        Peer("NumPy argsort, stable", numpy_argsort("stable")),
        Peer("NumPy argpartition", numpy_argpartition, DOUBLING),
        Peer("NumPy argsort, no AVX-512", numpy_argsort(None), environment=off),
        Peer("NumPy argpartition, no AVX-512", numpy_argpartition, environment=off),
        Peer(f"polars sort, {os.cpu_count()} threads", polars),
        Peer("polars sort, 1 thread", polars, environment={"POLARS_MAX_THREADS": "1"}),
        Peer("numba score, argpartition", numba_partition, COMPILED),
        Peer("numba heap", numba_heap, COMPILED),
        # After numba has compiled, glibc has no static TLS left for the libstdc++ that lrvx loads.
        Peer("lrvx on_mark", lrvx, LRVX, environment={}, once=True, seconds=lambda rows, closed: rows * closed * 8e-10),
    ]
    return [peer for peer in found if off or not peer.name.endswith("no AVX-512")]
