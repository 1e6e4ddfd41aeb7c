"""Every refusal is an AdlError that names argument, row and value, and changes nothing."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
import zoo

import adlcore as adl

NAN, INF = math.nan, math.inf


def refused(call, argument=None, row=None, value=None, words=""):
    """The call raises an AdlError with these facts, as attributes and in its message."""
    with pytest.raises(adl.AdlError) as caught:
        call()
    error = caught.value
    assert isinstance(error, ValueError)
    if argument is not None:
        assert error.argument == argument
        assert argument in str(error)
    assert error.row == row
    if row is not None:
        assert f"[{row}]" in str(error)
    if value is not None:
        assert error.value == value or (value != value and error.value != error.value)
        assert str(value) in str(error)
    assert words in str(error)
    assert len(str(error).splitlines()) == 1
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.argument, copy.row) == (str(error), error.argument, error.row)
    return error


def columns(**changes):
    """Three rows with every column; some replaced."""
    made = {name: np.array([5.0, 6.0, 7.0]) for name in ("equity", "account_equity", "balance", "maintenance_margin")}
    made |= {"bankruptcy_value": np.array([1.0, 2.0, 3.0]), "leverage": np.array([1.0, 2.0, 3.0])}
    made |= {"quantity": np.array([1.0, -2.0, 3.0]), "entry_price": np.array([10.0, 11.0, 12.0])}
    made |= {"tie": np.array([1, 2, 3]), "account": np.array(["a", "b", "c"])}
    if "entry_value" in changes:
        del made["entry_price"]
    return {**made, **changes}


def build(**changes):
    return adl.Market("X", mark_price=10, **columns(**changes))


FLOATS = ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value", "leverage", "entry_price")
NUMBERS = (*FLOATS, "entry_value", "quantity")


@pytest.mark.parametrize("name", [*NUMBERS[:-1], "tie", "account"])
def test_columns_of_different_length(name):
    kind = np.int64 if name == "tie" else np.float64
    refused(lambda: build(**{name: np.ones(2, kind)}), name)
    refused(lambda: build(**{name: np.ones(4, kind)}), name)


def test_arrays_of_different_length():
    refused(lambda: adl.select([1.0, 2.0], [1], 1), "score", value=2)
    refused(lambda: adl.select([1.0], [1], 1, tie=[1, 2]), "tie", value=2)
    refused(lambda: adl.select([1.0], [1], 1, exclude=[True, False]), "exclude", value=2)
    refused(lambda: adl.Queue([1.0, 2.0], [1]), "score", value=2)
    refused(lambda: adl.Queue([1.0], [1], tie=[1, 2]), "tie", value=2)
    refused(lambda: adl.rank([1.0], tie=[1, 2]), "tie", value=2)
    refused(lambda: adl.indicator([1.0], weights=[1, 2]), "weights", value=2)
    refused(lambda: zoo.small_market().deleverage(1, "roi", exclude=[True]), "exclude", value=1)
    refused(lambda: zoo.small_market().at("5", equity=[1.0, 2.0]), "equity", value=2)


BENT = {
    "2-D": np.ones((3, 3)),
    "0-D": np.array(1.0),
    "object": np.array([1, 2.0, None], object),
    "text": ["1", "2", "3"],
    "complex": np.ones(3, complex),
    "bool": [True, False, True],
    "dates": np.array(["2025-10-10"] * 3, "M8[D]"),
    "ragged": [[1.0], [2.0, 3.0], 4.0],
    "beyond int64": [2**70, 1, 1],
    "a number": 5.0,
}


@pytest.mark.parametrize("form", BENT)
@pytest.mark.parametrize("name", [*NUMBERS, "tie"])
def test_columns_that_are_not_numbers_in_a_row(name, form):
    refused(lambda: build(**{name: BENT[form]}), name)


@pytest.mark.parametrize("form", BENT)
def test_arrays_that_are_not_numbers_in_a_row(form):
    bent, ones = BENT[form], [1.0, 1.0, 1.0]
    for function in (adl.rank, adl.quantile, adl.indicator):
        refused(lambda f=function: f(bent), "score")
    refused(lambda: adl.indicator(ones, weights=bent), "weights")
    refused(lambda: adl.select(bent, ones, 1), "score")
    refused(lambda: adl.select(ones, bent, 1), "quantity")
    refused(lambda: adl.select(ones, ones, 1, tie=bent), "tie")
    refused(lambda: adl.Queue(bent, ones), "score")
    refused(lambda: adl.Queue(ones, ones).assign(bent), "targets")
    if form != "bool":
        refused(lambda: adl.select(ones, ones, 1, exclude=bent), "exclude")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("row", [0, 2])
def test_nan_in_any_column(name, row):
    column = columns(entry_value=np.ones(3))[name].copy() if name == "entry_value" else columns()[name].copy()
    column[row] = NAN
    refused(lambda: build(**{name: column}), name, row, NAN)


def test_nan_in_the_entry_price_of_a_row_of_0():
    refused(lambda: build(quantity=[0.0, 1.0, 2.0], entry_price=[NAN, 1.0, 2.0]), "entry_price", 0, NAN)


@pytest.mark.parametrize("value", [INF, -INF])
def test_an_infinite_quantity_or_entry(value):
    refused(lambda: build(quantity=[1.0, value, 1.0]), "quantity", 1, value)
    refused(lambda: build(entry_value=[1.0, value, 1.0]), "entry_value", 1, value)
    refused(lambda: build(entry_price=[1.0, value, 1.0]), "entry_price", 1, value)
    refused(lambda: adl.select([1.0, 2.0], [1.0, abs(value)], 1), "quantity", 1, INF)
    refused(lambda: adl.Queue([1.0, 2.0], [1.0, abs(value)]), "quantity", 1, INF)


@pytest.mark.parametrize("price", [0.0, -1.0, -0.0])
def test_an_entry_price_that_is_not_above_0(price):
    refused(lambda: build(entry_price=[1.0, 2.0, price]), "entry_price", 2, price)


@pytest.mark.parametrize(("sizes", "row", "value"), [([1, -2, -3], 1, -2), ([0.5, 1.0, -0.5], 2, -0.5)])
def test_a_negative_quantity(sizes, row, value):
    ones = [1.0, 1.0, 1.0]
    refused(lambda: adl.select(ones, sizes, 1), "quantity", row, value)
    refused(lambda: adl.Queue(ones, sizes), "quantity", row, value)
    refused(lambda: adl.indicator(ones, weights=sizes), "weights", row, value)
    refused(lambda: adl.Queue(ones, np.abs(sizes)).assign(sizes), "targets", row, value)


@pytest.mark.parametrize("bad", [NAN, INF])
def test_weights_that_are_no_sizes(bad):
    refused(lambda: adl.indicator([1.0, 2.0], weights=[1.0, bad]), "weights", 1, bad)


def test_a_nan_score_of_a_row_that_may_be_chosen():
    for target in (0, 1):
        refused(lambda t=target: adl.select([1.0, NAN], [1, 1], t), "score", 1, NAN)
    refused(lambda: adl.Queue([1.0, NAN], [1, 1]), "score", 1, NAN)


@pytest.mark.parametrize("bad", [-1, -0.5, NAN, -INF, np.float64("nan"), np.int64(-3), "x", None, [1], 1j])
@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_a_target_that_is_no_size(bad, dtype):
    size = np.array([5, 5], dtype)
    for call in (lambda: adl.select([1.0, 2.0], size, bad), lambda: adl.Queue([1.0, 2.0], size).take(bad)):
        error = refused(call, "target")
        assert repr(bad).replace("np.float64(", "").replace("np.int64(", "").rstrip(")") in str(error)


def test_a_target_that_is_an_array():
    refused(lambda: adl.select([1.0, 2.0], [5, 5], np.array([1, 2])), "target")
    refused(lambda: zoo.small_market().deleverage(np.array([1, 2]), "binance"), "bankrupt_quantity")


@pytest.mark.parametrize("word", ["0.5", "5", True, b"5"])
def test_a_target_that_is_no_number(word):
    refused(lambda: adl.select([1.0], [5], word), "target")
    refused(lambda: adl.select([1.0], [5.0], word), "target")


def test_the_smallest_int64_is_a_bankrupt_quantity_like_any_other():
    selection = zoo.small_market().deleverage(np.int64(-(2**63)), "binance")
    assert selection.shortfall == 2**63 - selection.filled


@pytest.mark.parametrize("between", [0.5, 1e-9, np.float32(2.5), Fraction(7, 2)])
def test_a_target_between_lots(between):
    refused(lambda: adl.select([1.0], [5], between), "target", words="between")
    refused(lambda: adl.Queue([1.0], [5]).take(between), "target", words="between")
    refused(lambda: zoo.small_market().deleverage(between, "binance"), "bankrupt_quantity", words="between")


def test_targets_of_assign_name_their_row():
    refused(lambda: adl.Queue([1.0], [5]).assign([1.0, 0.5]), "targets", 1, 0.5)
    refused(lambda: adl.Queue([1.0], [5]).assign([1.0, NAN]), "targets", 1, NAN)
    refused(lambda: adl.Queue([1.0], [5.0]).assign([1.0, NAN]), "targets", 1, NAN)
    refused(lambda: adl.Queue([1.0], [5.0]).assign([1.0, INF]), "targets", 1, INF)
    refused(lambda: adl.Queue([1.0], [5]).assign([2**62, 2**62]), "targets", 1)


@pytest.mark.parametrize("huge", [INF, 1e19, 1e300])
def test_targets_of_assign_that_no_lots_can_hold(huge):
    refused(lambda: adl.Queue([1.0], [5]).assign([1.0, huge]), "targets", 1, huge)


def test_an_infinite_target():
    refused(lambda: adl.select([1.0], [5], INF), "target", value=INF)
    for size in ([5], [5.0]):
        refused(lambda s=size: adl.Queue([1.0], s).take(INF), "target", value=INF)


@pytest.mark.parametrize("bad", [NAN, INF, -INF, 0.5, -1.5, "x", None])
def test_a_bankrupt_quantity_that_is_none(bad):
    error = refused(lambda: zoo.small_market().deleverage(bad, "binance"), "bankrupt_quantity")
    assert str(bad) in str(error)  # as it was given, with its sign
    assert error.value == bad or bad != bad


@pytest.mark.parametrize("mark", [0, -1, "0", "-22.5", 0.0, -0.0, NAN, INF, "abc", "", None, [1], "NaN", "Infinity"])
def test_a_mark_price_that_is_not_above_0(mark):
    refused(lambda: adl.Market("X", mark_price=mark, quantity=[1], entry_price=[1.0]), "mark_price")
    market = zoo.small_market()
    refused(lambda: market.at(mark), "mark_price")
    assert market.mark_price == 10


@pytest.mark.parametrize("mark", ["1e400", "1e-400", 1e308])
def test_a_mark_price_whose_value_is_no_float(mark):
    contract = adl.Contract("X", lot="1000" if mark == 1e308 else "1")
    refused(lambda: adl.Market(contract, mark_price=mark, quantity=[1], entry_price=[1.0]), "mark_price")


@pytest.mark.parametrize("name", ["equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value"])
def test_money_columns_of_mixed_kinds_are_both_named(name):
    kind = dict.fromkeys(FLOATS)
    quanta = np.array([1, 2, 3])
    call = lambda: build(**{**kind, "entry_value": np.ones(3), name: quanta})  # noqa: E731
    error = refused(call, name)
    assert "entry_value" in str(error)
    assert "float64" in str(error)
    assert "int64" in str(error)
    other = "balance" if name == "equity" else "equity"
    error = refused(lambda: build(**{name: quanta, other: np.ones(3)}))
    assert name in str(error)


def test_money_of_mixed_kinds_at_a_new_mark():
    market = zoo.small_market()
    error = refused(lambda: market.at("11", equity=np.arange(9)))
    assert "equity" in str(error)
    assert "entry_value" in str(error)


def test_exactly_one_entry_column():
    refused(lambda: adl.Market("X", mark_price=1, quantity=[1]), "entry_price", words="neither")
    both = {"entry_price": [1.0], "entry_value": [1.0]}
    refused(lambda: adl.Market("X", mark_price=1, quantity=[1], **both), "entry_price", words="both")


@pytest.mark.parametrize("rule", ["binanze", "", "BINANCE", None, 3, ["binance"]])
def test_an_unknown_rule(rule):
    refused(lambda: adl.RankingRule(rule), "rule", words="binance")
    market = zoo.small_market()
    for name in ("score", "rank", "quantile", "indicator"):
        refused(lambda n=name: getattr(market, n)(rule), "rule", words="binance")
    refused(lambda: market.deleverage(1, rule), "rule", words="binance")
    refused(lambda: market.queue("long", rule), "rule", words="binance")
    refused(lambda: market.explain(0, rule), "rule", words="binance")


def test_the_short_form_belongs_to_hyperliquid():
    refused(lambda: adl.RankingRule("hyperliquid", short="both"), "short", value="both", words="literal")
    refused(lambda: adl.RankingRule("binance", short="literal"), "short", value="literal")


@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_a_rule_whose_columns_are_absent(rule):
    for column in adl.RankingRule(rule).needs:
        market = zoo.small_market(**{column: None})
        for name in ("score", "rank", "quantile", "indicator"):
            refused(lambda m=market, n=name: getattr(m, n)(rule), column, words=rule)
        refused(lambda m=market: m.deleverage(1, rule), column, words=rule)
        refused(lambda m=market: m.queue("long", rule), column, words=rule)
        refused(lambda m=market: m.explain(0, rule), column, words=rule)
