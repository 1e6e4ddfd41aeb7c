"""Passes on an axis of time: no more points than a screen shows, and none that says something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._support.arrays import FLOAT64, INT64, INT64_MAX, Float64Array1D, Int64Array1D
from .record import Record
from .times import Clock

__all__ = ["Bars", "PassAxis", "bars", "kept_points", "pass_axis"]


class PassAxis(NamedTuple):
    """Where the start and each pass stand on an axis of figures.

    Attributes
    ----------
    at : array[p + 1]
        Times as the clock places them, the start one step before the first pass; where times do not rise, how many
        passes were made.
    time_axis : dict or None
        The x axis of plotly on which times stand; None where passes are counted.
    """

    at: npt.NDArray[Any]
    time_axis: dict[str, Any] | None


def pass_axis(record: Record, clock: Clock) -> PassAxis:
    """The axis of a run, one of times where they rise from pass to pass."""
    time = record.pass_time
    if len(time) < 2 or not (time[1:] > time[:-1]).all():  # differences of int64 may not fit it
        return PassAxis(np.arange(len(time) + 1), None)
    step = max(int(np.median(np.diff(time.astype(FLOAT64)))), 1)
    first = max(int(time[0]) - step, -INT64_MAX - 1)
    at = np.concatenate([np.array([first], INT64), time])
    return PassAxis(clock.places(at), clock.axis(at))


def kept_points(count: int, most: int) -> Int64Array1D:
    """At most so many of `count` points, the first and the last among them, evenly spread.

    Examples
    --------
    >>> kept_points(4, 9), kept_points(9, 3)
    (array([0, 1, 2, 3]), array([0, 4, 8]))
    """
    if count <= most:
        return np.arange(count)
    return np.unique(np.rint(np.linspace(0, count - 1, most)).astype(INT64))


@dataclass(frozen=True, eq=False)
class Bars:
    """Sums over equally many passes each.

    Attributes
    ----------
    middle, width : float64[b]
        On the axis.
    sums : float64[b, columns]
    first, last : int64[b]
        Places of the first and the last pass of each bar.
    passes : int
        How many passes a bar stands for; the last may stand for fewer.
    """

    middle: Float64Array1D
    width: Float64Array1D
    sums: npt.NDArray[np.float64]
    first: Int64Array1D
    last: Int64Array1D
    passes: int


def bars(at: npt.NDArray[Any], values: npt.NDArray[np.float64], most: int) -> Bars:
    """Add values of passes up to at most so many bars.

    Parameters
    ----------
    at : array[p + 1]
        Where the start and each pass stand.
    values : float64[p, columns]
    most : int

    Returns
    -------
    Bars

    Examples
    --------
    >>> made = bars(np.arange(5), np.ones((4, 1)), 2)
    >>> made.sums.ravel(), made.middle, made.passes
    (array([2., 2.]), array([1., 3.]), 2)
    """
    passes = len(values)
    each = max(1, -(-passes // most))
    first = np.arange(0, passes, each)
    last = np.minimum(first + each, passes) - 1
    sums = np.add.reduceat(values, first, axis=0) if passes else values
    left, right = at[first].astype(FLOAT64), at[last + 1].astype(FLOAT64)
    middle = (left + right) / 2 if passes > 1 else right
    return Bars(middle, right - left, sums, first, last, each)
