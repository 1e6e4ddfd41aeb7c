"""The cash of funds in time."""

import pytest


def test_lines_hold_the_cash_of_each_fund(fallen, fallen_facts, page):
    moved = [fund for fund in fallen_facts.funds if fund.has_moved]
    assert moved
    for fund in moved:
        (drawn,) = page.figures[f"fund-{fund.asset}"]
        cash = fund.cash / fallen.assets[fund.asset].quanta_per_unit
        assert drawn["data"][0]["y"] == pytest.approx(cash.tolist())
