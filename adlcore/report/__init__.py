"""The report of a run as one HTML file, and plots for notebooks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .event_plot import plot_events
from .queue_plot import plot_queue

if TYPE_CHECKING:
    from ..clearing import InsuranceFund
    from ..ranking import RankingRule

__all__ = ["plot_events", "plot_queue", "write"]


def write(
    run: Any,
    path: str | os.PathLike[str],
    *,
    title: str = "Auto-deleveraging: what happened",
    rule: str | RankingRule | None = None,
    funds: Iterable[InsuranceFund] | None = None,
) -> None:
    """Write the report of a run: one HTML file that holds all it needs, and makes no network request.

    Parameters
    ----------
    run : Run
        Of ``adlcore.io.open_run``. An open run is reported as far as its passes are complete.
    path : path
        Replaced if it is there.
    title : str
    rule : str or RankingRule, optional
        Ranks the queues that are shown; by default what the run's configuration has under ``rule``, else
        ``"binance"``.
    funds : iterable of InsuranceFund, optional
        Those of the house, for their opening balances, which are no events; by default what the configuration has
        under ``funds``: a list of mappings with ``asset`` and ``balance``, and ``scope`` and ``name`` where they were
        given. Without either, fund balances are shown as changes since the start.

    Raises
    ------
    AdlError
        For events that do not belong to the run; the row is named.
    MissingExtraError
        Where plotly is not installed.
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
    >>> import pathlib, tempfile
    >>> import adlcore as adl
    >>> def report(run):
    ...     adl.report.write(run, pathlib.Path(tempfile.mkdtemp()) / "report.html")
    """
    from .facts import Facts
    from .page import page
    from .sections import sections

    facts = Facts(run, rule, funds)
    text = page(facts, sections(facts), title)
    target = Path(path)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="")
        os.replace(unfinished, target)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from None
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
