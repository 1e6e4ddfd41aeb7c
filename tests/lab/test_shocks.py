"""Paths of marks: a fall that ends where it should, and files."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import adlcore as adl
from adlcore.lab.shocks import Moved, fall, read_marks
from support.refusals import refused_for

pytestmark = pytest.mark.files

BTC = adl.Contract("BTCUSDT", tick="0.1")
ETH = adl.Contract("ETHUSDT", tick="0.01")


@given(
    st.integers(0, 10**6),
    st.integers(1, 40),
    st.floats(0.01, 0.9),
    st.integers(0, 50),
    st.floats(0, 1),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_fall_ends_where_it_should(seed, passes, depth, jumps, jump_share, rebound):
    """The low is the depth, to a tick; contracts of a path with the same beta fall by the same share."""
    moved = [Moved(BTC, "60000", "BTCUSDT", 1.0, 0.0), Moved(ETH, "2500", "BTCUSDT", 1.0, 0.0)]
    rng = np.random.default_rng(seed)
    path = fall(moved, rng, passes=passes, step=7, fall=depth, jumps=jumps, jump_share=jump_share, rebound=rebound)
    assert [time for time, _ in path] == [7 * number for number in range(1, passes + 1)]
    prices = np.array([float(marks["BTCUSDT"]) for _, marks in path])
    assert abs(prices.min() - 60000 * (1 - depth)) <= 0.1
    others = np.array([float(marks["ETHUSDT"]) for _, marks in path])
    assert np.abs(prices / 24 - others).max() <= 0.02
    if not rebound or passes < 4:
        assert (np.diff(prices) <= 0).all()


def test_marks_of_a_wide_and_of_a_long_table_are_the_same(tmp_path):
    wide, long = tmp_path / "wide.csv", tmp_path / "long.parquet"
    wide.write_text("time,BTCUSDT,ETHUSDT\n1,60000.1,\n2,,2500\n3,59000,2400\n")
    rows = [(1, "BTCUSDT", "60000.1"), (2, "ETHUSDT", "2500"), (3, "BTCUSDT", "59000"), (3, "ETHUSDT", "2400")]
    pq.write_table(pa.table(dict(zip(("time", "symbol", "price"), zip(*rows, strict=True), strict=True))), long)
    known = {"BTCUSDT": 0, "ETHUSDT": 1}
    assert read_marks(wide, known) == read_marks(long, known)
    assert read_marks(wide, known)[1] == (2, {"ETHUSDT": "2500"})


@pytest.mark.parametrize(
    ("text", "argument", "words"),
    [
        ("when,BTCUSDT\n1,2\n", "marks", ("must have a column time",)),
        ("time,BTCUSDT\n", "marks", ("must have a row",)),
        ("time,XRPUSDT\n1,2\n", "marks.symbol", ("'XRPUSDT'", "must be one of BTCUSDT")),
        ("time,BTCUSDT\n1,2\n1.5,2\n", "marks.time", ("'1.5'", "must be a whole number")),
        ("time,BTCUSDT\n5,2\n4,2\n", "marks.time", ("'4'", "must not be before the row above, 5")),
        ("time,BTCUSDT\n1,-2\n", "marks.price", ("'-2'", "must be above 0")),
        ("time,BTCUSDT\n1,2,3\n", "marks", ("must be a whole table",)),
    ],
)
def test_marks_that_cannot_be(tmp_path, text, argument, words):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    refused_for(lambda: read_marks(path, {"BTCUSDT": 0}), argument, *words)
    refused_for(lambda: read_marks(tmp_path / "marks.txt", {}), "marks", "must end in .csv or .parquet")
    refused_for(lambda: read_marks(tmp_path / "none.csv", {}), "marks", "must be a file that is there")
