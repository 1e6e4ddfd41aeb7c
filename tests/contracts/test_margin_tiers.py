"""Margin tiers: published amounts, continuity, and what is refused."""

import copy
import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adlcore import MarginTiers
from support.published import COINM, USDM, texts
from support.refusals import refused_for as refused

# Published amounts


def test_the_amounts_of_usd_m():
    # "250,000*(1%-0.5%)+50 = 1,300" and "5,000,000*(5%-2.5%)+16,300 = 141,300".
    assert texts(MarginTiers(*USDM).amount) == ["0", "50", "1300", "16300", "141300", "1141300"]
    # a position of 500,000 stands in the tier of 1 %.
    tiers = MarginTiers(*USDM)
    assert tiers.rate[tiers.tier(500_000)] == tiers.rate[tiers.tier(264_000)] == Decimal("0.01")
    assert tiers.maintenance_margin(500_000) == 500_000 * 0.01 - 1300


def test_the_amounts_of_coin_m():
    # 300 BTC stand in the tier of 12.5 %, whose amount is 11.605.
    tiers = MarginTiers(*COINM)
    assert texts(tiers.amount) == ["0", "0.005", "0.055", "0.355", "1.605", "6.605", "11.605"]
    assert tiers.rate[tiers.tier(300)] == Decimal("0.125")
    assert tiers.maintenance_margin("300") == 25.895


def test_the_maintenance_margin_of_coin_m_contracts():
    # 100 contracts of 100 USD at 25,000 are 0.4 BTC, whose maintenance margin is 0.0016 BTC.
    assert MarginTiers(*COINM).maintenance_margin(Fraction(100 * 100, 25_000)) == 0.0016


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


fractions = st.fractions(Fraction(1, 1000), Fraction(999, 1000), max_denominator=1000)

#: Tiers whose numbers no decimal is.
fractional_tiers = st.integers(1, 5).flatmap(
    lambda n: st.builds(
        lambda floors, rates: MarginTiers([0, *sorted(floors)], sorted(rates)),
        st.lists(fractions, min_size=n - 1, max_size=n - 1, unique=True),
        st.lists(fractions, min_size=n, max_size=n, unique=True),
    )
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


@given(some_tiers() | fractional_tiers)
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


@given(some_tiers() | fractional_tiers)
def test_tiers_are_values(tiers):
    whole = all(isinstance(number, Decimal) for number in (*tiers.floor, *tiers.rate, *tiers.amount))
    columns = (tiers.floor, tiers.rate, tiers.amount)
    for again in (
        pickle.loads(pickle.dumps(tiers)),
        copy.deepcopy(tiers),
        MarginTiers(tiers.floor, tiers.rate),
        MarginTiers(*columns),
        MarginTiers(*map(texts, columns)),
        *([MarginTiers(*(np.array(column, float) for column in columns))] if whole else []),
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


def test_with_rounded_amounts_the_largest_line_is_the_margin():
    tiers = MarginTiers([0, 5], ["0.004", "0.005"], [0, "0.01"], amount_tolerance="0.01")
    assert tiers.maintenance_margin(5) == 0.02  # the second tier's own line gives 0.015
    assert tiers.maintenance_margin(20) == 0.09


@pytest.mark.parametrize("quanta", [0, -1, 1.0, "1", None])
def test_quanta_per_unit_is_a_whole_number(quanta):
    refused(lambda: MarginTiers(*USDM).arrays(quanta), "quanta_per_unit", "whole number above 0")
