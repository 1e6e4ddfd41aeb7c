"""The cash of funds in time, what they are worth with their inventory, and their triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Int64Array1D
from ...contracts import Asset
from ..facts.fund_cash import FundCash
from .drawing import (
    SHORT,
    TimeAxis,
    distinct_labels,
    figure,
    graph_objects,
    name_label,
    plotly_text,
    rounded_list,
    run_axis,
)
from .palette import INK, LINE_COLOURS

__all__ = ["fund_figure"]


def fund_figure(
    funds: Sequence[FundCash],
    asset: Asset,
    at: npt.NDArray[Any],
    time_axis: TimeAxis,
    kept: Int64Array1D,
    contracts: Any,
) -> Any:
    """Cash of the funds of one asset in time, what they are worth with their inventory, and their triggers.

    Parameters
    ----------
    funds : sequence of FundCash
    asset : Asset
    at : array[p + 1]
    time_axis : dict or None
    kept : int64[k]
        Which points are drawn.
    contracts : sequence of str
        Symbols, for triggers of contracts.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, quanta_per_unit = graph_objects(), [], asset.quanta_per_unit
    x = at[kept].tolist()
    for place, (each, name) in enumerate(
        zip(funds, distinct_labels([each.name for each in funds], SHORT), strict=True)
    ):
        colour = LINE_COLOURS[place % len(LINE_COLOURS)]
        shared = {"x": x, "mode": "lines", "hovertemplate": "%{fullData.name}: %{y:,.2f}<extra></extra>"}
        line = {"color": colour, "width": 2}
        traces.append(
            graph.Scatter(
                y=rounded_list(each.cash[kept] / quanta_per_unit, 10), name=f"{name}: cash", line=line, **shared
            )
        )
        if each.held_inventory:
            line = {"color": colour, "width": 1.5, "dash": "dot"}
            y = rounded_list(each.equity[kept] / quanta_per_unit, 10)
            traces.append(graph.Scatter(y=y, name=f"{name}: with inventory at marks", line=line, **shared))
        for on, symbol, word in ((True, "triangle-down", "on"), (False, "triangle-up-open", "off")):
            mine = [trigger for trigger in each.triggers if trigger.is_on is on]
            if mine:
                places = np.array([trigger.pass_index + 1 for trigger in mine])
                scopes = [plotly_text(contracts[t.contract]) if t.contract >= 0 else "the fund" for t in mine]
                traces.append(
                    graph.Scatter(
                        x=at[places].tolist(),
                        y=rounded_list(each.cash[places] / quanta_per_unit, 10),
                        customdata=scopes,
                        name=f"{name}: trigger {word}",
                        mode="markers",
                        marker={"symbol": symbol, "size": 10, "color": colour, "line": {"color": INK, "width": 1}},
                        hovertemplate=f"trigger {word}, %{{customdata}}<extra></extra>",
                    )
                )
    axis = {"title": {"text": name_label(asset.name, SHORT)}, "rangemode": "tozero"}
    return figure(traces, xaxis=run_axis(at, time_axis), yaxis=axis, showlegend=True, hovermode="x")
