"""adlcore beside what else can be used for the job: one run, the same arrays, answers compared.

    python benchmarks/compare.py                                    # the table, 10^6 rows, 1 % of the side
    python benchmarks/compare.py --rows 10_000_000 --share 0.3
    python benchmarks/compare.py --table margin                     # every wallet's margin, 5*10^6 positions
    python benchmarks/compare.py --table house                      # 10,000 bankrupts against one market of 10^5
    python benchmarks/compare.py --goals                            # each goal beside what was measured
    python benchmarks/compare.py --goals --quick --only deleverage,shapes

Times are medians and, but for the house, multiples of R: the time NumPy takes to read the three columns once.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import goals
import numpy as np
from harness.columns import KINDS, SHAPES, Columns, make, restore
from harness.peers import house as peers_house
from harness.peers import margin as peers_margin
from harness.peers.deleverage import Answer, Peer, all_peers, exact
from harness.timing import FULL, QUICK, Effort, no_collection, once, trials

import adlcore
from adlcore import _kernels

#: What may be compared.
TABLES = ("deleverage", "margin", "house")
ROWS = {"deleverage": 10**6, "margin": 5 * 10**6, "house": 10**5}


def main() -> None:
    options = arguments()
    if options.worker is not None:
        work(options)
        return
    print(machine())
    if options.goals:
        goals.run(options.only, effort(options), options.kind, options.rows)
        return
    if options.table != "deleverage":
        part = peers_margin if options.table == "margin" else peers_house
        part.table(options.rows, options.seeds, effort(options), options.peers)
        return
    for shape in options.shapes:
        table(options, shape)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", choices=TABLES, default=TABLES[0], help="what is compared (deleverage)")
    rows = "table: rows (10^6; margin: 5*10^6 positions; house: 10^5 shorts); goals: the largest size to look at (10^7)"
    parser.add_argument("--rows", type=int, help=rows)
    parser.add_argument("--share", type=float, default=0.01, help="share of the side that is closed (0.01)")
    parser.add_argument("--shapes", type=names(SHAPES), default=["random", "eight"], help="table: random,eight")
    parser.add_argument("--kind", choices=KINDS[:2], help="table: lots; goals: float64")
    parser.add_argument("--seeds", type=int, help="markets to take the median of (table 3, goals 5)")
    parser.add_argument("--trials", type=int, help="trials of which the best counts (5)")
    parser.add_argument("--peers", help="peers whose name contains one of these (and slow ones too)")
    parser.add_argument("--goals", action="store_true", help="print each goal beside what was measured")
    parser.add_argument("--only", type=names(goals.PARTS), default=goals.PARTS, help=",".join(goals.PARTS))
    parser.add_argument("--quick", action="store_true", help="one seed, two short trials")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.kind is None:
        options.kind = "float64" if options.goals else "lots"
    if not options.goals:
        options.rows = options.rows or ROWS[options.table]
        options.seeds = options.seeds or (1 if options.quick else 3)
    return options


def names(known):
    def read(text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r}: must be of {', '.join(known)}")
        return chosen

    return read


def effort(options: argparse.Namespace) -> Effort:
    base = QUICK if options.quick else FULL
    return Effort(
        seeds=options.seeds or base.seeds,
        trials=options.trials or base.trials,
        trial_seconds=base.trial_seconds,
        most_calls=base.most_calls,
    )


def machine() -> str:
    return (
        f"adlcore {adlcore.__version__} ({_kernels.IMPLEMENTATION}), NumPy {np.__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs"
    )


# The table ------------------------------------------------------------------------------------------------------------

#: Seconds a call of a peer may take, unless it was asked for by name.
PATIENCE = 30


def table(options: argparse.Namespace, shape: str) -> None:
    """One line a peer."""
    peers = [
        peer
        for peer in all_peers()
        if options.peers is None or any(part.lower() in peer.name.lower() for part in options.peers.split(","))
    ]
    markets = [make(options.rows, shape, options.kind, seed) for seed in range(options.seeds)]
    print(f"\n{options.rows:,} rows, {100 * options.share:g} % of the side, {shape} scores, {options.kind}")
    print(f"{'':32}{'ms':>10}{'x R':>9}{'rows':>10}  answer")
    closed = len(exact(markets[0], markets[0].target(options.share))[0])
    for peer in peers:
        seconds = peer.seconds(options.rows, closed) if peer.seconds else 0
        if seconds > PATIENCE and options.peers is None:
            print(f"{peer.name:32}{'':29}  not run: about {seconds / 60:,.0f} minutes")
            continue
        try:
            if peer.environment is None:
                found = [measure(peer, columns, options) for columns in markets]
            else:
                found = elsewhere(peer, markets, options)
        except ImportError as error:
            print(f"{peer.name:32}{'':29}  {error}"[:100])
            continue
        milliseconds, ratio = (statistics.median(one[name] for one in found) for name in ("ms", "ratio"))
        print(f"{peer.name:32}{milliseconds:10.2f}{ratio:9.1f}{found[0]['rows']:10,}  {found[0]['answer']}", flush=True)
    print(*dict.fromkeys(peer.note for peer in peers if peer.note), sep="\n")


def elsewhere(peer: Peer, markets: list[Columns], options: argparse.Namespace) -> list[dict]:
    """Measure a peer in a process with an environment of its own, on the same bytes."""
    command = [sys.executable, __file__, "--kind", options.kind, "--share", str(options.share)]
    command += ["--seeds", str(len(markets)), *(["--quick"] if options.quick else [])]
    command += [] if options.trials is None else ["--trials", str(options.trials)]
    with tempfile.TemporaryDirectory() as folder:
        for seed, columns in enumerate(markets):
            columns.save(Path(folder, str(seed)))
        done = subprocess.run(
            [*command, "--worker", peer.name, "--folder", folder],
            env={**os.environ, **peer.environment},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
        raise ImportError(last) if "Error: No module" in last else RuntimeError(f"{peer.name}: {last}")
    return json.loads(done.stdout)


def work(options: argparse.Namespace) -> None:
    """The other process. With its CPU features off it no longer lists the rows that say so, hence the names without."""
    known = {peer.name: peer for peer in all_peers()}
    peer = known.get(options.worker) or known[options.worker.removesuffix(", no AVX-512")]
    markets = (restore(Path(options.folder, str(seed)), options.kind) for seed in range(options.seeds))
    print(json.dumps([measure(peer, columns, options) for columns in markets]))


def measure(peer: Peer, columns: Columns, options: argparse.Namespace) -> dict:
    """Time, ratio and answer of one peer on one market."""
    target = columns.target(options.share)
    spent = effort(options)
    if peer.once:
        found, answer = used_up(peer, columns, target, spent)
    else:
        call = peer.prepare(columns, target)
        answer = call()
        found = trials([call, columns.read], spent)
    mine, read = min(found, key=lambda one: one[0] / one[1])
    return {
        "ms": mine / 1e6,
        "ratio": mine / read,
        "rows": len(answer[0]),
        "answer": verdict(columns, target, answer),
    }


def used_up(peer: Peer, columns: Columns, target: float, spent: Effort) -> tuple[list[list[float]], Answer]:
    """Trials of a peer that is prepared anew for every call."""
    found = []
    for _ in range(min(spent.trials, 3)):
        call, kept = peer.prepare(columns, target), []
        with no_collection():
            mine = once(lambda call=call, kept=kept: kept.append(call()))
            found.append([float(mine), statistics.median(once(columns.read) for _ in range(5))])
    return found, kept[0]


def verdict(columns: Columns, target: float, answer: Answer) -> str:
    """How an answer differs from the exact one."""
    rows, closed = answer
    exact_rows, exact_closed = exact(columns, target)
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


if __name__ == "__main__":
    main()
