"""The queue as a picture: profit against leverage, a mark for each position, coloured by its lights."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._support.arrays import Float64Array1D, Int64Array1D
from ..._support.wording import counted
from ...errors import AdlError
from ...market.market import Market
from ...ranking.rules import RankingRule, as_rule
from ..facts.queues import QueueAt, QueuePositions, positions_of
from .drawing import figure, graph_objects, plotly_template_text, plotly_text, rounded_list, shorten_name
from .palette import INK, LIGHTS, MUTED, RING, faint

__all__ = ["MOST_MARKERS", "plot_queue", "queue_figure"]

#: Markers of a plot at most.
MOST_MARKERS = 2_000

#: Diameters of the smallest and the largest marker in pixels.
SMALL, LARGE = 5.0, 28.0


def plot_queue(market: Market, rule: str | RankingRule) -> Any:
    """Draw the queues of a market: PnL % against effective leverage, a mark for each position.

    Parameters
    ----------
    market : Market
        With equity.
    rule : str or RankingRule
        Ranks each side.

    Returns
    -------
    plotly.graph_objects.Figure
        A trace for each light, 1 to 5, that some position has. Circles are longs, diamonds shorts; areas are
        notional. Of more than 2,000 positions the largest are drawn, and the subtitle says so.

    Raises
    ------
    AdlError
        For a market without equity, or one that lacks a column of the rule.
    MissingExtraError
        Where plotly is not installed.

    Notes
    -----
    PnL % is U/N and effective leverage N/E. Positions of no lots, of no equity, and of score -inf stand in no
    queue and are not drawn. O(n log n).

    Examples
    --------
    >>> import adlcore as adl
    >>> market = adl.Market("X", mark_price=2, quantity=[-5, -5], entry_price=[3.0, 2.5], equity=[10.0, 2.0])
    >>> figure = adl.report.plot_queue(market, "binance")
    >>> [(trace.name, trace.x, trace.y) for trace in figure.data]
    [('3 lights', (1.0,), (50.0,)), ('5 lights', (5.0,), (25.0,))]
    """
    if not isinstance(market, Market):
        raise AdlError.at("market", None, type(market).__name__, "must be a Market")
    if market.equity is None:
        raise AdlError.at("market.equity", None, None, "must be given: effective leverage is notional over equity")
    chosen = as_rule(rule)
    positions = positions_of(market, chosen)
    largest = np.argsort(-positions.notional, kind="stable")[:MOST_MARKERS]
    short = market.quantity[positions.row] < 0
    names = np.arange(len(market)) if market.account is None else market.account
    symbol, edge = np.where(short, "diamond", "circle"), np.full(len(positions), faint(INK, 0.35))
    # A mark of the legend looks like the first of its trace: a long, where there is one.
    largest = largest[np.lexsort((largest, short[largest]))]
    traces = _lights(
        positions,
        largest,
        account=names[positions.row],
        unit=market.contract.settle.name,
        symbol=symbol,
        width=np.full(len(positions), 0.6),
        colour=edge,
    )
    number = f"the {len(largest):,} largest of " if len(largest) < len(positions) else ""
    title = f"{plotly_text(market.contract.symbol)} at {market.mark_price:f}, ranked by {plotly_text(chosen.name)}"
    shown = f"shown: {number}{counted(len(positions), 'position')}; circles are longs, diamonds shorts"
    placed = {"x": 0, "xref": "paper", "y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 12}}
    under = {"text": shown, "font": {"size": 12, "color": MUTED}}
    heading = {"text": title, "font": {"size": 16}, "subtitle": under, **placed}
    return _figure(traces, title=heading, margin={"t": 104})


def queue_figure(queue: QueueAt, unit: str, most: int = MOST_MARKERS) -> Any:
    """Draw one side of a contract at the marks of a pass, and ring who was closed.

    Parameters
    ----------
    queue : QueueAt
    unit : str
        The settle asset.
    most : int, default 2_000
        Marks at most: those closed in the pass first, then the largest.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    positions, count = queue.positions, len(queue.positions)
    width, colour = np.zeros(count), np.full(count, RING)
    keys = []
    for mask, name, ring, size in (
        (queue.now, "closed in this pass", RING, 1.7),
        (queue.earlier, "in an earlier pass", MUTED, 1.2),
        (queue.later, "in a later pass", faint(MUTED, 0.55), 0.8),
    ):
        if mask.any():
            width[mask] = size
            colour = np.where(mask, ring, colour)
            marker = {"symbol": "circle-open", "size": 9, "color": ring, "line": {"width": size, "color": ring}}
            keys.append(graph_objects().Scatter(x=[None], y=[None], mode="markers", name=name, marker=marker))
    # Those that were closed are drawn over the others.
    shown = queue.shown(most)
    shown = shown[np.argsort(2 * queue.now[shown] + queue.earlier[shown], kind="stable")]
    circles = np.full(count, "circle")
    lights = _lights(positions, shown, account=queue.account, unit=unit, symbol=circles, width=width, colour=colour)
    return _figure([*lights, *map(_key, lights), *keys])


def _key(trace: Any) -> Any:
    """A mark of the legend without a rim: that of a trace shows the rim of its first position."""
    trace.showlegend, trace.legendgroup = False, trace.name
    marker = {"size": 9, "color": trace.marker.color, "line": {"width": 0}}
    shared = {"mode": "markers", "name": trace.name, "legendgroup": trace.name}
    return graph_objects().Scatter(x=[None], y=[None], marker=marker, **shared)


def _lights(
    positions: QueuePositions, shown: Int64Array1D, *, account: Any, unit: str, symbol: Any, width: Any, colour: Any
) -> list[Any]:
    """A trace for each light; those with fewer lights lie under those with more."""
    traces, sizes, unit_text = [], _sizes(positions.notional), plotly_template_text(shorten_name(unit))
    for light in (1, 2, 3, 4, 5):
        rows = shown[positions.light[shown] == light]
        if not len(rows):
            continue
        traces.append(
            graph_objects().Scatter(
                x=rounded_list(positions.leverage[rows]),
                y=rounded_list(100 * positions.pnl_ratio[rows]),
                mode="markers",
                name=f"{light} light{'' if light == 1 else 's'}",
                text=[plotly_text(name) for name in account[rows].tolist()],
                customdata=rounded_list(positions.notional[rows], 9),
                hovertemplate=(
                    f"%{{text}}<br>%{{customdata:,.2f}} {unit_text}<br>PnL %{{y:.1f}} %, leverage %{{x:.3~g}}"
                    "<extra>%{fullData.name}</extra>"
                ),
                marker={
                    "symbol": symbol[rows].tolist(),
                    "size": rounded_list(sizes[rows], 4),
                    "color": LIGHTS[light - 1],
                    "opacity": 0.9,
                    "line": {"width": rounded_list(width[rows], 2), "color": colour[rows].tolist()},
                },
            )
        )
    return traces


def _sizes(notional: Float64Array1D) -> Float64Array1D:
    """Diameters: areas in proportion to notional, but for marks too small to be seen."""
    most = float(notional.max(initial=0.0))
    return np.maximum(SMALL, LARGE * np.sqrt(notional / most)) if most else np.full(len(notional), SMALL)


def _figure(traces: list[Any], **layout: Any) -> Any:
    return figure(
        traces,
        xaxis={"type": "log", "title": {"text": "effective leverage, notional over equity"}, "dtick": "D2"},
        yaxis={"title": {"text": "PnL, % of notional"}, "ticksuffix": " %", "zeroline": True},
        showlegend=True,
        **{"legend": {"itemsizing": "constant"}, **layout},
    )
