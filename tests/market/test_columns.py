"""Columns and numbers that are refused: the error names argument, row and value."""

import math

import numpy as np
import pytest

import adlcore as adl
from support import zoo
from support.refusals import ABOVE_0, FINITE, NUMBER, cases, refused, said, table

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


# Targets --------------------------------------------------------------------------------------------------------------


def test_the_smallest_int64_is_a_bankrupt_quantity_like_any_other():
    selection = MARKET.deleverage(np.int64(-(2**63)), "binance")
    assert selection.shortfall == 2**63 - selection.filled


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


test_columns_that_do_not_belong_together = table(
    (lambda: MARKET.at("11", equity=np.arange(9)), mixed("entry_value", "equity")),
    (lambda: build(entry_price=None), "entry_price, entry_value: neither given, must be exactly one"),
    (lambda: build(entry_value=ONES, entry_price=ONES), "entry_price, entry_value: both given, must be exactly one"),
)


def test_a_market_has_columns_and_shows_them():
    market = build(quantity=np.array([1, -2, 3]), tie=None)
    assert repr(market.columns) == "<Columns of 3 rows of X at 10>"
    assert all(
        getattr(market, name) is getattr(market.columns, name) for name in ("contract", "quantity", "equity", "tie")
    )
    moved = market.at(11)
    assert (moved.columns is market.columns, moved.quantity is market.quantity, moved.equity) == (False, True, None)
    with pytest.raises(AttributeError, match="immutable: columns"):
        market.columns = moved.columns
