"""Other implementations of the same thing: what a peer is, and the table that compares their times and answers.

A module a job: ``deleverage``, ``margin``, ``house``. Every peer is prepared on the job's data outside the clock, and
then gives its answer, which is compared with the exact one.
"""

from __future__ import annotations

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..timing import Call, Effort, nanoseconds_of, trials

#: Rows, and how much is closed of each.
Answer = tuple[np.ndarray, np.ndarray]

#: Seconds a call of a peer may take, unless it was asked for by name.
PATIENCE = 30


@dataclass(frozen=True)
class Peer:
    """One way to do it."""

    name: str
    prepare: Callable[[Any], Call]
    note: str = ""
    #: What to compare, of what a call gave.
    answer: Callable[[Any], Any] = lambda found: found
    #: What the answer is worth; None: what the table says of it.
    verdict: Callable[[Any, Any], str] | None = None
    #: What to change in the environment of a process of its own; None where it needs none.
    environment: dict[str, str] | None = None
    #: Calls a trial, where each uses up what was prepared.
    anew: int = 0
    #: Trials at the most.
    trials: int | None = None
    #: Rows that it is given at the most.
    most: int | None = None
    #: About how many seconds a call takes on a job; None where it is fast enough to just run.
    seconds: Callable[[Any], float] | None = None


@dataclass(frozen=True)
class Comparison:
    """A job, and what is printed of each peer at it."""

    title: str
    #: Of what stands between a peer's name and what its answer is worth.
    header: str
    peers: Callable[[], list[Peer]]
    #: Of rows and a seed; a job whose ``read`` is what R times.
    make: Callable[[int, int], Any]
    #: How an answer differs from the exact one, and how many rows it has.
    verdict: Callable[[Any, Any], str]
    count: Callable[[Any, Any], int]
    #: Of nanoseconds, multiple of R, and rows.
    cells: Callable[[float, float, int], str]
    #: Whether times are shown as multiples of R.
    over_r: bool = True


class Measurement(NamedTuple):
    """Nanoseconds of a call, as a multiple of R, rows of its answer, and what that is worth."""

    nanoseconds: float
    ratio: float
    rows: int
    verdict: str


def show(table: Comparison, rows: int, seeds: int, effort: Effort, wanted: str | None) -> None:
    """Print a line a peer: the median over the seeds."""
    print(f"\n{table.title}\n{'':32}{table.header}  answer")
    make, blank = cache(table.make), " " * len(table.header)
    peers = [p for p in table.peers() if wanted is None or any(w.lower() in p.name.lower() for w in wanted.split(","))]
    for peer in peers:
        jobs = [make(min(rows, peer.most or rows), seed) for seed in range(seeds)]
        seconds = peer.seconds(jobs[0]) if peer.seconds else 0
        if seconds > PATIENCE and wanted is None:
            print(f"{peer.name:32}{blank}  not run: about {seconds / 60:,.0f} minutes")
            continue
        try:
            alone = peer.environment is not None
            measured = (
                _measure_elsewhere(table, peer, jobs, effort) if alone else _measure_all(table, peer, jobs, effort)
            )
        except ImportError as error:
            print(f"{peer.name:32}{blank}  {error}"[:100])
            continue
        nanoseconds = statistics.median(each.nanoseconds for each in measured)
        ratio, first = statistics.median(each.ratio for each in measured), measured[0]
        print(f"{peer.name:32}{table.cells(nanoseconds, ratio, first.rows)}  {first.verdict}", flush=True)
    print(*dict.fromkeys(peer.note for peer in peers if peer.note), sep="\n")


def _measure_all(table: Comparison, peer: Peer, jobs: list, effort: Effort) -> list[Measurement]:
    return [measure(table, peer, job, effort) for job in jobs]


def measure(table: Comparison, peer: Peer, job: Any, effort: Effort) -> Measurement:
    """Prepare a peer on a job, look at its answer, and time it."""
    call = peer.prepare(job)
    answer = peer.answer(call())
    verdict = (peer.verdict or table.verdict)(job, answer)
    effort = replace(effort, trials=min(effort.trials, peer.trials or effort.trials))
    if peer.anew:
        again = trials([lambda: peer.prepare(job)], effort, anew=peer.anew)
        pairs = [
            (mine, statistics.median(nanoseconds_of(job.read) for _ in range(5)) if table.over_r else 1)
            for (mine,) in again
        ]
    else:
        pairs = trials([call, job.read], effort)
    ratio, mine = min((mine / read, mine) for mine, read in pairs)
    return Measurement(mine, ratio, table.count(job, answer), verdict)


def _measure_elsewhere(table: Comparison, peer: Peer, jobs: list, effort: Effort) -> list[Measurement]:
    """Measure a peer in a process with an environment of its own, on the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "jobs")
        with open(path, "wb") as file:
            pickle.dump((peer.name, jobs, effort), file, protocol=5)
        done = subprocess.run(
            [sys.executable, sys.argv[0], "--worker", path],
            env={**os.environ, **peer.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
        raise ImportError(last) if "Error: No module" in last else RuntimeError(f"{peer.name}: {last}")
    return [Measurement(*cells) for cells in json.loads(done.stdout)]


def measure_in_worker(table: Comparison, path: str) -> None:
    """The other process. With its CPU features off it no longer lists the rows that say so, hence the names without."""
    name, jobs, effort = pickle.loads(Path(path).read_bytes())
    known = {peer.name: peer for peer in table.peers()}
    peer = known.get(name) or known[name.removesuffix(", no AVX-512")]
    print(json.dumps(_measure_all(table, peer, jobs, effort)))


def lrvx_engine(tiers: Iterable[tuple] = ((0.0, 0.0),), fund: float = 0.0, adl: bool = True) -> Any:
    """An engine of lrvx without slippage: of tiers, and of a fund before which nobody is deleveraged."""
    import lrvx

    engine = lrvx.LiquidationEngine()
    for floor, rate in tiers:
        engine.add_tier(float(floor), float(rate))
    engine.set_insurance_fund_capital(fund)
    engine.set_liquidation_slippage_bps(0.0)
    engine.set_adl_enabled(adl)
    engine.set_adl_ranking("binance")
    return engine
