"""Columns and numbers that are refused: the error names argument, row and value."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from support import zoo
from support.refusals import ABOVE_0, FINITE, NOT_BELOW_0, NUMBER, cases, refused, said, table

NAN, INF = math.nan, math.inf
ONES, MARKET = [1.0, 1.0, 1.0], zoo.small_market()


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


MONEY = ("equity", "account_equity", "balance", "maintenance_margin", "bankruptcy_value")
FLOATS = (*MONEY, "leverage", "entry_price")
NUMBERS = (*FLOATS, "entry_value", "quantity")

# Columns that do not fit together ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [2, 4])
@pytest.mark.parametrize("name", [*FLOATS, "entry_value", "tie", "account"])
def test_columns_of_different_length(name, rows):
    words = f"shape ({rows},): must be (3,)" if name == "account" else f"{rows} rows: must have 3, as many as quantity"
    refused(lambda: build(**{name: np.ones(rows, np.int64 if name == "tie" else np.float64)}), f"{name} has {words}")


test_arrays_of_different_length = table(
    (lambda: adl.select([1.0, 2.0], [1], 1), "score has 2 rows: must have 1, as many as quantity"),
    (lambda: adl.select([1.0], [1], 1, tie=[1, 2]), "tie has 2 rows: must have 1, as many as quantity"),
    (lambda: adl.select([1.0], [1], 1, exclude=[True, False]), "exclude has 2 rows: a mask must have 1"),
    (lambda: adl.Queue([1.0, 2.0], [1]), "score has 2 rows: must have 1, as many as quantity"),
    (lambda: adl.Queue([1.0], [1], tie=[1, 2]), "tie has 2 rows: must have 1, as many as quantity"),
    (lambda: adl.rank([1.0], tie=[1, 2]), "tie has 2 rows: must have 1, as many as quantity"),
    (lambda: adl.indicator([1.0], weights=[1, 2]), "weights has 2 rows: must have 1, as many as score"),
    (lambda: MARKET.deleverage(1, "roi", exclude=[True]), "exclude has 1 rows: a mask must have 9"),
    (lambda: MARKET.at("5", equity=[1.0, 2.0]), "equity has 2 rows: must have 9, as many as quantity"),
)


#: What is no column, and how that is said.
BENT = {
    "2-D": (np.ones((3, 3)), "has 2 dimensions: must be a 1-D array"),
    "0-D": (np.array(1.0), "has 0 dimensions: must be a 1-D array"),
    "text": (["1", "2", "3"], "has dtype <U1: must be integers or floats"),
    "complex": (np.ones(3, complex), "has dtype complex128: must be integers or floats"),
    "bool": ([True, False, True], "has dtype bool: must be integers or floats"),
    "dates": (np.array(["2025-10-10"] * 3, "M8[D]"), "has dtype datetime64[D]: must be integers or floats"),
    "ragged": ([[1.0], [2.0, 3.0], 4.0], "is ragged: must be a 1-D sequence of numbers"),
    "a number": (5.0, "has 0 dimensions: must be a 1-D array"),
}
TAKERS = [
    (adl.rank, "score"),
    (adl.quantile, "score"),
    (adl.indicator, "score"),
    (lambda bent: adl.indicator(ONES, weights=bent), "weights"),
    (lambda bent: adl.select(bent, ONES, 1), "score"),
    (lambda bent: adl.select(ONES, bent, 1), "quantity"),
    (lambda bent: adl.select(ONES, ONES, 1, tie=bent), "tie"),
    (lambda bent: adl.Queue(bent, ONES), "score"),
    (lambda bent: adl.Queue(ONES, ONES).assign(bent), "targets"),
    *((lambda bent, name=name: build(**{name: bent}), name) for name in (*NUMBERS, "tie")),
]


@pytest.mark.parametrize("form", BENT)
@cases("call name", TAKERS)
def test_what_is_no_row_of_numbers(call, name, form):
    bent, words = BENT[form]
    refused(lambda: call(bent), f"{name} {words}")


#: Python objects among numbers: the column, and what is wrong at which row.
ODD = {
    "None": (np.array([1, 2.0, None], object), 2, None, "must be an integer or a float"),
    "Decimal": ([1, Decimal("2"), 3.0], 1, Decimal("2"), "must be an integer or a float"),
    "beyond int64": ([2**70, 1, 1], 0, 2**70, f"must lie between {-(2**63)} and {2**63 - 1} (int64)"),
    "below int64": ([1, 0.5, -(2**63) - 1], 2, -(2**63) - 1, f"must lie between {-(2**63)} and {2**63 - 1} (int64)"),
}


@pytest.mark.parametrize("form", ODD)
@cases("call name", TAKERS)
def test_what_is_no_number_in_a_row(call, name, form):
    bent, row, value, must = ODD[form]
    refused(lambda: call(bent), said(name, value, must, row))


@pytest.mark.parametrize("form", sorted(set(BENT) - {"bool"}))
def test_what_excludes_no_rows(form):
    bent, words = BENT[form]
    words = words.replace("integers or floats", "row numbers or a boolean mask").replace("a 1-D array", "1-D")
    words = words.replace("a 1-D sequence of numbers", "row numbers or a boolean mask")
    refused(lambda: adl.select(ONES, ONES, 1, exclude=bent), f"exclude {words}")


# Cells ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("row", [0, 2])
def test_nan_in_any_column(name, row):
    column = np.ones(3) if name == "entry_value" else columns()[name].copy()
    column[row] = NAN
    must = "must be a finite price above 0" if name == "entry_price" else "must be a finite number"
    refused(lambda: build(**{name: column}), said(name, NAN, must, row))


PRICE, SIZE = "must be a finite price above 0", "must be a finite number"
test_a_cell_that_cannot_be = table(
    (lambda: build(quantity=[0.0, 1.0, 2.0], entry_price=[NAN, 1.0, 2.0]), said("entry_price", NAN, PRICE, 0)),
    *((lambda v=v: build(quantity=[1.0, v, 1.0]), said("quantity", v, SIZE, 1)) for v in (INF, -INF)),
    *((lambda v=v: build(entry_value=[1.0, v, 1.0]), said("entry_value", v, SIZE, 1)) for v in (INF, -INF)),
    *((lambda v=v: build(entry_price=[1.0, v, 1.0]), said("entry_price", v, PRICE, 1)) for v in (INF, -INF)),
    *((lambda v=v: build(entry_price=[1.0, 2.0, v]), said("entry_price", v, PRICE, 2)) for v in (0.0, -1.0, -0.0)),
    (lambda: adl.select([1.0, 2.0], [1.0, INF], 1), "quantity[1] is inf: must be a finite number"),
    (lambda: adl.Queue([1.0, 2.0], [1.0, INF]), "quantity[1] is inf: must be a finite number"),
    (lambda: adl.indicator([1.0, 2.0], weights=[1.0, NAN]), "weights[1] is nan: must be a finite number"),
    (lambda: adl.indicator([1.0, 2.0], weights=[1.0, INF]), "weights[1] is inf: must be a finite number"),
    (lambda: adl.select([1.0, NAN], [1, 1], 0), "score[1] is nan: must be a number"),
    (lambda: adl.select([1.0, NAN], [1, 1], 1), "score[1] is nan: must be a number"),
    (lambda: adl.Queue([1.0, NAN], [1, 1]), "score[1] is nan: must be a number"),
)


NEGATIVE = [
    (lambda sizes: adl.select(ONES, sizes, 1), "quantity"),
    (lambda sizes: adl.Queue(ONES, sizes), "quantity"),
    (lambda sizes: adl.indicator(ONES, weights=sizes), "weights"),
    (lambda sizes: adl.Queue(ONES, np.abs(sizes)).assign(sizes), "targets"),
]


@pytest.mark.parametrize(("sizes", "row", "value"), [([1, -2, -3], 1, -2), ([0.5, 1.0, -0.5], 2, -0.5)])
@cases("call name", NEGATIVE)
def test_a_negative_size(call, name, sizes, row, value):
    refused(lambda: call(sizes), said(name, value, NOT_BELOW_0, row))


# Targets --------------------------------------------------------------------------------------------------------------

#: What is no target of lots; of floats "of lots" is not said.
LOTS = "must be a finite number of lots"
TARGETS = [
    *((bad, NOT_BELOW_0) for bad in (-1, -0.5, np.int64(-3))),
    *((bad, LOTS) for bad in (NAN, -INF, INF, np.float64("nan"), "x", "0.5", "5", b"5", True, None, [1], 1j)),
]


@pytest.mark.parametrize("dtype", ["int64", "float64"])
@cases("bad must", TARGETS)
def test_a_target_that_is_no_size(bad, must, dtype):
    size = np.array([5, 5], dtype)
    message = said(
        "target", getattr(bad, "item", lambda: bad)(), must if dtype == "int64" else must.replace(" of lots", "")
    )
    for call in (lambda: adl.select([1.0, 2.0], size, bad), lambda: adl.Queue([1.0, 2.0], size).take(bad)):
        refused(call, message)


BETWEEN = [
    (0.5, "is between lots: 0 or 1 would do"),
    (1e-9, "is between lots: 0 or 1 would do"),
    (np.float32(2.5), "is between lots: 2 or 3 would do"),
    (Fraction(7, 2), "is between lots: 3 or 4 would do"),
]


@cases("bad must", BETWEEN)
def test_a_target_between_lots(bad, must):
    shown = bad.item() if isinstance(bad, np.float32) else bad
    refused(lambda: adl.select([1.0], [5], bad), said("target", shown, must))
    refused(lambda: adl.Queue([1.0], [5]).take(bad), said("target", shown, must))
    refused(lambda: MARKET.deleverage(bad, "binance"), said("bankrupt_quantity", shown, must))


BANKRUPT = [
    *((bad, LOTS) for bad in (NAN, INF, -INF)),
    (0.5, "is between lots: 0 or 1 would do"),
    (-1.5, "is between lots: 1 or 2 would do"),
    *((bad, "must be a number of lots") for bad in ("x", None)),
]


@cases("bad must", BANKRUPT)
def test_a_bankrupt_quantity_that_is_none(bad, must):
    error = refused(lambda: MARKET.deleverage(bad, "binance"), said("bankrupt_quantity", bad, must))
    assert error.value == bad or bad != bad


def test_a_target_that_is_an_array():
    bad = np.array([1, 2])
    refused(lambda: adl.select([1.0, 2.0], [5, 5], bad), said("target", bad, LOTS))
    refused(lambda: MARKET.deleverage(bad, "roi"), said("bankrupt_quantity", bad, "must be a number of lots"))


def test_the_smallest_int64_is_a_bankrupt_quantity_like_any_other():
    selection = MARKET.deleverage(np.int64(-(2**63)), "binance")
    assert selection.shortfall == 2**63 - selection.filled


WHOLE = "must be whole and finite: quantities are lots"
ASSIGNED = [
    ([5], [1.0, 0.5], WHOLE),
    ([5], [1.0, NAN], WHOLE),
    ([5], [1.0, INF], WHOLE),
    ([5], [1.0, 1e19], WHOLE),
    ([5], [1.0, 1e300], WHOLE),
    ([5.0], [1.0, NAN], "must be a finite number"),
    ([5.0], [1.0, INF], "must be a finite number"),
    ([5], [2**62, 2**62], f"makes the sum of its side leave int64 (at most {2**63 - 1})"),
]


@cases("size targets must", ASSIGNED)
def test_targets_of_assign_name_their_row(size, targets, must):
    refused(lambda: adl.Queue([1.0], size).assign(targets), said("targets", targets[1], must, 1))


# Marks, money and rules -----------------------------------------------------------------------------------------------

MARKS = [
    *((mark, ABOVE_0) for mark in (0, -1, "0", "-22.5", 0.0, -0.0)),
    *((mark, FINITE) for mark in (NAN, INF, "NaN", "Infinity")),
    *((mark, NUMBER) for mark in ("abc", "", None, [1])),
]


@cases("mark must", MARKS)
def test_a_mark_price_that_is_not_above_0(mark, must):
    message = said("mark_price", mark, must)
    refused(lambda: adl.Market("X", mark_price=mark, quantity=[1], entry_price=[1.0]), message)
    market = zoo.small_market()
    refused(lambda: market.at(mark), message)
    assert market.mark_price == 10


@pytest.mark.parametrize(("mark", "lot"), [("1e400", "1"), ("1e-400", "1"), (1e308, "1000")])
def test_a_mark_price_whose_value_is_no_float(mark, lot):
    call = lambda: adl.Market(adl.Contract("X", lot=lot), mark_price=mark, quantity=[1], entry_price=[1.0])  # noqa: E731
    refused(call, said("mark_price", mark, "must lie between 1e-60 and 1e60"))


def mixed(one: str, other: str) -> str:
    return f"{one} is float64 (units) and {other} is int64 (quanta): money columns must be of one kind"


@pytest.mark.parametrize("name", MONEY)
def test_money_columns_of_mixed_kinds_are_both_named(name):
    quanta, other = np.array([1, 2, 3]), "balance" if name == "equity" else "equity"
    alone = {**dict.fromkeys(FLOATS), "entry_value": np.ones(3), name: quanta}
    refused(lambda: build(**alone), mixed("entry_value", name))
    first = "account_equity" if name == "equity" else "equity"
    refused(lambda: build(**{name: quanta, other: np.ones(3)}), mixed(first, name))


test_columns_and_terms_that_do_not_belong_together = table(
    (lambda: MARKET.at("11", equity=np.arange(9)), mixed("entry_value", "equity")),
    (
        lambda: adl.Market("X", mark_price=1, quantity=[1]),
        "entry_price, entry_value: neither given, must be exactly one",
    ),
    (
        lambda: adl.Market("X", mark_price=1, quantity=[1], entry_price=[1.0], entry_value=[1.0]),
        "entry_price, entry_value: both given, must be exactly one",
    ),
    (lambda: adl.RankingRule("hyperliquid", short="both"), "short is 'both': must be one of mirrored, literal"),
    (
        lambda: adl.RankingRule("binance", short="literal"),
        "short is 'literal': belongs to the rule 'hyperliquid', not to 'binance'",
    ),
)


NEAREST = "must be a known rule; nearest: binance, binance-2019, binance-portfolio"
UNKNOWN = [
    ("binanze", NEAREST),
    (["binance"], NEAREST),
    *((rule, f"{NEAREST}, bitmex, hyperliquid, roi") for rule in ("", "BINANCE", None, 3)),
]

#: Everything of a market that takes a rule.
RULED = {
    **{name: lambda m, rule, name=name: getattr(m, name)(rule) for name in ("score", "rank", "quantile", "indicator")},
    "deleverage": lambda m, rule: m.deleverage(1, rule),
    "queue": lambda m, rule: m.queue("long", rule),
    "explain": lambda m, rule: m.explain(0, rule),
}


@cases("rule must", UNKNOWN)
def test_an_unknown_rule(rule, must):
    for call in (lambda *_: adl.RankingRule(rule), *RULED.values()):
        refused(lambda call=call: call(MARKET, rule), said("rule", rule, must))


@pytest.mark.parametrize("call", RULED)
@pytest.mark.parametrize("rule", adl.RankingRule.names())
def test_a_rule_whose_columns_are_absent(rule, call):
    for column in adl.RankingRule(rule).needs:
        market = zoo.small_market(**{column: None})
        error = refused(
            lambda market=market: RULED[call](market, rule),
            f"rule {rule!r} needs {column}: this market has no such column at mark price 10",
        )
        assert error.argument == column
