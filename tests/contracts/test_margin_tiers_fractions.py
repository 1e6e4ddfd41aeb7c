"""Margin tiers whose numbers no decimal is: a sixth is a sixth, from what is written to the files that keep it."""

import json
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import adlcore as adl
from adlcore.clearing import BookIOC, ClearingHouse, Deleverage
from support.pairs import ann_and_bob

SIXTH = Fraction(1, 6)

#: The same tiers, as people write them.
FORMS = {
    "fractions": ([0, Fraction(100)], [SIXTH, Fraction(1, 4)]),
    "text": (["0", "100"], ["1/6", "0.25"]),
    "longer text": (["0/7", "200/2"], ["7/42", "2_5/100"]),
    "floats": ([0.0, 100.0], [1 / 6, 0.25]),
    "array": (np.array([0.0, 100.0]), np.array([1 / 6, 0.25])),
    "mixed": ((0, Decimal("1e2")), (SIXTH, Decimal("0.250"))),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_sixth_is_a_sixth_however_it_is_written(form):
    tiers = adl.MarginTiers(*FORMS[form])
    assert tiers.rate == (SIXTH, Decimal("0.25"))
    # 100·(1/4 - 1/6) = 25/3.
    assert tiers.amount == (0, Fraction(25, 3))
    other = adl.MarginTiers(*FORMS["fractions"])
    assert (tiers, hash(tiers), tiers.fields()) == (other, hash(other), other.fields())


def test_what_a_decimal_is_stays_one():
    tiers = adl.MarginTiers([0, Fraction(50_000)], [Fraction(1, 250), "1/200"])
    assert tiers == adl.MarginTiers([0, 50_000], ["0.004", "0.005"])
    assert all(isinstance(number, Decimal) for number in (*tiers.floor, *tiers.rate, *tiers.amount))


def test_the_margin_is_exact_and_rounded_once():
    tiers = adl.MarginTiers([0, Fraction(100, 3)], ["1/6", "1/3"])
    assert tiers.amount[1] == Fraction(50, 9)
    assert tiers.maintenance_margin(18) == 3.0
    assert tiers.maintenance_margin("100/3") == float(Fraction(50, 9))
    assert tiers.maintenance_margin([6, "1/3", Fraction(100)]).tolist() == [1.0, 1 / 18, float(Fraction(250, 9))]
    assert tiers.tier([Fraction(100, 3), "33.333333333333333333333333"]).tolist() == [1, 0]
    rate, amount = tiers.arrays(100)
    assert (rate.tolist(), amount.tolist()) == ([1 / 6, 1 / 3], [0.0, float(Fraction(5000, 9))])


def test_they_are_shown_in_few_characters():
    tiers = adl.MarginTiers(["0", "100/3"], ["1/6", "1/3"])
    assert repr(tiers) == "<MarginTiers of 2: 16.6667 % to 33.3333 %, floors 0 to 33.3333>"
    assert repr(adl.Contract("X", tiers=tiers)) == "Contract('X', tiers=<2: 16.6667 % to 33.3333 %>)"


# Books and files ------------------------------------------------------------------------------------------------------

X = adl.Contract("X", tick="0.01", tiers=adl.MarginTiers([0, "200/3"], ["1/6", "1/4"]))


def test_the_margin_of_a_wallet_is_that_of_its_tiers():
    assert adl.margin_state(ann_and_bob(X, lots="6")).maintenance_margin.tolist() == [10 * 10**8] * 2


def test_a_saved_snapshot_with_such_tiers_loads_again(tmp_path):
    snapshot = ann_and_bob(X, lots="6")
    adl.io.save(snapshot, tmp_path / "folder")
    snapshot.to_npz(tmp_path / "a.npz")
    for again in (
        adl.io.load(tmp_path / "folder"),
        adl.io.load(tmp_path / "a.npz"),
        pickle.loads(pickle.dumps(snapshot)),
    ):
        assert (again, again.hash, again.contracts) == (snapshot, snapshot.hash, snapshot.contracts)
    assert adl.Contract.from_fields(json.loads(json.dumps(X.fields()))) == X


def test_a_row_is_brought_to_the_tier_below_a_fractional_floor():
    """60 at 10 is in the first tier; 12 at 10 is 120, and a lot less than 200/3 is six lots."""
    snapshot = ann_and_bob(X, "20", "1000", lots="12")
    sent = []

    class Book:
        def ioc(self, contract, quantity, limit, time):
            sent.append(quantity)
            return []

    ClearingHouse(snapshot, venue=[BookIOC(portion="tiers"), Deleverage()], liquidity=Book()).mark({"X": "10"})
    # MM is 120/4 - 50/9 = 24.4 against 20; at 10 a lot 200/3 is six lots and two thirds.
    assert sent[0] == -6
