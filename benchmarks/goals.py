"""Every goal of "How fast" beside what this run measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import goals_books
import numpy as np
from harness import cases
from harness.columns import SHAPES, Columns, make, scored
from harness.peers.deleverage import Bankruptcy, cut, numpy_argsort
from harness.timing import Call, Effort, Goal, best, over_seeds, ratio, read_by_two, trials

import adlcore as adl

#: Multiples of R for 0.1 %, 1 %, 30 % unordered and 30 % of the side.
CELLS = [(0.001, "ordered"), (0.01, "ordered"), (0.3, "unordered"), (0.3, "ordered")]
DELEVERAGE = {10**5: [6, 8, 12, 30], 10**6: [2.5, 5, 10, 22], 10**7: [1.5, 2.5, 12, 24]}
LARGE = 10**7


def run(parts: list[str], effort: Effort, kind: str, most: int | None) -> None:
    """Print a line a goal, and how many were met."""
    print(f"{kind} quantities; the median of {effort.seeds} seeds, each the best of {effort.trials} trials\n")
    print(f"{'':50} {'goal':>11} {'measured':>11}")
    met = total = 0
    for part in parts:
        for line in PARTS[part](effort, kind, most or LARGE):
            shown = f"{line.measured:.3g} {line.unit}"
            if line.at_most is line.at_least is None:
                print(f"{line.text:50} {'':>11} {shown:>11}", flush=True)
                continue
            met, total = met + line.is_met, total + 1
            print(f"{line.text:50} {line.bound:>11} {shown:>11}  {'ok' if line.is_met else 'MISSED'}", flush=True)
    print(f"\n{met} of {total} goals met")


def sizes(most: int) -> list[int]:
    return [rows for rows in DELEVERAGE if rows <= most]


def power(rows: int) -> str:
    return f"10^{len(str(rows)) - 1}"


def cell_name(share: float, order: str) -> str:
    return f"{100 * share:g} %" + ("" if order == "ordered" else " unordered")


def deleverage_calls(columns: Columns, threads: int = 1) -> list[Call]:
    return [cases.deleverage(columns, *cell, threads=threads)["deleverage"] for cell in CELLS]


def ratios(
    effort: Effort, kind: str, rows: int, calls: Callable[[Columns], list[Call]], shape: str = "random"
) -> list[float]:
    """Multiples of R of the calls on a market, the median over the seeds."""

    def measure(seed: int) -> list[float]:
        columns = make(rows, shape, kind, seed)
        return [ratio(call, columns.read, effort) for call in calls(columns)]

    return over_seeds(effort, measure)


def deleverage(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Random scores."""
    for rows in sizes(most):
        (read,) = over_seeds(effort, lambda seed, rows=rows: best([make(rows, "random", kind, seed).read], effort))
        yield Goal(f"R, {power(rows)}", read / 1e6, "ms")
        found = ratios(effort, kind, rows, deleverage_calls)
        for cell, goal, measured in zip(CELLS, DELEVERAGE[rows], found, strict=True):
            yield Goal(f"deleverage, {power(rows)}, {cell_name(*cell)}", measured, "R", at_most=goal)


def shapes(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """The worst of the other shapes at most twice the cell."""
    for rows in sizes(most):
        others = [shape for shape in SHAPES if shape != "random"]
        found = {shape: ratios(effort, kind, rows, deleverage_calls, shape) for shape in others}
        for place, cell in enumerate(CELLS):
            worst = max(found, key=lambda shape, place=place, found=found: found[shape][place])
            text = f"worst shape, {power(rows)}, {cell_name(*cell)}: {worst}"
            yield Goal(text, found[worst][place], "R", at_most=2 * DELEVERAGE[rows][place])


def score(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Into a buffer."""
    for rows in sizes(most):
        (measured,) = ratios(effort, kind, rows, lambda columns: [cases.score(columns)["score"]])
        yield Goal(f"market.score(out=), {power(rows)}", measured, "R", at_most=2)


def market(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Making a market and moving it."""
    rows = min(LARGE, most)
    goals = {
        "entry_value": ("Market(entry_value=)", 1.2),
        "entry_price": ("Market(entry_price=)", 3),
        "at_mark": ("market.at(mark)", 0.5),
        "at": ("market.at(mark, equity=)", 0.5),
    }

    def calls(columns: Columns) -> list[Call]:
        made = cases.construction(columns)
        return [made[name] for name in goals]

    for (name, goal), measured in zip(goals.values(), ratios(effort, kind, rows, calls), strict=True):
        yield Goal(f"{name}, {power(rows)}", measured, "R", at_most=goal)


def ranks(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Beside what NumPy needs for the same."""
    rows = min(LARGE, most)
    steps = np.linspace(0, 1, 6)[1:-1]

    def by_quantile(values):
        return np.searchsorted(np.quantile(values, steps), values)

    def by_sort(values):
        out = np.empty(len(values), np.int64)
        out[np.argsort(values, kind="stable")] = np.arange(len(values))
        return out

    quantiles, sort = "np.quantile + searchsorted", "stable argsort + scatter"
    goals = {
        "indicator": ("indicator_by_count", by_quantile, quantiles, 1 / 10),
        "quantile": ("quantile", by_sort, sort, 1 / 3),
        "rank": ("rank", by_sort, sort, 1 / 3),
    }

    def measure(seed: int) -> list[float]:
        columns = make(rows, "random", kind, seed)
        calls, values = cases.ranks(columns), columns.market().score("binance")
        return [ratio(calls[name], lambda g=g: g(values), effort) for name, g, *_ in goals.values()]

    for (name, (_, _, peer, goal)), measured in zip(goals.items(), over_seeds(effort, measure), strict=True):
        yield Goal(f"{name} / {peer}, {power(rows)}", measured, "x", at_most=goal)


def small(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """A hundred rows: what a call costs by itself."""
    shares = (0.01, 0.3)

    def measure(seed: int) -> list[float]:
        columns = make(100, "random", kind, seed)
        values, size = scored(columns)
        side = columns.quantity < 0
        # A hundred rows for `select` too.
        values, size = np.resize(values[side], 100) + np.arange(100) * 1e-9, np.resize(size[side], 100)
        found = []
        for share in shares:
            part = size.sum().item() * share
            part = part if kind == "float64" else round(part)

            def pipeline(part=part):
                order = np.argsort(-values, kind="stable")
                return cut(order, size[order], part)

            calls = [
                lambda part=part: adl.select(values, size, part),
                pipeline,
                cases.deleverage(columns, share)["deleverage"],
                numpy_argsort(Bankruptcy(columns, share), "stable"),
            ]
            chosen, sort, deleveraged, both = best(calls, effort)
            found += [chosen / 1e3, chosen / sort, chosen / both, deleveraged / 1e3, deleveraged / both]
        return found

    found = iter(over_seeds(effort, measure))
    for share in shares:
        name = f"100 rows, {100 * share:g} %"
        yield Goal(f"select, {name}", next(found), "us", at_most=10)
        yield Goal(f"select, {name} / NumPy sort", next(found), "x", at_most=1 / 3)
        yield Goal(f"select, {name} / NumPy score + sort", next(found), "x")
        yield Goal(f"deleverage, {name}", next(found), "us", at_most=10)
        yield Goal(f"deleverage, {name} / NumPy score + sort", next(found), "x", at_most=1 / 3)


def threads(effort: Effort, kind: str, most: int) -> Iterator[Goal]:
    """Two threads beside one, and beside what two need to read the columns."""
    rows = min(LARGE, most)

    def measure(seed: int) -> list[float]:
        columns = make(rows, "random", kind, seed)
        bounded, speedup = [], []
        with ThreadPoolExecutor(2) as pool:
            read = read_by_two([columns.quantity, columns.entry_value, columns.equity], pool)
            for one, two in zip(deleverage_calls(columns), deleverage_calls(columns, 2), strict=True):
                found = trials([one, two, read], effort)
                bounded.append(min(both / max(single / 2, reading) for single, both, reading in found))
                speedup.append(max(single / both for single, both, _ in found))
        return [*bounded, speedup[-1]]

    *bounded, speedup = over_seeds(effort, measure)
    for cell, measured in zip(CELLS, bounded, strict=True):
        text = f"2 threads / max(half, read), {power(rows)}, {cell_name(*cell)}"
        yield Goal(text, measured, "x", at_most=1.3)
    yield Goal(f"2 threads against 1, {power(rows)}, 30 %", speedup, "x", at_least=1.7)


#: By name, in the order in which they are printed.
PARTS: dict[str, Callable[[Effort, str, int], Iterator[Goal]]] = {
    "small": small,
    "deleverage": deleverage,
    "shapes": shapes,
    "score": score,
    "market": market,
    "ranks": ranks,
    "threads": threads,
    "margin": goals_books.margin,
    "house": goals_books.house,
}
