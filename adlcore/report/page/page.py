"""The page: one HTML file that holds everything that it shows, and asks nobody for anything."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..._support.extras import optional_import
from ..._support.text import visible
from ..._support.wording import counted
from ..facts.run_facts import Facts
from ..figures.palette import DARK_FORMS
from .blocks import Section

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

__all__ = ["html_page", "templates"]

#: A data: URL, so that no browser asks for a file: three bars, the last one cut.
ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect x='1' y='2' width='14' height='3' fill='%23c5512d'/%3E"
    "%3Crect x='1' y='7' width='10' height='3' fill='%23d58a3a'/%3E"
    "%3Crect x='1' y='12' width='6' height='3' fill='%235d87b3'/%3E%3C/svg%3E"
)

#: Nothing is loaded, whatever the page's text may hold.
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def html_page(facts: Facts, sections: Sequence[Section], title: str) -> str:
    """HTML of the whole report.

    Parameters
    ----------
    facts : Facts
    sections : sequence of Section
    title : str

    Returns
    -------
    str

    Raises
    ------
    MissingExtraError
        Where plotly or jinja2 is not installed.
    """
    with optional_import("plotly", "a report"):
        from plotly.offline import get_plotlyjs
    return (
        templates()
        .get_template("page.html")
        .render(
            policy=POLICY,
            icon=ICON,
            title=title,
            subtitle=_subtitle(facts),
            colophon=_colophon(facts),
            sections=sections,
            themes=DARK_FORMS,
            style=_trusted_markup(_package_text("page.css")),
            scripts=[_trusted_markup(get_plotlyjs()), _trusted_markup(_package_text("page.js"))],
        )
    )


def templates() -> Environment:
    """The templates of this package, and how they are filled in.

    Every text is made visible and escaped, but for what :func:`_trusted_markup` marks. The filter tojson writes
    data for scripts: in ASCII, without ``<``, ``>``, ``&`` and ``'``, and nothing that JSON has not.
    """
    with optional_import("jinja2", "a report"):
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    made = Environment(
        loader=FunctionLoader(_package_text),
        autoescape=True,
        finalize=_visible_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False, "default": _as_list}
    return made


def _visible_text(value: Any) -> Any:
    """A text with each of its characters seen; what is HTML already, and what is no text, as it is."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _as_list(value: Any) -> Any:
    """Arrays as lists; everything else that JSON has not is an error."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not for JSON")


def _trusted_markup(trusted: str) -> Markup:
    """Script or style of plotly and of this package, which nobody else has a part in; it cannot end its element."""
    from markupsafe import Markup

    return Markup(trusted.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def _package_text(name: str) -> str:
    """The text of a file of this package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _subtitle(facts: Facts) -> str:
    record, before = facts.record, facts.run.before
    passes = len(record.pass_number)
    text = (
        f"{counted(len(before.wallets), 'wallet')}, {counted(len(before.positions), 'position')} in "
        f"{counted(len(before.contracts), 'contract')}; {counted(passes, 'pass', 'passes')}"
    )
    if passes > 1 and facts.pass_axis.time_axis:
        text += f" from {facts.clock.between(int(record.pass_time[0]), int(record.pass_time[-1]))}"
    stopped = "; the run was open still" if facts.run.manifest.get("status") == "open" else ""
    return f"{text}; {counted(len(record), 'event')}{stopped}."


def _colophon(facts: Facts) -> str:
    version = facts.run.manifest.get("adlcore")
    made = f" by adlcore {version}" if isinstance(version, str) else ""
    status = facts.run.manifest.get("status")
    is_open = " The run was still open: later passes are not in it." if status == "open" else ""
    return f"Made of a run{made} and of nothing else. Every number is computed from the run's own events.{is_open}"
