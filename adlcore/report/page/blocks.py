"""What sections are made of: numbers, paragraphs, figures with their captions, tables, and what is read on demand.

A block says what is shown, and nothing about HTML: ``blocks.html`` has a macro for each kind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from ..._support.text import visible
from ..._support.wording import amount_text

__all__ = [
    "Block",
    "Card",
    "Cards",
    "TableColumn",
    "Details",
    "Figure",
    "Paragraph",
    "Plot",
    "Section",
    "TableBlock",
    "amount_column",
    "empty_note",
    "number_column",
    "text_column",
]

#: Tables of so many rows have a box to filter them.
FILTERED_FROM = 9


@dataclass(frozen=True)
class Block:
    """A part of a section."""

    #: The macro of ``blocks.html`` that shows it.
    kind: ClassVar[str]


class Card(NamedTuple):
    """A number of the story: what it is, the number with its unit, and a line about it."""

    label: str
    values: Sequence[str]
    note: str = ""
    accent: bool = False


@dataclass(frozen=True)
class Cards(Block):
    """The numbers of a story."""

    kind = "cards"
    cards: Sequence[Card]


@dataclass(frozen=True)
class Paragraph(Block):
    """A paragraph; `muted` where it stands for what is not there."""

    kind = "paragraph"
    text: str
    muted: bool = False


def empty_note(text: str) -> Paragraph:
    """A line that stands where there is nothing to show."""
    return Paragraph(text, muted=True)


@dataclass(frozen=True)
class Details(Block):
    """A text of many lines, which is shown once it is asked for."""

    kind = "details"
    title: str
    lines: Sequence[str]


class Plot(NamedTuple):
    """A plotly figure, its label where one of several is chosen, and its caption: what it shows, and how much of it."""

    label: str
    drawn: Any
    caption: str

    @property
    def data(self) -> dict[str, Any]:
        """What the page's own script draws."""
        drawn = self.drawn.to_plotly_json()
        shown = {"label": visible(self.label), "caption": visible(self.caption)}
        return {**shown, "data": drawn["data"], "layout": drawn["layout"]}


@dataclass(frozen=True)
class Figure(Block):
    """A place for a plot, and the plots that may stand there: one, or one for each choice.

    Attributes
    ----------
    key : str
        Unique in the page.
    plots : sequence of Plot
    height : int
        In pixels.
    choose : str
        What is chosen, such as "Contract"; empty where there is nothing to choose.
    """

    kind = "figure"
    key: str
    plots: Sequence[Plot]
    height: int
    choose: str = ""


@dataclass(frozen=True)
class TableColumn:
    """A column: its heading, its cells as people read them, and by what it is sorted.

    Attributes
    ----------
    title : str
    cells : sequence of str
    keys : sequence of str or None
        Numbers to sort by, empty for what is none; None for text, which is sorted as it stands.
    style : {"", "wide", "long"}
        Whether the cells are words or sentences, which may be broken into lines. Long ones stand below the other cells
        of their row, and are not printed on paper.
    """

    title: str
    cells: Sequence[str]
    keys: Sequence[str] | None = None
    style: str = ""


def text_column(title: str, cells: Sequence[Any], style: str = "") -> TableColumn:
    """A column of text."""
    return TableColumn(title, [str(cell) for cell in cells], None, style)


def number_column(title: str, cells: Sequence[str], keys: Sequence[Any]) -> TableColumn:
    """A column of numbers: how each is written, and the number."""
    return TableColumn(title, cells, [f"{key:.17g}" if math.isfinite(key) else "" for key in map(float, keys)])


def amount_column(
    title: str, quanta: Sequence[int | None], decimals: Sequence[int], *, signed: bool = False, absent: str = "–"
) -> TableColumn:
    """A column of amounts in quanta of assets with so many decimals; what is not known is `absent`.

    Examples
    --------
    >>> made = amount_column("cash", [150, 0, None], [2, 2, 8])
    >>> made.cells, made.keys
    (['1.50', '0', '–'], ['1.5', '0', ''])
    """
    pairs = list(zip(quanta, decimals, strict=True))
    cells = [absent if q is None else amount_text(q, d, signed=signed) if q else "0" for q, d in pairs]
    return number_column(title, cells, [math.nan if q is None else q / 10**d for q, d in pairs])


@dataclass(frozen=True)
class TableBlock(Block):
    """Columns of one length under a caption, and a note below them; all are sorted by a click, long ones filtered."""

    kind = "table"
    caption: str
    columns: Sequence[TableColumn]
    note: str = ""

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.columns[0].cells)

    @property
    def filtered(self) -> bool:
        """Whether it has a box to filter its rows."""
        return self.rows >= FILTERED_FROM


@dataclass(frozen=True)
class Section:
    """A section of the page: an anchor, a title, the finding as a sentence, and what shows it."""

    key: str
    title: str
    headline: str
    blocks: Sequence[Block]
