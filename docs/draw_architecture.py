"""Draw docs/architecture.svg, the picture in docs/architecture.md: the rooms of the package, and what may import what.

python docs/draw_architecture.py
"""

from pathlib import Path
from typing import NamedTuple

WIDTH, LEFT, GAP, RIGHT = 920, 56, 8, 150
BOX, ROOM, STEP = 34, 30, 26


class Layer(NamedTuple):
    """A room at the top of the package, what it holds, and its inner rooms: each may import those to its right."""

    room: str
    holds: str
    inner: tuple[str, ...] = ()


#: Each may import those below it, and nothing above; what stands in one row imports nothing of its neighbours.
LAYERS = (
    (Layer("cli", "one file a command; no formula"),),
    (Layer("report", "a run as one HTML file", ("sections", "page", "figures", "facts")),),
    (Layer("lab", "scenarios, crowds, crashes, comparisons"),),
    (Layer("io", "files and payloads", ("runs", "tiers")),),
    (Layer("venues", "published rulebooks as data"),),
    (
        Layer(
            "clearing",
            "what happens to money",
            ("house", "stages", "liquidation", "funds", "order_book", "margin", "snapshot"),
        ),
    ),
    (Layer("market", "the positions of one contract at one mark"),),
    (Layer("ranking", "rules, ranks, queues, selections"), Layer("contracts", "assets, contracts, margin tiers")),
    (Layer("_kernels", "compiled loops: arrays in, arrays out", ("compiled", "reference")),),
)

#: These serve all, and import each other and the kernels only.
SERVING = ("_support", "errors", "_version")

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #57606a } .inner { text-anchor: middle; fill: #24292f }
.name { font-weight: 600; font-size: 15px; fill: #24292f }
.layer { fill: #eef2f6; stroke: #c9d3df } .room { fill: #ffffff; stroke: #c9d3df }
.way { stroke: #b4432f; stroke-width: 2 } .tip { fill: #b4432f }
@media (prefers-color-scheme: dark) { text { fill: #9aa4af } .name, .inner { fill: #e6edf3 }
.layer { fill: #1c2128; stroke: #3d4650 } .room { fill: #2d333b; stroke: #3d4650 }
.way { stroke: #e0735c } .tip { fill: #e0735c } }
""".strip()


def rooms() -> set[str]:
    """Every room that is drawn, as a path below the package."""
    drawn = [layer for row in LAYERS for layer in row]
    inner = (f"{layer.room}/{name}" for layer in drawn for name in layer.inner)
    return {"_support", *(layer.room for layer in drawn), *inner}


def box(kind: str, x: float, y: float, width: float, height: float) -> str:
    """A rectangle."""
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="4"/>'


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words."""
    return f'<text{f" class={kind!r}" if kind else ""} x="{x:.1f}" y="{y:.1f}">{words}</text>'.replace("'", '"')


def layer(found: Layer, x: float, y: float, width: float) -> list[str]:
    """A room with its inner rooms, in their order."""
    height = BOX + (ROOM + GAP if found.inner else 0)
    lines = [box("layer", x, y, width, height), text(x + 14, y + 22, found.room, "name")]
    lines.append(text(x + (112 if width > 500 else 104), y + 22, found.holds))
    each = (width - 28 - GAP * (len(found.inner) - 1)) / max(len(found.inner), 1)
    each = min(each, 150)
    for place, name in enumerate(found.inner):
        left = x + 14 + place * (each + GAP)
        lines += [box("room", left, y + BOX, each, ROOM), text(left + each / 2, y + BOX + 20, name, "inner")]
    return lines


def draw() -> str:
    """The whole picture."""
    lines, y, width = [], 10.0, WIDTH - LEFT - RIGHT
    for row in LAYERS:
        each = (width - GAP * (len(row) - 1)) / len(row)
        for place, found in enumerate(row):
            lines += layer(found, LEFT + place * (each + GAP), y, each)
        y += BOX + (ROOM + GAP if any(found.inner for found in row) else 0) + GAP
    bottom, x = y - GAP, WIDTH - RIGHT + GAP
    lines += [box("layer", x, 10, RIGHT - 2 * GAP, bottom - 10), text(x + 14, 32, "serve all")]
    lines += [text(x + 14, 60 + STEP * place, name, "name") for place, name in enumerate(SERVING)]
    middle = (10 + bottom) / 2
    way = [
        f'<line class="way" x1="34" x2="34" y1="14" y2="{bottom - 12:.1f}"/>',
        f'<path class="tip" d="M34 {bottom:.1f} l-6 -13 h12 z"/>',
        f'<text transform="translate(22 {middle:.1f}) rotate(-90)" text-anchor="middle">imports go down, and within a '
        "room to the right</text>",
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 10:.0f}" role="img" '
            'aria-label="The rooms of adlcore in layers: each may import those below it">',
            f"<style>\n{STYLE}\n</style>",
            *way,
            *lines,
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    Path(__file__).with_name("architecture.svg").write_text(draw(), encoding="utf-8")
