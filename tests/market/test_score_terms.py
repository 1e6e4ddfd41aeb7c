"""The ratios that a score is made of: the rules multiply them, and they are the same whatever money is kept in."""

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from adlcore.market.score_terms import ACCOUNT_LEVERAGE, LEVERAGE, PNL, score_ratios
from support import zoo

RULES = [*map(adl.RankingRule, adl.RankingRule.names()), adl.RankingRule("hyperliquid", short="literal")]


@pytest.mark.parametrize("rule", RULES, ids=repr)
@given(columns=zoo.markets(money="float64"))
def test_the_score_of_a_winner_is_the_product_of_its_terms(rule, columns):
    for bankruptcy in (None, columns["bankruptcy_value"]):
        market = adl.Market(**{**columns, "bankruptcy_value": bankruptcy})
        score = market.score(rule)
        rows = np.flatnonzero((market.unrealized_pnl > 0) & (market.equity > 0) & (score > -np.inf))
        product = np.prod([term.of(market.columns, rows) for term in score_ratios(rule, market.columns)], axis=0)
        np.testing.assert_allclose(product, score[rows], rtol=1e-9)


@given(zoo.markets())
def test_terms_are_of_money_in_units_row_by_row(columns):
    market = adl.Market(**columns)
    with np.errstate(all="ignore"):
        expected = {
            PNL: market.unrealized_pnl / market.notional,
            LEVERAGE: market.notional / (market.equity / market.per_unit),
            ACCOUNT_LEVERAGE: market.notional / (market.account_equity / market.per_unit),
        }
    odd = np.arange(len(market))[1::2]
    for term, values in expected.items():
        np.testing.assert_array_equal(term.of(market.columns), values)
        np.testing.assert_array_equal(term.of(market.columns, odd), values[odd])
        np.testing.assert_array_equal(term.of(market.columns, slice(1, 3)), values[1:3])
