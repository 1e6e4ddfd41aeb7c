"""Assets and contracts: lots, ticks and quanta are exact, and every refusal says what would do."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.contracts import decimals
from support.refusals import refused_for as refused

MOST, LEAST = 2**63 - 1, -(2**63)

int64 = st.integers(LEAST, MOST)
steps = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**6), st.integers(-18, 12)
)


# Numbers as people write them


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        ("0.1", "0.1"),
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (np.float32(0.1), "0.1"),
        (np.str_("0.1"), "0.1"),
        (np.array(0.1), "0.1"),
        (np.int8(-3), "-3"),
        ("1_000", "1000"),
        ("1e3", "1000"),
        (" 5 ", "5"),
        (-0.0, "0"),
        ("-0e-999999", "0"),
        (2**70, str(2**70)),
        (5e-59, "5E-59"),
    ],
)
def test_a_number_is_read_as_it_is_written(value, exact):
    found = decimals.exact_decimal(value, "x")
    assert found == Decimal(exact)
    assert not found.is_signed() or found < 0


@pytest.mark.parametrize("value", ["", "x", None, [], [1], np.array([1.0, 2.0]), 1j])
def test_what_is_no_number_is_refused(value):
    refused(lambda: decimals.exact_decimal(value, "x"), "x", "must be a number")


@pytest.mark.parametrize("value", [math.nan, -math.inf, "nan", "1e61", 1e-61, "0." + "1" * 130])
def test_what_no_exact_arithmetic_holds_is_refused_by_its_row(value):
    error = refused(lambda: decimals.exact_decimal(value, "x", 3), "x", "x[3] is ", "must ")
    assert error.row == 3


def test_one_value_has_one_text():
    for text in ("0.10", "0.1", "1e-1", "+.1", "00.100"):
        assert decimals.canonical(Decimal(text)) == "0.1"
    for text in ("0", "-0", "0.000", "0e-30"):
        assert decimals.canonical(Decimal(text)) == "0"
    assert decimals.canonical(Decimal("1E+3")) == "1000"
    # Longer than the 28 digits of Python's default context.
    assert decimals.canonical(Decimal("1" * 40 + ".5")) == "1" * 40 + ".5"


@given(steps, steps)
def test_sums_and_products_are_exact(a, b):
    assert Fraction(decimals.EXACT.multiply(a, b)) == Fraction(a) * Fraction(b)
    assert Fraction(decimals.EXACT.add(a, b)) == Fraction(a) + Fraction(b)


# Lots, ticks and quanta


@given(int64, steps)
def test_lots_and_quantities_are_each_others_inverse(lots, step):
    contract = adl.Contract("X", lot=step)
    text = contract.decimal(lots)
    assert Fraction(text) == lots * Fraction(step)
    assert contract.lots(text) == lots
    assert contract.decimal(contract.lots(text)) == text


@given(st.integers(1, MOST), steps)
def test_ticks_and_prices_are_each_others_inverse(ticks, step):
    contract = adl.Contract("X", tick=step)
    text = contract.price(ticks)
    assert Fraction(text) == ticks * Fraction(step)
    assert contract.ticks(text) == ticks


@given(int64, st.integers(0, 18))
def test_quanta_and_amounts_are_each_others_inverse(quanta, places):
    asset = adl.Asset("X", places)
    text = asset.decimal(quanta)
    assert len(text.partition(".")[2]) == places
    assert Fraction(text) * asset.quanta_per_unit == quanta
    assert asset.quanta(text) == quanta
    assert asset.quanta(Decimal(text)) == quanta


@given(st.integers(-(10**10), 10**10), st.integers(0, 8))
def test_floats_never_pass_through_binary(digits, places):
    # Of at most 15 digits a float keeps every one; most of these lie between two floats.
    number = Decimal(digits).scaleb(-places)
    assert adl.Asset("X", 8).quanta(float(number)) == digits * 10 ** (8 - places)
    assert adl.Contract("X", lot=float(Decimal(1).scaleb(-places))).lots(float(number)) == digits


@pytest.mark.parametrize(
    ("call", "argument", "grid", "below", "above"),
    [
        (lambda: adl.Contract("X", lot="0.010").lots("1.005"), "quantity", "lots of 0.010", "1.000", "1.010"),
        (lambda: adl.Contract("X", lot="3").lots(-4), "quantity", "lots of 3", "-6", "-3"),
        (lambda: adl.Contract("X", tick="0.5").ticks(0.3), "price", "ticks of 0.5", "0.0", "0.5"),
        (lambda: adl.Contract("X", tick="5").ticks("58001"), "price", "ticks of 5", "58000", "58005"),
        (lambda: adl.Asset("X", 2).quanta("-0.015"), "amount", "quanta of 0.01", "-0.02", "-0.01"),
        (lambda: adl.Asset("X", 0).quanta(0.5), "amount", "quanta of 1", "0", "1"),
        (lambda: adl.Asset("X").quanta("1e-9"), "amount", "quanta of 0.00000001", "0.00000000", "0.00000001"),
    ],
)
def test_what_lies_between_steps_is_refused_with_both_neighbours(call, argument, grid, below, above):
    refused(call, argument, f"is between {grid}: {below} or {above} would do")


@pytest.mark.parametrize(
    ("read", "write", "argument"),
    [
        (adl.Contract("X", lot="0.001").lots, adl.Contract("X", lot="0.001").decimal, "quantity"),
        (adl.Contract("X", tick="0.001").ticks, adl.Contract("X", tick="0.001").price, "price"),
        (adl.Asset("X", 3).quanta, adl.Asset("X", 3).decimal, "amount"),
    ],
)
def test_the_ends_of_int64(read, write, argument):
    assert read(write(MOST)) == MOST
    error = refused(lambda: read(write(MOST + 1)), argument, "9223372036854775.807", "-9223372036854775.808", "int64")
    assert error.value == "9223372036854775.808"
    refused(lambda: read("1e50"), argument, "int64")
    if argument != "price":
        assert read(write(LEAST)) == LEAST
        refused(lambda: read(write(LEAST - 1)), argument, "int64")


@pytest.mark.parametrize("steps", [1.0, "1", None, Decimal(1), np.float64(2)])
def test_only_whole_numbers_are_printed(steps):
    refused(lambda: adl.Contract("X").decimal(steps), "lots", "whole number")
    refused(lambda: adl.Contract("X", tick=1).price(steps), "ticks", "whole number")
    refused(lambda: adl.Asset("X").decimal(steps), "quanta", "whole number")


def test_every_integer_is_printed():
    assert adl.Contract("X", lot="0.5").decimal(np.int64(-3)) == "-1.5"
    # A sum of balances may be larger than any of them.
    assert adl.Asset("X", 2).decimal(10**300) == "1" + "0" * 298 + ".00"


def test_a_price_is_above_0_and_needs_a_grid():
    for price in (0, "-1", -0.5):
        refused(lambda p=price: adl.Contract("X", tick="0.5").ticks(p), "price", "above 0")
    bare = adl.Contract("NOGRID")
    for call in (lambda: bare.ticks(1), lambda: bare.price(1), lambda: bare.tick_fraction):
        refused(call, "tick", "NOGRID")


# The value of a lot


CONTRACTS = [
    adl.Contract("L", lot="0.001", tick="0.1"),
    adl.Contract("ODD", lot="0.003", tick="0.07", multiplier="11", settle=adl.Asset("USDT", 2)),
    adl.Contract("COARSE", tick="5", settle=adl.Asset("KRW", 0)),
    adl.Contract("Q", kind="quanto", settle="BTC", multiplier="0.000001", tick="0.05"),
    adl.Contract("I", kind="inverse", settle="BTC", multiplier=100, tick="0.1"),
    adl.Contract("J", kind="inverse", settle=adl.Asset("ETH", 2), multiplier="0.7", tick="3"),
]


@given(st.sampled_from(CONTRACTS), st.integers(1, 10**12))
def test_the_tick_fraction_values_a_lot_exactly(contract, ticks):
    n, d = contract.tick_fraction
    value = -Fraction(n, d * ticks) if contract.inverse else Fraction(ticks * n, d)
    price = contract.price(ticks)
    assert value == contract.exact_value_per_lot(price) * contract.settle.quanta_per_unit
    assert math.gcd(n, d) == 1
    assert 0 < n <= MOST
    assert 0 < d <= MOST
    assert contract.quanta_per_lot(price) == float(value)


def test_a_tick_fraction_beyond_int64_is_refused():
    large = adl.Contract("X", tick="1", multiplier=10**10, settle=adl.Asset("X", 9))
    refused(lambda: large.tick_fraction, "tick", "int64", str(10**19))
    small = adl.Contract("X", tick="1e-10", multiplier="1e-10", settle=adl.Asset("X", 0))
    refused(lambda: small.tick_fraction, "tick", "int64")
    assert adl.Contract("X", tick="1", multiplier=MOST, settle=adl.Asset("X", 0)).tick_fraction == (MOST, 1)
    assert adl.Contract("X", tick=MOST, kind="inverse", settle=adl.Asset("X", 0)).tick_fraction == (1, MOST)


def test_quanta_per_lot_is_rounded_once():
    # In two roundings 0.1·3 is 0.30000000000000004.
    assert adl.Contract("X", multiplier="0.1", settle=adl.Asset("X", 0)).quanta_per_lot(3) == 0.3
    assert adl.Contract("X", kind="inverse", multiplier=100, settle="BTC").quanta_per_lot("30000") == -1e6 / 3
    refused(lambda: adl.Contract("X").quanta_per_lot(0), "price")


# What a contract is made of


TIERS = adl.MarginTiers([0, "5.0"], [0.004, "0.0050"])


def some_contracts():
    """Contracts of every kind and with every field."""
    return st.builds(
        adl.Contract,
        st.text(min_size=1),
        kind=st.sampled_from(adl.contracts.contract.KINDS),
        settle=st.builds(adl.Asset, st.text(min_size=1), st.integers(0, 18)),
        multiplier=steps,
        lot=steps,
        tick=st.none() | steps,
        tiers=st.sampled_from([None, TIERS, adl.MarginTiers([0], [0.01], [0.01], check=False)]),
        max_price=st.none() | st.just("1e30"),
    )


@given(some_contracts())
def test_fields_make_the_same_contract(contract):
    again = adl.Contract.from_fields(json.loads(json.dumps(contract.fields())))
    assert again == contract
    assert hash(again) == hash(contract)
    assert again.fields() == contract.fields()
    assert pickle.loads(pickle.dumps(contract)) == contract
    assert pickle.loads(pickle.dumps(contract)).fields() == contract.fields()


def digest(contract: adl.Contract) -> str:
    """What a store may name a contract by."""
    return hashlib.sha256(json.dumps(contract.fields(), sort_keys=True).encode()).hexdigest()


def test_equal_contracts_have_equal_fields():
    some = adl.Contract("X", lot="0.10", tick="1E+1", multiplier="1.0", max_price="100.00", tiers=TIERS)
    other = adl.Contract(
        "X", lot=0.1, tick=10, multiplier=1, max_price="1e2", tiers=adl.MarginTiers([0, 5], ["0.004", "0.005"])
    )
    assert some == other
    assert hash(some) == hash(other)
    assert digest(some) == digest(other)
    assert some.fields()["tick"] == "10"
    assert "E" not in json.dumps(some.fields())
    assert digest(some) != digest(adl.Contract("X"))


def test_tiers_and_highest_price_are_part_of_what_is_equal():
    bare = adl.Contract("X", tick="0.1")
    assert bare != adl.Contract("X", tick="0.1", tiers=TIERS)
    assert bare != adl.Contract("X", tick="0.1", max_price=5)
    assert (bare.tiers, bare.max_price) == (None, None)


@pytest.mark.parametrize("name", list(adl.Contract("X").fields()))
def test_a_missing_key_is_named(name):
    fields = adl.Contract("X").fields()
    del fields[name]
    refused(lambda: adl.Contract.from_fields(fields), "fields", f"has no {name!r}", "multiplier")


def test_fields_that_make_no_contract():
    fields = adl.Contract("X", tiers=TIERS).fields()
    refused(lambda: adl.Contract.from_fields({**fields, "tock": 1}), "fields", "unknown key 'tock'")
    refused(lambda: adl.Contract.from_fields([]), "fields", "must be a dict")
    for settle in ("USDT", ["USDT"], ["USDT", 8, 1], None):
        refused(lambda s=settle: adl.Contract.from_fields({**fields, "settle": s}), "settle", "[name, decimals]")
    refused(lambda: adl.Contract.from_fields({**fields, "settle": ["USDT", "8"]}), "decimals")
    refused(lambda: adl.Contract.from_fields({**fields, "lot": None}), "lot")
    short = {"floor": ["0"], "rate": ["0.01"]}
    refused(lambda: adl.Contract.from_fields({**fields, "tiers": short}), "tiers", "has no 'amount'")
    refused(lambda: adl.Contract.from_fields({**fields, "tiers": {**short, "amount": [0], "cap": 1}}), "tiers", "'cap'")


def test_a_highest_price_is_at_least_one_tick():
    assert adl.Contract("X", tick="0.1", max_price="0.1").max_price == Decimal("0.1")
    assert adl.Contract("X", max_price="1e-9").max_price == Decimal("1e-9")
    refused(lambda: adl.Contract("X", tick="0.1", max_price="0.09"), "max_price", "0.1")
    refused(lambda: adl.Contract("X", max_price=0), "max_price", "above 0")


def test_tiers_are_tiers():
    refused(lambda: adl.Contract("X", tiers=[0.004]), "tiers", "MarginTiers")


def test_a_long_repr_is_broken_where_a_term_ends():
    assert repr(adl.Contract("BTCUSDT", lot="0.001", tick="0.1")) == "Contract('BTCUSDT', lot='0.001', tick='0.1')"
    contract = adl.Contract(
        "BTCUSD_PERP", kind="inverse", settle="BTC", multiplier=100, tick="0.1", max_price="4520958", tiers=TIERS
    )
    assert repr(contract).splitlines() == [
        "Contract('BTCUSD_PERP', kind='inverse', settle='BTC', multiplier='100',",
        "         tick='0.1', max_price='4520958', tiers=<2: 0.4 % to 0.5 %>)",
    ]
