"""From positions in liquidation to those who took their lots, as a flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.wording import short
from ...clearing.closings import STAGES
from .drawing import distinct_labels, figure, graph_objects, name_label, plotly_text, rounded_list
from .palette import INK, MUTED, STAGE_COLOURS, UNCOVERED, faint

__all__ = ["FLOW_HEIGHT", "GAP", "flow_figure"]

#: Sources of the flow that have a name of their own; what remains is one.
MOST_SOURCES = 8

#: Pixels between two nodes of the flow, and its height.
PAD, FLOW_HEIGHT = 18, 480

#: Between the name of a node and its sum; a page that is narrow leaves out what follows the last one.
GAP = "\u2002"


def flow_figure(symbols: Sequence[str], taken: npt.NDArray[np.float64], unit: str) -> Any:
    """From positions in liquidation to those who took their lots: a Sankey diagram.

    Parameters
    ----------
    symbols : sequence of str
    taken : float64[contracts, 2, stages + 1]
        Notional by contract, side (longs, shorts) and stage; the last column is what nobody took.
    unit : str

    Returns
    -------
    plotly.graph_objects.Figure
    """
    sides = [
        (f"{symbol} {side}", taken[k, s])
        for k, symbol in enumerate(symbols)
        for s, side in enumerate(("longs", "shorts"))
    ]
    sides = sorted((entry for entry in sides if entry[1].sum() > 0), key=lambda entry: -entry[1].sum())
    if len(sides) > MOST_SOURCES + 1:
        rest = sides[MOST_SOURCES:]
        sides = [*sides[:MOST_SOURCES], (f"{len(rest)} others", np.sum([amounts for _, amounts in rest], axis=0))]
    total = taken.sum(axis=(0, 1))
    targets = [t for t in np.argsort(-total, kind="stable").tolist() if total[t] > 0]
    names, colours = [*STAGES, "left uncovered"], [*STAGE_COLOURS, UNCOVERED]
    links = [(s, t) for s in range(len(sides)) for t in targets if sides[s][1][t] > 0]
    ends = [name for name, _ in sides] + [names[t] for t in targets]
    sums = [float(amounts.sum()) for _, amounts in sides] + [float(total[t]) for t in targets]
    shown_ends = distinct_labels(ends)
    heights = [_centres(sums[: len(sides)], len(targets)), _centres(sums[len(sides) :], len(sides))]
    sankey = graph_objects().Sankey(
        arrangement="snap",
        valuesuffix=f" {name_label(unit)}",
        valueformat=",.4s",
        textfont={"size": 12, "color": INK, "shadow": "none"},
        node={
            "x": [0.001] * len(sides) + [0.999] * len(targets),
            "y": rounded_list([*heights[0], *heights[1]]),
            "label": [f"{shown}{GAP}{short(value)}" for shown, value in zip(shown_ends, sums, strict=True)],
            "color": [MUTED] * len(sides) + [colours[t] for t in targets],
            "pad": PAD,
            "thickness": 12,
            "line": {"width": 0},
            "customdata": [plotly_text(name) for name in ends],
            "hovertemplate": "%{customdata}<br>%{value}<extra></extra>",
        },
        link={
            "source": [s for s, _ in links],
            "target": [len(sides) + targets.index(t) for _, t in links],
            "value": rounded_list([sides[s][1][t] for s, t in links]),
            "color": [faint(colours[t], 0.38) for _, t in links],
            "hovertemplate": "%{source.customdata} to %{target.customdata}<br>%{value}<extra></extra>",
        },
    )
    return figure([sankey], margin={"l": 8, "r": 8, "t": 14, "b": 14})


def _centres(sums: Sequence[float], others: int) -> list[float]:
    """Where the nodes of a column stand, from 0 at the top to 1, in their order: plotly would sort them its own way."""
    count, gap = len(sums), PAD / FLOW_HEIGHT
    scale = 1 - gap * (max(count, others) - 1)
    between = (1 - scale) / (count - 1) if count > 1 else 0.0
    total, top, found = sum(sums), 0.0 if count > 1 else (1 - scale) / 2, []
    for value in sums:
        height = scale * value / total
        found.append(min(max(top + height / 2, 0.001), 0.999))
        top += height + between
    return found
