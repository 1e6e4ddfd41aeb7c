"""What happened, as bars: how many events of each kind, in one call or in a list of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..._support.options import read_list
from ...clearing import KINDS, Events
from ...errors import AdlError
from ..facts.times import clock_of
from .drawing import figure, graph_objects, plotly_text, whole_axis
from .palette import LINE_COLOURS, SINGLE_COLOUR, STAGE_COLOURS

__all__ = ["plot_events"]

#: Kinds with a colour of their own; all others are one.
MOST_KINDS = len(LINE_COLOURS)


def plot_events(events: Events | Iterable[Events], *, time_unit: str | None = None) -> Any:
    """Draw how many events of each kind there were: of one call by kind, of several in time.

    Parameters
    ----------
    events : Events or iterable of Events
        Several are those of calls, in their order.
    time_unit : {"ns", "us", "ms", "s"}, optional
        Of their times. Without it times since 1970 are known by their size, unless they are in seconds; others are
        numbers.

    Returns
    -------
    plotly.graph_objects.Figure
        Of one call a bar for each kind, the most frequent first. Of several a bar for each call, stacked by kind: 8
        traces at most, the last for all other kinds where there are more. Calls stand at their times, or are
        counted from 1 where those do not rise.

    Raises
    ------
    AdlError
        For what is no Events, and for another unit of time.
    MissingExtraError
        Where plotly is not installed.

    Examples
    --------
    >>> import adlcore as adl
    >>> snapshot = adl.Snapshot.build(
    ...     [adl.Contract("X", tick=1, tiers=adl.MarginTiers([0], [0.05]))], {"account": ["ann"]}, [], {"X": 2}
    ... )
    >>> house = adl.ClearingHouse(snapshot, venue=[adl.clearing.Uncovered()])
    >>> figure = adl.report.plot_events([house.deposit(0, 5, time=1), house.withdraw(0, 2, time=7)])
    >>> [(trace.name, trace.x, trace.y) for trace in figure.data]
    [('deposit', (1, 7), (1, 0)), ('withdrawal', (1, 7), (0, 1))]
    """
    if isinstance(events, Events):
        return _events_by_kind(events, time_unit)
    listed = read_list("events", events, "must be Events, or a list of them")
    for row, table in enumerate(listed):
        if not isinstance(table, Events):
            raise AdlError.at("events", row, type(table).__name__, "must be Events")
    return _events_in_time(listed, time_unit)


def _events_by_kind(events: Events, time_unit: str | None) -> Any:
    """A bar for each kind of event of one call, the most frequent first."""
    when = clock_of([events.time], time_unit).when(events.time)
    counts = sorted(events.counts().items(), key=lambda item: -item[1])
    bar = graph_objects().Bar(
        x=[count for _, count in counts],
        y=[kind for kind, _ in counts],
        orientation="h",
        marker={"color": SINGLE_COLOUR},
        hovertemplate="%{y}: %{x:,}<extra></extra>",
    )
    return figure(
        [bar],
        xaxis=whole_axis(f"events at {when}", max(events.counts().values(), default=0)),
        yaxis={"autorange": "reversed", "type": "category", "gridcolor": "rgba(0,0,0,0)"},
    )


def _events_in_time(listed: list[Events], time_unit: str | None) -> Any:
    """A bar for each call, stacked by kind; calls stand at their times where these rise, else they are counted."""
    times = np.array([table.time for table in listed], np.int64)
    counts = np.zeros((len(listed), len(KINDS)), np.int64)
    for call, table in enumerate(listed):
        counts[call] = np.bincount(table.kind, minlength=len(KINDS))
    total = counts.sum(axis=0)
    order = [kind for kind in np.argsort(-total, kind="stable").tolist() if total[kind]]
    rises = bool((times[1:] > times[:-1]).all())
    clock = clock_of(times, time_unit)
    at = clock.places(times) if rises else np.arange(1, len(listed) + 1)
    named = order if len(order) <= MOST_KINDS else order[: MOST_KINDS - 1]
    columns = [(KINDS[kind], LINE_COLOURS[place], counts[:, kind]) for place, kind in enumerate(named)]
    if others := order[len(named) :]:
        columns.append((f"{len(others)} other kinds", STAGE_COLOURS[1], counts[:, others].sum(axis=1)))
    traces = [
        graph_objects().Bar(
            x=at.tolist(),
            y=column.tolist(),
            name=plotly_text(name),
            marker={"color": colour, "line": {"width": 0}},
            hovertemplate="%{fullData.name}: %{y:,}<extra></extra>",
        )
        for name, colour, column in columns
    ]
    return figure(
        traces,
        xaxis=clock.axis(times) if rises else whole_axis("call", len(listed)),
        yaxis={**whole_axis("events", float(counts.sum(axis=1).max(initial=0))), "rangemode": "tozero"},
        barmode="stack",
        hovermode="x",
        showlegend=True,
    )
