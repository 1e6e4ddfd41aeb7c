"""Ranks, quantiles and indicator lights, of a column and of a market."""

from harness import cases
from harness.asv_class import OnColumns
from harness.columns import ROWS, SHAPES

OF_A_COLUMN = "rank quantile indicator_by_count"


class Ranks(
    OnColumns,
    case=cases.ranks,
    times=f"{OF_A_COLUMN} indicator_by_weight market_rank market_quantile market_indicator",
    peaks="rank indicator_by_count",
    rows=ROWS,
):
    """Every size, on random scores."""


class RanksShapes(OnColumns, case=cases.ranks, times=OF_A_COLUMN, rows=(10**6,), shape=SHAPES):
    """Sorted, reversed and tied scores."""


class Explain(OnColumns, case=cases.explain, times="explain", rows=(10**4, 10**6)):
    """One row's terms and place."""
