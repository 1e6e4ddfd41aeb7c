"""Every goal of "How fast" beside what this run measured."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from goals_house import house  # noqa: F401 a part, by its name
from goals_margin import margin  # noqa: F401 a part, by its name
from harness.columns import MARK, SHAPES, Columns, make, scored
from harness.peers.deleverage import cut, numpy_argsort
from harness.timing import Effort, Lines, over_seeds, ratio, trials

import adlcore as adl

PARTS = ["small", "deleverage", "shapes", "score", "market", "ranks", "threads", "margin", "house"]

#: Multiples of R for 0.1 %, 1 %, 30 % unordered and 30 % of the side.
CELLS = [(0.001, True), (0.01, True), (0.3, False), (0.3, True)]
DELEVERAGE = {10**5: [6, 8, 12, 30], 10**6: [2.5, 5, 10, 22], 10**7: [1.5, 2.5, 12, 24]}
LARGE = 10**7


def run(parts: list[str], effort: Effort, kind: str, most: int | None) -> None:
    """Print a line a goal, and how many were met."""
    most = most or LARGE
    print(f"{kind} quantities; the median of {effort.seeds} seeds, each the best of {effort.trials} trials\n")
    print(f"{'':50} {'goal':>11} {'measured':>11}")
    met = total = 0
    for part in parts:
        for text, goal, measured, unit in globals()[part](effort, kind, most):
            if goal is None:
                print(f"{text:50} {'':>11} {f'{measured:.3g} {unit}':>11}", flush=True)
                continue
            low = goal < 0  # at least, where a goal is written as a negative number
            ok = measured >= -goal if low else measured <= goal
            met, total = met + ok, total + 1
            bound = f"{'>=' if low else '<='} {abs(goal):.3g} {unit}"
            shown = f"{measured:.3g} {unit}"
            print(f"{text:50} {bound:>11} {shown:>11}  {'ok' if ok else 'MISSED'}", flush=True)
    print(f"\n{met} of {total} goals met")


def sizes(most: int) -> list[int]:
    return [rows for rows in DELEVERAGE if rows <= most]


def power(rows: int) -> str:
    return f"10^{len(str(rows)) - 1}"


def cell_name(share: float, ordered: bool) -> str:
    return f"{100 * share:g} %" + ("" if ordered else " unordered")


def deleverage_calls(columns: Columns, threads: int = 1) -> list[Callable[[], object]]:
    market = columns.market()

    def bound(share, ordered):
        target = columns.target(share)
        return lambda: market.deleverage(target, "binance", ordered=ordered, threads=threads)

    return [bound(*cell) for cell in CELLS]


def cells(columns: Columns, effort: Effort) -> list[float]:
    return [ratio(call, columns.read, effort) for call in deleverage_calls(columns)]


def reading(columns: Columns, effort: Effort) -> float:
    """R in milliseconds."""
    return min(read for (read,) in trials([columns.read], effort)) / 1e6


def deleverage(effort: Effort, kind: str, most: int) -> Lines:
    """Random scores."""
    for rows in sizes(most):

        def measure(seed: int, rows: int = rows) -> list[float]:
            columns = make(rows, "random", kind, seed)
            return [reading(columns, effort), *cells(columns, effort)]

        read, *found = over_seeds(effort, measure)
        yield f"R, {power(rows)}", None, read, "ms"
        for cell, goal, measured in zip(CELLS, DELEVERAGE[rows], found, strict=True):
            yield f"deleverage, {power(rows)}, {cell_name(*cell)}", goal, measured, "R"


def shapes(effort: Effort, kind: str, most: int) -> Lines:
    """The worst of the other shapes at most twice the cell."""
    for rows in sizes(most):
        found = {
            shape: over_seeds(effort, lambda seed, rows=rows, shape=shape: cells(make(rows, shape, kind, seed), effort))
            for shape in SHAPES
            if shape != "random"
        }
        for place, cell in enumerate(CELLS):
            worst = max(found, key=lambda shape, place=place, found=found: found[shape][place])
            text = f"worst shape, {power(rows)}, {cell_name(*cell)}: {worst}"
            yield text, 2 * DELEVERAGE[rows][place], found[worst][place], "R"


def score(effort: Effort, kind: str, most: int) -> Lines:
    """Into a buffer."""

    def measure(seed: int, rows: int) -> list[float]:
        columns = make(rows, "random", kind, seed)
        market, out = columns.market(), np.zeros(rows)
        return [ratio(lambda: market.score("binance", out=out), columns.read, effort)]

    for rows in sizes(most):
        yield (
            f"market.score(out=), {power(rows)}",
            2,
            over_seeds(effort, lambda seed, rows=rows: measure(seed, rows))[0],
            "R",
        )


def market(effort: Effort, kind: str, most: int) -> Lines:
    """Making a market and moving it."""
    rows = min(LARGE, most)

    def measure(seed: int) -> list[float]:
        c = make(rows, "random", kind, seed)
        prices, made = c.entry_price(), c.market()

        def from_prices():
            return adl.Market(c.contract, mark_price=MARK, quantity=c.quantity, entry_price=prices, equity=c.equity)

        calls = [c.market, from_prices, lambda: made.at("101"), lambda: made.at("101", equity=c.equity)]
        return [ratio(call, c.read, effort) for call in calls]

    names = ["Market(entry_value=)", "Market(entry_price=)", "market.at(mark)", "market.at(mark, equity=)"]
    for name, goal, measured in zip(names, [1.2, 3, 0.5, 0.5], over_seeds(effort, measure), strict=True):
        yield f"{name}, {power(rows)}", goal, measured, "R"


def ranks(effort: Effort, kind: str, most: int) -> Lines:
    """Beside what NumPy needs for the same."""
    rows = min(LARGE, most)
    steps = np.linspace(0, 1, 6)[1:-1]

    def by_quantile(values):
        return np.searchsorted(np.quantile(values, steps), values)

    def by_sort(values):
        out = np.empty(len(values), np.int64)
        out[np.argsort(values, kind="stable")] = np.arange(len(values))
        return out

    def measure(seed: int) -> list[float]:
        values = make(rows, "random", kind, seed).market().score("binance")
        pairs = [(adl.indicator, by_quantile), (adl.quantile, by_sort), (adl.rank, by_sort)]
        return [ratio(lambda f=f: f(values), lambda g=g: g(values), effort) for f, g in pairs]

    found = over_seeds(effort, measure)
    for name, peer, goal, measured in zip(
        ["indicator", "quantile", "rank"],
        ["np.quantile + searchsorted", *["stable argsort + scatter"] * 2],
        [1 / 10, 1 / 3, 1 / 3],
        found,
        strict=True,
    ):
        yield f"{name} / {peer}, {power(rows)}", goal, measured, "x"


def small(effort: Effort, kind: str, most: int) -> Lines:
    """A hundred rows: what a call costs by itself."""

    def measure(seed: int) -> list[float]:
        columns = make(100, "random", kind, seed)
        market = columns.market()
        values, size = scored(columns)
        side = columns.quantity < 0
        values, size = values[side], size[side]
        # A hundred rows for `select` too.
        values, size = np.resize(values, 100) + np.arange(100) * 1e-9, np.resize(size, 100)
        found = []
        for share in (0.01, 0.3):
            target, part = columns.target(share), size.sum().item() * share
            part = part if kind == "float64" else round(part)

            def pipeline(part=part):
                order = np.argsort(-values, kind="stable")
                return cut(order, size[order], part)

            scoring = numpy_argsort("stable")(columns, target)
            calls = [
                lambda part=part: adl.select(values, size, part),
                pipeline,
                lambda target=target: market.deleverage(target, "binance"),
                scoring,
            ]
            chosen, sort, deleveraged, both = map(min, zip(*trials(calls, effort), strict=True))
            found += [chosen / 1e3, chosen / sort, chosen / both, deleveraged / 1e3, deleveraged / both]
        return found

    found = iter(over_seeds(effort, measure))
    for share in (0.01, 0.3):
        name = f"100 rows, {100 * share:g} %"
        yield f"select, {name}", 10, next(found), "us"
        yield f"select, {name} / NumPy sort", 1 / 3, next(found), "x"
        yield f"select, {name} / NumPy score + sort", None, next(found), "x"
        yield f"deleverage, {name}", 10, next(found), "us"
        yield f"deleverage, {name} / NumPy score + sort", 1 / 3, next(found), "x"


def threads(effort: Effort, kind: str, most: int) -> Lines:
    """Two threads beside one, and beside what two need to read the columns."""
    rows = min(LARGE, most)

    def measure(seed: int) -> list[float]:
        columns = make(rows, "random", kind, seed)
        halves = [slice(0, rows // 2), slice(rows // 2, None)]
        arrays = [columns.quantity, columns.entry_value, columns.equity]
        bounded, speedup = [], []
        with ThreadPoolExecutor(2) as pool:

            def read_by_two():
                return list(pool.map(lambda part: [array[part].sum() for array in arrays], halves))

            for one, two in zip(deleverage_calls(columns), deleverage_calls(columns, 2), strict=True):
                found = trials([one, two, read_by_two], effort)
                bounded.append(min(both / max(single / 2, read) for single, both, read in found))
                speedup.append(max(single / both for single, both, _ in found))
        return [*bounded, speedup[-1]]

    *bounded, speedup = over_seeds(effort, measure)
    for cell, measured in zip(CELLS, bounded, strict=True):
        yield f"2 threads / max(half, read), {power(rows)}, {cell_name(*cell)}", 1.3, measured, "x"
    yield f"2 threads against 1, {power(rows)}, 30 %", -1.7, speedup, "x"
