"""What sections are made of: headlines, figures with their captions, tables, and a line where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._support.text import visible, visible_json
from .markup import escaped

__all__ = ["Card", "Drawn", "Section", "cards", "nothing", "paragraph", "script_json"]


@dataclass(frozen=True)
class Card:
    """A number of the story: what it is, the number with its unit, and a line about it."""

    label: str
    values: Sequence[str]
    note: str = ""
    accent: bool = False


@dataclass(frozen=True)
class Drawn:
    """A place for a figure, and the figures that may stand there: one, or one for each choice.

    Attributes
    ----------
    key : str
        Unique in the page.
    figures : sequence of (str, figure, str)
        The label of each choice, the plotly figure, and its caption: what it shows, in which units, and how much of it.
    height : int
        In pixels.
    choose : str
        What is chosen, such as "Contract"; empty where there is nothing to choose.
    """

    key: str
    figures: Sequence[tuple[str, Any, str]]
    height: int = 380
    choose: str = ""

    def html(self) -> str:
        """The place, the captions, and the figures as data for the page's own script."""
        caption = self.figures[0][2]
        chooser = ""
        if len(self.figures) > 1:
            options = "".join(f"<option>{escaped(label)}</option>" for label, _, _ in self.figures)
            chooser = f'<label class="choose">{escaped(self.choose)} <select>{options}</select></label>'
        data = "".join(self._data(*each) for each in self.figures)
        return (
            f'<figure class="drawn" id="{self.key}">{chooser}<div class="plot" role="img" '
            f'aria-label="{escaped(caption)}" style="height:{self.height}px"></div>'
            f"<figcaption>{escaped(caption)}</figcaption>{data}</figure>"
        )

    def _data(self, label: str, figure: Any, caption: str) -> str:
        drawn = figure.to_plotly_json()
        held = {"label": visible(label), "caption": visible(caption), "data": drawn["data"], "layout": drawn["layout"]}
        return f'<script type="application/json" class="figure">{script_json(held)}</script>'


@dataclass(frozen=True)
class Section:
    """A section of the page: an anchor, a title, the finding as a sentence, and what shows it, as HTML or figures."""

    key: str
    title: str
    headline: str
    blocks: Sequence[str | Drawn] = field(default_factory=tuple)

    def html(self, number: int) -> str:
        """The whole section."""
        blocks = "".join(block if isinstance(block, str) else block.html() for block in self.blocks)
        return (
            f'<section id="{self.key}"><h2><span class="count">{number}</span>{escaped(self.title)}</h2>'
            f'<p class="headline">{escaped(self.headline)}</p>{blocks}</section>'
        )


def cards(listed: Sequence[Card]) -> str:
    """HTML of the numbers of a story."""
    found = []
    for card in listed:
        values = "".join(f'<span class="value">{escaped(value)}</span>' for value in card.values)
        accent = " accent" if card.accent else ""
        found.append(
            f'<div class="card{accent}"><dt>{escaped(card.label)}</dt><dd>{values}'
            f'<span class="note">{escaped(card.note)}</span></dd></div>'
        )
    return f'<dl class="cards">{"".join(found)}</dl>'


def paragraph(text: str) -> str:
    """HTML of a paragraph."""
    return f"<p>{escaped(text)}</p>"


def nothing(text: str) -> str:
    """HTML of a line that stands where there is nothing to show."""
    return f'<p class="nothing">{escaped(text)}</p>'


def script_json(value: Any) -> str:
    """JSON that may stand in a script element: no ``<`` and ``>``, and only characters that are seen.

    Examples
    --------
    >>> script_json({"who": "</script><script>"})
    '{"who":"\\\\u003c/script\\\\u003e\\\\u003cscript\\\\u003e"}'
    """
    text = visible_json(json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_listed))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _listed(value: Any) -> Any:
    """Arrays as lists; everything else that JSON has not is an error."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not for JSON")
