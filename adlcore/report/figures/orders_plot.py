"""Cancelled orders as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .drawing import distinct_labels, figure, graph_objects, whole_axis
from .palette import MUTED, STAGE_COLOURS

__all__ = ["order_figure"]


def order_figure(symbols: Sequence[str], causes: Sequence[str], counts: npt.NDArray[np.int64]) -> Any:
    """Cancelled orders by contract and cause, as bars.

    Parameters
    ----------
    symbols, causes : sequence of str
    counts : int64[contracts, causes]

    Returns
    -------
    plotly.graph_objects.Figure
    """
    colours = {"liquidation": STAGE_COLOURS[0], "deleveraging": STAGE_COLOURS[5]}
    traces = [
        graph_objects().Bar(
            y=distinct_labels(symbols),
            x=counts[:, place].tolist(),
            orientation="h",
            name=cause,
            marker={"color": colours.get(cause, MUTED)},
            hovertemplate=f"{cause}: %{{x:,}} orders<extra></extra>",
        )
        for place, cause in enumerate(causes)
    ]
    return figure(
        traces,
        barmode="stack",
        bargap=0.35,
        xaxis=whole_axis("orders", float(counts.sum(axis=1).max())),
        yaxis={"autorange": "reversed", "type": "category", "gridcolor": "rgba(0,0,0,0)"},
        showlegend=True,
    )
