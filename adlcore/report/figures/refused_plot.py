"""What triggers of funds looked at when they refused, and its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Float64Array1D
from ...contracts import Asset
from .drawing import SHORT, TimeAxis, distinct_labels, figure, graph_objects, name_label, rounded_list, run_axis
from .palette import LINE_COLOURS

__all__ = ["RefusalLine", "refusal_figure"]


class RefusalLine(NamedTuple):
    """What a trigger looked at, and its bound, where it refused.

    Attributes
    ----------
    fund, looked_at, bound_name : str
    at : array[k]
        Where the points stand on the axis.
    value, bound : float64[k]
        In quanta; NaN where no value would have done.
    """

    fund: str
    looked_at: str
    bound_name: str
    at: npt.NDArray[Any]
    value: Float64Array1D
    bound: Float64Array1D


def refusal_figure(lines: Sequence[RefusalLine], asset: Asset, time_axis: TimeAxis, ends: tuple[int, int]) -> Any:
    """What triggers looked at when they refused, as points, and the bounds as lines.

    Parameters
    ----------
    lines : sequence of RefusalLine
    asset : Asset
    time_axis : dict or None
    ends : (int, int)
        Of the axis: those of the run.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, quanta_per_unit = graph_objects(), [], asset.quanta_per_unit
    funds = list(dict.fromkeys(each.fund for each in lines))
    names = dict(zip(funds, distinct_labels(funds, SHORT), strict=True))
    for place, each in enumerate(lines):
        colour, name = LINE_COLOURS[place % len(LINE_COLOURS)], names[each.fund]
        for word, column, look in (
            (each.bound_name, each.bound, {"mode": "lines+markers", "line": {"color": colour, "width": 2}}),
            (each.looked_at, each.value, {"mode": "markers"}),
        ):
            if np.isnan(column).all():
                continue
            marker = {"symbol": "line-ew-open" if look["mode"] != "markers" else "x", "size": 7, "color": colour}
            traces.append(
                graph.Scatter(
                    x=each.at.tolist(),
                    y=rounded_list(column / quanta_per_unit, 10),
                    name=f"{name}: {word}",
                    marker=marker,
                    hovertemplate="%{fullData.name}: %{y:,.2f}<extra></extra>",
                    **look,
                )
            )
    margin = (ends[1] - ends[0]) / 100  # so that no point is cut in two
    x = {**run_axis(np.array(ends), time_axis), "range": [ends[0] - margin, ends[1] + margin]}
    axis = {"title": {"text": name_label(asset.name, SHORT)}, "rangemode": "tozero"}
    return figure(traces, xaxis=x, yaxis=axis, showlegend=True, hovermode="x")
