"""What all figures share: plotly itself, their frame, and numbers in as few digits as a screen shows."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from ..._support.extras import optional_import
from ..._support.text import visible
from .palette import GRID, INK, MUTED, PAPER

__all__ = [
    "SHORT",
    "TimeAxis",
    "rounded_list",
    "figure",
    "graph_objects",
    "name_label",
    "distinct_labels",
    "plotly_text",
    "run_axis",
    "shorten_name",
    "plotly_template_text",
    "whole_axis",
]

#: Cells of a name in a figure at most, and of one that shares its line with words or stands along the height.
LONGEST, SHORT = 28, 16

#: Characters that are two cells wide whatever their script: wide letters of Latin, as wide as two others.
BROAD = frozenset("MW@%")

#: The x axis of plotly on which times stand; None where passes are counted.
TimeAxis = dict[str, Any] | None

FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'


def graph_objects() -> Any:
    """The module ``plotly.graph_objects``.

    Raises
    ------
    MissingExtraError
        Where plotly is not installed.
    """
    with optional_import("plotly", "drawing plots"):
        import plotly.graph_objects
    return plotly.graph_objects


def figure(traces: list[Any], **layout: Any) -> Any:
    """A figure in the report's frame, on a transparent ground.

    Parameters
    ----------
    traces : list
    **layout
        Of plotly; ``xaxis`` and ``yaxis`` are added to what axes of the report are.

    Returns
    -------
    plotly.graph_objects.Figure
    """
    axis = {
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "tickcolor": GRID,
        "automargin": True,
        "exponentformat": "none",
        "separatethousands": True,
        "tickfont": {"color": MUTED, "size": 12},
        "title": {"font": {"color": MUTED, "size": 12}, "standoff": 8},
    }
    axes = {name: _merged(axis, layout.pop(name, {})) for name in ("xaxis", "yaxis")}
    frame = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 13, "color": INK},
        "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
        "legend": {
            "traceorder": "normal",
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 12},
        },
        "hoverlabel": {"font": {"family": FONT, "size": 12, "color": INK}, "bgcolor": PAPER, "bordercolor": GRID},
        "hovermode": "closest",
        "separators": ".,",
    }
    return graph_objects().Figure(traces, _merged({**frame, **axes}, layout))


def _merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Nested settings, the later ones over the earlier."""
    both = dict(base)
    for name, value in more.items():
        nested = isinstance(value, dict) and isinstance(both.get(name), dict)
        both[name] = _merged(both[name], value) if nested else value
    return both


def plotly_text(text: Any) -> str:
    """Any text as plotly shows it as it is: its own markup is escaped."""
    return html.escape(visible(str(text)), quote=False)


def plotly_template_text(text: Any) -> str:
    """Any text as plotly shows it as it is within a template, which would fill in what stands in ``%{}``."""
    return plotly_text(text).replace("%{", "&#37;{")


def shorten_name(text: str, room: int = LONGEST) -> str:
    """A name in so many cells at most: a long one is cut in its middle. Wide characters take two cells.

    Examples
    --------
    >>> shorten_name("BTCUSDT"), shorten_name("1000000-SOMETHING-AND-LEVERAGED-USDT_261225")
    ('BTCUSDT', '1000000-SOMET…D-USDT_261225')
    >>> shorten_name("比特币永续合约保险基金", 16)
    '比特币永…险基金'
    """
    cells = [_cells(character) for character in text]
    if sum(cells) <= room:
        return text
    head = sum(total <= room // 2 for total in accumulate(cells))
    tail = sum(total <= room - room // 2 - 1 for total in accumulate(reversed(cells)))
    return f"{text[:head]}…{text[len(text) - tail :]}"


def _cells(character: str) -> int:
    """How many cells a character takes: two where it is wide, or is so in the fonts of wide scripts."""
    return 2 if character in BROAD or unicodedata.east_asian_width(character) in "WFA" else 1


def name_label(text: str, room: int = LONGEST) -> str:
    """A name as a figure has room for it, as plotly shows it."""
    return plotly_text(shorten_name(text, room))


def distinct_labels(names: Sequence[str], room: int = LONGEST) -> list[str]:
    """Names as labels that stay apart: those that would be alike are numbered."""
    found = [name_label(name, room) for name in names]
    return [f"{each} ({at + 1})" if found.count(each) > 1 else each for at, each in enumerate(found)]


def rounded_list(values: npt.ArrayLike, count: int = 7) -> list[float | None]:
    """Numbers rounded to some significant digits, as a list; None for what is not finite.

    Examples
    --------
    >>> rounded_list([123456.789, 0.000123456789, float("nan"), 0.0], 4)
    [123500.0, 0.0001235, None, 0.0]
    """
    column = np.asarray(values, np.float64)
    return [float(f"{value:.{count}g}") if np.isfinite(value) else None for value in column.tolist()]


def whole_axis(title: str, most: float) -> dict[str, Any]:
    """An axis of whole numbers up to so many: no ticks between two of them."""
    return {"title": {"text": title}, "tickformat": ",d", **({"dtick": 1} if most <= 10 else {})}


def run_axis(at: npt.ArrayLike, time_axis: TimeAxis) -> dict[str, Any]:
    """The x axis of a figure in time: the clock's own, or how many passes were made."""
    return time_axis or whole_axis("passes made", float(np.max(at, initial=0)))
