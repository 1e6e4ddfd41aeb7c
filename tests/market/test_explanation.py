"""Why a row stands where it does: as the columns of its market say it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support import zoo

RULES = adl.RankingRule.names()


rules = st.sampled_from(RULES)


@given(zoo.markets(min_size=1), rules, st.data())
def test_explain_agrees_with_the_columns(columns, rule, data):
    market = adl.Market(**columns)
    row = data.draw(st.integers(0, len(market) - 1))
    why = market.explain(row, rule)
    side = int(np.sign(market.quantity[row]))
    peers = market.quantity * side > 0 if side else np.zeros(len(market), bool)
    score, rank = market.score(rule), market.rank(rule)
    np.testing.assert_array_equal(why.score, score[row])
    np.testing.assert_array_equal(why.quantile, market.quantile(rule)[row])
    assert (why.row, why.rank, why.of) == (row, rank[row], peers.sum())
    assert why.indicator == market.indicator(rule)[row]
    assert why.side == {1: "long", -1: "short", 0: "none"}[side]
    assert (why.account, why.rule) == (market.account[row], rule)
    assert why.expression == adl.RankingRule(rule).expression
    if score[row] > -np.inf:
        assert why.ahead == np.abs(market.quantity[peers & (rank < rank[row])]).sum()
    assert why.terms["unrealized_pnl"] == market.unrealized_pnl[row]
    assert why.terms["notional"] == market.notional[row]
    assert why.terms["quantity"] == market.quantity[row]


@given(zoo.markets(min_size=1), rules, st.data())
def test_the_quantity_ahead_is_closed_before_the_row_is(columns, rule, data):
    market = adl.Market(**columns)
    row = data.draw(st.integers(0, len(market) - 1))
    why = market.explain(row, rule)
    if why.score > -np.inf:
        queue = market.queue({"long": "short", "short": "long"}[why.side], rule)
        assert row not in queue.take(why.ahead).index
        assert queue.take(market.quantity.dtype.type(1)).index[0] == row


def test_ahead_counts_only_what_is_ever_closed():
    # Both rows score -inf: neither is closed, so nothing is closed before the second.
    market = adl.Market("X", mark_price=1, quantity=[5, 7], entry_price=[1.0, 1.0], equity=[-1.0, -1.0])
    assert market.explain(1, "binance").ahead == 0


def test_explain_shows_the_terms_that_make_the_score():
    market = zoo.small_market(account=list("abcdefghi"))
    why = market.explain(6, "binance")
    assert (why.account, why.side, why.rank, why.of) == ("g", "short", 3, 4)
    terms = why.terms
    assert terms["pnl_ratio"] == terms["unrealized_pnl"] / terms["notional"]
    assert terms["effective_leverage"] == terms["notional"] / terms["equity"]
    assert terms["equity"] == 30.0
    assert terms["unrealized_pnl"] < 0
    assert why.score == terms["pnl_ratio"] * (terms["equity"] / terms["notional"])
    portfolio = market.explain(6, "binance-portfolio").terms
    assert portfolio["effective_leverage"] == portfolio["notional"] / 33.0


def test_explain_knows_ties_by_column_and_by_row():
    market = adl.Market("X", mark_price=1, quantity=[2, 3, 4], entry_value=[1.0, 1.5, 2.0], tie=[1, 0, 0])
    assert [market.explain(row, "roi").rank for row in range(3)] == [3, 1, 2]
    assert [market.explain(row, "roi").ahead for row in range(3)] == [7, 0, 3]


def test_a_custom_rule_is_explained():
    rule = adl.RankingRule.custom("size", lambda notional: notional, needs=["notional"])
    market = zoo.small_market()
    why = market.explain(2, rule)
    assert (why.rule, why.score, why.rank) == ("size", 80.0, 1)
