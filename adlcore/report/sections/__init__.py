"""The sections of the report, in their order; each makes its headline, figures and tables of the facts of a run."""

from __future__ import annotations

from ..facts.run_facts import Facts
from ..page.blocks import Section
from . import audit, bearing, fund_balances, insurance, orders, queue, story, time, waterfall

__all__ = ["sections"]

ORDER = (story, waterfall, time, fund_balances, queue, bearing, orders, insurance, audit)


def sections(facts: Facts) -> list[Section]:
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
