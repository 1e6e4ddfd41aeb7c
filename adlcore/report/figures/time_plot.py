"""Prices and liquidations in time: lines of marks, and bars of who took what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...clearing.closings import STAGES
from ..facts.timeline import Bars
from .drawing import (
    SHORT,
    TimeAxis,
    distinct_labels,
    figure,
    graph_objects,
    name_label,
    plotly_template_text,
    rounded_list,
    run_axis,
    shorten_name,
)
from .palette import LINE_COLOURS, STAGE_COLOURS, UNCOVERED

__all__ = ["price_figure", "stage_figure"]

DASHES = ("solid", "dash", "dot", "dashdot")


def price_figure(
    symbols: Sequence[str], at: npt.NDArray[Any], time_axis: TimeAxis, marks: npt.NDArray[np.float64]
) -> Any:
    """Mark prices of contracts, each 100 at its first.

    Parameters
    ----------
    symbols : sequence of str
    at : array[k]
        Where the points stand on the axis.
    time_axis : dict or None
        The axis of times; None where it counts the passes taken.
    marks : float64[k, contracts]

    Returns
    -------
    plotly.graph_objects.Figure
    """
    traces = []
    for place, name in enumerate(distinct_labels(symbols)):
        known = marks[:, place][np.isfinite(marks[:, place])]
        line = {"color": LINE_COLOURS[place % len(LINE_COLOURS)], "width": 2, "dash": DASHES[place // 4 % len(DASHES)]}
        traces.append(
            graph_objects().Scatter(
                x=at.tolist(),
                y=rounded_list(100 * marks[:, place] / (known[0] if len(known) else 1)),
                customdata=rounded_list(marks[:, place], 10),
                name=name,
                line=line,
                hovertemplate="%{fullData.name}: %{customdata:,} (%{y:.1f})<extra></extra>",
            )
        )
    axis = {"title": {"text": "mark, 100 at the start"}}
    return figure(traces, xaxis=run_axis(at, time_axis), yaxis=axis, showlegend=True, hovermode="x")


def stage_figure(taken: Bars, uncovered: Bars | None, time_axis: TimeAxis, unit: str) -> Any:
    """Notional of positions in liquidation by who took it, stacked, and what was left over.

    Parameters
    ----------
    taken : Bars
        A column for each of :data:`adlcore.clearing.closings.STAGES`.
    uncovered : Bars or None
        What nobody took, at the end of the last pass of each bar; None where there was none.
    time_axis : dict or None
    unit : str

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, unit_text = graph_objects(), [], plotly_template_text(shorten_name(unit))
    for stage, name in enumerate(STAGES):
        column = taken.sums[:, stage]
        if column.any():
            traces.append(
                graph.Bar(
                    x=rounded_list(taken.middle, 15),
                    y=rounded_list(column),
                    width=rounded_list(taken.width, 15),
                    name=name,
                    marker={"color": STAGE_COLOURS[stage], "line": {"width": 0}},
                    hovertemplate=f"{name}: %{{y:,.0f}} {unit_text}<extra></extra>",
                )
            )
    if uncovered is not None:
        traces.append(
            graph.Scatter(
                x=rounded_list(uncovered.middle, 15),
                y=rounded_list(uncovered.sums[:, 0]),
                name="left uncovered at the end",
                mode="lines+markers",
                marker={"color": UNCOVERED, "size": 6, "symbol": "diamond"},
                line={"color": UNCOVERED, "width": 1.5, "dash": "dot"},
                hovertemplate=f"left uncovered: %{{y:,.0f}} {unit_text}<extra></extra>",
            )
        )
    axis = {"title": {"text": f"notional, {name_label(unit, SHORT)}"}, "rangemode": "tozero"}
    every = {"barmode": "stack", "bargap": 0, "hovermode": "x", "showlegend": True}
    return figure(traces, xaxis=run_axis(taken.middle, time_axis), yaxis=axis, **every)
