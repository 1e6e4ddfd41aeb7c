"""The cash of funds in time."""

import pytest


def test_lines_hold_the_cash_of_each_fund(fallen, fallen_facts, page):
    seen = 0
    for code, asset in enumerate(fallen.assets):
        (fund,) = [fund for fund in fallen_facts.funds if fund.asset == code]
        for drawn in page.figures.get(f"fund-{code}", []):
            assert drawn["data"][0]["y"] == pytest.approx((fund.cash / asset.quanta_per_unit).tolist())
            seen += 1
    assert seen
