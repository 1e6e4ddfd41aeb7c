"""Custom rules: what the function is given, what it may return, and what becomes of it."""

import pickle

import numpy as np
import pytest
from hypothesis import given

import adlcore as adl
from support import zoo
from support.refusals import refused_for

EVERY_COLUMN = (
    *("quantity", "side", "mark_price", "entry_price", "mark_value", "entry_value", "notional", "unrealized_pnl"),
    *("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value", "leverage"),
)


def return_on_equity(unrealized_pnl, notional, equity):
    """`binance` once more; at module level, so that it pickles."""
    with np.errstate(all="ignore"):
        losers = (unrealized_pnl / notional) * (equity / notional)
        return np.where(equity <= 0, -np.inf, np.where(unrealized_pnl >= 0, unrealized_pnl / equity, losers))


BINANCE = adl.RankingRule.custom("mine", return_on_equity, needs=["unrealized_pnl", "notional", "equity"])


@given(zoo.markets(money="float64"))
def test_a_built_in_rule_written_as_a_custom_one_is_the_same_rule(columns):
    market = adl.Market(**columns)
    np.testing.assert_array_equal(market.score(BINANCE), market.score("binance"))
    np.testing.assert_array_equal(market.rank(BINANCE), market.rank("binance"))
    np.testing.assert_array_equal(market.indicator(BINANCE), market.indicator("binance"))
    for bankrupt in (9, -9):
        for eligible in ("all", "winners"):
            one = market.deleverage(bankrupt, BINANCE, eligible=eligible)
            zoo.same_selection(one, market.deleverage(bankrupt, "binance", eligible=eligible))


@given(zoo.markets())
def test_the_function_gets_every_column_in_units_by_keyword(columns):
    market = adl.Market(**columns)
    blocks = []

    def keep(**given_columns):
        blocks.append(given_columns)
        return np.zeros(len(given_columns["quantity"]))

    market.score(adl.RankingRule.custom("all", keep, needs=EVERY_COLUMN))
    if not len(market):
        assert all(len(block["quantity"]) == 0 for block in blocks)
        return
    (block,) = blocks
    assert tuple(block) == EVERY_COLUMN
    for column in block.values():
        assert column.dtype == np.float64
        assert column.shape == (len(market),)
    scale = market.contract.settle.quanta_per_unit if market.entry_value.dtype == np.int64 else 1.0
    for name in ("entry_value", "equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value"):
        np.testing.assert_array_equal(block[name], getattr(market, name) / scale)
    for name in ("quantity", "mark_value", "notional", "unrealized_pnl", "entry_price", "leverage"):
        np.testing.assert_array_equal(block[name], getattr(market, name))
    np.testing.assert_array_equal(block["side"], np.sign(market.quantity))
    np.testing.assert_array_equal(block["mark_price"], np.full(len(market), float(market.mark_price)))


@pytest.mark.parametrize("n", [1, 16_383, 16_384, 16_385, 40_000])
def test_blocks_are_equally_long_and_cover_every_row_once(n):
    seen = []

    def score(quantity, notional):
        assert len(quantity) == len(notional) <= 16_384
        seen.append(quantity.copy())
        return quantity / 2

    quantity = np.arange(1, n + 1)
    market = adl.Market("X", mark_price=1, quantity=quantity, entry_value=np.ones(n))
    found = market.score(adl.RankingRule.custom("half", score, needs=["quantity", "notional"]))
    assert np.concatenate(seen).tolist() == quantity.tolist()
    assert found.tolist() == (quantity / 2).tolist()


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((9, 1)), 1.0, [1.0] * 8, []])
def test_a_function_that_returns_another_shape_is_refused(wrong):
    rule = adl.RankingRule.custom("bent", lambda notional: wrong, needs=["notional"])
    for call in (lambda m: m.score(rule), lambda m: m.deleverage(3, rule)):
        refused_for(lambda call=call: call(zoo.small_market()), "rule", "'bent' returned shape ")


def test_a_function_that_returns_nan_for_a_held_row_is_refused_with_the_row():
    rule = adl.RankingRule.custom("hole", lambda notional: np.where(notional == 80, np.nan, 1.0), needs=["notional"])
    for call in (lambda m: m.score(rule), lambda m: m.deleverage(-3, rule), lambda m: m.queue("short", rule)):
        assert refused_for(lambda call=call: call(zoo.small_market()), "score of rule 'hole'", "nan").row == 2


def test_a_function_may_return_nan_for_rows_of_quantity_0_and_infinities():
    rule = adl.RankingRule.custom(
        "edges",
        lambda quantity: np.select([quantity == 0, quantity > 4, quantity > 0], [np.nan, np.inf, -np.inf], 0.0),
        needs=["quantity"],
    )
    market = zoo.small_market()
    assert np.isnan(market.score(rule)[4])
    assert market.deleverage(-100, rule).index.tolist() == [0, 2]
    assert market.deleverage(100, rule).index.tolist() == [5, 6, 7, 8]


def test_a_function_may_return_what_becomes_floats():
    for made in (lambda quantity: quantity.tolist(), lambda quantity: quantity.astype(np.int32)):
        rule = adl.RankingRule.custom("plain", made, needs=["quantity"])
        assert zoo.small_market().score(rule)[:4].tolist() == [5.0, 3.0, 8.0, 2.0]


def test_a_function_that_raises_is_heard():
    def broken(notional):
        raise RuntimeError("my own")

    with pytest.raises(RuntimeError, match="my own"):
        zoo.small_market().score(adl.RankingRule.custom("x", broken, needs=["notional"]))


@pytest.mark.parametrize("column", ["equity", "balance", "leverage", "bankruptcy_value"])
def test_a_custom_rule_whose_columns_are_absent_is_refused(column):
    rule = adl.RankingRule.custom("x", lambda **c: c[column], needs=[column])
    refused_for(lambda: zoo.small_market(**{column: None}).score(rule), column, column)


def test_a_custom_rule_pickles_with_its_function():
    copy = pickle.loads(pickle.dumps(BINANCE))
    assert copy == BINANCE
    market = zoo.small_market()
    np.testing.assert_array_equal(market.score(copy), market.score(BINANCE))


def test_the_order_in_which_a_market_meets_rules_does_not_matter():
    rule = adl.RankingRule.custom("binance", lambda notional: -notional, needs=["notional"])
    one, other = zoo.small_market(), zoo.small_market()
    custom_first = one.score(rule), one.score("binance")
    built_in_first = other.score("binance"), other.score(rule)
    np.testing.assert_array_equal(custom_first, built_in_first[::-1])
    assert custom_first[0].tolist() != custom_first[1].tolist()


def test_a_function_need_not_be_hashable():
    class Weighted:
        __hash__ = None

        def __call__(self, notional):
            return 2.0 * notional

    market = zoo.small_market()
    rule = adl.RankingRule.custom("weighted", Weighted(), needs=["notional"])
    other = adl.RankingRule.custom("n", lambda notional: notional, ["notional"])
    assert market.rank(rule).tolist() == market.rank(other).tolist()
