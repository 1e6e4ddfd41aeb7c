"""The sections of the report, in the order of :data:`ORDER`; each makes its headline and its blocks of a run's facts.

To add a section:

1. Its numbers are a file of ``facts/`` and a cached property of :class:`~adlcore.report.facts.run_facts.Facts`:
   ``facts/debts.py`` is a short one.
2. Its plot, if it has one, is ``figures/<section>_plot.py``, a function from numbers to a plotly figure:
   ``figures/orders_plot.py``.
3. The section is a file here with a function ``section(facts)``, which puts sentences, tables and plots into a
   :class:`~adlcore.report.page.blocks.Section`: ``sections/orders.py``. Its key is its anchor in the page. The kinds
   of blocks stand in ``page/blocks.py``; a new one needs a macro in ``page/blocks.html``, too.
4. The module stands in :data:`ORDER` where readers meet it; the page's numbers and links follow.

``refused`` is no section: the story and the fund balances have parts of it.
"""

from __future__ import annotations

from ..facts.run_facts import Facts
from ..page.blocks import Section
from . import audit, bearing, fund_balances, insurance, orders, queue, story, time, waterfall

__all__ = ["ORDER", "sections_of"]

#: The modules of the sections, in the order of the page.
ORDER = (story, waterfall, time, fund_balances, queue, bearing, orders, insurance, audit)


def sections_of(facts: Facts) -> list[Section]:
    """All sections of a run.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    list of Section

    Raises
    ------
    MissingExtraError
        Where plotly is not installed.
    """
    return [module.section(facts) for module in ORDER]
