"""Every term of a score has a heading."""

import pytest

import adlcore as adl
from adlcore.cli import _terms
from support import zoo

MARKET = zoo.small_market()


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_terms_are_columns_that_are_left_out_one_after_the_other(rule):
    columns = _terms.term_columns(_terms.ratio_columns(MARKET, adl.RankingRule(rule)), 3)
    assert columns
    assert all(column.heading and len(column.cells) == 3 for column in columns)
    assert [column.drop for column in columns] == [3, 4][: len(columns)]
