"""Columns of decimals as whole lots: exactly, by either way of reading."""

import re
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.io import quantities
from support.position_files import decimals
from support.refusals import refused_file


@given(st.lists(decimals(), min_size=1, max_size=30))
@example(["99999999999999.9e-12", "1"])
@example(["1e-25", "3e-25"])
def test_lots_are_exactly_the_decimals(texts):
    out, lot = quantities.read_lots([pa.array(texts)], None, AdlRefusal)
    contract = adl.Contract("X", lot=lot)
    assert [Decimal(contract.decimal(lots)) for lots in out.tolist()] == [Decimal(text) for text in texts]
    assert lot == 1 or any(lots % 10 for lots in out.tolist()), "the finest step, not a finer one"


@given(st.lists(decimals(), min_size=1, max_size=20))
def test_both_ways_of_reading_lots_agree(texts):
    fast, fast_lot = quantities.read_lots([pa.array(texts)], None, AdlRefusal)
    slow, slow_lot = quantities._lots_by_row([texts], None, AdlRefusal)
    np.testing.assert_array_equal(fast, slow)
    assert fast_lot == slow_lot


@pytest.mark.parametrize("pattern", [quantities.NARROW, quantities.WIDE], ids=["narrow", "wide"])
@given(data=st.data())
def test_the_parser_of_pyarrow_gets_only_what_it_reads_right(pattern, data):
    text = data.draw(st.from_regex(pattern.replace("$", r"\Z"), fullmatch=True))
    try:
        slow = quantities._lots_by_row([[text]], None, AdlRefusal)
    except adl.AdlError as error:
        with pytest.raises(adl.AdlError, match=re.escape(error.args[0])):
            quantities.read_lots([pa.array([text])], None, AdlRefusal)
    else:
        out, lot = quantities.read_lots([pa.array([text])], None, AdlRefusal)
        assert int(out[0]) * lot == int(slow[0][0]) * slow[1] == Decimal(text)


@given(st.lists(st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-3), min_size=1, max_size=10))
def test_floats_are_read_by_their_shortest_decimal(values):
    out, lot = quantities.read_lots([pa.array([round(value, 6) for value in values])], None, AdlRefusal)
    assert [float(int(lots) * lot) for lots in out] == [round(value, 6) for value in values]


def AdlRefusal(number, row, value, must):
    return adl.AdlError.at(f"part {number}", row, value, must)


@pytest.mark.parametrize("number", ["1e39", "1e-39", "1e999999999", "-1e-999999999", "0." + "0" * 99 + "1", "9" * 99])
def test_absurd_exponents_are_refused_and_not_expanded(write, number):
    assert "must have at most 38 digits" in refused_file(write(f"quantity,entry_price\n1,1\n{number},1\n"))[0]
