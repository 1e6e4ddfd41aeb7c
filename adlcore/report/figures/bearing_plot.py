"""How evenly deleveraging was shared: a Lorenz curve."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.wording import counted
from .drawing import figure, graph_objects, rounded_list
from .palette import MUTED, SINGLE_COLOUR, faint

__all__ = ["lorenz_figure"]


def lorenz_figure(holders: npt.ArrayLike, total: npt.ArrayLike, users: int) -> Any:
    """The share of the deleveraged notional that the users with least of it had.

    Parameters
    ----------
    holders, total : float64[k]
        Of :func:`adlcore.report.facts.concentration.lorenz`.
    users : int

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph = graph_objects()
    x, y = rounded_list(100 * np.asarray(holders), 6), rounded_list(100 * np.asarray(total), 6)
    even = graph.Scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name="all alike",
        line={"color": MUTED, "width": 1, "dash": "dash"},
        hoverinfo="skip",
    )
    curve = graph.Scatter(
        x=x,
        y=y,
        mode="lines",
        name=f"{counted(users, 'user')} that were closed",
        line={"color": SINGLE_COLOUR, "width": 2.5},
        fill="tonexty",
        fillcolor=faint(SINGLE_COLOUR, 0.14),
        hovertemplate="the lower %{x:.1f} % bore %{y:.2f} %<extra></extra>",
    )
    square = {"range": [0, 100], "ticksuffix": " %", "dtick": 20}
    return figure(
        [even, curve],
        xaxis={**square, "title": {"text": "users, those with least first"}},
        yaxis={**square, "title": {"text": "share of the deleveraged notional"}},
        margin={"r": 28},
        showlegend=True,
    )
