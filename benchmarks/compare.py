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
import os
import platform
from dataclasses import replace

import goals
import numpy as np
from harness.columns import KINDS, SHAPES
from harness.peers import deleverage, house, margin, measure_in_worker, show
from harness.timing import FULL, QUICK, Effort

import adlcore
from adlcore import _kernels

#: What may be compared, and at how many rows.
ROWS = {"deleverage": 10**6, "margin": 5 * 10**6, "house": 10**5}


def main() -> None:
    options = arguments()
    tables = {
        "deleverage": lambda: [
            deleverage.table(options.rows, shape, options.kind, options.share) for shape in options.shapes
        ],
        "margin": lambda: [margin.table(options.rows)],
        "house": lambda: [house.table(options.rows)],
    }
    if options.worker is not None:
        measure_in_worker(tables[options.table]()[0], options.worker)
        return
    print(machine())
    if options.goals:
        goals.run(options.only, effort(options), options.kind, options.rows)
        return
    for table in tables[options.table]():
        show(table, options.rows, options.seeds, effort(options), options.peers)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", choices=ROWS, default="deleverage", help="what is compared (deleverage)")
    rows = "table: rows (10^6; margin: 5*10^6 positions; house: 10^5 shorts); goals: the largest size to look at (10^7)"
    parser.add_argument("--rows", type=int, help=rows)
    parser.add_argument("--share", type=float, default=0.01, help="share of the side that is closed (0.01)")
    parser.add_argument("--shapes", type=names(SHAPES), default=["random", "eight"], help="table: random,eight")
    parser.add_argument("--kind", choices=KINDS[:2], help="table: lots; goals: float64")
    parser.add_argument("--seeds", type=int, help="markets to take the median of (table 3, goals 5)")
    parser.add_argument("--trials", type=int, help="trials of which the best counts (5)")
    parser.add_argument("--peers", help="peers whose name contains one of these (and slow ones too)")
    parser.add_argument("--goals", action="store_true", help="print each goal beside what was measured")
    parser.add_argument("--only", type=names(goals.PARTS), default=list(goals.PARTS), help=",".join(goals.PARTS))
    parser.add_argument("--quick", action="store_true", help="one seed, two short trials")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
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
    return replace(base, seeds=options.seeds or base.seeds, trials=options.trials or base.trials)


def machine() -> str:
    return (
        f"adlcore {adlcore.__version__} ({_kernels.IMPLEMENTATION}), NumPy {np.__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} CPUs"
    )


if __name__ == "__main__":
    main()
