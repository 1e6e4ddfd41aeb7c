"""Draw ``docs/demo.svg`` and ``docs/report.png``: what ``adlcore demo`` prints and the report that it writes.

Run from the root of the repository, with the ``cli`` and ``browser`` extras and Chromium: ``python docs/draw_demo.py``.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from adlcore.cli import _tables
from adlcore.cli._app import run
from adlcore.cli._screen import Screen

DOCS = Path(__file__).resolve().parent
CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTH, SIZE = 80, {"width": 1280, "height": 2000}
#: Fonts are the reader's own: a picture loads nothing.
FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def main() -> None:
    """Run the demo in a folder that is thrown away, and keep its two pictures."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        os.chdir(folder)
        os.environ["COLUMNS"] = str(WIDTH)
        record = Screen(record=True, width=WIDTH, force_terminal=True, file=nowhere)
        record.titled("$ adlcore demo", "")
        _tables.console = lambda: record
        run(["demo"])
        text = FONTS.sub("", record.export_svg(title="adlcore demo"))
        (DOCS / "demo.svg").write_text(text, encoding="utf-8")
        with sync_playwright() as engine:
            browser = engine.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(Path("adlcore-demo", "report.html").resolve().as_uri())
            page.wait_for_selector(".js-plotly-plot .main-svg")
            page.wait_for_timeout(1000)
            page.screenshot(path=DOCS / "report.png")
            browser.close()


if __name__ == "__main__":
    main()
