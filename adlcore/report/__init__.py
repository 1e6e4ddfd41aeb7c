"""The report of a run as one HTML file, and plots for notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._support.files import Destination, is_open_file, open_replacement
from .._support.options import read_path
from ..errors import AdlError
from .facts.run_facts import Facts
from .figures.event_plot import plot_events
from .figures.queue_plot import plot_queue
from .page.page import html_page
from .sections import sections_of

if TYPE_CHECKING:
    from ..clearing import InsuranceFund
    from ..ranking.rules import RankingRule

__all__ = ["plot_events", "plot_queue", "write"]


def write(
    run: Any,
    path: Destination,
    *,
    title: str = "Auto-deleveraging: what happened",
    rule: str | RankingRule | None = None,
    funds: Iterable[InsuranceFund] | None = None,
) -> None:
    """Write the report of a run: one HTML file that holds all it needs, and makes no network request.

    Parameters
    ----------
    run : Run or Facts
        Of ``adlcore.io.open_run``. An open run is reported as far as its passes are complete. What its configuration
        has under "time_unit", one of "ns", "us", "ms" and "s", is the unit of its times; without it times
        since 1970 are known by their size, unless they are in seconds, and others are numbers. Facts that were worked
        out before are taken too, with the rule and the funds that they were given.
    path : path or binary file
        Replaced if it is there. A pipe, a device and a file that is open are written to.
    title : str
    rule : str or RankingRule, optional
        Ranks the queues that are shown; by default what the run's configuration has under ``rule``, else
        ``"binance"``.
    funds : iterable of InsuranceFund, optional
        Those of the house, for their opening balances, which are no events, where the run was recorded before runs
        said what the funds held; by default what the configuration has under ``funds``: a list of mappings with
        ``asset`` and ``balance``, and ``scope`` and ``name`` where they were given. Without any of these, fund
        balances are shown as changes since the start. A fund that is listed is shown even if nothing moved it.

    Raises
    ------
    AdlError
        For events that do not belong to the run; the row is named.
    MissingExtraError
        Where plotly or jinja2 is not installed.
    OSError
        Where the file cannot be written; what was there is still there.

    Notes
    -----
    Sections: the story in numbers; who was bankrupt and who paid; prices and liquidations in time; fund balances;
    the queue; who bore it; orders cancelled; what stayed uncovered; the audit and the manifest. Figures and tables
    hold sums and the largest rows only, so the file does not grow with the run; captions say how much is shown. The
    queues, and the terms of scores, are those of the positions before the first pass, moved to the marks of a later
    one. O(n log n) for n events, and O(positions) for each pass that the largest 50 notices are of.

    Examples
    --------
    >>> import pathlib, tempfile, types
    >>> import numpy as np
    >>> import adlcore as adl
    >>> before = adl.Snapshot.build(
    ...     contracts=[adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], [0.05]))],
    ...     wallets=[{"account": "ann", "balance": "12"}, {"account": "bob", "balance": "100"}],
    ...     positions=[
    ...         {"account": "ann", "contract": "X", "quantity": "10", "entry_price": "10"},
    ...         {"account": "bob", "contract": "X", "quantity": "-10", "entry_price": "10"},
    ...     ],
    ...     marks={"X": "10"},
    ... )
    >>> events = adl.ClearingHouse(before, venue=adl.venues.BINANCE_USDM).mark({"X": "8.5"}, time=1)
    >>> Words, one = adl.clearing.events.Words, np.zeros(1, int)
    >>> run = types.SimpleNamespace(  # what a Run has of which a report is made
    ...     before=before, contracts=before.contracts, assets=before.assets, configuration={}, manifest={},
    ...     event_codes=lambda: events.codes() | {"pass": np.ones(len(events), int)},
    ...     passes=lambda: {"pass": [1], "time": [1], "events": [len(events)]},
    ...     mark_codes=lambda: {
    ...         "pass": [1], "kind": Words(("mark",), one), "name": Words(("X",), one), "price": ["8.5"]
    ...     },
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "report.html")
    ...     adl.report.write(run, path)
    ...     "Conserved exactly" in path.read_text(encoding="utf-8")
    True
    """
    if not is_open_file(path):
        read_path("path", path)  # now, and not when the page is made
    if not isinstance(title, str):
        raise AdlError.at("title", None, title, "must be text")
    facts = run if isinstance(run, Facts) else Facts(run, rule, funds)
    text = html_page(facts, sections_of(facts), title)
    with open_replacement(path) as file:
        file.write(text.encode())
