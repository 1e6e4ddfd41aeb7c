"""A price that is not there: None and its like are refused by the name of what they stand for, everywhere."""

import math
from decimal import Decimal

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import ClearingHouse, Deleverage
from adlcore.lab.moving_depth import MovingDepth, Shape
from support.pairs import ann_and_bob
from support.refusals import refused_for

X = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0], ["0.05"]))


class NotAvailable:
    """As data frames say that a cell is empty: neither true nor false, nor equal to anything."""

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __eq__(self, other):
        return self

    __hash__ = None

    def __repr__(self):
        return "<NA>"


#: What stands for no number where people and programs write one.
NO_NUMBERS = [
    *(None, math.nan, np.float32("nan"), Decimal("NaN"), Decimal("sNaN"), "", " ", "nan", "None", NotAvailable()),
    *(True, False, np.True_, np.datetime64("NaT", "s"), np.timedelta64("NaT", "s"), float("inf"), b"9", [9], {}),
]

ids = pytest.mark.parametrize("nothing", NO_NUMBERS, ids=lambda value: f"{type(value).__name__} {value!r}")


def venue(**terms):
    return ann_and_bob(X, bob="100", assets=["BTC"], **terms)


def house():
    return ClearingHouse(venue(), venue=[Deleverage("binance")])


def ladder():
    return MovingDepth([Shape(X, 10, 2, 0.001, 1.0, 0.0)], {"X": "10"})


#: The name under which each refuses an entry of X or BTC, and the call.
MAPPINGS = {
    "house.mark prices": ("prices['X']", lambda v: house().mark({"X": v}, time=1)),
    "house.mark index_prices": ("index_prices['BTC']", lambda v: house().mark(index_prices={"BTC": v})),
    "house.mark oracle": ("oracle['X']", lambda v: house().mark(oracle={"X": v})),
    "house.plan prices": ("prices['X']", lambda v: house().plan({"X": v})),
    "house.plan index_prices": ("index_prices['BTC']", lambda v: house().plan(index_prices={"BTC": v})),
    "house.plan oracle": ("oracle['X']", lambda v: house().plan(oracle={"X": v})),
    "house.funding": ("rates['X']", lambda v: house().funding({"X": v})),
    "MarginState.mark": ("marks['X']", lambda v: adl.margin_state(venue()).mark({"X": v})),
    "MarginState.mark index_prices": (
        "index_prices['BTC']",
        lambda v: adl.margin_state(venue()).mark({}, index_prices={"BTC": v}),
    ),
    "Snapshot.build marks": ("marks['X']", lambda v: venue(marks={"X": v})),
    "Snapshot.build index_prices": ("index_prices['BTC']", lambda v: venue(index_prices={"BTC": v})),
    "Snapshot.build haircuts": ("haircuts['BTC']", lambda v: venue(haircuts={"BTC": v})),
    "Snapshot.build loan_rates": ("loan_rates['BTC']", lambda v: venue(loan_rates={"BTC": v})),
    "MovingDepth.move": ("prices['X']", lambda v: ladder().move({"X": v}, 1.0)),
}


@pytest.mark.parametrize("call", MAPPINGS)
@ids
def test_an_entry_that_is_no_number_is_refused_by_its_name(call, nothing):
    argument, made = MAPPINGS[call]
    name = argument.partition("[")[2].rstrip("]")
    words = [f"leave {name} out"] if nothing is None else []
    refused_for(lambda: made(nothing), argument, f"{argument} is ", "must be", *words)


@ids
def test_a_house_is_as_before_once_it_refused(nothing):
    there = house()
    state = there.state()
    for call in (there.mark, there.plan, there.funding):
        with pytest.raises(adl.AdlError):
            call({"X": nothing})
    assert there.state() is state
    there.mark({"X": "10"})


@ids
def test_a_run_names_the_pass_and_the_contract(nothing, tmp_path):
    given = [adl.io.Inputs(1, {"X": "10"}), adl.io.Inputs(2, {"X": nothing})]
    refused_for(lambda: adl.io.record(tmp_path / "run", house(), given), "passes[1].marks['X']")


@ids
def test_a_market_has_a_mark_price(nothing):
    market = adl.Market(X, mark_price="10", quantity=[1, -1], entry_price=[9.0, 11.0])
    refused_for(lambda: adl.Market(X, mark_price=nothing, quantity=[1], entry_price=[9.0]), "mark_price")
    refused_for(lambda: market.at(nothing), "mark_price")


def columns(marks, **terms):
    return adl.Snapshot(
        [X, adl.Contract("Y")],
        {"account": ["ann"], "asset": "USDT", "balance": [5]},
        {"contract": ["X"], "wallet": [0], "quantity": [0], "entry_value": [0]},
        marks,
        **terms,
    )


def test_a_sequence_of_marks_says_never_marked_with_none():
    """It cannot leave a contract out."""
    assert columns(["10", None]).marks == (Decimal(10), None)
    assert columns({"X": "10"}).marks == (Decimal(10), None)
    assert columns(["10", None], index_prices=[None]).index_prices == (None,)


@pytest.mark.parametrize("nothing", [value for value in NO_NUMBERS if value is not None], ids=repr)
def test_nothing_else_says_it(nothing):
    refused_for(lambda: columns(["10", nothing]), "marks['Y']", "marks['Y'] is")


@pytest.mark.parametrize("name", ["haircuts", "loan_rates"])
def test_a_sequence_of_shares_has_one_for_each(name):
    refused_for(lambda: columns(["10", "5"], **{name: [None]}), f"{name}['USDT']", f"{name}['USDT'] is None")


#: Positions of nobody.
NOBODY = {"wallet": [], "quantity": [], "entry_value": []}


def test_no_marks_at_all_are_an_empty_mapping():
    for call in (lambda: columns(None), lambda: venue(marks=None), lambda: house().funding(None)):
        with pytest.raises(adl.AdlError, match="is None: must be a mapping of symbols to"):
            call()
    assert adl.Snapshot([X], {"account": ["ann"], "asset": "USDT"}, {"contract": [], **NOBODY}, {}).marks == (None,)
