"""``adl.select`` on a given column of scores."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import KINDS, ORDERS, ROWS, SHAPES, SHARES


class Select(OnColumns, case=cases.select, times="select", rows=ROWS, share=SHARES, order=ORDERS, kind=KINDS[:2]):
    """Every size and share, on random scores."""


class SelectShapes(
    OnColumns,
    case=cases.select,
    times="select",
    peaks="select",
    extras={"extra": "select"},
    rows=(10**5, 10**6),
    share=SHARES,
    shape=SHAPES,
):
    """The shapes that make a threshold, a histogram or a heap slow."""


class SelectThreads(OnColumns, case=cases.select, times="select", rows=(10**6, 10**7), share=SHARES, threads=(1, 2)):
    """The same bytes from two threads."""
