"""The figures of the report but for the queue: plotly figures made of facts, each of one subject."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..._support.arrays import Float64Array1D, Int64Array1D
from ..._support.wording import counted, short
from ...clearing.closings import STAGES
from ...contracts.contract import Asset
from ..facts.fund_cash import FundCash
from ..facts.timeline import Bars
from .drawing import SHORT, digits, figure, graph_objects, label, labels, plain, shortened, templated, whole_axis
from .palette import CONTRACTS, INK, MUTED, PLAIN, UNCOVERED, faint
from .palette import STAGES as COLOURS

__all__ = ["FLOW_HEIGHT", "Compared", "flow", "fund", "lorenz_curve", "orders", "prices", "refused", "stages"]

#: Sources of the flow that have a name of their own; what remains is one.
MOST_SOURCES = 8

#: Pixels between two nodes of the flow, and its height.
PAD, FLOW_HEIGHT = 18, 480

#: Between the name of a node and its sum; a page that is narrow leaves out what follows the last one.
GAP = "\u2002"

#: The x axis of plotly on which times stand; None where passes are counted.
TimeAxis = dict[str, Any] | None

DASHES = ("solid", "dash", "dot", "dashdot")


def flow(symbols: Sequence[str], taken: npt.NDArray[np.float64], unit: str) -> Any:
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
    sides = [(f"{symbol} {side}", taken[k, s]) for k, symbol in enumerate(symbols) for s, side in _sides()]
    sides = sorted((entry for entry in sides if entry[1].sum() > 0), key=lambda entry: -entry[1].sum())
    if len(sides) > MOST_SOURCES + 1:
        rest = sides[MOST_SOURCES:]
        sides = [*sides[:MOST_SOURCES], (f"{len(rest)} others", np.sum([amounts for _, amounts in rest], axis=0))]
    total = taken.sum(axis=(0, 1))
    targets = [t for t in np.argsort(-total, kind="stable").tolist() if total[t] > 0]
    names, colours = [*STAGES, "left uncovered"], [*COLOURS, UNCOVERED]
    links = [(s, t) for s in range(len(sides)) for t in targets if sides[s][1][t] > 0]
    ends = [name for name, _ in sides] + [names[t] for t in targets]
    sums = [float(amounts.sum()) for _, amounts in sides] + [float(total[t]) for t in targets]
    shown_ends = labels(ends)
    heights = [_centres(sums[: len(sides)], len(targets)), _centres(sums[len(sides) :], len(sides))]
    sankey = graph_objects().Sankey(
        arrangement="snap",
        valuesuffix=f" {label(unit)}",
        valueformat=",.4s",
        textfont={"size": 12, "color": INK, "shadow": "none"},
        node={
            "x": [0.001] * len(sides) + [0.999] * len(targets),
            "y": digits([*heights[0], *heights[1]]),
            "label": [f"{shown}{GAP}{short(value)}" for shown, value in zip(shown_ends, sums, strict=True)],
            "color": [MUTED] * len(sides) + [colours[t] for t in targets],
            "pad": PAD,
            "thickness": 12,
            "line": {"width": 0},
            "customdata": [plain(name) for name in ends],
            "hovertemplate": "%{customdata}<br>%{value}<extra></extra>",
        },
        link={
            "source": [s for s, _ in links],
            "target": [len(sides) + targets.index(t) for _, t in links],
            "value": digits([sides[s][1][t] for s, t in links]),
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


def _sides() -> list[tuple[int, str]]:
    return [(0, "longs"), (1, "shorts")]


def prices(symbols: Sequence[str], at: npt.NDArray[Any], times: TimeAxis, marks: npt.NDArray[np.float64]) -> Any:
    """Mark prices of contracts, each 100 at its first.

    Parameters
    ----------
    symbols : sequence of str
    at : array[k]
        Where the points stand on the axis.
    times : dict or None
        The axis of times; None where it counts the passes made.
    marks : float64[k, contracts]

    Returns
    -------
    plotly.graph_objects.Figure
    """
    traces = []
    for place, name in enumerate(labels(symbols)):
        known = marks[:, place][np.isfinite(marks[:, place])]
        line = {"color": CONTRACTS[place % len(CONTRACTS)], "width": 2, "dash": DASHES[place // 4 % len(DASHES)]}
        traces.append(
            graph_objects().Scatter(
                x=at.tolist(),
                y=digits(100 * marks[:, place] / (known[0] if len(known) else 1)),
                customdata=digits(marks[:, place], 10),
                name=name,
                line=line,
                hovertemplate="%{fullData.name}: %{customdata:,} (%{y:.1f})<extra></extra>",
            )
        )
    axis = {"title": {"text": "mark, 100 at the start"}}
    return figure(traces, xaxis=_axis(at, times), yaxis=axis, showlegend=True, hovermode="x")


def stages(made: Bars, left: Bars | None, times: TimeAxis, unit: str) -> Any:
    """Notional of positions in liquidation by who took it, stacked, and what was left over.

    Parameters
    ----------
    made : Bars
        A column for each of :data:`adlcore.clearing.closings.STAGES`.
    left : Bars or None
        What nobody took, at the end of the last pass of each bar; None where there was none.
    times : dict or None
    unit : str

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, told = graph_objects(), [], templated(shortened(unit))
    for stage, name in enumerate(STAGES):
        column = made.sums[:, stage]
        if column.any():
            traces.append(
                graph.Bar(
                    x=digits(made.middle, 15),
                    y=digits(column),
                    width=digits(made.width, 15),
                    name=name,
                    marker={"color": COLOURS[stage], "line": {"width": 0}},
                    hovertemplate=f"{name}: %{{y:,.0f}} {told}<extra></extra>",
                )
            )
    if left is not None:
        traces.append(
            graph.Scatter(
                x=digits(left.middle, 15),
                y=digits(left.sums[:, 0]),
                name="left uncovered at the end",
                mode="lines+markers",
                marker={"color": UNCOVERED, "size": 6, "symbol": "diamond"},
                line={"color": UNCOVERED, "width": 1.5, "dash": "dot"},
                hovertemplate=f"left uncovered: %{{y:,.0f}} {told}<extra></extra>",
            )
        )
    axis = {"title": {"text": f"notional, {label(unit, SHORT)}"}, "rangemode": "tozero"}
    every = {"barmode": "stack", "bargap": 0, "hovermode": "x", "showlegend": True}
    return figure(traces, xaxis=_axis(made.middle, times), yaxis=axis, **every)


def _axis(at: npt.ArrayLike, times: TimeAxis) -> dict[str, Any]:
    return times or whole_axis("passes made", float(np.max(at, initial=0)))


def fund(
    funds: Sequence[FundCash], asset: Asset, at: npt.NDArray[Any], times: TimeAxis, kept: Int64Array1D, contracts: Any
) -> Any:
    """Cash of the funds of one asset in time, what they are worth with their inventory, and their triggers.

    Parameters
    ----------
    funds : sequence of FundCash
    asset : Asset
    at : array[p + 1]
    times : dict or None
    kept : int64[k]
        Which points are drawn.
    contracts : sequence of str
        Symbols, for triggers of contracts.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, per = graph_objects(), [], asset.quanta_per_unit
    x = at[kept].tolist()
    for place, (each, name) in enumerate(zip(funds, labels([each.name for each in funds], SHORT), strict=True)):
        colour = CONTRACTS[place % len(CONTRACTS)]
        shared = {"x": x, "mode": "lines", "hovertemplate": "%{fullData.name}: %{y:,.2f}<extra></extra>"}
        line = {"color": colour, "width": 2}
        traces.append(graph.Scatter(y=digits(each.cash[kept] / per, 10), name=f"{name}: cash", line=line, **shared))
        if each.took:
            line = {"color": colour, "width": 1.5, "dash": "dot"}
            y = digits(each.equity[kept] / per, 10)
            traces.append(graph.Scatter(y=y, name=f"{name}: with inventory at marks", line=line, **shared))
        for on, symbol, word in ((True, "triangle-down", "on"), (False, "triangle-up-open", "off")):
            mine = [trigger for trigger in each.triggers if trigger.on is on]
            if mine:
                places = np.array([trigger.place + 1 for trigger in mine])
                told = [plain(contracts[t.contract]) if t.contract >= 0 else "the fund" for t in mine]
                traces.append(
                    graph.Scatter(
                        x=at[places].tolist(),
                        y=digits(each.cash[places] / per, 10),
                        customdata=told,
                        name=f"{name}: trigger {word}",
                        mode="markers",
                        marker={"symbol": symbol, "size": 10, "color": colour, "line": {"color": INK, "width": 1}},
                        hovertemplate=f"trigger {word}, %{{customdata}}<extra></extra>",
                    )
                )
    axis = {"title": {"text": label(asset.name, SHORT)}, "rangemode": "tozero"}
    return figure(traces, xaxis=_axis(at, times), yaxis=axis, showlegend=True, hovermode="x")


class Compared(NamedTuple):
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


def refused(lines: Sequence[Compared], asset: Asset, times: TimeAxis, ends: tuple[int, int]) -> Any:
    """What triggers looked at when they refused, as points, and the bounds as lines.

    Parameters
    ----------
    lines : sequence of Compared
    asset : Asset
    times : dict or None
    ends : (int, int)
        Of the axis: those of the run.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    graph, traces, per = graph_objects(), [], asset.quanta_per_unit
    funds = list(dict.fromkeys(each.fund for each in lines))
    names = dict(zip(funds, labels(funds, SHORT), strict=True))
    for place, each in enumerate(lines):
        colour, name = CONTRACTS[place % len(CONTRACTS)], names[each.fund]
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
                    y=digits(column / per, 10),
                    name=f"{name}: {word}",
                    marker=marker,
                    hovertemplate="%{fullData.name}: %{y:,.2f}<extra></extra>",
                    **look,
                )
            )
    margin = (ends[1] - ends[0]) / 100  # so that no point is cut in two
    x = {**_axis(np.array(ends), times), "range": [ends[0] - margin, ends[1] + margin]}
    axis = {"title": {"text": label(asset.name, SHORT)}, "rangemode": "tozero"}
    return figure(traces, xaxis=x, yaxis=axis, showlegend=True, hovermode="x")


def lorenz_curve(holders: npt.ArrayLike, total: npt.ArrayLike, users: int) -> Any:
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
    x, y = digits(100 * np.asarray(holders), 6), digits(100 * np.asarray(total), 6)
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
        line={"color": PLAIN, "width": 2.5},
        fill="tonexty",
        fillcolor=faint(PLAIN, 0.14),
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


def orders(symbols: Sequence[str], causes: Sequence[str], counts: npt.NDArray[np.int64]) -> Any:
    """Cancelled orders by contract and cause, as bars.

    Parameters
    ----------
    symbols, causes : sequence of str
    counts : int64[contracts, causes]

    Returns
    -------
    plotly.graph_objects.Figure
    """
    colours = {"liquidation": COLOURS[0], "deleveraging": COLOURS[5]}
    traces = [
        graph_objects().Bar(
            y=labels(symbols),
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
