"""Assets and contracts: lots, ticks and quanta are exact, and every refusal says what would do."""

import hashlib
import json
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from support.refusals import refused_for as refused

MOST, LEAST = 2**63 - 1, -(2**63)

int64 = st.integers(LEAST, MOST)
steps = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**6), st.integers(-18, 12)
)


# Numbers as people write them


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
    assert (contract.tick_fraction.numerator, contract.tick_fraction.denominator) == (n, d)
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
