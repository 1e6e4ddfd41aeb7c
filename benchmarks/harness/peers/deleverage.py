"""Who stands against a bankrupt long under ``binance``, and how much is closed of each: ``market.deleverage``.

A peer gives ``(rows, closed)`` in queue order.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

import adlcore as adl

from ..cases import deleverage
from ..columns import MARK, Columns, make
from ..timing import Call
from . import Answer, Comparison, Peer, lrvx_engine


@dataclass(frozen=True)
class Bankruptcy:
    """One market, and the share of its shorts that a bankrupt long takes."""

    columns: Columns
    share: float

    @cached_property
    def target(self) -> int | float:
        return self.columns.target(self.share)

    def read(self) -> tuple:
        """What R times."""
        return self.columns.read()


def table(rows: int, shape: str, kind: str, share: float) -> Comparison:
    """A line has milliseconds, R, and the rows that are closed."""

    return Comparison(
        title=f"{rows:,} rows, {100 * share:g} % of the side, {shape} scores, {kind}",
        header=f"{'ms':>10}{'x R':>9}{'rows':>10}",
        peers=all_peers,
        make=lambda rows, seed: Bankruptcy(make(rows, shape, kind, seed), share),
        verdict=verdict,
        count=lambda job, answer: len(answer[0]),
        cells=lambda taken, ratio, count: f"{taken / 1e6:10.2f}{ratio:9.1f}{count:10,}",
    )


def verdict(job: Bankruptcy, answer: Answer) -> str:
    """How an answer differs from the exact one."""
    columns, (rows, closed) = job.columns, answer
    exact_rows, exact_closed = exact(columns, job.target)
    if np.array_equal(rows, exact_rows):
        if np.array_equal(closed, exact_closed):
            return "exact"
        return "exact up to rounding" if np.allclose(closed, exact_closed, rtol=1e-9) else "other quantities"
    wrong = np.count_nonzero(columns.quantity[rows] > 0)
    if wrong:
        return f"{wrong:,} of the bankrupt's own side"
    if np.array_equal(np.sort(rows), np.sort(exact_rows)):
        return "ties: arbitrary order"
    score = columns.market().score("binance")
    return "ties: arbitrary set" if score[rows].min() == score[exact_rows].min() else "other rows"


def value_per_lot(columns: Columns) -> float:
    return columns.contract.value_per_lot(MARK)


# adlcore --------------------------------------------------------------------------------------------------------------


def adlcore(job: Bankruptcy, threads: int = 1) -> Call:
    return deleverage(job.columns, job.share, threads=threads)["deleverage"]


def selected(selection: adl.Selection) -> Answer:
    return selection.index, selection.quantity


# NumPy ----------------------------------------------------------------------------------------------------------------


def numpy_scores(columns: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, scores and sizes of the shorts."""
    rows = np.flatnonzero(columns.quantity < 0)
    quantity, equity = columns.quantity[rows], columns.equity[rows]
    mark = quantity * value_per_lot(columns)
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


def numpy_argsort(job: Bankruptcy, kind: str | None = None) -> Call:
    def call():
        rows, score, size = numpy_scores(job.columns)
        order = np.argsort(-score, kind=kind)
        return cut(rows[order], size[order], job.target)

    return call


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


def numpy_argpartition(job):
    return lambda: partition(*numpy_scores(job.columns), job.target)


def sorts_off() -> dict[str, str] | None:
    """The environment that turns NumPy's AVX-512 sorts off; None where this NumPy or this CPU has none."""
    umath = (np._core if hasattr(np, "_core") else np.core)._multiarray_umath
    name = "X86_V4" if "X86_V4" in umath.__cpu_dispatch__ else "AVX512_SKX"
    return {"NPY_DISABLE_CPU_FEATURES": name} if umath.__cpu_features__.get(name) else None


# polars ---------------------------------------------------------------------------------------------------------------


def polars(job):
    import polars as pl

    columns, target = job.columns, job.target
    frame = pl.DataFrame(
        {"quantity": columns.quantity, "entry_value": columns.entry_value, "equity": columns.equity}
    ).with_row_index("row")
    equity, pnl, notional = pl.col("equity"), pl.col("pnl"), pl.col("mark").abs()
    score = pl.when(pnl >= 0).then(pnl / equity).otherwise((pnl / notional) * (equity / notional))
    query = (
        frame.lazy()
        .filter((pl.col("quantity") < 0) & (equity > 0))
        .with_columns(mark=pl.col("quantity") * value_per_lot(columns))
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


def numba_partition(job):
    from .compiled import scores

    columns = job.columns
    arrays = columns.quantity, columns.entry_value, columns.equity, value_per_lot(columns)
    return lambda: partition(*scores(*arrays), job.target)


def numba_heap(job):
    from .compiled import heap

    columns = job.columns
    arrays = columns.quantity, columns.entry_value, columns.equity, value_per_lot(columns)

    def call():
        rows, score, size = heap(*arrays, job.target)
        order = np.lexsort((rows, -score))
        return cut(rows[order], size[order], job.target)

    return call


# lrvx -----------------------------------------------------------------------------------------------------------------


def lrvx_market(columns: Columns) -> tuple:
    """An engine with an account a row, and what each row has gained; a lot is one unit, prices are values of a lot."""
    engine, pnl = lrvx_engine(), columns.quantity * value_per_lot(columns) - columns.entry_value
    rows = columns.quantity.astype(np.float64), columns.entry_value / columns.quantity, columns.equity - pnl
    for row, (size, price, balance) in enumerate(zip(*(column.tolist() for column in rows), strict=True)):
        engine.open_position(row, 1, size, price, balance)
    return engine, pnl


def lrvx_mark(columns: Columns, engine, bankrupts: list[int]) -> Call:
    """A mark at which these fail, and nobody else."""

    def call():
        outcome = engine.on_mark(1, value_per_lot(columns))
        if sorted(outcome["liquidated"]) != sorted(bankrupts):
            raise RuntimeError("lrvx liquidated others than the bankrupts")
        found = np.array(outcome["adl_closed_out"], np.int64)
        return found, np.abs(columns.quantity[found])

    return call


def lrvx(job):
    """An engine with accounts of its own: it closes winners whole until their gains cover the bankrupt's *deficit*.

    To give it as much to do, the bankrupt long is fed with a deficit that is what the true counterparties have gained.
    """
    columns, (rows, closed) = job.columns, exact(job.columns, job.target)
    engine, pnl = lrvx_market(columns)
    deficit = float((pnl[rows] * (closed / np.abs(columns.quantity[rows]))).clip(0).sum())
    bankrupt = len(columns.quantity)
    engine.open_position(bankrupt, 1, float(job.target), value_per_lot(columns) + deficit / job.target, 0.0)
    return lrvx_mark(columns, engine, [bankrupt])


def lrvx_seconds(job: Bankruptcy) -> float:
    return len(job.columns.quantity) * len(exact(job.columns, job.target)[0]) * 8e-10


DOUBLING = "argpartition: k doubles until the best k rows cover the target; then those k are sorted."
COMPILED = "numba: compiled before the clock starts; the heap keeps the covering prefix, ties by row."
LRVX = """\
lrvx: ranks winners of both sides together, by U*N/balance, and closes them whole until their gains pay
the bankrupt's deficit (here: what the true counterparties gained). Not timed: one open_position() a row."""


def all_peers() -> list[Peer]:
    """In the order of the table."""
    off = sorts_off()
    found = [
        Peer("adlcore, 1 thread", adlcore, answer=selected),
        Peer("adlcore, 2 threads", partial(adlcore, threads=2), answer=selected),
        Peer("NumPy argsort", numpy_argsort),
        Peer("NumPy argsort, stable", partial(numpy_argsort, kind="stable")),
        Peer("NumPy argpartition", numpy_argpartition, DOUBLING),
        Peer("NumPy argsort, no AVX-512", numpy_argsort, environment=off),
        Peer("NumPy argpartition, no AVX-512", numpy_argpartition, environment=off),
        Peer(f"polars sort, {os.cpu_count()} threads", polars),
        Peer("polars sort, 1 thread", polars, environment={"POLARS_MAX_THREADS": "1"}),
        Peer("numba score, argpartition", numba_partition, COMPILED),
        Peer("numba heap", numba_heap, COMPILED),
        # After numba has compiled, glibc has no static TLS left for the libstdc++ that lrvx loads.
        Peer("lrvx on_mark", lrvx, LRVX, environment={}, anew=1, trials=3, seconds=lrvx_seconds),
    ]
    return [peer for peer in found if off or not peer.name.endswith("no AVX-512")]
