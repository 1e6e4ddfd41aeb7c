"""Margin tiers: published amounts, continuity, and what is refused."""

from __future__ import annotations

import copy
import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore import AdlError, MarginTiers
from support.published import COINM, USDM
from support.refusals import refused_for as refused


def texts(numbers) -> list[str]:
    """Decimals as they print."""
    return [str(number) for number in numbers]


# Published amounts


def test_the_amounts_of_usd_m():
    # V10: "250,000*(1%-0.5%)+50 = 1,300" and "5,000,000*(5%-2.5%)+16,300 = 141,300".
    assert texts(MarginTiers(*USDM).amount) == ["0", "50", "1300", "16300", "141300", "1141300"]
    # V10: a position of 500,000 stands in the tier of 1 %.
    tiers = MarginTiers(*USDM)
    assert tiers.rate[tiers.tier(500_000)] == tiers.rate[tiers.tier(264_000)] == Decimal("0.01")
    assert tiers.maintenance_margin(500_000) == 500_000 * 0.01 - 1300


def test_the_amounts_of_coin_m():
    # V10: 300 BTC stand in the tier of 12.5 %, whose amount is 11.605.
    tiers = MarginTiers(*COINM)
    assert texts(tiers.amount) == ["0", "0.005", "0.055", "0.355", "1.605", "6.605", "11.605"]
    assert tiers.rate[tiers.tier(300)] == Decimal("0.125")
    assert tiers.maintenance_margin("300") == 25.895


@pytest.mark.parametrize(
    ("tier", "given", "derived"), [(3, "0.56", "0.355"), (4, "1.81", "1.605"), (6, "11.81", "11.605")]
)
def test_the_older_amounts_of_coin_m_are_refused(tier, given, derived):
    # V10: the same page prints them, and "50*(5%-2.5%)+0.56=1.81"; its calculator's price needs the others.
    amounts = texts(MarginTiers(*COINM).amount)
    amounts[tier] = given
    error = refused(lambda: MarginTiers(*COINM, amounts), "amount", f"amount[{tier}]", given, derived)
    assert error.row == tier
    assert texts(MarginTiers(*COINM, amounts, check=False).amount) == amounts


def test_the_maintenance_margin_of_coin_m_contracts():
    # V10: 100 contracts of 100 USD at 25,000 are 0.4 BTC, whose maintenance margin is 0.0016 BTC.
    assert MarginTiers(*COINM).maintenance_margin(Fraction(100 * 100, 25_000)) == 0.0016


def test_an_amount_in_the_only_tier():
    # V41: freqtrade's synthetic tier.
    tiers = MarginTiers(floor=[0], rate=[0.01], amount=[0.01], check=False)
    assert tiers.maintenance_margin([0, "0.5", 10]).tolist() == [0.0, 0.0, 0.09]
    refused(lambda: MarginTiers(floor=[0], rate=[0.01], amount=[0.01]), "amount", "amount[0] is '0.01': must be 0")


# Laws


@st.composite
def some_tiers(draw, most=8):
    """Tiers with derived amounts, their floors and rates on decimal grids."""
    n = draw(st.integers(1, most))
    floors = sorted(draw(st.sets(st.integers(1, 10**9), min_size=n - 1, max_size=n - 1)))
    rates = sorted(draw(st.lists(st.integers(1, 9999), min_size=n, max_size=n)))
    scale = draw(st.integers(-4, 2))
    return MarginTiers(
        [0, *(Decimal(floor).scaleb(scale) for floor in floors)], [Decimal(rate).scaleb(-4) for rate in rates]
    )


notionals = st.fractions(0, 10**12)


@given(some_tiers(), notionals)
def test_the_margin_is_the_tiers_own_line_and_the_largest_of_all(tiers, notional):
    lines = [
        notional * Fraction(rate) - Fraction(amount) for rate, amount in zip(tiers.rate, tiers.amount, strict=True)
    ]
    held = tiers.tier(notional)
    assert tiers.floor[held] <= notional
    assert held + 1 == len(tiers) or notional < tiers.floor[held + 1]
    assert lines[held] == max(lines) >= 0
    assert tiers.maintenance_margin(notional) == float(lines[held])


@given(some_tiers())
def test_the_margin_is_continuous_where_tiers_meet(tiers):
    for n in range(1, len(tiers)):
        floor = Fraction(tiers.floor[n])
        below, above = (floor * Fraction(tiers.rate[k]) - Fraction(tiers.amount[k]) for k in (n - 1, n))
        assert below == above
        # The margin is a sum over the tiers below: the same, told otherwise.
        edges = [Fraction(edge) for edge in tiers.floor[: n + 1]]
        assert above == sum(
            (high - low) * Fraction(rate) for low, high, rate in zip(edges, edges[1:], tiers.rate, strict=False)
        )


@given(some_tiers(), notionals, notionals)
def test_the_margin_never_falls_and_never_exceeds_the_notional(tiers, one, other):
    low, high = sorted([one, other])
    assert tiers.maintenance_margin(low) <= tiers.maintenance_margin(high) <= float(high)


@given(some_tiers(), st.integers(0, 18))
def test_arrays_are_rounded_once(tiers, places):
    rate, amount = tiers.arrays(10**places)
    assert rate.tolist() == [float(Fraction(value)) for value in tiers.rate]
    assert amount.tolist() == [float(Fraction(value) * 10**places) for value in tiers.amount]
    for array in (rate, amount):
        assert array.dtype == np.float64
        assert array.shape == (len(tiers),)
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


@given(some_tiers())
def test_tiers_are_values(tiers):
    for again in (
        pickle.loads(pickle.dumps(tiers)),
        copy.deepcopy(tiers),
        MarginTiers(tiers.floor, tiers.rate),
        MarginTiers(texts(tiers.floor), texts(tiers.rate), texts(tiers.amount)),
        MarginTiers(np.array(tiers.floor, float), np.array(tiers.rate, float), np.array(tiers.amount, float)),
        MarginTiers.from_fields(json.loads(json.dumps(tiers.fields()))),
    ):
        assert again == tiers
        assert hash(again) == hash(tiers)
        assert again.fields() == tiers.fields()
    assert tiers != MarginTiers(tiers.floor, tiers.rate, [*tiers.amount[:-1], 10**9], check=False)
    assert len(repr(tiers)) <= 80


# Notionals


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda x: np.array(x, object), lambda x: np.array(x, "f4")])
def test_columns_of_notionals(kind):
    tiers = MarginTiers(*USDM)
    column = kind([0.0, 50_000.0, 49_999.5, 500_000.0])
    assert tiers.tier(column).tolist() == [0, 1, 0, 2]
    assert tiers.tier(column).dtype == np.int64
    assert tiers.maintenance_margin(column).tolist() == [0.0, 200.0, 199.998, 3700.0]
    assert tiers.maintenance_margin(kind([])).dtype == np.float64


@pytest.mark.parametrize(
    "one", [500_000, 5e5, "500000", Decimal("5E+5"), np.float64(5e5), np.array(500_000), Fraction(5 * 10**5)]
)
def test_one_notional(one):
    assert MarginTiers(*USDM).tier(one) == 2
    found = MarginTiers(*USDM).maintenance_margin(one)
    assert type(found) is float
    assert found == 3700.0


def test_notionals_that_are_none():
    tiers = MarginTiers(*USDM)
    for call in (tiers.maintenance_margin, tiers.tier):
        error = refused(lambda c=call: c([1, 2, -3]), "notional", "notional[2] is -3: must be at least 0")
        assert error.row == 2
        refused(lambda c=call: c(Fraction(-1, 3)), "notional", "at least 0")
        refused(lambda c=call: c(Fraction(10**400)), "notional", "at most 1e60")
        refused(lambda c=call: c([1, [2, 3]]), "notional", "notional[1]")
        for none in (None, "x", float("nan"), float("inf")):
            refused(lambda c=call, n=none: c(n), "notional")
            refused(lambda c=call, n=none: c([1, n]), "notional", "notional[1]")


# What tiers must be


@pytest.mark.parametrize(
    ("columns", "argument", "words"),
    [
        (([], []), "floor", "at least one tier"),
        (("0", "1"), "floor", "sequence"),
        ((5, [0.1]), "floor", "sequence"),
        ((np.array(0), [0.1]), "floor", "sequence"),
        (([1], [0.1]), "floor", "floor[0] is '1': must be 0"),
        (([0, 5, 5], [0.1] * 3), "floor", "floor[2] is '5': must be above 5"),
        (([0, 5, 4], [0.1] * 3), "floor", "floor[2] is '4': must be above 5"),
        (([0, "x"], [0.1] * 2), "floor", "floor[1] is 'x': must be a number"),
        (([0, 1], [0.1]), "rate", "rate has 1 tiers: must have 2"),
        (([0], [0]), "rate", "rate[0] is '0': must be above 0 and below 1"),
        (([0], ["-0.01"]), "rate", "above 0"),
        (([0, 1], [0.1, 1]), "rate", "rate[1] is '1': must be above 0 and below 1"),
        (([0, 1, 2], [0.1, 0.3, 0.2]), "rate", "rate[2] is '0.2': must not be below 0.3"),
        (([0, 1], [0.1, 0.2], [0]), "amount", "amount has 1 tiers: must have 2"),
        (([0, 1], [0.1, 0.2], [0, None]), "amount", "amount[1] is None"),
        (([0, 1], [0.1, 0.2], [0, 0.2]), "amount", "amount[1] is '0.2': must be 0.1"),
        (([0, 1], [0.1, 0.2], [0.1, 0.1]), "amount", "amount[0] is '0.1': must be 0"),
    ],
)
def test_tiers_that_are_none(columns, argument, words):
    refused(lambda: MarginTiers(*columns), argument, words)


def test_rates_may_stay_the_same():
    assert texts(MarginTiers([0, 1, 2], [0.1, 0.1, 0.2]).amount) == ["0", "0", "0.2"]


def test_given_amounts_are_kept_within_the_tolerance():
    columns = ([0, 5, 10], ["0.004", "0.005", "0.01"])
    assert texts(MarginTiers(*columns, [0, "0.01", "0.06"], amount_tolerance="0.005").amount) == ["0", "0.01", "0.06"]
    # The second is measured from floors and rates alone, not from the amount before it.
    refused(
        lambda: MarginTiers(*columns, [0, "0.01", "0.061"], amount_tolerance="0.005"), "amount", "amount[2]", "0.055"
    )
    per_tier = [0, "0.005", "0.006"]
    assert len(MarginTiers(*columns, [0, "0.01", "0.061"], amount_tolerance=per_tier)) == 3
    refused(lambda: MarginTiers(*columns, [0, "0.01", "0.05"], amount_tolerance=[0, 0, 1]), "amount", "amount[1]")
    refused(lambda: MarginTiers(*columns, [0, 0, 0], amount_tolerance=[0, 0]), "amount_tolerance", "must have 3")
    refused(lambda: MarginTiers(*columns, [0, 0, 0], amount_tolerance=-1), "amount_tolerance", "at least 0")
    refused(lambda: MarginTiers(*columns, [0, 0, 0], amount_tolerance=[0, -1, 0]), "amount_tolerance", "[1]")


def test_with_rounded_amounts_the_largest_line_is_the_margin():
    tiers = MarginTiers([0, 5], ["0.004", "0.005"], [0, "0.01"], amount_tolerance="0.01")
    assert tiers.maintenance_margin(5) == 0.02  # the second tier's own line gives 0.015
    assert tiers.maintenance_margin(20) == 0.09


@pytest.mark.parametrize("quanta", [0, -1, 1.0, "1", None])
def test_quanta_per_unit_is_a_whole_number(quanta):
    refused(lambda: MarginTiers(*USDM).arrays(quanta), "quanta_per_unit", "whole number above 0")


def test_a_negative_amount_is_refused_even_unchecked():
    # It would ask for margin where nothing is held.
    with pytest.raises(AdlError, match=r"amount\[0\] is '-5': must be 0 or above"):
        MarginTiers([0], ["0.01"], [-5], check=False)
