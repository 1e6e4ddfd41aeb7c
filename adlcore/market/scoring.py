"""How a ranking rule reads the columns of a market: the built-in ones in a kernel, a custom one block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _kernels
from .._support.arrays import FLOAT64, INT64, Float64Array1D, Int64Array1D, NumberArray1D
from ..errors import AdlError
from ..ranking.rules import RankingRule
from .columns import OPTIONAL_COLUMNS, Columns

#: Rows that a custom rule is given at a time, at most.
BLOCK = 16_384


def score_source(market: Columns, rule: RankingRule) -> _kernels.ranking.score.Source:
    """The kernel's view of a market's columns under a rule."""
    absent = [name for name in rule.needs if name in OPTIONAL_COLUMNS and getattr(market, name) is None]
    if absent:
        raise AdlError(
            f"rule {rule.name!r} needs {', '.join(absent)}: "
            f"this market has no such column at mark price {market.mark_price}",
            argument=absent[0],
        )
    columns: dict[str, Any] = {"entry_value": market.entry_value}
    if rule.function is not None:
        columns["score"] = custom_score(market, rule)
    else:
        names = (*rule.needs, *(name for name in rule.optional if getattr(market, name) is not None))
        columns |= {name: getattr(market, name) for name in names}
    return _kernels.ranking.score.Source(
        "column" if rule.function is not None else rule.kernel,
        market.quantity,
        columns,
        value_per_lot=market.value_per_lot,
        inverse=market.contract.inverse,
        quanta_per_unit=market.per_unit,
    )


def custom_score(market: Columns, rule: RankingRule) -> Float64Array1D:
    """One column of scores, block by block through the rule's function."""
    assert rule.function is not None
    score = np.empty(len(market))
    for start in range(0, len(market), BLOCK):
        rows = slice(start, min(start + BLOCK, len(market)))
        block = np.asarray(rule.function(**unit_columns(market, rule.needs, rows)))
        if block.dtype.kind not in "iufb":
            raise AdlError(f"rule {rule.name!r} returned {block.dtype}: must return numbers", argument="rule")
        if block.shape != score[rows].shape:
            raise AdlError(
                f"rule {rule.name!r} returned shape {block.shape}: must return {score[rows].shape}, a score a row",
                argument="rule",
            )
        score[rows] = block
    bad = np.flatnonzero(np.isnan(score) & (market.quantity != 0))
    if bad.size:
        raise AdlError.at(f"score of rule {rule.name!r}", int(bad[0]), float("nan"), "must be a number")
    return score


def unit_columns(market: Columns, names: tuple[str, ...], rows: slice | Int64Array1D) -> dict[str, Float64Array1D]:
    """Columns of some rows as float64, money in units of the settle asset, in the order of the names."""
    quantity = market.quantity[rows].astype(FLOAT64)
    entry = market.entry_value[rows]
    mark: NumberArray1D = quantity * market.value_per_lot
    if market.in_quanta:
        mark = np.rint(mark).astype(INT64)
    found: dict[str, Any] = {}
    for name in names:
        match name:
            case "quantity":
                found[name] = quantity
            case "side":
                found[name] = np.sign(quantity)
            case "mark_price":
                found[name] = np.full(len(quantity), float(market.mark_price))
            case "entry_price":
                found[name] = prices_at_value(market, quantity, np.true_divide(entry, market.per_unit))
            case "mark_value":
                found[name] = mark / market.per_unit
            case "notional":
                found[name] = np.abs(mark) / market.per_unit
            case "unrealized_pnl":
                found[name] = (mark - entry) / market.per_unit
            case _:
                found[name] = getattr(market, name)[rows] / (1.0 if name == "leverage" else market.per_unit)
    return found


def prices_at_value(market: Columns, quantity: Float64Array1D, value: Float64Array1D) -> Float64Array1D:
    """The price at which `quantity` lots have that value; NaN for no lots."""
    units = float(market.contract.units_per_lot)
    with np.errstate(all="ignore"):
        return -units * quantity / value if market.contract.inverse else value / (quantity * units)
