"""Assets: amounts and quanta are exact both ways."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl

MOST, LEAST = 2**63 - 1, -(2**63)


int64 = st.integers(LEAST, MOST)


@given(int64, st.integers(0, 18))
def test_quanta_and_amounts_are_each_others_inverse(quanta, places):
    asset = adl.Asset("X", places)
    text = asset.decimal(quanta)
    assert len(text.partition(".")[2]) == places
    assert Fraction(text) * asset.quanta_per_unit == quanta
    assert asset.quanta(text) == quanta
    assert asset.quanta(Decimal(text)) == quanta


def test_every_integer_is_printed():
    assert adl.Contract("X", lot="0.5").decimal(np.int64(-3)) == "-1.5"
    # A sum of balances may be larger than any of them.
    assert adl.Asset("X", 2).decimal(10**300) == "1" + "0" * 298 + ".00"
