"""``Market.deleverage`` under ``binance``: scoring and selection in one."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import KINDS, ORDERS, ROWS, RULES, SHAPES, SHARES


class Deleverage(
    OnColumns, case=cases.deleverage, times="deleverage", rows=ROWS, share=SHARES, order=ORDERS, kind=KINDS[:2]
):
    """Every size and share, on random scores."""


class DeleverageShapes(
    OnColumns,
    case=cases.deleverage,
    times="deleverage deleverage_unordered",
    rows=(10**5, 10**6),
    share=SHARES,
    shape=SHAPES,
):
    """The shapes that make a threshold, a histogram or a heap slow."""


class DeleverageThreads(
    OnColumns, case=cases.deleverage, times="deleverage", rows=(10**5, 10**6, 10**7), share=SHARES, threads=(1, 2)
):
    """The same bytes from two threads."""


class DeleverageRules(OnColumns, case=cases.deleverage, times="deleverage", rows=(10**6,), rule=RULES):
    """Rules that need no more than equity."""


class DeleverageMemory(
    OnColumns,
    case=cases.deleverage,
    peaks="deleverage",
    extras={"extra": "deleverage"},
    rows=(10**6, 10**7),
    share=SHARES,
    shape=("random", "ascending", "equal"),
):
    """Peak of the process, and what one call adds to the columns: O(selected), also where all scores are equal."""
