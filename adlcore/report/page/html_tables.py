"""Tables of the page: every cell escaped, numbers aligned; all are sorted by a click, long ones filtered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .markup import escaped

__all__ = ["FILTERED_FROM", "Column", "numbers", "table", "texts"]

#: Tables of so many rows have a box to filter them.
FILTERED_FROM = 9


@dataclass(frozen=True)
class Column:
    """A column: its heading, its cells as people read them, and by what it is sorted.

    Attributes
    ----------
    title : str
    cells : sequence of str
    keys : sequence of float or None
        Numbers to sort by; None for text, which is sorted as it stands.
    style : {"", "wide", "long"}
        Whether the cells are words or sentences, which may be broken into lines. Long ones stand below the other cells
        of their row, and are not printed on paper.
    """

    title: str
    cells: Sequence[str]
    keys: Sequence[float] | None = None
    style: str = ""


def texts(title: str, cells: Sequence[Any], style: str = "") -> Column:
    """A column of text."""
    return Column(title, [str(cell) for cell in cells], None, style)


def numbers(title: str, cells: Sequence[str], keys: Sequence[Any]) -> Column:
    """A column of numbers: how each is written, and the number."""
    return Column(title, cells, [float(key) for key in keys])


def table(caption: str, columns: Sequence[Column], note: str = "") -> str:
    """HTML of a table.

    Parameters
    ----------
    caption : str
    columns : sequence of Column
        Of one length.
    note : str, optional
        Printed under it.

    Returns
    -------
    str

    Examples
    --------
    >>> "&lt;b&gt;" in table("who", [texts("account", ["<b>"])])
    True
    """
    rows = len(columns[0].cells)
    name = escaped(caption)
    tools = ""
    if rows >= FILTERED_FROM:
        tools = (
            f'<input type="search" placeholder="Filter" aria-label="Filter: {name}">'
            f'<output aria-live="polite">{rows:,} rows</output>'
        )
    above = sum(column.style != "long" for column in columns)
    form = f' class="two" style="--columns:{above}"' if above < len(columns) else ""
    head = "".join(_heading(column, rows > 1) for column in columns)
    body = "".join(f"<tr>{''.join(_cell(column, row) for column in columns)}</tr>" for row in range(rows))
    under = f'<p class="note">{escaped(note)}</p>' if note else ""
    return (
        f'<div class="table"><div class="tools"><h3>{name}</h3>{tools}</div>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{name}"><table aria-label="{name}"{form}>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{under}</div>"
    )


def _heading(column: Column, sortable: bool) -> str:
    kind = "number" if column.keys is not None else column.style or "text"
    title = escaped(column.title)
    if not sortable:
        return f'<th scope="col" class="{kind}">{title}</th>'
    return f'<th scope="col" class="{kind}" aria-sort="none"><button type="button">{title}</button></th>'


def _cell(column: Column, row: int) -> str:
    shown = escaped(column.cells[row])
    if column.keys is None:
        return f'<td class="{column.style}">{shown}</td>' if column.style else f"<td>{shown}</td>"
    key = column.keys[row]
    sort = f"{key:.17g}" if math.isfinite(key) else ""
    return f'<td class="number" data-key="{sort}">{shown}</td>'
