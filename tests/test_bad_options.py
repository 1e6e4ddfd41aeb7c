"""Refusals of sums beyond int64 and of options, and that a refusal leaves everything as it was."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import zoo
from test_bad_input import refused

import adlcore as adl

BIG = 2**62


def test_a_sum_of_lots_beyond_int64_names_the_row_that_leaves():
    ones = [1.0, 1.0, 1.0]
    refused(lambda: adl.select(ones, [BIG, BIG, 1], 1), "quantity", 1, BIG)
    refused(lambda: adl.Queue(ones, [BIG, 1, BIG]), "quantity", 2, BIG)
    refused(lambda: adl.indicator(ones, weights=[BIG, BIG - 1, 1]), "weights", 2, 1)
    for sign in (1, -1):
        lots = np.array([BIG, 5, BIG]) * sign
        refused(lambda q=lots: adl.Market("X", mark_price=1, quantity=q, entry_price=ones), "quantity", 2, sign * BIG)
    least = np.array([0, -(2**63)])
    refused(lambda: adl.Market("X", mark_price=1, quantity=least, entry_price=[1.0, 1.0]), "quantity", 1, -(2**63))


def test_each_side_may_hold_as_many_lots_as_int64_can():
    market = adl.Market("X", mark_price=1, quantity=[zoo.INT64_MAX, -BIG], entry_price=[1.0, 1.0])
    assert market.deleverage(zoo.INT64_MAX, "roi").filled == BIG
    assert market.deleverage(-zoo.INT64_MAX, "roi").filled == zoo.INT64_MAX
    assert market.rank("roi").tolist() == [1, 1]
    assert market.indicator("roi", by="quantity").tolist() == [1, 1]
    assert market.explain(1, "roi").ahead == 0


def test_unsigned_integers_beyond_int64():
    refused(lambda: adl.select([1.0, 2.0], np.array([1, 2**63], np.uint64), 1), "quantity", 1, 2**63)


def test_money_beyond_int64_quanta():
    coin = adl.Contract("X", settle=adl.Asset("COIN", decimals=8))
    call = lambda: adl.Market(coin, mark_price=1, quantity=[1, 10**12], entry_price=[1.0, 1.0], equity=[1, 1])  # noqa: E731
    refused(call, "entry_price", 1, words="int64")
    value = np.array([0, 1])
    refused(lambda: adl.Market(coin, mark_price=1, quantity=[1, 10**12], entry_value=value), "quantity", 1, 10**12)
    market = adl.Market(coin, mark_price=1, quantity=[1, 10**10], entry_value=value)
    refused(lambda: market.at("1000"), "quantity", 1, 10**10)
    assert market.mark_value.tolist() == [1.0, 1e10]


@pytest.mark.parametrize("row", [-1, 9, 100, 1.0, True, None, "0"])
def test_explain_of_a_row_that_is_not_there(row):
    refused(lambda: zoo.small_market().explain(row, "binance"), "row", words=str(row))


@pytest.mark.parametrize("rows", [[9], [-1], [0, 100]])
def test_excluding_rows_that_are_not_there(rows):
    place = len(rows) - 1
    for call in (
        lambda: zoo.small_market().deleverage(1, "binance", exclude=rows),
        lambda: adl.select(np.ones(9), np.ones(9), 1, exclude=rows),
        lambda: adl.Queue(np.ones(9), np.ones(9), exclude=rows),
    ):
        refused(call, "exclude", place, rows[place])


@pytest.mark.parametrize("rows", [[0.5], ["a"], [[0], [1]]])
def test_excluding_what_is_neither_rows_nor_a_mask(rows):
    refused(lambda: adl.select([1.0, 2.0], [1, 1], 1, exclude=rows), "exclude")


@pytest.mark.parametrize("limit", [-1, 1.5, "3", True, math.nan])
def test_a_limit_of_counterparties_that_is_no_count(limit):
    refused(lambda: adl.select([1.0], [1], 1, max_counterparties=limit), "max_counterparties", words=str(limit))
    refused(lambda: zoo.small_market().deleverage(1, "roi", max_counterparties=limit), "max_counterparties")


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", None])
def test_a_number_of_threads_that_is_none(threads):
    refused(lambda: adl.select([1.0], [1], 1, threads=threads), "threads", words=str(threads))
    refused(lambda: zoo.small_market().deleverage(1, "roi", threads=threads), "threads")


@pytest.mark.parametrize("levels", [0, -1, 128, 2.5, "5", True, None])
def test_levels_outside_1_to_127(levels):
    refused(lambda: adl.indicator([1.0], levels=levels), "levels", words=str(levels))
    refused(lambda: zoo.small_market().indicator("roi", levels=levels), "levels")


def test_words_that_are_none_of_the_known():
    market = zoo.small_market()
    refused(lambda: market.indicator("roi", by="size"), "by", value="size", words="quantity")
    refused(lambda: market.deleverage(1, "roi", eligible="losers"), "eligible", value="losers", words="winners")
    refused(lambda: market.queue("long", "roi", eligible=""), "eligible", words="winners")
    refused(lambda: market.queue("both", "roi"), "bankrupt_side", value="both", words="long")
    refused(lambda: market.queue(0, "roi"), "bankrupt_side", value=0)


def test_an_account_that_is_not_there():
    refused(lambda: zoo.small_market().rows("x"), "account", words="no account column")
    named = zoo.small_market(account=list("abcdefghi"))
    refused(lambda: named.rows("x"), "account", value="x")
    refused(lambda: named.rows(3), "account", value=3)


@pytest.mark.parametrize(
    "out", [np.empty(8), np.empty(9, np.float32), np.empty(18)[::2], [0.0] * 9, np.empty((9, 1)), "read-only"]
)
def test_a_buffer_that_cannot_be_written(out):
    if isinstance(out, str):
        out = np.empty(9)
        out.flags.writeable = False
    refused(lambda: zoo.small_market().score("binance", out=out), "out")


@pytest.mark.parametrize("ties", [[0.5, 1.0], [1.0, 2.0], [math.nan, 1.0]])
def test_ties_are_integers(ties):
    refused(lambda: adl.select([1.0, 2.0], [1, 1], 1, tie=ties), "tie", words="integers")


def test_a_nan_made_by_the_columns_is_refused_where_it_would_decide():
    # (U/N)·(N/E) leaves float64 on the way: infinity times 0 is no score.
    rule = adl.RankingRule.custom(
        "x", lambda equity: (equity * 1e308) * np.where(equity > 2, 0.0, 1.0), needs=["equity"]
    )
    market = zoo.small_market(equity=np.array([1.0, 2.0, 1e300, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]))
    with np.errstate(all="ignore"):
        error = refused(lambda: market.deleverage(-1, rule), row=2)
    assert "nan" in str(error)


@pytest.mark.parametrize("column", ["equity", "balance", "leverage", "entry_value"])
@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinite_columns_are_refused(column, value):
    columns = {"entry_value": np.full(3, 1.0), column: np.array([1.0, value, 1.0])}
    refused(lambda: adl.Market("X", mark_price=1, quantity=[1, -1, 1], **columns), column, 1, value)


def test_an_infinite_target_is_refused(lots_or_floats):
    size = np.array([5, 5], lots_or_floats)
    refused(lambda: adl.select([2.0, 1.0], size, math.inf), "target")
    refused(lambda: zoo.small_market().deleverage(math.inf, "binance"), "bankrupt_quantity")


def test_targets_are_exact_whatever_kind_of_number_they_are():
    for target in (Decimal(2**53 + 1), Fraction(2**53 + 1)):
        assert adl.select([1.0], [2**60], target).filled == 2**53 + 1


def test_a_float_queue_whose_sum_is_no_float_is_refused_and_takes_beyond_float64_are_counted():
    refused(lambda: adl.Queue([2.0, 1.0], [1.7e308, 1.7e308]), "quantity")
    queue = adl.Queue([2.0, 1.0], [8e307, 8e307])
    queue.assign([1e308, 1e308])
    assert queue.remaining == 0
    assert len(queue.take(1.0)) == 0
    assert repr(queue)


def test_masked_values_are_refused():
    refused(lambda: adl.select(np.ma.array([1.0, 5.0], mask=[0, 1]), [1, 1], 1), "score", row=1)


def test_one_large_position_does_not_stop_a_market_of_small_ones():
    quantity, value = np.full(1000, 1), np.full(1000, 1)
    quantity[7], value[9] = 60_000_000_000, 2**62
    market = adl.Market("X", mark_price=1, quantity=quantity, entry_value=value)
    assert market.at(1.01).unrealized_pnl[7] > 0
    refused(lambda: market.at(2), "quantity", 7)


def test_a_refused_take_leaves_the_queue_where_it_stood(lots_or_floats):
    queue = adl.Queue([3.0, 2.0, 1.0], np.array([5, 5, 5], lots_or_floats))
    queue.take(6)
    for bad in (-1, math.nan, math.inf, "x"):
        refused(lambda b=bad: queue.take(b), "target")
    for bad in ([-1], [1, -1], [[1]], [math.nan], ["x"]):
        refused(lambda b=bad: queue.assign(b), "targets", row=None if bad in ([[1]], ["x"]) else len(bad) - 1)
    assert queue.remaining == 9
    assert zoo.pairs(queue.take(5)) == [(1, 4), (2, 1)]


def test_a_refusal_changes_no_input_and_no_market():
    score, size = np.array([1.0, math.nan, 2.0]), np.array([1.0, 2.0, -3.0])
    before = score.tobytes(), size.tobytes()
    refused(lambda: adl.select(score, size, 1), "quantity", 2, -3.0)
    refused(lambda: adl.select(score, abs(size), 1), "score", 1)
    assert (score.tobytes(), size.tobytes()) == before
    assert score.flags.writeable
    assert size.flags.writeable
    market = zoo.small_market()
    expected = market.score("binance").tobytes(), market.rank("binance").tobytes()
    refused(lambda: market.at("-1"), "mark_price")
    refused(lambda: market.at("11", equity=[1.0]), "equity")
    refused(lambda: market.score("nothing"), "rule")
    refused(lambda: market.deleverage(0.5, "binance"), "bankrupt_quantity")
    assert (market.score("binance").tobytes(), market.rank("binance").tobytes()) == expected


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"kind": "future"}, "kind"),
        ({"multiplier": 0}, "multiplier"),
        ({"multiplier": "x"}, "multiplier"),
        ({"lot": -1}, "lot"),
        ({"lot": math.nan}, "lot"),
        ({"tick": "0"}, "tick"),
        ({"settle": ""}, "settle"),
    ],
)
def test_a_contract_that_is_none(options, argument):
    refused(lambda: adl.Contract("X", **options), argument)


@pytest.mark.parametrize("symbol", ["", None, 5])
def test_a_contract_has_a_symbol(symbol):
    refused(lambda: adl.Contract(symbol), "symbol")


@pytest.mark.parametrize("decimals", [-1, 19, 2.0, True, "8"])
def test_an_asset_has_0_to_18_decimals(decimals):
    refused(lambda: adl.Asset("X", decimals=decimals), "decimals")


def test_a_quantity_between_lots_of_a_contract():
    contract = adl.Contract("X", lot="0.01")
    error = refused(lambda: contract.lots("1.005"), "quantity", words="between")
    assert "1.00" in str(error)
    assert "1.01" in str(error)
    assert contract.lots("-1.01") == -101
    assert contract.decimal(-101) == "-1.01"


def test_limits_beyond_every_machine_are_limits_all_the_same():
    for options in ({"max_counterparties": 10**30}, {"threads": 10**30}):
        assert adl.select([2.0, 1.0], [5, 5], 7, **options).index.tolist() == [0, 1]


def test_a_take_beyond_every_float_is_a_take_like_any_other():
    queue = adl.Queue([2.0, 1.0], [5, 5])
    assert queue.take(10**400).shortfall == 10**400 - 10
    assert queue.remaining == 0
