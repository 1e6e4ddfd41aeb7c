"""What the columns of margin tiers must be: floors, rates, and amounts near those that they give."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from adlcore import MarginTiers
from support.published import COINM, texts
from support.refusals import refused_for as refused


@pytest.mark.parametrize(
    ("tier", "given", "derived"), [(3, "0.56", "0.355"), (4, "1.81", "1.605"), (6, "11.81", "11.605")]
)
def test_the_older_amounts_of_coin_m_are_refused(tier, given, derived):
    # the same page prints them, and "50*(5%-2.5%)+0.56=1.81"; its calculator's price needs the others.
    amounts = texts(MarginTiers(*COINM).amount)
    amounts[tier] = given
    error = refused(lambda: MarginTiers(*COINM, amounts), "amount", f"amount[{tier}]", given, derived)
    assert error.row == tier
    assert texts(MarginTiers(*COINM, amounts, check=False).amount) == amounts


def test_an_amount_in_the_only_tier():
    # freqtrade's synthetic tier.
    tiers = MarginTiers(floor=[0], rate=[0.01], amount=[0.01], check=False)
    assert tiers.maintenance_margin([0, "0.5", 10]).tolist() == [0.0, 0.0, 0.09]
    refused(lambda: MarginTiers(floor=[0], rate=[0.01], amount=[0.01]), "amount", "amount[0] is '0.01': must be 0")


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
        (([0], ["0.01"], [-5]), "amount", "amount[0] is '-5': must be 0 or above"),
        (([0], ["1/0"]), "rate", "rate[0] is '1/0': must be a fraction"),
        (([0], ["a/b"]), "rate", "rate[0] is 'a/b': must be a fraction"),
        (([0], ["7/6"]), "rate", "rate[0] is '7/6': must be above 0 and below 1"),
        (([0], [Fraction(0)]), "rate", "rate[0] is '0': must be above 0"),
        (([0, 5], ["1/6", "1/7"]), "rate", "rate[1] is '1/7': must not be below 1/6"),
        ((["1/3"], ["1/6"]), "floor", "floor[0] is '1/3': must be 0"),
        (([0, "1/3", "1/3"], ["1/6"] * 3), "floor", "floor[2] is '1/3': must be above 1/3"),
        (([0], [Fraction(1, 2**500)]), "rate", "digits"),
        (([0], [Fraction(1, 3**300)]), "rate", "120 digits"),
        (([0, 5], ["1/6", "1/3"], [0, "-1/3"]), "amount", "amount[1] is '-1/3': must be 0 or above"),
    ],
)
def test_tiers_that_are_none(columns, argument, words):
    refused(lambda: MarginTiers(*columns), argument, words)
    if "0 or above" in words:  # it would ask for margin where nothing is held
        refused(lambda: MarginTiers(*columns, check=False), argument, words)


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


def test_given_amounts_are_compared_exactly():
    assert MarginTiers([0, 100], ["1/6", "1/4"], [0, "25/3"]) == MarginTiers([0, 100], ["1/6", "1/4"])
    refused(lambda: MarginTiers([0, 100], ["1/6", "1/4"], [0, "8.33"]), "amount", "amount[1] is '8.33': must be 25/3")
    near = MarginTiers([0, 100], ["1/6", "1/4"], [0, "8.33"], amount_tolerance="1/300")
    assert near.amount == (0, Decimal("8.33"))


def test_amounts_that_would_grow_without_bound_are_refused():
    primes = [1009, 1013, 1019, 1021, 1031, 1033, 1039, 1049, 1051, 1061, 1063, 1069, 1087, 1091, 1093, 1097, 1103]
    rates = [Fraction(n, prime) for n, prime in enumerate(primes, 1)]
    floors = [0, *(Fraction(n * p + 1, p) for n, p in enumerate([p**2 for p in primes[1:]], 1))]
    refused(lambda: MarginTiers(floors, rates), "amount", "must have at most 120 digits")
