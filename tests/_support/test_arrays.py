"""Columns, masks and targets that are refused, whoever takes them: the error names argument, row and value."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from adlcore.market.columns import MONEY_COLUMNS
from support import zoo
from support.refusals import NOT_BELOW_0, cases, refused, said, table

NAN, INF = math.nan, math.inf


ONES, MARKET = [1.0, 1.0, 1.0], zoo.small_market()


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


#: Columns of numbers that a market takes.
NUMBERS = (*MONEY_COLUMNS, "leverage", "entry_price", "quantity")


def market(**columns):
    """Three rows; what they cost stands in one column."""
    cost = {} if "entry_value" in columns else {"entry_price": ONES}
    return adl.Market("X", mark_price=10, **{"quantity": ONES, **cost, **columns})


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
    *((lambda bent, name=name: market(**{name: bent}), name) for name in (*NUMBERS, "tie")),
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


LOST = "must not end in a NUL character, which would be lost"


@pytest.mark.parametrize(
    ("argument", "made"),
    [
        ("symbol", lambda: adl.Contract("A\0")),
        ("name", lambda: adl.Asset("A\0")),
        ("scope[0]", lambda: adl.InsuranceFund("USDT", scope=["A\0"])),
        ("name", lambda: adl.InsuranceFund("USDT", name="A\0")),
        (
            "account[1]",
            lambda: adl.Market(
                adl.Contract("A"), mark_price=1, quantity=[1, -1], entry_price=[1, 1], account=["a", "a\0"]
            ),
        ),
        (
            "wallets.account[0]",
            lambda: adl.Snapshot.build([adl.Contract("A")], {"account": ["a\0"], "balance": ["1"]}, [], {"A": "1"}),
        ),
    ],
)
def test_a_name_that_ends_in_nul_would_be_another(argument, made):
    with pytest.raises(adl.AdlError) as caught:
        made()
    assert str(caught.value).startswith(f"{argument} is ")
    assert str(caught.value).endswith(LOST)
