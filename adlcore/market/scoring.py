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


def score_source(columns: Columns, rule: RankingRule) -> _kernels.ranking.score.Source:
    """The kernel's view of a market's columns under a rule."""
    absent = [name for name in rule.needs if name in OPTIONAL_COLUMNS and getattr(columns, name) is None]
    if absent:
        raise AdlError(
            f"rule {rule.name!r} needs {', '.join(absent)}: "
            f"this market has no such column at mark price {columns.mark_price}",
            argument=absent[0],
        )
    read: dict[str, Any] = {"entry_value": columns.entry_value}
    if rule.function is not None:
        read["score"] = custom_score(columns, rule)
    else:
        names = (*rule.needs, *(name for name in rule.optional if getattr(columns, name) is not None))
        read |= {name: getattr(columns, name) for name in names}
    return _kernels.ranking.score.Source(
        "column" if rule.function is not None else rule.kernel,
        columns.quantity,
        read,
        value_per_lot=columns.value_per_lot,
        inverse=columns.contract.inverse,
        quanta_per_unit=columns.per_unit,
    )


def refuse_unfit_output(columns: Columns, out: Any) -> None:
    """Refuse an array that scores cannot be written to while the columns are read."""
    if not (
        isinstance(out, np.ndarray)
        and out.dtype == FLOAT64
        and out.shape == columns.quantity.shape
        and out.flags.c_contiguous
        and out.flags.writeable
    ):
        raise AdlError(f"out must be a writable contiguous float64 array of {len(columns)} rows", argument="out")
    for name in ("quantity", *OPTIONAL_COLUMNS):
        column = getattr(columns, name)
        if column is not None and np.may_share_memory(column, out):
            raise AdlError(f"out shares memory with {name}: must be an array of its own", argument="out")


def custom_score(columns: Columns, rule: RankingRule) -> Float64Array1D:
    """One column of scores, block by block through the rule's function."""
    assert rule.function is not None
    score = np.empty(len(columns))
    for start in range(0, len(columns), BLOCK):
        rows = slice(start, min(start + BLOCK, len(columns)))
        block = np.asarray(rule.function(**unit_columns(columns, rule.needs, rows)))
        if block.dtype.kind not in "iufb":
            raise AdlError(f"rule {rule.name!r} returned {block.dtype}: must return numbers", argument="rule")
        if block.shape != score[rows].shape:
            raise AdlError(
                f"rule {rule.name!r} returned shape {block.shape}: must return {score[rows].shape}, a score a row",
                argument="rule",
            )
        score[rows] = block
    bad = np.flatnonzero(np.isnan(score) & (columns.quantity != 0))
    if bad.size:
        raise AdlError.at(f"score of rule {rule.name!r}", int(bad[0]), float("nan"), "must be a number")
    return score


def unit_columns(columns: Columns, names: tuple[str, ...], rows: slice | Int64Array1D) -> dict[str, Float64Array1D]:
    """Columns of some rows as float64, money in units of the settle asset, in the order of the names."""
    quantity = columns.quantity[rows].astype(FLOAT64)
    entry = columns.entry_value[rows]
    mark: NumberArray1D = quantity * columns.value_per_lot
    if columns.in_quanta:
        mark = np.rint(mark).astype(INT64)
    read: dict[str, Any] = {}
    for name in names:
        match name:
            case "quantity":
                read[name] = quantity
            case "side":
                read[name] = np.sign(quantity)
            case "mark_price":
                read[name] = np.full(len(quantity), float(columns.mark_price))
            case "entry_price":
                read[name] = prices_at_value(columns, quantity, np.true_divide(entry, columns.per_unit))
            case "mark_value":
                read[name] = mark / columns.per_unit
            case "notional":
                read[name] = np.abs(mark) / columns.per_unit
            case "unrealized_pnl":
                read[name] = (mark - entry) / columns.per_unit
            case _:
                read[name] = getattr(columns, name)[rows] / (1.0 if name == "leverage" else columns.per_unit)
    return read


def prices_at_value(columns: Columns, quantity: Float64Array1D, value: Float64Array1D) -> Float64Array1D:
    """The price at which `quantity` lots have that value; NaN for no lots."""
    units = float(columns.contract.units_per_lot)
    with np.errstate(all="ignore"):
        return -units * quantity / value if columns.contract.inverse else value / (quantity * units)
