"""The page: one HTML file that holds everything that it shows, and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from ..._support.extras import optional
from ..._support.wording import counted
from ..facts.run_facts import Facts
from ..figures.palette import THEMES
from .blocks import Section, script_json
from .markup import escaped

__all__ = ["page"]

#: A data: URL, so that no browser asks for a file: three bars, the last one cut.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect x='1' y='2' width='14' height='3' fill='%23c5512d'/%3E"
    "%3Crect x='1' y='7' width='10' height='3' fill='%23d58a3a'/%3E"
    "%3Crect x='1' y='12' width='6' height='3' fill='%235d87b3'/%3E%3C/svg%3E"
)

#: Nothing is loaded, whatever the page's text may hold.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def page(facts: Facts, listed: Sequence[Section], title: str) -> str:
    """HTML of the whole report.

    Parameters
    ----------
    facts : Facts
    listed : sequence of Section
    title : str

    Returns
    -------
    str

    Raises
    ------
    MissingExtraError
        Where plotly is not installed.
    """
    with optional("plotly", "a report"):
        from plotly.offline import get_plotlyjs
    links = "".join(f'<li><a href="#{each.key}">{escaped(each.title)}</a></li>' for each in listed)
    body = "".join(each.html(number) for number, each in enumerate(listed, start=1))
    name = escaped(title)
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="color-scheme" content="light dark"><title>{name}</title><link rel="icon" href="{ICON}">',
        f"<style>{_own('page.css')}</style></head><body>",
        f'<div class="page"><header><h1>{name}</h1><p>{escaped(_subtitle(facts))}</p></header>',
        f'<nav aria-label="Sections"><ol>{links}</ol></nav><main>{body}</main>',
        f"<footer><p>{escaped(_colophon(facts))}</p></footer></div>",
        '<noscript><p class="nothing">The figures need JavaScript; the tables do not.</p></noscript>',
        f'<script type="application/json" id="themes">{script_json(THEMES)}</script>',
        f"<script>{_closed(get_plotlyjs())}</script>\n<script>{_closed(_own('page.js'))}</script></body></html>\n",
    ]
    return "".join(parts)


def _own(name: str) -> str:
    """The text of a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _closed(script: str) -> str:
    """A script that cannot end its element."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _subtitle(facts: Facts) -> str:
    record, before = facts.record, facts.run.before
    passes = len(record.number)
    text = (
        f"{counted(len(before.wallets), 'wallet')}, {counted(len(before.positions), 'position')} in "
        f"{counted(len(before.contracts), 'contract')}; {counted(passes, 'pass', 'passes')}"
    )
    if passes > 1 and facts.in_time[1]:
        text += f" from {facts.clock.between(int(record.time[0]), int(record.time[-1]))}"
    stopped = "; the run was open still" if facts.run.manifest.get("status") == "open" else ""
    return f"{text}; {counted(len(record), 'event')}{stopped}."


def _colophon(facts: Facts) -> str:
    version = facts.run.manifest.get("adlcore")
    made = f" by adlcore {version}" if isinstance(version, str) else ""
    status = facts.run.manifest.get("status")
    is_open = " The run was still open: later passes are not in it." if status == "open" else ""
    return f"Made of a run{made} and of nothing else. Every number is computed from the run's own events.{is_open}"
