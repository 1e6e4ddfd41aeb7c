"""The colours of the report, each in a light and a dark form.

Those that stand side by side differ in lightness too, and stay apart for readers who see few colours.

Figures are made with the light forms; the page replaces each by its dark form where the reader's system is dark.
"""

from __future__ import annotations

__all__ = [
    "LINE_COLOURS",
    "GRID",
    "INK",
    "LIGHTS",
    "MUTED",
    "PAPER",
    "SINGLE_COLOUR",
    "RING",
    "STAGE_COLOURS",
    "DARK_FORMS",
    "UNCOVERED",
    "faint",
]

INK, MUTED, GRID, PAPER = "#23282e", "#6b7178", "#e3dfd6", "#fcfbf8"

#: One colour for what needs no other.
SINGLE_COLOUR = "#3f6d9b"

#: Of ``clearing.closings.STAGES``, in their order: light and dark grounds.
STAGE_COLOURS = ("#3f6ea5", "#9aa2ab", "#6fbde2", "#2b8f6e", "#cdb75a", "#c5512d")
UNCOVERED = "#3a2350"

#: Lights 1 to 5: further from the ground for each.
LIGHTS = ("#d3cdbf", "#e6c07a", "#e09a42", "#cf6b2a", "#a63a1c")

#: The rim of marks that stand out.
RING = "#0d1116"

#: Lines of contracts and funds, in the order of Okabe and Ito.
LINE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#bfa100", "#56b4e9", "#5c5f66", "#332288")

#: The dark form of each.
DARK_FORMS = {
    INK: "#dcd9d2",
    MUTED: "#969ba2",
    GRID: "#2d3238",
    PAPER: "#15181c",
    SINGLE_COLOUR: "#7fb0e0",
    UNCOVERED: "#f1e8ff",
    RING: "#ffffff",
    **dict(zip(STAGE_COLOURS, ("#6a9bd0", "#7d858e", "#a9def6", "#3fae86", "#e4d285", "#ee8059"), strict=True)),
    **dict(zip(LIGHTS, ("#45433d", "#665336", "#96642b", "#d07f35", "#ffab57"), strict=True)),
    **dict(
        zip(
            LINE_COLOURS,
            ("#56a8e0", "#f08c45", "#3cc79b", "#e5a3c8", "#f2e58c", "#a9def6", "#7d8189", "#7565d6"),
            strict=True,
        )
    ),
}


def faint(colour: str, strength: float) -> str:
    """A colour that lets its ground through.

    Examples
    --------
    >>> faint("#0072b2", 0.5)
    'rgba(0,114,178,0.5)'
    """
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{strength:g})"
