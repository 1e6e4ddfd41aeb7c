"""Tables that fit the terminal, and numbers as people read them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from .._support import wording
from .._support.text import visible
from ..contracts import Asset, Contract
from ..market.liquidation_prices import distance
from ._screen import Screen

__all__ = [
    "FIXED_SPACE",
    "Column",
    "amount",
    "console",
    "hint",
    "lights",
    "money",
    "percent",
    "price",
    "print_table",
    "say",
    "score",
    "shift",
    "times",
]

#: Colours of the lights, from the back of the queue to its front.
LIGHTS = ("green", "green", "yellow", "dark_orange", "red")
#: Cells between columns: as many as fit.
GAPS = (2, 1)
#: The same rule below the headings for terminals without Unicode.
ASCII_HEAD = box.Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
#: A space at which no line is broken.
FIXED_SPACE = "\u2007"


@dataclass
class Column:
    """One column of a table.

    Attributes
    ----------
    heading : str
    cells : list of str or Text
        Text is the command line's own; a str may be anybody's, and is made visible, as the heading is.
    right : bool
        Numbers stand right.
    least : int
        A column of text may shrink to so many cells; 0 for one that may not.
    drop : int
        Columns that do not fit are left out, the highest first; 0 for one that stays.
    """

    heading: str
    cells: Sequence[str | Text]
    right: bool = True
    least: int = 0
    drop: int = 0

    def __post_init__(self) -> None:
        self.heading = visible(self.heading)
        self.cells = [cell if isinstance(cell, Text) else visible(cell) for cell in self.cells]

    @property
    def width(self) -> int:
        """What the widest cell takes."""
        return max([cell_len(self.heading), *(cell_len(str(cell)) for cell in self.cells)])


def console(to_stderr: bool = False) -> Screen:
    """Where tables go; 80 columns wide where that is no terminal."""
    return Screen(stderr=to_stderr)


def has_unicode(out: Screen) -> bool:
    """Whether lights and rules can be printed."""
    return out.encoding.lower().startswith("utf")


def print_table(out: Screen, columns: Iterable[Column], styles: Sequence[str] = ()) -> int:
    """Print columns side by side; text and gaps shrink first, then the least needed columns go: how many are shown.

    `styles`, where given, has one for each row.
    """
    shown = list(columns)
    while (layout := _fit(shown, out.width)) is None:
        shown.remove(max(shown, key=lambda column: column.drop))
    widths, gap = layout
    # The box puts one cell between columns, padding the others.
    padding = (0, gap - 1, 0, 0)
    frame = box.SIMPLE_HEAD if has_unicode(out) else ASCII_HEAD
    table = Table(box=frame, show_edge=False, pad_edge=False, padding=padding, header_style="bold")
    for column, width in zip(shown, widths, strict=True):
        justify: Any = "right" if column.right else "left"
        heading = Text(column.heading)
        table.add_column(heading, justify=justify, width=width, no_wrap=True, overflow="ellipsis")
    cells = [
        [cell if isinstance(cell, Text) else Text(_shortened(cell, width)) for cell in column.cells]
        for column, width in zip(shown, widths, strict=True)
    ]
    for number, row in enumerate(zip(*cells, strict=True)):
        table.add_row(*row, style=styles[number] if styles else None)
    needed = sum(widths) + gap * (len(widths) - 1)
    out.print(table, width=max(needed, out.width), crop=False, no_wrap=True, soft_wrap=needed > out.width)
    return len(shown)


def hint(out: Screen, text: str) -> None:
    """Print what is not of the answer: what is left out, and the option that shows it."""
    out.print(text, style="dim", soft_wrap=True)


def say(out: Screen, text: str) -> None:
    """Print sentences, broken between words; not at a `FIXED_SPACE` space."""
    for part in textwrap.wrap(_broken(text), out.width, break_long_words=False, break_on_hyphens=False):
        out.print(part.replace(FIXED_SPACE, " "), soft_wrap=True)


def _broken(text: str) -> str:
    """Words of visible characters, and the spaces between them."""
    return FIXED_SPACE.join(map(visible, text.split(FIXED_SPACE)))


def _fit(columns: Sequence[Column], width: int) -> tuple[list[int], int] | None:
    """Widths that fit and the gap between them, or None where a column has to go first."""
    for gap in GAPS:
        widths = [column.width for column in columns]
        over = sum(widths) + gap * (len(widths) - 1) - width
        for number, column in enumerate(columns):
            if over > 0 and column.least:
                less = min(over, max(widths[number] - max(column.least, cell_len(column.heading)), 0))
                widths[number] -= less
                over -= less
        if over <= 0:
            return widths, gap
    # Numbers are never cut: what still does not fit runs over the edge of the terminal.
    return None if any(column.drop for column in columns) else (widths, gap)


def _shortened(text: str, width: int) -> str:
    """A label cut in its middle: addresses begin alike."""
    if len(text) <= width or cell_len(text) != len(text):
        return text
    return text[: width // 2] + "…" + text[len(text) - (width - 1) // 2 :]


def label(value: Any) -> str:
    """An account, a symbol or a path as text of which every character is seen."""
    return visible(str(value))


#: Numbers in cells and lines: those of the report, without its signs and units.
money = partial(wording.money, plain=True)
percent = partial(wording.percent, plain=True)
score = partial(wording.ratio, plain=True)
times = partial(wording.decimal, places=2, plain=True)


def amount(asset: Asset, quanta: int) -> str:
    """Quanta of an asset: two places, below ten five digits, and never more decimals than the asset has."""
    return wording.amount_text(quanta, asset.decimals, plain=True)


def price(contract: Contract, value: float) -> str:
    """A price that was computed, with the decimals of the tick; a dash where there is none.

    What holds at every price, +inf of a long and 0.0 of a short, is any.
    """
    if not 0 < value < math.inf:
        return "-" if math.isnan(value) else "any"
    if contract.tick is None:
        return f"{Decimal(f'{value:.8g}'):f}"
    return f"{value:.{max(-int(contract.tick.as_tuple().exponent), 0)}f}"


def shift(value: float, mark: float) -> str:
    """How far the mark is from a price, as signed per cent of the mark."""
    away = distance(value, mark)
    return "-" if math.isnan(away) else f"{100 * away:+,.2f}"


def lights(level: int, out: Screen) -> Text:
    """The indicator as five lights, or as a digit where the terminal has no such signs."""
    colour = LIGHTS[max(level - 1, 0)]
    if not has_unicode(out):
        return Text(str(level), colour)
    return Text("●" * level, colour) + Text("○" * (5 - level), "dim")
