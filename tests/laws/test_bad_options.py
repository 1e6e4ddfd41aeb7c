"""Refusals of sums beyond int64 and of options, and that a refusal leaves everything as it was."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from support import zoo
from support.refusals import ABOVE_0, FINITE, NOT_BELOW_0, NUMBER, cases, refused, said, table

BIG, INF, NAN = 2**62, math.inf, math.nan
ONES, MARKET, NAMED = [1.0, 1.0, 1.0], zoo.small_market(), zoo.small_market(account=list("abcdefghi"))


def market(contract="X", mark_price=1, **columns):
    """One whose entry prices are 1."""
    if "entry_value" not in columns:
        columns["entry_price"] = [1.0] * len(columns["quantity"])
    return adl.Market(contract, mark_price=mark_price, **columns)


# Beyond int64 ---------------------------------------------------------------------------------------------------------

COIN = adl.Contract("X", settle=adl.Asset("COIN", decimals=8))
LEAVES = f"makes the sum of its side leave int64 (at most {2**63 - 1})"
FITS = "its value less its cost must fit int64 quanta; use fewer decimals"
AT_1, ENTRY_FITS = f"at mark price 1 {FITS}", "its entry value must fit int64 quanta"
COST, UNSIGNED = np.array([0, 1]), np.array([1, 2**63], np.uint64)
LARGE = market(COIN, quantity=[1, 10**10], entry_value=COST)
test_what_no_int64_can_hold = table(
    (lambda: adl.select(ONES, [BIG, BIG, 1], 1), said("quantity", BIG, LEAVES, 1)),
    (lambda: adl.Queue(ONES, [BIG, 1, BIG]), said("quantity", BIG, LEAVES, 2)),
    (lambda: adl.indicator(ONES, weights=[BIG, BIG - 1, 1]), said("weights", 1, LEAVES, 2)),
    (lambda: market(quantity=[BIG, 5, BIG]), said("quantity", BIG, LEAVES, 2)),
    (lambda: market(quantity=[-BIG, -5, -BIG]), said("quantity", -BIG, LEAVES, 2)),
    (lambda: market(quantity=[0, -(2**63)]), said("quantity", -(2**63), LEAVES, 1)),
    (lambda: adl.select([1.0, 2.0], UNSIGNED, 1), said("quantity", 2**63, f"must be at most {2**63 - 1} (int64)", 1)),
    (lambda: market(COIN, quantity=[1, 10**12], equity=[1, 1]), said("entry_price", 1.0, ENTRY_FITS, 1)),
    (
        lambda: market(COIN, quantity=[1, 10**12], entry_value=COST),
        said("quantity", 10**12, f"at mark price 1 {FITS}", 1),
    ),
    (lambda: LARGE.at("1000"), said("quantity", 10**10, f"at mark price 1000 {FITS}", 1)),
    (lambda: adl.Queue([2.0, 1.0], [1.7e308, 1.7e308]), "quantity is inf: its sum must be a float64"),
)


def test_each_side_may_hold_as_many_lots_as_int64_can():
    full = market(quantity=[zoo.INT64_MAX, -BIG])
    assert full.deleverage(zoo.INT64_MAX, "roi").filled == BIG
    assert full.deleverage(-zoo.INT64_MAX, "roi").filled == zoo.INT64_MAX
    assert full.rank("roi").tolist() == [1, 1]
    assert full.indicator("roi", by="quantity").tolist() == [1, 1]
    assert full.explain(1, "roi").ahead == 0


def test_money_within_int64_quanta():
    assert LARGE.mark_value.tolist() == [1.0, 1e10]


def test_one_large_position_does_not_stop_a_market_of_small_ones():
    quantity, value = np.full(1000, 1), np.full(1000, 1)
    quantity[7], value[9] = 60_000_000_000, 2**62
    mixed = market(quantity=quantity, entry_value=value)
    assert mixed.at(1.01).unrealized_pnl[7] > 0
    refused(lambda: mixed.at(2), said("quantity", 60_000_000_000, f"at mark price 2 {FITS}", 7))


def test_a_float_queue_whose_takes_are_beyond_float64_counts_them():
    queue = adl.Queue([2.0, 1.0], [8e307, 8e307])
    queue.assign([1e308, 1e308])
    assert queue.remaining == 0
    assert len(queue.take(1.0)) == 0
    assert repr(queue)


# Options --------------------------------------------------------------------------------------------------------------

EXCLUDING = {
    "deleverage": lambda rows: MARKET.deleverage(1, "binance", exclude=rows),
    "select": lambda rows: adl.select(np.ones(9), np.ones(9), 1, exclude=rows),
    "queue": lambda rows: adl.Queue(np.ones(9), np.ones(9), exclude=rows),
}


@pytest.mark.parametrize("call", EXCLUDING)
@pytest.mark.parametrize("rows", [[9], [-1], [0, 100]], ids=str)
def test_excluding_rows_that_are_not_there(rows, call):
    row = len(rows) - 1
    refused(lambda: EXCLUDING[call](rows), said("exclude", rows[row], "must be a row from 0 to 8", row))


COUNT, FROM_1 = "must be a whole number, 0 or above, or None", "must be a whole number, 1 or above"
OF_HYPERLIQUID = "belongs to the rule 'hyperliquid', not to 'binance'"
LEVELS = [0, -1, 128, 2.5, "5", True, None]
COUNTS, THREADS = [-1, 1.5, "3", True, NAN], [0, -1, 1.5, "2", None]
OPTIONS = [
    (lambda v: MARKET.explain(v, "binance"), "row", [-1, 9, 100, 1.0, True, None, "0"], "must be a row from 0 to 8"),
    (lambda v: adl.select([1.0], [1], 1, max_counterparties=v), "max_counterparties", COUNTS, COUNT),
    (lambda v: MARKET.deleverage(1, "roi", max_counterparties=v), "max_counterparties", COUNTS, COUNT),
    (lambda v: adl.select([1.0], [1], 1, threads=v), "threads", THREADS, FROM_1),
    (lambda v: MARKET.deleverage(1, "roi", threads=v), "threads", THREADS, FROM_1),
    (lambda v: adl.indicator([1.0], levels=v), "levels", LEVELS, "must be a whole number from 1 to 127"),
    (lambda v: MARKET.indicator("roi", levels=v), "levels", LEVELS, "must be a whole number from 1 to 127"),
    (lambda v: adl.RankingRule("hyperliquid", short=v), "short", ["both"], "must be one of mirrored, literal"),
    (lambda v: adl.RankingRule("binance", short=v), "short", ["literal"], OF_HYPERLIQUID),
    (adl.Contract, "symbol", ["", None, 5], "must be a non-empty string such as 'BTCUSDT'"),
    (lambda v: adl.Asset("X", decimals=v), "decimals", [-1, 19, 2.0, True, "8"], "must be a whole number from 0 to 18"),
    (lambda v: MARKET.deleverage(1, "roi", eligible=v), "eligible", ["losers"], "must be 'all' or 'winners'"),
    (lambda v: MARKET.queue("long", "roi", eligible=v), "eligible", [""], "must be 'all' or 'winners'"),
    (lambda v: MARKET.queue(v, "roi"), "bankrupt_side", ["both", 0], "must be 'long' or 'short'"),
    (lambda v: MARKET.indicator("roi", by=v), "by", ["size"], "must be count or quantity"),
    (NAMED.rows, "account", ["x", 3], "must be an account of this market"),
    (lambda v: adl.Contract("X", kind=v), "kind", ["future"], "must be one of linear, inverse, quanto"),
    (lambda v: adl.Contract("X", multiplier=v), "multiplier", [0], ABOVE_0),
    (lambda v: adl.Contract("X", multiplier=v), "multiplier", ["x"], NUMBER),
    (lambda v: adl.Contract("X", lot=v), "lot", [-1], ABOVE_0),
    (lambda v: adl.Contract("X", lot=v), "lot", [NAN], FINITE),
    (lambda v: adl.Contract("X", tick=v), "tick", ["0"], ABOVE_0),
    (lambda v: adl.Contract("X", settle=v), "settle", [""], "must be an Asset or a name such as 'USDT'"),
    (adl.Contract("X", lot="0.01").lots, "quantity", ["1.005"], "is between lots of 0.01: 1.00 or 1.01 would do"),
    (lambda v: adl.select([2.0, 1.0], [5, 5], v), "target", [INF], "must be a finite number of lots"),
    (lambda v: adl.select([2.0, 1.0], [5.0, 5.0], v), "target", [INF], "must be a finite number"),
    (lambda v: MARKET.deleverage(v, "binance"), "bankrupt_quantity", [INF], "must be a finite number of lots"),
]


@cases("call argument values must", OPTIONS)
def test_an_option_that_cannot_be(call, argument, values, must):
    for value in values:
        refused(lambda value=value: call(value), said(argument, value, must))


MASK = "must be row numbers or a boolean mask"
test_a_column_that_cannot_be = table(
    (lambda: MARKET.rows("x"), "account: this market has no account column"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, exclude=[0.5]), f"exclude has dtype float64: {MASK}"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, exclude=["a"]), f"exclude has dtype <U1: {MASK}"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, exclude=[[0], [1]]), "exclude has 2 dimensions: must be 1-D"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, tie=[0.5, 1.0]), "tie has dtype float64: must be integers"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, tie=[1.0, 2.0]), "tie has dtype float64: must be integers"),
    (lambda: adl.select([1.0, 2.0], [1, 1], 1, tie=[NAN, 1.0]), "tie has dtype float64: must be integers"),
    (lambda: adl.select(np.ma.array([1.0, 5.0], mask=[0, 1]), [1, 1], 1), "score[1] is masked: must be a number"),
)


@pytest.mark.parametrize(
    "out", [np.empty(8), np.empty(9, "f4"), np.empty(18)[::2], [0.0] * 9, np.empty((9, 1)), np.frombuffer(bytes(72))]
)
def test_a_buffer_that_cannot_be_written(out):
    refused(lambda: MARKET.score("binance", out=out), "out must be a writable contiguous float64 array of 9 rows")


@pytest.mark.parametrize("column", ["quantity", "entry_value", "leverage"])
def test_a_buffer_that_is_a_column_of_the_market(column):
    """It would be read after it is written."""
    columns = {name: np.array([1.0, 2.0, 3.0]) for name in ("quantity", "entry_value", "leverage")}
    market = adl.Market("A", mark_price=1, **columns)
    refused(
        lambda: market.score("roi", out=columns[column]),
        f"out shares memory with {column}: must be an array of its own",
    )


@pytest.mark.parametrize("column", ["equity", "balance", "leverage", "entry_value"])
@pytest.mark.parametrize("value", [INF, -INF])
def test_infinite_columns_are_refused(column, value):
    columns = {"entry_value": np.full(3, 1.0), column: np.array([1.0, value, 1.0])}
    refused(lambda: market(quantity=[1, -1, 1], **columns), said(column, value, "must be a finite number", 1))


def test_a_nan_made_by_the_columns_is_refused_where_it_would_decide():
    # (U/N)·(N/E) leaves float64 on the way: infinity times 0 is no score.
    rule = adl.RankingRule.custom(
        "x", lambda equity: (equity * 1e308) * np.where(equity > 2, 0.0, 1.0), needs=["equity"]
    )
    made = zoo.small_market(equity=np.array([1.0, 2.0, 1e300, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]))
    with np.errstate(all="ignore"):
        refused(lambda: made.deleverage(-1, rule), "score of rule 'x'[2] is nan: must be a number", row=2)


# What goes on ---------------------------------------------------------------------------------------------------------


def test_targets_are_exact_whatever_kind_of_number_they_are():
    for target in (Decimal(2**53 + 1), Fraction(2**53 + 1)):
        assert adl.select([1.0], [2**60], target).filled == 2**53 + 1


def test_limits_beyond_every_machine_are_limits_all_the_same():
    for options in ({"max_counterparties": 10**30}, {"threads": 10**30}):
        assert adl.select([2.0, 1.0], [5, 5], 7, **options).index.tolist() == [0, 1]


def test_a_take_beyond_every_float_is_a_take_like_any_other():
    queue = adl.Queue([2.0, 1.0], [5, 5])
    assert queue.take(10**400).shortfall == 10**400 - 10
    assert queue.remaining == 0


def test_a_quantity_of_whole_lots():
    contract = adl.Contract("X", lot="0.01")
    assert contract.lots("-1.01") == -101
    assert contract.decimal(-101) == "-1.01"


TAKEN = {-1: NOT_BELOW_0, **dict.fromkeys((NAN, INF, "x"), "must be a finite number")}
WHOLE, REAL = "must be whole and finite: quantities are lots", "must be a finite number"


def test_a_refused_take_leaves_the_queue_where_it_stood(lots_or_floats):
    queue, lots = adl.Queue([3.0, 2.0, 1.0], np.array([5, 5, 5], lots_or_floats)), lots_or_floats == "int64"
    queue.take(6)
    for bad, must in TAKEN.items():
        refused(lambda b=bad: queue.take(b), said("target", bad, must + " of lots" * (lots and bad != -1)))
    one = -1 if lots else -1.0
    for targets, message in (
        ([-1], said("targets", one, NOT_BELOW_0, 0)),
        ([1, -1], said("targets", one, NOT_BELOW_0, 1)),
        ([[1]], "targets has 2 dimensions: must be a 1-D array"),
        ([NAN], said("targets", NAN, WHOLE if lots else REAL, 0)),
        (["x"], "targets has dtype <U1: must be integers or floats"),
    ):
        refused(lambda t=targets: queue.assign(t), message)
    assert queue.remaining == 9
    assert zoo.pairs(queue.take(5)) == [(1, 4), (2, 1)]


def test_a_refusal_changes_no_input_and_no_market():
    score, size = np.array([1.0, NAN, 2.0]), np.array([1.0, 2.0, -3.0])
    before = score.tobytes(), size.tobytes()
    refused(lambda: adl.select(score, size, 1), said("quantity", -3.0, NOT_BELOW_0, 2))
    refused(lambda: adl.select(score, abs(size), 1), "score[1] is nan: must be a number")
    assert (score.tobytes(), size.tobytes()) == before
    assert score.flags.writeable
    assert size.flags.writeable
    made = zoo.small_market()
    expected = made.score("binance").tobytes(), made.rank("binance").tobytes()
    refused(lambda: made.at("-1"), said("mark_price", "-1", ABOVE_0))
    refused(lambda: made.at("11", equity=[1.0]), "equity has 1 rows: must have 9, as many as quantity")
    refused(lambda: made.score("nothing"), "rule is 'nothing': must be a known rule; nearest: roi")
    refused(lambda: made.deleverage(0.5, "binance"), "bankrupt_quantity is 0.5: is between lots: 0 or 1 would do")
    assert (made.score("binance").tobytes(), made.rank("binance").tobytes()) == expected
