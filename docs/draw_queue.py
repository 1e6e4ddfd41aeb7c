"""Draw docs/queue.svg, the picture in the README: a queue of shorts and what a bankrupt long takes of it.

python docs/draw_queue.py
"""

from pathlib import Path

import numpy as np

import adlcore as adl

WIDTH, HEIGHT, LEFT, BASE = 760, 300, 40, 226
ROWS = 14
TARGET = 500


def market():
    """Fourteen shorts after a fall: leverage and profit differ, so the queue is not simply by size."""
    rng = np.random.default_rng(11)
    quantity = -np.round(rng.lognormal(4.2, 0.7, ROWS)).astype(np.int64)
    entry_price = 22.025 * (1 + rng.uniform(-0.02, 0.3, ROWS))
    margin = -quantity * entry_price / rng.uniform(2, 25, ROWS)
    equity = margin - quantity * (entry_price - 22.025)
    return adl.Market(
        adl.Contract("AVAX"), mark_price="22.025", quantity=quantity, entry_price=entry_price, equity=equity
    )


def bars(shorts, selection):
    """One rectangle a row: as wide as its quantity, as high as its score; closed part dark."""
    order = np.argsort(shorts.rank("binance"))
    score = shorts.score("binance")
    size = -shorts.quantity
    scale = (WIDTH - 2 * LEFT) / size.sum()
    closed = dict(zip(selection.index.tolist(), selection.quantity.tolist(), strict=True))
    x = float(LEFT)
    for place, row in enumerate(order, start=1):
        width = size[row] * scale
        height = 6 + 150 * max(score[row], 0) / score.max()
        part = closed.get(int(row), 0) / size[row]
        yield f'<rect class="open" x="{x:.1f}" y="{BASE - height:.1f}" width="{width - 2:.1f}" height="{height:.1f}"/>'
        if part:
            yield (
                f'<rect class="closed" x="{x:.1f}" y="{BASE - height:.1f}" '
                f'width="{(width - 2) * part:.1f}" height="{height:.1f}"/>'
            )
        if width > 12:
            yield f'<text class="place" x="{x + width / 2 - 1:.1f}" y="{BASE + 15}">{place}</text>'
        x += width


def draw():
    """The whole picture."""
    shorts = market()
    selection = shorts.deleverage(TARGET, "binance")
    scale = (WIDTH - 2 * LEFT) / -shorts.quantity.sum()
    end = LEFT + TARGET * scale
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-label="A queue of shorts in order of score; the front of it is closed against a bankrupt long">',
            "<style>",
            "text { font: 13px system-ui, sans-serif; fill: #57606a } .place { font-size: 11px; text-anchor: middle }",
            ".open { fill: #c9d3df } .closed { fill: #b4432f } .cut { stroke: #b4432f; stroke-dasharray: 4 3 }",
            ".mark { fill: #b4432f }",
            "@media (prefers-color-scheme: dark) { text { fill: #9aa4af } .open { fill: #3d4650 }",
            ".closed, .mark { fill: #e0735c } .cut { stroke: #e0735c } }",
            "</style>",
            *bars(shorts, selection),
            f'<line class="cut" x1="{end:.1f}" x2="{end:.1f}" y1="34" y2="{BASE + 24}"/>',
            f'<text class="mark" x="{end + 8:.1f}" y="46">{TARGET} lots of the bankrupt long are covered here:</text>',
            f'<text x="{end + 8:.1f}" y="64">{len(selection)} shorts are closed, the last one in part</text>',
            f'<text x="{LEFT}" y="{BASE + 40}">front of the queue</text>',
            f'<text x="{WIDTH - LEFT}" y="{BASE + 40}" text-anchor="end">end of the queue</text>',
            f'<text x="{LEFT}" y="{BASE + 60}">width: quantity of the short · height: its score, '
            "unrealized PnL / equity for a winner</text>",
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    Path(__file__).with_name("queue.svg").write_text(draw(), encoding="utf-8")
