"""Every term of a score has a heading, and what counterparties realize is their share of what they have gained."""

from __future__ import annotations

import numpy as np
import pytest

import adlcore as adl
from support import zoo

pytest.importorskip("typer", reason="the command line needs the cli extra")
pytest.importorskip("rich", reason="the command line needs the cli extra")
pytestmark = pytest.mark.files

from adlcore.cli import _terms  # noqa: E402

MARKET = zoo.small_market()


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_terms_are_columns_that_are_left_out_one_after_the_other(rule):
    columns = _terms.term_columns(_terms.terms(MARKET, adl.RankingRule(rule)), 3)
    assert columns
    assert all(column.heading and len(column.cells) == 3 for column in columns)
    assert [column.drop for column in columns] == [3, 4][: len(columns)]


def test_a_row_closed_in_part_realizes_its_share():
    selection = MARKET.deleverage(5, "binance")
    rows = _terms.rows_of(MARKET, selection.index)
    realized = _terms.realized_pnl(MARKET.contract, rows, selection, "10")
    np.testing.assert_allclose(realized, rows.unrealized_pnl * selection.quantity / np.abs(rows.quantity))
    assert selection.partial >= 0
