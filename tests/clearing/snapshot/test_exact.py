"""Exact conversion: prices and shares by name, cells, and what a leverage locks."""

import math
from decimal import Decimal

import pytest

import adlcore as adl
from adlcore.clearing.snapshot.exact import locked_margin, prices_by_row, read_cell, read_entry
from support.books import small_snapshot
from support.refusals import refused_at


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"marks": {"BTCUSDT": "0"}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": -1}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": math.nan}}, "marks['BTCUSDT']"),
        ({"marks": {"BTCUSDT": "high"}}, "marks['BTCUSDT']"),
        ({"marks": {"DOGE": 1}}, "marks"),
        ({"marks": ["1", "2"]}, "marks"),
        ({"index_prices": {"BTC": 0}}, "index_prices['BTC']"),
        ({"index_prices": {"DOGE": 1}}, "index_prices"),
        ({"haircuts": {"BTC": "1.01"}}, "haircuts['BTC']"),
        ({"haircuts": {"BTC": "-0.1"}}, "haircuts['BTC']"),
        ({"loan_rates": {"BTC": "1.5"}}, "loan_rates['BTC']"),
        ({"loan_rates": {"DOGE": 0}}, "loan_rates"),
    ],
)
def test_a_price_or_share_that_cannot_be_is_refused_by_name(changes, argument):
    assert refused_at(lambda: small_snapshot(**changes)).argument == argument


def test_prices_are_given_by_name_and_come_by_row():
    known = {"A": 0, "B": 1, "C": 2}
    assert prices_by_row("marks", {"C": "0.10", "A": 0.1}, known) == {0: Decimal("0.1"), 2: Decimal("0.1")}
    assert prices_by_row("marks", None, known) == prices_by_row("marks", {}, known) == {}
    refused_at(lambda: prices_by_row("marks", ["1", "2", "3"], known), "marks", None, "mapping of names to prices")
    refused_at(lambda: prices_by_row("marks", {"A": None}, known), "marks['A']", None, "leave 'A' out")


def test_an_entry_is_named_by_its_key():
    assert read_entry("rates", "A", "5", lambda value, name: (value, name)) == ("5", "rates['A']")


def test_a_cell_that_cannot_be_read_is_named_as_its_owner_knows_it():
    cents = adl.Asset("USDT", 2)
    assert read_cell("table.amount", 3, "1.25", cents.quanta) == 125
    error = refused_at(lambda: read_cell("table.amount", 3, "1.255", cents.quanta), "table.amount", 3, "quanta of 0.01")
    assert error.value == "1.255"


@pytest.mark.parametrize(("notional", "leverage", "locked"), [(100, "3", 34), (99, "3", 33), (1, "9", 1), (0, "7", 0)])
def test_an_order_locks_its_value_over_its_leverage_rounded_up(notional, leverage, locked):
    assert locked_margin(notional, Decimal(leverage)) == locked
    refused_at(
        lambda: locked_margin(2**62, Decimal("0.50")), "leverage", None, "leverage is '0.5': must lock a margin that"
    )
